"""What detectors read: responses and what they are checked against, from the workbench or a run's evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from analysis.base.sql import queries
from analysis.base.turns import Turn
from analysis.tracks.response.detectors.contract import Knowledge, Passage, Policy, Promise, Response, Title

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "inputs.sql")


def load_knowledge(connection: duckdb.DuckDBPyConnection) -> Knowledge:
    """The catalogue and the policy of a review; empty where none was given."""
    titles = connection.execute(_SQL["catalogue"]).fetchall()
    catalogue = tuple(
        Title(name, title, tuple(aliases), author, volumes, price, in_stock, tuple(spoilers))
        for name, title, aliases, author, volumes, price, in_stock, spoilers in titles
    )
    promises = connection.execute(_SQL["promises"]).fetchall()
    words: dict[str, tuple[str, ...]] = {
        key: tuple(values) for key, values in connection.execute(_SQL["policy"]).fetchall()
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


def load_turns(
    connection: duckdb.DuckDBPyConnection, refs: Collection[str] | None = None
) -> dict[str, tuple[Turn, ...]]:
    """The turns of the prompts that have any, as a model is given them, by ref.

    Args:
        connection: the workbench, or a run's evidence.
        refs: which prompts; all by default.
    """
    given = {"refs": None if refs is None else list(refs)}
    return turns_by_ref(connection.execute(_SQL["turns"], given).fetchall())


def turns_by_ref(rows: Iterable[Sequence[str]]) -> dict[str, tuple[Turn, ...]]:
    """Rows of ref, role and text, in the order of the turns, as turns by ref."""
    turns: dict[str, list[Turn]] = defaultdict(list)
    for ref, role, text in rows:
        turns[ref].append(Turn(role, text))
    return {ref: tuple(said) for ref, said in turns.items()}


def load_responses(
    connection: duckdb.DuckDBPyConnection, refs: Collection[str] | None = None
) -> list[Response]:
    """The greedy or recorded responses of both sides, ordered by ref and side; missing ones are left out.

    The prompt of a response is what it answers: of a conversation the last turn of the user.

    Args:
        connection: the workbench, or a run's evidence.
        refs: which prompts; all by default.
    """
    given = {"refs": None if refs is None else list(refs)}
    passages: dict[str, list[Passage]] = defaultdict(list)
    for ref, name, text in connection.execute(_SQL["passages"], given).fetchall():
        passages[ref].append(Passage(name, text))
    expected: dict[str, set[str]] = defaultdict(set)
    for ref, one in connection.execute(_SQL["expectations"], given).fetchall():
        expected[ref].add(one)
    return [
        Response(ref, side, prompt, text, tuple(passages.get(ref, ())), frozenset(expected.get(ref, ())))
        for ref, side, prompt, text in connection.execute(_SQL["responses"], given).fetchall()
    ]
