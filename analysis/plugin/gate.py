"""What a gate is, and what every gate needs: thresholds, what people said, and results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.base.errors import AssayError
from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.problems import suggest
from analysis.base.records import ALL, Measures, Metric, MetricSide, MetricSpec
from analysis.base.review_records import Answer, ReviewState, Right
from analysis.plugin.discovery import members

GROUP = "assay.gates"
"""Entry points of gates that other packages bring; each names a tuple of `Gate`."""

ALPHA = 0.05
"""False-alarm level of one review, for everything that can fail by a test; `analysis.plugin.alpha` shares it out."""


Judgement = Right | Literal["disagreement", "none"]


@dataclass(frozen=True)
class Threshold:
    """Default of one threshold, and the direction in which it gets tighter."""

    default: float
    tighter: Literal["lower", "higher"]
    meaning: str


@dataclass(frozen=True)
class Gate:
    """A named rule; `judge` returns one result for each of its keys.

    Args:
        name: TRACK.NAME.
        protects: what it protects, as a sentence without a full stop.
        thresholds: what may be tightened and loosened in the review file.
        judge: reads the gate input and the resolved thresholds.
        blocking: whether it can keep a candidate back; an advisory gate only warns.
        reads: the metrics that decide it, the most telling first; whatever else is measured on its slice stands beside.
        place: gates are judged and listed by it.
        needs: what would have to hold for it to pass, as a sentence without a full stop for somebody who knows nothing
            of models; `{slice}` is the name in the key, `{of}` and `{what}` what stands before and after its stroke.
        alpha_weight: its part of what its track may spend, relative to the track's other gates; 0 where it cannot fail
            by a test.
    """

    name: str
    protects: str
    thresholds: Mapping[str, Threshold]
    judge: Callable[[GateInput, Rule], list[GateResult]]
    blocking: bool = True
    reads: tuple[MetricSpec, ...] = ()
    place: int = 100
    alpha_weight: float = 0.0
    needs: str = ""

    @property
    def track(self) -> str:
        return self.name.split(".", 1)[0]

    def needs_of(self, slice_name: str | None) -> str:
        """What would have to hold for one of its keys to pass."""
        of, _, what = (slice_name or "").rpartition("/")
        return self.needs.format(slice=slice_name or "", of=of, what=what)


def gates_in(package: str, track: str) -> tuple[Gate, ...]:
    """The gates of a track, in order: the `GATES` of each module of a package, and those that plug-ins bring.

    Args:
        package: where the gates of the track lie, one file a rule.
        track: whose gates; a plug-in's gate of another track, or of a name that is taken, is passed over.
    """
    found: dict[str, Gate] = {}
    for gate in (gate for gates in members(package, "GATES", GROUP, Gate) for gate in gates):
        if gate.track == track:
            found.setdefault(gate.name, gate)
    return tuple(sorted(found.values(), key=lambda gate: (gate.place, gate.name)))


def metric_of(
    given: GateInput, track: str, name: str, slice_name: str, side: MetricSide = "difference"
) -> Metric | None:
    """The metric of that name, slice and side, or None where the run has none.

    Raises:
        AssayError: the track declares no metric of that name: nobody would ever write it.
    """
    if name not in given.specs.get(track, {}):
        raise AssayError(
            f"the track {track!r} declares no metric {name!r}", hint=suggest(name, given.specs.get(track, {}))
        )
    return given.metric_at.get((track, name, slice_name, side))


def judgement(state: ReviewState, ref: str) -> Judgement:
    """What the reviewers together say of an example: settled, agreed, in disagreement, or nothing yet."""
    if ref in state.settled:
        return state.settled[ref]
    said = {record.right for record in state.said.get(ref, ())}
    if not said:
        return "none"
    return said.pop() if len(said) == 1 else "disagreement"


def differing_labels(said: Iterable[Iterable[tuple[str, Answer, Answer]]]) -> list[str]:
    """What people do not agree on of what each answer does, by the labels of each person: (name, base, candidate)."""
    answers: dict[str, set[tuple[Answer, Answer]]] = {}
    for labels in said:
        for name, base, candidate in labels:
            answers.setdefault(name, set()).add((base, candidate))
    return [name for name, told in answers.items() if len(told) > 1]


def disputed(state: ReviewState, ref: str) -> bool:
    """Whether reviewers say different things of an example, of a side or of a single answer, and nothing is settled."""
    if ref in state.settled:
        return False
    records = state.said.get(ref, ())
    return judgement(state, ref) == "disagreement" or bool(differing_labels(one.labels for one in records))


def judges_of(state: ReviewState, ref: str) -> int:
    """How many persons have given a verdict on an example, whatever their accounts."""
    return len(state.persons(record.actor for record in state.said.get(ref, ())))


def decided(given: GateInput, ref: str) -> Right | None:
    """The verdict on an example that counts: given by as many as are required, agreed on, and not `unsure`."""
    if ref in given.state.settled:
        said = given.state.settled[ref]
    else:
        records = given.state.said.get(ref, ())
        if judges_of(given.state, ref) < given.reviewers_required:
            return None
        if len({record.right for record in records}) != 1:
            return None
        said = records[0].right
    return None if said == "unsure" else said


def candidate_wrong(said: Right | None) -> bool:
    """Whether a verdict says that the candidate's side is wrong."""
    return said in ("base", "neither")


def analysed(state: ReviewState, ref: str) -> bool:
    """Whether someone recorded a verdict on the example with its cause (one step of error analysis)."""
    return any(record.cause for record in state.said.get(ref, ()))


def result(
    gate: Gate,
    verdict: GateVerdict,
    why: str,
    *,
    slice_name: str | None = None,
    metric_slice: str | None = None,
    key: str | None = None,
    metric: Metric | None = None,
    spec: MetricSpec | None = None,
    threshold: str = "",
    criteria: Iterable[Criterion] = (),
    refs: Iterable[str] = (),
    open_refs: Iterable[str] = (),
    waiver_blocked: str = "",
    needs: str | None = None,
) -> GateResult:
    """A result of `gate` for one key; value, interval and n come from `metric`, what they are from its declaration.

    Args:
        gate: whose.
        verdict: of this key.
        why: the sentence that says so.
        slice_name: the name in the key; None for a gate with one key.
        metric_slice: the slice whose metrics the gate reads, where that is another than the name in the key.
        key: where it is not made of the gate's name and the slice's.
        metric: what the gate's value is; it must be one of `gate.reads`, unless `spec` is given.
        spec: declaration of `metric`, for a gate that reads whatever metric it is told to.
        threshold: what the value is held against, in words.
        criteria: the rows of which the sentence is made.
        refs: examples behind it, worst first.
        open_refs: examples whose verdict could still change the result.
        waiver_blocked: why it cannot be waived now.
        needs: what would have to hold for it to pass, where the words of `gate` do not fit.

    Raises:
        ValueError: the gate does not say that it reads this metric.
    """
    if metric is not None and spec is None:
        spec = next((one for one in gate.reads if one.name == metric.name), None)
        if spec is None:
            raise ValueError(f"{gate.name} does not say that it reads {metric.name!r}")
    return GateResult(
        key=key or (f"{gate.name}[{slice_name}]" if slice_name is not None else gate.name),
        name=gate.name,
        track=gate.track,
        slice=slice_name,
        metric_slice=metric_slice or slice_name or ALL,
        verdict=verdict,
        blocking=gate.blocking,
        metric=metric.name if metric else None,
        metric_track=metric.track if metric else None,
        measures=spec.measures_on(metric.side) if metric and spec else None,
        unit=spec.unit if metric and spec else "",
        better=spec.better if metric and spec else "neither",
        value=metric.value if metric else None,
        low=metric.low if metric else None,
        high=metric.high if metric else None,
        n=metric.n if metric else None,
        threshold=threshold,
        why=why,
        refs=tuple(refs),
        protects=gate.protects,
        needs=gate.needs_of(slice_name) if needs is None else needs,
        criteria=tuple(criteria),
        waiver_blocked=waiver_blocked,
        open=tuple(open_refs),
    )


def number_row(
    what: str, value: float | None, measures: Measures, limit: str, verdict: GateVerdict
) -> Criterion:
    """A row of a gate whose number is no metric, such as how many examples are still to be judged.

    Args:
        what: the number is of, in plain words.
        value: None where it is not known.
        measures: what the number is.
        limit: the condition on which the row passes.
        verdict: of this row alone.
    """
    return Criterion(what, None if value is None else float(value), None, None, limit, verdict, measures)


def metric_row(
    what: str, metric: Metric | None, spec: MetricSpec | None, limit: str, verdict: GateVerdict
) -> Criterion:
    """A row of a gate from a metric and its declaration, or without a number where there is none."""
    if metric is None or spec is None:
        return Criterion(what, None, None, None, limit, verdict)
    measures = spec.measures_on(metric.side)
    return Criterion(what, metric.value, metric.low, metric.high, limit, verdict, measures)
