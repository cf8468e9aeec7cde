"""The report of a real run: two models, the whole pipeline, a signature, and every check."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.people import shown_as
from analysis.plugin.alpha import declared_for_gates
from analysis.report import canonical
from analysis.report.build import export
from analysis.report.held import check_run
from analysis.report.sign import sign
from analysis.report.verify import verify
from analysis.review.session import ReviewSession
from analysis.store.streams import this_account
from tests.analysis.report_fixture import make_key, signer_line

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")


def test_a_real_run_is_reported_signed_and_verified(tiny_store: Path, tmp_path: Path) -> None:
    with ReviewSession.open(tiny_store, reviewer="alice") as session:
        queue = session.gate_input().queue
        for entry in queue[:4]:
            session.verdict(entry.ref, "neither", cause="a random model")
        session.finding("a random model", "intent.accuracy", [queue[0].ref], "blocker")
        results = session.gates()
        report = export(session, None, "reject", "a random model")
    key = make_key(tmp_path / "key", "alice@laptop")
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(signer_line("alice@example.org", key))
    sign(report, key)
    verification = verify(report, allowed, [tiny_store.parent / "models"], "reject", store=tiny_store)
    assert [check for check in verification.checks if not check.ok] == []
    assert verification.signers == ("alice@example.org",)
    predicate = canonical.loads((report / "report.json").read_bytes(), "report.json")["predicate"]
    assert {one["key"]: one["verdict"] for one in predicate["gates"]} == {
        one.key: one.verdict for one in results
    }
    assert predicate["gates_allow"] is False
    said = {one["field"]: one["sentences"] for one in predicate["fields"]}
    alice = shown_as(this_account().actor, "alice")
    assert f"“a random model” ({alice}, blocker finding)" in said["Changed behavior"]
    assert any("p(escalation)" in sentence for sentence in said["Attribution findings"])
    assert not verify(report, allowed, require="promote").ok


def test_no_gate_is_judged_by_another_setting_than_was_declared(tiny_store: Path, tmp_path: Path) -> None:
    """Whoever signs alone may write `rules.json` anew; what the run declared for its gates stands in its name."""
    with ReviewSession.open(tiny_store, reviewer="alice") as session:
        given = session.gate_input()
        report = export(session, tmp_path / "report", "hold", "nobody has looked")
    predicate = canonical.loads((report / "report.json").read_bytes(), "report.json")["predicate"]
    assert "gate settings" in check_run(predicate, given)
    sections = {name: one["settings"] for name, one in predicate["run"]["determined_by"]["tracks"].items()}
    declared = declared_for_gates(given.rules, sections)["intent"]
    measured = set(given.settings["intent"]) - set(declared)
    assert {"irrelevant", "signals", "threshold", "margins", "no_model", "alpha"} == set(declared)
    assert {"terms", "found", "destinations"} < measured
    for name, value in declared.items():
        for other in ("something else", None if value is not None else {}):
            changed = {**given.settings, "intent": {**given.settings["intent"], name: other}}
            with pytest.raises(
                AssayError, match=rf"gates of intent, {name}: not as in what determined the run"
            ):
                check_run(predicate, replace(given, settings=changed))
