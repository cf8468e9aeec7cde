"""The overview: verdict first, then what changed, what blocks, where to look."""

from __future__ import annotations

import pytest
from textual.geometry import Size

from analysis.base.gate_records import Trigger
from analysis.review.causes import Folded, FoldedCause
from analysis.review.session import ReviewSession
from tests.analysis.test_causes import cause, gate
from tests.tui.conftest import OpenConsole
from tests.tui.reading import shown, until, until_true
from tui.commands.status_formats.text import FORMAT
from tui.draw.gate_lines import by_urgency, counts_of, verdict_of
from tui.screens.overview import OverviewScreen, main_lines, slices_lines, trigger_lines


async def test_it_leads_with_the_verdict_and_counts(console: OpenConsole, session: ReviewSession) -> None:
    async with console() as pilot:
        rows = shown(pilot.app).splitlines()
        (words, _), _ = verdict_of(session.gates())
        assert words in rows[1]
        assert words == "WAITING"
        assert counts_of(session.gates()).split(",")[0] in rows[1]
        assert f"{session.parts().decides} verdicts decide · 0/{session.inspection().total} judged" in rows[1]
        # Nobody has looked yet: every screen and `assay status` say the same of that.
        assert "WAITING: verdicts or data are missing" in FORMAT.write(session.status())
        for key, words in (("5", "GATES"), ("6", "Release decision"), ("P", "change of p")):
            await pilot.press(key)
            assert "WAITING" in (await until(pilot, words)).splitlines()[1]
            await pilot.press("5") if key == "6" else None
        await pilot.resize_terminal(200, 50)
        await until(pilot, "WAITING: verdicts or data are missing")


async def test_accuracy_has_both_sides_interval_and_counts(session: ReviewSession) -> None:
    line = main_lines(session.metrics(), session.gate_input().specs, session.mains(), 79)[0]
    assert ".867 → .867" in line.plain
    assert "4 fixed, 4 broken of 30" in line.plain
    assert line.target is not None


async def test_what_fails_under_no_cause_stands_beside_the_causes_and_once(
    console: OpenConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = FoldedCause(cause("titles", ("m00",)), (gate("intent.routing", "fail"),))
    rest = (gate("response.spoils", "fail"), gate("response.length", "unknown"))
    monkeypatch.setattr(ReviewSession, "causes", lambda self: Folded((titles,), rest))
    async with console() as pilot:
        assert isinstance(pilot.app.screen, OverviewScreen)
        lines = [line.plain for line in pilot.app.screen.overview_lines(79)]
    told = (
        "titles breaks 1",
        "FAIL UNDER NO CAUSE",
        "response.spoils",
        "WHAT CHANGED",
        "OTHER GATES UNDER",
        "response.length",
    )
    places = [[number for number, line in enumerate(lines) if words in line] for words in told]
    assert all(len(place) == 1 for place in places), places
    assert places == sorted(places)


async def test_the_key_line_names_the_other_screens_first(console: OpenConsole) -> None:
    async with console() as pilot:
        keys = shown(pilot.app).splitlines()[-1]
        assert keys.split()[:6] == ["2", "Examples", "5", "Gates", "6", "Sign-off"]


async def test_what_blocks_is_listed_before_what_passes(session: ReviewSession) -> None:
    verdicts = [gate.verdict for gate in by_urgency(session.gates())]
    blocking = [verdict in ("fail", "unknown") for verdict in verdicts]
    assert blocking == sorted(blocking, reverse=True)


async def test_slices_come_by_net_broken_with_their_metric_and_progress(session: ReviewSession) -> None:
    lines = [line.plain for line in slices_lines(session.slices(), 79)]
    assert "label=escalation" in lines[1]
    assert "◆" in lines[1]
    assert "3/0" in lines[1]
    assert "0/8" in lines[1]
    assert "intent accuracy" in lines[1]
    assert "▼ .700" in lines[1]
    assert not any("matches nothing" in line for line in lines)
    for width in (59, 71):
        narrow = [line.plain.rstrip() for line in slices_lines(session.slices(), width)]
        assert max(map(len, narrow)) <= width
        assert narrow[0].endswith("b/f  seen")
        assert narrow[1].split()[-4:] == ["▼", ".700", "3/0", "0/8"]


def test_triggers_show_their_number_and_lead_to_their_examples() -> None:
    fired = Trigger("routing", "intent", "43 of 1,518 wrongly sent", True, 43.0, None, None, 1518, ("a", "b"))
    quiet = Trigger("became_overconfident", "intent", "", False, None, None, None, None, ())
    lines = trigger_lines([fired, quiet], 79)
    assert lines[0].plain.startswith(" ▼ 43 of 1,518 wrongly sent")
    assert lines[0].target is not None
    assert lines[0].target.refs == ("a", "b")
    assert "became overconfident: nothing that can be told from noise" in lines[-1].plain


async def test_enter_on_a_slice_opens_its_examples(console: OpenConsole) -> None:
    async with console(size=(80, 40)) as pilot:
        view = pilot.app.screen.query_one("#overview")
        assert isinstance(pilot.app.screen, OverviewScreen)
        while not view.lines[view.cursor].plain.startswith(" label=escalation"):  # type: ignore[attr-defined]
            await pilot.press("j")
        await pilot.press("enter")
        text = await until(pilot, "hidden until you have answered")
        assert text.splitlines()[0].startswith(" label=escalation ◆  1/8")


async def test_enter_on_a_gate_opens_it(console: OpenConsole, session: ReviewSession) -> None:
    first = by_urgency(session.gates())[0]
    async with console() as pilot:
        view = pilot.app.screen.query_one("#overview")
        while first.key[:20] not in view.lines[view.cursor].plain:  # type: ignore[attr-defined]
            await pilot.press("down")
        await pilot.press("enter")
        text = await until(pilot, "protects")
        assert first.key in text


async def test_g_goes_to_an_example_and_says_what_is_near_a_wrong_id(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("g", *"nope", "enter")
        text = await until(pilot, "there is no example")
        assert "nearest" in text
        await pilot.press("escape", "g", *"m14", "enter")
        await until(pilot, "message:m14")


async def test_a_resize_keeps_the_cursor_on_its_line(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("j", "j")
        view = pilot.app.screen.query_one("#overview")
        before = view.target  # type: ignore[attr-defined]
        await pilot.resize_terminal(140, 40)
        await until_true(pilot, lambda: pilot.app.size == Size(140, 40))
        assert view.target == before  # type: ignore[attr-defined]
