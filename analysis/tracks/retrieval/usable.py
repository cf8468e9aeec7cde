"""Examples whose stored vectors have no cosine with anything: named before anything runs, and left out if asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.records import SIDES
from analysis.data.examples import Examples
from analysis.data.faults import report_bad_rows, shown
from analysis.data.row_types import BadRow

if TYPE_CHECKING:
    from analysis.base.records import Example
    from analysis.models.encoder import EncoderPair


def without_unusable(examples: Examples, pair: EncoderPair, skip_bad_rows: bool) -> Examples:
    """The examples whose vectors can be used on both sides, and what is said of them alone.

    A probe loses the relevant items that are left out; a hard negative goes with its query or either of its items.

    Args:
        examples: all of them, each with a vector on each stored side.
        pair: both sides; vectors of models are not looked at.
        skip_bad_rows: leave bad ones out instead of raising.

    Raises:
        AssayError: a vector that cannot be used, unless it is skipped; every one where nothing would be left.
    """
    needed = [row for row in examples.rows if row.kind != "pair" or row.parent_ref is None]
    faults: dict[str, BadRow] = {}
    for side in SIDES:
        found = pair.stored_faults(side, [(row.kind, row.id) for row in needed])
        for place, fault in found.items():
            row = needed[place]
            words = f"the {side}'s vector of {row.kind} {shown(row.id)} {fault}"
            faults.setdefault(row.ref, BadRow(str(pair.folders[side]), words, "vector", row.id))
    if not faults:
        return examples
    kept = _without(examples, faults)
    enough = bool(kept.evaluation_rows()) and any(row.kind == "item" for row in kept.rows)
    hint = "mend the encoder, or leave the example out of the data"
    remaining = len(kept.rows) if enough else 0
    report_bad_rows(list(faults.values()), skip_bad_rows, examples.source, hint, remaining=remaining)
    return replace(kept, skipped=[*examples.skipped, *faults.values()])


def _without(examples: Examples, gone: Collection[str]) -> Examples:
    """The examples without some refs, and without what names them."""
    pairs = examples.payload.get("retrieval_hard_negative")
    broken = set(gone)
    if pairs is not None:
        broken |= {
            row["ref"]
            for row in pairs.to_pylist()
            if row["positive_ref"] in gone or row["negative_ref"] in gone
        }
    rows = [row for row in examples.rows if not _left_out(row, broken)]
    refs = {row.ref for row in rows}
    payload = {name: _of(table, refs) for name, table in examples.payload.items()}
    return replace(
        examples,
        rows=rows,
        metadata=_of(examples.metadata, refs),
        memberships={
            name: [ref for ref in members if ref in refs] for name, members in examples.memberships.items()
        },
        lines={ref: line for ref, line in examples.lines.items() if ref in refs},
        payload=payload,
    )


def _left_out(row: Example, gone: Collection[str]) -> bool:
    return row.ref in gone or (row.kind == "pair" and row.parent_ref in gone)


def _of(table: pa.Table, refs: Collection[str]) -> pa.Table:
    """The rows of a table that are of examples which are left, and name only such."""
    columns: Mapping[str, list[str | None]] = {
        name: table[name].to_pylist() for name in ("ref", "item_ref") if name in table.column_names
    }
    mask = pa.array(
        [all(ref in refs for ref in row) for row in zip(*columns.values(), strict=True)], pa.bool_()
    )
    kept = table.filter(mask)
    if "duplicate_of" not in kept.column_names:
        return kept
    first = pa.array([ref if ref in refs else None for ref in kept["duplicate_of"].to_pylist()], pa.string())
    return kept.set_column(kept.column_names.index("duplicate_of"), "duplicate_of", first)
