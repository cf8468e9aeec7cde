"""What-if on a real analysed review, asked of the real worker: answers, a live screen, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from analysis.models.live import LiveProbes, LiveRequest
from analysis.pipeline import analyze
from analysis.records import SIDES
from analysis.review import ReviewSession, Scope
from analysis.whatif import OUTPUT, attributions_of, outputs_of
from tests.conftest import REVIEW, TITLES, messages, write_jsonl
from tests.tui.reading import until
from tui.app import AssayApp
from tui.safe_text import as_typed, printable
from tui.screens.whatif import WhatIfScreen
from tui.theme import Look
from tui.whatif_lines import Answer, Choice, answer_lines, change_words, edit_words, number_lines, saved_lines

ANSWER_S = 60.0
"""How long a machine that is busy elsewhere may take to load two small models."""


@pytest.fixture(autouse=True)
def _logs_of_failed_workers_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: Callable[..., Path]) -> Path:
    """The small review of two random models."""
    root = tmp_path_factory.mktemp("whatif") / "review"
    root.mkdir()
    tiny_classifier(root / "models" / "base", seed=0)
    tiny_classifier(root / "models" / "candidate", seed=1)
    write_jsonl(root / "eval.jsonl", messages()[::2])
    (root / "titles.txt").write_text("\n".join(TITLES) + "\n", "utf-8")
    text = REVIEW.replace('out_of_scope = "oos.jsonl"\n', "")
    (root / "review.toml").write_text(text, "utf-8")
    return root / "review.toml"


@pytest.fixture(scope="module")
def published(review: Path) -> Path:
    """Its store, analysed once; tests work on copies, which know the same models."""
    return analyze(review).store


@pytest.fixture
def store(published: Path, tmp_path: Path) -> Path:
    return shutil.copytree(published, tmp_path / "tiny.review")


@pytest.fixture
def session(store: Path) -> Iterator[ReviewSession]:
    with ReviewSession.open(store, "alice") as opened:
        yield opened


@pytest.fixture
def ref(session: ReviewSession) -> str:
    """A flip that was attributed and names a title."""
    found = session.connection.execute(
        """
        SELECT e.ref FROM evidence.example e
        JOIN evidence.intent_side b ON b.ref = e.ref AND b.side = 'base'
        JOIN evidence.intent_side c ON c.ref = e.ref AND c.side = 'candidate'
        WHERE e.kind = 'message' AND b.label <> c.label AND e.ref IN (SELECT ref FROM evidence.attribution)
          AND regexp_matches(e.text, $1) ORDER BY e.ref LIMIT 1
        """,
        ["|".join(TITLES)],
    ).fetchone()
    assert found is not None
    return str(found[0])


@asynccontextmanager
async def opened(
    session: ReviewSession, ref: str, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[int]]:
    """The console with an example's text open for changes."""
    app = AssayApp(session, Look())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.show_example(ref)
        await until(pilot, "gold")
        await pilot.press("w")
        await until(pilot, "What-if")
        yield pilot


def screen_of(pilot: Pilot[int]) -> WhatIfScreen:
    screen = pilot.app.screen
    assert isinstance(screen, WhatIfScreen)
    return screen


def worker_pid(pilot: Pilot[int]) -> int:
    app = pilot.app
    assert isinstance(app, AssayApp)
    assert app.probes._worker is not None
    return app.probes._worker.process.pid


def stopped_worker(pilot: Pilot[int]) -> int:
    """Start the worker and stop it, so that a question stays open for as long as a test needs."""
    app = pilot.app
    assert isinstance(app, AssayApp)
    app.probes.start()
    os.kill(worker_pid(pilot), signal.SIGSTOP)
    return worker_pid(pilot)


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text("ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def gone_soon(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def events(store: Path, kind: str) -> list[dict[str, Any]]:
    lines = [
        line for path in sorted(store.glob("events/*/*.jsonl")) for line in path.read_text().splitlines()
    ]
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


async def test_a_title_is_deleted_and_both_models_answer(
    session: ReviewSession, store: Path, ref: str
) -> None:
    text = session.example(ref).example.text
    title = next(title for title in TITLES if title in text)
    edited = text.replace(f" {title}", "")
    async with opened(session, ref, (100, 60)) as pilot:
        before = await until(pilot, f"d deletes “{title}” (titles)")
        assert "before" in before
        assert pilot.app._probes is None  # type: ignore[attr-defined]
        await pilot.press("d")
        await until(pilot, f"without “{title}”")
        await pilot.press("enter")
        await until(pilot, "esc cancels")
        answered = await until(pilot, "─ after ", ANSWER_S)
        assert screen_of(pilot)._timer is None
        await pilot.press("s")
        await until(pilot, f"saved  what-if  {ref}")
        await pilot.press("s")
        await pilot.pause()
        (event,) = events(store, "whatif")
        body = json.loads(event["body"])
        await pilot.press("escape")
        listed = await until(pilot, f"without “{title}”: base")
        assert body["outputs"]["candidate"]["label"] in listed
        await pilot.press("u")
        assert f"without “{title}”" not in await until(pilot, "undone: whatif")
    assert (event["ref"], body["text"]) == (ref, edited)
    with LiveProbes(store, session.run) as probes:
        reply = probes.ask(LiveRequest("intent", edited, ref=ref))
    determined = session.description["determined_by"]
    for side in SIDES:
        assert body["outputs"][side] == {name: reply["sides"][side][name] for name in OUTPUT}
        assert body["models"][side] == determined["models"]["intent"][side]["digest"]
        assert str(reply["sides"][side]["label"]) in answered


async def test_typing_by_hand_asks_on_enter_and_is_undone_and_redone(
    session: ReviewSession, ref: str
) -> None:
    text = session.example(ref).example.text
    async with opened(session, ref, (100, 60)) as pilot:
        await pilot.press("u")
        await until(pilot, "nothing was changed")
        await pilot.press("enter")
        await until(pilot, "nothing is changed yet")
        await pilot.press("e", *" quickly", "escape")
        await until(pilot, "with “quickly”")
        assert screen_of(pilot).text == f"{text} quickly"
        await pilot.press("u")
        await until(pilot, "not changed yet")
        await pilot.press("U")
        await until(pilot, "with “quickly”")
        await pilot.press("e", *" now", "enter")
        await until(pilot, "─ after ", ANSWER_S)
        assert list(screen_of(pilot).answers) == [f"{text} quickly now"]
        await pilot.press("u")
        assert "─ after " not in await until(pilot, "with “quickly”")
        await pilot.press("U")
        await until(pilot, "─ after ")
        await pilot.press("space")
        numbers = await until(pilot, "after, answered by the worker")
        assert "before, from the run" in numbers


async def test_an_example_without_attribution_is_asked_about_as_it_was_too(
    session: ReviewSession, tmp_path: Path
) -> None:
    found = session.connection.execute(
        "SELECT ref, text FROM evidence.example WHERE kind = 'message' "
        "AND ref NOT IN (SELECT ref FROM evidence.attribution) ORDER BY ref LIMIT 1"
    ).fetchone()
    assert found is not None
    ref, text = found
    async with opened(session, ref) as pilot:
        await until(pilot, "no attribution of this text")
        await pilot.press("e", *" please", "enter")
        answered = await until(pilot, "─ after ", ANSWER_S)
        assert "no attribution of this text" not in answered
        assert set(screen_of(pilot).answers) == {text, f"{text} please"}


async def test_keys_work_while_a_question_is_open_and_escape_cancels_it(
    session: ReviewSession, ref: str
) -> None:
    async with opened(session, ref) as pilot:
        first = stopped_worker(pilot)
        await pilot.press("d", "enter")
        await until(pilot, "asking both models… 0 s, esc cancels")
        await pilot.press("b")
        await until(pilot, "side: base")
        await pilot.press("s")
        await until(pilot, "ask both models first")
        await pilot.press("enter")
        await until(pilot, "the models are still asked")
        await until(pilot, "esc cancels")
        await pilot.press("1")
        await until(pilot, "WHAT CHANGED")
        await pilot.press("escape")
        edited = screen_of(pilot).text
        assert alive(first)
        await pilot.press("escape")
        await until(pilot, "cancelled; the text is kept")
        assert screen_of(pilot)._timer is None
        assert gone_soon(first)
        assert screen_of(pilot).text == edited
        await pilot.press("enter")
        await until(pilot, "─ after ", ANSWER_S)
        assert worker_pid(pilot) != first


async def test_a_worker_that_dies_is_said_and_the_next_question_is_answered(
    session: ReviewSession, ref: str
) -> None:
    async with opened(session, ref, (200, 24)) as pilot:
        first = stopped_worker(pilot)
        await pilot.press("d", "enter")
        await until(pilot, "esc cancels")
        os.kill(first, signal.SIGKILL)
        await until(pilot, "ended without an answer (signal 9)")
        await until(pilot, "without “")
        await pilot.press("enter")
        await until(pilot, "─ after ", ANSWER_S)


async def test_models_that_were_changed_or_are_gone_are_refused_in_words(
    session: ReviewSession, ref: str, review: Path, tmp_path: Path
) -> None:
    folder = review.parent / "models" / "candidate"
    config = folder / "config.json"
    kept = config.read_bytes()
    try:
        config.write_bytes(kept + b"\n")
        async with opened(session, ref, (200, 24)) as pilot:
            await pilot.press("d", "enter")
            await until(pilot, "this is not the candidate that was reviewed", ANSWER_S)
            config.write_bytes(kept)
            await pilot.press("enter")
            await until(pilot, "─ after ", ANSWER_S)
            folder.rename(tmp_path / "moved")
            await pilot.press("u")
            said = await until(pilot, "the candidate is not on this machine")
            assert said.count("not on this machine") == 1
            await pilot.press("d", "e", *"!", "enter")
            await until(pilot, f"{folder}: the candidate is not on this machine")
            assert screen_of(pilot).text.endswith("!")
    finally:
        if not folder.exists():
            (tmp_path / "moved").rename(folder)
        config.write_bytes(kept)


async def test_a_finding_is_prefilled_and_tied_to_example_gate_and_answer(
    session: ReviewSession, store: Path, ref: str
) -> None:
    flagged = {flag.gate for flag in session.example(ref).flags if flag.gate}
    async with opened(session, ref) as pilot:
        await pilot.press("F")
        await until(pilot, "ask both models first")
        await pilot.press("d", "enter")
        await until(pilot, "─ after ", ANSWER_S)
        await pilot.press("F")
        await until(pilot, "moves gate")
        assert pilot.app.screen.query(Input).first().value.startswith("without “")
        assert events(store, "whatif") == []
        await pilot.press("ctrl+o")
        await until(pilot, "saved  finding")
    (whatif,) = events(store, "whatif")
    (finding,) = events(store, "finding")
    body = json.loads(finding["body"])
    assert (body["refs"], body["whatif"]) == ([ref], whatif["event_id"])
    assert not flagged or body["gate"] in flagged


async def test_the_worker_ends_with_the_console_also_in_the_middle_of_a_question(
    session: ReviewSession, ref: str
) -> None:
    async with opened(session, ref) as pilot:
        await pilot.press("d", "enter")
        await until(pilot, "─ after ", ANSWER_S)
        idle = worker_pid(pilot)
        assert alive(idle)
    assert gone_soon(idle)
    async with opened(session, ref) as pilot:
        asked = stopped_worker(pilot)
        await pilot.press("d", "enter")
        await until(pilot, "esc cancels")
    assert gone_soon(asked)


async def test_another_example_starts_anew_and_the_same_one_is_as_it_was_left(
    session: ReviewSession, ref: str
) -> None:
    other = next(row.ref for row in session.queue_page(Scope(everything=True), 0, 50) if row.ref != ref)
    async with opened(session, ref) as pilot:
        await pilot.press("d")
        await until(pilot, "without “")
        await pilot.press("escape")
        await until(pilot, "gold")
        await pilot.press("w")
        await until(pilot, "without “")
        app = pilot.app
        assert isinstance(app, AssayApp)
        app.show_whatif(other)
        await until(pilot, "not changed yet")
        assert screen_of(pilot).text == session.example(other).example.text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("where is my Tofu Wars", "where is my", "without “Tofu Wars”"),
        ("where is it", "where is it now", "with “now”"),
        ("was it", "is it", "“is” for “was”"),
        ("same", "same", ""),
        ("a  b", "a b", "changed"),
        ("x " * 3000, "y", "changed"),
    ],
)
def test_changes_in_words(before: str, after: str, said: str) -> None:
    assert edit_words(before, after) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (("a", "b"), ("a", "a"), "the flip reverts: the candidate predicts a again"),
        (("a", "b"), ("a", "b"), "the candidate still predicts b"),
        (("a", "b"), ("c", "c"), "the candidate's prediction changes: b → c; so does the base's: a → c"),
        (("a", "a"), ("a", "b"), "the candidate's prediction changes: a → b; the base still predicts a"),
        (("a", "a"), ("b", "a"), "the candidate still predicts a; the base's changes: a → b"),
    ],
)
def test_what_became_of_the_predictions(before: tuple[str, str], after: tuple[str, str], said: str) -> None:
    def outputs(labels: tuple[str, str]) -> Any:
        return {side: {"label": label} for side, label in zip(SIDES, labels, strict=True)}

    assert change_words(outputs(before), outputs(after))[0] == said


@pytest.mark.parametrize("original", ["plain", "two\nlines\x1b[2J", "right\u202eto left", "tab\tand \x00"])
def test_what_was_made_visible_is_sent_as_what_it_was(original: str) -> None:
    assert as_typed(printable(original) + " more", original) == original + " more"


def test_what_cannot_be_typed_over_is_told() -> None:
    assert as_typed("x", "a\n and a picture \u23ce of it") is None
    assert as_typed("x", "x" * 20_001) is None


@pytest.mark.parametrize("width", [60, 79, 109, 110, 199])
def test_every_line_fits_and_hostile_texts_are_drawn(session: ReviewSession, width: int) -> None:
    ref = next(row.ref for row in session.queue_page(Scope(), 0, 1))
    answers = []
    with LiveProbes(session.store, session.run) as probes:
        for text in ("where is my Tofu Wars \x1b[2J\n" + "漫画 " * 20, ""):
            reply = probes.ask(LiveRequest("intent", text, ref=ref))
            answers.append(Answer(text, outputs_of(reply), attributions_of(reply, ref), reply=reply))
    before, after = answers
    for side in ("both", "difference", "base", "candidate"):
        for method in range(4):
            how = Choice(width, Look(), side, method)  # type: ignore[arg-type]
            for one in (None, after):
                lines = answer_lines(before, one, "escalation", how)
                assert all(line.width <= width + 1 for line in lines)
                assert "\x1b" not in "".join(line.plain for line in lines)
    assert all(line.width <= width + 1 for line in number_lines(before, after, width))
    session.whatif(ref, before.text, before.outputs)
    lines = saved_lines(session.example(ref).history, "original", width)
    assert all(line.width <= width for line in lines)
    assert f"base {before.outputs['base']['label']}" in " ".join(line.plain.strip() for line in lines)
