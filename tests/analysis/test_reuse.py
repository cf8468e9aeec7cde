"""How often a data set was used: candidates are counted, runs compared, and earlier verdicts offered and pinned."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateResult
from analysis.base.records import ALL
from analysis.plugin.flag import never_cut
from analysis.report.build import statement
from analysis.review.earlier import choice_of
from analysis.review.reuse import differences, ordinal, remembered
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.stats.selection import expected_best
from analysis.store.run import current_run, read_description
from tests.analysis.gate_fixture import check_criteria, given
from tests.analysis.gate_fixture import gate as judged
from tests.analysis.linear_classifier import save_classifier
from tests.analysis.store_fixture import publish_review, ref_of, said_elsewhere, write_review
from tests.tui.response_fixture import publish_response

FIRST = "intent-v4-rc0"
WRONG = ref_of(0)
RIGHT = ref_of(14)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A store of an earlier candidate, on which alice judged two examples."""
    store = publish_review(tmp_path / "rc0.review", name=FIRST, candidate_version="v4-rc0")
    with ReviewSession.open(store, "alice") as session:
        session.verdict(WRONG, "base", cause="reads the title")
        session.verdict(RIGHT, "candidate", asked=session.asked(RIGHT))
    return store


def second(folder: Path, *previous: Path, **changes: Any) -> Path:
    """A store of another candidate of the same data, that predicts the same."""
    changes = {"spare": 0.25, **changes, "previous": [str(path) for path in previous]}
    return publish_review(folder, **changes)


def described(store: Path) -> dict[str, Any]:
    return read_description(store, current_run(store))


def counted(store: Path) -> dict[str, int]:
    with ReviewSession.open(store) as session:
        return session.reuse().candidates


def reuse_gate(session: ReviewSession) -> GateResult:
    return next(one for one in session.gates() if one.key == "review.reuse")


# Counting


def test_a_first_candidate_is_the_first_and_nothing_is_said(first: Path) -> None:
    with ReviewSession.open(first) as session:
        assert session.reuse().candidates == {"intent": 1}
        assert not [note for note in session.notes() if "candidate" in note]
        assert reuse_gate(session).verdict == "pass"


def test_a_previous_review_is_recorded_and_counted(first: Path, tmp_path: Path) -> None:
    with ReviewSession.open(first) as session:
        session.decide("hold", "titles")
    store = second(tmp_path / "rc1.review", first)
    (recorded,) = described(store)["previous"]
    before = described(first)["determined_by"]
    assert recorded == {
        "review": FIRST,
        "candidate_version": "v4-rc0",
        "run": current_run(first),
        "candidates": {"intent": before["models"]["intent"]["candidate"]["digest"]},
        "data": {"intent": before["tracks"]["intent"]["data"]},
        "decision": "hold",
        "wrong": {WRONG: recorded["wrong"][WRONG]},
        "same_data": ["intent"],
    }
    with ReviewSession.open(store) as session:
        assert session.reuse().candidates == {"intent": 2}
        assert "2nd candidate on this data set; 1 run of this store" in session.notes()
        assert session.overview().notes == session.notes()


def test_the_same_candidate_counts_once(first: Path, tmp_path: Path) -> None:
    store = second(tmp_path / "rc1.review", first, spare=0.0)
    assert counted(store) == {"intent": 1}
    second(store, first, spare=0.0, seed=7)
    assert counted(store) == {"intent": 1}
    with ReviewSession.open(store) as session:
        assert "1st candidate on this data set; 2 runs of this store" in session.notes()


def test_candidates_of_one_store_count_too(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    for spare in (0.25, 0.5):
        publish_review(store, spare=spare)
    assert counted(store) == {"intent": 3}


def test_other_data_do_not_count(first: Path, tmp_path: Path) -> None:
    store = second(tmp_path / "rc1.review", first, texts={5: "message 5 about returns"})
    assert counted(store) == {"intent": 1}
    assert described(store)["previous"][0]["same_data"] == []


def test_what_was_previous_to_a_previous_review_counts_once(first: Path, tmp_path: Path) -> None:
    middle = second(tmp_path / "rc1.review", first, name="rc1")
    shutil.move(first, tmp_path / "elsewhere")
    store = second(tmp_path / "rc2.review", middle, name="rc2", spare=0.5)
    assert [one.review for one in remembered(described(store))] == [FIRST, "rc1"]
    assert counted(store) == {"intent": 3}
    both = second(tmp_path / "rc3.review", tmp_path / "elsewhere", middle, name="rc3", spare=0.75)
    assert sorted(one.review for one in remembered(described(both))) == [FIRST, "rc1"]
    assert counted(both) == {"intent": 3}


def test_what_was_said_in_a_previous_review_is_part_of_the_name_of_a_run(first: Path, tmp_path: Path) -> None:
    review = write_review(tmp_path / "rc1", spare=0.25, previous=[str(first)])
    before = analyze(review)
    assert not analyze(review).created
    moved = tmp_path / "moved" / first.name
    moved.parent.mkdir()
    shutil.move(first, moved)
    review.write_text(review.read_text("utf-8").replace(str(first), str(moved)), "utf-8")
    assert analyze(review).run == before.run
    with ReviewSession.open(moved, "alice") as session:
        session.verdict(ref_of(1), "base")
    again = analyze(review)
    assert again.run != before.run
    with ReviewSession.open(again.store) as session:
        assert [one.differed for one in session.reuse().runs] == [(), ("previous reviews",)]


def test_a_run_that_cannot_be_read_is_said(first: Path) -> None:
    damaged = first / "runs" / ("0" * 12)
    damaged.mkdir()
    (damaged / "run.json").write_text("{", "utf-8")
    with ReviewSession.open(first) as session:
        assert any("cannot be read: 000000000000" in note for note in session.notes())


# What differed


def test_what_differs_between_runs_is_said(tmp_path: Path) -> None:
    review = write_review(tmp_path / "r")
    text = review.read_text("utf-8")
    analyze(review)
    text = text.replace("seed = 48", "seed = 49")
    review.write_text(f'{text}\n[gates]\n"intent.accuracy" = {{ max_net_loss = 0.005 }}\n', "utf-8")
    analyze(review)
    review.write_text(text.replace('"matches nothing" = "false"', ""), "utf-8")
    save_classifier(
        tmp_path / "r" / "models" / "intent-v4",
        ("escalation", "returns", "small_talk"),
        ("message",),
        {},
        home="small_talk",
        positions=64,
    )
    rows = (tmp_path / "r" / "eval.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "r" / "eval.jsonl").write_text("\n".join(rows[:-1]) + "\n", "utf-8")
    store = analyze(review).store
    with ReviewSession.open(store) as session:
        found = [one.differed for one in session.reuse().runs]
        assert found[:2] == [(), ("seed", "thresholds of intent.accuracy")]
        assert set(found[2]) >= {
            "thresholds of intent.accuracy",
            "data of intent",
            "slices of intent",
            "the candidate of intent",
        }
        assert session.reuse().candidates == {"intent": 1}


def test_versions_and_tracks_are_compared(first: Path) -> None:
    before = described(first)["determined_by"]
    assert differences(before, before) == ()
    versions = {**before["versions"], "torch": "0.1"}
    assert differences(before, {**before, "versions": versions}) == ("versions of torch",)
    assert differences(before, {**before, "device": "cuda"}) == ("the device",)
    assert "the track intent" in differences(before, {**before, "tracks": {}})


# The gate


def used(count: int) -> Mapping[str, Any]:
    reuse = {"candidates": {"intent": count}, "mains": {"intent": "accuracy"}, "runs": [], "previous": []}
    return {"review": {"reuse": reuse}}


@pytest.mark.parametrize(("count", "verdict"), [(1, "pass"), (4, "pass"), (5, "warn"), (20, "warn")])
def test_the_gate_warns_from_the_fifth_candidate(count: int, verdict: str) -> None:
    base = given()
    found = judged(replace(base, settings={**base.settings, **used(count)}), "review.reuse")
    assert found.verdict == verdict
    assert not found.blocking
    assert found.value == count
    check_criteria(found)


def test_the_gate_says_what_the_best_of_equal_candidates_shows() -> None:
    base = given()
    change = next(one for one in base.metrics if one.name == "accuracy" and one.slice == ALL)
    metrics = tuple(replace(one, low=-0.01, high=0.01) if one is change else one for one in base.metrics)
    settings = {**base.settings, **used(20)}
    found = judged(replace(base, metrics=metrics, settings=settings), "review.reuse")
    assert f"{100 * 1.8675 * 0.01 / 1.96:+.2f} points of accuracy by chance" in found.why
    assert "20th on the data of intent" in found.why


def test_the_gate_can_be_made_tighter() -> None:
    base = given(overrides={"review.reuse": {"warn_from": 2}})
    found = judged(replace(base, settings={**base.settings, **used(2)}), "review.reuse")
    assert found.verdict == "warn"


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_the_best_of_equal_candidates_is_what_chance_gives(count: int) -> None:
    drawn = np.random.default_rng(0).normal(size=(100_000, count)).max(axis=1)
    assert expected_best(count) == pytest.approx(drawn.mean(), abs=0.02)


def test_nothing_has_no_best() -> None:
    with pytest.raises(ValueError, match="nothing"):
        expected_best(0)


def test_numbers_are_said_as_people_say_them() -> None:
    assert [ordinal(one) for one in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th",
    ]  # fmt: skip


# The report


def test_the_report_names_predecessors_and_runs(first: Path, tmp_path: Path) -> None:
    store = second(tmp_path / "rc1.review", first)
    second(store, first, seed=7)
    with ReviewSession.open(store, "alice") as session:
        told = json.dumps(statement(session, "hold", "not yet")["predicate"]["fields"])
        runs = [one.run for one in session.reuse().runs]
    assert "this is the 2nd candidate that was looked at on the data of intent" in told
    assert f"previous review {FIRST}: candidate v4-rc0, run {current_run(first)}" in told
    assert f"this store holds 2 runs: {runs[0]}; then {runs[1]}, which differs in seed" in told


# Mistakes in the review file


def refused(folder: Path, *previous: Path, **changes: Any) -> AssayError:
    review = write_review(folder, previous=[str(path) for path in previous], **changes)
    with pytest.raises(AssayError) as caught:
        check_review(review, trial=False)
    line = next(n for n, text in enumerate(review.read_text("utf-8").splitlines(), 1) if "previous" in text)
    assert f"{review}:{line}" in str(caught.value)
    assert caught.value.hint
    return caught.value


def test_a_previous_store_must_be_there(tmp_path: Path) -> None:
    missing = refused(tmp_path / "rc1", tmp_path / "rc0.review")
    assert "previous names 'rc0.review': there is no such store" in missing.message
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "is not a review's store" in refused(tmp_path / "rc2", folder).message


def test_a_previous_store_of_another_format_is_refused(first: Path, tmp_path: Path) -> None:
    (first / "store.json").write_text('{"format": 1}', "utf-8")
    assert "made by another version: it has format 1" in refused(tmp_path / "rc1", first).message


def test_a_previous_store_without_a_run_is_refused(first: Path, tmp_path: Path) -> None:
    (first / "current").unlink()
    assert "has no run yet" in refused(tmp_path / "rc1", first).message


def test_a_previous_store_must_share_data(first: Path, tmp_path: Path) -> None:
    texts = {number: f"something else {number}" for number in range(30)}
    found = refused(tmp_path / "rc1", first, texts=texts)
    assert "'rc0.review', which shares no evaluation example with this review" in found.message


def test_a_previous_store_must_share_a_track(tmp_path: Path) -> None:
    found = refused(tmp_path / "rc1", publish_response(tmp_path / "answers"))
    assert "which has the tracks response, and this review intent" in found.message


def test_a_review_is_not_its_own_predecessor(tmp_path: Path) -> None:
    review = write_review(tmp_path / "rc0", name=FIRST)
    store = analyze(review).store
    found = refused(tmp_path / "rc0", store, name=FIRST)
    assert "the store of this review itself" in found.message


# Earlier verdicts


def test_an_earlier_verdict_is_offered_and_confirmed(first: Path, tmp_path: Path) -> None:
    store = second(tmp_path / "rc1.review", first)
    with ReviewSession.open(store, "alice") as session:
        offered = session.earlier(RIGHT)
        assert offered is not None
        assert (offered.right, offered.reviewer, offered.review, offered.blind) == (
            "candidate", "alice", FIRST, True,
        )  # fmt: skip
        asked = session.asked(RIGHT)
        assert asked is not None
        assert asked.right(choice_of(asked, offered.right)) == "candidate"
        event = session.confirm(RIGHT)
        body = json.loads(event.body)
        assert body["confirms"] == {
            "event_id": offered.event_id,
            "hash": offered.hash,
            "run": current_run(first),
            "review": FIRST,
        }
        assert body["blind"] is True
        mine = session.example(RIGHT).mine
        assert mine is not None
        assert (mine.right, mine.blind) == ("candidate", True)
        assert session.earlier(RIGHT) is None
        undone = session.undo()
        assert undone is not None
        assert session.example(RIGHT).mine is None
        assert session.earlier(RIGHT) == offered
        assert json.loads(session.confirm(WRONG).body)["blind"] is False


def test_nothing_is_offered_where_something_changed(first: Path, tmp_path: Path) -> None:
    with ReviewSession.open(first, "alice") as session:
        session.verdict(ref_of(1), "unsure")
    said_elsewhere(first, "bob", ("verdict", ref_of(2), {"base": "right", "candidate": "wrong"}))
    store = second(tmp_path / "rc1.review", first, texts={0: "message 0 about escalation"})
    with ReviewSession.open(store, "alice") as session:
        assert session.earlier(WRONG) is None, "another text"
        assert session.earlier(ref_of(1)) is None, "not sure then"
        assert session.earlier(ref_of(2)) is None, "another account"
        assert session.earlier(ref_of(3)) is None, "never judged"
        assert session.earlier(RIGHT) is not None
        with pytest.raises(AssayError, match="no earlier verdict to confirm"):
            session.confirm(WRONG)


def test_a_previous_review_that_is_gone_stops_nobody(first: Path, tmp_path: Path) -> None:
    store = second(tmp_path / "rc1.review", first)
    shutil.rmtree(first)
    with ReviewSession.open(store, "alice") as session:
        assert session.earlier(RIGHT) is None
        assert any("its verdicts are not offered again: rc0.review" in note for note in session.notes())


def test_without_previous_reviews_nothing_is_offered(first: Path) -> None:
    with ReviewSession.open(first, "bob") as session:
        assert session.earlier(ref_of(5)) is None


# What failed before


def test_what_failed_before_is_pinned(first: Path, tmp_path: Path) -> None:
    with ReviewSession.open(first, "alice") as session:
        session.verdict(ref_of(20), "neither")
    store = second(tmp_path / "rc1.review", first)
    reason = f"judged wrong in {FIRST}"
    assert never_cut(reason)
    with ReviewSession.open(store) as session:
        pinned = session.queue_page(Scope(reason=reason), 0, 9)
        assert [row.ref for row in pinned] == [WRONG], "both sides answer the same of message 20"
        assert reason in pinned[0].reasons


def test_what_failed_before_is_queued_whatever_the_budget(first: Path, tmp_path: Path) -> None:
    with ReviewSession.open(first, "alice") as session:
        session.verdict(RIGHT, "base")
    review = write_review(tmp_path / "rc1", spare=0.25, previous=[str(first)])
    text = review.read_text("utf-8")
    review.write_text(text.replace("budget = 14", "budget = 0"), "utf-8")
    with ReviewSession.open(analyze(review).store) as session:
        row = next(one for one in session.queue_page(Scope(), 0, 99) if one.ref == RIGHT)
        assert f"judged wrong in {FIRST}" in row.reasons
