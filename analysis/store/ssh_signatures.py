"""SSH signatures (SSHSIG) over some bytes, made and checked by stock `ssh-keygen`: no key is read by this program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from analysis.base.errors import AssayError
from analysis.base.escape import printable
from analysis.store.files import read_small

KEY = "ASSAY_KEY"
"""Environment variable: the key that signs: a private one, or a public one or certificate whose key an agent holds."""
DEFAULT_KEY = "~/.ssh/id_ed25519"
"""The key that signs where none is named and no agent holds one."""
DEFAULT_KEYS = ("id_ed25519-cert.pub", "id_ed25519")
"""Names in `~/.ssh`, the first that is there and can be used without a word."""
REVOKED_KEYS = "revoked_keys"
"""File beside a list of signers with keys that no longer count (a KRL, or public keys)."""
SIGNATURE_LIMIT = 64 << 10
"""Bytes of the largest signature that is read; a real one has a few hundred."""
SIGN_SECONDS = 5
CHECK_SECONDS = 60
_ARMOR = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----\n"
)
_PRINCIPALS = re.compile(r'[ \t]*(?:"([^"]*)"|([^ \t#"][^ \t]*))')
_PLAIN = re.compile(r"[!-~]+( [!-~]+)*")
_GOOD_KEY = re.compile(r'Good ".*" signature (?:for .* )?with \S+ key (\S+)')


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
    # A key that waits for a touch would keep its owner from leaving.
    for line in [one for one in agent_keys() if not one.startswith("sk-")][:1]:
        path = scratch / "agent.pub"
        path.write_text(line + "\n", "utf-8")
        found.append(path)
    home = Path("~/.ssh").expanduser()
    # The home of somebody else, as under `sudo`, may not be looked into.
    return found + [home / name for name in DEFAULT_KEYS if os.access(home / name, os.R_OK)]


def agent_keys() -> list[str]:
    """The public keys that the agent holds, as lines; none where there is no agent."""
    program = shutil.which("ssh-add") if os.environ.get("SSH_AUTH_SOCK") else None
    listed = _run([program, "-L"], b"", SIGN_SECONDS) if program is not None else None
    if listed is None or listed.returncode != 0:
        return []
    return [line for line in listed.stdout.decode("utf-8", "replace").splitlines() if line]


def find_ssh_keygen() -> str:
    """Path of `ssh-keygen`. Raises AssayError where there is none."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise AssayError(
            "ssh-keygen was not found",
            where="PATH",
            hint="install OpenSSH (8.2 or newer): it makes and checks the signatures",
        )
    return program


class Claim(NamedTuple):
    """A signature beside a file: the name that it bears, which nobody has checked, and the key that made it.

    `key` is None where it is no signature of that file, or there is no `ssh-keygen` to tell.
    """

    who: str
    key: str | None


def claims_beside(signed: Path, limit: int, namespace: str) -> list[Claim]:
    """The signatures `NAME.WHO.sig` of a file NAME that lie beside it, by their names.

    Args:
        signed: the file.
        limit: bytes of it that are read at most; of a longer one, and of one that is not there, nothing is a signature.
        namespace: what the signatures were made for.
    """
    data = _readable(signed, limit)
    return [
        Claim(
            path.name.removeprefix(f"{signed.name}.").removesuffix(".sig"),
            None if data is None else key_of(data, _readable(path, SIGNATURE_LIMIT) or b"", namespace),
        )
        for path in sorted(signed.parent.glob(f"{signed.name}.?*.sig"))
    ]


def _readable(path: Path, limit: int) -> bytes | None:
    """What a file holds; None where there is none, or it is a link or too long."""
    try:
        return read_small(path, limit)
    except AssayError:
        return None


@lru_cache(maxsize=256)
def key_of(data: bytes, signature: bytes, namespace: str) -> str | None:
    """Fingerprint of the key that signed some bytes, whoever's it is.

    None where it is no signature of those bytes in that namespace, or there is no `ssh-keygen` to tell.
    """
    program = shutil.which("ssh-keygen")
    if program is None or not _is_armored(signature):
        return None
    with tempfile.TemporaryDirectory(prefix="assay-key-") as scratch:
        file = Path(scratch) / "signature"
        file.write_bytes(signature)
        done = _run(
            [program, "-Y", "check-novalidate", "-n", namespace, "-s", str(file)], data, CHECK_SECONDS
        )
    if done is None or done.returncode != 0:
        return None
    match = _GOOD_KEY.search(done.stdout.decode("utf-8", "replace"))
    return match.group(1) if match else None


def signer_of(data: bytes, signature: bytes, namespace: str, allowed_signers: Path) -> Signer:
    """Who signed some bytes: the first in the list whose key it is.

    Raises:
        AssayError: as `good_signers`, and where the list holds a pattern.
    """
    broad = wildcards(listed_principals(allowed_signers))
    if broad:
        # A signature would pass under any name that fits.
        raise AssayError(
            f"lists everyone who fits {printable(broad[0])!r}: name people", where=str(allowed_signers)
        )
    return good_signers(data, signature, namespace, allowed_signers)[0]


def good_signers(data: bytes, signature: bytes, namespace: str, allowed_signers: Path) -> list[Signer]:
    """Everybody in a list of signers under whose name a signature over some bytes is good; at least one.

    Args:
        data: the bytes.
        signature: one SSH signature in its armor.
        namespace: what it must have been made for.
        allowed_signers: the list; keys in a file `revoked_keys` beside it do not count.

    Raises:
        AssayError: the signature is not good, was made for something else, or is of nobody in the list; or there is no
            `ssh-keygen`, or it gives no answer.
    """
    program = find_ssh_keygen()
    if len(signature) > SIGNATURE_LIMIT or not _is_armored(signature):
        raise AssayError("not one whole SSH signature and nothing else")
    with tempfile.TemporaryDirectory(prefix="assay-check-") as scratch:
        path = Path(scratch) / "signature"
        path.write_bytes(signature)
        about = ["-f", str(allowed_signers), "-s", str(path)]
        found = _answer([program, "-Y", "find-principals", *about], b"")
        if found.returncode != 0:
            raise AssayError(f"by nobody in the list: {_reason(found)}")
        revoked = allowed_signers.absolute().parent / REVOKED_KEYS
        more = ["-r", str(revoked)] if revoked.exists() else []
        good: list[Signer] = []
        refusal = "by nobody in the list"
        for principal in found.stdout.decode("utf-8", "replace").splitlines():
            command = [program, "-Y", "verify", *about, "-I", principal, "-n", namespace]
            checked = _answer([*command, *more], data)
            key = _GOOD_KEY.search(checked.stdout.decode("utf-8", "replace"))
            if checked.returncode == 0 and key is not None:
                good.append(Signer(principal, key[1]))
            elif more and _answer(command, data).returncode == 0:
                # Of that, ssh-keygen says nothing.
                refusal = f"the key of {printable(principal)} is revoked"
            else:
                refusal = _reason(checked)
    if not good:
        raise AssayError(refusal)
    return good


def _is_armored(data: bytes) -> bool:
    """Whether this is one signature, in lines of one length: ssh-keygen passes over blanks wherever they stand.

    It takes no letter for another itself, so that no byte of the file can change and it still be good.
    """
    found = _ARMOR.fullmatch(data)
    if found is None:
        return False
    lines = found[1].split(b"\n")[:-1]
    text, width = b"".join(lines), len(lines[0])
    return lines == [text[start : start + width] for start in range(0, len(text), width)]


def listed_principals(allowed_signers: Path) -> list[str]:
    """Every principal that a list of signers names, wildcards included. Raises AssayError as `listed_lines`."""
    return [name for line in listed_lines(allowed_signers) for name in line]


def listed_lines(allowed_signers: Path) -> list[list[str]]:
    """The principals of each line of a list of signers, wildcards included.

    Raises:
        AssayError: the list is missing or is not text.
    """
    try:
        text = allowed_signers.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8 text"
        raise AssayError(
            f"the list of signers cannot be read: {reason}",
            where=str(allowed_signers),
            hint="each line: PRINCIPAL ssh-ed25519 KEY (see ssh-keygen, ALLOWED SIGNERS)",
        ) from problem
    # As ssh-keygen reads it: a line ends with a line feed, and with no other sign that Unicode knows for it.
    matches = filter(None, map(_PRINCIPALS.match, text.split("\n")))
    return [(one[1] if one[1] is not None else one[2]).split(",") for one in matches]


def unclear_names(lines: Sequence[Sequence[str]]) -> list[str]:
    """Why it cannot be told from the lines of a list of signers who is one person and who are two; [] where it can.

    Two names that look alike are two for `ssh-keygen`, and so are a name of its own and the same beside others.
    """
    names = [name for line in lines for name in line]
    found = [
        f"{one!a} is not of plain letters, digits and marks" for one in names if not _PLAIN.fullmatch(one)
    ]
    several = {name for line in lines if len(line) > 1 for name in line}
    found += [
        f"{one} stands on a line with other names, and on another line"
        for one in sorted(several)
        if sum(one in line for line in lines) > 1
    ]
    return found


def wildcards(principals: list[str]) -> list[str]:
    """The patterns among them: with one, a signature passes under any name that fits."""
    return [one for one in principals if any(mark in one for mark in "*?!")]


def _answer(command: Sequence[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    """What ssh-keygen says. Raises AssayError where it says nothing in time."""
    done = _run(command, data, CHECK_SECONDS)
    if done is None:
        raise AssayError(f"ssh-keygen gave no answer in {CHECK_SECONDS} seconds")
    return done


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    said = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return printable(said[0], 300) if said else f"ssh-keygen ended with status {done.returncode}"


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
