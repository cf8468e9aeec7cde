"""What the steps of a comparison of classifiers will take: their plans in tokens, by what a token takes here.

The plans are those of the stages. What only a run finds out is guessed: how many messages flip, and are explained.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.base.records import SIDES
from analysis.base.seeds import STANDING
from analysis.models.classifier_pair import classifiers
from analysis.models.trial import duration, for_a_while, of_one_length, seconds_per_token, trying
from analysis.plugin.change_parts import MOST_FLIPS, planned_composites
from analysis.plugin.expected import Expected, shards_of
from analysis.plugin.stage import RunContext
from analysis.text.token_estimate import tokens_of
from analysis.tracks.intent import attribution, intervention_stage, predict
from analysis.tracks.intent.attribution import ATTRIBUTE, QUEUED, text_cost
from analysis.tracks.intent.change import CHANGE
from analysis.tracks.intent.choose_options import drawn_halves, option_tokens, options_stage
from analysis.tracks.intent.counterfactual import declared_mentions, declared_plans
from analysis.tracks.intent.found_cues import SEARCH, drawn_texts, search_tokens
from analysis.tracks.intent.graft import exchange
from analysis.tracks.intent.intervention_stage import INTERVENE, intervention_cost
from analysis.tracks.intent.predict import PREDICT, encode, logits_of_ids, token_limit
from analysis.tracks.intent.randomisation import (
    RANDOMISE,
    TEXTS_PER_SLICE,
    models_compared,
    randomisation_cost,
)
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.data.examples import Examples
    from analysis.models.classifier_pair import ClassifierPair
    from analysis.models.sides import Sides
    from analysis.plugin.settings import Review, TrackSettings

TYPICAL = 256
"""Messages by which it is reckoned what one of them costs, where there are more."""
FLIPPED = 0.1
"""Share of the messages that the sides answer otherwise, where nobody knows yet."""
FLIPPED_OF_QUEUE = 0.5
"""The same of those that are worth a look."""


class Explained(NamedTuple):
    """How many messages are expected to be explained: flips, and others."""

    flips: int
    others: int


def expected_steps(
    models: Sides, examples: Examples, settings: TrackSettings, review: Review
) -> dict[str, Expected]:
    """What the steps that ask models will take, by name; `models` are loaded for it.

    Raises:
        AssayError: a model fails on a message.
    """
    pair, intent = classifiers(models), intent_settings(settings)
    candidate = models.digests["candidate"]
    context = RunContext("intent", settings, review.review.seed, models)
    limit = token_limit(context)
    rows = examples.evaluation_rows()
    texts = {row.ref: row.text for row in rows}
    typical = sorted(texts.values(), key=len)[:: max(1, len(texts) // TYPICAL)]
    with trying(models.folders["candidate"], "predict some messages beside the base"):
        token_s = _token_s(pair, typical, limit)

    drawn = list(drawn_texts(((row.ref, row.text, row.gold, row.sha256) for row in rows), candidate))
    searched = search_tokens(drawn, list(pair.labels), intent.critical, limit)
    messages = [(row.ref, row.id, row.text, row.gold or "") for row in rows]
    variants = declared_plans(messages, declared_mentions(messages, intent, review), intent, review, "intent")
    predicted = [*(row.text for row in examples.rows), *(one.text for one in variants)]
    chosen = option_tokens(texts, drawn_halves(list(texts), candidate), QUEUED, limit)

    explained = explained_messages([row.gold for row in rows], settings, review)
    each = {
        flipped: _mean([text_cost(text, flipped, limit, QUEUED) for text in typical])
        for flipped in (True, False)
    }
    explaining = explained.flips * each[True] + explained.others * each[False]
    grafted = min(MOST_FLIPS, round(FLIPPED * len(rows)))
    tokens = _mean([tokens_of(text, limit) for text in typical])
    compared = min(sum(explained), TEXTS_PER_SLICE)
    return {
        SEARCH.name: Expected(sum(searched), token_s, len(searched)),
        PREDICT.name: Expected(
            sum(tokens_of(text, limit) for text in predicted),
            len(SIDES) * token_s,
            shards_of(len(predicted), predict.ROWS_PER_SHARD),
        ),
        options_stage(QUEUED).name: Expected(chosen, token_s),
        ATTRIBUTE.name: Expected(
            explaining, len(SIDES) * token_s, shards_of(sum(explained), attribution.REFS_PER_SHARD)
        ),
        INTERVENE.name: Expected(
            explained.flips * _mean([intervention_cost([text], limit) for text in typical]),
            token_s,
            shards_of(explained.flips, intervention_stage.REFS_PER_SHARD),
        ),
        RANDOMISE.name: Expected(
            compared * _mean([randomisation_cost([text], limit) for text in typical]),
            len(models_compared(context)) * token_s,
        ),
        CHANGE.name: Expected(grafted * tokens, planned_composites(exchange(pair)) * token_s),
    }


def foretell(models: Sides, examples: Examples, settings: TrackSettings, review: Review) -> list[str]:
    """What predicting and explaining will take, a line, by what some messages take.

    Raises:
        AssayError: a model fails on one of them.
    """
    steps = expected_steps(models, examples, settings, review)
    rows = examples.evaluation_rows()
    explained = sum(explained_messages([row.gold for row in rows], settings, review))
    preparing = steps[SEARCH.name].seconds + steps[options_stage(QUEUED).name].seconds
    return [
        f"time      {duration(steps[PREDICT.name].seconds)} to predict {len(examples.rows):,} messages, "
        f"{duration(steps[ATTRIBUTE.name].seconds)} to explain {explained:,} of them, "
        f"{duration(preparing)} to search for cues and choose options (both sides, on {models.device})"
    ]


def explained_messages(golds: Sequence[str | None], settings: TrackSettings, review: Review) -> Explained:
    """How many messages will be explained.

    What stands for a critical class is among what is worth a look.

    Args:
        golds: labels of the evaluation set.
        settings: of the track.
        review: whose track it is.
    """
    queue, count = review.queue, len(golds)
    share = -(-queue.budget // len(review.tracks))
    labels = Counter(golds)
    critical = sum(min(STANDING, labels[name]) for name in settings.critical_classes())
    critical += STANDING * len(settings.critical_slices)
    wanted = count if queue.attribute == "all" else min(count, max(share, critical) + queue.controls)
    flips = min(
        round(FLIPPED * count), wanted if queue.attribute == "all" else round(FLIPPED_OF_QUEUE * share)
    )
    return Explained(flips, wanted - flips)


def _token_s(pair: ClassifierPair, texts: Sequence[str], limit: int) -> float:
    """Seconds that a side takes to read what plans count as a token.

    Timed on a text of such a length that longer ones hold half of all tokens: of short ones a token costs more, and few
    are read. A plan's tokens are an estimate from words, so they are held against those of the tokenizers.
    """
    models = [pair.side(side) for side in SIDES]
    planned = [tokens_of(text, limit) for text in texts]
    real = sum(len(ids) for one in models for ids in encode(one, texts, limit))
    longer = np.cumsum(sorted(planned)) >= sum(planned) / 2
    text = sorted(texts, key=lambda one: tokens_of(one, limit))[int(longer.argmax())]
    rows = [encode(one, of_one_length(text), limit) for one in models]

    def read() -> None:
        for one, ids in zip(models, rows, strict=True):
            logits_of_ids(one, ids)

    # What is read first takes longer.
    read()
    took = seconds_per_token((one.model for one in models), partial(for_a_while, read))
    return took * real / (len(models) * sum(planned))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))
