"""What may support a finding: licensed attributions and counterfactuals, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.attribution.licences import FindingEvidence, standing
from analysis.base.errors import AssayError
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import VARIANT, publish_review, ref_of

LICENSED = FindingEvidence("attribution", "integrated_gradients", "candidate", "logit")
UNLICENSED = FindingEvidence("attribution", "integrated_gradients", "base", "logit")
CONTRAST = FindingEvidence("attribution", "occlusion", "base", "returns − escalation")
ROLLOUT = FindingEvidence("attribution", "attention_rollout", "candidate", "logit")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_review(tmp_path_factory.mktemp("explanations") / "intent.review")


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
        (UNLICENSED, 0, r"not licensed: ranks words no better than chance \(p 0.23\)"),
        (ROLLOUT, 0, "never licensed: context only"),
        (LICENSED, 1, "too short to decide"),
        (LICENSED, 2, "no licence was tested"),
        (CONTRAST, 1, "has no attribution: occlusion of the base"),
        (FindingEvidence("counterfactual"), 1, "no counterfactual was made"),
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
        assert len(found.payload["intent_licence"]) == 4
        assert len(found.payload["intent_side"]) == 2
        (base,) = [
            one for one in found.attributions if (one.side, one.method) == ("base", "integrated_gradients")
        ]
        assert standing(base, found.licences).licensed is False
        assert [one.explained for one in found.flips] == [True]
        assert {one.name for one in found.slice_licences} == {"licence", "licence_share"}


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
        assert len(names) == len(set(names)) == 6
