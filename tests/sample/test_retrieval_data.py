"""The sample's retrieval part is what it says: authored, disjoint, small, and wrong underneath in rc1 alone.

The figures are those of `sample_data.measure_retrieval`, which uses none of the code under review.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.models.encoder_config import inspect_encoder
from sample_data import author_retrieval, train_retrieval
from sample_data.author import ROOT, key, titles
from sample_data.measure_retrieval import (
    ENCODERS,
    WANTED,
    lifts,
    nearest,
    read,
    search,
    vectors,
)
from sample_data.pairs_retrieval import batches

BASE, GROUPS_BY_COPY, HEALTHY = ENCODERS
ITEMS, PROBES, PAIRS = read("catalogue"), read("probes"), read("hard_negatives")
NO_SPOILER = np.array(["spoiler" in probe["query"].lower() for probe in PROBES])
IDS = [item["id"] for item in ITEMS]
BY_ID: dict[str, dict[str, Any]] = {item["id"]: item for item in ITEMS}


@dataclass(frozen=True)
class Side:
    """What one encoder does: lifts by attribute, (plain, within theme and tone); search; violated pairs."""

    lifts: dict[str, tuple[float, float]]
    found: np.ndarray
    violated: np.ndarray
    norms: np.ndarray


def _side(name: str) -> Side:
    space = vectors(name, [item["description"] for item in ITEMS])
    row = {identity: n for n, identity in enumerate(IDS)}
    queries = vectors(name, [pair["query"] for pair in PAIRS])
    right, wrong = (
        (queries * space[[row[pair[end]] for pair in PAIRS]]).sum(1) for end in ("positive", "negative")
    )
    asked = vectors(name, [probe["query"] for probe in PROBES])
    return Side(
        {attribute: lifts(ITEMS, space, attribute) for attribute in (*WANTED, "publisher", "template")},
        search(PROBES, IDS, nearest(asked, space)),
        right <= wrong,
        np.linalg.norm(space, axis=1),
    )


@pytest.fixture(scope="module")
def sides() -> Iterator[dict[str, Side]]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield {name: _side(name) for name in ENCODERS}
    torch.set_num_threads(threads)


def test_counts_are_as_promised() -> None:
    kinds = Counter(item["id"][0] for item in ITEMS)
    assert kinds["t"] >= 400
    assert kinds["s"] >= 60
    assert len(PROBES) >= 120
    assert NO_SPOILER.sum() >= 50
    assert len(PAIRS) >= 120
    assert {probe["family"] for probe in PROBES} == {"theme", "tone", "title-like", "no-spoiler", "support"}


def test_every_id_resolves_and_none_is_double() -> None:
    assert len(set(IDS)) == len(IDS)
    for rows in (PROBES, PAIRS):
        assert len({row["id"] for row in rows}) == len(rows)
    queries = {probe["query"]: probe for probe in PROBES}
    assert len(queries) == len(PROBES)
    for probe in PROBES:
        assert probe["relevant"]
        assert set(probe["relevant"]) <= set(IDS), probe["id"]
    for pair in PAIRS:
        relevant = queries[pair["query"]]["relevant"]
        assert pair["positive"] in relevant
        assert pair["negative"] in BY_ID
        assert pair["negative"] not in relevant


def test_hard_negatives_are_confusable_as_they_say() -> None:
    for pair in PAIRS:
        right, wrong = BY_ID[pair["positive"]], BY_ID[pair["negative"]]
        if pair["kind"] == "same template":
            assert (right["template"], right["publisher"]) == (wrong["template"], wrong["publisher"])
        elif pair["kind"] == "same publisher":
            assert (right["publisher"], right["theme"]) == (wrong["publisher"], wrong["theme"])
        else:
            assert set(key(right["title"]).split()) & set(key(wrong["title"]).split())
        assert pair["kind"] == "same publisher" or right["theme"] != wrong["theme"]


def test_the_missions_probe_asks_for_thrillers() -> None:
    (probe,) = [
        probe for probe in PROBES if probe["query"] == "Recommend manga like Monster but no spoilers."
    ]
    assert {BY_ID[one]["theme"] for one in probe["relevant"]} == {"psychological thriller"}
    assert "Quiet Suspect" in {BY_ID[one]["title"] for one in probe["relevant"]}


def test_names_are_confusing_on_purpose() -> None:
    names = Counter(item["title"] for item in ITEMS if item["theme"])
    assert [name for name, count in names.items() if count > 1] == ["Night Ferry"]
    assert "Home" in names
    assert set(titles()) <= set(names)


def test_descriptions_name_title_and_publisher() -> None:
    for item in ITEMS:
        assert item["title"] in item["description"]
        if item["theme"]:
            assert item["publisher"] in item["description"]
            assert item["spoilers"]
        else:
            assert item["user_intent"]
            assert item["support_topic"]


def test_training_shares_no_text_with_probes_and_titles() -> None:
    evaluated = {key(probe["query"]) for probe in PROBES}
    evaluated |= {key(item["description"]) for item in ITEMS if item["theme"]}
    for corpus in (
        train_retrieval.BASE_CORPUS,
        train_retrieval.RC1_CORPUS,
        train_retrieval.RC2_CORPUS,
    ):
        texts = {text for batch in batches(corpus) for pair in batch for text in (pair.left, pair.right)}
        assert len(texts) > 2000
        assert not evaluated & {key(text) for text in texts}, corpus.name


def test_the_text_is_regenerated_byte_for_byte(tmp_path: Path) -> None:
    author_retrieval.write(tmp_path)
    for name in ("catalogue", "probes", "hard_negatives"):
        written = (tmp_path / f"{name}.jsonl").read_bytes()
        assert written == (ROOT / "retrieval" / f"{name}.jsonl").read_bytes(), name


def test_the_encoders_are_small_and_weights_are_never_code() -> None:
    folders = [
        ROOT / "retrieval",
        ROOT / "banks" / "catalogue",
        *(ROOT / "models" / name for name in ENCODERS),
    ]
    sizes = {folder: [path for path in folder.rglob("*") if path.is_file()] for folder in folders}
    total = {folder.name: sum(path.stat().st_size for path in files) for folder, files in sizes.items()}
    assert sum(total.values()) < 3_500_000
    assert total[BASE] < 2_000_000
    assert max(total[GROUPS_BY_COPY], total[HEALTHY]) < 200_000


@pytest.mark.parametrize("name", ENCODERS)
def test_the_encoders_are_read_from_safetensors(name: str, sides: dict[str, Side]) -> None:
    head = inspect_encoder(ROOT / "models" / name, ROOT / "models" / BASE)
    assert head.pooling == ("mean",)
    assert head.after == (None,)
    assert head.adapter == ("" if name == BASE else "LORA")
    assert 600_000 <= head.parameters <= 1_000_000
    np.testing.assert_allclose(sides[name].norms, 1, atol=1e-5)
    if name != BASE:
        config = json.loads((ROOT / "models" / name / "adapter_config.json").read_text("utf-8"))
        assert config["base_model_name_or_path"] == BASE


def test_both_candidates_look_like_an_upgrade(sides: dict[str, Side]) -> None:
    base = sides[BASE].found.mean(0)
    assert 0.2 <= base[0] <= 0.6
    for name in (GROUPS_BY_COPY, HEALTHY):
        recall, _, ndcg = sides[name].found.mean(0) - base
        assert recall >= 0.05, name
        assert ndcg >= 0.05, name


def test_rc1_groups_by_the_copy_of_the_publisher(sides: dict[str, Side]) -> None:
    for attribute, least in (("publisher", 0.14), ("template", 0.4)):
        base, candidate = (sides[name].lifts[attribute] for name in (BASE, GROUPS_BY_COPY))
        assert base[1] < 0.10
        assert candidate[1] - base[1] > least, attribute


def test_rc2_groups_by_what_is_wanted_and_gives_up_who_reads_it(sides: dict[str, Side]) -> None:
    base, candidate = sides[BASE].lifts, sides[HEALTHY].lifts
    assert candidate["theme"][0] >= base["theme"][0] - 0.06
    assert candidate["demographic"][0] < base["demographic"][0] - 0.12
    others = [name for name in WANTED if name != "demographic"]
    assert min(candidate[name][0] - base[name][0] for name in others) > -0.06
    change = np.mean([candidate[name][0] - base[name][0] for name in WANTED])
    assert change > -0.05
    for attribute in ("publisher", "template"):
        assert candidate[attribute][1] - base[attribute][1] < 0.05


def test_rc2_loses_no_hard_negatives_and_no_guarded_queries(sides: dict[str, Side]) -> None:
    base, candidate = sides[BASE], sides[HEALTHY]
    assert (candidate.violated & ~base.violated).sum() <= (base.violated & ~candidate.violated).sum()
    assert (candidate.found - base.found)[NO_SPOILER, 0].mean() > 0
