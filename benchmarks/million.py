"""A finished review with a million examples: its size, its first paint, and what a reader waits for.

Models would take days, so a run of a thousand recorded messages is made by the product and written again a thousand
times under other refs, with attributions of two methods and both sides beside each; it is published as any run is.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from analysis.base.sql import identifier, quote
from analysis.store.run import create_store, current_run, publish
from benchmarks.growth import write_review
from benchmarks.measure import Result
from benchmarks.terminal import Console

SOURCE = 1_000
COPIES = 1_000
ROUNDS = 5
METHODS = ("lrp", "occlusion")
WORDS = 9
"""Words of a message that its attributions score, as short messages have."""
AGGREGATE = """
SELECT m.slice, s.side, count(*), avg(s.correct::INTEGER), avg(s.p)
FROM evidence.membership m JOIN evidence.intent_side s USING (ref) WHERE m.slice = ? GROUP BY ALL
"""


def enlarge(store: Path, folder: Path, copies: int) -> Path:
    """A store in `folder` with the run of another, so many times over.

    Args:
        store: whose run in force is of an intent track with recorded predictions.
        folder: of the new one.
        copies: of each example and of what belongs to it; what is of the whole run stands once.
    """
    from analysis.base.sql import sql_text
    from analysis.plugin.registry import get
    from analysis.store.run import SCHEMA

    run = store / "runs" / current_run(store)
    description = json.loads((run / "run.json").read_text("utf-8"))
    schemas = [sql_text(SCHEMA, "evidence.sql"), get("intent").schema()]
    with duckdb.connect(str(folder / "workbench.duckdb")) as workbench:
        for schema in schemas:
            workbench.execute(schema)
        workbench.execute(f"ATTACH {quote(run / 'evidence.duckdb')} AS one (READ_ONLY)")
        tables = [
            name
            for (name,) in workbench.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = 'one' AND table_name <> 'meta'"
            ).fetchall()
        ]
        # What the queue holds is as large as before: a reviewer has no more time.
        once = {"flag", "known_answer", "cause_member", "taught"}
        for name in tables:
            table = identifier(name)
            columns = [row[0] for row in workbench.execute(f"DESCRIBE one.{table}").fetchall()]
            if name == "metadata_intent":
                workbench.execute(f"CREATE TABLE {table} AS FROM one.{table} LIMIT 0")
            if "ref" not in columns or name in once:
                workbench.execute(f"INSERT INTO {table} BY NAME FROM one.{table}")
                continue
            changed = {"ref": _renumbered("ref"), "id": _renumbered("id")}
            if name in ("cluster", "contested"):
                changed["cluster"] = _renumbered("cluster")
            listed = ", ".join(
                f"{changed[column]} AS {identifier(column)}" if column in changed else identifier(column)
                for column in columns
            )
            workbench.execute(
                f"INSERT INTO {table} BY NAME SELECT {listed} FROM one.{table}, range(?) t(copy)", [copies]
            )
        workbench.execute("UPDATE slice SET n = n * ?", [copies])
        for method in METHODS:
            workbench.execute(
                "INSERT INTO attribution BY NAME SELECT s.ref, s.side, $method AS method, s.label AS target,"
                " list_transform(range($words), i -> (6 * i)::INTEGER) AS starts,"
                " list_transform(range($words), i -> (6 * i + 5)::INTEGER) AS ends,"
                " list_transform(range($words), i -> (hash(s.ref, s.side, i) % 2000 / 1000.0 - 1)::FLOAT) AS scores,"
                " 'ok' AS status, '' AS why, '' AS parameters FROM intent_side s",
                {"method": method, "words": WORDS},
            )
        made = create_store(folder / "million.review")
        description["determined_by"]["copies"] = copies
        publish(made, workbench, description, schemas=schemas)
    (folder / "workbench.duckdb").unlink()
    return made


def _renumbered(column: str) -> str:
    """The first copy keeps its name, so that queue and causes point at it."""
    name = identifier(column)
    return f"CASE WHEN copy = 0 THEN {name} ELSE {name} || '-' || copy END"


def run(copies: int = COPIES) -> list[Result]:
    from analysis.review.scope import Scope
    from analysis.review.session import ReviewSession
    from analysis.run.pipeline import analyze

    with tempfile.TemporaryDirectory() as root:
        (Path(root) / "small").mkdir()
        small = analyze(write_review(Path(root) / "small", SOURCE)).store
        store = enlarge(small, Path(root), copies)
        examples = SOURCE * copies
        size = (store / "runs" / current_run(store) / "evidence.duckdb").stat().st_size / 2**20
        painted = []
        for _ in range(ROUNDS):
            with Console(store) as console:
                painted.append(console.painted_s)
        with ReviewSession.open(store, read_only=True) as session:
            refs = [f"intent/message:m{17 * number}-{copies // 2}" for number in range(ROUNDS)]
            refs = refs if copies > 1 else [row.ref for row in session.queue_page(Scope(), 0, ROUNDS)]
            # What is loaded for the first one is no part of it.
            session.example(refs[-1])
            fetched = [_ms(lambda ref=ref: session.example(ref)) for ref in refs]  # type: ignore[misc]
            summed = [
                _ms(lambda: session.connection.execute(AGGREGATE, ["channel=phone"]).fetchall())
                for _ in range(ROUNDS)
            ]
        overviews = []
        for _ in range(ROUNDS):
            with ReviewSession.open(store, read_only=True) as session:
                overviews.append(_ms(lambda: (session.overview(), session.gates(), session.slices())))
    of = f"{examples:,} examples"
    return [
        Result(f"`assay review` to its first screen, {of}", statistics.median(painted), "s", target="0.7 s"),
        Result(f"fetch one example, {of}", statistics.median(fetched), "ms", target="2 ms"),
        Result(f"slice aggregate, {of}", statistics.median(summed), "ms", target="30 ms"),
        Result(f"whole Overview, {of}", statistics.median(overviews), "ms", target="150 ms"),
        Result(
            "store size per million short examples, two sides, two methods",
            size * 1_000_000 / examples, "MB", target="400 MB",
        ),
    ]  # fmt: skip


def _ms(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000
