"""The whole retrieval track on generated items with stored vectors: CPU seconds of each stage, peak memory."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Result
from benchmarks.neighbours import CLUSTERS, WIDTH, mixture
from benchmarks.steps import measured

SIZES = (20_000, 100_000)
QUERIES = 500
MAPS = "retrieval.maps"
VALUES = {"theme": 12, "tone": 6, "demographic": 4, "publisher": 20, "template": 8}
"""Categorical attributes with their numbers of values; the first follows the clusters of the base."""
LISTS = {"topics": 15}
NUMBERS = ("popularity", "price")


def write_review(root: Path, rows: int, seed: int = 0) -> Path:
    """A review of `rows` items with eight attributes, 500 probes, 500 hard negatives and vectors of both sides."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(CLUSTERS, size=rows)
    base = mixture(rows + QUERIES, seed=seed)
    moved = base + 0.02 * rng.normal(size=base.shape).astype(np.float32)
    columns: dict[str, list[Any]] = {
        name: [f"{name}{(one if name == 'theme' else rng.integers(count)) % count}" for one in cluster]
        for name, count in VALUES.items()
    }
    for name, count in LISTS.items():
        columns[name] = [sorted({f"{name}{code}" for code in rng.integers(count, size=3)}) for _ in cluster]
    for name in NUMBERS:
        columns[name] = [round(float(one), 2) for one in rng.lognormal(3, 1, size=rows)]
    items = [
        {"id": f"i{row}", "text": f"item {row} of {columns['theme'][row]}", "title": f"Item {row}"}
        | {name: values[row] for name, values in columns.items()}
        for row in range(rows)
    ]
    picked = rng.integers(rows, size=(QUERIES, 12)).tolist()
    probes = [
        {"id": f"q{number}", "query": f"query {number}", "relevant": [f"i{one}" for one in sorted(set(some))]}
        for number, some in enumerate(picked)
    ]
    pairs = [
        {"query": f"query {number}", "positive": f"i{row}", "negative": f"i{(row + 1) % rows}"}
        for number, (row, *_) in enumerate(picked)
    ]
    for name, lines in {"items": items, "probes": probes, "pairs": pairs}.items():
        (root / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    names = [f"i{row}" for row in range(rows)] + [f"q{number}" for number in range(QUERIES)]
    for name, vectors in {"base": base, "candidate": moved}.items():
        _write_vectors(root / f"{name}.parquet", names, vectors)
    path = root / "review.toml"
    path.write_text(
        '[review]\nname = "large"\nowner = "a"\nbase_version = "1"\ncandidate_version = "2"\ndevice = "cpu"\n'
        '[retrieval]\nbase = "base.parquet"\ncandidate = "candidate.parquet"\nitems = "items.jsonl"\n'
        'title = "title"\ngroup_by = ["theme", "tone", "demographic", "topics"]\nmust_keep = ["theme"]\n'
        'not_by = ["publisher", "template", "popularity", "price"]\n'
        'probes = "probes.jsonl"\nhard_negatives = "pairs.jsonl"\n',
        "utf-8",
    )
    return path


def _write_vectors(path: Path, names: list[str], vectors: np.ndarray) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), WIDTH)
    pq.write_table(pa.table({"id": names, "vector": column}), path)


def run() -> list[Result]:
    results = []
    for rows in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            review = write_review(Path(folder), rows)
            seconds, peak = measured(review)
        whole = sum(spent for stage, spent in seconds.items() if stage != MAPS)
        target = "180 cpu-s" if rows == SIZES[0] else ""
        results.append(Result(f"whole track without maps, {rows:,} items", whole, "cpu-s", target=target))
        results += [Result(f"  {stage}, {rows:,} items", spent, "cpu-s") for stage, spent in seconds.items()]
        results.append(Result(f"peak memory, {rows:,} items", peak, "MB"))
    return results
