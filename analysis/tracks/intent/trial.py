"""One message through both classifiers, as the stages will run all of them, and what all will take."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.models.classifier_pair import classifiers
from analysis.models.load_transformers import RUNNING_ERRORS, reason
from analysis.models.trial import duration, longest_that_runs, seconds_per_token, trying
from analysis.plugin.stage import RunContext, Shard
from analysis.text.token_estimate import tokens_of
from analysis.text.units import word_count
from analysis.tracks.intent.attribution import ATTRIBUTE, QUEUED, text_cost
from analysis.tracks.intent.choose_options import drawn_halves, option_tokens
from analysis.tracks.intent.found_cues import drawn_texts, search_tokens
from analysis.tracks.intent.predict import PREDICT, encode, logits_of_ids, token_limit
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.base.records import Example
    from analysis.data.examples import Examples
    from analysis.models.load_classifier import LoadedClassifier
    from analysis.models.sides import Sides
    from analysis.plugin.settings import Review, TrackSettings

_TIMED = 16
"""Messages whose prediction is timed."""
_EXPLAINED = 8
"""Messages whose explanation is timed, where one takes little."""
_QUICK_S = 3.0
"""Seconds below which it takes little."""
_FEW_WORDS = 3
"""Words of a message that is explained on trial, at least, where one has as many."""
_TOKEN_CHARACTERS = 32
"""Characters of a text for each token that is read: more than a token has, and no text is read in vain."""
_MOST_TOKENS = 1024
"""Tokens of the longest text that is tried, where the limit is higher: further than that, memory decides."""


def try_classifiers(models: Sides, examples: Examples, settings: TrackSettings, review: Review) -> None:
    """Predict and explain one message with both sides, and read as long a text as will be read.

    Raises:
        AssayError: a model that cannot be loaded, cannot read a text of that length, or cannot be explained.
    """
    pair = classifiers(models)
    context = RunContext("intent", settings, review.review.seed, models)
    limit = min(token_limit(context), _MOST_TOKENS)
    longest = max((row.text for row in examples.rows), key=len)[: limit * _TOKEN_CHARACTERS]
    for side in SIDES:
        _read_longest(pair.side(side), longest, limit, models, side)
    short = _short(examples.rows)
    with trying(models.folders["candidate"], "predict and explain one message beside the base"):
        PREDICT.run(context, _to_predict([short]))
        ATTRIBUTE.run(context, _to_explain([short]))


def foretell(models: Sides, examples: Examples, settings: TrackSettings, review: Review) -> list[str]:
    """What predicting and explaining will take, a line, by what some messages take.

    Raises:
        AssayError: a model fails on one of them.
    """
    pair = classifiers(models)
    context = RunContext("intent", settings, review.review.seed, models)
    both = [pair.side(side).model for side in SIDES]
    sample = _spread(examples.rows, _TIMED)
    with trying(models.folders["candidate"], "predict and explain some messages beside the base"):
        per_token = seconds_per_token(both, partial(PREDICT.run, context, _to_predict(sample)))
        some = sample[:1]
        took = _seconds(partial(ATTRIBUTE.run, context, _to_explain(some)))
        if took < _QUICK_S:
            # One alone says more of what it costs to begin than of what many cost together.
            some = _spread(sample, _EXPLAINED)
            took = _seconds(partial(ATTRIBUTE.run, context, _to_explain(some)))
    limit = token_limit(context)
    preparing = per_token * _tokens_before(
        examples, pair.labels, settings, models.digests["candidate"], limit
    )
    explained = took / max(1.0, sum(_cost(row.text, limit) for row in some))
    return [_estimate(examples, review, limit, per_token, explained, preparing, models.device)]


def _tokens_before(
    examples: Examples, labels: Sequence[str], settings: TrackSettings, candidate: str, limit: int
) -> float:
    """About how many tokens both sides read before anything is explained: to search for cues and choose options."""
    rows = examples.evaluation_rows()
    drawn = list(drawn_texts(((row.ref, row.text, row.gold, row.sha256) for row in rows), candidate))
    searched = search_tokens(drawn, labels, intent_settings(settings).critical, limit)
    texts = {row.ref: row.text for row in rows}
    return searched + option_tokens(texts, drawn_halves(list(texts), candidate), QUEUED, limit)


def _seconds(run: Callable[[], object]) -> float:
    started = time.monotonic()
    run()
    return time.monotonic() - started


def _cost(text: str, limit: int) -> float:
    """What it is planned to cost to explain a message; the sample says what comes of such a plan."""
    return text_cost(text, False, limit, QUEUED)


def _spread(rows: Sequence[Example], count: int) -> Sequence[Example]:
    """About so many rows from everywhere among some."""
    return rows[:: max(1, len(rows) // count)][:count]


def _to_predict(rows: Sequence[Example]) -> Shard:
    part = [(row.ref, row.text, None, row.sha256, row.kind) for row in rows]
    return Shard({}, (part, frozenset(row.ref for row in rows)), len(rows))


def _to_explain(rows: Sequence[Example]) -> Shard:
    """Some messages as the stage explains them, flips among them."""
    return Shard({}, ([(row.ref, row.text, row.sha256, True) for row in rows], {}), len(rows))


def _read_longest(classifier: LoadedClassifier, text: str, limit: int, models: Sides, side: str) -> None:
    """Read a text that is as long as any will be read. Raises AssayError that says how many tokens are read."""
    ids = encode(classifier, [" ".join([text] * (1 + limit // max(1, len(text.split()))))], limit)[0]

    def read(count: int) -> object:
        return logits_of_ids(classifier, [ids[:count]])

    try:
        read(len(ids))
    except RUNNING_ERRORS as error:
        most = longest_that_runs(read, len(ids))
        raise AssayError(
            f"the {side} cannot read {len(ids)} tokens of a text: {reason(error)}",
            where=str(models.places[side]),
            hint=f"it reads {most}: write max_length = {most} into the section, or use another model",
        ) from error


def _short(rows: Sequence[Example]) -> Example:
    """The shortest message with a few words, else the longest."""
    telling = [row for row in rows if word_count(row.text) >= _FEW_WORDS]
    return (
        min(telling, key=lambda row: len(row.text)) if telling else max(rows, key=lambda row: len(row.text))
    )


def _estimate(
    examples: Examples,
    review: Review,
    limit: int,
    per_token: float,
    explained: float,
    preparing: float,
    device: str,
) -> str:
    texts = [row.text for row in examples.rows]
    evaluated = [row.text for row in examples.evaluation_rows()]
    queue = review.queue
    wanted = queue.budget // len(review.tracks) + queue.controls
    count = len(evaluated) if queue.attribute == "all" else min(len(evaluated), wanted)
    predicting = per_token * len(SIDES) * sum(tokens_of(text, limit) for text in texts)
    each = sum(_cost(text, limit) for text in evaluated) / max(1, len(evaluated))
    explaining = explained * each * count
    return (
        f"time      {duration(predicting)} to predict {len(texts):,} messages, "
        f"{duration(explaining)} to explain {count:,} of them, "
        f"{duration(preparing)} to search for cues and choose options (both sides, on {device})"
    )
