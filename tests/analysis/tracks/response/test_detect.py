"""What the detectors find, as rows."""

from __future__ import annotations

from dataclasses import replace

from analysis.tracks.response.detect import detected, sample_outcomes, stage_version
from analysis.tracks.response.detectors import DETECTORS
from analysis.tracks.response.detectors.contract import Knowledge, Policy, Response, Title

KNOWN = Knowledge((Title("t1", "Quiet Suspect", volumes=3),), Policy(tone={"pushy": ("buy now",)}))
PUSHED = Response("response/prompt:r1", "candidate", "what is good?", "Quiet Suspect has 9 volumes. Buy now.")


def test_spans_that_count_make_hits_and_the_first_one_says_why() -> None:
    tables = detected([PUSHED], KNOWN)
    outcomes = {row["detector"]: row for row in tables["response_outcome"].to_pylist()}
    assert outcomes["facts"]["hit"]
    assert outcomes["tone"]["hit"]
    hits = [row for row in tables["response_hit"].to_pylist() if row["detector"] == "facts"]
    spans = [row for row in tables["span"].to_pylist() if row["detector"] == "facts"]
    assert outcomes["facts"]["hits"] == len(hits) == 1
    assert PUSHED.text[hits[0]["start"] : hits[0]["end"]] == "9 volumes"
    assert outcomes["facts"]["why"] in {row["why"] for row in spans}


def test_a_detector_that_does_not_apply_has_no_outcome_and_an_empty_answer_has_one() -> None:
    bare = detected([PUSHED], Knowledge())
    assert "facts" not in {row["detector"] for row in bare["response_outcome"].to_pylist()}
    empty = detected([replace(PUSHED, text="")], KNOWN)
    facts = [row for row in empty["response_outcome"].to_pylist() if row["detector"] == "facts"]
    assert [row["hit"] for row in facts] == [False]


def test_samples_keep_their_number() -> None:
    rows = sample_outcomes([(0, PUSHED), (1, replace(PUSHED, text="Hm."))], KNOWN).to_pylist()
    assert [(row["number"], row["hit"]) for row in rows if row["detector"] == "facts"] == [
        (0, True),
        (1, False),
    ]


def test_a_new_version_of_a_detector_makes_another_run() -> None:
    first, *rest = DETECTORS
    assert stage_version((replace(first, version=first.version + 1), *rest)) > stage_version(DETECTORS)
