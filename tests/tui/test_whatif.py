"""What-if on a real analysed review, asked of the real worker: answers, a live screen, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from analysis.base.records import SIDES
from analysis.live.client import LiveProbes
from analysis.plugin.live import LiveRequest
from analysis.plugin.registry import get
from analysis.review.queries import by_side
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.review.whatif import attributions_of, licences_of, outputs_of
from tests.conftest import TITLES
from tests.tui.reading import look, shown, until
from tui.console.app import AssayApp
from tui.draw.edit_sentence import edit_sentence
from tui.draw.lines import Line, StyleLike
from tui.draw.safe_text import as_typed, printable
from tui.draw.theme import Colours
from tui.plugin.console import WHATIF
from tui.plugin.live_lines import change_sentence as any_change_sentence
from tui.plugin.options import SIDE_MODES
from tui.plugin.registry import view_of
from tui.screens.saved_whatifs import saved_lines
from tui.tracks.intent.live_answer import change_sentence
from tui.whatif.answer import Answer, attribution_keys
from tui.whatif.lines import Choice, answer_lines
from tui.whatif.numbers import number_lines
from tui.whatif.question import requests_for
from tui.whatif.screen import WhatIfScreen

ANSWER_S = 180.0
"""How long a machine that is busy elsewhere may take to load two small models."""
VIEW = view_of("intent")
METHODS = {spec.name: spec for spec in get("intent").methods()}


@pytest.fixture(autouse=True)
def _logs_of_failed_workers_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def store(live_run: tuple[Path, str], tmp_path: Path) -> Path:
    return shutil.copytree(live_run[0], tmp_path / "tiny.review")


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
    session: ReviewSession, ref: str, size: tuple[int, int] = (80, 24), probes: LiveProbes | None = None
) -> AsyncIterator[Pilot[int]]:
    """The console with an example's text open for changes; it starts a worker of its own without `probes`."""
    app = AssayApp(session, Colours())
    app._probes = probes
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.show_example(ref)
        await look(pilot)
        await until(pilot, "gold")
        await pilot.press("w")
        await until(pilot, "What-if")
        yield pilot


def screen_of(pilot: Pilot[int]) -> WhatIfScreen:
    screen = pilot.app.screen
    assert isinstance(screen, WhatIfScreen)
    return screen


async def holds(pilot: Pilot[int], condition: Callable[[], bool]) -> str:
    """Wait until something holds, and return the whole screen."""
    async with asyncio.timeout(ANSWER_S):
        while not condition():
            await pilot.pause(0.02)
    return shown(pilot.app)


async def explained(pilot: Pilot[int]) -> str:
    """Wait until nothing is asked any more."""
    return await holds(pilot, lambda: screen_of(pilot)._question is None)


class HeldProbes(LiveProbes):
    """Asks another worker, but for explanations only once they are let through."""

    def __init__(self, asked: LiveProbes) -> None:
        super().__init__(asked.store, asked.run)
        self.asked = asked
        self.requests: list[LiveRequest] = []
        self.let_through = threading.Event()

    def ask(self, request: LiveRequest, timeout_s: float | None = None) -> dict[str, Any]:
        """What the other worker answers."""
        self.requests.append(request)
        if request.methods != ():
            assert self.let_through.wait(ANSWER_S)
        return self.asked.ask(request, timeout_s)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the screen has said so far; on the screen itself it may be overwritten before a busy test looks."""
    texts: list[str] = []
    say = WhatIfScreen.notice

    def record(screen: WhatIfScreen, text: str, style: StyleLike = "text") -> None:
        texts.append(text)
        say(screen, text, style)

    monkeypatch.setattr(WhatIfScreen, "notice", record)
    return texts


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
    deadline = time.monotonic() + ANSWER_S
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def events(store: Path, kind: str) -> list[dict[str, Any]]:
    lines = [
        line for path in sorted(store.glob("events/*/*.jsonl")) for line in path.read_text().splitlines()
    ]
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


async def test_a_title_is_deleted_and_both_models_answer(
    session: ReviewSession, store: Path, ref: str, live_probes: LiveProbes
) -> None:
    text = session.example(ref).example.text
    title = next(title for title in TITLES if title in text)
    edited = text.replace(f" {title}", "")
    async with opened(session, ref, (100, 60), live_probes) as pilot:
        before = await until(pilot, f"d deletes “{title}” (titles)")
        assert "before" in before
        await pilot.press("d")
        await until(pilot, f"without “{title}”")
        await pilot.press("enter")
        await until(pilot, "─ after ", ANSWER_S)
        answered = await explained(pilot)
        assert screen_of(pilot)._timer is None
        assert "licensed" in answered.partition("words, after")[2]
        assert "no licence was tested" not in answered
        await pilot.press("R")
        await until(pilot, f"saved  what-if  {ref}")
        await pilot.press("R")
        await pilot.pause()
        (event,) = events(store, "whatif")
        body = json.loads(event["body"])
        await pilot.press("escape")
        listed = await until(pilot, f"without “{title}”: base")
        assert body["outputs"]["candidate"]["label"] in listed
        await pilot.press("u")
        assert f"without “{title}”" not in await until(pilot, "undone: whatif")
    assert (event["ref"], body["text"]) == (ref, edited)
    reply = live_probes.ask(LiveRequest("intent", edited, ref=ref))
    determined = session.description["determined_by"]
    kept = get("intent").live_output
    for side in SIDES:
        assert body["outputs"][side] == {name: reply["sides"][side]["output"][name] for name in kept}
        assert body["models"][side] == determined["models"]["intent"][side]["digest"]
        assert str(reply["sides"][side]["output"]["label"]) in answered


async def test_typing_by_hand_asks_on_enter_and_is_undone_and_redone(
    session: ReviewSession, ref: str, live_probes: LiveProbes
) -> None:
    text = session.example(ref).example.text
    async with opened(session, ref, (100, 60), live_probes) as pilot:
        await pilot.press("u")
        await until(pilot, "nothing was changed")
        await pilot.press("enter")
        await until(pilot, "nothing is changed yet")
        await pilot.press("i", *" quickly", "escape")
        await until(pilot, "with “quickly”")
        assert screen_of(pilot).text == f"{text} quickly"
        await pilot.press("u")
        await until(pilot, "not changed yet")
        await pilot.press("U")
        await until(pilot, "with “quickly”")
        await pilot.press("i", *" now", "enter")
        await until(pilot, "─ after ", ANSWER_S)
        assert list(screen_of(pilot).answers) == [f"{text} quickly now"]
        await pilot.press("u")
        assert "─ after " not in await until(pilot, "with “quickly”")
        await pilot.press("U")
        await until(pilot, "─ after ")
        await explained(pilot)
        screen = screen_of(pilot)
        numbers = [line.plain for line in number_lines(screen.before, screen.after, VIEW, METHODS, 100)]
        assert " after, answered by the worker" in numbers
        await pilot.press("space")
        await until(pilot, "before, from the run")


async def test_an_example_without_attribution_is_asked_about_as_it_was_too(
    session: ReviewSession, live_probes: LiveProbes
) -> None:
    found = session.connection.execute(
        "SELECT ref, text FROM evidence.example WHERE kind = 'message' "
        "AND ref NOT IN (SELECT ref FROM evidence.attribution) ORDER BY ref LIMIT 1"
    ).fetchone()
    assert found is not None
    ref, text = found
    async with opened(session, ref, probes=live_probes) as pilot:
        await until(pilot, "no attribution of this text")
        await until(pilot, "now explains it as it is")
        await pilot.press("enter")
        await explained(pilot)
        assert "no attribution of this text" not in await until(pilot, "±9 =")
        assert set(screen_of(pilot).answers) == {text}
        await pilot.press("i", *" please", "enter")
        await until(pilot, "─ after ", ANSWER_S)
        await explained(pilot)
        assert set(screen_of(pilot).answers) == {text, f"{text} please"}


async def test_methods_on_demand_explain_the_text_as_it_is_and_as_it_was_changed(
    session: ReviewSession, ref: str, live_probes: LiveProbes
) -> None:
    async with opened(session, ref, (100, 60), live_probes) as pilot:
        screen = screen_of(pilot)
        await until(pilot, "A all methods")
        await pilot.press("A")
        await explained(pilot)
        lime = await until(pilot, "LIME, kernel SHAP, gradient SHAP: v goes through them")
        assert "500 samples; weighted R² of the local model base ." in lime
        assert "LIME of" in lime
        assert "licensed" in lime
        assert set(screen.answers) == {screen.original}
        seen = []
        for _ in range(5):
            seen.append(screen.key)
            await pilot.press("v")
            if screen.key is not None and screen.key[0] == "kernel_shap":
                kernel = await until(pilot, "kernel SHAP of")
                assert "500 samples; sum off F(x) − F(x′) by base 0." in kernel
        assert {key for key in seen if key and key[0] == "lime"} == {("lime", False), ("lime", True)}
        await pilot.press("space")
        await until(pilot, "before, from the run; gradient SHAP, kernel SHAP, LIME by the worker")
        await pilot.press("escape")
        numbers = "\n".join(line.plain for line in number_lines(screen.before, None, VIEW, METHODS, 100))
        assert "samples 500, seed " in numbers
        assert "fidelity ." in numbers
        answered = screen.answers[screen.original]
        await pilot.press("A")
        await until(pilot, "v goes through them")
        assert screen._question is None
        assert screen.answers[screen.original] is answered
        await pilot.press("d", "enter")
        await until(pilot, "─ after ", ANSWER_S)
        await explained(pilot)
        await until(pilot, "no attribution of this text by this method: A asks for it")
        await pilot.press("A")
        await explained(pilot)
        assert "by this method" not in await until(pilot, "v goes through them")
        assert screen.after is not None
        assert screen.after.methods == {"lrp", "occlusion", "lime", "kernel_shap", "gradient_shap"}


async def test_predictions_do_not_wait_for_attributions_and_another_text_may_be_asked_about(
    session: ReviewSession, ref: str, live_probes: LiveProbes
) -> None:
    held = HeldProbes(live_probes)
    async with opened(session, ref, (100, 60), held) as pilot:
        screen = screen_of(pilot)
        await pilot.press("d", "enter")
        await until(pilot, "─ after ", ANSWER_S)
        await until(pilot, "the attributions are still computed")
        first = screen.text
        await pilot.press("enter")
        await until(pilot, "the models are still asked")
        await pilot.press("R")
        await until(pilot, "saved  what-if")
        await pilot.press("i", *" now", "enter")
        assert screen.text == f"{first} now"
        await holds(pilot, lambda: len(held.requests) == 4)
        held.let_through.set()
        await explained(pilot)
        await holds(pilot, lambda: all(one.attributions for one in screen.answers.values()))
        assert [(one.text, one.methods) for one in held.requests] == [
            (first, ()), (first, None), (screen.text, ()), (screen.text, None)
        ]  # fmt: skip
        assert all(answer.licences for answer in screen.answers.values())


async def test_esc_ends_an_explanation_and_keeps_the_prediction(
    session: ReviewSession, ref: str, live_probes: LiveProbes
) -> None:
    held = HeldProbes(live_probes)
    async with opened(session, ref, (100, 60), held) as pilot:
        await pilot.press("d", "enter")
        await until(pilot, "the attributions are still computed", ANSWER_S)
        await pilot.press("escape")
        await until(pilot, "cancelled; the text is kept")
        assert "still computed" not in await until(pilot, "no attribution of this text")
        held.let_through.set()
        await pilot.press("enter")
        await explained(pilot)
        assert [one.methods for one in held.requests] == [(), None, None]
        await until(pilot, "±9 =")


def test_what_is_known_is_not_asked_again(session: ReviewSession, ref: str) -> None:
    evidence = session.example(ref)
    known = Answer("old", {}, evidence.attributions)
    predicted = Answer("new", {}, ())

    def asked(texts: dict[str, Answer | None], *methods: str) -> list[tuple[str, tuple[str, ...] | None]]:
        return [(one.text, one.methods) for one in requests_for("intent", ref, texts, methods)]

    assert asked({"new": None, "old": known}) == [("new", ()), ("new", None)]
    assert asked({"new": predicted, "old": known}) == [("new", None)]
    assert asked({"old": known}) == []
    assert asked({"old": None}, "lime") == [("old", ()), ("old", None), ("old", ("lime",))]
    assert asked({"new": predicted, "old": known}, "lime", "occlusion") == [
        ("new", None), ("new", ("lime",)), ("old", ("lime",)), ("new", ("occlusion",))
    ]  # fmt: skip


def test_a_licensed_answer_is_coloured_and_another_is_grey(session: ReviewSession, ref: str) -> None:
    evidence = session.example(ref)
    outputs = {side: dict(row) for side, row in by_side(evidence.payload["intent_side"]).items()}
    entry = next(one for one in evidence.attributions if one.method == "occlusion" and one.side == "base")
    (licence,) = (
        one
        for one in evidence.licences
        if (one.side, one.method, one.target) == (entry.side, entry.method, entry.target)
    )

    def drawn(licensed: bool | None, why: str) -> list[Line]:
        stands = replace(licence, licensed=licensed, why=why)
        answer = Answer(evidence.example.text, outputs, (entry,), (stands,))
        return answer_lines(answer, None, evidence, Choice(100, Colours(), "base", VIEW, METHODS))

    def colours(lines: list[Line]) -> set[object]:
        (words,) = [line for line in lines if line.plain.startswith(" base") and "=" not in line.plain][-1:]
        return {piece.style for piece in words.pieces[1:] if piece.text.strip()}

    good, bad, short = drawn(True, ""), drawn(False, "ranks words"), drawn(None, "too short to decide")
    assert any("licensed ✓" in line.plain for line in good)
    assert any("grey, not licensed: ranks words" in line.plain for line in bad)
    assert any("grey, too short to decide" in line.plain for line in short)
    assert colours(bad) == colours(short) != colours(good)
    assert len(colours(good)) > 1


async def test_keys_work_while_a_question_is_open_and_escape_cancels_it(
    session: ReviewSession, ref: str, said: list[str]
) -> None:
    async with opened(session, ref) as pilot:
        first = stopped_worker(pilot)
        await pilot.press("d", "enter")
        await until(pilot, "asking both models, 1 of 2… ", ANSWER_S)
        await pilot.press("V", "R", "enter")
        for told in (
            "side: base",
            "the models have not answered yet: once they",
            "the models are still asked",
        ):
            await holds(pilot, lambda told=told: any(told in text for text in said))
        await until(pilot, "esc cancels", ANSWER_S)
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
    session: ReviewSession, ref: str, live_review: Path, tmp_path: Path
) -> None:
    folder = live_review.parent / "models" / "candidate"
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
            await pilot.press("d", "i", *"!", "enter")
            await until(pilot, f"{folder}: the candidate is not on this machine")
            assert screen_of(pilot).text.endswith("!")
    finally:
        if not folder.exists():
            (tmp_path / "moved").rename(folder)
        config.write_bytes(kept)


async def test_a_finding_is_prefilled_and_tied_to_example_gate_and_answer(
    session: ReviewSession, store: Path, ref: str, live_probes: LiveProbes
) -> None:
    flagged = {flag.gate for flag in session.example(ref).flags if flag.gate}
    async with opened(session, ref, probes=live_probes) as pilot:
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
        await look(pilot)
        await until(pilot, "gold")
        await pilot.press("w")
        await until(pilot, "without “")
        app = pilot.app
        assert isinstance(app, AssayApp)
        # Nobody asked the models, so none were loaded.
        assert app._probes is None
        app.open(WHATIF, other)
        await until(pilot, "not changed yet")
        assert screen_of(pilot).text == session.example(other).example.text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("where is my Tofu Wars", "where is my", "without “Tofu Wars”"),
        ("where is it", "where is it now", "with “now”"),
        ("was it", "is it", "“is” for “was”"),
        ("荷物はどこ", "荷はどこ", "without “物”"),
        ("荷物はどこ", "荷物はTofu Warsどこ", "with “Tofu Wars”"),
        ("मेरा पार्सल", "मेरा उपहार", "“उपहार” for “पार्सल”"),
        ("same", "same", ""),
        ("a  b", "a b", "changed"),
        ("x " * 3000, "y", "changed"),
    ],
)
def test_changes_in_words(before: str, after: str, said: str) -> None:
    assert edit_sentence(before, after) == said


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

    assert change_sentence(outputs(before), outputs(after))[0] == said


def test_a_track_whose_answers_are_no_classes_is_put_in_words() -> None:
    before: Any = {side: {"hours": 4.0, "word": "urgent"} for side in SIDES}
    after: Any = {"base": {"hours": 4.0, "word": "urgent"}, "candidate": {"hours": 22.5, "word": "refund"}}
    assert any_change_sentence(before, before)[0] == "both answer as before"
    assert any_change_sentence(before, after)[0] == "the candidate's answer changes: cand urgent → refund"


@pytest.mark.parametrize("original", ["plain", "two\nlines\x1b[2J", "right\u202eto left", "tab\tand \x00"])
def test_what_was_made_visible_is_sent_as_what_it_was(original: str) -> None:
    assert as_typed(printable(original) + " more", original) == original + " more"


def test_what_cannot_be_typed_over_is_told() -> None:
    assert as_typed("x", "a\n and a picture \u23ce of it") is None
    assert as_typed("x", "x" * 20_001) is None


@pytest.fixture(scope="module")
def hostile(live_run: tuple[Path, str], live_probes: LiveProbes) -> tuple[Answer, Answer]:
    """What the models say of a text full of traps, and of no text."""
    with ReviewSession.open(live_run[0], read_only=True) as session:
        ref = session.queue_page(Scope(), 0, 1)[0].ref
    answers = []
    for text in ("where is my Tofu Wars \x1b[2J\n" + "漫画 " * 20, ""):
        answer = None
        for methods in (None, ("lime", "kernel_shap", "gradient_shap")):
            reply = live_probes.ask(LiveRequest("intent", text, ref, methods))
            found = (attributions_of(reply, ref), licences_of(reply))
            more = Answer(text, outputs_of(reply), *found, reply)
            answer = more if answer is None else answer.with_more(more)
        assert answer is not None
        answers.append(answer)
    before, after = answers
    return before, after


@pytest.mark.parametrize("width", [60, 79, 109, 110, 199])
def test_every_line_fits_and_hostile_texts_are_drawn(
    session: ReviewSession, hostile: tuple[Answer, Answer], width: int
) -> None:
    ref = session.queue_page(Scope(), 0, 1)[0].ref
    evidence = session.example(ref)
    before, after = hostile
    keys = attribution_keys(before, after, METHODS)
    assert {method for method, _ in keys} == {"lrp", "occlusion", "lime", "kernel_shap", "gradient_shap"}
    for side in SIDE_MODES:
        for key in keys:
            how = Choice(width, Colours(), side, VIEW, METHODS, key)
            for one in (None, after):
                lines = answer_lines(before, one, evidence, how)
                assert all(line.width <= width + 1 for line in lines)
                assert "\x1b" not in "".join(line.plain for line in lines)
    assert all(line.width <= width + 1 for line in number_lines(before, after, VIEW, METHODS, width))
    session.whatif(ref, before.text, before.outputs)
    lines = saved_lines(session.example(ref).history, "original", VIEW, width)
    assert all(line.width <= width for line in lines)
    assert f"base {before.outputs['base']['label']}" in " ".join(line.plain.strip() for line in lines)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (0.0, "same"),
        (-3e-8, "same"),
        (0.004, "<.01 more"),
        (-0.0049, "<.01 less"),
        (0.005, "+.01"),
        (-0.25, "−.25"),
    ],
)
def test_a_change_of_the_margin_is_never_shown_as_a_signed_nothing(change: float, said: str) -> None:
    from tui.tracks.intent.live_answer import change_of_margin

    assert change_of_margin(change) == said


def test_what_stands_before_a_class_is_said_below_it() -> None:
    from tui.tracks.intent.live_answer import prediction_lines

    def output(label: str) -> dict[str, object]:
        return {"label": label, "p": 0.9, "runner_up": "other", "runner_up_p": 0.1, "margin": 0.8}

    before = {"base": output("returns"), "candidate": output("escalation")}
    both = prediction_lines({"base": output("returns"), "candidate": output("returns")}, before, None, 80)
    said = " ".join(line.plain for line in both)
    assert "= the same class as before · ≠ another class than before" in said
    one = prediction_lines(before, before, None, 60)
    assert "≠" not in " ".join(line.plain for line in one)
    assert not any("as before" in line.plain for line in prediction_lines(before, None, "returns", 80))
