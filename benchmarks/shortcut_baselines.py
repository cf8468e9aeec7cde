"""What the kind of baseline does to integrated gradients: how far their rankings stand above chance with each kind.

Every neutral kind is tried on the same texts, and rules that choose are read from the same numbers: the neutral kind
that predicts nothing most evenly, as the first build chose by text; the best kind of the other half of the texts, as
a run does now; and occlusion, which needs no baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES, Side
from analysis.base.seeds import draw
from analysis.models.load_classifier import load_classifier
from analysis.tracks.intent.attribution import Case, cases_of
from analysis.tracks.intent.baseline import KINDS, Baselines
from analysis.tracks.intent.chance import Asked, stands
from analysis.tracks.intent.faithfulness import CHANCE_LEVEL, rank
from analysis.tracks.intent.methods.integrated_gradients import integrated_gradients
from analysis.tracks.intent.methods.occlusion import occlusion
from analysis.tracks.intent.methods.request import Request
from analysis.tracks.intent.predict import logits_of_ids
from analysis.tracks.intent.tokenised import tokenise
from benchmarks.shortcut_texts import DATASETS, Dataset, Split

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.tokenised import Tokenised

TEXTS = 24
"""Critical texts, and as many of other classes, that each pair of models is asked about."""
CHOSEN, OTHER_HALF, WITHOUT = "the most even neutral kind", "best kind of the other half", "occlusion"

Row = dict[str, Any]


def measure(models: Path, sets: Split, dataset: Dataset, seed: int) -> list[Row]:
    """One row for each text, side and neutral kind: percentile against chance and whether it beats it.

    The sides are the base and the healthy candidate of one seed. `chosen` marks the most even kind;
    texts too short to decide are left out.
    """
    texts = _texts(sets, dataset)
    pair: dict[Side, LoadedClassifier] = {
        side: load_classifier(models / name, "cpu")
        for side, name in zip(SIDES, ("base", "healthy"), strict=True)
    }
    words = {side: tokenise(pair[side], [text for text, _ in texts], 64) for side in SIDES}
    logits = {side: logits_of_ids(pair[side], [one.ids for one in words[side]]) for side in SIDES}
    cases = [case for case in cases_of(pair, words, logits, [{}] * len(texts)) if not case.contrast]
    baselines = Baselines(pair)
    seeds = [draw("baselines", dataset.name, seed, number) for number in range(len(texts))]
    rows: list[Row] = []
    for side in SIDES:
        asked: list[list[Asked]] = [[] for _ in cases]
        kinds: list[list[str]] = [[] for _ in cases]
        for kind in KINDS:
            neutral = [case for case in cases if kind in {one.kind for one in case.choice.neutral_ones[side]}]
            request = _request(pair[side], side, words[side], logits[side], neutral, seeds, baselines, kind)
            for case, one in zip(neutral, integrated_gradients(request) if neutral else (), strict=True):
                asked[case.row].append(Asked(case.targets[side], rank(one.scores)))
                kinds[case.row].append(kind)
        request = _request(pair[side], side, words[side], logits[side], cases, seeds, baselines, None)
        for case, one in zip(cases, occlusion(request), strict=True):
            asked[case.row].append(Asked(case.targets[side], rank(one.scores)))
            kinds[case.row].append(WITHOUT)
        for case, names, found in zip(
            cases, kinds, stands(pair[side], words[side], asked, seeds), strict=True
        ):
            rows += [
                {"row": case.row, "critical": texts[case.row][1], "side": side, "kind": name,
                 "chosen": _most_even(case) == name, "percentile": one.percentile,
                 "beats": one.p is not None and one.p <= CHANCE_LEVEL}
                for name, one in zip(names, found, strict=True)
                if one is not None and one.decidable
            ]  # fmt: skip
    return rows


def _most_even(case: Case) -> str | None:
    """The neutral kind with the smallest largest class probability on either side; None where none is neutral."""
    peak: dict[str, float] = {}
    for one in (one for ones in case.choice.neutral_ones.values() for one in ones):
        peak[one.kind] = max(peak.get(one.kind, 0.0), float(one.p.max()))
    return min(peak, key=peak.__getitem__, default=None)


def _texts(sets: Split, dataset: Dataset) -> list[tuple[str, bool]]:
    """Texts and whether they are critical: the first critical ones, and others spread over the classes."""
    critical = [one.text for one in sets.evaluation["healthy"] if one.label == dataset.critical]
    other = [one.text for one in sets.evaluation["healthy"] if one.label != dataset.critical]
    step = len(other) // TEXTS
    return [(one, True) for one in critical[:TEXTS]] + [(one, False) for one in other[::step][:TEXTS]]


def _request(
    classifier: LoadedClassifier, side: Side, words: Sequence[Tokenised], logits: NDArray[np.float32],
    cases: Sequence[Case], seeds: Sequence[int], baselines: Baselines, kind: str | None,
) -> Request:  # fmt: skip
    return Request(
        classifier,
        [words[case.row] for case in cases],
        [case.targets[side] for case in cases],
        [float(case.targets[side].output(logits[case.row])) for case in cases],
        [baselines.baseline(side, kind, words[case.row]) for case in cases] if kind else (),
        (),
        [seeds[case.row] for case in cases],
    )


def baseline_rules(measured: Mapping[tuple[str, int], Sequence[Row]]) -> list[Row]:
    """Mean percentile and share that beats chance, by data set and kind or rule; means over the seeds."""
    found = []
    for dataset in DATASETS:
        seeds = [rows for (name, _), rows in measured.items() if name == dataset.name]
        for name in (*KINDS, CHOSEN, OTHER_HALF, WITHOUT):
            parts = [part for rows in seeds if (part := _taken(rows, name))]
            if parts:
                shares = [fmean(one["beats"] for one in part) for part in parts]
                found.append(
                    {"dataset": dataset.name, "rule": name, "pairs": len(parts),
                     "texts": sum(len({one["row"] for one in part}) for part in parts),
                     "chosen": round(fmean(fmean(one["chosen"] for one in part) for part in parts), 3),
                     "percentile": round(fmean(fmean(one["percentile"] for one in part) for part in parts), 3),
                     "beats_chance": round(fmean(shares), 3), "least": round(min(shares), 3),
                     "most": round(max(shares), 3)}
                )  # fmt: skip
    return found


def _taken(rows: Sequence[Row], rule: str) -> list[Row]:
    """The rows that a rule stands on: one for each text and side where it has a neutral kind."""
    if rule == CHOSEN:
        return [one for one in rows if one["chosen"]]
    if rule != OTHER_HALF:
        return [one for one in rows if one["kind"] == rule]
    taken: list[Row] = []
    for half in (0, 1):
        learned = [one for one in rows if one["row"] % 2 != half and one["kind"] in KINDS]
        means = {
            kind: fmean(one["percentile"] for one in learned if one["kind"] == kind)
            for kind in {one["kind"] for one in learned}
        }
        order = sorted(means, key=lambda kind: -means[kind])
        by_text: dict[tuple[int, str], dict[str, Row]] = {}
        for one in rows:
            if one["row"] % 2 == half:
                by_text.setdefault((one["row"], one["side"]), {})[one["kind"]] = one
        for kinds in by_text.values():
            taken += [kinds[kind] for kind in order if kind in kinds][:1]
    return taken


def baseline_table(results: Sequence[Row]) -> list[str]:
    """Lines of Markdown."""
    columns = ("dataset", "rule", "pairs", "texts", "chosen", "percentile", "beats_chance", "least", "most")
    return [
        "", "Integrated gradients by kind of baseline, both sides", f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
        *(f"| {' | '.join(str(row[name]) for name in columns)} |" for row in results),
    ]  # fmt: skip
