"""Criteria that were fixed before a run: written once, signed, noted by the run, and told with what changed since."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.plugin.registry import registered
from analysis.report import canonical
from analysis.report.build import export
from analysis.review.plan import NAMESPACE, newest_plan
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.run.plan import write_plan
from tests.analysis.report_fixture import TOY, make_key, signer_line, toy_store
from tui import cli

FIELD = "Criteria fixed beforehand"


@pytest.fixture(autouse=True)
def toy_track() -> Iterator[None]:
    with registered(TOY):
        yield


def told(store: Path) -> dict[str, Any]:
    """What the status of a store says of its plan."""
    with ReviewSession.open(store, read_only=True) as session:
        plan: dict[str, Any] = session.status()["plan"]
        return plan


def in_report(store: Path, folder: Path) -> list[str]:
    with ReviewSession.open(store, reviewer="alice") as session:
        report = export(session, folder, "hold", "a look at the report")
    predicate = canonical.loads((report / "report.json").read_bytes(), "report.json")["predicate"]
    (said,) = [one["sentences"] for one in predicate["further"] if one["field"] == FIELD]
    return list(said)


def test_a_run_says_what_plan_stood_before_it_and_what_changed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    made = toy_store(tmp_path, broken=1)
    review = tmp_path / "review.toml"
    (none,) = told(made.store)["sentences"]
    assert none.startswith("no plan was fixed before this run")
    assert not told(made.store)["stood"]
    assert in_report(made.store, tmp_path / "without") == [none]

    # Before the first run of a store, signed.
    shutil.rmtree(made.store)
    assert cli.main(["plan", str(review)]) == 0
    assert "UNSIGNED: no key is here" in capsys.readouterr().out
    key = make_key(tmp_path / "key", "alice@example.org")
    assert cli.main(["plan", str(review), "--key", str(key)]) == 0
    out = capsys.readouterr().out
    assert "unchanged:" in out
    path = made.store / "plans" / "plan-1.json"
    assert f"wrote {path}.alice@example.org.sig" in out
    assert path.stat().st_mode & 0o777 == 0o600
    plan = json.loads(path.read_bytes())
    assert plan["determined_by"]["rules"]["toy.broken"]["thresholds"] == {"max_broken": 0}
    assert plan["determined_by"]["review"]["seed"] == 0
    assert plan["slices"]["toy"]["label=escalation"] == 3
    assert plan["runs"] == []
    signers = tmp_path / "allowed_signers"
    signers.write_text(signer_line("alice@example.org", key), "utf-8")
    stock = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "alice@example.org", "-n", NAMESPACE]
    with path.open("rb") as content:
        subprocess.run([*stock, "-s", f"{path}.alice@example.org.sig"], stdin=content, check=True)
    first = analyze(review)
    assert first.created
    said = told(made.store)
    assert said["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    fingerprint = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{key}.pub"], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    assert said["signatures"] == [{"who": "alice@example.org", "key": fingerprint}]
    assert said["changed"] == said["models"] == []
    assert said["runs_before"] == 0
    by, same = said["sentences"]
    assert f"on {plan['fixed_at']}, signed with the key {fingerprint}, named for alice@example.org" in by
    assert plan["actor"] in by
    assert same == "nothing of the plan was changed since"
    assert in_report(made.store, tmp_path / "with") == [by, same]
    assert not analyze(review).created, "the same plan, the same run"

    # Everything else changes after the plan.
    text = review.read_text("utf-8").replace("controls = 1", "controls = 2").replace('"v2"', '"v3"')
    text = text.replace("[gates]", '[gates]\n"toy.broken" = { max_broken = 1.0, reason = "one is no harm" }')
    review.write_text(text.replace("[toy]", '[toy]\nslices = { "long" = "length(text) > 3" }'), "utf-8")
    data = tmp_path / "eval.jsonl"
    data.write_text(data.read_text("utf-8").replace("message 1", "another 1"), "utf-8")
    (made.models / "toy-candidate" / "model.safetensors").write_bytes(b"newer" * 100)
    second = analyze(review)
    assert second.created
    said = told(made.store)
    assert set(said["changed"]) == {"the queue", "thresholds of toy.broken", "data of toy", "slices of toy"}
    assert said["models"] == ["candidate_version", "the candidate of toy"]
    sentences = in_report(made.store, tmp_path / "changed")
    assert any(one.startswith("changed since the plan: ") and "toy.broken" in one for one in sentences)
    assert "other than when the plan was written: candidate_version; the candidate of toy" in sentences

    # Whoever writes an older date into the plan, and no run, has one that does not know of the run that stood.
    assert any(one.startswith("1 run of this store stood when this run began") for one in sentences)

    # A plan that is written once results are known says so, and a signature on something else is worth nothing.
    late, written = write_plan(review)
    assert written
    assert late.number == 2
    shutil.copy(f"{path}.alice@example.org.sig", f"{late.path}.alice@example.org.sig")
    analyze(review)
    by, same, runs, replaced = told(made.store)["sentences"]
    assert by.endswith("not signed; of no use is the signature named for alice@example.org")
    assert same == "nothing of the plan was changed since"
    assert runs == "the plan was written after 2 runs of this store, whose results could be known"
    assert replaced == "it took the place of one earlier plan"

    # What is no plan is told with its file, and nothing is analysed by it.
    for wrong in (b"{", b"[]", b'{"format": 99}', b"\xff\x00"):
        late.path.write_bytes(wrong)
        with pytest.raises(AssayError, match="damaged, or of another version"):
            newest_plan(made.store)
    # All that is asked first, and nothing to hold a run against.
    late.path.write_text(json.dumps({**late.content, "determined_by": {"review": {}, "tracks": []}}), "utf-8")
    assert cli.main(["analyze", str(review)]) == 2
    assert str(late.path) in capsys.readouterr().err
