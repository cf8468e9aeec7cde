"""The layout of BEIR in a folder: a corpus, queries, and judgements of which item is relevant to which query."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.plugin.init.folder import Folder
from analysis.plugin.init.tables import Table
from analysis.tracks.retrieval.qrels import ITEM, QUERY

_SPLITS = ("test", "dev", "valid", "train")
"""Which of several files of judgements is taken."""
_ID = ("_id", "id", "query_id", "query-id", "qid", "doc_id", "docid")
_TEXT = ("text", "query", "question", "title", "contents", "body")
_NAMES = {
    "queries": ("quer", "topic", "question"),
    "corpus": ("corpus", "doc", "collection", "passage", "item"),
}


@dataclass(frozen=True)
class Judged:
    """Queries with judgements, and the items that these name."""

    qrels: Table
    queries: Table
    corpus: Table


def beir_tables(folder: Folder) -> Judged | None:
    """The three tables, where there are all of them."""
    pairs = [one for one in folder.tables if one.first(QUERY) and one.first(ITEM) and not one.has("positive")]
    pairs.sort(key=lambda one: _split(one.path.stem.casefold()))
    for qrels in pairs:
        others = [one for one in folder.tables if one is not qrels and one.first(_ID) and one.first(_TEXT)]
        queries = _named_in(qrels, QUERY, others, "queries")
        corpus = _named_in(qrels, ITEM, [one for one in others if one is not queries], "corpus")
        if queries is not None and corpus is not None:
            return Judged(qrels, queries, corpus)
    return None


def _split(name: str) -> int:
    return next((place for place, split in enumerate(_SPLITS) if split in name), len(_SPLITS))


def _named_in(qrels: Table, known: tuple[str, ...], tables: list[Table], what: str) -> Table | None:
    """The table whose ids the judgements name, as far as the first rows show it, else the one with such a name."""
    column = qrels.first(known)
    named = set(map(str, qrels.values(column))) if column else set()
    shared = [(len(named & _ids(one)), one) for one in tables]
    most = max((count for count, _ in shared), default=0)
    if most:
        return next(one for count, one in shared if count == most)
    return next(
        (one for one in tables if any(word in one.path.stem.casefold() for word in _NAMES[what])), None
    )


def _ids(table: Table) -> set[str]:
    column = table.first(_ID)
    return set(map(str, table.values(column))) if column else set()
