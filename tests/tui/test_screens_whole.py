"""What holds of every screen: it looks as it is kept in `snapshots`, nothing is cut without a sign at any width, text
can be told from its background in every colour depth, and no word of the trade is unexplained.

    pytest tests/tui/test_screens_whole.py --remake-snapshots     # keeps the screens as they are now
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from textual.geometry import Size
from textual.pilot import Pilot

from analysis.base.records import SIDES
from analysis.plugin.registry import get
from analysis.review import asked
from analysis.review.session import ReviewSession
from tests.tui.conftest import OpenConsole
from tests.tui.pictures import differences, faint, foreign, painted, picture
from tests.tui.reading import at, look, shown, until, until_true
from tests.tui.response_fixture import SPOILED, publish_response
from tests.tui.retrieval_fixture import ITEM, PAIR, QUERY, analysed_retrieval
from tui.console.app import AssayApp
from tui.draw.glossary import GLOSSARY, found
from tui.draw.lines import Line, first_rows, text_line
from tui.draw.theme import Colours
from tui.plugin.registry import built_in
from tui.screens.overview import RESTS, OverviewScreen
from tui.screens.signoff import SignoffScreen
from tui.widgets.example_list import ExampleList, example_line, is_blind
from tui.widgets.line_scroll import LineScroll
from tui.widgets.line_view import LineView

SIZES = ((60, 20), (80, 24), (100, 24), (120, 36), (200, 50))


@pytest.fixture(autouse=True)
def base_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of two answers is drawn by the run's name, of which versions of libraries and stages are part."""
    monkeypatch.setattr(asked, "order_of", lambda reviewer, run, ref: SIDES)


async def screens(pilot: Pilot[int]) -> AsyncIterator[str]:
    """Every screen and dialogue of a review of messages, one after the other; what shows that it is there."""
    await until(pilot, "WHAT CHANGED")
    yield "overview"
    await pilot.press("2")
    await until(pilot, "hidden until you have answered")
    yield "closed page"
    for key in ("o", "t", "f", "question_mark"):
        await pilot.press(key)
        await pilot.pause()
        yield key
        await pilot.press("escape")
        await pilot.pause()
    await at(pilot, "m00", look=True)
    yield "open page"
    for key, words in (
        ("space", "COUNTERFACTUALS"),
        ("F", "moves gate"),
        ("m", "mark words"),
        ("ctrl+p", "all actions"),
    ):
        await pilot.press(key)
        await until(pilot, words)
        yield words
        await pilot.press("escape")
        await pilot.pause()
    await pilot.press("w")
    await until(pilot, "not changed yet")
    yield "what if"
    await pilot.press("5", "enter")
    await until(pilot, "protects")
    yield "gate"
    await pilot.press("P")
    await until(pilot, "change of p")
    yield "probes"
    await pilot.press("6")
    await until(pilot, "Release decision")
    await pilot.press("enter", "end")
    await pilot.pause()
    yield "sign-off"


async def retrieval_screens(pilot: Pilot[int]) -> AsyncIterator[str]:
    """The screens of a review of an encoder that no review of messages has."""
    await until(pilot, "WHAT CHANGED")
    yield "retrieval overview"
    for name, ref in (("query", QUERY), ("pair", PAIR), ("item", ITEM)):
        assert isinstance(pilot.app, AssayApp)
        pilot.app.show_example(ref)
        await until(pilot, ref.partition("/")[2])
        if name == "query":
            yield "retrieval closed query"
        await look(pilot)
        yield f"retrieval {name}"
    await pilot.press("space")
    await pilot.pause()
    yield "retrieval numbers"
    await pilot.press("escape", "5", "enter")
    await until(pilot, "protects")
    yield "retrieval gate"


async def response_screens(pilot: Pilot[int]) -> AsyncIterator[str]:
    """The screens of a review of answers that no review of messages has."""
    await until(pilot, "WHAT CHANGED")
    yield "response overview"
    assert isinstance(pilot.app, AssayApp)
    pilot.app.show_example(SPOILED)
    await until(pilot, SPOILED.partition("/")[2])
    yield "response labels"
    await look(pilot)
    yield "response answers"
    await pilot.press("D")
    await pilot.pause()
    yield "response words that differ"
    await pilot.press("space")
    await pilot.pause()
    yield "response numbers"
    await pilot.press("escape", "5", "enter")
    await until(pilot, "protects")
    yield "response gate"


async def settled(pilot: Pilot[int]) -> None:
    """Wait for what a screen draws later: the example beside a line of Overview, and the fields of the sign-off."""
    await pilot.pause()
    if isinstance(pilot.app.screen, OverviewScreen):
        await pilot.pause(RESTS * 2)
    while is_reading(pilot):
        await pilot.pause(RESTS)


def is_reading(pilot: Pilot[int]) -> bool:
    """Whether a field of the sign-off is still read."""
    screen = pilot.app.screen
    return isinstance(screen, SignoffScreen) and screen._fields is None


def rows_cut(view: LineScroll) -> list[str]:
    """Visible rows of a widget that lost something and do not say so."""
    lost = []
    for y in range(view.size.height):
        number = y + round(view.scroll_offset.y)
        drawn = "".join(one.text for one in view.render_line(y)).rstrip()
        if isinstance(view, LineView) and number < len(view.lines):
            whole = view.lines[number].plain.rstrip()
        elif isinstance(view, ExampleList) and (row := view.row(number)) is not None:
            whole = example_line(row, view.cells, blind=is_blind(view.session)).plain.rstrip()
        else:
            continue
        if drawn[1:] != whole[1:] and not drawn.endswith("…"):
            lost.append(f"{view.id}: {whole!r} as {drawn!r}")
    return lost


async def looked_at(
    pilot: Pilot[int], shown_ones: AsyncIterator[str]
) -> tuple[list[str], dict[str, dict[str, str]]]:
    """What is read on some screens at every size, and their pictures; fails where one is cut without a sign."""
    seen: list[str] = []
    pictures: dict[str, dict[str, str]] = {}
    async for name in shown_ones:
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            size = Size(width, height)
            await until_true(pilot, lambda size=size: pilot.app.screen.size == size)  # type: ignore[misc]
            await settled(pilot)
            pictures.setdefault(name, {})[f"{width}x{height}"] = picture(pilot.app)
            for view in pilot.app.screen.query(LineScroll):
                if view.display and view.size.height:
                    assert rows_cut(view) == [], (name, width)
            seen.append(shown(pilot.app))
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert faint(pilot.app, dark=True) == [], name
    return seen, pictures


@pytest.mark.parametrize(
    ("publish", "shown_ones"),
    [
        pytest.param(analysed_retrieval, retrieval_screens, id="retrieval"),
        pytest.param(publish_response, response_screens, id="response"),
    ],
)
async def test_screens_of_other_tracks_look_as_they_are_kept(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    publish: Callable[[Path], Path],
    shown_ones: Callable[[Pilot[int]], AsyncIterator[str]],
) -> None:
    with ReviewSession.open(publish(tmp_path / "review"), "alice") as session:
        async with AssayApp(session, Colours()).run_test(size=(80, 24)) as pilot:
            seen, pictures = await looked_at(pilot, shown_ones(pilot))
        assert differences(pictures, remake=request.config.getoption("--remake-snapshots")) == []
        drawn: dict[str, dict[str, str]] = {}
        for kind, colours in (("in light", Colours(dark=False)), ("in 16 colours", Colours("16"))):
            async with AssayApp(session, colours).run_test(size=(80, 24)) as pilot:
                async for name in shown_ones(pilot):
                    await settled(pilot)
                    unfit = foreign(pilot.app, "16") if colours.native else faint(pilot.app, dark=False)
                    assert unfit == [], (name, kind)
                    drawn[f"{name} {kind}"] = {"80x24": painted(pilot.app)}
        assert differences(drawn, remake=request.config.getoption("--remake-snapshots")) == []
    used = {term.casefold() for term in re.findall(TRADE, "\n".join(seen), re.IGNORECASE)}
    assert used
    assert used - {term.casefold() for term in GLOSSARY} == set()


async def test_no_screen_cuts_without_a_sign_and_no_word_of_the_trade_is_unexplained(
    console: OpenConsole, session: ReviewSession, request: pytest.FixtureRequest
) -> None:
    async with console(size=(80, 24)) as pilot:
        seen, pictures = await looked_at(pilot, screens(pilot))
    assert differences(pictures, remake=request.config.getoption("--remake-snapshots")) == []
    for track in built_in():
        seen += [spec.title for spec in get(track).metrics()]
    for specs in session.gate_input().specs.values():
        seen += [spec.title for spec in specs.values()]
    entries = {term.casefold() for term in GLOSSARY}
    text = "\n".join(seen)
    used = {term.casefold() for term in re.findall(TRADE, text, re.IGNORECASE)}
    assert used - entries == set()
    assert used, "nothing was read"
    assert all(meaning.endswith((".", "there.")) for meaning in GLOSSARY.values())


@pytest.mark.parametrize(
    "colours",
    [
        pytest.param(Colours(dark=False), id="light"),
        # What the program writes on a terminal of each depth is held in `test_bytes` as well.
        pytest.param(Colours("16"), id="16", marks=pytest.mark.soak),
        pytest.param(Colours("none"), id="none", marks=pytest.mark.soak),
    ],
)
async def test_colours_suit_the_background_and_the_terminal(console: OpenConsole, colours: Colours) -> None:
    async with console(colours=colours) as pilot:
        async for name in screens(pilot):
            unfit = foreign(pilot.app, colours.depth) if colours.native else faint(pilot.app, dark=False)
            assert unfit == [], name


TRADE = (
    r"\b(?:accuracy|advisory|anisotropy|brier score|broken|calibration|centroid|churn|completeness|confound|"
    r"continuity|cosine|counterfactual|critical|cue|divergence|dose response|drift|enrichment|flip|graft|held out|"
    r"hubness|integrated gradients|interval|kernel shap|knn recall|layer-wise relevance|licensed|lift|lime|log-odds|"
    r"log-probability|logit|lrp|margin|nats|ndcg|neutral phrase|net rise|occlusion|out of scope|overlap|perplexity|"
    r"precision|probe|rank-biased overlap|recall|reciprocal rank|reverts|seed stability|t-sne|trustworthiness|umap|"
    r"undecided|unknown|waived)\b"
)
"""Words of the trade; one that a screen uses needs an entry in the glossary."""


def test_words_are_found_by_their_term_first() -> None:
    assert found(["lift"])[0][0] == "lift"
    assert found(["grey", "licensed"])[0][0] == "licensed"
    assert len(found([])) == len(GLOSSARY)
    assert found(["nothing of the kind"]) == []


def test_a_line_that_does_not_fit_ends_in_a_sign() -> None:
    line = Line().add("recall ", "dim").add("of escalation", "strong")
    for width in range(1, 25):
        cut = line.cropped(width)
        assert cut.width <= width
        assert (cut.plain == line.plain) == (width >= line.width)
        assert cut.plain.endswith("…") or width >= line.width
    assert Line().add("ab").add("   ").cropped(2).plain == "ab"
    assert Line().add("日本語").cropped(4).width <= 4
    assert text_line("x", "title").is_title
    assert not text_line("   x", "text").is_title
    rows = [text_line("one"), text_line("two"), text_line("three")]
    assert [row.plain for row in first_rows(rows, 2, 20)] == ["one", "two …"]
    assert [row.plain for row in first_rows(rows, 2, 4)] == ["one", "two…"]
    assert first_rows(rows, 3, 4) == rows
