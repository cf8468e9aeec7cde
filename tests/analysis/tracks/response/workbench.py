"""A workbench of the response track with prompts and nothing else."""

from __future__ import annotations

from importlib.resources import files

import duckdb


def prompts(n: int) -> list[str]:
    return [f"response/prompt:r{number:03d}" for number in range(n)]


def workbench(n: int, critical: int = 0) -> duckdb.DuckDBPyConnection:
    """`n` prompts in the slice `all`, the first of them also in the critical slice `rare`."""
    connection = duckdb.connect(":memory:")
    for schema in ("evidence.sql", "response.sql"):
        connection.execute(files("analysis.store").joinpath("schema", schema).read_text("utf-8"))
    connection.execute("INSERT INTO slice VALUES ('all', 'response', 'all', false, '', ?)", [n])
    if critical:
        connection.execute(
            "INSERT INTO slice VALUES ('rare', 'response', 'declared', true, '', ?)", [critical]
        )
    for number, ref in enumerate(prompts(n)):
        name = ref.rpartition(":")[2]
        connection.execute(
            "INSERT INTO example VALUES (?, 'response', 'prompt', ?, NULL, 'what is good?', NULL, '')",
            [ref, name],
        )
        connection.execute("INSERT INTO membership VALUES ('all', 'response', ?)", [ref])
        if number < critical:
            connection.execute("INSERT INTO membership VALUES ('rare', 'response', ?)", [ref])
    return connection


def answered(
    connection: duckdb.DuckDBPyConnection,
    ref: str,
    words: tuple[int, int] = (10, 10),
    *,
    missing: str = "",
    texts: tuple[str, str] = ("base text", "candidate text"),
) -> None:
    """Both sides' answers to a prompt; one of them may be missing."""
    for side, count, text in zip(("base", "candidate"), words, texts, strict=True):
        gone = side == missing
        connection.execute(
            "INSERT INTO response_side VALUES (?, ?, ?, ?, NULL, NULL, ?)",
            [ref, side, "" if gone else text, 0 if gone else count, "missing" if gone else "recorded"],
        )


def found(
    connection: duckdb.DuckDBPyConnection,
    ref: str,
    detector: str,
    hits: tuple[bool | None, bool | None],
    label: str = "x",
) -> None:
    """Outcomes of a detector on both sides, with a span where there is a hit; None: it does not apply."""
    for side, hit in zip(("base", "candidate"), hits, strict=True):
        if hit is None:
            continue
        connection.execute(
            "INSERT INTO response_outcome VALUES (?, ?, ?, ?, ?, '')", [ref, side, detector, hit, int(hit)]
        )
        if hit:
            place = [ref, side, detector, 0, 4, label]
            connection.execute("INSERT INTO response_hit VALUES (?, ?, ?, ?, ?, ?)", place)
            connection.execute("INSERT INTO span VALUES (?, ?, ?, ?, ?, ?, 'because')", place)
