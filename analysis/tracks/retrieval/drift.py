"""Drift from the base's space to the candidate's: of groups, of single items, and of who is a neighbour of whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.retrieval.grouping_sentences import QUARTERS
from analysis.tracks.retrieval.metric_specs import TRACK, metric, of_interval
from analysis.tracks.retrieval.probes import lists, mean_interval, numbers
from analysis.tracks.retrieval.ranking import overlap, shared
from analysis.tracks.retrieval.stage_queries import count
from analysis.tracks.retrieval.vectors import load_space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.tracks.retrieval.vectors import Attribute, EmbeddingSpace

    Vectors = NDArray[np.float32]
    Rows = NDArray[np.int64]

MIN_GROUP = 5
"""Items of a value from which its centroid is worth a number."""
MOST_VALUES = 50
"""Values of an attribute whose centroids are compared: the most frequent ones."""
MOST_LABELS = 20
"""Values of an attribute between which movement is counted: the most frequent ones."""
RESAMPLES = 200
NOISE_MEMBERS = 500
"""Members whose displacements are resampled for the noise floor, which shrinks with the root of the rest."""
_ROWS_AT_ONCE = 8_192


class Group(NamedTuple):
    """The items (row numbers) that have one value of an attribute."""

    label: str
    rows: Rows


def groups(attribute: Attribute) -> list[Group]:
    """The values of an attribute with their items, the most frequent first; quarters of the items if numeric."""
    if attribute.kind == "numeric":
        from scipy.stats import rankdata

        rows = np.flatnonzero(attribute.present())
        ranks = rankdata(attribute.numbers[rows]) - 0.5
        quarter = np.minimum(ranks / max(1, len(rows)) * 4, 3).astype(int)
        found = [Group(name, rows[quarter == index]) for index, name in enumerate(QUARTERS)]
        return [group for group in found if len(group.rows)]
    owner = np.repeat(np.arange(len(attribute.starts) - 1), np.diff(attribute.starts))
    order = np.argsort(attribute.codes, kind="stable")
    ends = np.cumsum(np.bincount(attribute.codes, minlength=len(attribute.labels)))
    parts = np.split(owner[order], ends[:-1]) if len(ends) else []
    named = [Group(label, rows) for label, rows in zip(attribute.labels, parts, strict=True) if len(rows)]
    return sorted(named, key=lambda group: (-len(group.rows), group.label))


def rotation(candidate: Vectors, base: Vectors) -> NDArray[np.float64]:
    """The orthogonal matrix R (d, d) with which `candidate @ R` is nearest to `base`, both (n, d).

    Source: Schönemann (1966), A generalized solution of the orthogonal Procrustes problem, Psychometrika 31:1.
    """
    cross = np.zeros((candidate.shape[1], base.shape[1]))
    for start in range(0, len(base), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        cross += candidate[rows].astype(np.float64).T @ base[rows].astype(np.float64)
    left, _, right = np.linalg.svd(cross)
    return np.asarray(left @ right)


def aligned(base: Vectors, candidate: Vectors) -> tuple[Vectors, Vectors]:
    """Both spaces with their means at the origin, and the candidate's rotated onto the base's.

    A shift and a rotation change no distance between items. Where the numbers of dimensions differ, the smaller
    space is filled up with zeros.

    Args:
        base: (n, d).
        candidate: (n, e).

    Returns:
        Two matrices (n, max(d, e)).
    """
    width = max(base.shape[1], candidate.shape[1])
    centred = []
    for vectors in (base, candidate):
        shifted = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred.append(np.pad(shifted, ((0, 0), (0, width - vectors.shape[1]))))
    first, second = centred
    return first, second @ rotation(second, first).astype(np.float32)


def centroid_drift(
    base: Vectors, candidate: Vectors, rows: Rows, spread: float, seed: Sequence[int]
) -> tuple[float, float]:
    """How far the centroid of some items moved, and the noise floor of that, in units of `spread`.

    The floor is the length that 95 % of bootstrapped mean displacements stay under when the displacements of the
    items, their mean taken out, are resampled: what the centroid would move if its items moved just as much, but
    without a common direction.

    Args:
        base: (n, d) vectors of all items.
        candidate: (n, d), in the same axes.
        rows: the items of the group.
        spread: length that counts as one.
        seed: of the bootstrap.
    """
    displacement = candidate[rows].astype(np.float64) - base[rows]
    mean = displacement.mean(axis=0)
    rng = np.random.default_rng(list(seed))
    count = min(len(rows), NOISE_MEMBERS)
    chosen = rng.choice(len(rows), count, replace=False) if count < len(rows) else np.arange(count)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) / count
    lengths = np.linalg.norm(weights @ (displacement[chosen] - mean), axis=1)
    floor = float(np.quantile(lengths, 0.95)) * np.sqrt(count / len(rows))
    return float(np.linalg.norm(mean)) / spread, float(floor) / spread


def within_spread(vectors: Vectors, rows: Rows) -> float:
    """Root mean square distance of some items (row numbers of (n, d) vectors) to their own centroid."""
    part = vectors[rows].astype(np.float64)
    return float(np.sqrt(((part - part.mean(axis=0)) ** 2).sum(axis=1).mean()))


def drift_metrics(space: EmbeddingSpace, seed: int) -> list[Metric]:
    """Centroid drift of every frequent value of every attribute: raw, and after alignment.

    One unit is the spread of the value's items around their centroid in the base: the root mean square distance.
    The interval is the drift plus and minus its noise floor, so that its lower bound is above 0 only where the
    group moved more than its items do singly. Raw drift exists only where both sides have the same dimensions,
    and means something only where they share their axes (a fine-tune of the base).
    """
    base, candidate = (space.vectors[side] for side in SIDES)
    spaces = {"aligned": aligned(base, candidate)}
    if base.shape[1] == candidate.shape[1]:
        spaces["raw"] = (base, candidate)
    rows: list[Metric] = []
    for place, attribute in enumerate(space.attributes):
        for index, group in enumerate(groups(attribute)[:MOST_VALUES]):
            if len(group.rows) < MIN_GROUP:
                continue
            name = f"{attribute.name}={group.label}"
            spread = within_spread(base, group.rows)
            for method, sides in spaces.items():
                if spread < np.finfo(np.float32).eps:
                    why = "its items have one and the same vector in the base"
                    rows.append(
                        metric(
                            "centroid_drift", name, "difference", None, None, len(group.rows), method, why=why
                        )
                    )
                    continue
                value, floor = centroid_drift(*sides, group.rows, spread, (seed, place, index))
                bounds = (max(0.0, value - floor), value + floor)
                rows.append(
                    metric("centroid_drift", name, "difference", value, bounds, len(group.rows), method)
                )
    return rows


def shift_table(space: EmbeddingSpace) -> pa.Table:
    """One row of `retrieval_shift` for each item: neighbours kept, gained and lost, cosine after alignment."""
    base, candidate = (space.neighbours[side] for side in SIDES)
    in_candidate, in_base = shared(base, candidate)
    first, second = aligned(*(space.vectors[side] for side in SIDES))
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = np.full(len(first), np.nan)
    known = lengths > np.finfo(np.float32).eps
    products = np.einsum("nd,nd->n", first[known], second[known], dtype=np.float64)
    cosine[known] = np.clip(products / lengths[known], -1, 1)
    return pa.table(
        {
            "ref": pa.array(space.refs, pa.string()),
            "overlap": numbers(overlap(base, candidate)),
            "gained": lists(space.refs, candidate, ~in_base),
            "lost": lists(space.refs, base, ~in_candidate),
            "cosine": numbers(cosine),
        }
    )


def movement_table(space: EmbeddingSpace) -> pa.Table:
    """Rows of `retrieval_movement`: for each pair of values, the share of neighbours of the one that are the other.

    Neighbours that do not have the attribute do not count; `n` is the number of items with the first value that
    have neighbours that do.
    """
    columns: dict[str, list[object]] = {
        name: [] for name in ("attribute", "from_label", "to_label", "base_share", "candidate_share", "n")
    }
    for attribute in space.attributes:
        found = groups(attribute)[:MOST_LABELS]
        share = {side: _neighbour_shares(space.neighbours[side], attribute, found) for side in SIDES}
        known = np.asarray(np.isfinite(share["base"] + share["candidate"]).all(axis=1))
        for group in found:
            rows = group.rows[known[group.rows]]
            if len(rows) < MIN_GROUP:
                continue
            means = {side: share[side][rows].mean(axis=0) for side in SIDES}
            for index, other in enumerate(found):
                columns["attribute"].append(attribute.name)
                columns["from_label"].append(group.label)
                columns["to_label"].append(other.label)
                columns["base_share"].append(float(means["base"][index]))
                columns["candidate_share"].append(float(means["candidate"][index]))
                columns["n"].append(len(rows))
    types = {"base_share": pa.float64(), "candidate_share": pa.float64(), "n": pa.int64()}
    return pa.table(
        {name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()}
    )


def _neighbour_shares(
    neighbours: NDArray[np.int32], attribute: Attribute, found: Sequence[Group]
) -> NDArray[np.float64]:
    """(n, labels) share of each item's neighbours with the attribute that have each label; NaN where none has it."""
    count = len(neighbours)
    holds = np.zeros((count, len(found) + 1), np.float32)
    for index, group in enumerate(found):
        holds[group.rows, index] = 1
    holds[:, -1] = attribute.present()
    shares = np.full((count, len(found)), np.nan)
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        counts = holds[neighbours[rows]].sum(axis=1, dtype=np.float64)
        have = counts[:, -1:]
        shares[rows] = np.divide(counts[:, :-1], have, out=shares[rows], where=have > 0)
    return shares


def _size(context: PlanContext) -> int:
    return count(context.workbench, "example_count", track=TRACK, kind="item")


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    space, seed = load_space(context.workbench), context.seed
    shift = shift_table(space)
    rows = drift_metrics(space, seed)
    kept = overlap(*(space.neighbours[side] for side in SIDES))
    one, method = mean_interval(kept[~np.isnan(kept)], 0.95, seed)
    rows.append(of_interval("neighbour_overlap", ALL, "difference", one, f"{method}, over items"))
    return {
        "retrieval_shift": shift,
        "retrieval_movement": movement_table(space),
        "metric": metric_table(rows),
    }


DRIFT = Aggregate("retrieval.drift", 1, _compute, _size)
