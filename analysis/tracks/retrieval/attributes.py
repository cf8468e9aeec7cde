"""Attributes of items: which column, of which kind, and the rows of `retrieval_attribute`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.data.columns import NowhereError, top_column, value_at
from analysis.tracks.retrieval.settings import COMPUTED

if TYPE_CHECKING:
    from analysis.data.examples import Examples
    from analysis.tracks.retrieval.settings import RetrievalSettings
    from analysis.tracks.retrieval.vectors import AttributeKind

SCHEMA = pa.schema(
    [
        ("ref", pa.string()),
        ("attribute", pa.string()),
        ("wanted", pa.bool_()),
        ("kind", pa.string()),
        ("labels", pa.list_(pa.string())),
        ("number", pa.float64()),
    ]
)


def attribute_rows(items: Examples, settings: RetrievalSettings) -> pa.Table:
    """Rows of `retrieval_attribute`: one per item and declared attribute that the item has.

    Raises:
        AssayError: an attribute that no item has.
    """
    tables = [SCHEMA.empty_table()]
    for name, wanted in settings.attributes().items():
        kind, values = typed_values(_column(items, settings, name))
        kept = [(row.ref, value) for row, value in zip(items.rows, values, strict=True) if value is not None]
        if not kept:
            raise AssayError(
                f"no item has a value of {name!r}",
                where=settings.where("group_by" if wanted else "not_by"),
                hint="fill the column, or leave the attribute out",
            )
        numeric = kind == "numeric"
        tables.append(
            pa.table(
                {
                    "ref": [ref for ref, _ in kept],
                    "attribute": [name] * len(kept),
                    "wanted": [wanted] * len(kept),
                    "kind": [kind] * len(kept),
                    "labels": [[] if numeric else value for _, value in kept],
                    "number": [value if numeric else None for _, value in kept],
                },
                schema=SCHEMA,
            )
        )
    return pa.concat_tables(tables)


def check_attributes(items: Examples, settings: RetrievalSettings) -> None:
    """Raises AssayError for a title or an attribute that the items do not have, with the nearest name."""
    columns = items.metadata.column_names[1:]
    reserved = list(items.columns.values())
    if settings.title is not None and settings.title not in (*columns, *reserved):
        raise AssayError(
            f"the items have no column {settings.title!r}",
            where=settings.where("title"),
            hint=suggest(settings.title, columns),
        )
    computed = [name for name in COMPUTED if name != "title_length" or settings.title is not None]
    for key in ("group_by", "not_by"):
        for index, name in enumerate(getattr(settings, key)):
            if top_column(name, columns) is not None or name in computed:
                continue
            hint = suggest(name, [*columns, *computed])
            if name == "title_length":
                hint = "name the column with the title (title = ...), so that its length can be computed"
            raise AssayError(
                f"the items have no column {name!r}"
                if name not in reserved
                else f"the column {name!r} holds the id or the text, and is no attribute",
                where=settings.where(key, index),
                hint=hint,
            )


def title_values(items: Examples, settings: RetrievalSettings) -> list[str | None]:
    """The title of each item, or None where it has none."""
    name = settings.title
    if name is None:
        return [None] * len(items.rows)
    if name == settings.text:
        return [row.text for row in items.rows]
    if name == settings.id:
        return [row.id for row in items.rows]
    values = items.metadata[name].to_pylist()
    return [_label(value) if not isinstance(value, list) else ", ".join(value) for value in values]


def typed_values(values: Sequence[Any]) -> tuple[AttributeKind, list[Any]]:
    """The kind of an attribute and its value for each item: a list of labels, a number, or None where missing.

    A column with a list in it, also one written as JSON, is multi-valued: its plain values are lists of one.
    One of numbers alone is numeric; every other one is categorical.
    """
    parsed = [_parsed_list(value) for value in values]
    if any(isinstance(value, list) for value in parsed):
        lists = [value if isinstance(value, list) else [value] for value in parsed]
        labels = [sorted({label for label in map(_label, one) if label is not None}) for one in lists]
        return "multi-valued", [one or None for one in labels]
    given = [value for value in parsed if value is not None]
    if given and all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        return "numeric", [None if value is None else _finite(float(value)) for value in parsed]
    return "categorical", [None if (label := _label(value)) is None else [label] for value in parsed]


def _column(items: Examples, settings: RetrievalSettings, name: str) -> list[Any]:
    columns = items.metadata.column_names[1:]
    top = top_column(name, columns)
    if top is not None:
        return [_at(value, top, name, columns) for value in items.metadata[top].to_pylist()]
    texts = title_values(items, settings) if name == "title_length" else [row.text for row in items.rows]
    return [None if text is None else len(text) for text in texts]


def _at(value: Any, top: str, name: str, columns: Sequence[str]) -> Any:
    """A value, or what lies in it at the end of a path; None where an item has nothing there."""
    try:
        return value_at({top: value}, name, columns)
    except NowhereError:
        return None


def _parsed_list(value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    try:
        parsed = json.loads(value)
    except ValueError:
        return value
    return parsed if isinstance(parsed, list) else value


def _label(value: Any) -> str | None:
    """A value as a label; None where it is missing or blank."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.strip() or None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
