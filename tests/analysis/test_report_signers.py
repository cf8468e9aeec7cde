"""Only listed people sign: who counts as a signer, and what a failed signing says."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.plugin.registry import registered
from analysis.report.build import export
from analysis.report.sign import sanitised, sign
from analysis.report.verify import Check, verify
from analysis.review.session import ReviewSession
from tests.analysis.report_fixture import (
    TOY,
    inspect_all,
    make_key,
    signer_line,
    toy_store,
    verified_by_stock,
)

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Path]]:
    """Unsigned reports that need one and two signers."""
    reports = {}
    with registered(TOY):
        for signers in (1, 2):
            folder = tmp_path_factory.mktemp(f"signers{signers}")
            made = toy_store(folder, signers=signers)
            with ReviewSession.open(made.store) as session:
                inspect_all(session)
                reports[signers] = export(session, folder / "report", "hold", "not yet")
        yield reports


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "keys"
    folder.mkdir()
    return {who: make_key(folder / who, f"{who}@laptop") for who in ("alice", "bob")}


@pytest.fixture
def report(exported: dict[int, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported[1], tmp_path / "report"))


@pytest.fixture
def report_of_two(exported: dict[int, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported[2], tmp_path / "report"))


def listing(folder: Path, *lines: str) -> Path:
    path = folder / "allowed_signers"
    path.write_text("# the team\n\n" + "".join(lines))
    return path


def checked(report: Path, allowed: Path) -> dict[str, Check]:
    return {check.name: check for check in verify(report, allowed).checks}


def stock_status(report: Path, allowed: Path) -> int:
    """Exit status of `verify.sh`."""
    return verified_by_stock(report, allowed).returncode


def test_listed_key_passes_under_the_listed_name(report: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    sign(report, keys["alice"])
    allowed = listing(tmp_path, signer_line("alice@example.org", keys["alice"]))
    found = checked(report, allowed)["signatures"]
    assert found == Check("signatures", True, "signed by alice@example.org")
    assert stock_status(report, allowed) == 0


@pytest.mark.parametrize(
    "options",
    ['valid-before="20200101"', 'valid-after="20990101"', 'namespaces="git"'],
    ids=["expired", "not yet valid", "for another purpose"],
)
def test_listed_key_that_may_not_sign_this_now(
    report: Path, keys: dict[str, Path], tmp_path: Path, options: str
) -> None:
    sign(report, keys["alice"], "alice@x")
    allowed = listing(tmp_path, signer_line("alice@x", keys["alice"], options))
    assert not checked(report, allowed)["signatures"].ok
    assert stock_status(report, allowed) != 0


def test_unlisted_key(report: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    sign(report, keys["bob"], "alice@x")
    allowed = listing(tmp_path, signer_line("alice@x", keys["alice"]))
    found = checked(report, allowed)["signatures"]
    assert not found.ok
    assert "by nobody in the list" in found.detail
    assert stock_status(report, allowed) != 0


def test_revoked_key(report: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    sign(report, keys["alice"], "alice@x")
    allowed = listing(tmp_path, signer_line("alice@x", keys["alice"]))
    assert checked(report, allowed)["signatures"].ok
    shutil.copy(keys["alice"].with_suffix(".pub"), tmp_path / "revoked_keys")
    assert not checked(report, allowed)["signatures"].ok
    assert stock_status(report, allowed) != 0


@pytest.mark.parametrize("principal", ["*", "*@example.org", '"*"', "alice@x,*", "!bob@x,alice@?"])
def test_a_list_that_lets_everybody_pass(
    report: Path, keys: dict[str, Path], tmp_path: Path, principal: str
) -> None:
    sign(report, keys["alice"], "alice@x")
    allowed = listing(tmp_path, signer_line(principal, keys["alice"]))
    assert not checked(report, allowed)["signers list"].ok
    assert stock_status(report, allowed) != 0


def test_a_list_inside_the_report_is_refused(report: Path, keys: dict[str, Path]) -> None:
    sign(report, keys["alice"], "alice@x")
    found = checked(report, listing(report, signer_line("alice@x", keys["alice"])))
    assert not found["signers list"].ok
    assert not found["sums"].ok


def test_unsigned_is_said(report: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    allowed = listing(tmp_path, signer_line("alice@x", keys["alice"]))
    verification = verify(report, allowed)
    assert [check.name for check in verification.checks if not check.ok] == ["signatures"]
    assert checked(report, allowed)["signatures"].detail.startswith("UNSIGNED")
    assert verification.signers == ()
    assert stock_status(report, allowed) != 0


def test_a_signed_hold_is_no_promotion(report: Path, keys: dict[str, Path], tmp_path: Path) -> None:
    sign(report, keys["alice"], "alice@x")
    allowed = listing(tmp_path, signer_line("alice@x", keys["alice"]))
    assert verify(report, allowed).ok
    assert verify(report, allowed, require="hold").ok
    refused = verify(report, allowed, require="promote", no_models=True)
    assert [check.name for check in refused.checks if not check.ok] == ["require promote"]
    assert refused.decision == "hold"


def test_two_signers_need_two_people_with_two_keys(
    report_of_two: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    report = report_of_two
    both = listing(tmp_path, signer_line("alice@x", keys["alice"]), signer_line("bob@x", keys["bob"]))
    first = sign(report, keys["alice"], "alice@x")
    assert not checked(report, both)["signatures"].ok
    assert stock_status(report, both) != 0
    copied = first.with_name("SHA256SUMS.someone.sig")
    shutil.copy(first, copied)
    assert not checked(report, both)["signatures"].ok
    assert stock_status(report, both) != 0
    copied.unlink()
    second = sign(report, keys["bob"], "bob@x")
    assert checked(report, both)["signatures"].detail == "signed by alice@x, bob@x"
    assert stock_status(report, both) == 0
    one_key = listing(tmp_path, signer_line("alice@x,bob@x", keys["alice"]))
    second.unlink()
    sign(report, keys["alice"], "bob@x")
    assert not checked(report, one_key)["signatures"].ok
    assert stock_status(report, one_key) != 0
    second.unlink()
    sign(report, keys["bob"], "alice-too")
    one_person = listing(tmp_path, signer_line("alice@x", keys["alice"]), signer_line("alice@x", keys["bob"]))
    assert not checked(report, one_person)["signatures"].ok
    assert stock_status(report, one_person) != 0


LOOSE = {
    "case": ("alice@x", "Alice@x"),
    "addresses": ("alice@x", "alice@y"),
    "return": ("alice@x", "bob\r@x"),
    "line of Unicode": ("alice@x", "bob\u2028@x"),
    "unseen": ("alice@x", "alice\u200b@x"),
    "alone too": ("alice@x,eve@x", "eve@x"),
    "with others too": ("alice@x,eve@x", "mal@x,eve@x"),
}
"""Names of two keys that cannot be told to be those of two people."""


@pytest.mark.parametrize("names", LOOSE.values(), ids=LOOSE)
def test_one_person_is_not_two_by_a_loose_list(
    report_of_two: Path, keys: dict[str, Path], tmp_path: Path, names: tuple[str, str]
) -> None:
    allowed = listing(tmp_path, *map(signer_line, names, (keys["alice"], keys["bob"])))
    for who in ("alice", "bob"):
        sign(report_of_two, keys[who], who)
    found = checked(report_of_two, allowed)
    assert not (found["signatures"].ok and found["signers list"].ok)
    assert stock_status(report_of_two, allowed) != 0


def test_a_signature_is_never_replaced(report: Path, keys: dict[str, Path]) -> None:
    path = sign(report, keys["alice"], "alice@x")
    before = path.read_bytes()
    with pytest.raises(AssayError, match="is there already"):
        sign(report, keys["bob"], "alice@x")
    assert path.read_bytes() == before


def test_an_edited_report_is_not_signed(report: Path, keys: dict[str, Path]) -> None:
    (report / "report.md").write_text("# promoted\n")
    with pytest.raises(AssayError, match="will not be signed"):
        sign(report, keys["alice"])
    assert list(report.glob("*.sig")) == []


def test_the_same_signature_written_otherwise_is_none(
    report: Path, keys: dict[str, Path], tmp_path: Path
) -> None:
    path = sign(report, keys["alice"], "alice@x")
    allowed = listing(tmp_path, signer_line("alice@x", keys["alice"]))
    intact = path.read_bytes()
    first, body, last = (
        intact.split(b"\n", 1)[0],
        b"".join(intact.split(b"\n")[1:-2]),
        intact.split(b"\n")[-2],
    )
    assert body.endswith(b"=="), "four bits of its last letter mean nothing"
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = body[:-3] + letters[letters.index(body[-3]) ^ 1 :][:1] + b"=="
    assert base64.b64decode(other) == base64.b64decode(body)

    def written(text: bytes, width: int) -> bytes:
        lines = [text[start : start + width] for start in range(0, len(text), width)]
        return b"\n".join([first, *lines, last, b""])

    assert written(body, 70) == intact
    for odd in (written(other, 70), intact.replace(body[:70], body[:10] + b"\n" + body[10:70])):
        path.write_bytes(odd)
        assert not checked(report, allowed)["signatures"].ok
    path.write_bytes(written(body, 76))
    assert checked(report, allowed)["signatures"].ok, "in lines of another length, as other programs write it"


def test_the_signer_is_the_comment_of_the_key(report: Path, keys: dict[str, Path]) -> None:
    assert sign(report, keys["alice"]).name == "SHA256SUMS.alice@laptop.sig"
    keys["bob"].with_suffix(".pub").unlink()
    assert sign(report, keys["bob"]).name == "SHA256SUMS.bob@laptop.sig"


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a b\n\x1b[2J", "a_b___2J"),
        ("..", "_"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_principal_is_no_path(report: Path, keys: dict[str, Path], principal: str, name: str) -> None:
    assert sanitised(principal) == name
    assert sign(report, keys["alice"], principal) == report / f"SHA256SUMS.{name}.sig"


def test_a_key_that_is_missing_or_locked(
    report: Path, keys: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "never")
    with pytest.raises(AssayError, match="no such key"):
        sign(report, tmp_path / "nowhere")
    keys["bob"].unlink()
    with pytest.raises(AssayError, match="cannot be used to sign"):
        sign(report, keys["bob"].with_suffix(".pub"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(AssayError, match="no key to sign with"):
        sign(report)
    assert list(report.glob("*.sig")) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
@pytest.mark.parametrize("suffix", ["", ".pub"])
def test_a_key_that_others_may_read_is_told_with_what_mends_it(
    report: Path, keys: dict[str, Path], mode: int, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    keys["bob"].chmod(mode)
    with pytest.raises(AssayError) as caught:
        sign(report, keys["bob"].with_name(f"{keys['bob'].name}{suffix}"))
    assert f"its permissions are too open ({mode:04o})" in caught.value.message
    assert caught.value.hint == f"chmod 600 {keys['bob']}"
    keys["bob"].chmod(0o600)
    assert sign(report, keys["bob"]).is_file()


def test_a_wrong_passphrase_is_said(report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "locked"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-C", "x", "-f", str(key)], check=True
    )
    asker = tmp_path / "askpass"
    asker.write_text("#!/bin/sh\necho wrong\n")
    asker.chmod(0o700)
    monkeypatch.setenv("SSH_ASKPASS", str(asker))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    with pytest.raises(AssayError, match="passphrase"):
        sign(report, key)


def test_a_machine_without_openssh(
    report: Path, keys: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = listing(tmp_path, signer_line("alice@x", keys["alice"]))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssayError, match="ssh-keygen was not found"):
        sign(report, keys["alice"])
    assert not checked(report, allowed)["signatures"].ok


def test_an_agent_signs(
    report: Path, keys: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("ssh-agent") is None:
        pytest.skip("needs ssh-agent")
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE)
    try:
        assert agent.stdout is not None
        agent.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", str(keys["alice"])], check=True)
        keys["alice"].unlink()
        assert sign(report).name == "SHA256SUMS.alice@laptop.sig"
    finally:
        agent.terminate()
        agent.wait()
    allowed = listing(tmp_path, signer_line("alice@x", keys["alice"]))
    assert checked(report, allowed)["signatures"].ok
