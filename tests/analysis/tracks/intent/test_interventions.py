"""The search for what reverts a flip: its order, its bounds, what random changes do, and inputs that are odd."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
import torch

from analysis.attribution.interventions import RANDOM, Intervention
from analysis.base.sql import sql_text
from analysis.models.load_classifier import LoadedClassifier
from analysis.plugin.report_fields import ATTRIBUTION
from analysis.plugin.stage import Shard
from analysis.store.run import SCHEMA
from analysis.text.lexicon import Lexicon
from analysis.tracks.intent import interventions
from analysis.tracks.intent.counterfactual import swapped
from analysis.tracks.intent.intervention_metrics import reverted_metrics
from analysis.tracks.intent.intervention_stage import (
    INTERVENE,
    PlannedCue,
    PlannedFlip,
    attribution_change,
    edits_of,
)
from analysis.tracks.intent.interventions import SETS, Flip, revert
from analysis.tracks.intent.predict import logits_of_ids
from analysis.tracks.intent.report_sections import report_sections
from analysis.tracks.intent.tokenised import delete_words, tokenise
from tests.analysis.gate_fixture import given
from tests.analysis.tracks.intent.bag_of_words import CLASSES, bag_of_words
from tests.analysis.tracks.intent.probed import make_tables, probe

ESCALATION, TRACKING = CLASSES.index("escalation"), CLASSES.index("order_tracking")
STRONG = {"track": {"order_tracking": 2.0}, "parcel": {"escalation": 4.0}}


def flip(
    candidate: LoadedClassifier,
    text: str,
    order: tuple[int, ...] | None = None,
    *,
    cue: PlannedCue | None = None,
    limit: int = 64,
) -> Flip:
    """A text that the base takes for tracking and the candidate for an escalation."""
    words = tokenise(candidate, [text], limit)[0]
    placed = tuple(range(len(words.words))) if order is None else order
    edits = () if cue is None else tuple(edits_of(candidate, text, words, cue, limit, 7))
    return Flip("r", words, placed, "occlusion", TRACKING, ESCALATION, edits, 7)


def search(candidate: LoadedClassifier, one: Flip) -> list[Intervention]:
    (found,) = revert(candidate, [one])
    return found


def changed(one: Intervention, text: str) -> list[str]:
    return [text[start:end] for start, end in zip(one.starts, one.ends, strict=True)]


def test_the_word_that_changed_most_is_deleted_first_and_ends_the_search() -> None:
    candidate, text = bag_of_words(STRONG), "track my parcel"
    (found,) = search(candidate, flip(candidate, text, (2, 0, 1)))
    assert (found.reverts, found.tried, found.words, changed(found, text)) == (True, 1, 1, ["parcel"])
    assert (found.base_label, found.candidate_label) == ("order_tracking", "escalation")
    assert (found.operation, found.label_after, found.method) == ("delete", "order_tracking", "occlusion")
    # Of the three words one does it, and there are no others to draw.
    assert (found.random_reverted, found.random_tried) == (1, 3)
    logits = logits_of_ids(candidate, [flip(candidate, text).text.ids])[0].astype(float)
    p = np.exp(logits[TRACKING]) / np.exp(logits).sum()
    assert found.p_before == pytest.approx(p, rel=1e-5)
    assert found.p_after is not None
    assert found.p_after > p


def test_single_words_go_by_rank_before_any_pair() -> None:
    candidate, text = bag_of_words(STRONG), "track my parcel"
    (found,) = search(candidate, flip(candidate, text, (1, 0, 2)))
    assert (found.tried, changed(found, text)) == (3, ["parcel"])


@pytest.mark.parametrize("count", [2, 3])
def test_pairs_and_triples_are_made_of_the_words_that_did_most_alone(count: int) -> None:
    heavy = ["parcel", "order", "gift"][:count]
    weights = {"track": {"order_tracking": 2.0}} | {word: {"escalation": 2.5} for word in heavy}
    candidate = bag_of_words(weights)
    text = "track my the with has is should " + " ".join(heavy)
    (found,) = search(candidate, flip(candidate, text))
    assert (found.reverts, found.words, changed(found, text)) == (True, count, heavy)
    words = len(text.split())
    before = words + (0 if count == 2 else SETS)
    assert found.tried == before + 1
    assert found.random_tried == min(RANDOM, len(list(itertools.combinations(range(words), count))))
    assert found.random_reverted <= 1


def test_where_nothing_reverts_the_nearest_try_is_told() -> None:
    weights = {"track": {"order_tracking": 2.0}, "parcel": {"escalation": 1.0}}
    candidate = bag_of_words(weights)
    with torch.no_grad():
        # The bias flips it: no word does.
        candidate.model.bias[ESCALATION] = 8.0
    text = "track my parcel yet"
    (found,) = search(candidate, flip(candidate, text))
    assert not found.reverts
    assert found.tried == 4 + 6 + 4
    assert "parcel" in changed(found, text)
    assert "track" not in changed(found, text)
    assert (found.label_after, found.random_tried) == ("escalation", 0)
    assert found.p_after is not None
    assert found.p_before is not None
    assert found.p_after > found.p_before


@pytest.mark.parametrize(
    ("text", "why"), [("parcel", "the text has one word"), ("", "the text has no words")]
)
def test_a_text_of_which_nothing_would_be_left_is_told_apart(text: str, why: str) -> None:
    candidate = bag_of_words(STRONG)
    (found,) = search(candidate, flip(candidate, text))
    assert (found.reverts, found.tried, found.why) == (False, 0, why)
    assert (found.label_after, found.starts, found.words) == (None, [], None)


def test_deletions_always_leave_a_word() -> None:
    candidate = bag_of_words({"parcel": {"escalation": 4.0}, "track": {"escalation": 4.0}})
    with torch.no_grad():
        candidate.model.bias[TRACKING] = 2.0
    (found,) = search(candidate, flip(candidate, "track parcel"))
    assert (found.reverts, found.tried) == (False, 2)


TITLES = Lexicon("titles", ("Cold Harbor", "Tofu Wars"))


def with_title(candidate: LoadedClassifier, text: str, other: str | None = "Tofu Wars") -> Flip:
    spans = [(one.start, one.end) for one in TITLES.find(text)]
    return flip(candidate, text, cue=PlannedCue("titles", spans, other))


def test_a_cue_is_removed_where_no_deletion_reverts_it() -> None:
    # Each word of the title does it alone, so that no three of the four mentioned words are enough.
    weights = {"track": {"order_tracking": 2.0}, "cold": {"escalation": 9.0}, "harbor": {"escalation": 9.0}}
    candidate = bag_of_words(weights)
    text = "track Cold Harbor my Cold Harbor yet"
    deletion, cue = search(candidate, with_title(candidate, text))
    assert not deletion.reverts
    assert (cue.kind, cue.reverts, cue.operation, cue.cue, cue.term) == (
        "cue",
        True,
        "remove",
        "titles",
        None,
    )
    assert (cue.words, changed(cue, text)) == (4, ["Cold Harbor", "Cold Harbor"])
    # Of the 35 ways to delete four of seven words, those without any of the four words of the title: one.
    assert (cue.random_reverted, cue.random_tried) == (1, 35)


def test_a_cue_is_swapped_and_the_same_is_done_elsewhere() -> None:
    weights = {word: {"escalation": 3.0} for word in ("cold", "harbor")}
    weights |= {
        "track": {"order_tracking": 1.0},
        "tofu": {"order_tracking": 2.0},
        "wars": {"order_tracking": 2.0},
    }
    candidate = bag_of_words(weights)
    text = "track Cold Harbor Cold Harbor Cold Harbor"
    deletion, cue = search(candidate, with_title(candidate, text))
    assert not deletion.reverts
    assert cue.operation == "remove"
    assert cue.reverts
    removed = replace(with_title(candidate, text), edits=with_title(candidate, text).edits[1:])
    _, swap = search(candidate, removed)
    assert (swap.operation, swap.term, swap.reverts) == ("swap", "Tofu Wars", False)
    assert changed(swap, text) == ["Cold Harbor"]
    short = "track Cold Harbor like"
    one = with_title(candidate, short)
    (edit,) = [edit for edit in one.edits if edit.operation == "swap"]
    assert len(edit.elsewhere) == 3
    assert edit.ids in edit.elsewhere


def test_edits_that_change_nothing_or_leave_nothing_are_not_made() -> None:
    candidate = bag_of_words(STRONG)
    assert [edit.operation for edit in with_title(candidate, "Cold Harbor").edits] == ["swap"]
    assert with_title(candidate, "Cold Harbor", other=None).edits == ()
    assert swapped("Cold Harbor", TITLES.find("Cold Harbor")[0], ("cold harbor",), 3) is None


def test_what_lies_beyond_the_limit_does_not_move_up_when_a_cue_is_removed() -> None:
    candidate = bag_of_words(STRONG)
    text = "track Cold Harbor my parcel with volume and Tofu Wars"
    words = tokenise(candidate, [text], 6)[0]
    assert [text[word.start : word.end] for word in words.words] == ["track", "Cold", "Harbor", "my"]
    spans = [(one.start, one.end) for one in TITLES.find(text)]
    removed, swap = edits_of(candidate, text, words, PlannedCue("titles", spans, "Quiet Suspect"), 6, 7)
    assert removed.ids == delete_words(words, [1, 2])
    assert removed.spans == swap.spans == ((6, 17),)


def test_a_change_whose_logits_are_not_numbers_reverts_nothing() -> None:
    candidate = bag_of_words({**STRONG, "my": {name: float("nan") for name in CLASSES}})
    (found,) = search(candidate, flip(candidate, "track my parcel"))
    # Without "my" there are numbers again, of the candidate's class; without another word there are none.
    assert (found.reverts, found.tried) == (True, 3 + 2)
    assert changed(found, "track my parcel") == ["my", "parcel"]
    assert found.p_before is None


def test_rows_of_many_flips_share_batches_and_nothing_depends_on_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    candidate = bag_of_words(STRONG)
    flips = [
        flip(candidate, text)
        for text in ("track my parcel", "track parcel", "like the parcel order to track")
    ]
    together = revert(candidate, flips)
    assert together == [search(candidate, one) for one in flips]
    monkeypatch.setattr(interventions, "TOKENS_AT_ONCE", 1)
    assert revert(candidate, flips) == together


def test_random_changes_follow_the_seed_of_the_example() -> None:
    weights = {"track": {"order_tracking": 2.0}} | {
        word: {"escalation": 1.2} for word in ("parcel", "order", "gift")
    }
    candidate = bag_of_words(weights)
    one = flip(candidate, "track my the with has is should like more parcel order gift")
    assert search(candidate, one) == search(candidate, one)
    rows = {seed: interventions.random_deletions(replace(one, seed=seed), 2) for seed in (7, 8)}
    assert rows[7] != rows[8]
    assert len({tuple(row) for row in rows[7]}) == RANDOM


def test_words_are_matched_by_their_place_whatever_the_tokenizers_make_of_them() -> None:
    base = {(0, 5): 1.0, (6, 8): 0.5, (9, 12): 2.0}
    candidate = {(0, 5): 1.5, (6, 12): 9.0, (13, 15): 1.0, (6, 8): 3.0}
    assert attribution_change(base, candidate) == {(0, 5): 0.5, (6, 8): 2.5}


def planned(text: str, base: str = "order_tracking", candidate: str = "escalation") -> PlannedFlip:
    return PlannedFlip(f"intent/message:{text}", "0" * 64, text, base, candidate, None, [], [])


@pytest.fixture
def evidence() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(sql_text(SCHEMA, "evidence.sql"))
        connection.execute(sql_text("analysis.tracks.intent", "schema.sql"))
        yield connection


def test_the_stage_says_of_every_flip_what_reverts_it_or_why_nothing_was_tried(
    tiny_review: Path, evidence: duckdb.DuckDBPyConnection
) -> None:
    context = probe(tiny_review)[0].for_run()
    flips = [
        planned("where is my parcel", "escalation", "recommendation"),
        planned("parcel", "escalation", "recommendation"),
        planned("", "escalation", "recommendation"),
        planned("talk to a human", "escalation", "not a number"),
        planned("where " * 200, "escalation", "recommendation"),
    ]
    table = INTERVENE.run(context, Shard({}, flips, len(flips)))["intent_intervention"]
    evidence.register("incoming", table)
    evidence.execute("INSERT INTO intent_intervention BY NAME SELECT * FROM incoming")
    of_words = "SELECT ref, tried, why FROM intent_intervention WHERE kind = 'deletion'"
    rows = {ref: rest for ref, *rest in evidence.execute(of_words).fetchall()}
    assert set(rows) == {one.ref for one in flips}
    assert rows["intent/message:parcel"] == [0, "the text has one word"]
    assert rows["intent/message:"] == [0, "the text has no words"]
    assert rows["intent/message:talk to a human"] == [0, "the logits are not numbers"]
    assert all(rows[one.ref][0] > 0 for one in (flips[0], flips[4]))
    # Where no change of the text can revert a flip, a part of the base put into the candidate does.
    grafted = evidence.execute(
        "SELECT ref, label_after, term, random_tried FROM intent_flip WHERE kind = 'graft' AND reverts"
    ).fetchall()
    assert {ref for ref, *_ in grafted} >= {"intent/message:parcel"}
    assert all(label == "escalation" and parts and others >= 0 for _, label, parts, others in grafted)
    reverted_by_words = {
        row[0]
        for row in evidence.execute(f"{of_words.replace('tried, why', 'reverts')} AND reverts").fetchall()
    }
    assert not reverted_by_words & {ref for ref, *_ in grafted}


def test_the_smallest_intervention_of_a_flip_wins(evidence: duckdb.DuckDBPyConnection) -> None:
    def add(kind: str, reverts: bool, words: int | None, rate: tuple[int, int]) -> None:
        evidence.execute(
            "INSERT INTO intent_intervention VALUES ('r', ?, NULL, 'a', 'b', ?, NULL, NULL, NULL, ?, [], [], 1, NULL, "
            "NULL, NULL, ?, ?, '')",
            [kind, reverts, words, *rate],
        )

    add("deletion", False, 1, (0, 0))
    assert evidence.execute("SELECT kind, reverts, random_rate FROM intent_flip").fetchall() == [
        ("deletion", False, None)
    ]
    add("another kind", True, None, (1, 4))
    add("cue", True, 3, (3, 4))
    assert evidence.execute("SELECT kind, reverts, random_rate FROM intent_flip").fetchall() == [
        ("cue", True, 0.75)
    ]


def test_the_share_of_flips_reverted_stands_beside_what_random_changes_do() -> None:
    assert reverted_metrics([], 0) == []
    share, chance = reverted_metrics([(True, 0.5), (True, 0.1), (False, None), (True, None)], 0)
    assert (share.name, share.value, share.n) == ("flips_reverted", 0.75, 4)
    assert share.low is not None
    assert share.high is not None
    assert 0 < share.low < 0.75 < share.high <= 1
    assert (chance.name, chance.value, chance.n) == ("flips_reverted_random", pytest.approx(0.3), 2)
    (nothing,) = reverted_metrics([(False, None)], 0)
    assert (nothing.value, nothing.n) == (0.0, 1)


def test_the_report_says_how_many_flips_are_reverted(evidence: duckdb.DuckDBPyConnection) -> None:
    evidence.execute("ATTACH ':memory:' AS evidence")
    evidence.execute("USE evidence")
    make_tables(evidence)

    def said(flips: list[tuple[bool, float | None]]) -> list[str]:
        sections = report_sections(evidence, given(reverted_metrics(flips, 0)))
        return [sentence for sentence in sections[ATTRIBUTION] if "flips" in sentence]

    assert said([]) == []
    assert said([(True, 0.5), (True, 0.1), (False, None)]) == [
        "2 of 3 flips among the attributed messages are reverted by a change of few words; random changes of as many "
        "words revert 30% (counterfactual edits)"
    ]
    assert said([(False, None)]) == [
        "0 of 1 flips among the attributed messages are reverted by a change of few words (counterfactual edits)"
    ]
