"""What the detectors find, as rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.tracks.response.detect import declared, detected, sample_outcomes, stage_version
from analysis.tracks.response.detectors.contract import Knowledge, Policy, Response, Title
from analysis.tracks.response.known_detectors import DETECTORS, in_order

KNOWN = Knowledge((Title("t1", "Quiet Suspect", volumes=3),), Policy(spoiler_words=("dies",)))
PUSHED = Response(
    "response/prompt:r1", "candidate", "what is good?", "Quiet Suspect has 9 volumes. The coach dies."
)


def test_spans_that_count_make_hits_and_the_first_one_says_why() -> None:
    tables = detected([PUSHED], KNOWN)
    outcomes = {row["detector"]: row for row in tables["response_outcome"].to_pylist()}
    assert outcomes["facts"]["score"] == outcomes["spoilers"]["score"] == 1.0
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
    assert [(row["score"], row["hits"], row["why"]) for row in facts] == [(0.0, 0, "")]


def test_answers_are_read_cleaned_and_marked_as_written() -> None:
    text = "<think>It has 7 volumes, or 8.</think>Quiet Suspect has **9**\u00a0volumes."
    rows = detected([replace(PUSHED, text=text)], KNOWN)["response_hit"].to_pylist()
    (one,) = [row for row in rows if row["detector"] == "facts"]
    assert text[one["start"] : one["end"]] == "9**\u00a0volumes"


def test_what_is_in_another_language_is_not_clean() -> None:
    german = replace(
        PUSHED, text="Quiet Suspect ist eine sehr gute Geschichte, und der Nachbar ist der Mörder."
    )
    tables = detected([german], replace(KNOWN, policy=Policy(citation_pattern=r"\[(?P<id>\d)\]")))
    unread = {row["detector"]: row["why"] for row in tables["response_unread"].to_pylist()}
    assert unread["facts"] == unread["spoilers"] == "language de"
    assert "citations" not in unread, "an id is an id in every language"
    assert not {row["detector"] for row in tables["response_outcome"].to_pylist()} & set(unread)
    assert not [row for row in sample_outcomes([(0, german)], KNOWN).to_pylist() if row["detector"] in unread]


def test_samples_keep_their_number() -> None:
    rows = sample_outcomes([(0, PUSHED), (1, replace(PUSHED, text="Hm."))], KNOWN).to_pylist()
    assert [(row["number"], row["score"]) for row in rows if row["detector"] == "facts"] == [
        (0, 1.0),
        (1, 0.0),
    ]


def test_another_detector_or_version_makes_another_run() -> None:
    first, second, *rest = DETECTORS
    version = stage_version(DETECTORS)
    newer = replace(first, version=first.version + 1)
    assert stage_version((newer, second, *rest)) != version
    # Nor does another's older version make up for it.
    older = replace(second, version=second.version - 1)
    assert stage_version((newer, older, *rest)) != version
    assert stage_version((replace(first, name="other"), second, *rest)) != version
    assert stage_version(tuple(DETECTORS)) == version


def test_a_run_holds_what_its_detectors_say_of_themselves() -> None:
    rows = {row["name"]: row for row in declared().to_pylist()}
    assert list(rows) == [one.name for one in DETECTORS]
    assert {"facts", "citations", "promises", "spoilers"} <= set(rows)
    for one in DETECTORS:
        row = rows[one.name]
        assert row["languages"] == list(one.languages)
        assert (row["place"], row["kind"], row["title"]) == (one.place, one.kind, one.title)
        assert (row["against"], row["version"]) == (one.against, one.version)


def test_a_name_that_is_taken_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """A plug-in takes the place of nothing that is here."""
    first, second, *_ = DETECTORS
    others = tuple(replace(first, name=name, place=1) for name in (first.name, "blame"))
    assert [one.name for one in in_order([second, first, others])] == ["blame", first.name, second.name]
    assert in_order([first, others])[1] is first
    assert caplog.text.count("its name is taken") == 2
