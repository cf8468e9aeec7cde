"""The linear front-end: the same session, one letter an answer, nothing but printable lines."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import publish_review, ref_of, said_elsewhere
from tui.commands.plain import run_plain


def answers(store: Path, *lines: str) -> str:
    """What is printed when these answers are given."""
    out = io.StringIO()
    assert run_plain(store, "alice", io.StringIO("".join(f"{line}\n" for line in lines)), out) == 0
    return out.getvalue()


def letter(store: Path, number: int, right: str) -> str:
    """The letter that says of a message which side is right, in the order drawn for alice."""
    with ReviewSession.open(store, "alice", read_only=True) as session:
        asked = session.asked(ref_of(number))
        assert asked is not None
        return "ab"[(asked.order or ()).index(right)]  # type: ignore[arg-type]


def test_an_example_is_first_a_question_and_then_told_whole(store: Path) -> None:
    closed, _, whole = answers(store, "g m00", "s", "q").partition("saved: not sure")
    assert "intent-v4-rc1: base v3, candidate v4-rc1" in closed
    asked = closed.rpartition("intent/message:m00")[2]
    for wanted in ("text: message 0 about", "Which label is right", "A: ", "B: ", "v looks first"):
        assert wanted in asked
    for hidden in ("gold", "base", "candidate", "broken", "flag"):
        assert hidden not in asked
    for wanted in (
        "gold: escalation; broken by the candidate",
        "base: escalation .77, then small_talk .16, margin .61",
        "candidate: returns .97",
        "integrated gradients of returns: 0 +4.76",
        "remove titles “Iron Orchard”: p(escalation) base .77 to .87, candidate .02 to .04",
        "your verdict: not sure",
    ):
        assert wanted in whole


def test_letters_save_blind_and_the_page_opens(store: Path) -> None:
    b = letter(store, 0, "base")
    text = answers(store, "g m00", b, "c titles", "g m03", "b", "n", "q")
    assert f"saved: base is right {ref_of(0)}" in text
    assert "not done: both sides answer the same: there is no B" in text
    assert f"saved: neither is right {ref_of(3)}" in text
    with ReviewSession.open(store, "alice") as session:
        mine = session.example(ref_of(0)).mine
        assert mine is not None
        assert (mine.right, mine.cause, mine.blind) == ("base", "titles", True)
        assert mine.seconds is not None


def test_looking_first_is_said_and_not_blind(store: Path) -> None:
    a = letter(store, 0, "candidate")
    text = answers(store, "g m00", "v", "v", a, "q")
    assert "looked first: a verdict on it will not be blind" in text
    assert "this page is open already" in text
    assert "your verdict: candidate is right · not blind" in text


def test_a_known_answer_is_told_after_it_was_answered(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        ref = next(row.ref for row in session.queue_page(Scope(), 0, 99) if row.part == "known answer")
    before, _, after = answers(store, f"g {ref}", "a", "a", "q").partition("saved: answered")
    assert "known" not in before.rpartition(ref)[2]
    assert "its answer was known beforehand" in after
    assert "not done: the answer of this one is known" in after


def test_notes_are_asked_for_and_undo_works_after_a_restart(store: Path) -> None:
    assert f"saved: note {ref_of(0)}" in answers(store, "g m00", "i", "read again", "q")
    assert "undone: note read again" in answers(store, "u", "q")
    assert "nothing can be undone" in answers(store, "u")


def test_a_blocker_is_raised_with_its_reason(store: Path) -> None:
    assert f"saved: blocker {ref_of(0)}" in answers(store, "g m00", "B it sends people away", "q")
    assert "BLOCKED" in answers(store, "q")
    with ReviewSession.open(store, "alice") as session:
        (finding,) = session.state().findings
        assert (finding.text, finding.severity) == ("it sends people away", "blocker")


def test_it_resumes_and_the_end_of_input_ends_it(store: Path) -> None:
    answers(store, "j", "j")
    assert "(3 of " in answers(store)


def test_wrong_answers_are_said_not_raised(store: Path) -> None:
    text = answers(store, "g nope", "zzz", "k", "", "?", "h", "q")
    assert "not done: there is no example" in text
    assert "unknown answer: zzz" in text
    assert "no earlier example" in text
    assert text.count("a A is right") == 3


def test_others_are_blind_here_too(store: Path) -> None:
    said_elsewhere(store, "bob", ("verdict", ref_of(0), {"base": "unsure", "candidate": "unsure"}))
    before, _, after = answers(store, "g m00", "v", "e", "q").partition("saved: both are right")
    assert "bob" not in before.rpartition(f"{ref_of(0)} (")[2]
    assert "bob (merged from elsewhere): not sure" in after


def test_what_is_missing_of_the_record_is_the_first_line(store: Path) -> None:
    said_elsewhere(
        store, "bob", ("verdict", ref_of(0), {"base": "unsure", "candidate": "unsure"}), signed=False
    )
    answers(store, "g m00", "e", "g m01", "e", "q")
    (path,) = [path for path in (store / "events").glob("*/*.jsonl") if path.read_bytes().count(b"\n") == 2]
    os.truncate(path, path.read_bytes().index(b"\n") + 1)
    first, second, *rest = answers(store, "q").splitlines()
    assert first == f"record: MISSING: {path.parent.name}/{path.stem} has 1 events, and " + (
        f"heads/{path.parent.name}/{path.stem}.json knows of 2"
    )
    assert not second.startswith("record: ")
    assert f"{first}\nModel: " in answers(store, "6", "q"), "and the first of the sign-off"
    assert (
        "note: bob (merged from elsewhere): 1 events, which count for nothing: nobody signed its head" in rest
    )


def test_a_disagreement_is_settled_after_ones_own_verdict(store: Path) -> None:
    said_elsewhere(store, "bob", ("verdict", ref_of(0), {"base": "right", "candidate": "wrong"}))
    b = letter(store, 0, "base")
    text = answers(store, "g m00", f"= {b}", "n", f"= {b}", "r", "q")
    assert "not done: give your own verdict first" in text
    assert "reviewers disagree; = LETTER records what they agreed on" in text
    assert f"saved: settled: base is right {ref_of(0)}" in text
    assert "settled: base is right" in text.rpartition("saved: settled")[2]


def test_a_gate_is_told_with_what_it_looks_at(store: Path) -> None:
    text = answers(store, "G intent.critical_recall[escalation]", "G intent.nothing", "q")
    assert "value −.300 [−.675, .207], worse" in text
    assert "unknown: " in text
    assert "why: of 10, 3 broken, 0 fixed" in text
    assert "not done: there is no gate 'intent.nothing'" in text


def test_it_has_all_of_the_console_from_search_to_sign_off(store: Path) -> None:
    text = answers(
        store,
        *("/about returns", "/nothing like it", "f zzz", "f undecided", "t", "t label=escalation"),
        *("5", "G 1", "W 1", "known", "", "g m00", "F it leans", ""),
        *("6", "p", "X", "r", "i titles decide", "X", "S", "hold", "C", "nowhere", "2", "q"),
    )
    for said in (
        "the queue · “about returns”: ",
        "not done: there are none: all examples · “nothing like it”",
        "not done: nothing is called 'zzz'",
        "label=escalation: 0/8 seen",
        "1: unknown intent.critical_recall[escalation]",
        "saved: waiver intent.critical_recall[escalation]",
        f"saved: finding {ref_of(0)} on intent.",
        "decision: none yet; reason: none yet",
        "not done: the gates do not allow it",
        "not done: choose promote, hold or reject first",
        "decision: reject; reason: titles decide",
        "exported, UNSIGNED: ",
        "not done: its decision is reject: type that",
        "there is no such file",
    ):
        assert said in text, said
    with ReviewSession.open(store, "alice") as session:
        state = session.state()
        assert [one.key for one in state.waivers] == ["intent.critical_recall[escalation]"]
        assert [one.text for one in state.findings] == ["it leans"]
        assert state.decision is not None
        assert (state.decision.decision, state.decision.reason) == ("reject", "titles decide")


def test_hostile_text_reaches_no_terminal(tmp_path: Path) -> None:
    store = publish_review(
        tmp_path / "hostile.review", texts={0: "a\x1b]52;c;eA==\x07b\u202e[bold]\x9b2J\x00"}
    )
    text = answers(store, f"g {ref_of(0)}", "i \x1b[31mred", "q")
    assert not {character for character in text if not character.isprintable()} - {"\n"}
    assert "[bold]" in text


def test_it_runs_in_a_process_without_a_terminal(store: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.commands.plain import run_plain; "
        f"sys.exit(run_plain(Path({str(store)!r}), 'alice', sys.stdin, sys.stdout))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="s\nq\n", capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "saved: " in done.stdout
