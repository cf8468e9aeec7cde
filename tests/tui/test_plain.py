"""The linear front-end: the same session, one letter an answer, nothing but printable lines."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import publish_review, ref_of, said_elsewhere
from tui.commands.plain import run_plain


def answers(store: Path, *lines: str) -> str:
    """What is printed when these answers are given."""
    out = io.StringIO()
    assert run_plain(store, "alice", io.StringIO("".join(f"{line}\n" for line in lines)), out) == 0
    return out.getvalue()


def test_it_prints_the_whole_example_in_words_and_numbers(store: Path) -> None:
    text = answers(store, "q")
    for wanted in (
        "intent-v4-rc1: base v3, candidate v4-rc1",
        f"{ref_of(0)} (1 of 16)",
        "gold: escalation; broken by the candidate",
        "base: escalation .77, then small_talk .16, margin .61",
        "candidate: returns .97",
        "integrated gradients of returns: 0 +4.76",
        "remove titles “Iron Orchard”: p(escalation) base .77 to .87, candidate .02 to .04",
        "May what both sides predict for this message ship?",
    ):
        assert wanted in text


def test_letters_save_and_go_to_the_next_undecided(store: Path) -> None:
    text = answers(store, "x", "c titles", "a", "q")
    assert f"saved: unacceptable {ref_of(0)}" in text
    assert f"saved: acceptable {ref_of(2)}" in text
    with ReviewSession.open(store, "alice") as session:
        assert session.progress() == (2, 16)
        mine = session.example(ref_of(2)).mine
        assert mine is not None
        assert (mine.verdict, mine.cause) == ("acceptable", "titles")


def test_notes_are_asked_for_and_undo_works_after_a_restart(store: Path) -> None:
    assert f"saved: note {ref_of(0)}" in answers(store, "e", "read again", "q")
    assert "undone: note read again" in answers(store, "u", "q")
    assert "nothing can be undone" in answers(store, "u")


def test_it_resumes_and_the_end_of_input_ends_it(store: Path) -> None:
    answers(store, "n", "n")
    assert f"{ref_of(1)} (3 of 16)" in answers(store)


def test_wrong_answers_are_said_not_raised(store: Path) -> None:
    text = answers(store, "g nope", "zzz", "p", "", "?", "q")
    assert "not done: there is no example" in text
    assert "unknown answer: zzz" in text
    assert "no earlier example" in text


def test_others_are_blind_here_too(store: Path) -> None:
    said_elsewhere(store, "bob", ("verdict", ref_of(0), {"verdict": "unsure"}))
    before, _, after = answers(store, "a", "p", "q").partition("saved: acceptable")
    assert "bob" not in before
    assert "bob: unsure" in after


def test_a_disagreement_is_settled_after_ones_own_verdict(store: Path) -> None:
    said_elsewhere(store, "bob", ("verdict", ref_of(0), {"verdict": "acceptable"}))
    text = answers(store, "= a", "x", "p", "= a", "r", "q")
    assert "not done: give your own verdict first" in text
    assert "reviewers disagree; = LETTER records what they agreed on" in text
    assert f"saved: settled acceptable {ref_of(0)}" in text
    assert "settled: acceptable" in text.rpartition("saved: settled")[2]


def test_a_gate_is_told_with_what_it_looks_at(store: Path) -> None:
    text = answers(store, "G intent.critical_recall[escalation]", "G intent.nothing", "q")
    assert "value −.300 [−.603, .061], worse" in text
    assert "unknown: " in text
    assert "why: of 10, 3 broken, 0 fixed" in text
    assert "not done: there is no gate 'intent.nothing'" in text


def test_hostile_text_reaches_no_terminal(tmp_path: Path) -> None:
    store = publish_review(
        tmp_path / "hostile.review", texts={0: "a\x1b]52;c;eA==\x07b\u202e[bold]\x9b2J\x00"}
    )
    text = answers(store, f"g {ref_of(0)}", "e \x1b[31mred", "q")
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
    assert f"saved: unsure {ref_of(0)}" in done.stdout
