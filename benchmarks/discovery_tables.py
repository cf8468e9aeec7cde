"""Tables of a run with a slice planted into real texts, and with none: what slice discovery is measured on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from analysis.base.records import ALL
from analysis.base.sql import sql_text
from analysis.run.pipeline import insert_arrow
from analysis.store.run import SCHEMA
from benchmarks.shortcut_texts import TITLES, Text

if TYPE_CHECKING:
    from analysis.plugin.causes import DiscoveredSlice

TRACK = "intent"
HOLDS = {"title": 0.30, "price": 0.30}
"""Share of the texts that name a title, and, drawn apart, that name a price; one in eleven names both."""
BROKEN = 0.40
"""Share of the texts with both that only the base has right."""
CHURN = 0.03
"""Share of all other texts that only one side has right, each way."""
HARD, HARD_CHURN = 3, 0.15
"""Classes whose texts change more often, each way alike: what is hard for both sides is no slice."""
CHANNELS = ("web", "app", "mail", "phone")


def planted_run(
    texts: Sequence[Text], seed: int, *, planted: bool
) -> tuple[duckdb.DuckDBPyConnection, set[str]]:
    """The tables that discovery reads, and the refs of the texts with a title and a price.

    Args:
        texts: real ones, with their labels.
        seed: of what they name, and of what changes.
        planted: whether those with both break more often; else nothing does.
    """
    rng = random.Random(seed)
    connection = duckdb.connect(":memory:")
    connection.execute(sql_text(SCHEMA, "evidence.sql"))
    labels = sorted({one.label for one in texts})
    hard = set(rng.sample(labels, HARD))
    examples, members, contested, both = [], [], [], set()
    sizes: dict[tuple[str, str], int] = {}
    for number, one in enumerate(texts):
        ref, text = f"{TRACK}/message:{number:05}", one.text
        title, price = (rng.random() < share for share in HOLDS.values())
        if title:
            text = f"{text} {rng.choice(TITLES)}"
        if price:
            text = f"{text} for ${rng.randrange(3, 60)}.{rng.randrange(10, 99)}"
        if title and price:
            both.add(ref)
        examples.append((ref, TRACK, "message", str(number), None, text, one.label, f"{number}"))
        slices = (
            ("all", ALL),
            ("class", f"label={one.label}"),
            ("metadata", f"channel={rng.choice(CHANNELS)}"),
        )
        for kind, name in slices:
            members.append((name, TRACK, ref))
            sizes[kind, name] = sizes.get((kind, name), 0) + 1
        churn = HARD_CHURN if one.label in hard else CHURN
        drawn = rng.random()
        worse = drawn < (BROKEN if planted and title and price else churn)
        if worse or 1 - drawn < churn:
            contested.append((TRACK, "accuracy", ALL, ref, ref, 1 if worse else -1, -1, 1, 0, 0))
    counted = [(name, TRACK, kind, False, "", n) for (kind, name), n in sizes.items()]
    for table, rows in (
        ("example", examples), ("membership", members), ("contested", contested), ("slice", counted)
    ):  # fmt: skip
        names = [name for name, *_ in connection.execute(f"DESCRIBE {table}").fetchall()]
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        insert_arrow(connection, table, pa.table(columns))
    return connection, both


def discover(connection: duckdb.DuckDBPyConnection, seed: int) -> list[DiscoveredSlice]:
    """What the product's own functions discover in such tables."""
    from analysis.plugin.causes import (
        Outcome,
        discovered_slices,
        examples_of,
        fixed_groups,
        text_groups,
        units_of,
    )

    examples = examples_of(connection, TRACK, f"benchmark/{seed}")
    units = units_of(connection, TRACK, Outcome("broken", "accuracy", ALL, "broken"), examples)
    return discovered_slices(examples, units, [*fixed_groups(connection, TRACK), *text_groups(examples)])
