"""Checks the signatures of a report with stock `ssh-keygen` against a list of signers."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.escape import printable
from analysis.report.ssh_keygen import MAX_SIGNATURE, find_ssh_keygen, sanitised
from analysis.report.stock_commands import NAMESPACE, REVOKED_KEYS
from analysis.report.sums import SUMS, is_signature_name, read_limited

_TIMEOUT_S = 60
_GOOD_KEY = re.compile(r'Good ".*" signature for .* with \S+ key (\S+)')
_ARMOR = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----\n"
)
_PRINCIPALS = re.compile(r'^[ \t]*(?:"([^"]*)"|([^\s#"][^\s]*))')


@dataclass(frozen=True)
class Signature:
    """One signature file: by whom and with which key where it is good, or what is wrong with it."""

    name: str
    principal: str | None
    key: str | None
    problem: str | None


def listed_principals(allowed_signers: Path) -> list[str]:
    """Every principal that a list of signers names, wildcards included.

    Raises:
        AssayError: the list is missing or is not text.
    """
    try:
        text = allowed_signers.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8 text"
        raise AssayError(
            f"the list of signers cannot be read: {reason}",
            where=str(allowed_signers),
            hint="each line: PRINCIPAL ssh-ed25519 KEY (see ssh-keygen, ALLOWED SIGNERS)",
        ) from problem
    found: list[str] = []
    for line in text.splitlines():
        match = _PRINCIPALS.match(line)
        if match is not None:
            found.extend((match.group(1) if match.group(1) is not None else match.group(2)).split(","))
    return found


def wildcards(principals: list[str]) -> list[str]:
    """The patterns among them: with one, a signature passes under any name that fits."""
    return [one for one in principals if any(mark in one for mark in "*?!")]


def check_signatures(directory: Path, allowed_signers: Path, sums: bytes) -> list[Signature]:
    """Check every signature file of a report.

    A file that is named for somebody in the list must be signed by that person; a file named for nobody
    there (a key's comment, for instance) counts for whoever the key belongs to.

    Args:
        directory: the report folder.
        allowed_signers: the team's list; a file `revoked_keys` beside it is honoured.
        sums: `SHA256SUMS`, as the other checks read it.

    Raises:
        AssayError: no `ssh-keygen`, or the list cannot be read.
    """
    program = find_ssh_keygen()
    listed = {sanitised(one) for one in listed_principals(allowed_signers)}
    names = sorted(entry.name for entry in directory.iterdir() if is_signature_name(entry.name))
    return [_check(program, directory / name, allowed_signers, listed, sums) for name in names]


def _check(program: str, path: Path, allowed_signers: Path, listed: set[str], sums: bytes) -> Signature:
    try:
        principal, key = _signer(program, path, allowed_signers, listed, sums)
    except AssayError as problem:
        return Signature(path.name, None, None, problem.message)
    except subprocess.TimeoutExpired:
        return Signature(path.name, None, None, f"ssh-keygen gave no answer in {_TIMEOUT_S} seconds")
    return Signature(path.name, principal, key, None)


def _signer(
    program: str, path: Path, allowed_signers: Path, listed: set[str], sums: bytes
) -> tuple[str, str]:
    """Principal and key fingerprint of a good signature. Raises AssayError for any other."""
    if not _is_armored(read_limited(path, MAX_SIGNATURE)):
        raise AssayError("not one whole SSH signature and nothing else")
    finder = ["find-principals", "-f", str(allowed_signers), "-s", str(path.absolute())]
    found = _ssh_keygen(program, finder, b"")
    if found.returncode != 0:
        raise AssayError(f"by nobody in the list: {_reason(found)}")
    good: list[tuple[str, str]] = []
    refusal = "by nobody in the list"
    for principal in found.stdout.splitlines():
        checked = _verify(program, path, allowed_signers, principal, sums)
        key = _GOOD_KEY.search(checked.stdout)
        if checked.returncode == 0 and key is not None:
            good.append((principal, key.group(1)))
        else:
            refusal = _reason(checked)
    if not good:
        raise AssayError(refusal)
    named = path.name.removeprefix(f"{SUMS}.").removesuffix(".sig")
    own = [pair for pair in good if sanitised(pair[0]) == named]
    if not own and named in listed:
        raise AssayError(f"was made by {good[0][0]}, not by {named}")
    return (own or good)[0]


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


def _verify(
    program: str, path: Path, allowed_signers: Path, principal: str, sums: bytes
) -> subprocess.CompletedProcess[str]:
    arguments = ["verify", "-f", str(allowed_signers), "-I", principal, "-n", NAMESPACE]
    arguments += ["-s", str(path.absolute())]
    revoked = allowed_signers.absolute().parent / REVOKED_KEYS
    if revoked.exists():
        arguments += ["-r", str(revoked)]
    return _ssh_keygen(program, arguments, sums)


def _ssh_keygen(program: str, arguments: list[str], stdin: bytes) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [program, "-Y", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=_TIMEOUT_S,
        env={**os.environ, "LC_ALL": "C"},
    )
    return subprocess.CompletedProcess(
        done.args,
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return printable(said[0], 300) if said else f"ssh-keygen ended with status {done.returncode}"
