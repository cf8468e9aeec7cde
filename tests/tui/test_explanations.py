"""Explanations in the console: licences, targets, the check of a flip, probe diffs, evidence of findings."""

from __future__ import annotations

import pytest
from rich.style import Style

from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import VARIANT, ref_of
from tests.tui.conftest import OpenConsole
from tests.tui.reading import at, until
from tui.draw.lines import Line
from tui.draw.theme import Colours
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of
from tui.screens.gates import GatesScreen
from tui.tracks.intent.probes_screen import ProbesScreen

COLOURS = [Colours("256"), Colours("256", dark=False), Colours("16"), Colours("none")]


def drawn(session: ReviewSession, number: int, **options: object) -> list[Line]:
    """The intent view of a message."""
    evidence = session.example(ref_of(number))
    return view_of("intent").example(evidence, ViewOptions(100, 40, **options))  # type: ignore[arg-type]


def text(lines: list[Line]) -> str:
    return "\n".join(line.plain for line in lines)


@pytest.mark.parametrize("colours", COLOURS)
def test_an_unlicensed_attribution_is_grey_and_says_why(session: ReviewSession, colours: Colours) -> None:
    lines = drawn(session, 0, colours=colours, method=1)
    assert "base grey, not licensed: ranks words no better than chance (p 0." in text(lines)
    assert "candidate licensed ✓" in text(lines)
    first = next(number for number, line in enumerate(lines) if line.plain.startswith(" base"))
    base, base_marks, candidate, candidate_marks = lines[first : first + 4]
    assert {piece.style for piece in base_marks.pieces if piece.text.strip()} == {"dim"}
    assert not any(isinstance(piece.style, Style) for piece in base.pieces)
    assert any(isinstance(piece.style, Style) for piece in candidate.pieces)
    assert {piece.style for piece in candidate_marks.pieces if piece.text.strip()} >= {"strong"}


def test_a_text_too_short_to_decide_is_told_apart(session: ReviewSession) -> None:
    assert "both sides grey, too short to decide" in text(drawn(session, 1, colours=Colours()))
    unreadable = text(drawn(session, 11, colours=Colours(), method=-1))
    assert "not interpretable: the run's baseline is not neutral for it on both sides" in unreadable
    assert "both sides grey, not licensed: the run's baseline is not neutral" in unreadable


async def test_v_goes_through_methods_and_targets(console: OpenConsole) -> None:
    async with console((80, 40)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await until(pilot, "layer-wise relevance of each side's own class")
        await pilot.press("v", "v")
        await until(pilot, "integrated gradients of each side's own class")
        await pilot.press("v")
        await until(pilot, "integrated gradients of returns − escalation")
        await pilot.press("v", "v")
        screen = await until(pilot, "occlusion by deletion of returns − escalation")
        assert "candidate licensed ✓" in screen
        assert "deleting “0” gives escalation back (" in screen
        await pilot.press("v")
        await until(pilot, "grey, context only: never licensed")


async def test_capital_v_shows_the_difference_on_the_same_words(console: OpenConsole) -> None:
    async with console((80, 40)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await pilot.press("v", "v", "v", "v", "v", "V", "V", "V")
        screen = await until(pilot, "candidate minus base, occlusion by deletion of returns − escalation")
        assert " diff" in screen


def test_the_numbers_have_every_test_of_the_licence(session: ReviewSession) -> None:
    evidence = session.example(ref_of(0))
    specs = session.gate_input().specs["intent"]
    told = text(view_of("intent").numbers(evidence, ViewOptions(160, 50, Colours(), specs=specs)))
    for said in (
        "comprehensiveness .783 − sufficiency −.025 = .807; p .",
        "limit: p at most .10 against random rankings",
        "by chance .29",
        "LICENCE OF ITS CRITICAL SLICES",
        ".400 [.053, .853] n 5   share of attributions licensed, of those long enough to decide",
        "WHAT REVERTS THE FLIP",
        "deletion: 1 tried; words ranked by layer-wise relevance; the candidate then says escalation",
        "word; predicts small_talk at p .514",
        "0.02 % after 10 steps",
        "mean fall of p(target) when the top 10, 20 and 50 % of the words are deleted",
    ):
        assert said in told


def test_the_plain_summary_names_the_licence(session: ReviewSession) -> None:
    said = "\n".join(view_of("intent").summary(session.example(ref_of(0))))
    assert "; not licensed: ranks words no better than chance (p 0." in said
    assert "what reverts the flip: deleting “0” gives escalation back (" in said


async def test_an_unlicensed_attribution_is_refused_as_evidence(
    console: OpenConsole, session: ReviewSession
) -> None:
    async with console((80, 40)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await pilot.press("F", *"it reads titles", "down", "down", "down")
        await pilot.press("right", "right", "right")
        await until(pilot, "attribution: lrp of the base for escalation")
        await pilot.press("enter")
        await until(pilot, "it is not licensed")
        assert session.state().findings == ()
        await pilot.press("left")
        await until(pilot, "attribution: lrp of the candidate for returns")
        await pilot.press("enter")
        await until(pilot, "saved  finding")
        (finding,) = session.state().findings
        assert finding.evidence == "attribution: lrp of the candidate for returns"


async def test_d_shows_probe_diffs_and_enter_opens_their_texts(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("5", "d")
        screen = await until(pilot, "own, critical")
        assert "+.02 [−.20, .25]" in screen
        assert "base .77 → .77" in screen
        assert "[Cold Harbor]" in screen
        await pilot.press("enter")
        await until(pilot, "variant of m04")
        await pilot.press("escape")
        await until(pilot, "own, critical")


async def test_the_numbers_of_a_gate_tell_what_decided_it(console: OpenConsole) -> None:
    async with console((120, 100)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        assert isinstance(pilot.app.screen, GatesScreen)
        pilot.app.screen.show("intent.slices[label=returns]")
        await pilot.pause()
        await pilot.press("space")
        screen = await until(pilot, "WHAT DECIDED IT")
        assert "share of texts whose predicted class is the gold label" in screen
        assert "MEASURED BESIDE IT" in screen


async def test_probe_diffs_are_read_from_every_width(console: OpenConsole) -> None:
    for size in ((80, 24), (120, 36), (200, 50)):
        async with console(size) as pilot:
            await pilot.press("d")
            await until(pilot, "titles")
            assert isinstance(pilot.app.screen, ProbesScreen)
            lines = pilot.app.screen.cue_lines("escalation/titles", size[0] - 1)
            assert all(line.width <= size[0] for line in lines)


async def test_sign_off_lists_findings_by_whether_they_move_a_gate(
    console: OpenConsole, session: ReviewSession
) -> None:
    session.finding("escalations are lost", "intent.critical_recall[escalation]", [ref_of(0)])
    session.finding("warmer tone", None, [VARIANT], "minor")
    async with console((140, 80)) as pilot:
        await pilot.press("6")
        screen = await until(pilot, "Findings that move no gate")
        moving, resting = screen.split("Findings that move no gate")
        assert "escalations are lost" in moving.split("Findings that move a gate")[1]
        assert "warmer tone" in resting
        assert "evidence: none named" in resting
