"""What each table of a folder is for, by its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from analysis.base.errors import AssayError
from analysis.plugin.init.folder import Table
from analysis.run.review_file import read_toml
from analysis.tracks.response.load_data import PROMPT, RESPONSES
from analysis.tracks.response.policy import PolicyFile
from analysis.tracks.response.votes import WINNERS

Found = TypeVar("Found")

ID = ("id", "ref", "key", "uid", "message_id", "example_id", "item_id", "sku", "isbn")
TEXT = ("text", "message", "utterance", "sentence", "query", "content")
CATEGORY = "category"
"""A label of examples, or an attribute of items."""
LABEL = ("label", "intent", "class", CATEGORY, "target", "gold")
ITEM_TEXT = ("description", "synopsis", "summary", "overview", "blurb", "abstract", "text", "content", "body")
DESCRIPTIVE = ITEM_TEXT[:6]
"""Names that only the text of an item has."""
TITLE = ("title", "name", "headline")
FACTS = ("aliases", "author", "volumes", "price", "in_stock", "spoilers")
"""Columns by which a table of titles is a catalogue that claims can be checked against."""

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


@dataclass(frozen=True)
class Messages:
    """A table of texts, with a class each or without."""

    table: Table
    id: str | None
    text: str
    label: str | None


@dataclass(frozen=True)
class Tables:
    """The first table of each purpose; a catalogue may be the table of items, too."""

    examples: Messages | None
    out_of_scope: Messages | None
    items: Items | None
    probes: Table | None
    hard_negatives: Table | None
    records: Table | None
    prompts: Table | None
    preferences: Table | None
    catalogue: Table | None


def sort_tables(tables: Sequence[Table], classes: Sequence[str]) -> Tables:
    """Give each table to what its columns fit most closely.

    Args:
        tables: in order of preference.
        classes: what the classifiers of the folder tell apart; a table with these labels holds examples.
    """
    records = [one for one in tables if one.has("id", PROMPT, *RESPONSES.values())]
    prompts = [one for one in tables if one.has("id", PROMPT) and one not in records]
    hard_negatives = [one for one in tables if one.has("query", "positive", "negative")]
    probes = [one for one in tables if one.has("id", "query", "relevant") and one not in hard_negatives]
    preferences = [
        one
        for one in tables
        if one.has("id", "winner") and all(value in WINNERS for value in one.values("winner"))
    ]
    claimed = [*records, *prompts, *hard_negatives, *probes, *preferences]
    rest = [one for one in tables if one not in claimed]
    items = [found for one in rest if (found := _items(one, classes)) is not None]
    catalogues = [one for one in rest if one.has("id", "title") and any(one.has(fact) for fact in FACTS)]
    aside = [*catalogues, *(one.table for one in items)]
    messages = [said for one in rest if one not in aside and (said := _messages(one)) is not None]
    return Tables(
        examples=_first(sorted((one for one in messages if one.label), key=lambda one: one.id is None)),
        out_of_scope=_first([one for one in messages if one.label is None and one.id is not None]),
        items=_first(items),
        probes=_first(probes),
        hard_negatives=_first(hard_negatives),
        records=_first(records),
        prompts=_first(prompts),
        preferences=_first(preferences),
        catalogue=_first(catalogues),
    )


def find_policy(files: Sequence[Path]) -> Path | None:
    """The first file that calls itself a policy, else the first with nothing but tables of a policy."""
    written = [path for path in files if path.suffix.lower() == ".toml"]
    named = [path for path in written if path.stem.casefold() == "policy"]
    return _first(named or [path for path in written if _is_policy(path)])


def _is_policy(path: Path) -> bool:
    try:
        tree, _ = read_toml(path)
    except AssayError:
        return False
    return bool(tree) and tree.keys() <= PolicyFile.model_fields.keys()


def _first(found: Sequence[Found]) -> Found | None:
    return next(iter(found), None)


def _messages(table: Table) -> Messages | None:
    text = table.first(TEXT)
    return None if text is None else Messages(table, table.first(ID), text, table.first(LABEL))


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
