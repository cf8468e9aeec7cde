"""What-if without models: cues found, what is kept of an answer, and what a finding may rest on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.base.records import Side
from analysis.review.session import ReviewSession
from analysis.review.whatif import cue_finders, marked_finder, missing_models, next_cue, saved_whatifs
from tests.analysis.store_fixture import publish_review, ref_of

DESCRIPTION: dict[str, Any] = {
    "determined_by": {
        "lexicons": {"fillers": ["you know"], "titles": ["Tofu Wars", "Cold Harbor"]},
        "tracks": {"intent": {"settings": {"irrelevant": {"escalation": ["titles", "punctuation"]}}}},
    }
}
OUTPUTS: dict[Side, dict[str, Any]] = {
    "base": {"label": "returns", "p": 0.75, "runner_up": "small_talk", "runner_up_p": 0.25, "margin": 0.5},
    "candidate": {
        "label": "escalation",
        "p": 0.5,
        "runner_up": "returns",
        "runner_up_p": 0.25,
        "margin": 0.25,
    },
}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[ReviewSession]:
    with ReviewSession.open(publish_review(tmp_path / "a.review"), "alice") as opened:
        yield opened


def test_irrelevant_lexicons_come_first_then_others_then_built_in_classes() -> None:
    finders = cue_finders(DESCRIPTION, "intent")
    assert [finder.name for finder in finders] == ["titles", "fillers", "punctuation"]
    assert [finder.name for finder in cue_finders({"determined_by": {}}, "intent")] == []


def test_the_next_cue_is_the_first_of_the_first_class_that_is_there() -> None:
    finders = cue_finders(DESCRIPTION, "intent")
    text = "you know, where is COLD HARBOR?"
    cue = next_cue(text, finders)
    assert cue is not None
    assert (text[cue.start : cue.end], cue.label) == ("COLD HARBOR", "titles")
    assert next_cue("where is it", finders) is None
    marked = marked_finder("where is my box set", [(9, 11), (12, 15)])
    cue = next_cue("is my Tofu Wars", [marked, *finders])
    assert cue is not None
    assert (cue.start, cue.end, cue.label) == (3, 5, "marked")


def test_what_is_kept_names_text_outputs_and_models_and_can_be_taken_back(session: ReviewSession) -> None:
    ref = ref_of(0)
    event = session.whatif(
        ref, "message about it", {side: {**row, "tokens": 3} for side, row in OUTPUTS.items()}
    )
    body = json.loads(event.body)
    assert (event.kind, event.ref, body["text"], body["outputs"]) == (
        "whatif",
        ref,
        "message about it",
        OUTPUTS,
    )
    reviewed = session.description["determined_by"]["models"]["intent"]
    assert body["models"] == {side: one["digest"] for side, one in reviewed.items()}
    (saved,) = saved_whatifs(session.example(ref).history)
    assert (saved.event_id, saved.reviewer, saved.text) == (event.event_id, "alice", "message about it")
    session.undo()
    assert saved_whatifs(session.example(ref).history) == []
    session.redo()
    assert len(saved_whatifs(session.example(ref).history)) == 1


def test_it_enters_no_statistic_no_verdict_and_no_gate(session: ReviewSession) -> None:
    gates, metrics, progress = session.gates(), session.metrics(), session.progress()
    session.whatif(ref_of(0), "message about it", OUTPUTS)
    assert (session.gates(), session.metrics(), session.progress()) == (gates, metrics, progress)
    assert session.example(ref_of(0)).mine is None


def test_a_finding_rests_on_a_whatif_that_stands(session: ReviewSession) -> None:
    event = session.whatif(ref_of(0), "message about it", OUTPUTS)
    finding = session.finding("leans on titles", None, [ref_of(0)], "major", event.event_id)
    assert json.loads(finding.body)["whatif"] == event.event_id
    assert "whatif" not in json.loads(session.finding("other", None, [ref_of(0)]).body)
    with pytest.raises(AssayError, match="there is no what-if 'made-up'"):
        session.finding("leans on titles", None, [ref_of(0)], "major", "made-up")
    session.undo()
    session.undo()
    session.undo()
    with pytest.raises(AssayError, match="or it was taken back"):
        session.finding("leans on titles", None, [ref_of(0)], "major", event.event_id)


def test_what_cannot_be_kept_is_refused(session: ReviewSession) -> None:
    with pytest.raises(AssayError, match="this answer has no 'candidate'"):
        session.whatif(ref_of(0), "message", {"base": OUTPUTS["base"]})
    with pytest.raises(AssayError, match=r"this text has 16,001 characters"):
        session.whatif(ref_of(0), "x" * 16_001, OUTPUTS)
    with pytest.raises(AssayError, match="there is no example"):
        session.whatif("intent/message:none", "message", OUTPUTS)


def test_models_that_are_not_here_are_named(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    folders = {"base": str(tmp_path / "base"), "candidate": str(tmp_path / "candidate")}
    missing = missing_models({"model_folders": {"intent": folders}}, "intent")
    assert missing is not None
    assert (missing.message, missing.where) == ("the candidate is not on this machine", folders["candidate"])
    (tmp_path / "candidate").mkdir()
    assert missing_models({"model_folders": {"intent": folders}}, "intent") is None
    unknown = missing_models({}, "intent")
    assert unknown is not None
    assert "does not say where" in unknown.message
