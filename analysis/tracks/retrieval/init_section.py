"""`[retrieval]` of a new review file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.plugin.init.columns import CATEGORY, LABEL
from analysis.plugin.init.folder import Folder
from analysis.plugin.init.pair_lines import guesses, pair_lines
from analysis.plugin.init.tables import Table
from analysis.plugin.init.toml_text import InitSection, Paths, commented, entry, id_entry, quoted, quoted_list
from analysis.tracks.retrieval.init_beir import Judged, beir_tables
from analysis.tracks.retrieval.settings import COMPUTED

ITEM_TEXT = ("description", "synopsis", "summary", "overview", "blurb", "abstract", "text", "content", "body")
DESCRIPTIVE = ITEM_TEXT[:6]
"""Names that only the text of an item has."""
TITLE = ("title", "name", "headline")
LONG = 120
"""Mean characters from which a text describes something and is no message."""
LONGEST_LABEL = 40
"""Mean characters up to which a text is a label."""


@dataclass(frozen=True)
class Items:
    """A table of items: what is encoded, what people read, and what they may be grouped by."""

    table: Table
    id: str | None
    text: str
    title: str | None
    attributes: tuple[str, ...]


def retrieval_section(folder: Folder) -> InitSection:
    """The lines for two encoders or their vectors.

    Items alone speak for a retrieval review only where no other track needs the same table.
    """
    pair, paths = folder.models.encoders, folder.paths
    judged = beir_tables(folder)
    negatives = [one for one in folder.tables if one.has("query", "positive", "negative")]
    queries = [one for one in folder.tables if one.has("query", "relevant") and one not in negatives]
    if judged is not None:
        folder.take(judged.qrels, judged.queries)
    folder.take(*negatives, *queries)
    classes = folder.models.classifiers.labels
    corpus = judged.corpus if judged is not None else None
    described = [found for one in folder.tables if (found := _items(one, classes, corpus)) is not None]
    described.sort(key=lambda one: one.table is not corpus)
    folder.share(*(one.table for one in described))
    items = next(iter(described), None)
    probes, pairs = next(iter(queries), None), next(iter(negatives), None)
    kind = "Sentence-Transformers or Transformers folder"
    vectors = "or .parquet: id, vector"
    lines = [
        "[retrieval]",
        *pair_lines(pair, paths, f"{kind}, {vectors}", f"{kind}, adapter, {vectors}"),
        entry("items", paths.quoted(items.table.path) if items else None, "catalogue.jsonl"),
        id_entry(items.id if items else None, "items", table=items is not None),
        entry("text", quoted(items.text) if items else None, "description", "what is encoded"),
        entry("title", quoted(items.title) if items and items.title else None, "title", "for people to read"),
        *_attribute_lines(items),
        *_probe_lines(probes, judged, paths),
        entry(
            "hard_negatives",
            paths.quoted(pairs.path) if pairs else None,
            "hard_negatives.jsonl",
            "query, positive, negative (item ids)",
        ),
        commented("# k = 10", "neighbours of an item that are compared"),
        commented("critical_slices = []", "names from [retrieval.slices]"),
        "",
        "# Boolean SQL over the columns of the probes.",
        "[retrieval.slices]",
        f'# "short queries" = "length({_query_column(probes, judged)}) < 20"',
    ]
    alone = items is not None and not folder.speaks_for(items.table)
    telling = pair.telling or probes is not None or pairs is not None or judged is not None or alone
    return InitSection(lines, telling, pair.base, pair.candidate, guesses("retrieval", pair, paths))


def _query_column(probes: Table | None, judged: Judged | None) -> str:
    """What slices call the text of a probe."""
    alone = probes is None and judged is not None and "query" not in judged.queries.columns
    return "text" if alone else "query"


def _probe_lines(probes: Table | None, judged: Judged | None, paths: Paths) -> list[str]:
    """Probes that name their items, or queries that a file of judgements holds beside."""
    if probes is None and judged is not None:
        return [
            entry("queries", paths.quoted(judged.queries.path), "", "those that qrels judge are the probes"),
            entry("qrels", paths.quoted(judged.qrels.path), "", "query, item, score: relevant above 0"),
        ]
    return [
        entry(
            "probes",
            paths.quoted(probes.path) if probes else None,
            "probes.jsonl",
            "id, query, relevant (item ids); every further column is metadata for slices",
        )
    ]


def _attribute_lines(items: Items | None) -> list[str]:
    """What people must decide: which attributes are wanted as grounds of similarity."""
    names = list(items.attributes) if items else ["COLUMN"]
    computed = [
        name
        for name in COMPUTED
        if name not in names and (items is None or items.title or "title" not in name)
    ]
    return [
        "# Nobody but you knows which attributes ought to bring items together. Each of these belongs into one of the",
        "# two lists, or into none: group_by for what is wanted (in must_keep too, if it may not be given up), not_by",
        "# for what must not make items similar. Lists are multi-valued, numbers numeric.",
        f"# group_by = {quoted_list(names)}",
        "# must_keep = []",
        f"# not_by = {quoted_list([*names, *computed])}",
    ]


def _items(table: Table, classes: Sequence[str], corpus: Table | None) -> Items | None:
    """The table as items: a text that describes something, and what else is known of it; `corpus` is one anyway."""
    name, title = table.named_by(), table.first(TITLE)
    text = table.first(ITEM_TEXT) or _longest(table)
    if text is None or text == title:
        return None
    label = table.first(LABEL)
    if label is not None:
        known = set(map(str, table.values(label))) & set(classes)
        if known or label.casefold() != CATEGORY:
            return None
    columns = [one for one in table.columns if one not in (name, text, title)]
    attributes = tuple(one for column in columns for one in table.paths_in(column) if _groups(table, one))
    described = text.casefold() in DESCRIPTIVE or table.mean_length(text) >= LONG
    if table is corpus:
        return Items(table, name, text, title, attributes)
    if not attributes or name is None:
        return None
    if not (described or (title is not None and title.casefold() == TITLE[0])):
        return None
    return Items(table, name, text, title, attributes)


def _longest(table: Table) -> str | None:
    longest = max(table.columns, key=table.mean_length, default=None)
    return longest if longest is not None and table.mean_length(longest) >= LONG else None


def _groups(table: Table, column: str) -> bool:
    """Whether items can have a value of a column in common, or one near another's.

    What the first rows leave empty may be filled further on.
    """
    labels = table.labels(column)
    if labels is None:
        return False
    texts = [label for label in labels if isinstance(label, str)]
    return sum(map(len, texts)) <= LONGEST_LABEL * len(texts)
