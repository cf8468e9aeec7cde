"""The real program in a real pseudo-terminal: bytes per step, silence, colours, hang-up, resume."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.review.scope import Scope
from analysis.review.session import ReviewSession

COLOUR = re.compile(rb"\x1b\[[0-9;]*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;]*m")
STEP_BYTES = 8 * 1024
PAGE_BYTES = 16 * 1024
"""A closed page that opens: rows of coloured words where there were hardly any."""
DEADLINE_S = 120.0
"""How long a very busy machine may take for anything at all."""
MARK = b"\x1b_mark\x1b\\"
"""What the program writes when it has done all that it was asked; terminals pass over it."""
DONE, POLLED = "\x1b[24~", "\x1b[23~"
"""Keys that ask for the mark (F12), and for the mark once the journals were polled twice (F11)."""
PROGRAM = """
import sys
from pathlib import Path
from textual.binding import Binding
import tui.console.app as app

class Marked(app.AssayApp):
    BINDINGS = [Binding("f12", "mark", priority=True), Binding("f11", "mark_polled", priority=True)]
    polls = None

    def action_mark(self):
        self.settle(4)

    def settle(self, rounds):
        # What a key started may post messages, which may ask for a refresh: some rounds through both queues.
        if rounds:
            self.call_after_refresh(self.screen.call_after_refresh, self.settle, rounds - 1)
        else:
            self._driver.write({mark!r})
            self._driver.flush()

    def action_mark_polled(self):
        self.polls = 0

    def poll(self):
        super().poll()
        if self.polls is not None:
            self.polls += 1
            if self.polls == 2:
                self.polls = None
                self.settle(4)

app.AssayApp = Marked
sys.exit(app.run_console(Path({store!r}), "alice", {color!r}, False, False))
"""


class Terminal:
    """A console running in a pseudo-terminal of 80x24."""

    def __init__(
        self, store: Path, color: str | None, environ: dict[str, str] | None = None, code: str | None = None
    ) -> None:
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        code = code or PROGRAM.format(mark=MARK.decode(), store=str(store), color=color)
        base = {
            key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLORTERM", "TMUX")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**base, "TERM": "xterm-256color", **(environ or {})},
            start_new_session=True,
        )
        os.close(slave)

    def until(self, text: bytes) -> bytes:
        """Everything that is written until some text has come."""
        got = b""
        end = time.monotonic() + DEADLINE_S
        while text not in got:
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, got[-2000:]
            got += self._part()
        return got

    def _part(self) -> bytes:
        """What has come; fails where the program has ended."""
        data = os.read(self.master, 65536)
        assert data, "the program has ended"
        return data

    def rest(self) -> bytes:
        """Everything that is written until the program ends."""
        got = b""
        try:
            while data := os.read(self.master, 65536):
                got += data
        except OSError:
            # Linux reports the end of a pseudo-terminal as an error of the device.
            pass
        return got

    def press(self, keys: str, then: str = DONE) -> bytes:
        """What pressing some keys writes until all is done, or until what is pressed `then` has happened."""
        os.write(self.master, (keys + then).encode())
        return self.until(MARK).partition(MARK)[0]

    def close(self) -> None:
        """End the program if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)
        os.close(self.master)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Programs that a test started; they are ended after it."""
    started: list[Terminal] = []
    yield started
    for terminal in started:
        terminal.close()


def started(
    terminals: list[Terminal], store: Path, color: str | None = "256", **environ: str
) -> tuple[Terminal, bytes]:
    terminal = Terminal(store, color, environ)
    terminals.append(terminal)
    return terminal, terminal.until(b"alice") + terminal.press("")


def test_a_step_is_small_and_silence_is_silent(store: Path, terminals: list[Terminal]) -> None:
    terminal, _ = started(terminals, store)
    assert b"hidden until you have answered" in terminal.press("2")
    for key in ("j", "j", "k"):
        written = terminal.press(key)
        assert 0 < len(written) <= STEP_BYTES
    # The page opens: one whole screen of coloured words.
    assert len(terminal.press("a")) <= PAGE_BYTES
    terminal.press("i")
    assert terminal.press("", POLLED) == b""


@pytest.mark.soak
def test_a_minute_without_a_key_writes_nothing(store: Path, terminals: list[Terminal]) -> None:
    terminal, _ = started(terminals, store)
    terminal.press("2")
    terminal.press("v")
    ready, _, _ = select.select([terminal.master], [], [], 60.0)
    assert not ready, terminal._part()


def test_the_mouse_and_the_clipboard_are_left_alone(store: Path, terminals: list[Terminal]) -> None:
    terminal, first = started(terminals, store)
    written = first + terminal.press("2") + terminal.press("j")
    assert b"\x1b[?1003h" not in written
    assert b"\x1b]52" not in written


@pytest.mark.parametrize(("color", "environ"), [("none", {}), (None, {"NO_COLOR": "1"})])
def test_without_colour_there_is_no_colour_code(
    store: Path, terminals: list[Terminal], color: str | None, environ: dict[str, str]
) -> None:
    terminal, first = started(terminals, store, color, **environ)
    written = first + terminal.press("2") + terminal.press("v") + terminal.press("5") + terminal.press("6")
    assert COLOUR.findall(written) == []
    assert b"\x1b[1;" in written


@pytest.mark.parametrize(
    ("color", "expected", "forbidden"),
    [("truecolor", b"38;2;", b"38;5;"), ("256", b"38;5;", b"38;2;"), ("16", b"\x1b[", b"38;")],
)
def test_the_depth_is_what_the_flag_says(
    store: Path, terminals: list[Terminal], color: str, expected: bytes, forbidden: bytes
) -> None:
    terminal, first = started(terminals, store, color)
    written = first + terminal.press("2")
    assert expected in written
    assert forbidden not in written


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_and_nothing_is_lost(
    store: Path, terminals: list[Terminal], number: signal.Signals
) -> None:
    terminal, _ = started(terminals, store)
    terminal.press("2")
    terminal.press("n")
    terminal.press("J")
    terminal.press("ihalf")
    terminal.process.send_signal(number)
    written = terminal.rest()
    assert terminal.process.wait(DEADLINE_S) == 0
    assert b"\x1b[?1049l" in written
    with ReviewSession.open(store, "alice") as session:
        assert session.progress()[0] == 1
        second = session.queue_page(Scope(), 1, 1)[0].ref
        place = session.last_place()
        assert place is not None
        assert place[0] == second
        assert session.draft(second) == "half"


@pytest.mark.parametrize("told", [True, False], ids=["with SIGHUP", "without a signal"])
def test_a_dropped_connection_ends_it_and_keeps_what_was_saved(
    store: Path, terminals: list[Terminal], told: bool
) -> None:
    terminal, _ = started(terminals, store)
    terminal.press("2")
    terminal.press("s")
    os.close(terminal.master)
    terminal.master = os.open(os.devnull, os.O_RDONLY)
    if told:
        terminal.process.send_signal(signal.SIGHUP)
    terminal.process.wait(DEADLINE_S)
    again = Terminal(store, "256")
    terminals.append(again)
    with ReviewSession.open(store, "alice") as session:
        assert session.progress()[0] == 1
        here = session.queue_page(Scope(), 0, 1)[0].id
    assert f"message:{here}".encode() in again.until(b"message:") + again.press("")


def test_an_unexpected_failure_is_one_line_and_a_log(
    store: Path, terminals: list[Terminal], tmp_path: Path
) -> None:
    code = (
        "import sys; from tui.console.app import AssayApp; from tui.cli import main\n"
        "def fail(self): raise ZeroDivisionError('planted')\n"
        "AssayApp.poll = fail\n"
        f"sys.exit(main(['review', {str(store)!r}]))"
    )
    terminal = Terminal(store, None, {"XDG_STATE_HOME": str(tmp_path)}, code)
    terminals.append(terminal)
    written = terminal.until(b"details are in")
    assert terminal.process.wait(DEADLINE_S) == 2
    assert b"failed unexpectedly: ZeroDivisionError: planted" in written
    assert b"Traceback" not in written
    (log,) = (tmp_path / "assay").glob("*.log")
    assert "planted" in log.read_text("utf-8")
