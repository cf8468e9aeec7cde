"""One message through both classifiers, as the stages will run all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.models.classifier_pair import classifiers
from analysis.models.load_transformers import RUNNING_ERRORS, reason
from analysis.models.trial import longest_that_runs, trying
from analysis.plugin.stage import RunContext, Shard
from analysis.text.units import word_count
from analysis.tracks.intent.attribution import ATTRIBUTE
from analysis.tracks.intent.predict import PREDICT, encode, logits_of_ids, token_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.base.records import Example
    from analysis.data.examples import Examples
    from analysis.models.load_classifier import LoadedClassifier
    from analysis.models.sides import Sides
    from analysis.plugin.settings import Review, TrackSettings

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
