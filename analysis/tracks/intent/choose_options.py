"""The stage before attribution: which kind of baseline, and which option of each method, the texts of a run use.

Options are tried on texts that are drawn by hash from the evaluation set, never by what happened on them. S,
comprehensiveness less sufficiency, of an option's ranking of the words is held against `RANKINGS` random rankings of
the same text under the same model, which all options share; their mean percentile on one half chooses for the other
(`crossfit`). Every baseline kind is tried by integrated gradients with few steps: for a ranking they do as well as
many, for completeness they do not, and nothing of these trials is kept but their percentiles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.records import ALL, SIDES, Side
from analysis.base.seeds import draw, shuffled
from analysis.base.sql import queries
from analysis.models.classifier_pair import classifiers
from analysis.models.passes import BACKWARD, counted
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.text.token_estimate import tokens_of
from analysis.text.units import word_count
from analysis.tracks.intent.baseline import KINDS, Baselines
from analysis.tracks.intent.crossfit import CHANCE, LOOKS, OTHER, Half, Percentiles, Race, half_of, race
from analysis.tracks.intent.faithfulness import (
    CHANCE_LEVEL,
    Ranking,
    against_chance,
    deletions,
    distinct_rankings,
    rank,
    top_counts,
)
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.integrated_gradients import integrated_gradients
from analysis.tracks.intent.methods.request import Explained, Request
from analysis.tracks.intent.names import INTEGRATED_GRADIENTS
from analysis.tracks.intent.predict import logits_of_ids, token_limit
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import Tokenised, delete_words, tokenise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier

_SQL = queries(__package__, "stages.sql")

RANKINGS = 10
"""Random rankings of each text: options share them, so that their noise is in all of them alike."""
STEPS = 3
"""Steps of the midpoint rule by which baseline kinds are tried: good and bad kinds stand apart as with ten."""
DRAWN = 4 * LOOKS[-1]
"""Texts of a half that are drawn; those too short to tell a ranking from chance are passed over."""
ROUNDED = 6
"""Decimals of S from which two rankings differ: below are the roundings of a batch."""

OPTION_SCHEMA = pa.schema(
    [("method", pa.string()), ("option", pa.string()), ("title", pa.string()), ("half", pa.string()),
     ("side", pa.string()), ("texts", pa.int32()), ("usable", pa.int32()), ("ranked", pa.int32()),
     ("percentile", pa.float64()), ("chosen", pa.bool_())]
)  # fmt: skip


Explain = Callable[[Request], list[Explained]]
Ways = Mapping[str, str | None]
"""Options of a method, each with the kind of baseline that it starts from; None where it starts from none."""


class Trials:
    """Texts on which options are tried, with what both sides say of them; deletions are computed when first needed.

    Args:
        models: of both sides.
        refs: of n texts; the random rankings of a text are drawn by its own.
        words: the n texts, as each side reads them.
        baselines: of the models.
    """

    def __init__(
        self,
        models: Mapping[Side, LoadedClassifier],
        refs: Sequence[str],
        words: Mapping[Side, Sequence[Tokenised]],
        baselines: Baselines,
    ) -> None:
        self.models = models
        self.refs = refs
        self.words = words
        self.baselines = baselines
        self._logits = {side: logits_of_ids(models[side], [one.ids for one in words[side]]) for side in SIDES}
        self._p: dict[tuple[Side, int], dict[frozenset[int], float]] = defaultdict(dict)

    def usable(self, ways: Ways) -> dict[str, NDArray[np.bool_]]:
        """Whether each option explains each text, (texts,): a baseline that it has is neutral on both sides."""
        rows = range(len(self.refs))
        return {
            option: np.array([self._usable(row, kind) for row in rows], dtype=np.bool_)
            for option, kind in ways.items()
        }

    def percentiles(self, rows: Sequence[int], explain: Explain, ways: Ways) -> Mapping[str, Percentiles]:
        """How options rank the words of some texts, for the class that each side predicts.

        Args:
            rows: of the texts.
            explain: computes all options; which, the request says.
            ways: the options, each with its kind of baseline.

        Returns:
            By option, of each of the texts; by chance where the option does not explain it.

        Raises:
            AssayError: a model cannot answer the method.
        """
        found: dict[str, dict[Side, NDArray[np.float64]]] = {
            option: {side: np.full(len(rows), CHANCE) for side in SIDES} for option in ways
        }
        for side in SIDES:
            asked = [
                (at, option) for option, kind in ways.items() for at, row in enumerate(rows)
                if self._usable(row, kind)
            ]  # fmt: skip
            answers = explain(self._request(side, [(rows[at], option, ways[option]) for at, option in asked]))
            ranked = [rank(answer.scores) for answer in answers]
            self._delete(side, [(rows[at], one) for (at, _), one in zip(asked, ranked, strict=True)])
            for (at, option), one in zip(asked, ranked, strict=True):
                found[option][side][at] = self._percentile(side, rows[at], one)
        return found

    def _usable(self, row: int, kind: str | None) -> bool:
        logits = {side: self._logits[side][row] for side in SIDES}
        if not all(np.isfinite(one).all() for one in logits.values()):
            return False
        texts = {side: self.words[side][row] for side in SIDES}
        targets = {side: self._target(side, row) for side in SIDES}
        return kind is None or self.baselines.neutral(kind, texts, targets, logits)

    def _target(self, side: Side, row: int) -> Target:
        return Target(int(self._logits[side][row].argmax()))

    def _request(self, side: Side, asked: Sequence[tuple[int, str, str | None]]) -> Request:
        """Texts with the option and the kind of baseline of each; options that start from none pass one over."""
        rows = [row for row, _, _ in asked]
        targets = [self._target(side, row) for row in rows]
        first = self.baselines.kinds[0]
        return Request(
            self.models[side],
            [self.words[side][row] for row in rows],
            targets,
            [float(one.output(self._logits[side][row])) for row, one in zip(rows, targets, strict=True)],
            [self.baselines.baseline(side, kind or first, self.words[side][row]) for row, _, kind in asked],
            seeds=[draw("attribution", self.refs[row]) for row in rows],
            options=[option for _, option, _ in asked],
        )

    def _random(self, side: Side, row: int) -> list[Ranking]:
        words = len(self.words[side][row].words)
        rng = np.random.default_rng(draw("options", self.refs[row]))
        return [tuple(int(index) for index in rng.permutation(words)) for _ in range(RANKINGS)]

    def _delete(self, side: Side, pairs: Sequence[tuple[int, Ranking]]) -> None:
        """Ask the model for what is not known yet of those rankings, and of the random ones of their texts."""
        wanted: dict[tuple[int, frozenset[int]], None] = {}
        new = sorted({row for row, _ in pairs if not self._p[side, row]})
        drawn = [(at, one) for at in new for one in self._random(side, at)]
        for row, ranking in [*pairs, *drawn]:
            for gone in (gone for pair in deletions(ranking) for gone in pair):
                if gone not in self._p[side, row]:
                    wanted[row, gone] = None
        ids = [delete_words(self.words[side][row], gone) for row, gone in wanted]
        for (row, gone), logits in zip(wanted, logits_of_ids(self.models[side], ids), strict=True):
            self._p[side, row][gone] = float(self._target(side, row).probability(logits))

    def _percentile(self, side: Side, row: int, ranking: Ranking) -> float:
        """Share of the random rankings that are worse, ties half; by chance where a probability is not a number."""
        own, *others = (self._difference(side, row, one) for one in (ranking, *self._random(side, row)))
        if not np.isfinite([own, *others]).all():
            return CHANCE
        return against_chance(own, others, exhaustive=False).percentile

    def _difference(self, side: Side, row: int, ranking: Ranking) -> float:
        """S: p(target) with the top words alone less p(target) without them, over the shares of ERASER."""
        p = self._p[side, row]
        return round(float(np.mean([p[rest] - p[top] for top, rest in deletions(ranking)])), ROUNDED)


def choose(
    models: Mapping[Side, LoadedClassifier],
    texts: Mapping[str, str],
    halves: Mapping[Half, Sequence[str]],
    methods: Sequence[Method],
    limit: int,
) -> list[dict[str, Any]]:
    """Try baseline kinds and the methods' options on both halves; rows of the table `intent_option`.

    Args:
        models: of both sides.
        texts: by ref.
        halves: refs of each half, in the order in which they are looked at.
        methods: those with options are tried, after the kinds, with the kind that the same half chose.
        limit: tokens that are read of a text.
    """
    rows: list[dict[str, Any]] = []
    baselines = Baselines(models)
    for half, drawn in halves.items():
        words = {side: tokenise(models[side], [texts[ref] for ref in drawn], limit) for side in SIDES}
        long = [row for row in range(len(drawn)) if all(_tells(words[side][row]) for side in SIDES)]
        long = long[: LOOKS[-1]]
        trials = Trials(
            models,
            [drawn[row] for row in long],
            {side: [words[side][row] for row in long] for side in SIDES},
            baselines,
        )
        by_steps = partial(integrated_gradients, steps=(STEPS,))
        kinds = _race(trials, by_steps, {kind: kind for kind in trials.baselines.kinds})
        rows += _rows(INTEGRATED_GRADIENTS, KINDS, half, kinds)
        for method in methods:
            if method.options:
                ways = {
                    option: kinds.chosen if method.starts_from_baseline(option) else None
                    for option in method.options
                }
                try:
                    rows += _rows(method.name, method.options, half, _race(trials, method.explain, ways))
                except AssayError:
                    # The model cannot answer it at all: the attribution stage says so of every text.
                    continue
    return rows


def _tells(text: Tokenised) -> bool:
    """Whether the best of all rankings of a text could beat chance: shorter ones tell options not apart."""
    return bool(text.words) and distinct_rankings(len(text.words)) * CHANCE_LEVEL >= 1


def _race(trials: Trials, explain: Explain, ways: Ways) -> Race:
    def measure(options: Sequence[str], rows: range) -> Mapping[str, Percentiles]:
        return trials.percentiles(rows, explain, {option: ways[option] for option in options})

    return race(trials.usable(ways), measure)


def _rows(method: str, titles: Mapping[str, str], half: Half, found: Race) -> list[dict[str, Any]]:
    return [
        {"method": method, "option": one.option, "title": titles[one.option], "half": half, "side": side,
         "texts": len(one.usable), "usable": int(one.usable.sum()), "ranked": int(one.ranked.sum()),
         "percentile": one.mean(side) if one.ranked.any() else None, "chosen": one.option == found.chosen}
        for one in found.tried
        for side in SIDES
    ]  # fmt: skip


def _plan(context: PlanContext, methods: Sequence[Method]) -> list[Shard]:
    """One shard: the choice needs all its texts."""
    found = context.workbench.execute(
        _SQL["evaluation_texts"], {"track": context.track, "all": ALL}
    ).fetchall()
    rows = {ref: (text, sha256) for ref, text, sha256 in found}
    halves = drawn_halves(list(rows), context.models.digests["candidate"])
    drawn = [ref for half in halves.values() for ref in half]
    if not drawn:
        return []
    key = {
        "max_length": token_limit(context),
        "kinds": list(KINDS),
        "methods": {method.name: list(method.options) for method in methods if method.options},
        "looks": list(LOOKS),
        "rankings": RANKINGS,
        "steps": STEPS,
        "halves": {half: [[ref, rows[ref][1]] for ref in refs] for half, refs in halves.items()},
    }
    texts = {ref: rows[ref][0] for ref in drawn}
    cost = option_tokens(texts, halves, methods, token_limit(context))
    return [Shard(key, (texts, halves), min(len(drawn), len(OTHER) * LOOKS[-1]), cost)]


def drawn_halves(refs: Sequence[str], candidate: str) -> dict[Half, list[str]]:
    """The refs on which options are tried, as they are looked at; drawn by the digest of the candidate."""
    halves: dict[Half, list[str]] = {half: [] for half in OTHER}
    for ref in shuffled(refs, candidate):
        half = halves[half_of(candidate, ref)]
        if len(half) < DRAWN:
            half.append(ref)
    return halves


def option_tokens(
    texts: Mapping[str, str], halves: Mapping[Half, Sequence[str]], methods: Sequence[Method], limit: int
) -> float:
    """About how many tokens both sides read for kinds and options, and for deletions by their rankings.

    With 77 classes it took as many as if all were told by the second look.
    """
    options = sum(len(method.options) for method in methods)
    explained = BACKWARD * (STEPS * len(KINDS) + options)
    total = 0.0
    for refs in halves.values():
        looked = [texts[ref] for ref in refs][: LOOKS[1]]
        for text in looked:
            rankings = 1 + RANKINGS + len(KINDS) + options
            # The two texts of a deletion have the text's tokens between them.
            deleted = rankings * len(top_counts(word_count(text)))
            total += tokens_of(text, limit) * (explained + deleted)
    return len(SIDES) * total


def _run(context: RunContext, shard: Shard, methods: Sequence[Method]) -> dict[str, pa.Table]:
    texts, halves = shard.payload
    models = {side: classifiers(context.models).side(side) for side in SIDES}
    planned = option_tokens(texts, halves, methods, token_limit(context))
    with counted((one.model for one in models.values()), lambda read: context.report(read, planned)):
        rows = choose(models, texts, halves, methods, token_limit(context))
    return {"intent_option": pa.Table.from_pylist(rows, OPTION_SCHEMA)}


def options_stage(methods: Sequence[Method]) -> Stage:
    """The stage that chooses baseline kinds and the options of some methods."""
    return Stage(
        "intent.options", 1, partial(_plan, methods=methods), partial(_run, methods=methods), asks_models=True
    )
