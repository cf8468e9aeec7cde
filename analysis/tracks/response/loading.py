"""Responses and what they are checked against, read from the workbench or from a run's evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from analysis.tracks.response.detectors.contract import Knowledge, Passage, Policy, Promise, Response, Title

if TYPE_CHECKING:
    import duckdb


def load_knowledge(connection: duckdb.DuckDBPyConnection, schema: str = "main") -> Knowledge:
    """The catalogue and the policy of a review; empty where none was given.

    Args:
        connection: the workbench, or a reader's connection.
        schema: where the tables are: `main`, or `evidence` beside an attached run.
    """
    titles = connection.execute(
        "SELECT id, title, aliases, author, volumes, price, in_stock, spoilers "
        f"FROM {schema}.response_catalogue ORDER BY id"
    ).fetchall()
    catalogue = tuple(
        Title(name, title, tuple(aliases), author, volumes, price, in_stock, tuple(spoilers))
        for name, title, aliases, author, volumes, price, in_stock, spoilers in titles
    )
    promises = connection.execute(
        f"SELECT about, text, days, amount FROM {schema}.response_promise ORDER BY ALL"
    ).fetchall()
    words: dict[str, tuple[str, ...]] = {
        key: tuple(values)
        for key, values in connection.execute(
            f'SELECT key, "values" FROM {schema}.response_policy'
        ).fetchall()
    }
    policy = Policy(
        promises=tuple(Promise(*row) for row in promises),
        escalation_phrases=words.get("escalation.phrases", ()),
        refusal_phrases=words.get("refusal.phrases", ()),
        citation_pattern=next(iter(words.get("citation.pattern", ())), None),
        spoiler_words=words.get("spoilers.words", ()),
        tone={key.removeprefix("tone."): values for key, values in words.items() if key.startswith("tone.")},
    )
    return Knowledge(catalogue, policy)


def load_responses(
    connection: duckdb.DuckDBPyConnection, refs: Collection[str] | None = None, schema: str = "main"
) -> list[Response]:
    """The greedy or recorded responses of both sides, ordered by ref and side; missing ones are left out.

    Args:
        connection: the workbench, or a reader's connection.
        refs: which prompts; all by default.
        schema: where the tables are: `main`, or `evidence` beside an attached run.
    """
    chosen = "" if refs is None else "AND ref IN (SELECT unnest($refs::VARCHAR[]))"
    given: dict[str, Any] = {} if refs is None else {"refs": list(refs)}
    rows = connection.execute(
        f"""
        SELECT ref, side, e.text, r.text FROM {schema}.response_side r JOIN {schema}.example e USING (ref)
        WHERE r.ended <> 'missing' {chosen} ORDER BY ref, side
        """,
        given,
    ).fetchall()
    passages: dict[str, list[Passage]] = defaultdict(list)
    for ref, name, text in connection.execute(
        f"SELECT ref, passage_id, text FROM {schema}.response_passage WHERE true {chosen} ORDER BY ref, position",
        given,
    ).fetchall():
        passages[ref].append(Passage(name, text))
    expected: dict[str, set[str]] = defaultdict(set)
    for ref, one in connection.execute(
        f"SELECT ref, expects FROM {schema}.response_expected WHERE true {chosen}", given
    ).fetchall():
        expected[ref].add(one)
    return [
        Response(ref, side, prompt, text, tuple(passages.get(ref, ())), frozenset(expected.get(ref, ())))
        for ref, side, prompt, text in rows
    ]
