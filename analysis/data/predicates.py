"""Boolean SQL over one table, and nothing else: the sandbox in which slice predicates run.

An in-memory database holds only the metadata; external access is off and the configuration locked.
The lock alone still lets subqueries, `current_setting()` and `1=1) or (1=1` through, so the
expression is parsed first and only plain expressions of listed functions are let in.

Most expressions are bounded by their own length and that of the texts. One that can make long values of short ones, or
look at a text in very many ways, runs in a process of its own with limits of memory and time: the database looks at
its own limits between batches only, and one row can take all there is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.limited import MEMORY_BYTES, LimitError, run_limited

TIMEOUT_S = 5.0
BATCH_S = 0.05
MAX_CHARACTERS = 10_000
MEMORY_LIMIT = "1GB"
CHILD = "analysis.data.predicate_child"

# fmt: off
_CLASSES = frozenset((
    "COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "FUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST",
    "LAMBDA",
))
_FUNCTIONS = frozenset(
    (
        "+", "-", "*", "/", "//", "%", "**", "^", "||", "&", "|", "<<", ">>", "~", "!", "@", "~~",
        "!~~", "~~*", "!~~*", "~~~", "^@", "abs", "add", "array_contains", "array_extract",
        "array_has", "array_has_all", "array_has_any", "array_length", "ascii", "bit_length",
        "ceil", "ceiling", "char_length", "character_length", "chr", "coalesce", "concat",
        "concat_ws", "contains", "date_diff", "date_part", "date_trunc", "datediff", "datepart",
        "datetrunc", "day", "dayofweek", "dayofyear", "divide", "ends_with", "epoch", "even", "exp",
        "floor", "fmod", "format", "get_bit", "greatest", "hash", "hour", "ifnull",
        "ilike_escape", "instr", "isfinite", "isinf", "isnan", "isodow",
        "json_array_length", "json_extract",
        "json_extract_string", "json_type", "lcase", "least", "left", "len", "length",
        "like_escape", "list_any_value", "list_contains", "list_count",
        "list_distinct", "list_element", "list_extract", "list_filter", "list_has", "list_has_all",
        "list_has_any", "list_max", "list_min", "list_position", "list_slice", "list_sort",
        "list_sum", "list_transform", "list_unique", "list_value", "ln", "log", "log10", "log2",
        "lower", "ltrim", "md5", "minute", "mod", "month", "multiply", "nfc_normalize",
        "not_ilike_escape", "not_like_escape", "nullif", "ord", "position", "pow", "power",
        "prefix", "quarter", "regexp_extract", "regexp_extract_all", "regexp_full_match",
        "regexp_matches", "regexp_replace", "regexp_split_to_array", "replace", "reverse", "right",
        "round", "row", "rtrim", "second", "sign", "split", "split_part", "sqrt",
        "starts_with", "str_split", "str_split_regex", "string_split", "string_split_regex",
        "strip_accents", "strlen", "strpos", "struct_extract", "struct_pack", "substr", "substring",
        "subtract", "suffix", "time_bucket", "translate", "trim", "trunc", "ucase", "unicode",
        "upper", "week", "weekday", "year",
    )
)
# fmt: on
# Left out on purpose: functions quadratic in the length of a text, and those whose business is to make long texts.
# fmt: off
_UNBOUNDED = frozenset((
    "replace", "regexp_replace", "concat", "concat_ws", "||", "format", "list_transform", "list_filter",
    "json_extract", "json_extract_string",
))
# fmt: on
"""Functions of which a few, one in the other, make values as long as one likes, or read them as deep."""
_PATTERNS = frozenset(("~~", "!~~", "~~*", "!~~*", "~~~", "like_escape", "ilike_escape", "not_like_escape",
                       "not_ilike_escape"))  # fmt: skip
_WILDCARDS = 2
"""With more of them a pattern may be tried at each combination of places in a text."""
# fmt: off
_SCALARS = frozenset((
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
    "INTERVAL",
))
# fmt: on
"""Types that a value may be read as; others have parts, and texts of any depth can be read as them."""


def evaluate_predicates(
    metadata: pa.Table,
    predicates: Mapping[str, str],
    where: str | Mapping[str, str],
    what: str = "the slice",
) -> dict[str, list[str]]:
    """The refs for which each predicate is true.

    Args:
        metadata: one row per example; its column `ref` identifies them.
        predicates: boolean SQL expression of each slice.
        where: file and line that an error names; one for all, or one for each slice.
        what: what a predicate is of, as an error says it.

    Returns:
        Slice -> refs in the order of `metadata`; an empty list where nothing matches.

    Raises:
        AssayError: an expression that is not plain boolean SQL, names an unknown column or function,
            fails, or takes more than five seconds or two gigabytes.
    """
    if not predicates:
        return {}
    result: dict[str, list[str]] = {}
    with sandbox(metadata) as connection:
        for name, predicate in predicates.items():
            place = where if isinstance(where, str) else where[name]
            try:
                if _check_expression(connection, predicate):
                    result[name] = matches(connection, predicate, metadata.num_rows)
                else:
                    result[name] = _matches_apart(metadata, predicate)
            except (duckdb.Error, ValueError, RecursionError) as error:
                raise AssayError(
                    f"{what} {name!r} cannot be evaluated: {predicate!r} {reason(error)}",
                    where=place,
                    hint=f"columns: {', '.join(metadata.column_names[:30])}",
                ) from None
    return result


_ORDER = "position of the row"


@contextmanager
def sandbox(metadata: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that holds the rows as its table `metadata`, their order beside, and lets nothing else in."""
    config: dict[str, Any] = {"enable_external_access": "false", "memory_limit": MEMORY_LIMIT, "threads": "1"}
    with duckdb.connect(":memory:", config=config) as connection:
        positions = pa.array(range(metadata.num_rows), pa.int64())
        connection.register("incoming", metadata.append_column(_ORDER, positions))
        connection.execute("CREATE TABLE metadata AS SELECT * FROM incoming")
        connection.unregister("incoming")
        connection.execute("SET lock_configuration = true")
        yield connection


def _matches_apart(metadata: pa.Table, predicate: str) -> list[str]:
    """`matches` in a process of its own. Raises ValueError, also where that comes to one of its limits."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, metadata.schema) as stream:
        stream.write_table(metadata)
    given = json.dumps(predicate).encode("ascii") + b"\n" + sink.getvalue().to_pybytes()
    try:
        answer: dict[str, Any] = json.loads(run_limited(CHILD, given, seconds=TIMEOUT_S))
    except LimitError as error:
        limits = {
            "time": f"took more than {TIMEOUT_S:g} seconds",
            "memory": f"needs more than {MEMORY_BYTES >> 30} GB of memory",
            "failed": f"ended the process that evaluated it: {error}",
        }
        raise ValueError(limits[error.of]) from None
    if "error" in answer:
        raise ValueError(answer["error"])
    refs: list[str] = answer["refs"]
    return refs


def _check_expression(connection: duckdb.DuckDBPyConnection, predicate: str) -> bool:
    """Refuse what is not a plain expression; returns whether its work is bounded by its length and its texts.

    Raises:
        ValueError: as `reason` says it.
    """
    if len(predicate) > MAX_CHARACTERS:
        raise ValueError(f"is longer than {MAX_CHARACTERS:,} characters")
    if "\x00" in predicate:
        raise ValueError("holds a NUL character")
    bare = _parse(connection, f"SELECT {predicate}\n")
    inside = _parse(connection, f"SELECT (\n{predicate}\n)")
    # Text that closes a bracket or opens another clause parses in one of the two places at most.
    if bare is None or inside is None or len(bare) != 1 or _bare(bare) != _bare(inside):
        raise ValueError("is not one SQL expression")
    for node in _nodes(bare):
        kind = node["class"]
        if kind == "SUBQUERY":
            raise ValueError("contains a subquery; only the example's own columns may be used")
        if kind not in _CLASSES:
            raise ValueError(f"uses {kind.lower()}, which a slice may not")
        if kind == "FUNCTION" and node["function_name"].lower() not in _FUNCTIONS:
            raise ValueError(f"calls {node['function_name']}(), which a slice may not")
    return all(map(_bounded, _nodes(bare)))


def _bounded(node: dict[str, Any]) -> bool:
    """Whether a part of an expression takes time and memory in proportion to what it is given."""
    if node["class"] == "CAST":
        return str(node["cast_type"]["id"]) in _SCALARS
    if node["class"] != "FUNCTION":
        return str(node["class"]) != "LAMBDA"
    name = str(node["function_name"]).lower()
    if name in _PATTERNS:
        pattern = node["children"][1]
        text = str(pattern.get("value", {}).get("value", "")) if pattern["class"] == "CONSTANT" else None
        return text is not None and text.count("%") + text.count("*") <= _WILDCARDS
    return name not in _UNBOUNDED


def _parse(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any] | None:
    """The select list of one bare SELECT, or None where `sql` is anything else."""
    row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    tree: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if tree.get("error"):
        raise ValueError(f"is not valid SQL: {str(tree.get('error_message', '')).splitlines()[0]}")
    statements = tree["statements"]
    node = statements[0]["node"]
    clauses = ("where_clause", "group_expressions", "having", "qualify", "sample", "modifiers")
    if len(statements) != 1 or node["type"] != "SELECT_NODE" or any(node.get(one) for one in clauses):
        return None
    if node["from_table"]["type"] != "EMPTY" or node["cte_map"]["map"]:
        return None
    expressions: list[Any] = node["select_list"]
    return expressions


def _bare(tree: Any) -> Any:
    """A parsed expression without what the surrounding text changes: positions and column names."""
    if isinstance(tree, dict):
        return {key: _bare(value) for key, value in tree.items() if key not in ("query_location", "alias")}
    return [_bare(item) for item in tree] if isinstance(tree, list) else tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if isinstance(tree.get("class"), str):
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from _nodes(item)


def matches(connection: duckdb.DuckDBPyConnection, predicate: str, rows: int) -> list[str]:
    """Refs of the rows for which a checked predicate is true.

    The database looks for an interrupt between large batches only, so the rows are given to it in
    batches that take about a twentieth of a second each.

    Args:
        connection: of `sandbox`.
        predicate: checked already.
        rows: number of rows in the table.

    Raises:
        ValueError: it is no boolean, or takes too long.
        duckdb.Error: it fails.
    """
    described = connection.execute(f"DESCRIBE SELECT (\n{predicate}\n) FROM metadata").fetchone()
    kind = described[1] if described else "nothing"
    if kind != "BOOLEAN":
        raise ValueError(f"gives {kind}, not true or false")
    # Of the processor: a busy machine is no fault of the predicate.
    deadline = time.process_time() + TIMEOUT_S
    refs: list[str] = []
    start, size = 0, 64
    while start < rows:
        began = time.monotonic()
        if time.process_time() > deadline:
            raise ValueError(f"took more than {TIMEOUT_S:g} seconds")
        # LIMIT keeps the predicate away from the rows outside the batch.
        batch = (
            f'SELECT * FROM metadata WHERE "{_ORDER}" >= {start} AND "{_ORDER}" < {start + size} LIMIT {size}'
        )
        matched = connection.execute(
            f'SELECT ref FROM ({batch}) metadata WHERE (\n{predicate}\n) ORDER BY "{_ORDER}"'
        ).fetchall()
        refs += [row[0] for row in matched]
        start += size
        took = time.monotonic() - began
        size = size * 4 if took < BATCH_S / 4 else max(1, size // 2) if took > BATCH_S else size
    return refs


def reason(error: Exception) -> str:
    """What is wrong with a predicate, in words that follow it."""
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if isinstance(error, ValueError):
        return str(error)
    return str(error).splitlines()[0]
