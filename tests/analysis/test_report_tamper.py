"""A report edited anywhere is found: by the stock commands of `verify.sh`, and by `verify`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from analysis.plugin.registry import registered
from analysis.report import canonical
from analysis.report.build import export
from analysis.report.sign import sign
from analysis.report.verify import Verification, verify
from analysis.review.session import ReviewSession
from tests.analysis.report_fixture import (
    TOY,
    inspect_all,
    make_key,
    sign_anything,
    signer_line,
    sum_again,
    toy_store,
    verified_by_stock,
    write_statement,
)

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")


@dataclass(frozen=True)
class Signed:
    """A signed report with its models, the list of signers and the keys."""

    folder: Path
    report: Path
    models: Path
    allowed: Path
    keys: Path

    def verify(self, require: str | None = None) -> Verification:
        return verify(self.report, self.allowed, [self.models], require)

    def stock(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run `verify.sh` on the report and its models."""
        return verified_by_stock(self.report, self.allowed, "-m", str(self.models), *options)

    def rewrite(self, name: str, change: Callable[[bytes], bytes]) -> None:
        path = self.report / name
        path.write_bytes(change(path.read_bytes()))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    folder = tmp_path_factory.mktemp("original")
    with registered(TOY):
        made = toy_store(folder)
        with ReviewSession.open(made.store, reviewer="alice") as session:
            inspect_all(session)
            report = export(session, folder / "report", "promote", "inspected, and nothing broke")
        keys = folder / "keys"
        keys.mkdir()
        for who in ("alice", "bob", "mallory"):
            make_key(keys / who, f"{who}@laptop")
        allowed = folder / "allowed_signers"
        allowed.write_text(
            signer_line("alice@x", keys / "alice", 'namespaces="inspection-report@assay"')
            + signer_line("bob@x", keys / "bob")
        )
        sign(report, keys / "alice", "alice@x")
        yield Signed(folder, report, made.models, allowed, keys)


@pytest.fixture
def signed(original: Signed, tmp_path: Path) -> Signed:
    """A copy that a test may damage."""
    shutil.copytree(original.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("toy.review"))
    root = tmp_path / "copy"
    return Signed(root, root / "report", root / "models", root / "allowed_signers", root / "keys")


def test_an_untouched_report_passes_both_ways(signed: Signed) -> None:
    stock = signed.stock("-p", "-c", str(signed.models / "toy-candidate"))
    assert stock.returncode == 0, stock.stderr
    assert stock.stdout.splitlines()[-1] == "VERIFIED: signed and unchanged; the decision is promote"
    verification = signed.verify("promote")
    assert [check for check in verification.checks if not check.ok] == []
    assert verification.ok
    assert verification.decision == "promote"
    assert verification.signers == ("alice@x",)


def append(text: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data + text


def edit_markdown(signed: Signed) -> None:
    signed.rewrite("report.md", lambda data: data.replace(b"3 verdicts", b"9 verdicts"))


def edit_decision(signed: Signed) -> None:
    signed.rewrite("report.json", lambda data: data.replace(b'"nothing to report"', b'"all is well"'))


def indent_json(signed: Signed) -> None:
    signed.rewrite("report.json", lambda data: json.dumps(json.loads(data), indent=1).encode())


def edit_annotation(signed: Signed) -> None:
    signed.rewrite("annotations.jsonl", lambda data: data.replace(b"right", b"wrong", 1))


def drop_annotation(signed: Signed) -> None:
    signed.rewrite("annotations.jsonl", lambda data: b"".join(data.splitlines(keepends=True)[:-1]))


def add_waiver(signed: Signed) -> None:
    signed.rewrite("annotations.jsonl", append(b'{"kind":"waiver"}\n'))


def edit_metric(signed: Signed) -> None:
    signed.rewrite("metrics.jsonl", lambda data: data.replace(b'"value":0,', b'"value":9,', 1))


def loosen_rule(signed: Signed) -> None:
    signed.rewrite("rules.json", lambda data: data.replace(b'"max_broken":0', b'"max_broken":9'))


def edit_model_list(signed: Signed) -> None:
    signed.rewrite("model.sha256", lambda data: b"".join(data.splitlines(keepends=True)[1:]))


def edit_and_sum_again(signed: Signed) -> None:
    edit_markdown(signed)
    sum_again(signed.report)


def remove_a_sum(signed: Signed) -> None:
    signed.rewrite("SHA256SUMS", lambda data: b"".join(data.splitlines(keepends=True)[1:]))


def add_a_file(signed: Signed) -> None:
    (signed.report / "appendix.md").write_text("promoted by the board\n")


def add_a_file_of_two_lines(signed: Signed) -> None:
    (signed.report / "SHA256SUMS\nSHA256SUMS").write_text("promoted by the board\n")


def add_two_lines_to_a_model(signed: Signed) -> None:
    (signed.models / "toy-candidate" / "deep" / "zz\nqq").write_text("print('run')\n")


def remove_the_signature(signed: Signed) -> None:
    (signed.report / "SHA256SUMS.alice@x.sig").unlink()


def sign_unlisted(signed: Signed) -> None:
    remove_the_signature(signed)
    sign_anything(signed.report, signed.keys / "mallory", "alice@x")


def rename_the_signature(signed: Signed) -> None:
    (signed.report / "SHA256SUMS.alice@x.sig").rename(signed.report / "SHA256SUMS.bob@x.sig")


def sign_for_git(signed: Signed) -> None:
    remove_the_signature(signed)
    sign_anything(signed.report, signed.keys / "alice", "alice@x", "git")


def cut_the_signature(signed: Signed) -> None:
    signed.rewrite("SHA256SUMS.alice@x.sig", lambda data: data[: len(data) // 2])


def swap_a_model_byte(signed: Signed) -> None:
    path = signed.models / "toy-candidate" / "model.safetensors"
    path.write_bytes(b"N" + path.read_bytes()[1:])


def add_to_a_model(signed: Signed) -> None:
    (signed.models / "toy-candidate" / "deep" / "code.py").write_text("print('run')\n")


def remove_from_a_model(signed: Signed) -> None:
    (signed.models / "toy-base" / "deep" / "config.json").unlink()


@pytest.mark.parametrize(
    ("tamper", "found_by"),
    [
        (edit_markdown, {"sums", "report.md"}),
        (edit_decision, {"sums", "report.md"}),
        (indent_json, {"sums", "report.json"}),
        (edit_annotation, {"sums", "report.json", "events"}),
        (drop_annotation, {"sums", "report.json", "events", "decision"}),
        (add_waiver, {"sums", "report.json", "events"}),
        (edit_metric, {"sums", "report.json"}),
        (loosen_rule, {"sums", "report.json", "run"}),
        (edit_model_list, {"sums", "report.json", "model list"}),
        (edit_and_sum_again, {"signatures", "report.md"}),
        (remove_a_sum, {"sums", "signatures"}),
        (add_a_file, {"sums"}),
        (add_a_file_of_two_lines, {"sums"}),
        (add_two_lines_to_a_model, {"models"}),
        (remove_the_signature, {"signatures"}),
        (sign_unlisted, {"signatures"}),
        (rename_the_signature, {"signatures"}),
        (sign_for_git, {"signatures"}),
        (cut_the_signature, {"signatures"}),
        (swap_a_model_byte, {"models"}),
        (add_to_a_model, {"models"}),
        (remove_from_a_model, {"models"}),
    ],
)
def test_tampering_is_found(signed: Signed, tamper: Callable[[Signed], None], found_by: set[str]) -> None:
    tamper(signed)
    failed = {check.name for check in signed.verify().checks if not check.ok}
    assert found_by <= failed
    assert signed.stock().returncode == 1


def forge(signed: Signed, change: Callable[[dict[str, object]], None]) -> set[str]:
    """Let a listed signer sign a report.json of their own making, rendered and summed anew."""
    statement = canonical.loads((signed.report / "report.json").read_bytes(), "report.json")
    change(statement["predicate"])
    write_statement(signed.report, statement)
    sign_anything(signed.report, signed.keys / "alice", "alice@x")
    assert signed.stock().returncode == 0
    return {check.name for check in signed.verify("promote").checks if not check.ok}


def test_a_signed_report_whose_gates_do_not_follow_is_found(signed: Signed) -> None:
    def change(predicate: dict[str, object]) -> None:
        predicate["gates"][0]["verdict"] = "warn"  # type: ignore[index]

    assert forge(signed, change) == {"gates"}


def test_a_signed_report_with_a_waiver_that_nobody_gave_is_found(signed: Signed) -> None:
    def change(predicate: dict[str, object]) -> None:
        predicate["waivers"] = [
            {
                "event_id": "0" * 32,
                "actor": "uid:0/root",
                "reviewer": "alice",
                "key": "toy.broken",
                "run": "0" * 12,
                "value": 0,
                "threshold": "0",
                "reason": "none",
                "expires": "2099-01-01",
                "ts": "2026-01-01T00:00:00Z",
                "in_force": False,
            }
        ]

    assert forge(signed, change) == {"waivers"}


def test_a_signed_report_with_another_decision_is_found(signed: Signed) -> None:
    def change(predicate: dict[str, object]) -> None:
        predicate["decision"]["decision"] = "hold"  # type: ignore[index]

    assert forge(signed, change) == {"decision", "require promote"}


def test_an_unknown_render_format_fails_unless_it_is_asked_for(signed: Signed) -> None:
    def change(predicate: dict[str, object]) -> None:
        predicate["render_format"] = 999

    assert forge(signed, change) == {"report.md"}
    (signed.report / "report.md").write_text("**HOLD**\n")
    sum_again(signed.report)
    sign_anything(signed.report, signed.keys / "alice", "alice@x")
    assert (
        "the pages may say anything" in {one.name: one.detail for one in signed.verify().checks}["report.md"]
    )
    taken = verify(signed.report, signed.allowed, allow_unrendered=True)
    assert taken.ok
    assert {one.name: one.detail for one in taken.checks}["report.md"].startswith("not re-rendered")


def test_models_may_lie_under_any_name(signed: Signed) -> None:
    moved = (signed.models / "toy-candidate").rename(signed.folder / "deployed")
    assert verify(signed.report, signed.allowed, [moved], "promote").ok
    base = signed.models / "toy-base"
    for models in ([base], []):
        failed = [
            check for check in verify(signed.report, signed.allowed, models, "promote").checks if not check.ok
        ]
        assert [check.name for check in failed] == ["require promote"]
        assert "none of the folders given is the candidate of toy" in failed[0].detail
    assert verify(signed.report, signed.allowed, require="promote", no_models=True).ok
