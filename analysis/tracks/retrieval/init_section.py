"""`[retrieval]` of a new review file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.plugin.init.columns import CATEGORY, ID, LABEL
from analysis.plugin.init.folder import Folder, Table
from analysis.plugin.init.toml_text import InitSection, commented, entry, quoted, quoted_list
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
    id: str
    text: str
    title: str | None
    attributes: tuple[str, ...]


def retrieval_section(folder: Folder) -> InitSection:
    """The lines for two encoders or their vectors.

    Items alone speak for a retrieval review only where no other track needs the same table.
    """
    pair, paths = folder.models.encoders, folder.paths
    negatives = [one for one in folder.tables if one.has("query", "positive", "negative")]
    queries = [one for one in folder.tables if one.has("id", "query", "relevant") and one not in negatives]
    folder.take(*negatives, *queries)
    classes = folder.models.classifiers.labels
    described = [found for one in folder.tables if (found := _items(one, classes)) is not None]
    folder.share(*(one.table for one in described))
    items = next(iter(described), None)
    probes, pairs = next(iter(queries), None), next(iter(negatives), None)
    kind = "Sentence-Transformers or Transformers folder"
    vectors = "or .parquet: id, vector"
    lines = [
        "[retrieval]",
        entry("base", paths.quoted(pair.base), "models/BASE", f"{kind}, {vectors}"),
        entry("candidate", paths.quoted(pair.candidate), "models/CANDIDATE", f"{kind}, adapter, {vectors}"),
        entry("items", paths.quoted(items.table.path) if items else None, "catalogue.jsonl"),
        entry("id", quoted(items.id) if items else None, "id"),
        entry("text", quoted(items.text) if items else None, "description", "what is encoded"),
        entry("title", quoted(items.title) if items and items.title else None, "title", "for people to read"),
        *_attribute_lines(items),
        entry(
            "probes",
            paths.quoted(probes.path) if probes else None,
            "probes.jsonl",
            "id, query, relevant (item ids); every further column is metadata for slices",
        ),
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
        '# "no-spoiler queries" = "query ilike \'%spoiler%\'"',
    ]
    alone = items is not None and not folder.speaks_for(items.table)
    telling = pair.telling or probes is not None or pairs is not None or alone
    return InitSection(lines, telling, pair.base, pair.candidate)


def _attribute_lines(items: Items | None) -> list[str]:
    """What people must decide: which attributes are wanted as grounds of similarity."""
    names = list(items.attributes) if items else ["theme", "tone", "publisher", "popularity"]
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


def _items(table: Table, classes: Sequence[str]) -> Items | None:
    """The table as items: an id, a text that describes something, and what else is known of it."""
    name, title = table.first(ID), table.first(TITLE)
    text = table.first(ITEM_TEXT) or _longest(table)
    if name is None or text is None or text == title:
        return None
    label = table.first(LABEL)
    if label is not None:
        known = set(map(str, table.values(label))) & set(classes)
        if known or label.casefold() != CATEGORY:
            return None
    attributes = tuple(one for one in table.columns if one not in (name, text, title) and _groups(table, one))
    described = text.casefold() in DESCRIPTIVE or table.mean_length(text) >= LONG
    if not attributes or not (described or (title is not None and title.casefold() == TITLE[0])):
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
