"""The budget table: what is promised of each row, and what was measured of it; written into the README.

A row names the benchmark and the figure that decides it. A row without a figure says what measures it, and what that
needs; nothing is taken from another machine unseen: each figure carries the machine that it was measured on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- budget: begin -->", "<!-- budget: end -->"


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Args:
        what: is measured, and against what.
        least: that is promised, in the unit of the figure.
        aim: in the same.
        benchmark: that measures it.
        figure: how the name of the figure that decides begins.
        field: `ratio` against the alternative, or `ours`.
        more: whether more is better.
        unit: behind a number.
        needs: what a machine must have or be for it.
    """

    what: str
    least: float
    aim: float | None
    benchmark: str
    figure: str
    field: str = "ratio"
    more: bool = True
    unit: str = "x"
    needs: str = ""


QUIET = "a quiet machine"
MODELS = "classifiers of MiniLM's size (`--data`, `--work`)"
ROWS = (
    Row("leading gradient attribution, float32 on a CPU, MiniLM size, against Captum for each text at its 50 steps",
        15, 20, "attribution", "clinc150 healthy: layer-wise relevance (cp)", needs=MODELS),
    Row("integrated gradients, within 5 % completeness, against the same",
        4, 6, "attribution", "clinc150 healthy: integrated gradients", needs=MODELS),
    Row("whole attribution stage of 100 messages, MiniLM size, against the first build",
        3, 6, "stage", "clinc150 healthy: attribution of", needs=MODELS),
    Row("leading attribution on a GPU, against Captum for each text",
        50, None, "gpu", "on a GPU: leading gradient attribution", needs="a CUDA device"),
    Row("occlusion, against one forward pass for each deletion",
        8, 12, "attribution", "occlusion of every word"),
    Row("comprehensiveness and sufficiency, against the same",
        8, 12, "attribution", "deletions of"),
    Row("layer drift, share of the forward passes",
        5, 2, "drift", "drift of a review", "percent", more=False, unit=" %"),
    Row("exact neighbours of 10,000 items, against scikit-learn",
        1.5, 4, "neighbours", "10 neighbours of each of 10,000 items of 384 dimensions, 1 thread"),
    Row("time per example at 100,000 recorded examples, against 10,000",
        1 / 1.1, None, "growth", "all steps, 100,000"),
    Row("peak memory of 100,000 recorded examples above that of 1,000",
        200, None, "growth", "peak memory, 100,000", "grown", more=False, unit=" MB"),
    Row("two workers on one machine, against one",
        1.7, 1.9, "workers", "two workers", needs=QUIET),
    Row("first paint of `assay review` on a finished review",
        0.5, 0.25, "console", "`assay review` in a terminal", "ours", more=False, unit=" s", needs=QUIET),
    Row("the same with 1 million examples in it",
        0.7, 0.25, "million", "`assay review` to its first screen", "ours", more=False, unit=" s", needs=QUIET),
    Row("key to first byte", 10, 3, "keys", "key to first byte", "ours", more=False, unit=" ms", needs=QUIET),
    Row("bytes per step at 80x24", 8, 4, "keys", "bytes per step", "ours", more=False, unit=" KB"),
    Row("CPU per key on Sign-off", 50, 20, "keys", "CPU per key", "ours", more=False, unit=" ms"),
    Row("fetch one of 1 million examples",
        2, 1, "million", "fetch one example", "ours", more=False, unit=" ms", needs=QUIET),
    Row("slice aggregate over 1 million examples",
        30, 15, "million", "slice aggregate", "ours", more=False, unit=" ms", needs=QUIET),
    Row("whole Overview of 1 million examples",
        150, 80, "million", "whole Overview", "ours", more=False, unit=" ms", needs=QUIET),
    Row("store size per million short examples, two sides, two methods",
        400, 250, "million", "store size", "ours", more=False, unit=" MB"),
    Row("`saved` after a key press, p99, one reviewer",
        20, 5, "journal", "`saved` after a verdict, p99, 1 ", "ours", more=False, unit=" ms", needs=QUIET),
    Row("the same of eight reviewers at once",
        150, 50, "journal", "`saved` after a verdict, p99, 8 ", "ours", more=False, unit=" ms", needs=QUIET),
    Row("fresh clone to the console with `make demo`",
        180, 120, "demo", "fresh clone to the console with `make demo`", "ours", more=False, unit=" s",
        needs="a package index"),
    Row("`make demo` again",
        10, 3, "demo", "fresh clone to the console with `make demo`, again", "ours", more=False, unit=" s",
        needs="a package index"),
)  # fmt: skip


def table(folder: Path = RESULTS) -> str:
    """The rows as Markdown, with the machines that their figures come from below."""
    machines: dict[str, str] = {}
    lines = [
        "| what | at least | aim | measured | reached | where |",
        "|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        found = _measured(row, folder)
        least, aim = (_shown(row, value) for value in (row.least, row.aim))
        limit = "at most " if not row.more else ""
        if found is None:
            needs = f", which needs {row.needs}" if row.needs else ""
            lines.append(
                f"| {row.what} | {limit}{least} | {aim} | not measured: `{row.benchmark}`{needs} | – | |"
            )
            continue
        value, where = found
        mark = machines.setdefault(where, chr(ord("A") + len(machines)))
        met = value >= row.least if row.more else value <= row.least
        lines.append(
            f"| {row.what} | {limit}{least} | {aim} | {_shown(row, value)} | {'yes' if met else 'no'} | {mark} |"
        )
    return "\n".join([*lines, "", *(f"{mark}: {where}" for where, mark in machines.items())])


def write(readme: Path = README, folder: Path = RESULTS) -> None:
    """Put the table between its two marks in the README."""
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{table(folder)}\n{END}{after}", "utf-8")


def _measured(row: Row, folder: Path) -> tuple[float, str] | None:
    path = folder / f"{row.benchmark}.json"
    if not path.exists():
        return None
    kept = json.loads(path.read_text("utf-8"))
    results: list[dict[str, Any]] = kept["results"]
    one = next(_named(results, row.figure), None)
    if one is None:
        return None
    if row.field == "percent":
        value = 100 * one["ours"]
    elif row.field == "grown":
        value = one["ours"] - min(result["ours"] for result in _named(results, row.figure.partition(",")[0]))
    else:
        value = one[row.field]
    machine = kept["machine"]
    where = (
        f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, torch {machine['torch']}, "
        f"{kept['measured'][:10]}"
    )
    return None if value is None else (float(value), where)


def _named(results: list[dict[str, Any]], begins: str) -> Iterator[dict[str, Any]]:
    return (one for one in results if one["what"].startswith(begins))


def _shown(row: Row, value: float | None) -> str:
    return "" if value is None else f"{value:.3g}{row.unit}"
