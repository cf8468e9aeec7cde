"""What is gathered into one row for each example reads as the tables did that it came from."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from analysis.attribution.stored_scores import in_steps
from analysis.base.errors import AssayError
from analysis.base.sql import sql_text
from analysis.plugin.registry import get
from analysis.review.session import ReviewSession
from analysis.run.pipeline import insert_arrow
from analysis.store import packed
from analysis.store.keys import ref_key, ref_keys, slices_of
from analysis.store.packed import GROUP_ROWS, PAGE, attributions_in, packed_row, sides_in
from analysis.store.run import SCHEMA, attach, create_store, current_run, publish
from analysis.store.shown import shown_digests
from tests.analysis.store_fixture import publish_review, ref_of

MESSAGES = 3 * PAGE + 5
DESCRIPTION = {"determined_by": {"seed": 0}, "tracks": ["intent"]}
SCHEMAS = (sql_text(SCHEMA, "evidence.sql"), get("intent").schema())
TABLES = ("example", "membership", "intent_side", "intent_shift", "attribution", "metadata_intent")


@pytest.fixture
def workbench() -> Iterator[duckdb.DuckDBPyConnection]:
    """Messages with what both sides say of them; one in three is explained, one in five has no metadata."""
    draw = random.Random(3)
    refs = [f"intent/message:m{number * 7919 % MESSAGES:04}" for number in range(MESSAGES)]
    with duckdb.connect(":memory:") as made:
        for schema in SCHEMAS:
            made.execute(schema)
        made.execute(
            "CREATE TEMP TABLE named AS SELECT unnest($refs) AS ref, unnest(range(len($refs))) AS n",
            {"refs": refs},
        )
        made.execute(_FILL)
        made.execute(
            "INSERT INTO intent_side SELECT ref, side, 'a', p, 'b', NULL, p, p, true, [1.5, -0.25] FROM ("
            "SELECT ref, unnest(['base', 'candidate']) AS side, round(random(), 6) AS p FROM named)"
        )
        said = [one for ref in refs[::3] for one in _explained(ref, draw)]
        insert_arrow(made, "attribution", pa.Table.from_pylist(said))
        yield made


_FILL = """
INSERT INTO example SELECT ref, 'intent', 'message', ref[-5:], NULL, 'text ' || n, 'a', sha256(ref) FROM named;
INSERT INTO membership
SELECT 'all', 'intent', ref FROM named UNION ALL SELECT 'some', 'intent', ref FROM named WHERE n % 4 = 0;
CREATE TABLE metadata_intent AS SELECT ref, 'web' AS channel, 3 AS side, ['x', 'y'] AS tags FROM named WHERE n % 5 > 0;
INSERT INTO intent_shift SELECT ref, [0.25, 1.0] FROM named WHERE n % 6 > 0
"""


def _explained(ref: str, draw: random.Random) -> Iterator[dict[str, object]]:
    """Attributions of both sides by two methods; the candidate reads one word less."""
    for side, words in (("base", 4), ("candidate", 3)):
        for method in ("lrp", "occlusion"):
            size = 10.0 ** draw.randint(-6, 3)
            scores = in_steps(np.array([draw.gauss(0, size) for _ in range(words)], dtype=np.float32))
            yield {
                "ref": ref,
                "side": side,
                "method": method,
                "target": "a",
                "starts": [5 * word for word in range(words)],
                "ends": [5 * word + 3 for word in range(words)],
                "scores": scores.tolist(),
                "completeness_delta": 0.5,
                "status": "ok",
                "why": "",
                "parameters": "{}",
            }


def _rows(connection: duckdb.DuckDBPyConnection, table: str, database: str) -> list[tuple[object, ...]]:
    found = connection.execute(f"SELECT * FROM {database}.{table} LIMIT 0").description or []
    columns = ", ".join(f'"{one[0]}"' for one in found if one[0] != "ref_key")
    return connection.execute(f"SELECT {columns} FROM {database}.{table} ORDER BY ALL").fetchall()


@pytest.fixture(params=[GROUP_ROWS, 100], ids=["at once", "in parts"])
def connection(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    workbench: duckdb.DuckDBPyConnection,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A published run, attached; so many examples of it were packed at a time."""
    monkeypatch.setattr(packed, "GROUP_ROWS", request.param)
    store = create_store(tmp_path / "r.review")
    run = publish(store, workbench, DESCRIPTION, schemas=SCHEMAS)
    with duckdb.connect(":memory:") as opened:
        attach(opened, store, run)
        yield opened


def test_every_table_reads_as_it_was(
    workbench: duckdb.DuckDBPyConnection, connection: duckdb.DuckDBPyConnection
) -> None:
    for table in TABLES:
        before = _rows(workbench, table, "memory")
        assert _rows(connection, table, "evidence") == before, table
        assert len(before) > MESSAGES // 4
    explained = "SELECT len(word_places), len(attribution) FROM evidence.packed WHERE attribution IS NOT NULL"
    assert set(connection.execute(explained).fetchall()) == {(2, 4)}, "words stand once, however many methods"
    assert connection.execute("SELECT count(DISTINCT slice_set) FROM evidence.slice_set").fetchone() == (2,)


def test_a_ref_finds_its_row(connection: duckdb.DuckDBPyConnection) -> None:
    for number in (0, PAGE - 1, PAGE, 2 * PAGE + 17, MESSAGES - 1):
        ref = f"intent/message:m{number:04}"
        assert ref_key(connection, ref) == number
        row = packed_row(connection, number)
        assert row is not None
        assert row["ref"] == ref
        sides = [tuple(one.values()) for one in sides_in(row, "intent_side")]
        asked = f"SELECT * EXCLUDE (ref_key) FROM evidence.intent_side WHERE ref = '{ref}'"
        assert sides == connection.execute(asked).fetchall()
        asked = f"SELECT * EXCLUDE (ref_key) FROM evidence.attribution WHERE ref = '{ref}'"
        scored = [tuple(asdict(one).values()) for one in attributions_in(row)]
        assert scored == connection.execute(asked).fetchall()
        asked = f"SELECT slice FROM evidence.membership WHERE ref = '{ref}' ORDER BY slice"
        assert [(name,) for name in slices_of(connection, number, "intent")] == connection.execute(
            asked
        ).fetchall()
    for unknown in ("intent/", "intent/message:m0300x", "zzz"):
        assert ref_key(connection, unknown) is None
    assert ref_keys(connection, ("intent/message:m0007", "zzz")) == (7,)
    assert slices_of(connection, None, "intent") == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "UPDATE intent_shift SET ref = 'intent/message:none' WHERE ref = 'intent/message:m0001'",
            "no example",
        ),
        ("INSERT INTO intent_side FROM (SELECT * FROM intent_side LIMIT 1)", "cannot publish"),
        ("CREATE OR REPLACE TABLE intent_shift AS SELECT ref, NULL::FLOAT[] AS cosine FROM example", "lack"),
    ],
    ids=["of no example", "twice", "without a value"],
)
def test_rows_that_have_no_place_are_refused(
    tmp_path: Path, workbench: duckdb.DuckDBPyConnection, change: str, told: str
) -> None:
    store = create_store(tmp_path / "r.review")
    workbench.execute("DELETE FROM intent_shift WHERE ref <> 'intent/message:m0001'")
    workbench.execute(change)
    with pytest.raises(AssayError, match=told):
        publish(store, workbench, DESCRIPTION, schemas=SCHEMAS)
    assert [path.name for path in (store / "runs").iterdir()] == [".lock"]


def test_a_verdict_is_on_the_same_digest_however_it_was_read(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    with ReviewSession.open(store, "alice") as session:
        for number in (0, 5, 14):
            ref = ref_of(number)
            session.verdict(ref, "base")
            said = session.connection.execute(
                "SELECT body FROM event WHERE kind = 'verdict' AND ref = ? ORDER BY lamport DESC", [ref]
            ).fetchone()
            assert said is not None
            digest = json.loads(said[0])["evidence_sha256"]
            found = shown_digests(session.connection, session._tables, session._models, [ref, ref_of(20)])
            assert digest == found[ref] != found[ref_of(20)]
        assert session.run == current_run(store)
