"""Everything about one gate: what it protects, its criteria, its numbers, its record, and the examples behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.gate_records import ALLOWING
from analysis.base.people import shown_as
from analysis.plugin.registry import known
from analysis.review.evaluate import gates_of
from analysis.review.scope import Scope
from tui.draw.criterion_lines import criterion_lines
from tui.draw.gate_lines import GATE_MARKS, gate_improvement, gate_value
from tui.draw.lines import Line, Target, rule, text_line, wrapped, written
from tui.draw.metric_lines import decisive, metric_lines
from tui.draw.number_text import interval, places_of, plural
from tui.plugin.other_candidate import detail_of_other
from tui.plugin.registry import view_of
from tui.widgets.example_list import example_line, is_blind

if TYPE_CHECKING:
    from analysis.base.gate_records import GateInput, GateResult
    from analysis.base.records import Metric, MetricSpec
    from analysis.review.session import ReviewSession
    from tui.plugin.other_candidate import OtherCandidate

INDENT = 13
"""Cells of the labels of a gate's detail."""
SHOWN_EXAMPLES = 60
"""Examples listed in the detail of a gate; Enter on the count opens all of them."""


def detail_lines(
    session: ReviewSession, gate: GateResult, width: int, other: OtherCandidate | None = None
) -> list[Line]:
    """Everything about one gate, but the definitions of its numbers; with another candidate, what its review says."""
    given = session.gate_input()
    mark, style = GATE_MARKS[gate.verdict]
    head = Line().add(" ").add(gate.key, "strong")
    verdict = f"{mark} {gate.verdict.upper()} · {'blocking' if gate.blocking else 'advisory'}"
    lines = [head.end(verdict, width - 1, style)]
    if lines[0].width < width - 1 - len(verdict):
        lines.append(Line().add(" ").add(verdict, style))
    lines += wrapped(" protects", gate.protects, width, indent=INDENT)
    lines.append(rule(width))
    lines += _value_lines(gate, given, width)
    lines += detail_of_other(gate, other, width, INDENT)
    if gate.criteria:
        lines += [rule(width), _criteria_head(width), *criterion_lines(gate, width), rule(width)]
    elif gate.slice is not None:
        lines += metric_lines(numbers_of(session, gate)[0], specs_of(gate, given), width)
    lines += wrapped(" why", gate.why or "–", width, indent=INDENT, style=style)
    lines += wrapped(" limit", gate.threshold or "–", width, indent=INDENT)
    if known(gate.track):
        lines += view_of(gate.track).gate_lines(gate, width)
    lines += _rule_lines(gate, given, width)
    if gate.slice is not None:
        lines += _sentence_lines(session, gate, width)
    lines.append(rule(width))
    lines += _record_lines(gate, given, width)
    lines.append(rule(width))
    return lines + _example_lines(session, gate, width)


def definition_lines(session: ReviewSession, gate: GateResult, width: int) -> list[Line]:
    """The same, with every number of the gate's slice and what it means."""
    read, beside = numbers_of(session, gate)
    specs = specs_of(gate, session.gate_input())
    lines = detail_lines(session, gate, width)
    lines += [rule(width), text_line(" WHAT DECIDED IT", "title")]
    lines += metric_lines(read, specs, width, methods=True) or [text_line(" no metric", "dim")]
    if beside:
        lines += [rule(width), text_line(" MEASURED BESIDE IT", "title")]
        lines += metric_lines(beside, specs, width, methods=True)
    return lines


def numbers_of(session: ReviewSession, gate: GateResult) -> tuple[list[Metric], list[Metric]]:
    """The metrics of the slice that a gate reads: those that decide it, and those beside them."""
    read = [
        spec.name
        for one in gates_of(session.gate_input().tracks)
        if one.name == gate.name
        for spec in one.reads
    ]
    if gate.metric is not None and gate.metric not in read:
        read.insert(0, gate.metric)
    track = gate.metric_track or gate.track
    return decisive(session.metrics(track=track, slice=gate.metric_slice), read)


def specs_of(gate: GateResult, given: GateInput) -> dict[str, MetricSpec]:
    """What the metrics of a gate are, by name: those of the track whose metric its value is."""
    return given.specs.get(gate.metric_track or gate.track, {})


def _value_lines(gate: GateResult, given: GateInput, width: int) -> list[Line]:
    """The value with unit, interval, size and whether it is better or worse; then what it is the value of."""
    said, glyph, style = gate_improvement(gate)
    value = f"{gate_value(gate)} {interval(gate.low, gate.high, places_of(gate.value))}".strip()
    value += f"  {glyph} {said}" if said else ""
    value += f"   n {gate.n:,}" if gate.n is not None else ""
    lines = wrapped(" value", value, width, indent=INDENT, style=style if said else "number")
    spec = specs_of(gate, given).get(gate.metric or "")
    if spec is not None:
        what = "change of " if gate.measures == "change" and spec.measures == "level" else ""
        lines += wrapped(" of", f"{what}{spec.title}: {spec.meaning}", width, indent=INDENT, style="dim")
    return lines


def _criteria_head(width: int) -> Line:
    return Line().add(" WHAT IT LOOKS AT", "title").end("number and limit", width - 1, "dim")


def _sentence_lines(session: ReviewSession, gate: GateResult, width: int) -> list[Line]:
    """What is known of a slice, of its rest, and of future traffic: three sentences, never merged."""
    if not any(entry.slice == gate.metric_slice and entry.track == gate.track for entry in session.slices()):
        return []
    known, this_slice, future = session.slice_sentences(gate.metric_slice, gate.track)
    lines: list[Line] = []
    for label, sentence in ((" known", known), (" this slice", this_slice), (" future", future)):
        lines += wrapped(label, sentence, width, indent=INDENT)
    return lines


def _record_lines(gate: GateResult, given: GateInput, width: int) -> list[Line]:
    state = given.state
    flagged = given.flagged.get(gate.key, ())
    lines: list[Line] = []
    if flagged:
        caused = {record.ref for record in state.verdicts if record.cause}
        done = sum(1 for ref in flagged if ref in caused)
        text = f"{done} of {len(flagged)} flagged have a verdict with a cause"
        line = Line(
            Target("examples", gate.key, tuple(ref for ref in flagged if ref not in caused) or flagged)
        )
        line.column(" analysis", INDENT, "dim").add(text, "good" if done == len(flagged) else "warn")
        lines.append(line.end("⏎ next", width - 1, "key"))
    findings = [finding for finding in state.findings if finding.gate == gate.key]
    for number, finding in enumerate(findings):
        label = f" {plural(len(findings), 'finding')}" if number == 0 else ""
        text = f"{finding.severity}: “{finding.text}” {shown_as(finding.actor, finding.reviewer)}"
        text += f"; evidence: {finding.evidence}" if finding.evidence else ""
        lines += written(label, text, width, indent=INDENT)
    if not findings:
        lines += wrapped(" findings", "none yet: F records one", width, indent=INDENT, style="dim")
    waivers = [waiver for waiver in state.waivers if waiver.key == gate.key]
    for waiver in waivers:
        text = f"{shown_as(waiver.actor, waiver.reviewer)} until {waiver.expires}: {waiver.reason}"
        lines += written(" waiver", text, width, indent=INDENT, style="warn")
    if not waivers and gate.verdict not in ALLOWING:
        lines += wrapped(
            " waiver",
            "none; W accepts this value in this run, with a reason",
            width,
            indent=INDENT,
            style="dim",
        )
    return lines


def _example_lines(session: ReviewSession, gate: GateResult, width: int) -> list[Line]:
    """The examples whose verdict still decides the gate, then the others behind it."""
    rest = tuple(ref for ref in gate.refs if ref not in gate.open)
    if not gate.open and not rest:
        return [text_line(" no examples stand behind this gate", "dim")]
    verdicts = f"{len(gate.open):,} open {'verdict decides' if len(gate.open) == 1 else 'verdicts decide'} it"
    others = plural(len(rest), "other example" if gate.open else "example")
    lines = _listed(session, gate, gate.open, verdicts, "one by one ⏎", width) if gate.open else []
    return lines + (
        _listed(session, gate, rest, others, "all ⏎", width, remark=", worst first") if rest else []
    )


def _listed(
    session: ReviewSession,
    gate: GateResult,
    refs: tuple[str, ...],
    title: str,
    key: str,
    width: int,
    *,
    remark: str = "",
) -> list[Line]:
    """Some examples behind a head whose Enter walks through all of them."""
    head = Line(Target("examples", gate.key, refs)).add(f" {title}", "title").add(remark, "dim")
    lines = [head.end(key, width - 1, "key")]
    for row in session.queue_page(Scope(refs=refs, everything=True), 0, SHOWN_EXAMPLES):
        line = example_line(row, width, blind=is_blind(session))
        line.target = Target("ref", row.ref, refs)
        lines.append(line)
    return lines


def _rule_lines(gate: GateResult, given: GateInput, width: int) -> list[Line]:
    found = given.rules.get(gate.name)
    if found is None:
        return []
    lines: list[Line] = []
    for loosened in found.loosened:
        lines += wrapped(" loosened", f"{loosened}: {found.reason or ''}", width, indent=INDENT, style="warn")
    if found.thresholds:
        text = ", ".join(f"{name} {value:g}" for name, value in found.thresholds.items())
        lines += wrapped(" thresholds", text, width, indent=INDENT, style="dim")
    return lines
