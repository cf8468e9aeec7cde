"""A report edited anywhere is found: by the commands printed in it, and by `verify`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from analysis.plugin.registry import registered
from analysis.report import canonical, render
from analysis.report.build import export
from analysis.report.sign import sign
from analysis.report.sums import SUMMED, format_sums
from analysis.report.verify import Verification, verify
from analysis.review.session import ReviewSession
from tests.analysis.report_fixture import TOY, inspect_all, make_key, signer_line, toy_store

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

    def commands(self) -> str:
        """Every shell block that the report prints but the last, which is `assay verify`."""
        blocks = (self.report / "report.md").read_text("utf-8").split("```sh\n")[1:-1]
        assert len(blocks) == 2
        return " && ".join(block.split("```")[0].strip() for block in blocks)

    def stock(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run printed commands in the report folder."""
        environment = {**os.environ, "ALLOWED_SIGNERS": str(self.allowed), "MODELS": str(self.models)}
        return subprocess.run(
            ["sh", "-c", script],
            cwd=self.report,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def rewrite(self, name: str, change: Callable[[bytes], bytes]) -> None:
        path = self.report / name
        path.write_bytes(change(path.read_bytes()))

    def sum_again(self) -> None:
        """Make `SHA256SUMS` anew, as a forger would."""
        digests = {name: hashlib.sha256((self.report / name).read_bytes()).hexdigest() for name in SUMMED}
        (self.report / "SHA256SUMS").write_bytes(format_sums(digests))


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
    stock = signed.stock(signed.commands())
    assert stock.returncode == 0, stock.stderr
    assert stock.stdout.splitlines()[-2:] == ["VERIFIED", "SAME MODELS"]
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
    signed.sum_again()


def remove_a_sum(signed: Signed) -> None:
    signed.rewrite("SHA256SUMS", lambda data: b"".join(data.splitlines(keepends=True)[1:]))


def add_a_file(signed: Signed) -> None:
    (signed.report / "appendix.md").write_text("promoted by the board\n")


def remove_the_signature(signed: Signed) -> None:
    (signed.report / "SHA256SUMS.alice@x.sig").unlink()


def sign_unlisted(signed: Signed) -> None:
    remove_the_signature(signed)
    sign(signed.report, signed.keys / "mallory", "alice@x")


def rename_the_signature(signed: Signed) -> None:
    (signed.report / "SHA256SUMS.alice@x.sig").rename(signed.report / "SHA256SUMS.bob@x.sig")


def sign_for_git(signed: Signed) -> None:
    remove_the_signature(signed)
    made = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(signed.keys / "alice")],
        input=(signed.report / "SHA256SUMS").read_bytes(),
        capture_output=True,
        check=True,
    )
    (signed.report / "SHA256SUMS.alice@x.sig").write_bytes(made.stdout)


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
    printed = signed.commands()
    tamper(signed)
    failed = {check.name for check in signed.verify().checks if not check.ok}
    assert found_by <= failed
    assert signed.stock(printed).returncode != 0


def forge(signed: Signed, change: Callable[[dict[str, object]], None]) -> set[str]:
    """Let a listed signer sign a report.json of their own making, rendered and summed anew."""
    statement = canonical.loads((signed.report / "report.json").read_bytes(), "report.json")
    change(statement["predicate"])
    (signed.report / "report.json").write_bytes(canonical.dumps(statement))
    for name, content in render.rendered(statement).items():
        (signed.report / name).write_bytes(content)
    remove_the_signature(signed)
    signed.sum_again()
    sign(signed.report, signed.keys / "alice", "alice@x")
    assert signed.stock(signed.commands()).returncode == 0
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


def test_an_unknown_render_format_is_said_and_not_failed(signed: Signed) -> None:
    def change(predicate: dict[str, object]) -> None:
        predicate["render_format"] = 999

    assert forge(signed, change) == set()
    detail = {check.name: check.detail for check in signed.verify().checks}["report.md"]
    assert detail.startswith("not re-rendered")


def test_models_may_lie_under_any_name(signed: Signed) -> None:
    moved = (signed.models / "toy-candidate").rename(signed.folder / "deployed")
    assert verify(signed.report, signed.allowed, [moved], "promote").ok
    base = signed.models / "toy-base"
    failed = [
        check for check in verify(signed.report, signed.allowed, [base], "promote").checks if not check.ok
    ]
    assert [check.name for check in failed] == ["require promote"]
    assert "none of the folders given is the candidate" in failed[0].detail
