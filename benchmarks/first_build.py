"""This tree and the first build, each in a process of its own, on the same texts and models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.shortcut_texts import DATASETS, read, split

FIRST_BUILD = "904e71d"
"""The commit that later ones are measured against."""
HERE = Path(__file__).parents[1]
SCRIPT = Path(__file__).parent / "beside.py"


@dataclass(frozen=True)
class Pair:
    """Two models and the messages that they are asked about."""

    name: str
    base: Path
    candidate: Path
    texts: tuple[str, ...]


def pairs(
    data: Path | None, work: Path | None, count: int, named: Sequence[tuple[str, int, str]]
) -> list[Pair]:
    """The sample's models, and those of `benchmarks.shortcuts` where they are given, with `count` messages each.

    Args:
        data: folder with clinc150.jsonl and banking77.jsonl.
        work: what `benchmarks.shortcuts` keeps, with the models that it trained.
        count: messages of each pair, spread evenly over the evaluation set.
        named: data set, seed and condition of each pair of trained models.
    """
    lines = (HERE / "sample_data/intent/eval.jsonl").read_text("utf-8").splitlines()
    models = HERE / "sample_data/models"
    sample = Pair(
        "sample",
        models / "intent-v3",
        models / "intent-v4-rc1",
        spread([json.loads(line)["text"] for line in lines], count),
    )
    found = [sample]
    if data is not None and work is not None:
        by_name = {one.name: one for one in DATASETS}
        for name, seed, condition in named:
            folder = work / "models" / name / str(seed)
            sets = split(read(data, by_name[name]), by_name[name], seed)
            texts = [one.text for one in sets.evaluation[condition]]
            found.append(
                Pair(f"{name} {condition}", folder / "base", folder / condition, spread(texts, count))
            )
    return found


def spread(texts: Sequence[str], count: int) -> tuple[str, ...]:
    """So many texts, evenly over the whole."""
    return tuple(texts[place * len(texts) // count] for place in range(min(count, len(texts))))


@contextmanager
def first_build() -> Iterator[Path]:
    """A work tree of the first build, removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "first_build"
        git = ["git", "-C", str(HERE), "worktree"]
        subprocess.run([*git, "add", "--detach", "--quiet", str(tree), FIRST_BUILD], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def beside(tree: Path, work: str, pair: Pair, **more: Any) -> Any:
    """What `benchmarks/beside.py` finds for a pair with the code of a source tree."""
    with tempfile.TemporaryDirectory() as folder:
        task, result = Path(folder) / "task.json", Path(folder) / "result.json"
        given = {"work": work, "base": str(pair.base), "candidate": str(pair.candidate), "texts": pair.texts}
        task.write_text(json.dumps({**given, **more}), "utf-8")
        environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}
        subprocess.run(
            [sys.executable, str(SCRIPT), str(task), str(result)], check=True, env=environment, cwd=folder
        )
        return json.loads(result.read_text("utf-8"))
