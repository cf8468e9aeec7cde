"""The share of wrong labels, estimated from random controls and told in the report."""

from __future__ import annotations

from pathlib import Path

from analysis.plugin.report_fields import INSPECTED
from analysis.report import canonical
from analysis.report.build import export
from analysis.review.session import ReviewSession
from analysis.stats.bounds import clopper_pearson
from analysis.tracks.intent.wrong_gold import wrong_gold
from tests.analysis.store_fixture import DECIDES, answer_known, controls, publish_review


def test_a_control_that_is_judged_otherwise_than_its_label_counts_as_wrong_gold(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    with ReviewSession.open(store, "alice") as session:

        def told() -> list[str]:
            return wrong_gold(session.connection, session.gate_input())

        assert told() == []
        first, second, third = controls(session)
        session.verdict(DECIDES[0], "candidate")
        assert told() == [], "what decides was not drawn at random"
        session.verdict(first, "both")
        session.verdict(second, "neither")
        session.verdict(third, "unsure")
        low, high = clopper_pearson(1, 2)
        sentence = (
            "1 of 2 random controls were judged otherwise than their label says: "
            f"50.0% [{low:.1%}, {high:.1%}] of the labels are wrong (Clopper-Pearson, 95 %)"
        )
        assert told() == [sentence]
        session.verdict(third, "base")
        assert told()[0].startswith("2 of 3 random controls"), "one side is enough"
        session.verdict(third, "unsure")
        folder = export(session, None, "hold", "a test")
        assert sentence in inspected(folder)
        answer_known(session, wrong=8)
        folder = export(session, None, "hold", "a test")
        assert not any("their label says" in one for one in inspected(folder)), "who fails is not heard"


def inspected(folder: Path) -> list[str]:
    predicate = canonical.loads((folder / "report.json").read_bytes(), "report.json")["predicate"]
    return next(list(one["sentences"]) for one in predicate["fields"] if one["field"] == INSPECTED)
