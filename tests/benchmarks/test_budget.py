"""The budget table says what was measured, whether it is enough, and what the rest needs."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.budget import BEGIN, END, README, ROWS, table, write
from benchmarks.measure import Result

MACHINE = {"cpu": "a processor", "cores": 2, "python": "3.11", "torch": "2.13"}


def keep(folder: Path, name: str, *results: Result) -> None:
    kept = {
        "measured": "2026-11-30T10:00:00",
        "machine": MACHINE,
        "results": [one.as_dict() for one in results],
    }
    (folder / f"{name}.json").write_text(json.dumps(kept), "utf-8")


def test_rows_are_reached_or_not_by_their_own_figure(tmp_path: Path) -> None:
    keep(
        tmp_path,
        "growth",
        Result("peak memory, 1,000 recorded examples", 200.0, "MB"),
        Result("peak memory, 100,000 recorded examples", 450.0, "MB", "1,000", 200.0, 0.44),
        Result("all steps, 100,000 recorded examples, an example", 1.0, "cpu-ms", "of 10,000", 1.2, 1.2),
    )
    keep(tmp_path, "drift", Result("drift of a review of 5,000 texts and 80 slices", 0.027, "of 1"))
    said = {line.split(" | ")[0].removeprefix("| "): line for line in table(tmp_path).splitlines()}
    assert (
        "| at most 200 MB |  | 250 MB | no | A |"
        in said["peak memory of 100,000 recorded examples above that of 1,000"]
    )
    assert "| 1.2x | yes | A |" in said["time per example at 100,000 recorded examples, against 10,000"]
    assert "| 2.7 % | yes | A |" in said["layer drift, share of the forward passes"]
    gpu = said["leading attribution on a GPU, against Captum for each text"]
    assert "not measured: `gpu`, which needs a CUDA device" in gpu
    assert table(tmp_path).endswith("A: a processor, 2 cores, Python 3.11, torch 2.13, 2026-11-30")


def test_the_readme_has_the_table_of_what_is_kept(tmp_path: Path) -> None:
    own = tmp_path / "README.md"
    own.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    write(own)
    assert own.read_text("utf-8") == f"before\n{BEGIN}\n{table()}\n{END}\nafter\n"
    assert table() in README.read_text("utf-8"), "python -m benchmarks writes it"
    assert len({row.what for row in ROWS}) == len(ROWS)
