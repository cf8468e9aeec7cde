"""What queries and items that changed for the worse share: an attribute that newly brings items together."""

from __future__ import annotations

from pathlib import Path

from analysis.review.causes import fold
from analysis.review.session import ReviewSession
from tests.analysis.tracks.retrieval.map_fixture import analysed, noise, regrouped


def test_an_unwanted_attribute_is_the_cause_of_the_gates_that_it_moves(tmp_path: Path) -> None:
    with ReviewSession.open(analysed(tmp_path / "review", regrouped()), read_only=True) as session:
        given, gates = session.gate_input(), session.gates()
        (cause,) = given.causes
        assert (cause.cause, cause.kind) == ("confound:publisher", "confound")
        assert cause.candidate is not None
        assert cause.base is not None
        assert cause.candidate > cause.base + 0.2
        assert "items come together by publisher: lift over chance" in cause.sentence
        items = [ref for ref in cause.refs if ref.startswith("retrieval/item:")]
        assert len(items) > 20
        labels = dict(
            session.connection.execute(
                "SELECT ref, labels[1] FROM evidence.retrieval_attribute WHERE attribute = 'publisher'"
            ).fetchall()
        )
        gained = dict(
            session.connection.execute("SELECT ref, gained FROM evidence.retrieval_shift").fetchall()
        )
        for ref in items:
            alike = [one for one in gained[ref] if labels[one] == labels[ref]]
            assert len(alike) >= max(2, len(gained[ref]) / 2), ref
        folded = fold(given, gates)
        under = {gate.key for one in folded.causes for gate in one.gates}
        assert "retrieval.confounds[publisher]" in under
        assert "retrieval.confounds[popularity]" not in under


def test_vectors_that_hold_nothing_have_no_cause(tmp_path: Path) -> None:
    with ReviewSession.open(analysed(tmp_path / "review", noise()), read_only=True) as session:
        assert session.gate_input().causes == ()
