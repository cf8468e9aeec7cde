"""A terminal that goes away ends the program, whatever it is doing; nothing that was acknowledged is lost."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from analysis.review.session import ReviewSession
from analysis.store.rebuild import rebuild
from tests.analysis.store_fixture import write_review
from tests.terminal.controlled import Controlled

ENDS_S = 3.0
"""How long nothing of a program may be left after its terminal went away."""
LOOKED_S = 10.0
SAVED = re.compile(rb"saved  [^\x1b]*intent/message:m\d\d")
CLOSED = b"hidden until you have answered"
ASSAY = (sys.executable, "-m", "tui.cli")
Programs = Callable[..., Controlled]


@pytest.fixture
def programs() -> Iterator[Programs]:
    """Starts programs; what is left of them is ended after the test."""
    started: list[Controlled] = []

    def start(*arguments: str, controlling: bool = True) -> Controlled:
        started.append(Controlled(arguments, {"PS1": "ready> "}, controlling=controlling))
        return started[-1]

    yield start
    for program in started:
        program.close()


def saved(program: Controlled) -> Counter[str]:
    """How many different things of each example were said to be saved: a screen that is drawn again says so again."""
    said = {found.decode() for found in SAVED.findall(bytes(program.got))}
    return Counter(one.split()[-1] for one in said)


def kept(store: Path) -> Counter[str]:
    """How many events of each example the journals hold; a line that was cut off was not acknowledged."""
    lines = [line for path in store.glob("events/*/*.jsonl") for line in path.read_bytes().split(b"\n")[:-1]]
    return Counter(json.loads(line)["ref"] for line in lines)


def hang_up(program: Controlled, store: Path) -> float:
    """The terminal goes away; returns after how many seconds nothing was left. What was acknowledged is there."""
    program.hang_up()
    took = program.gone_after(LOOKED_S)
    assert took < ENDS_S, f"after {took:.1f} seconds: {program.alive()}"
    assert not saved(program) - kept(store)
    return took


def on_example(program: Controlled) -> None:
    """The console has opened, and shows the first example."""
    program.until(b"alice", program.until(b"\x1b[?1049h"))
    program.until(CLOSED, program.type("2"))


def console(programs: Programs, store: Path) -> Controlled:
    program = programs(*ASSAY, "review", str(store), "--reviewer", "alice")
    on_example(program)
    return program


def shell(programs: Programs, store: Path) -> Controlled:
    """A console that was started from a shell, with its messages in a file."""
    program = programs("bash", "--norc", "--noprofile", "-i")
    program.until(b"ready> ")
    program.type(f"{' '.join(ASSAY)} review {store} --reviewer alice 2>{store.parent / 'log'}\n")
    on_example(program)
    return program


def test_a_hang_up_with_keys_typed_ahead_and_a_note_half_written(store: Path, programs: Programs) -> None:
    program = console(programs, store)
    # No shell has started it, and so none could let it go on.
    program.until(b"no shell to go back to", program.type("\x1a"))
    program.until(b"saved", program.type("a"))
    program.until(b"half", program.type("ihalf a no"))
    program.type("te\x1b" + "jk" * 200)
    hang_up(program, store)
    with ReviewSession.open(store, "alice") as session:
        place = session.last_place()
        assert place is not None
        # What was typed ahead may have been heard in part.
        drafts = [session.draft(ref) for ref in kept(store)]
        assert any(draft and "half a note".startswith(draft) and "half" in draft for draft in drafts)


def test_a_hang_up_after_quit(store: Path, programs: Programs) -> None:
    program = console(programs, store)
    program.until(b"saved", program.type("a"))
    program.type("q")
    time.sleep(0.2)
    hang_up(program, store)


def test_a_shell_stops_it_and_brings_it_back_and_goes_away(store: Path, programs: Programs) -> None:
    program = shell(programs, store)
    start = program.type("\x1a")
    program.until(b"\x1b[?1049l", start)
    program.until(b"Stopped", start)
    program.until(b"here again", program.type("echo here a'gain'\n"))
    start = program.type("fg\n")
    program.until(b"\x1b[?1049h", start)
    # The whole screen again, and the keys with it.
    program.until(CLOSED, start)
    program.until(b"saved", program.type("a"))
    # Also while something is typed; what is drawn never went to standard error.
    program.until(b"half", program.type("ihalf"))
    program.until(b"Stopped", program.type("\x1a"))
    assert (store.parent / "log").read_bytes() == b""
    hang_up(program, store)
    with ReviewSession.open(store, "alice") as session:
        assert "half" in [session.draft(ref) for ref in kept(store)]


def kill_console(programs: Programs, store: Path, dice: random.Random) -> tuple[int, int]:
    """Kill a console while verdicts are given; what it said was saved is in journal and ledger.

    Returns:
        How many verdicts it said were saved, and how many were.
    """
    program = console(programs, store)
    for _ in range(dice.randrange(1, 4)):
        start = program.type(dice.choice("aen"))
        program.until(b"saved", start)
        program.type("J")
    for _ in range(dice.randrange(6)):
        program.type(f"{dice.choice('aen')}J")
        time.sleep(dice.choice((0, dice.random() * 0.1)))
    time.sleep(dice.random() * 0.3)
    program.process.send_signal(signal.SIGKILL)
    program.read_to_the_end()
    said, there = saved(program), kept(store)
    assert not said - there
    with ReviewSession.open(store, "alice") as session:
        assert session.alarms() == ()
    rebuild(store)
    with duckdb.connect(str(store / "ledger.duckdb"), read_only=True) as ledger:
        in_ledger = ledger.execute("SELECT ref FROM event").fetchall()
    assert Counter(row[0] for row in in_ledger) == there
    return said.total(), there.total()


@pytest.mark.parametrize("kills", [1, pytest.param(200, marks=pytest.mark.soak)])
def test_a_console_that_is_killed_has_kept_what_it_said_was_saved(
    kills: int,
    published: Path,
    tmp_path: Path,
    programs: Programs,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    found = []
    for number in range(kills):
        store = shutil.copytree(published, tmp_path / f"{number}.review")
        found.append(kill_console(programs, store, random.Random(number)))
        shutil.rmtree(store)
    said, recorded = map(sum, zip(*found, strict=True))
    assert said >= kills
    told = f"{said} verdicts said to be saved, {recorded} in journals and ledgers"
    record_testsuite_property(f"{kills} kills of the console", told)


def burst(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = console(programs, store)
    for _ in range(dice.randrange(1, 12)):
        program.type("aJ")
        time.sleep(dice.random() * 0.5)
    return program


def ahead(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = console(programs, store)
    program.type("".join(dice.choice("jkJKaebn") for _ in range(400)))
    time.sleep(dice.random() * 4)
    return program


def leaving(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = burst(programs, store, dice)
    program.type("q")
    time.sleep(dice.random() * 0.4)
    return program


def idle(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = console(programs, store)
    program.type(dice.choice(("1", "5", "6", "?", "\x10", "o", "q" if dice.random() < 0.2 else "t")))
    time.sleep(dice.random())
    return program


def form(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = console(programs, store)
    program.until(b"saved", program.type("a"))
    program.type(dice.choice(("F", "ia note", "Bbecause", "ca cause", "m", "/what", "g1", "f")))
    time.sleep(dice.random() * 0.5)
    return program


def worker(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = console(programs, store)
    program.until(b"saved", program.type("a"))
    program.type("w")
    time.sleep(0.5)
    program.type("e more words\r\r" + dice.choice(("", "M")))
    time.sleep(dice.random() * 4)
    return program


def stopped(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = shell(programs, store)
    program.type(dice.choice(("", "aJaJ", "ihalf")))
    time.sleep(dice.random() * 2)
    start = program.type("\x1a")
    if dice.random() < 0.7:
        program.until(b"Stopped", start)
    if dice.random() < 0.4:
        program.type(dice.choice(("fg\n", "bg\n")))
        time.sleep(dice.random() * 0.5)
    return program


def starting(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = programs(*ASSAY, "review", str(store), controlling=dice.random() < 0.5)
    time.sleep(dice.random() * 2)
    return program


def plain(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = programs(*ASSAY, "review", str(store), "--plain", controlling=dice.random() < 0.5)
    program.until(b"> ")
    for _ in range(dice.randrange(4)):
        program.type(dice.choice(("a\n", "J\n", "i a note\n", "o\n", "q\n")))
    time.sleep(dice.random() * 0.3)
    return program


def analysis(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    folder = store.parent / "analysed"
    if not folder.exists():
        write_review(folder)
    program = programs(*ASSAY, "analyze", str(folder / "review.toml"), controlling=dice.random() < 0.5)
    time.sleep(dice.random() * 8)
    return program


def demo(programs: Programs, store: Path, dice: random.Random) -> Controlled:
    program = programs(*ASSAY, "demo", str(store.parent / "demo"), controlling=dice.random() < 0.5)
    time.sleep(2 + dice.random() * 8)
    return program


STATES = (burst, ahead, leaving, idle, form, worker, stopped, starting, plain, analysis, demo)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(100))
def test_a_hang_up_in_any_state(
    number: int,
    published: Path,
    tmp_path: Path,
    programs: Programs,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    dice = random.Random(number)
    store = shutil.copytree(published, tmp_path / "intent.review")
    state = STATES[number % len(STATES)]
    program = state(programs, store, dice)
    took = hang_up(program, store)
    record_testsuite_property(f"seconds after {state.__name__} {number}", round(took, 2))
    # Nothing that one hang-up leaves behind is in the way of the next session.
    with ReviewSession.open(store, "alice"):
        pass
