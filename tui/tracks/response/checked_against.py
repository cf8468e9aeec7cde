"""What the answers to a prompt were checked against: rows of the catalogue, promises of policy, retrieved passages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui.draw.lines import Line, rule, wrapped
from tui.tracks.response.layout import INDENT, TALL, cut

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions


def against_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Each on a row or two, whole where there is room."""
    width, tall = options.width, options.height >= TALL
    known = (
        (" catalogue", [title_text(row) for row in evidence.context.get("catalogue", ())], 2),
        (" policy", [promise_text(row) for row in evidence.context.get("promises", ())], 2),
        (" passages", [passage_text(row) for row in evidence.context.get("passages", ())], 3),
    )
    lines: list[Line] = []
    for label, rows, most in known:
        for number, text in enumerate(rows):
            own = wrapped("" if number else label, text, width - 2, indent=INDENT)
            lines += cut(own, most if tall else 1)
    return [rule(width), *lines] if lines else []


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
