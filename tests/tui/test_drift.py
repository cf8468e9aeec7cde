"""How drift and the place of a change are drawn: to look at, never as good or bad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.review.queries import ExampleEvidence
from analysis.review.session import ReviewSession
from tui.draw.lines import Line
from tui.draw.theme import Colours
from tui.plugin.change_lines import change_lines
from tui.plugin.options import ViewOptions
from tui.tracks.intent.drift import drift_lines, strip_lines, strip_sentence
from tui.tracks.intent.numbers import number_lines
from tui.tracks.intent.summary import summary
from tui.tracks.intent.view import example_lines

WIDTHS = (60, 80, 120, 200)


def _row(kind: str, name: str, restored: int | None, **other: Any) -> dict[str, Any]:
    columns = ("scale", "low", "high", "transferred", "weight_change", "p")
    row: dict[str, Any] = {**dict.fromkeys(columns), "size": 1, "n": 17, "broken": 17, "why": ""}
    return {**row, "kind": kind, "name": name, "restored": restored, "broken_restored": restored, **other}


CHANGE = (
    _row("layer", "layer 3", 2, transferred=1, weight_change=0.01),
    _row("layer", "layer 4", 14, transferred=15, weight_change=0.25),
    _row("dose", "adapter × 0.5", 12, scale=0.5),
    _row("named layer", "layer 4", 14, transferred=15),
    _row("control of layer", "layer 3", 2, transferred=1),
)
SHIFT = (
    {"layer": 0, "cosine": 0.9999, "floor": 0.999},
    {"layer": 1, "cosine": 0.99, "floor": 0.999},
    {"layer": 2, "cosine": 0.21, "floor": 0.998},
)


@pytest.fixture(scope="module")
def evidence(tiny_analysed: Path) -> Iterator[ExampleEvidence]:
    with ReviewSession.open(tiny_analysed, read_only=True) as session:
        yield session.example("intent/message:m001")


def _with(evidence: ExampleEvidence, **rows: tuple[dict[str, Any], ...]) -> ExampleEvidence:
    return replace(evidence, context={**evidence.context, **rows})


def _plain(lines: list[Line]) -> list[str]:
    return [line.plain for line in lines]


def _fits(lines: list[Line], width: int) -> bool:
    return all(line.width <= width for line in lines)


def test_the_strip_says_where_the_message_moved_most_and_what_a_graft_restores(
    evidence: ExampleEvidence,
) -> None:
    moved = _with(evidence, shift=SHIFT, change=CHANGE)
    assert strip_sentence(moved) == ("▁▁█", "cosine .21 at layer 2, above noise from layer 1")
    (line,) = strip_lines(moved, 100)
    assert line.plain.rstrip().endswith("above noise from layer 1 · graft of layer 4 restores 14/17")
    (line,) = strip_lines(moved, 80)
    assert line.plain.rstrip().endswith("cosine .21 at L2, above noise from L1 · graft of L4: 14/17")
    for width in WIDTHS:
        assert _fits(strip_lines(moved, width), width)


def test_the_strip_says_when_nothing_moved_or_nothing_is_known(evidence: ExampleEvidence) -> None:
    still = tuple({**row, "cosine": 1.0} for row in SHIFT)
    assert strip_sentence(_with(evidence, shift=still)) == ("▁▁▁", "the states moved no more than noise does")
    unknown = tuple({**row, "floor": None} for row in SHIFT)
    assert strip_sentence(_with(evidence, shift=unknown))[1] == "cosine .21 at layer 2; noise not known"
    no_numbers = tuple({**row, "cosine": None} for row in SHIFT)
    assert strip_lines(_with(evidence, shift=no_numbers), 80) == []
    assert strip_lines(_with(evidence, shift=()), 80) == []


def test_the_numbers_hold_layers_slices_grafts_and_probes(evidence: ExampleEvidence) -> None:
    for width in WIDTHS:
        lines = drift_lines(evidence, width)
        assert _fits(lines, width), width
        text = "\n".join(_plain(lines))
        for title in ("DRIFT: WHERE TO LOOK, NO VERDICT", "WHERE THE CHANGE LIVES", "WHAT A PROBE READS"):
            assert title in text
        for name in ("embeddings", "layer 2", "label=escalation", "no layers are named: no set"):
            assert name in text, name
    styles = {piece.style for line in drift_lines(evidence, 80) for piece in line.pieces}
    assert not styles & {"good", "bad", "warn"}


def test_the_place_of_a_change_is_a_sentence_and_a_table() -> None:
    lines = _plain(change_lines(CHANGE, 120))
    assert (
        lines[2]
        .strip()
        .startswith("the change lives in layer 4: putting the base's back restores 14 of 17 broken")
    )
    assert any(
        "layer 4" in line and "14/17" in line and "15/17" in line and "25.0%" in line for line in lines
    )
    assert any("dose: adapter × 0.5" in line and "12/17" in line for line in lines)
    (_, _, said, *_) = _plain(change_lines((_row("layer", "", None, why="the architectures differ"),), 80))
    assert said.strip() == "no layers are named: the architectures differ"


def test_the_page_the_numbers_and_the_plain_sentences_have_it(evidence: ExampleEvidence) -> None:
    options = ViewOptions(80, 40, Colours())
    assert any(line.plain.startswith(" drift ") for line in example_lines(evidence, options))
    numbers = "\n".join(_plain(number_lines(evidence, options)))
    assert "judges nothing" in numbers
    sentences = summary(_with(evidence, change=CHANGE))
    assert any(one.startswith("drift (says where to look, judges nothing): cosine") for one in sentences)
    assert any(one.startswith("the change lives in layer 4") for one in sentences)
