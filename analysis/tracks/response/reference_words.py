"""Rows of the catalogue, promises of policy and retrieved passages, each in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def title_text(row: Mapping[str, Any]) -> str:
    """A row of the catalogue, with what it does not say left out."""
    stock = {True: "in stock", False: "not in stock"}.get(row["in_stock"])
    volumes = None if row["volumes"] is None else f"{row['volumes']} volumes"
    price = None if row["price"] is None else f"price {row['price']:.2f}"
    known = [f"[{row['id']}] {row['title']}", row["author"], volumes, price, stock]
    return " · ".join(one for one in known if one)


def passage_text(row: Mapping[str, Any]) -> str:
    """A retrieved passage with its id."""
    return f"{'[' + row['passage_id'] + ']' if row['passage_id'] else '(no id)'} {row['text']}"


def promise_text(row: Mapping[str, Any]) -> str:
    """What policy allows about a matter."""
    days = None if row["days"] is None else f"within {row['days']:g} days"
    amount = None if row["amount"] is None else f"up to {row['amount']:g}"
    return " · ".join(one for one in (f"{row['about']}: {row['text']}", days, amount) if one)
