"""Every named query of the frame binds against the schemas that it reads, and the database can plan it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from analysis.base.records import QueueEntry
from analysis.base.sql import queries, records, sql_text, without_pandas
from analysis.plugin.registry import get, track_names
from analysis.review import scope as scopes
from analysis.store.packed import gathered_tables, pack, show_tables
from analysis.store.replay import create_event_tables
from analysis.store.run import SCHEMA, create_evidence_tables

ROOT = Path(__file__).parents[2] / "analysis"
FRAME = ("attribution", "plugin", "report", "review", "run", "store")
FILES = sorted(
    path.relative_to(ROOT)
    for name in FRAME
    for path in (ROOT / name).rglob("*.sql")
    if path.parent.name != "schema"
)
FRAGMENTS = {
    "analysis.store/shown.sql": ("one", "some"),
    "analysis.review/scope.sql": (
        "of_track",
        "of_slice",
        "of_slice_and_track",
        "of_gate",
        "of_reason",
        "containing",
        "undecided",
        "of_part",
        "of_must",
    ),
}
"""Conditions that stand in other queries."""
READ_OF_PACKED = ("packed_tables", "types", "row", "columns", "here")
"""Of the queries about packed tables those that are whole; of the others every run is made, part by part."""
PLACES = {
    "{match}": "ref_key IN (SELECT unnest($keys::INTEGER[]))",
    "{table}": "intent_variant",
    "{source}": "SELECT ref_key, rank AS place FROM queue",
    "{rows}": "SELECT * FROM intent_variant",
    "{conditions}": "true",
    "{database}": "evidence",
    "{order}": "t.ref",
    "{page}": "256",
    "{scoped}": "SELECT ref_key, rank AS place FROM queue",
}
TABLES = {
    ("analysis.attribution/licences.sql", "licences"): {"{source}": "intent_licensed"},
    ("analysis.store/run.sql", "copy"): {"{table}": "queue"},
    ("analysis.attribution/interventions.sql", "interventions"): {"{source}": "intent_intervention"},
}
LISTS = ("refs", "slices", "tracks", "mains", "kinds", "digests", "streams")
NUMBERS = ("seq", "key", "place", "limit", "offset", "start", "end", "required")


def parameters(sql: str) -> dict[str, object]:
    """A value for each parameter of a query, of the type that it is given."""
    found: dict[str, object] = {}
    for name in re.findall(r"\$([a-z_]+)", sql):
        if name in LISTS:
            found[name] = ["x"]
        elif name in NUMBERS:
            found[name] = 1
        elif name in ("everybody", "merged"):
            found[name] = True
        elif name in ("keys", "numbers"):
            found[name] = [1]
        elif name == "body":
            found[name] = '{"base": "right", "candidate": "wrong"}'
        elif name == "lines":
            found[name] = "[]"
        elif name == "types":
            found[name] = '[{"stream_id": "VARCHAR"}]'
        else:
            found[name] = "x"
    return found


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A session's tables with an empty run attached, and the workbench's tables beside them; only to be read."""
    with duckdb.connect(":memory:") as opened:
        for where in ("evidence", "publication", "memory"):
            if where != "memory":
                opened.execute(f"ATTACH ':memory:' AS {where}")
            opened.execute(f"USE {where}")
            schemas = [sql_text(SCHEMA, "evidence.sql"), *(get(name).schema() for name in track_names())]
            if where == "memory":
                for schema in schemas:
                    opened.execute(schema)
            else:
                create_evidence_tables(opened, schemas)
                gathered = gathered_tables(opened, where, [], where)
                pack(opened, where, where, gathered)
                if where == "evidence":
                    show_tables(opened, gathered)
        create_event_tables(opened)
        scopes.prepare(opened)
        scopes.make_searchable(opened)
        yield opened


CASES = [
    (f"analysis.{'.'.join(path.parts[:-1])}", path.name, name)
    for path in FILES
    for name in queries(f"analysis.{'.'.join(path.parts[:-1])}", path.name)
    if path.name != "packed.sql" or name in READ_OF_PACKED
]


@pytest.mark.parametrize(("package", "file", "name"), CASES, ids=lambda one: one)
def test_a_query_binds_and_can_be_planned(
    connection: duckdb.DuckDBPyConnection, package: str, file: str, name: str
) -> None:
    sql = queries(package, file)[name]
    where = f"{package}/{file}"
    if name in FRAGMENTS.get(where, ()):
        sql = f"SELECT * FROM (SELECT ref_key, rank AS place FROM queue) b WHERE {sql}"
    for place, text in {**PLACES, **TABLES.get((where, name), {})}.items():
        sql = sql.replace(place, text)
    if name == "tables" and file == "session.sql":
        assert connection.execute("SELECT count(*) FROM queue").fetchone() == (0,)
        return
    given: object = parameters(sql)
    if "?" in sql:
        given = ["x", 1, 1, *["x"] * 13, True]
    assert connection.execute(f"EXPLAIN {sql}", given).fetchall()


def test_rows_fit_the_fields_of_a_record_or_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    swapped = (
        "SELECT ['all'] AS critical_slices, ['flip'] AS reasons, $rank AS rank, 'r' AS ref, true AS known, "
        "false AS control"
    )
    assert records(connection, QueueEntry, swapped, {"rank": 3}) == [
        QueueEntry("r", 3, False, True, ("flip",), ("all",))
    ]
    nothing = "SELECT 'r' AS ref, 1 AS rank, false AS control, false AS known, NULL AS reasons, NULL AS critical_slices"
    assert records(connection, QueueEntry, nothing)[0].reasons == ()
    with pytest.raises(ValueError, match="QueueEntry has the fields"):
        records(connection, QueueEntry, "SELECT 1 AS ref")


def test_a_file_without_queries_or_with_two_of_one_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_queries"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "twice.sql").write_text("-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n", "utf-8")
    (package / "good.sql").write_text(
        "-- About all.\n-- name: one\n-- Why.\nSELECT 1\n\n-- name: two\nSELECT 2\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("twice.sql", "missing.sql"):
        with pytest.raises(ValueError, match="holds no queries, or two of one name"):
            queries("some_queries", name)
    assert queries("some_queries", "good.sql") == {"one": "-- Why.\nSELECT 1", "two": "SELECT 2"}


def test_every_file_of_queries_is_read_by_the_module_beside_it() -> None:
    assert len(FILES) >= 10
    for path in FILES:
        modules = "".join(one.read_text("utf-8") for one in (ROOT / path.parent).glob("*.py"))
        assert f'"{path.name}")' in modules, path


def test_every_query_is_asked_for() -> None:
    for package, file, name in CASES:
        folder = ROOT.joinpath(*package.split(".")[1:])
        text = "".join(one.read_text("utf-8") for one in folder.glob("*.py"))
        assert re.search(rf"[\"']{name}[\"']", text), f"{package}/{file}: {name}"


def test_what_people_said_is_in_no_view_that_nothing_reads() -> None:
    schema = sql_text(SCHEMA, "events.sql")
    files = [*ROOT.rglob("*.sql"), *ROOT.rglob("*.py")]
    texts = [schema, *(path.read_text("utf-8") for path in files if path.name != "events.sql")]
    made = re.findall(r"^CREATE (?:VIEW|MACRO|TABLE) (\w+)", schema, re.MULTILINE)
    assert made
    # Each is bound whenever a review is opened, whether it is read or not.
    unread = [
        name
        for name in made
        if not any(re.search(rf"(?:FROM|JOIN|INTO) {name}\b|\b{name}\(.*\)", text) for text in texts)
    ]
    assert unread == []


@pytest.mark.skipif(find_spec("pandas") is not None, reason="pandas is installed")
def test_pandas_that_is_missing_is_not_looked_for_with_every_value(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    search = PathFinder.find_spec

    def listed(name: str, *more: object) -> object:
        asked.append(name)
        return search(name, *more)  # type: ignore[arg-type]

    finders = [one for one in sys.meta_path if not (isinstance(one, type) and issubclass(one, PathFinder))]
    monkeypatch.setattr(sys, "meta_path", [*finders, PathFinder])
    monkeypatch.setattr(PathFinder, "find_spec", listed)
    with duckdb.connect() as opened:
        opened.execute("SELECT $given", {"given": "a"}).fetchall()
        assert "pandas" in asked
        without_pandas()
        asked.clear()
        opened.execute("SELECT $given", {"given": ["a", "b"]}).fetchall()
    assert asked == []
    # Whoever else looks for it is told what they were told before.
    assert find_spec("pandas") is None
    assert "pandas" not in sys.modules
    with pytest.raises(ModuleNotFoundError, match="No module named 'pandas'"):
        __import__("pandas")
    assert find_spec("this") is not None
