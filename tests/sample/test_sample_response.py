"""The response part of the sample: a candidate that wins style and spoils is rejected, one in other words is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from analysis.plugin.registry import get
from analysis.review.session import ReviewSession
from tests.conftest import shared_folder, write_sample_review
from tests.sample.honest_reviewer import judge_what_must_be

SPOILERS = "response.spoils[asks for no spoilers]"
STRICT = ("spoils", "misstates", "overpromises")
OWN = ["review.coverage", "review.reviewers"]
"""What waits for people in every review."""

Stores = Callable[..., Path]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """`recorded("rc1")` is a store of the recorded answers alone, without models; `labels=False` without labels."""
    shared = shared_folder(tmp_path_factory)

    @cache
    def analysed(candidate: str, labels: bool) -> Path:
        from analysis.run.pipeline import analyze

        name = f"sample-answers-{candidate}{'' if labels else '-unlabelled'}"
        with FileLock(shared / f"{name}.lock"):
            review = shared / name / "review.toml"
            if not review.exists():
                text = write_sample_review(shared / name, candidate, responders=False).read_text("utf-8")
                head, _, rest = text.partition("[response]\n")
                if not labels:
                    rest = rest.partition("[response.labels]")[0]
                review.write_text(f"{head.partition('[lexicons]')[0]}[response]\n{rest}", "utf-8")
            return analyze(review).store

    def store(candidate: str, *, labels: bool = True) -> Path:
        made = analysed(candidate, labels)
        return Path(shutil.copytree(made, tmp_path_factory.mktemp("store") / made.name))

    return store


def test_a_win_on_style_that_spoils_is_rejected(recorded: Stores) -> None:
    with ReviewSession.open(recorded("rc1"), read_only=True) as session:
        gates = {one.key: one for one in session.gates() if one.track == "response"}
        tradeoff = gates["response.tradeoff"]
        assert tradeoff.verdict == "fail"
        assert tradeoff.low is not None
        assert tradeoff.low > 0.5
        for name in STRICT:
            assert gates[f"response.{name}"].verdict == "fail", name
            assert f"response.{name}" in tradeoff.why
        spoils = gates[SPOILERS]
        assert spoils.verdict == "fail"
        assert "15 only by the candidate, 0 only by the base" in spoils.why
        assert len(spoils.refs) == 15
        # Every one that fails is one key away, and the lead shows in most where.
        worst = [session.example(ref) for ref in spoils.refs]
        pointed = [
            one
            for one in worst
            if any(span.side == "candidate" and span.detector == "spoilers" for span in one.spans)
        ]
        assert len(pointed) >= 5
        for one in pointed:
            candidate = next(row for row in one.payload["response_side"] if row["side"] == "candidate")
            assert all(
                candidate["text"][span.start : span.end] for span in one.spans if span.side == "candidate"
            )
        findings = get("response").report_sections(session.connection, session.gate_input())
        assert any(
            one.startswith("spoils: +42 points") and "15 only by the candidate" in one
            for one in findings["Response findings"]
        )
        for gate in gates.values():
            rows = {row.verdict for row in gate.criteria}
            assert ("fail" in rows) == (gate.verdict == "fail"), gate.key
            assert bool(rows) == (gate.verdict != "n/a"), gate.key
        assert (spoils.measures, spoils.better) == ("change", "down")
        assert (spoils.value, spoils.low, spoils.high) in [
            (row.value, row.low, row.high) for row in spoils.criteria
        ]
        fired = {one.sentence.partition(":")[0] for one in session.triggers() if one.fired}
        assert {"spoils", "misstates", "overpromises", "hallucinates"} <= fired


@pytest.mark.soak
def test_one_in_other_words_passes_once_its_reviewer_has_read(recorded: Stores) -> None:
    with ReviewSession.open(recorded("rc2"), reviewer="alice") as session:
        before = {one.key: one.verdict for one in session.gates()}
        assert "fail" not in before.values()
        assert [key for key, verdict in before.items() if verdict == "unknown"] == OWN
        for name in STRICT:
            assert before[f"response.{name}"] == "pass"
        assert judge_what_must_be(session) <= 40
        after = {one.key: one.verdict for one in session.gates()}
        assert {"fail", "unknown"}.isdisjoint(after.values()), after
        assert session.status()["gates_allow"] is True
        assert not [one.sentence for one in session.triggers() if one.fired]
        session.decide("promote", "says the same in other words")
        assert session.status()["promotable"] is True


def test_base_against_base_is_silent(recorded: Stores) -> None:
    with ReviewSession.open(recorded("base"), read_only=True) as session:
        verdicts = {one.key: one.verdict for one in session.gates()}
        assert "fail" not in verdicts.values()
        assert [key for key, verdict in verdicts.items() if verdict == "unknown"] == OWN
        assert not [one.sentence for one in session.triggers() if one.fired]
        assert {one.value for one in session.metrics("response") if one.name.endswith(("_new", "_gone"))} == {
            0
        }
        assert session.connection.execute(
            "SELECT count(*) FROM evidence.flag WHERE NOT control"
        ).fetchone() == (0,)


@pytest.mark.parametrize(
    ("candidate", "verdict"), [("rc1", "fail"), pytest.param("rc2", "pass", marks=pytest.mark.soak)]
)
def test_without_labels_nothing_is_known_and_people_decide(
    recorded: Stores, candidate: str, verdict: str
) -> None:
    with ReviewSession.open(recorded(candidate, labels=False), reviewer="alice") as session:
        before = {one.key: one for one in session.gates()}
        for name in STRICT:
            one = before[f"response.{name}"]
            # However often its leads point at the candidate, no rate is known.
            assert (one.verdict, one.value) == ("unknown", None), one
        assert before["response.tradeoff"].verdict == ("unknown" if candidate == "rc1" else "pass")
        told = [one for one in session.triggers() if "more or less often" in one.name]
        assert told
        assert not [one for one in told if one.fired]
        assert all("the rate is not known" in one.sentence for one in told)
        assert judge_what_must_be(session) > 100
        after = {one.key: one for one in session.gates()}
        for name in STRICT:
            assert after[f"response.{name}"].verdict == verdict, after[f"response.{name}"]
        assert after["response.tradeoff"].verdict == verdict
        assert [key for key, one in after.items() if one.verdict == "unknown"] == []


def test_a_person_confirms_or_refutes_a_span(recorded: Stores) -> None:
    with ReviewSession.open(recorded("rc2"), reviewer="alice") as session:
        before = next(one for one in session.gates() if one.key == "response.overpromises")
        assert before.verdict == "pass"
        ref, detector, start, end = session.connection.execute(
            "SELECT ref, detector, start, \"end\" FROM evidence.span WHERE side = 'candidate' ORDER BY ALL LIMIT 1"
        ).fetchone() or ("", "", 0, 0)
        session.judge_span(ref, "candidate", detector, start, end, "refuted")
        assert [one.verdict for one in session.state().spans if one.ref == ref] == ["refuted"]
        session.undo()
        assert session.state().spans == ()


@pytest.mark.soak
def test_the_models_say_where_the_candidate_moved(sample_store: Callable[..., Path]) -> None:
    with ReviewSession.open(sample_store("rc1", responders=True), read_only=True) as session:
        kl = {one.side: one for one in session.metrics("response", "kl", "all")}
        assert kl["candidate"].value is not None
        assert kl["candidate"].value > 0
        risen = session.connection.execute(
            "SELECT count(*) FROM evidence.response_odds WHERE low > 0"
        ).fetchone()
        assert risen is not None
        assert risen[0] > 0
        scales = session.connection.execute(
            "SELECT DISTINCT scale FROM evidence.response_dose ORDER BY scale"
        ).fetchall()
        assert [scale for (scale,) in scales] == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
