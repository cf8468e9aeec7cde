"""What may support a finding: licensed attributions and counterfactuals, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.attribution.licences import FindingEvidence, Standing, standing
from analysis.base.errors import AssayError
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import VARIANT, publish_review, ref_of

CHANGE = "returns − escalation"
"""What is explained of a flip: the class that the candidate went to against the one that it left."""
LICENSED = FindingEvidence("attribution", "integrated_gradients", "candidate", "returns")
CONTRAST = FindingEvidence("attribution", "occlusion", "candidate", CHANGE)
UNLICENSED = FindingEvidence("attribution", "integrated_gradients", "base", CHANGE)
ROLLOUT = FindingEvidence("attribution", "attention_rollout", "candidate", "returns")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_review(tmp_path_factory.mktemp("explanations") / "intent.review")


@pytest.fixture(scope="module")
def without_probes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_review(tmp_path_factory.mktemp("explanations") / "plain.review", irrelevant=False)


@pytest.mark.parametrize("evidence", [LICENSED, CONTRAST, FindingEvidence("counterfactual")])
def test_what_is_licensed_supports_a_finding_and_is_told(store: Path, evidence: FindingEvidence) -> None:
    with ReviewSession.open(store, "alice") as session:
        event = session.finding("leans on titles", None, [ref_of(0)], evidence=evidence)
        told = {one.event_id: one.evidence for one in session.state().findings}
        assert told[event.event_id] == str(evidence)
    with ReviewSession.open(store, "alice") as again:
        assert {one.event_id: one.evidence for one in again.state().findings}[event.event_id] == str(evidence)


@pytest.mark.parametrize(
    ("evidence", "number", "why"),
    [
        (UNLICENSED, 0, r"not licensed: ranks words no better than chance \(p 0.\d\d\)"),
        (ROLLOUT, 0, "context only: never licensed"),
        (LICENSED, 1, "too short to decide"),
        (CONTRAST, 3, "has no attribution: occlusion of the candidate"),
    ],
)
def test_what_is_not_licensed_is_refused(
    store: Path, evidence: FindingEvidence, number: int, why: str
) -> None:
    with ReviewSession.open(store, "alice") as session:
        before = session.state().findings
        with pytest.raises(AssayError, match=why):
            session.finding("leans on titles", None, [ref_of(number)], evidence=evidence)
        assert session.state().findings == before


def test_a_counterfactual_that_was_not_made_is_no_evidence(without_probes: Path) -> None:
    with ReviewSession.open(without_probes, "alice") as session:
        assert session.example(ref_of(0)).variants == ()
        with pytest.raises(AssayError, match="no counterfactual was made"):
            session.finding("x", None, [ref_of(0)], evidence=FindingEvidence("counterfactual"))


def test_an_attribution_that_nothing_was_tested_of_supports_nothing(store: Path) -> None:
    with ReviewSession.open(store, read_only=True) as session:
        found = session.example(ref_of(0))
    licensed = next(one for one in found.attributions if standing(one, found.licences).licensed)
    assert standing(licensed, ()) == Standing(False, "no licence was tested")


def test_every_example_needs_the_licence(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        with pytest.raises(AssayError, match="too short to decide"):
            session.finding("leans on titles", None, [ref_of(0), ref_of(1)], evidence=LICENSED)
        with pytest.raises(AssayError, match="needs an example"):
            session.finding("leans on titles", None, [], evidence=LICENSED)


def test_a_finding_may_name_no_evidence(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        event = session.finding("tone changed", None, [VARIANT])
        assert next(one for one in session.state().findings if one.event_id == event.event_id).evidence == ""


def test_an_example_comes_with_every_row_of_its_payload(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        found = session.example(ref_of(0))
        assert len(found.payload["intent_licence"]) == len(found.licences)
        assert len(found.payload["intent_side"]) == 2
        (base,) = [
            one
            for one in found.attributions
            if (one.side, one.method, one.target) == ("base", "integrated_gradients", CHANGE)
        ]
        assert standing(base, found.licences).licensed is False
        (deleted,) = found.interventions
        assert (deleted.kind, deleted.reverts, deleted.label_after) == ("deletion", True, "escalation")
        assert deleted.random_tried > 0
        assert {one.slice for one in found.slice_licences} == {"label=escalation"}
        assert all(one.name.startswith("licence") for one in found.slice_licences)
        assert {one.method for one in found.attributions} <= set(found.methods)


def test_looking_at_an_example_first_records_the_same_evidence(store: Path) -> None:
    with ReviewSession.open(store, "alice") as looked:
        looked.example(ref_of(0))
        seen = looked.note(ref_of(0), "seen")
    with ReviewSession.open(store, "alice") as blind:
        unseen = blind.note(ref_of(0), "not seen")
    digests = [event.body.split('"evidence_sha256":"')[1][:64] for event in (seen, unseen)]
    assert digests[0] == digests[1]


def test_a_slice_stays_one_line_whatever_was_measured_of_it(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        names = [entry.slice for entry in session.slices()]
        assert len(names) == len(set(names)) == 9
