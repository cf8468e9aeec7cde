"""Counterfactual items: the neighbours of an item when only an unwanted attribute of its text is changed.

Variants are made first, so that they are encoded with everything else; what they do is read from the vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import SIDES, Metric, MetricSide, Side
from analysis.data.examples import content_sha256
from analysis.models.encoder import encoders
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import bootstrap_mean
from analysis.tracks.retrieval.edits import Edit, Item, edits
from analysis.tracks.retrieval.metric_specs import metric, of_interval
from analysis.tracks.retrieval.nearest import nearest
from analysis.tracks.retrieval.settings import retrieval_settings
from analysis.tracks.retrieval.stage_queries import QUERIES
from analysis.tracks.retrieval.vectors import load_space, load_vectors, unit_rows

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from analysis.tracks.retrieval.vectors import Attribute, EmbeddingSpace

    Floats = NDArray[np.float64]

NO_MODEL = "no model: stored vectors cannot encode another text"
NAMES = ("counterfactual_overlap", "counterfactual_toward")
METHODS = {
    "counterfactual_overlap": "share of the {k} neighbours kept when the text is edited; bootstrap over items at 0.95",
    "counterfactual_toward": (
        "rise of the mean likeness of the {k} neighbours to the new value when the text is edited; "
        "bootstrap over items at 0.95"
    ),
}
CONFIDENCE = 0.95


class Variant(NamedTuple):
    """One edited item; `item` and `donor` (-1 for none) are row numbers."""

    ref: str
    item: int
    donor: int
    attribute: str
    old: str
    new: str


class Effect(NamedTuple):
    """Overlap of the neighbours with those of the unedited item, and rise towards the new value, from 0 to 1."""

    overlap: float
    toward: float


def likeness(attribute: Attribute, new: str) -> Floats:
    """(n,) how like the value `new` each item is: 1 for a label, closeness of ranks for a number, 0 for none."""
    out = np.zeros(len(attribute.present()))
    if attribute.kind != "numeric":
        code = attribute.labels.index(new)
        owner = np.repeat(np.arange(len(out)), np.diff(attribute.starts))
        out[owner[attribute.codes == code]] = 1
        return out
    there = attribute.present()
    ordered = np.sort(attribute.numbers[there])

    def rank(numbers: Floats) -> Floats:
        both = np.searchsorted(ordered, numbers, "left") + np.searchsorted(ordered, numbers, "right")
        return np.asarray(both / (2 * len(ordered)))

    out[there] = 1 - np.abs(rank(attribute.numbers[there]) - rank(np.array([float(new)])))
    return out


def effects(
    space: EmbeddingSpace, side: Side, variants: list[Variant], vectors: NDArray[np.float32], k: int
) -> list[Effect]:
    """What each edit does on one side.

    Neither the item itself nor the item whose title was put in may stand in either list: the one was the
    neighbour of nothing before, the other is now nearly named.

    Args:
        space: the items.
        side: whose vectors these are.
        variants: the edited items, v of them.
        vectors: (v, d), rows of unit length.
        k: neighbours that are compared.
    """
    if not variants:
        return []
    attributes = {one.name: one for one in space.attributes}
    like = {
        (one.attribute, one.new): likeness(attributes[one.attribute], one.new)
        for one in {(each.attribute, each.new): each for each in variants}.values()
    }
    items = space.vectors[side]
    edited = nearest(vectors, items, k + 2, exclude_self=False).indices
    plain = nearest(items[[one.item for one in variants]], items, k + 2, exclude_self=False).indices
    out = []
    for one, after, before in zip(variants, edited.tolist(), plain.tolist(), strict=True):
        lists = [[row for row in rows if row not in (one.item, one.donor)][:k] for rows in (after, before)]
        shared = len(set(lists[0]) & set(lists[1]))
        near = like[one.attribute, one.new]
        overlap = shared / len(lists[0]) if lists[0] else 1.0
        toward = float(near[lists[0]].mean() - near[lists[1]].mean()) if lists[0] else 0.0
        out.append(Effect(overlap, toward))
    return out


def counterfactual_metrics(
    of: dict[Side, list[Effect]],
    attributes: list[str],
    names: list[str],
    whys: dict[str, str],
    k: int,
    seed: int,
) -> list[Metric]:
    """Mean overlap and rise of every attribute, on both sides and as their paired difference.

    Args:
        of: the effects by side.
        attributes: the attribute of each of them.
        names: the unwanted attributes.
        whys: why an attribute has no edits.
        k: neighbours that are compared.
        seed: of the review.
    """
    owner = np.array(attributes, dtype=str)
    values = {side: np.array(of[side], np.float64).reshape(-1, len(NAMES)) for side in SIDES}
    sides: list[tuple[MetricSide, Floats]] = [(side, values[side]) for side in SIDES]
    sides.append(("difference", values["candidate"] - values["base"]))
    rows = []
    for attribute in names:
        mine = owner == attribute
        for column, name in enumerate(NAMES):
            method = METHODS[name].format(k=k)
            for side, numbers in sides:
                if attribute in whys:
                    rows.append(metric(name, attribute, side, None, None, 0, method, why=whys[attribute]))
                else:
                    one = bootstrap_mean(numbers[mine, column], None, CONFIDENCE, seed)
                    rows.append(of_interval(name, attribute, side, one, method))
    return rows


def _unwanted(context: PlanContext) -> list[str]:
    attributes = retrieval_settings(context.settings).attributes()
    return [name for name, wanted in attributes.items() if not wanted]


def _size(context: PlanContext) -> int:
    return len(_unwanted(context))


def plans(
    connection: duckdb.DuckDBPyConnection, unwanted: list[str], seed: int
) -> tuple[list[tuple[str, Edit]], dict[str, str]]:
    """The edits of all unwanted attributes, each with its attribute, and why an attribute has none."""
    made: list[tuple[str, Edit]] = []
    whys = {}
    for attribute in unwanted:
        found = connection.execute(QUERIES["items_with_attribute"], {"attribute": attribute}).fetchall()
        items = [
            Item(ref, text, title, tuple(labels or ()), number)
            for ref, text, title, _, labels, number in found
        ]
        kind = found[0][3] if found else "categorical"
        each, why = edits(attribute, kind, items, seed)
        made += [(attribute, edit) for edit in each]
        if why:
            whys[attribute] = why
    return made, whys


def _make_variants(context: PlanContext) -> dict[str, pa.Table]:
    connection, track, unwanted = context.workbench, context.track, _unwanted(context)
    if encoders(context.models).encodes:
        made, whys = plans(connection, unwanted, context.seed)
    else:
        made, whys = [], dict.fromkeys(unwanted, NO_MODEL)
    ids = [f"{edit.ref.partition(':')[2]}~{attribute}" for attribute, edit in made]
    refs = [f"{track}/variant:{id_}" for id_ in ids]
    plan = pa.table(
        {
            "ref": pa.array(refs, pa.string()),
            "item_ref": pa.array([edit.ref for _, edit in made], pa.string()),
            "donor": pa.array([edit.donor for _, edit in made], pa.string()),
            "attribute": pa.array([attribute for attribute, _ in made], pa.string()),
            "old": pa.array([edit.old for _, edit in made], pa.string()),
            "new": pa.array([edit.new for _, edit in made], pa.string()),
        }
    )
    why = pa.table(
        {"attribute": pa.array(list(whys), pa.string()), "why": pa.array(list(whys.values()), pa.string())}
    )
    for name, table in {"edit_plan": plan, "edit_why": why}.items():
        connection.execute(QUERIES[f"make_{name}"])
        connection.register("incoming", table)
        connection.execute(QUERIES[f"fill_{name}"])
        connection.unregister("incoming")
    texts = [edit.text for _, edit in made]
    example = pa.table(
        {
            "ref": plan["ref"],
            "track": pa.array([track] * len(made), pa.string()),
            "kind": pa.array(["variant"] * len(made), pa.string()),
            "id": pa.array(ids, pa.string()),
            "parent_ref": plan["item_ref"],
            "text": pa.array(texts, pa.string()),
            "gold": pa.nulls(len(made), pa.string()),
            "sha256": pa.array([content_sha256(text, None) for text in texts], pa.string()),
        }
    )
    return {"example": example}


def _measure_effects(context: PlanContext) -> dict[str, pa.Table]:
    connection = context.workbench
    space, k = load_space(connection), retrieval_settings(context.settings).k
    row_of = {ref: row for row, ref in enumerate(space.refs)}
    variants = [
        Variant(ref, row_of[item], row_of.get(donor, -1), attribute, old, new)
        for ref, item, donor, attribute, old, new in connection.execute(QUERIES["edit_plan"]).fetchall()
    ]
    # Both are sorted by ref: a variant is encoded, or there are none.
    _, vectors = load_vectors(connection, ("variant",))
    of = {side: effects(space, side, variants, unit_rows(vectors[side]), k) for side in SIDES}
    whys = dict(connection.execute(QUERIES["edit_why"]).fetchall())
    rows = counterfactual_metrics(
        of, [one.attribute for one in variants], _unwanted(context), whys, k, context.seed
    )
    table = {
        "ref": pa.array([one.ref for one in variants], pa.string()),
        "item_ref": pa.array([space.refs[one.item] for one in variants], pa.string()),
        "attribute": pa.array([one.attribute for one in variants], pa.string()),
        "old": pa.array([one.old for one in variants], pa.string()),
        "new": pa.array([one.new for one in variants], pa.string()),
    }
    for side in SIDES:
        table[f"{side}_overlap"] = pa.array([one.overlap for one in of[side]], pa.float64())
        table[f"{side}_toward"] = pa.array([one.toward for one in of[side]], pa.float64())
    return {"metric": metric_table(rows), "retrieval_counterfactual": pa.table(table)}


VARIANTS = Aggregate("retrieval.variants", 1, _make_variants, _size)
"""Edited items as examples of kind `variant`; before the stage that encodes."""
COUNTERFACTUAL = Aggregate("retrieval.counterfactual", 2, _measure_effects, _size)
"""What the edits do; after the stage that encodes."""
