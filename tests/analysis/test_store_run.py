"""Runs: whole or not at all, named by what determined them, private, and told when damaged."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.base.errors import AssayError
from analysis.base.sql import sql_text
from analysis.review.session import ReviewSession
from analysis.store.files import safe_name
from analysis.store.keys import ref_key, ref_keys
from analysis.store.run import (
    FORMAT,
    PUBLISHED,
    SCHEMA,
    attach,
    create_store,
    current_run,
    open_store,
    publish,
    read_description,
    run_exists,
    run_id,
    verify_evidence,
)
from tests.analysis.store_fixture import publish_review, unlock

EVIDENCE = sql_text(SCHEMA, "evidence.sql")


def describe(seed: float = 0) -> dict[str, Any]:
    """The least that a run says of itself."""
    return {"determined_by": {"seed": seed}}


def workbench() -> duckdb.DuckDBPyConnection:
    """The tables of a run without a row."""
    connection = duckdb.connect(":memory:")
    connection.execute(EVIDENCE)
    return connection


def runs(store: Path) -> set[str]:
    """The runs that are there."""
    return {path.parent.name for path in (store / "runs").glob("*/run.json")}


def test_a_run_is_published_whole_and_sorted(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    run = current_run(store)
    assert run == run_id(read_description(store, run))
    assert runs(store) == {run}
    assert sorted(path.name for path in (store / "runs" / run).iterdir()) == ["evidence.duckdb", "run.json"]
    connection = duckdb.connect(":memory:")
    attach(connection, store, run)
    refs = [row[0] for row in connection.execute("SELECT ref FROM evidence.example").fetchall()]
    assert refs == sorted(refs)
    assert len(refs) > 30
    flipped = "SELECT count(*) FROM evidence.intent_pair WHERE flipped AND kind = 'message'"
    assert connection.execute(flipped).fetchone() == (8,)
    assert connection.execute("SELECT channel FROM evidence.metadata_intent LIMIT 1").fetchone() == ("web",)
    meta = dict(connection.execute("SELECT key, value FROM evidence.meta").fetchall())
    described = json.loads(meta.pop("description"))
    assert meta == {"format": str(FORMAT), "run": run, "created_by": "assay"}
    description = read_description(store, run)
    assert described == {key: value for key, value in description.items() if key not in PUBLISHED}
    with pytest.raises(duckdb.Error):
        connection.execute("DELETE FROM evidence.example")
    verify_evidence(store, run)


def test_every_row_of_an_example_has_the_number_of_its_ref(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    with duckdb.connect(":memory:") as connection:
        attach(connection, store, current_run(store))
        numbers = connection.execute("SELECT ref, ref_key FROM evidence.example").fetchall()
        assert [key for _, key in numbers] == list(range(len(numbers)))
        assert {ref: ref_key(connection, ref) for ref, _ in numbers[::7]} == dict(numbers[::7])
        assert ref_key(connection, "intent/message:none") is None
        refs = [ref for ref, _ in numbers]
        assert ref_keys(connection, (refs[3], "intent/message:none", refs[1])) == (3, 1)
        tables = connection.execute(
            "SELECT table_name FROM duckdb_columns() WHERE database_name = 'evidence' AND column_name = 'ref' "
            "AND table_name IN (SELECT table_name FROM duckdb_tables())"
        ).fetchall()
        assert len(tables) > 10
        for (table,) in tables:
            rows = connection.execute(f"SELECT ref, ref_key FROM evidence.{table}").fetchall()
            assert [key for _, key in rows] == sorted(dict(numbers)[ref] for ref, _ in rows), table


def test_run_json_is_canonical_and_holds_the_digest_of_the_evidence(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    run = current_run(store)
    description = read_description(store, run)
    assert description["run"] == run
    assert description["evidence_bytes"] == (store / "runs" / run / "evidence.duckdb").stat().st_size
    text = (store / "runs" / run / "run.json").read_text("utf-8")
    assert (
        text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    )


def test_the_evidence_file_is_of_the_oldest_storage_version_that_serves(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    header = (store / "runs" / current_run(store) / "evidence.duckdb").read_bytes()[:64]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 68, "storage version of 1.5.0"


def test_the_same_run_is_not_written_again(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    path = store / "runs" / current_run(store) / "evidence.duckdb"
    before = path.stat()
    publish_review(tmp_path / "r.review")
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino
    assert publish(store, None, read_description(store, current_run(store))) == current_run(store)


def test_another_run_takes_over_and_an_earlier_one_comes_back(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    first = current_run(store)
    second = publish(store, workbench(), describe(), schemas=[EVIDENCE])
    assert current_run(store) == second != first
    assert runs(store) == {first, second}
    publish(store, None, read_description(store, first))
    assert current_run(store) == first
    assert run_exists(store, second)
    assert not run_exists(store, "../" + second)


def test_a_run_that_does_not_exist_cannot_be_put_in_force(tmp_path: Path) -> None:
    store = create_store(tmp_path / "r.review")
    with pytest.raises(AssayError, match="no run"):
        publish(store, None, describe())
    with pytest.raises(AssayError, match="no run yet"):
        current_run(store)


def test_rows_that_break_the_schema_leave_nothing_behind(tmp_path: Path) -> None:
    store, bench = create_store(tmp_path / "r.review"), workbench()
    bench.execute("CREATE OR REPLACE TABLE flag AS SELECT 'x' AS ref, NULL AS reason, NULL AS control")
    with pytest.raises(AssayError, match="cannot publish"):
        publish(store, bench, describe(), schemas=[EVIDENCE])
    assert [path.name for path in (store / "runs").iterdir()] == [".lock"]
    assert bench.execute("SELECT count(*) FROM example").fetchone() == (0,), "the workbench goes on"
    with pytest.raises(AssayError, match="no run yet"):
        current_run(store)


def test_what_a_killed_publish_left_is_cleared_and_never_seen(tmp_path: Path) -> None:
    store = create_store(tmp_path / "r.review")
    left = store / "runs" / ".tmp-0123456789ab-dead"
    left.mkdir()
    (left / "evidence.duckdb").write_bytes(b"half")
    assert not run_exists(store, left.name)
    run = publish(store, workbench(), describe(), schemas=[EVIDENCE])
    assert not left.exists()
    assert run_exists(store, run)


def test_a_description_without_canonical_form_is_refused(tmp_path: Path) -> None:
    store = create_store(tmp_path / "r.review")
    with pytest.raises(AssayError, match="no canonical form"):
        publish(store, workbench(), describe(seed=float("nan")), schemas=[EVIDENCE])


def test_everything_is_private_whatever_the_umask(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.umask(0); "
        "from pathlib import Path; from tests.analysis.store_fixture import publish_review, unlock, ref_of; "
        "from analysis.review.scope import Scope; from analysis.review.session import ReviewSession; "
        "store = publish_review(Path(sys.argv[1])); session = ReviewSession.open(store); "
        "session.verdict(ref_of(0), 'unsure'); session.save_draft(ref_of(1), 'half'); "
        "session.bookmark(ref_of(1), Scope()); session.close()"
    )
    store = tmp_path / "r.review"
    subprocess.run([sys.executable, "-c", code, str(store)], check=True, cwd=Path(__file__).parents[2])
    found = [store, *store.rglob("*")]
    assert any(path.suffix == ".jsonl" for path in found)
    assert (store / "ledger.duckdb").exists()
    for path in found:
        expected = 0o700 if path.is_dir() else 0o600
        if path.is_relative_to(store / "runs" / current_run(store)):
            expected &= ~0o200
        assert stat.S_IMODE(path.lstat().st_mode) == expected, path


@pytest.mark.parametrize("size", [0, 1, 4096, 200_000])
def test_truncated_evidence_is_told(tmp_path: Path, size: int) -> None:
    store = unlock(publish_review(tmp_path / "r.review"))
    run = current_run(store)
    os.truncate(store / "runs" / run / "evidence.duckdb", size)
    with pytest.raises(AssayError, match="damaged"):
        attach(duckdb.connect(":memory:"), store, run)


def test_flipped_bits_in_the_evidence_are_told_or_harmless(tmp_path: Path) -> None:
    """DuckDB checks a block when it reads it; the digest finds a flip anywhere."""
    store = unlock(publish_review(tmp_path / "r.review"))
    run = current_run(store)
    path = store / "runs" / run / "evidence.duckdb"
    whole = path.read_bytes()
    query = "SELECT count(*), sum(hash(e)) FROM evidence.example e"
    connection = duckdb.connect(":memory:")
    attach(connection, store, run)
    truth = connection.execute(query).fetchone()
    connection.close()
    for place in range(17, len(whole), len(whole) // 12):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(AssayError, match="changed since"):
            verify_evidence(store, run)
        connection = duckdb.connect(":memory:")
        with connection, suppress(AssayError, duckdb.Error):
            attach(connection, store, run)
            assert connection.execute(query).fetchone() == truth


def test_a_changed_description_is_told(tmp_path: Path) -> None:
    store = unlock(publish_review(tmp_path / "r.review"))
    path = store / "runs" / current_run(store) / "run.json"
    path.write_text(path.read_text().replace('"seed":48', '"seed":49'))
    with pytest.raises(AssayError, match="it was changed"):
        read_description(store, current_run(store))
    path.write_text("[" * 100_000)
    with pytest.raises(AssayError, match="damaged"):
        read_description(store, current_run(store))


def test_no_part_of_a_description_can_be_changed_unseen(tmp_path: Path) -> None:
    """Gates are judged by what it says: whatever is left out, emptied or of another type is told."""
    store = unlock(publish_review(tmp_path / "r.review"))
    path = store / "runs" / current_run(store) / "run.json"
    whole = json.loads(path.read_text("utf-8"))
    for key, value in whole.items():
        without = {name: one for name, one in whole.items() if name != key}
        changed = [None, 3, "x", ["x"], {"x": 1}, type(value)()]
        for description in (without, *({**whole, key: one} for one in changed if one != value)):
            path.write_text(json.dumps(description), "utf-8")
            with pytest.raises(AssayError), ReviewSession.open(store, read_only=True) as session:
                session.check_evidence()
    whole["gate_settings"]["intent"]["alpha"] = {}
    path.write_text(json.dumps(whole), "utf-8")
    with pytest.raises(AssayError, match="not that of the evidence beside it"):
        ReviewSession.open(store, read_only=True)


def test_what_was_written_beside_the_evidence_is_told(tmp_path: Path) -> None:
    """DuckDB reads a log of writes with a database, and follows a link: the digest would be of another content."""
    store = unlock(publish_review(tmp_path / "r.review"))
    run = current_run(store)
    evidence = store / "runs" / run / "evidence.duckdb"
    evidence.parent.chmod(0o700)
    log = evidence.with_name("evidence.duckdb.wal")
    log.touch()
    for read in (verify_evidence, lambda *of: attach(duckdb.connect(":memory:"), *of)):
        with pytest.raises(AssayError, match="log of writes"):
            read(store, run)
    log.unlink()
    evidence.rename(tmp_path / "elsewhere.duckdb")
    evidence.symlink_to(tmp_path / "elsewhere.duckdb")
    for read in (verify_evidence, lambda *of: attach(duckdb.connect(":memory:"), *of)):
        with pytest.raises(AssayError, match="is a link"):
            read(store, run)


@pytest.mark.parametrize("run", ["../../etc", "", "0123456789ab", "x" * 12, "0123456789ab\n"])
def test_only_the_name_of_a_run_opens_one(tmp_path: Path, run: str) -> None:
    store = create_store(tmp_path / "r.review")
    with pytest.raises(AssayError, match="no run"):
        attach(duckdb.connect(":memory:"), store, run)


def test_folders_that_are_no_store_are_told_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="no such store"):
        open_store(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(AssayError, match="not a folder"):
        open_store(tmp_path / "file")
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("x")
    with pytest.raises(AssayError, match="not a review's store"):
        open_store(full)
    with pytest.raises(AssayError, match="not empty"):
        create_store(full)
    assert [path.name for path in full.iterdir()] == ["mine.txt"]


def test_a_store_of_another_version_is_told(tmp_path: Path) -> None:
    store = create_store(tmp_path / "r.review")
    for version in (1, 2, FORMAT + 1):
        (store / "store.json").write_text(json.dumps({"format": version}))
        with pytest.raises(AssayError) as told:
            open_store(store)
        assert told.value.message == (
            f"this store was made by another version: it has format {version}, this program reads {FORMAT}"
        )
        assert told.value.hint == "open it with the version of Assay that made it"
        with pytest.raises(AssayError, match="another version"):
            ReviewSession.open(store)
    (store / "store.json").write_text("{}")
    with pytest.raises(AssayError, match="damaged"):
        open_store(store)


def test_a_link_is_not_taken_for_a_part_of_the_store(tmp_path: Path) -> None:
    store = create_store(tmp_path / "r.review")
    (store / "cache").rmdir()
    (store / "cache").symlink_to(tmp_path)
    with pytest.raises(AssayError, match="link"):
        create_store(store)
    secret = tmp_path / "secret"
    secret.write_text("0123456789ab")
    (store / "current").symlink_to(secret)
    with pytest.raises(AssayError):
        current_run(store)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "../../x", "a/b", "a\0b", "ä ö", "-rf", "x" * 5000, "\ud800", "a\nb", ".hidden", "%00"],
)
def test_any_text_becomes_a_harmless_file_name(text: str, tmp_path: Path) -> None:
    name = safe_name(text)
    assert 0 < len(name) <= 80
    assert not name.startswith(".")
    assert "/" not in name
    (tmp_path / name).write_text("x")
    assert (tmp_path / name).parent == tmp_path


def test_different_texts_have_different_file_names() -> None:
    texts = ["a", "A", "a/b", "a%2Fb", "", "%00", "x" * 100, "x" * 101, ".", "%2E"]
    assert len({safe_name(text) for text in texts}) == len(texts)


def test_every_schema_file_is_packaged() -> None:
    folder = Path(__file__).parents[2] / "analysis" / "store" / "schema"
    assert {path.name for path in folder.glob("*.sql")} == {"evidence.sql", "events.sql"}
