"""SSH signatures (SSHSIG) over some bytes, made and checked by stock `ssh-keygen`: no key is read by this program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.escape import printable

KEY = "ASSAY_KEY"
"""Environment variable: the key that signs: a private one, or a public one or certificate whose key an agent holds."""
DEFAULT_KEYS = ("id_ed25519-cert.pub", "id_ed25519")
"""Names in `~/.ssh`, the first that is there and can be used without a word."""
REVOKED_KEYS = "revoked_keys"
"""File beside a list of signers with keys that no longer count (a KRL, or public keys)."""
SIGNATURE_LIMIT = 64 << 10
SIGN_SECONDS = 5
CHECK_SECONDS = 30
_ARMOR = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END SSH SIGNATURE-----\n"
)
_GOOD_KEY = re.compile(r'Good ".*" signature for .* with \S+ key (\S+)')


@dataclass(frozen=True, slots=True)
class Signer:
    """Who made a good signature: the principal as listed, and the fingerprint of the key."""

    principal: str
    key: str


def sign_quietly(data: bytes, namespace: str) -> bytes | None:
    """A signature of this account's key over some bytes, asking nobody anything; None where there is no such key.

    The key is that of the variable `ASSAY_KEY`, else the first of the agent, else `~/.ssh/id_ed25519` (with its
    certificate where one lies beside it). A key with a passphrase that no agent holds, and one that must be touched,
    sign nothing here; nor does whatever takes longer than five seconds.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="assay-sign-") as scratch:
        for key in _keys(Path(scratch)):
            made = _run([program, "-Y", "sign", "-q", "-n", namespace, "-f", str(key)], data, SIGN_SECONDS)
            if made is not None and made.returncode == 0 and _ARMOR.fullmatch(made.stdout):
                return made.stdout
    return None


def _keys(scratch: Path) -> list[Path]:
    """The keys to try, as files that `ssh-keygen -f` takes."""
    named = os.environ.get(KEY)
    if named:
        return [Path(named).expanduser()]
    found = []
    adder = shutil.which("ssh-add") if os.environ.get("SSH_AUTH_SOCK") else None
    listed = _run([adder, "-L"], b"", SIGN_SECONDS) if adder is not None else None
    if listed is not None and listed.returncode == 0:
        # A key that waits for a touch would keep its owner from leaving.
        held = [line for line in listed.stdout.splitlines() if line and not line.startswith(b"sk-")]
        for number, line in enumerate(held[:1]):
            path = scratch / f"agent{number}.pub"
            path.write_bytes(line + b"\n")
            found.append(path)
    home = Path("~/.ssh").expanduser()
    # The home of somebody else, as under `sudo`, may not be looked into.
    return found + [home / name for name in DEFAULT_KEYS if os.access(home / name, os.R_OK)]


def signer_of(data: bytes, signature: bytes, namespace: str, allowed_signers: Path) -> Signer:
    """Who signed some bytes.

    Args:
        data: the bytes.
        signature: one SSH signature in its armor.
        namespace: what it must have been made for.
        allowed_signers: the list; keys in a file `revoked_keys` beside it do not count.

    Raises:
        AssayError: the signature is not good, was made for something else, or is of nobody in the list; or the list
            cannot be read, or lists everybody who fits a pattern; or there is no `ssh-keygen`.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        raise AssayError("ssh-keygen was not found", where="PATH", hint="install OpenSSH (8.2 or newer)")
    if len(signature) > SIGNATURE_LIMIT or _ARMOR.fullmatch(signature) is None:
        raise AssayError("not one whole SSH signature and nothing else")
    _refuse_patterns(allowed_signers)
    with tempfile.TemporaryDirectory(prefix="assay-check-") as scratch:
        path = Path(scratch) / "signature"
        path.write_bytes(signature)
        about = ["-f", str(allowed_signers), "-s", str(path)]
        found = _run([program, "-Y", "find-principals", *about], b"", CHECK_SECONDS)
        if found is None or found.returncode != 0:
            raise AssayError("the signature is by nobody in the list of signers")
        revoked = allowed_signers.absolute().parent / REVOKED_KEYS
        more = ["-r", str(revoked)] if revoked.exists() else []
        for principal in found.stdout.decode("utf-8", "replace").splitlines():
            command = [program, "-Y", "verify", *about, "-I", principal, "-n", namespace, *more]
            checked = _run(command, data, CHECK_SECONDS)
            if checked is None or checked.returncode != 0:
                continue
            key = _GOOD_KEY.search(checked.stdout.decode("utf-8", "replace"))
            if key is not None:
                return Signer(principal, key[1])
    raise AssayError("the signature is not over this, or its key no longer counts")


def _refuse_patterns(allowed_signers: Path) -> None:
    """With a pattern in the list a signature passes under any name that fits."""
    try:
        lines = allowed_signers.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise AssayError(
            f"the list of signers cannot be read: {reason}", where=str(allowed_signers)
        ) from error
    for line in lines:
        named = re.match(r'[ \t]*(?:"([^"]*)"|([^\s#"]\S*))', line)
        if named and any(mark in (named[1] or named[2] or "") for mark in "*?!"):
            raise AssayError(
                f"lists everyone who fits {printable(named[1] or named[2])!r}: name people",
                where=str(allowed_signers),
            )


def _run(command: Sequence[str], data: bytes, seconds: float) -> subprocess.CompletedProcess[bytes] | None:
    """Run a program that can ask nobody: it has no terminal, and no window to open; None where it took too long."""
    silent = {"LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        return subprocess.run(
            command,
            input=data,
            capture_output=True,
            check=False,
            timeout=seconds,
            start_new_session=True,
            env={**os.environ, **silent},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
