"""A whole public data set with classifiers of MiniLM size: killed on the way, with one worker and with two.

    python -m benchmarks.at_size models  --data DIR --encoder DIR --work DIR
    python -m benchmarks.at_size whole   --data DIR --work DIR [--texts N]
    python -m benchmarks.at_size killed  --data DIR --work DIR [--texts N]
    python -m benchmarks.at_size equal   --work DIR
    python -m benchmarks.at_size workers --data DIR --work DIR --texts 1500

`models` fits a base and a candidate for all classes of CLINC150 on ten texts of each. `whole` analyses the data set
with two workers to the end. `killed` does it again; four times on the way it kills (SIGKILL) the process that plans or
the worker beside it, in turn, and what was killed is started again. `equal` compares every row of the evidence of
both. `workers` times one worker against two, each of one thread, and is to be believed on a quiet machine only. What
was measured is kept in the work folder's `at_size.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from analysis.base.sql import identifier
from analysis.store.run import CACHE, current_run
from benchmarks.measure import Result
from benchmarks.watched import Watched, watched

if TYPE_CHECKING:
    import torch

PER_CLASS = 10
MOST_TOKENS = 64
BATCH = 64
DECAY = 1e-4
MOVED_LAYERS, MOVED_BY = 2, 0.05
"""Of the candidate, and by how many standard deviations of each weight."""
WORKERS = 2
KILLS = 4
BUDGET = 20
"""Flagged messages in the queue, which are attributed by every method: what is proved does not need more."""
ROUNDS = 2
"""Of one worker and of two, in turn."""
KEPT = "at_size.json"


def models(data: Path, encoder: Path, work: Path) -> None:
    """Make base and candidate where they are not there: the encoder with a head fitted on texts of their own.

    The candidate's upper layers are moved at random, as a fine-tune would, so that all that is measured of states
    differs. Only heads are fitted: what is proved is about the work on texts, not about how right the answers are.
    """
    import torch
    from transformers import AutoTokenizer, BertForSequenceClassification

    texts: dict[str, list[str]] = defaultdict(list)
    for row in rows_of(data):
        texts[row["label"]].append(row["text"])
    labels = sorted(texts)
    tokenizer = AutoTokenizer.from_pretrained(encoder, model_max_length=MOST_TOKENS)
    for seed, name in enumerate(("base", "candidate")):
        folder = work / "models" / name
        if (folder / "model.safetensors").exists():
            continue
        torch.manual_seed(seed)
        rng = random.Random(seed)
        model = BertForSequenceClassification.from_pretrained(
            encoder, id2label=dict(enumerate(labels)), label2id={name: at for at, name in enumerate(labels)}
        ).eval()
        with torch.no_grad():
            for layer in model.bert.encoder.layer[-MOVED_LAYERS:] if seed else ():
                for weight in layer.parameters():
                    weight.add_(MOVED_BY * weight.std() * torch.randn_like(weight))
        some = [(at, text) for at, label in enumerate(labels) for text in rng.sample(texts[label], PER_CLASS)]
        some.sort(key=lambda one: len(one[1]))
        pooled = []
        with torch.inference_mode():
            for start in range(0, len(some), BATCH):
                inputs = tokenizer(
                    [text for _, text in some[start : start + BATCH]],
                    padding=True, truncation=True, return_tensors="pt",
                )  # fmt: skip
                pooled.append(model.bert(**inputs).pooler_output)
        _fit(model.classifier, torch.cat(pooled).clone(), torch.tensor([at for at, _ in some]))
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _fit(head: torch.nn.Linear, states: torch.Tensor, targets: torch.Tensor) -> None:
    """Logistic regression: states (texts, dimensions) to classes (texts)."""
    import torch

    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        found = torch.nn.functional.cross_entropy(head(states), targets) + DECAY * head.weight.square().sum()
        found.backward()
        return found

    optimizer.step(loss)


def rows_of(data: Path) -> list[dict[str, str]]:
    """The rows of CLINC150, `{id, text, label, split}`."""
    return [json.loads(line) for line in (data / "clinc150.jsonl").read_text("utf-8").splitlines()]


def write_review(folder: Path, data: Path, work: Path, texts: int | None) -> Path:
    """A review of so many texts of a fixed draw, or of all, in a fresh folder.

    Texts of classes that the models in `work` do not know are out of scope.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    known = set(json.loads((work / "models/base/config.json").read_text("utf-8"))["id2label"].values())
    rows = rows_of(data)
    if texts is not None:
        rows = random.Random(0).sample(rows, texts)
    parts: dict[str, list[str]] = {"eval": [], "oos": []}
    for row in rows:
        parts["eval" if row["label"] in known else "oos"].append(f"{json.dumps(row)}\n")
    for name, lines in parts.items():
        (folder / f"{name}.jsonl").write_text("".join(lines), "utf-8")
    aside = 'out_of_scope = "oos.jsonl"' if parts["oos"] else ""
    review = folder / "review.toml"
    review.write_text(
        f"""\
[review]
name = "clinc150"
owner = "benchmark"
base_version = "base"
candidate_version = "candidate"
seed = 0
device = "cpu"

[queue]
budget = {BUDGET}
controls = 0

[intent]
base = {json.dumps(str(work / "models" / "base"))}
candidate = {json.dumps(str(work / "models" / "candidate"))}
examples = "eval.jsonl"
{aside}
max_length = 64
""",
        "utf-8",
    )
    return review


def analyze_command(review: Path, workers: int) -> list[str]:
    """The command that makes a run of a review."""
    return [sys.executable, "-m", "tui.cli", "analyze", str(review), "--workers", str(workers)]


def whole(data: Path, work: Path, texts: int | None) -> dict[str, Any]:
    """The uninterrupted run."""
    review = write_review(work / "whole", data, work, texts)
    took = watched(analyze_command(review, WORKERS), log=work / "whole.log", env=environment())
    return {"texts": _texts(review), "shards": len(shards_of(review)), **told(took)}


def killed(data: Path, work: Path, texts: int | None, shards: int) -> dict[str, Any]:
    """The run that is killed each time another fifth of the shards is finished, and started again each time.

    Args:
        data: folder of the data set.
        work: the work folder.
        texts: how many; None takes all.
        shards: of the uninterrupted run.
    """
    review = write_review(work / "killed", data, work, texts)
    marks = [shards * (number + 1) // (KILLS + 1) for number in range(KILLS)]
    deaths: list[dict[str, Any]] = []

    def kill(pid: int, children: list[int]) -> None:
        done = shards_of(review)
        if len(deaths) == KILLS or len(done) < marks[len(deaths)]:
            return
        who = "worker" if len(deaths) % 2 else "plans"
        helping = [child for child in children if _is_worker(child)]
        if who == "worker" and not helping:
            return
        os.kill(helping[0] if who == "worker" else pid, signal.SIGKILL)
        newest = max(done, key=lambda folder: folder.stat().st_mtime_ns).parent.name
        deaths.append({"killed": who, "shards": len(done), "in": newest})

    takes: list[Watched] = []
    while not takes or takes[-1].status == -signal.SIGKILL:
        takes.append(
            watched(analyze_command(review, WORKERS), log=work / "killed.log", env=environment(), look=kill)
        )
    return {
        "texts": _texts(review),
        "shards": len(shards_of(review)),
        "starts": len(takes),
        "deaths": deaths,
        "wall_s": sum(one.wall_s for one in takes),
        "cpu_s": sum(one.cpu_s for one in takes),
        "peak_mb": max(one.peak_mb for one in takes),
        "status": takes[-1].status,
    }


def workers(data: Path, work: Path, texts: int | None) -> list[Result]:
    """One worker against two, wall seconds, in turn."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for count, times in seconds.items():
            review = write_review(work / f"workers-{count}", data, work, texts)
            took = watched(analyze_command(review, count), log=work / "workers.log", env=environment())
            if took.status:
                raise SystemExit(f"`assay analyze` failed: see {work / 'workers.log'}")
            times.append(took.wall_s)
    one, two = (min(times) for times in seconds.values())
    what = f"{texts or 'all'} texts of CLINC150, two workers of one thread, whole `assay analyze`"
    return [Result(what, two, "s", "one worker of one thread", one, one / two, "1.7x")]


def different(work: Path) -> list[str]:
    """What differs between the two runs: nothing where every table has the same rows, and the runs one name."""
    stores = [next((work / name).glob("*.review")) for name in ("whole", "killed")]
    names = [current_run(store) for store in stores]
    found = [] if names[0] == names[1] else [f"run {names[0]} and run {names[1]}"]
    with duckdb.connect() as connection:
        for side, store, run in zip("ab", stores, names, strict=True):
            connection.execute(
                f"ATTACH '{store / 'runs' / str(run) / 'evidence.duckdb'}' AS {side} (READ_ONLY)"
            )
        tables = {
            side: {
                name
                for (name,) in connection.execute(
                    "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND table_name <> 'meta'",
                    [side],
                ).fetchall()
            }
            for side in "ab"
        }
        if tables["a"] != tables["b"]:
            return [*found, "the tables"]
        for name in sorted(tables["a"]):
            table = identifier(name)
            counts = connection.execute(
                f"SELECT (SELECT count(*) FROM a.{table}), (SELECT count(*) FROM b.{table}),"
                f" (SELECT count(*) FROM (FROM a.{table} EXCEPT ALL FROM b.{table}))"
            ).fetchone()
            if counts is None or counts[0] != counts[1] or counts[2]:
                found.append(f"table {name}: {counts} rows of the one, of the other, and in the one only")
        rows = sum(
            connection.execute(f"SELECT count(*) FROM a.{identifier(name)}").fetchall()[0][0]
            for name in tables["a"]
        )
    print(f"{rows:,} rows in {len(tables['a'])} tables compared")
    return found


def shards_of(review: Path) -> list[Path]:
    """The finished shards of a review's run."""
    return [
        path
        for path in review.parent.glob(f"*.review/{CACHE}/*/*")
        if path.is_dir() and not path.name.startswith(".")
    ]


def environment() -> dict[str, str]:
    """One thread each, so that workers are compared and not threads."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def told(took: Watched) -> dict[str, float | int]:
    return {"wall_s": took.wall_s, "cpu_s": took.cpu_s, "peak_mb": took.peak_mb, "status": took.status}


def _texts(review: Path) -> int:
    return sum(len(path.read_text("utf-8").splitlines()) for path in review.parent.glob("*.jsonl"))


def _is_worker(pid: int) -> bool:
    """Whether a child computes shards: others are the sandbox of predicates, or track resources."""
    try:
        return b"multiprocessing.spawn" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.at_size", description=__doc__)
    parser.add_argument("what", choices=("models", "whole", "killed", "equal", "workers"))
    parser.add_argument("--data", type=Path, help="folder with clinc150.jsonl")
    parser.add_argument("--encoder", type=Path, help="a Transformers folder of all-MiniLM-L6-v2")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--texts", type=int, help="all 23,700 without it")
    options = parser.parse_args(given)
    kept_file = options.work / KEPT
    kept = json.loads(kept_file.read_text("utf-8")) if kept_file.exists() else {}
    if options.what == "models":
        models(options.data, options.encoder, options.work)
        return 0
    if options.what == "equal":
        found = different(options.work)
        print("\n".join(found) or "equal: every row of every table, and the name of the run")
        return 1 if found else 0
    if options.what == "whole":
        kept["whole"] = whole(options.data, options.work, options.texts)
    elif options.what == "killed":
        kept["killed"] = killed(options.data, options.work, options.texts, kept["whole"]["shards"])
    else:
        results = workers(options.data, options.work, options.texts)
        kept["workers"] = [one.as_dict() for one in results]
    kept_file.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    print(json.dumps(kept[options.what], indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
