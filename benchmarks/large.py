"""What a review of very many examples costs a reader: `python -m benchmarks.large grow|measure`.

CPU seconds are of all threads of the process; what a person waits for is on the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable, OptionList

from analysis.base.sql import without_pandas
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from benchmarks.large_store import grow
from benchmarks.measure import machine
from benchmarks.terminal import Console
from tui.draw.theme import Colours
from tui.widgets.example_list import ExampleList

RESULTS = Path(__file__).parent / "large.json"
EVERYTHING = Scope(everything=True)
ROUNDS = 5
QUIET = 1.5
"""Seconds that the console is left to what it does on its own after its first screen."""
STEPS = 20
LISTED = 100_000
"""Rows that the widgets of Textual are filled with, at most: they hold every row."""
BUDGETS = {
    "first paint": "0.7 s",
    "key to first byte": "10 ms",
    "bytes per step": "8 KB",
    "one example, first": "2 ms",
    "one example, again": "2 ms",
    "slice aggregate": "30 ms",
    "Overview": "150 ms",
    "store": "400 MB a million",
}


def measure(store: Path) -> dict[str, object]:
    """Every figure of one store; the store is copied where the console would write."""
    figures = {"store": {"MB": sum(one.stat().st_size for one in store.glob("runs/*/*")) / 1e6}}
    with tempfile.TemporaryDirectory(dir=store.parent) as folder:
        copy = Path(folder) / "copy.review"
        shutil.copytree(store, copy, copy_function=os.link)
        figures |= read_figures(copy) | terminal_figures(copy) | asyncio.run(list_figures(copy))
    return {
        name: {**{key: round(value, 3) for key, value in found.items()}, "budget": BUDGETS.get(name)}
        for name, found in figures.items()
    }


def read_figures(store: Path) -> dict[str, dict[str, float]]:
    """What a session reads: medians of rounds, each of what was not asked before."""
    without_pandas()
    draw = random.Random(1)
    with ReviewSession.open(store, read_only=True) as session:
        found = {"gates": _timed([session.gates]), "Overview": _timed([session.overview])}
        count = session.queue_count(EVERYTHING)
        offsets = [draw.randrange(count - 64) for _ in range(ROUNDS)]
        refs = [session.queue_page(EVERYTHING, offset, 1)[0].ref for offset in offsets * 4]
        refs = [session.neighbour(ref, EVERYTHING, 1 + number) or ref for number, ref in enumerate(refs)]
        slices = [Scope(everything=True, slice=one.slice) for one in session.slices("intent")[:ROUNDS]]
        words = [
            Scope(everything=True, search=word) for word in ("order", "refund", "where", "zzz", "volume")
        ]
        found |= {
            "examples": {"count": float(count)},
            "page of all": _timed([_page(session, EVERYTHING, offset) for offset in offsets]),
            "next of all": _timed([_next(session, ref) for ref in refs[:ROUNDS]]),
            "slice aggregate": _timed([_count(session, scope) for scope in slices]),
            "search, first page": _timed([_page(session, scope, 0) for scope in words]),
            "one example, first": _timed([_example(session, ref) for ref in dict.fromkeys(refs)]),
        }
        session._changed()
        found["one example, again"] = _timed([_example(session, ref) for ref in dict.fromkeys(refs)])
    return found


def _page(session: ReviewSession, scope: Scope, offset: int) -> Callable[[], object]:
    return lambda: session.queue_page(scope, offset, 64)


def _count(session: ReviewSession, scope: Scope) -> Callable[[], object]:
    return lambda: session.queue_count(scope)


def _next(session: ReviewSession, ref: str) -> Callable[[], object]:
    return lambda: session.neighbour(ref, EVERYTHING, 1)


def _example(session: ReviewSession, ref: str) -> Callable[[], object]:
    return lambda: session.example(ref)


def _timed(asked: list[Callable[[], object]]) -> dict[str, float]:
    """Median milliseconds, CPU and clock."""
    cpu, clock = [], []
    for one in asked:
        begun, started = time.process_time(), time.perf_counter()
        one()
        cpu.append((time.process_time() - begun) * 1e3)
        clock.append((time.perf_counter() - started) * 1e3)
    return {"cpu ms": statistics.median(cpu), "ms": statistics.median(clock)}


def terminal_figures(store: Path) -> dict[str, dict[str, float]]:
    """First paint, and steps through the list of all examples, in a terminal of 80x24."""
    with Console(store) as console:
        found = {"first paint": {"s": console.painted_s, "cpu s": console.cpu_s()}}
        time.sleep(QUIET)
        for name, keys in (("step", "j" * STEPS), ("sign-off", "6hr")):
            latencies, sizes, costs = [], [], []
            for key in keys:
                before = console.cpu_s()
                first, size = console.press(key)
                latencies.append(first * 1e3)
                sizes.append(size)
                costs.append((console.cpu_s() - before) * 1e3)
            if name == "step":
                found["key to first byte"] = {"ms": statistics.median(latencies)}
                found["bytes per step"] = {"bytes": statistics.median(sizes)}
                found["CPU per step"] = {"cpu ms": statistics.median(costs)}
            else:
                found["Sign-off, first key"] = {"cpu ms": costs[0]}
                found["Sign-off, a key"] = {"cpu ms": statistics.median(costs[1:])}
        return found


class _Lists(App[None]):
    """One list, alone."""

    def __init__(self, shown: Widget) -> None:
        super().__init__()
        self.shown = shown

    def compose(self) -> ComposeResult:
        yield self.shown


async def list_figures(store: Path) -> dict[str, dict[str, float]]:
    """Filling a list and going down in it: ours over all examples, Textual's own over at most `LISTED`."""
    found = {}
    with ReviewSession.open(store, read_only=True) as session:
        count = session.queue_count(EVERYTHING)
        own = ExampleList(session, Colours("truecolor", True))
        table: DataTable[str] = DataTable()
        options = OptionList()
        rows = [f"example {number}" for number in range(min(count, LISTED))]
        fillings: list[tuple[str, Widget, int, Callable[[], object]]] = [
            ("ours", own, count, lambda: own.show_scope(EVERYTHING, count, 0)),
            (
                "DataTable",
                table,
                len(rows),
                lambda: (table.add_column("text"), table.add_rows([row] for row in rows)),
            ),
            ("OptionList", options, len(rows), lambda: options.add_options(rows)),
        ]
        for name, widget, listed, fill in fillings:
            async with _Lists(widget).run_test(size=(80, 24)) as pilot:
                begun = time.process_time()
                fill()
                await pilot.pause()
                filled = time.process_time()
                widget.focus()
                for _ in range(STEPS):
                    await pilot.press("down")
                await pilot.pause()
                found[f"list: {name}"] = {
                    "rows": float(listed),
                    "cpu ms to fill": (filled - begun) * 1e3,
                    "cpu ms a key": (time.process_time() - filled) * 1e3 / STEPS,
                }
    return found


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    growing = commands.add_parser("grow", help="make a large store of a small one")
    growing.add_argument("small", type=Path)
    growing.add_argument("folder", type=Path)
    growing.add_argument("examples", type=int)
    measuring = commands.add_parser("measure", help="measure stores, and keep the figures")
    measuring.add_argument("stores", type=Path, nargs="+")
    options = parser.parse_args(given)
    if options.command == "grow":
        begun = time.process_time()
        print(grow(options.small, options.folder, options.examples))
        print(f"{time.process_time() - begun:.0f} CPU seconds")
        return 0
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for store in options.stores:
        kept[store.stem] = {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "load": os.getloadavg()[0],
            "machine": machine(),
            "figures": measure(store),
        }
        RESULTS.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")
        for name, found in kept[store.stem]["figures"].items():
            print(f"  {name}: {found}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
