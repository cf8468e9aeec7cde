"""Neighbours of edited items, from vectors whose movement is known."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from analysis.base.records import SIDES, Side
from analysis.tracks.retrieval.counterfactual import (
    NAMES,
    Variant,
    counterfactual_metrics,
    effects,
    likeness,
    plans,
)
from analysis.tracks.retrieval.vectors import EmbeddingSpace
from tests.analysis.tracks.retrieval.made_space import categorical, multi_valued, numeric, space, unit

HOUSES = ("Heron", "Kumo", "Lantern")


def by_publisher(strength: float) -> tuple[EmbeddingSpace, dict[Side, NDArray[np.float64]]]:
    """90 items of three publishers; the candidate adds a direction of each publisher, returned by label."""
    rng = np.random.default_rng(0)
    publisher = np.arange(90) % 3
    directions = np.eye(12)[:3] * strength
    own = rng.normal(size=(90, 12)) / np.sqrt(12)
    attributes = [
        categorical("publisher", [HOUSES[code] for code in publisher], wanted=False),
        numeric("title_length", np.arange(90.0).tolist()),
    ]
    return space(own, own + directions[publisher], attributes), {"base": own, "candidate": own}


def moved(own: NDArray[np.float64], strength: float, items: list[int], new: list[int]) -> NDArray[np.float32]:
    return unit(own[items] + np.eye(12)[:3][new] * strength)


def test_an_item_moves_to_its_new_publisher_where_the_side_groups_by_it() -> None:
    given, own = by_publisher(2.0)
    items = list(range(30))
    new = [(item + 1) % 3 for item in items]
    variants = [
        Variant(f"v{item:02d}", item, -1, "publisher", HOUSES[item % 3], HOUSES[code])
        for item, code in zip(items, new, strict=True)
    ]
    base = effects(given, "base", variants, given.vectors["base"][items], 10)
    candidate = effects(given, "candidate", variants, moved(own["candidate"], 2.0, items, new), 10)
    # The base does not read the publisher: the edited text has the vector of the item.
    assert {(one.overlap, one.toward) for one in base} == {(1.0, 0.0)}
    assert np.mean([one.overlap for one in candidate]) < 0.1
    assert np.mean([one.toward for one in candidate]) > 0.9
    rows = {
        (row.name, row.side): row
        for row in counterfactual_metrics(
            {"base": base, "candidate": candidate}, ["publisher"] * 30, ["publisher"], {}, 10, 0
        )
    }
    change = rows["counterfactual_toward", "difference"]
    assert change.n == 30
    assert change.low is not None
    assert change.low > 0.8
    assert rows["counterfactual_overlap", "base"].value == 1


def test_neither_the_item_nor_the_donor_of_a_title_counts() -> None:
    given, _ = by_publisher(0.0)
    # The edited text is the donor's: without the donor, its neighbours are those of the donor.
    donor, item = 40, 7
    variants = [Variant("v", item, donor, "title_length", "7", "40")]
    found = effects(given, "base", variants, given.vectors["base"][[donor]], 5)[0]
    rest = np.delete(np.arange(90), [item, donor])
    cosines = given.vectors["base"] @ given.vectors["base"].T

    def nearest_five(row: int) -> list[int]:
        return [int(other) for other in rest[np.argsort(-cosines[row, rest], kind="stable")][:5]]

    after, before = nearest_five(donor), nearest_five(item)
    assert found.overlap == len(set(after) & set(before)) / 5
    near = likeness(given.attributes[1], "40")
    assert found.toward == pytest.approx(near[after].mean() - near[before].mean())


def test_likeness_to_a_value() -> None:
    tags = multi_valued("tags", [["a", "b"], ["b"], []], wanted=False)
    assert likeness(tags, "b").tolist() == [1, 1, 0]
    lengths = likeness(numeric("title_length", [1, 2, 3, np.nan]), "3")
    assert lengths.tolist() == pytest.approx([1 / 3, 2 / 3, 1, 0])


def test_an_attribute_without_edits_is_unknown_with_the_reason() -> None:
    whys = {"publisher": "the text of items does not name the publisher"}
    rows = counterfactual_metrics({side: [] for side in SIDES}, [], ["publisher"], whys, 10, 0)
    assert len(rows) == 2 * 3
    assert {(row.name, row.status, row.why) for row in rows} == {
        (name, "unknown", whys["publisher"]) for name in NAMES
    }


def test_plans_read_the_items_of_the_workbench() -> None:
    workbench = duckdb.connect()
    workbench.execute("CREATE TABLE example (ref VARCHAR, text VARCHAR)")
    workbench.execute("CREATE TABLE retrieval_item (ref VARCHAR, title VARCHAR)")
    workbench.execute(
        "CREATE TABLE retrieval_attribute (ref VARCHAR, attribute VARCHAR, kind VARCHAR, labels VARCHAR[], "
        "number DOUBLE)"
    )
    rows = pa.table(
        {
            "ref": [f"retrieval/item:{row}" for row in range(12)],
            "text": [f"Ash {row} is out from {HOUSES[row % 3]}." for row in range(12)],
            "title": [f"Ash {row}" for row in range(12)],
            "house": [HOUSES[row % 3] for row in range(12)],
        }
    )
    workbench.register("given", rows)
    workbench.execute("INSERT INTO example SELECT ref, text FROM given")
    workbench.execute("INSERT INTO retrieval_item SELECT ref, title FROM given")
    workbench.execute(
        "INSERT INTO retrieval_attribute SELECT ref, 'publisher', 'categorical', [house], NULL FROM given"
    )
    workbench.execute("INSERT INTO retrieval_attribute SELECT ref, 'popularity', 'numeric', [], 1 FROM given")
    made, whys = plans(workbench, ["publisher", "popularity", "template"], 0)
    assert {attribute for attribute, _ in made} == {"publisher"}
    assert len(made) == 12
    assert set(whys) == {"popularity", "template"}
