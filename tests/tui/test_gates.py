"""The gates screen: what fails first, what stands behind it, waivers and their refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.base.gate_records import GateResult, GateVerdict
from analysis.base.records import Better, Measures
from analysis.base.review_records import Decision, DecisionRecord
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import ref_of
from tests.tui.conftest import OpenConsole
from tests.tui.reading import shown, until, until_true
from tui.draw.criterion_lines import criterion_lines, criterion_sentences
from tui.draw.gate_lines import (
    GATE_MARKS,
    by_urgency,
    counts_of,
    gate_line,
    gate_value,
    reason_lines,
    verdict_of,
)
from tui.screens.gate_detail import detail_lines
from tui.screens.gates import GatesScreen


def gate(
    verdict: GateVerdict,
    *,
    key: str = "intent.accuracy",
    blocking: bool = True,
    value: float | None = 0.5,
    measures: Measures = "change",
    unit: str = "share",
    better: Better = "up",
    why: str = "because",
) -> GateResult:
    return GateResult(
        key=key,
        name=key,
        track="intent",
        slice=None,
        metric_slice="all",
        verdict=verdict,
        blocking=blocking,
        metric="accuracy",
        measures=measures,
        unit=unit,
        better=better,
        value=value,
        low=0.4,
        high=0.6,
        n=10,
        threshold="p .01",
        why=why,
        refs=("r",),
        protects="people",
        metric_track="intent",
    )


def decision(word: Decision) -> DecisionRecord:
    return DecisionRecord("e", "uid:1/a", "a", word, "because", "r", "2026-01-01")


def test_the_banner_says_the_state_and_an_advisory_fail_does_not_block() -> None:
    allowing = [gate("waived"), gate("undecided"), gate("fail", blocking=False)]
    said = {
        "BLOCKED: do not promote": ([gate("pass"), gate("fail")], None),
        "WAITING: verdicts or data are missing": ([gate("pass"), gate("unknown")], None),
        "WAITING: the gates allow promotion, not decided yet": (allowing, None),
        "PROMOTABLE: ": (allowing, decision("promote")),
        "DECIDED: reject: ": ([gate("fail")], decision("reject")),
        "NO GATES: ": ([], None),
    }
    for words, (gates, decided) in said.items():
        assert ": ".join(verdict_of(gates, decided)[0]) == words
    assert verdict_of([gate("fail")], decision("promote"))[0][0] == "BLOCKED"


def test_counts_name_every_verdict() -> None:
    gates = [gate("pass"), gate("fail"), gate("fail"), gate("unknown"), gate("off")]
    assert counts_of(gates) == "2 gates fail, 1 unknown, 1 pass, 1 off"
    assert counts_of([gate("fail")]) == "1 gate fails"


def test_a_gate_line_has_value_interval_and_count_and_fits() -> None:
    for width in (40, 79, 120, 200):
        line = gate_line(gate("fail"), width)
        assert line.width <= width
        assert "+.500" in line.plain
        assert ("[.40, .60]" in line.plain) == (width >= 70)
    assert gate_value(gate("unknown", value=None)) == "–"


@pytest.mark.parametrize(
    ("value", "measures", "unit", "better", "written", "glyph"),
    [
        (0.205, "change", "share", "up", "+.205", "▲"),
        (0.103, "change", "share", "down", "+.103", "▼"),
        (-0.02, "change", "share", "down", "−.020", "▲"),
        (17.623, "change", "words", "neither", "+17.6 words", ""),
        (0.638, "level", "share", "up", ".638", ""),
        (21.0, "count", "texts", "down", "21 texts", ""),
        (0.0, "count", "examples", "up", "0 examples", ""),
        (0.0000004, "p", "probability", "up", "<.001", ""),
    ],
)
def test_a_value_is_written_as_its_metric_is_declared(
    value: float, measures: Measures, unit: str, better: Better, written: str, glyph: str
) -> None:
    one = gate("fail", value=value, measures=measures, unit=unit, better=better)
    assert gate_value(one) == written
    line = gate_line(one, 79).plain
    assert [mark for mark in "▲▼" if mark in line] == ([glyph] if glyph else [])


def test_a_long_reason_is_cut_with_a_mark() -> None:
    rows = reason_lines(gate("fail", why="word " * 100), 79)
    assert len(rows) == 1
    assert rows[0].plain.endswith("…")


async def test_the_detail_has_the_criteria_and_what_the_value_is_of(
    console: OpenConsole, session: ReviewSession
) -> None:
    one = next(gate for gate in session.gates() if gate.key == "intent.critical_recall[escalation]")
    lines = [line.plain for line in detail_lines(session, one, 100)]
    assert any(line.startswith(" value       −.300 [−.675, .207]  ▼ worse   n 10") for line in lines)
    assert any("change of recall: share of the texts" in line for line in lines)
    start = next(number for number, line in enumerate(lines) if "WHAT IT LOOKS AT" in line)
    rows = lines[start + 1 : start + 1 + len(one.criteria)]
    for row, line in zip(one.criteria, rows, strict=True):
        assert line.startswith(f" {GATE_MARKS[row.verdict][0]} {row.what[:20]}")
    for width in (40, 79, 200):
        assert all(line.width <= width for line in criterion_lines(one, width))
    assert len(criterion_sentences(one)) == len(one.criteria)


async def test_the_list_starts_with_what_blocks(console: OpenConsole, session: ReviewSession) -> None:
    first = by_urgency(session.gates())[0]
    async with console() as pilot:
        await pilot.press("5")
        text = await until(pilot, "GATES")
        assert first.key[:30] in text.splitlines()[4]
        await pilot.press("enter")
        text = await until(pilot, "protects")
        assert first.protects.split(maxsplit=1)[0] in text


async def test_the_detail_follows_the_cursor_at_120_columns(
    console: OpenConsole, session: ReviewSession
) -> None:
    gates = by_urgency(session.gates())
    async with console(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until(pilot, gates[0].key)
        await pilot.press("j")
        await until(pilot, gates[1].key)
        assert isinstance(pilot.app.screen, GatesScreen)
        assert pilot.app.screen.key == gates[1].key
        await pilot.press("left_square_bracket")
        screen = pilot.app.screen
        await until_true(pilot, lambda: screen.key == gates[0].key)


async def test_a_passing_gate_cannot_be_waived_and_it_says_so(
    console: OpenConsole, session: ReviewSession
) -> None:
    passing = next(entry for entry in session.gates() if entry.verdict == "pass")
    async with console(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until_true(pilot, lambda: isinstance(pilot.app.screen, GatesScreen))
        assert isinstance(pilot.app.screen, GatesScreen)
        pilot.app.screen.show(passing.key)
        await pilot.pause()
        await pilot.press("W")
        await until(pilot, "only what fails or is unknown can be waived")


async def test_a_waiver_needs_a_reason_and_a_day_to_come(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    failing = next(entry for entry in by_urgency(session.gates()) if not entry.waiver_blocked)
    async with console() as pilot:
        await pilot.press("5")
        await until_true(pilot, lambda: isinstance(pilot.app.screen, GatesScreen))
        assert isinstance(pilot.app.screen, GatesScreen)
        pilot.app.screen.show(failing.key)
        await pilot.pause()
        await pilot.press("W")
        await until(pilot, "expires")
        await pilot.press("enter", "enter")
        await until(pilot, "a waiver needs a reason")
        await pilot.press("up", *"accepted for the pilot", "down")
        await pilot.press(*["backspace"] * 10, *"2020-01-01", "enter")
        await until(pilot, "is past")
        await pilot.press(*["backspace"] * 10, *"2999-01-01", "enter")
        await until(pilot, "saved  waiver")
        lines = [
            json.loads(line)
            for path in store.glob("events/*/*.jsonl")
            for line in path.read_text().splitlines()
        ]
        (event,) = [line for line in lines if line["kind"] == "waiver"]
        body = json.loads(event["body"])
        assert (body["key"], body["expires"]) == (failing.key, "2999-01-01")
        assert "waived" in {entry.verdict for entry in session.gates() if entry.key == failing.key}


async def test_a_finding_from_a_gate_carries_its_examples(
    console: OpenConsole, session: ReviewSession
) -> None:
    async with console(size=(80, 70)) as pilot:
        await pilot.press("5")
        await until_true(pilot, lambda: isinstance(pilot.app.screen, GatesScreen))
        assert isinstance(pilot.app.screen, GatesScreen)
        pilot.app.screen.show("intent.critical_recall[escalation]")
        await pilot.pause()
        await pilot.press("F", *"escalations are lost", "enter", "enter", "enter", "enter")
        await until(pilot, "saved  finding")
        (finding,) = session.state().findings
        assert finding.gate == "intent.critical_recall[escalation]"
        assert set(finding.refs) <= {ref_of(number) for number in range(30)}
        assert "escalations are lost" in shown(pilot.app)


async def test_escape_goes_from_the_detail_to_the_list(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("5")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, "protects")
        await pilot.press("escape")
        await until_true(pilot, lambda: "protects" not in shown(pilot.app))
        await until(pilot, "GATES")


async def test_the_open_verdicts_of_a_gate_come_first_and_enter_walks_through_them(
    console: OpenConsole, session: ReviewSession
) -> None:
    one = next(gate for gate in session.gates() if gate.key == "intent.critical_recall[escalation]")
    assert len(one.open) == 3
    lines = detail_lines(session, one, 100)
    heads = [line for line in lines if line.target is not None and line.target.kind == "examples"]
    head = next(line for line in heads if "3 open verdicts decide it" in line.plain)
    assert head.target is not None
    assert head.target.refs == one.open
    after = lines[lines.index(head) + 1 :][:3]
    assert [line.target.name for line in after if line.target is not None] == list(one.open)
    assert not any("broken" in line.plain or "◆" in line.plain for line in after)
    async with console() as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert isinstance(pilot.app.screen, GatesScreen)
        pilot.app.screen.show(one.key)
        await until(pilot, "protects")
        detail = pilot.app.screen.query_one("#gate-detail")
        while detail.target != head.target:  # type: ignore[attr-defined]
            await pilot.press("j")
        await pilot.press("enter")
        assert "1/3" in await until(pilot, "examples behind one number")
