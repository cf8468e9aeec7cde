"""Prompts that are turns: who says what, on the closed and the open page, in `--plain`, and where nothing fits."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from analysis.review.queries import ExampleEvidence
from tests.tui.reading import look, shown, until
from tests.tui.response_fixture import Asked, opened, publish_response, ref_of
from tui.commands.plain import PlainReview
from tui.console.app import AssayApp
from tui.draw.lines import Line
from tui.draw.theme import Colours
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of
from tui.tracks.response.turns import within

SYSTEM = "You sell manga. Never tell how a story ends. " * 6
TURNS = [
    {"role": "system", "content": SYSTEM},
    {"role": "user", "content": "Do you know Quiet Suspect?"},
    {"role": "assistant", "content": "I do. It has 18 volumes."},
    {"role": "user", "content": "How does it end?\x1b[31m"},
]
TALK = ref_of("talk")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review with one conversation among its prompts."""
    asked = Asked(TURNS, "I will not tell you.", "The brother is the killer.", ("no_spoilers",))
    return publish_response(tmp_path_factory.mktemp("turns") / "review", prompts={"talk": asked})


@asynccontextmanager
async def console(store: Path, size: tuple[int, int]) -> AsyncIterator[Pilot[int]]:
    """The console on the conversation, its page closed."""
    with opened(store) as session:
        async with AssayApp(session, Colours()).run_test(size=size) as pilot:
            await pilot.pause()
            assert isinstance(pilot.app, AssayApp)
            pilot.app.show_example(TALK)
            await until(pilot, "Does the answer")
            yield pilot


async def test_a_closed_page_shows_each_turn_below_its_role(store: Path) -> None:
    async with console(store, (80, 24)) as pilot:
        text = shown(pilot.app)
        rows = [row.rstrip() for row in text.splitlines()]
        user = rows.index(" user       Do you know Quiet Suspect?")
        assert any(row.startswith(" system     You sell manga. Never tell") for row in rows[:user])
        assert rows[user + 1 : user + 3] == [
            " assistant  I do. It has 18 volumes.",
            " user       How does it end?␛[31m",
        ]
        assert "{" not in text
        assert "\x1b" not in text


async def test_at_80_cells_every_turn_has_a_row_of_its_own(store: Path) -> None:
    async with console(store, (80, 24)) as pilot:
        await look(pilot)
        text = await until(pilot, "looked first")
        rows = [row for row in text.splitlines() if row.startswith((" system", " user", " assistant"))]
        assert [row.split()[0] for row in rows] == ["system", "user", "assistant", "user"]
        assert "You sell manga." in rows[0]
        assert rows[0].rstrip().endswith("…")
        assert "How does it end?␛[31m" in rows[3]
        assert "more rows: space shows all" in text
        assert " base  " in text
        assert '"role"' not in text
        await pilot.press("space")
        assert SYSTEM.strip()[-30:] in " ".join((await until(pilot, "sha256")).split())


def drawn(evidence: ExampleEvidence, height: int) -> str:
    options = ViewOptions(120, height, Colours())
    return "\n".join(line.plain for line in view_of("response").example(evidence, options))


def test_a_high_screen_shows_more_of_the_turns(store: Path) -> None:
    with opened(store) as session:
        evidence = session.example(TALK)
    assert evidence.example.text == (
        "user: Do you know Quiet Suspect?\nassistant: I do. It has 18 volumes.\nuser: How does it end?\x1b[31m"
    )
    assert "more rows" not in drawn(evidence, 60)
    # A prompt that is a text is drawn as before.
    with opened(store) as session:
        plain = session.example(ref_of("r001"))
    assert " prompt    When will my order arrive?" in drawn(plain, 60)


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8, 30])
@pytest.mark.parametrize("lengths", [(1, 1), (9, 1, 1, 2), (4,) * 30])
def test_what_is_answered_is_always_among_the_rows(lengths: tuple[int, ...], most: int) -> None:
    blocks = [
        [Line().add(f"{number}.{row}") for row in range(length)] for number, length in enumerate(lengths)
    ]
    text = [line.plain for line in within(blocks, most)]
    kept = [row for row in text if "more rows" not in row]
    assert len(kept) <= max(most, 2)
    assert any(row.startswith(f"{len(lengths) - 1}.0") for row in kept)
    numbers = [int(row.partition(".")[0]) for row in kept]
    assert numbers == sorted(numbers)
    left = sum(lengths) - len(kept)
    assert (f"⋯ {left} more rows" in "".join(text)) == (left > 0)


def test_plain_names_who_says_what(store: Path) -> None:
    out = io.StringIO()
    with opened(store) as session:
        PlainReview(session, io.StringIO(f"g {TALK}\nv\nq\n"), out).run()
    text = out.getvalue()
    closed, _, whole = text.partition("you looked first") if "you looked first" in text else (text, "", text)
    assert "text, system: You sell manga." in closed
    assert "text, assistant: I do. It has 18 volumes." in closed
    assert "prompt, user: How does it end?␛[31m" in whole
    assert "\x1b" not in text
