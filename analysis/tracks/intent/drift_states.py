"""States of the layers on both sides, from the pass that predicts: the cosine of each message, and a sample kept whole.

A state is the mean over the tokens of what a layer returns. The cosine between the sides is kept of every message; the
states themselves only of a sample, drawn by hash, which says how the messages of a slice lie to each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Side
from analysis.base.sql import queries
from analysis.stats import cosines

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from analysis.plugin.stage import PlanContext

_SQL = queries(__package__, "drift.sql")

SAMPLE_OF_ALL = 256
SAMPLE_OF_SLICE = 64
"""Messages of a slice whose states are kept: the first by hash, so that slices share them."""
MOST_SAMPLED = 2048
"""Messages whose states are kept in a review; slices are served in their order, critical ones first."""
FLOOR = "floor"
"""Role of the states of the base in half precision, beside those of the two sides."""


class Sampled(NamedTuple):
    """States of some messages: `states` is (n, layers, width), half precision."""

    refs: list[str]
    states: NDArray[np.float16]


def plan_sample(context: PlanContext) -> list[str]:
    """The messages whose states are kept, each once, and the table of the workbench that will hold them.

    States are not published: what is measured on them is.
    """
    context.workbench.execute(_SQL["keep_states"])
    return list(dict.fromkeys(ref for refs in sample_by_slice(context).values() for ref in refs))


def sample_by_slice(context: PlanContext) -> dict[str, list[str]]:
    """The sampled messages of each slice, in the order of their hashes; a slice that found no room is left out."""
    rows = context.workbench.execute(
        _SQL["sample"],
        {"track": context.track, "all": ALL, "seed": str(context.seed), "of_all": SAMPLE_OF_ALL,
         "of_slice": SAMPLE_OF_SLICE},
    ).fetchall()  # fmt: skip
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for name, refs in rows:
        if len(taken.union(refs)) <= MOST_SAMPLED:
            found[name] = refs
            taken.update(refs)
    return found


def matched_layers(base: int, candidate: int) -> list[int]:
    """The candidate's layer that stands beside each layer of the base: the one at the nearest share of the depth.

    Args:
        base: layers of the base, the embeddings included.
        candidate: layers of the candidate, the same.
    """
    if base == 1:
        return [candidate - 1]
    return [round(layer * (candidate - 1) / (base - 1)) for layer in range(base)]


def shift_tables(
    refs: Sequence[str], states: Mapping[Side, NDArray[np.float32]], sampled: Collection[str]
) -> dict[str, pa.Table]:
    """Rows of `intent_shift`, and the states to keep.

    Args:
        refs: messages.
        states: (messages, layers, width) by side; a side whose layers are not known has none.
        sampled: the messages whose states are kept.

    Returns:
        No table where a side has no states; no cosines where the widths differ, as nothing says which dimension is
        which.
    """
    if len(states) < len(SIDES) or not len(refs):
        return {}
    base, candidate = (states[side] for side in SIDES)
    tables = {}
    if base.shape[2] == candidate.shape[2]:
        beside = candidate[:, matched_layers(base.shape[1], candidate.shape[1])]
        tables["intent_shift"] = pa.table(
            {"ref": pa.array(refs, pa.string()), "cosine": _lists(cosines(base, beside))}
        )
    kept = [row for row, ref in enumerate(refs) if ref in sampled]
    names = [refs[row] for row in kept]
    tables["intent_state"] = pa.concat_tables(
        [states_table(names, side, states[side][kept]) for side in SIDES]
    )
    return tables


def states_table(refs: Sequence[str], role: str, states: NDArray[np.float32]) -> pa.Table:
    """States (n, layers, width) as rows of the workbench's table of states, in half precision."""
    with np.errstate(over="ignore"):
        small = states.astype(np.float16)
    return pa.table(
        {
            "ref": pa.array(refs, pa.string()),
            "role": pa.array([role] * len(refs), pa.string()),
            "layers": pa.array([states.shape[1]] * len(refs), pa.int32()),
            "states": pa.array([row.tobytes() for row in small], pa.binary()),
        }
    )


def load_states(workbench: duckdb.DuckDBPyConnection) -> dict[str, Sampled]:
    """The kept states by role: a side, or `floor`."""
    found: dict[str, Sampled] = {}
    for role, layers, refs, states in workbench.execute(_SQL["states"]).fetchall():
        flat = np.frombuffer(b"".join(states), dtype=np.float16)
        found[role] = Sampled(refs, flat.reshape(len(refs), layers, -1))
    return found


def _lists(values: NDArray[np.float64]) -> pa.Array:
    """One list for each row of values (n, m), NaN as NULL."""
    flat = pa.array(values.reshape(-1), pa.float32(), from_pandas=True)
    offsets = pa.array(np.arange(len(values) + 1) * values.shape[1], pa.int32())
    return pa.ListArray.from_arrays(offsets, flat)
