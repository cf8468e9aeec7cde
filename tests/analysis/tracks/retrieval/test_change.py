"""Where the planted change of an encoder lives, found by grafts, switches and doses of models trained for it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.base.records import SIDES
from analysis.models.encoder import EncoderPair
from analysis.models.passes import counted
from analysis.models.scaled_adapter import SCALES
from analysis.plugin.change_sentence import change_sentences, why_nothing_named
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.tracks.retrieval.change import (
    LEAST_FLIPS,
    LEAST_ITEMS,
    MOST_ITEMS,
    asked_of,
    change_rows,
    planned_tokens,
)
from analysis.tracks.retrieval.graft import Asked, exchange, outcomes
from benchmarks.change import asked_queries, named_parts
from benchmarks.change_models import make_adapter, make_base, make_candidate
from tests.analysis.tracks.retrieval.tiny import (
    random_vectors,
    write_adapter,
    write_encoder,
    write_review,
    write_vectors,
)


def pair_of(base: Path, candidate: Path) -> EncoderPair:
    return EncoderPair({"base": base, "candidate": candidate}, "cpu")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("encoder") / "base", 0, "encoder")


def test_the_layer_that_was_trained_is_named_and_both_models_stay(base: Path, tmp_path: Path) -> None:
    pair = pair_of(base, make_candidate(base, tmp_path / "candidate", [3], 0, "encoder"))
    asked = asked_queries(pair, 0)
    before = [outcomes(pair.encoder(side), asked) for side in SIDES]
    read: list[float] = []
    with counted((pair.encoder(side).model for side in SIDES), read.append):
        rows = change_rows(pair, asked)
    assert 0.5 < read[-1] / planned_tokens(pair, asked) < 1.5
    assert named_parts(rows, "layer") == "layer 3"
    (sentence,) = change_sentences(rows)
    n = len(asked.queries)
    assert sentence.startswith("the change lives in layer 3: putting the base's back restores ")
    assert f" of {n} broken examples" in sentence
    by_name = {row["name"]: row for row in rows if row["kind"] == "layer"}
    assert list(by_name) == ["embeddings", *(f"layer {number}" for number in range(1, 7))]
    assert max(row["restored"] for name, row in by_name.items() if name != "layer 3") < n / 4
    for side, found in zip(SIDES, before, strict=True):
        np.testing.assert_array_equal(outcomes(pair.encoder(side), asked), found)


def test_the_module_of_an_adapter_that_was_trained_is_named_and_the_dose_rises(
    base: Path, tmp_path: Path
) -> None:
    module = "layer.0.attention.self.value"
    pair = pair_of(base, make_adapter(base, tmp_path / "adapter", [module], 0, "encoder"))
    rows = change_rows(pair, asked_queries(pair, 0))
    assert named_parts(rows, "module") == "layer 1 attention.self.value"
    kinds = {row["name"]: row["restored"] for row in rows if row["kind"] == "kind"}
    assert kinds["value"] > kinds["dense"]
    doses = [row["restored"] for row in rows if row["kind"] == "dose"]
    assert [row["scale"] for row in rows if row["kind"] == "dose"] == list(SCALES)
    assert (doses[0], doses[SCALES.index(1.0)]) == (rows[0]["n"], 0)
    assert doses[1] > doses[3]


def test_an_encoder_against_itself_names_nothing(base: Path) -> None:
    pair = pair_of(base, base)
    rows = change_rows(pair, asked_queries(pair, 0))
    assert change_sentences(rows) == []
    assert why_nothing_named(rows) == "no example flipped"


def test_a_hard_negative_turns_over_and_a_probe_finds(tiny_encoder: Path) -> None:
    encoder = pair_of(tiny_encoder, tiny_encoder).encoder("base")
    items = ["a crime story of n1 in dark by kite", "a romance story of n2 in warm by moss"]
    asked = Asked(items, [0, 1], [items[0]] * 3, [[0], [1], []], [None, None, (0, 1)], 1)
    np.testing.assert_array_equal(outcomes(encoder, asked), [1, 0, 1])
    other = replace(asked, contests=[None, None, (1, 0)])
    np.testing.assert_array_equal(outcomes(encoder, other), [1, 0, 0])
    tied = replace(asked, contests=[None, None, (0, 0)])
    assert outcomes(encoder, tied)[2] == 0, "a tie does not put the right item first"


def test_an_item_of_the_same_text_is_as_good_as_the_relevant_one(tiny_encoder: Path) -> None:
    encoder = pair_of(tiny_encoder, tiny_encoder).encoder("base")
    text = "a crime story of n1 in dark by kite"
    asked = Asked([text, text, "a romance story of n2"], [0, 0, 2], [text], [[1]], [None], 1)
    assert outcomes(encoder, asked)[0] == 1


@pytest.mark.parametrize("pooling", [None, {"pooling_mode_cls_token": True}])
def test_encoders_that_pool_otherwise_are_not_grafted(
    tmp_path: Path, pooling: dict[str, bool] | None
) -> None:
    first = write_encoder(tmp_path / "first")
    second = write_encoder(tmp_path / "second", noise=0.1, pooling=pooling)
    given = exchange(pair_of(first, second))
    expected = "" if pooling is None else "the sides make vectors of their states in different ways: pooling"
    assert given.why == expected
    assert bool(given.layers) is (pooling is None)
    assert all("pooler" not in part.modules for part in given.layers)


def test_queries_are_asked_of_what_either_side_lists_and_of_others_until_there_are_enough() -> None:
    flips = [
        {"ref": "q", "text": "q", "relevant": ["i007"], "positive_ref": None, "negative_ref": None},
        {"ref": "p", "text": "p", "relevant": ["i001"], "positive_ref": "i300", "negative_ref": "i301"},
    ]
    names = [f"i{number:03d}" for number in range(400)]
    items = [{"ref": name, "text": f"text of {name}", "title": name} for name in reversed(names)]
    items[0] = {**items[0], "title": "i005"}  # The first drawn, which stands for an earlier one.
    asked = asked_of(flips, {"q": ["i002", "i003"]}, items, 10)
    assert len(asked.items) in (LEAST_ITEMS, LEAST_ITEMS + 1)
    place = {text.rpartition(" ")[2]: row for row, text in enumerate(asked.items)}
    assert {"i002", "i003", "i005", "i007", "i300", "i301", "i399"} <= place.keys()
    assert asked.items == sorted(asked.items)
    assert asked.titles[place["i399"]] == place["i005"]
    assert asked.relevant == [[place["i007"]], []]
    assert asked.contests == [None, (place["i300"], place["i301"])]


def test_so_many_queries_are_taken_that_their_items_stay_few() -> None:
    names = [f"i{number:03d}" for number in range(400)]
    items = [{"ref": name, "text": name, "title": name} for name in names]
    flips = [
        {"ref": f"q{at}", "text": "q", "relevant": [names[at]], "positive_ref": None, "negative_ref": None}
        for at in range(40)
    ]
    listed = {f"q{at}": names[20 + 8 * at : 28 + 8 * at] for at in range(40)}
    few = asked_of(flips, listed, items, 10)
    assert (len(few.queries), len(few.items) <= MOST_ITEMS) == (MOST_ITEMS // 9, True)
    wide = asked_of(flips, dict.fromkeys(listed, names[:300]), items, 10)
    assert len(wide.queries) == LEAST_FLIPS


def test_a_review_says_where_the_change_of_an_adapter_lives(tmp_path: Path, tiny_encoder: Path) -> None:
    shutil.copytree(tiny_encoder, tmp_path / "base")
    write_adapter(tmp_path / "base", tmp_path / "candidate", seed=1)
    made = analyze(write_review(tmp_path))
    with ReviewSession.open(made.store, read_only=True) as session:
        run = session.connection
        kinds = {row[0] for row in run.execute("SELECT DISTINCT kind FROM evidence.change_part").fetchall()}
        assert {"layer", "module", "kind", "dose", "named layer", "named module"} <= kinds
        (restored,) = run.execute(
            "SELECT restored = n FROM evidence.change_part WHERE kind = 'dose' AND scale = 0"
        ).fetchall()
        assert restored == (True,)
        told = run.execute(
            "SELECT count(*) FROM evidence.metric WHERE name = 'change_restored' AND track = 'retrieval'"
        ).fetchone()
        assert told == (1,)
        context = session.example("retrieval/query:q1").context
        assert {row["kind"] for row in context["change"]} == kinds


def test_vectors_that_were_made_elsewhere_have_no_parts(tmp_path: Path) -> None:
    for side, seed in (("base", 0), ("candidate", 1)):
        write_vectors(tmp_path / f"{side}.parquet", random_vectors(seed=seed))
    made = analyze(write_review(tmp_path, base="base.parquet", candidate="candidate.parquet"))
    with ReviewSession.open(made.store, read_only=True) as session:
        count = "SELECT count(*) FROM evidence."
        parts = session.connection.execute(f"{count}change_part").fetchone()
        told = session.connection.execute(f"{count}metric WHERE name = 'change_restored'").fetchone()
        assert (parts, told) == ((0,), (0,))
