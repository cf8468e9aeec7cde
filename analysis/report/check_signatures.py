"""Checks the signatures of a report with stock `ssh-keygen` against a list of signers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.report.sums import is_signature_name, read_limited, sanitised
from analysis.store.signatures import NAMESPACE, SUMS
from analysis.store.ssh_signatures import (
    SIGNATURE_LIMIT,
    Signer,
    find_ssh_keygen,
    good_signers,
    listed_principals,
)


@dataclass(frozen=True)
class Signature:
    """One signature file: by whom and with which key where it is good, or what is wrong with it."""

    name: str
    principal: str | None
    key: str | None
    problem: str | None


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
    find_ssh_keygen()
    listed = {sanitised(one) for one in listed_principals(allowed_signers)}
    names = sorted(entry.name for entry in directory.iterdir() if is_signature_name(entry.name))
    return [_check(directory / name, allowed_signers, listed, sums) for name in names]


def _check(path: Path, allowed_signers: Path, listed: set[str], sums: bytes) -> Signature:
    try:
        signer = _signer(path, allowed_signers, listed, sums)
    except AssayError as problem:
        return Signature(path.name, None, None, problem.message)
    return Signature(path.name, signer.principal, signer.key, None)


def _signer(path: Path, allowed_signers: Path, listed: set[str], sums: bytes) -> Signer:
    """Who made a good signature. Raises AssayError for any other."""
    good = good_signers(sums, read_limited(path, SIGNATURE_LIMIT), NAMESPACE, allowed_signers)
    named = path.name.removeprefix(f"{SUMS}.").removesuffix(".sig")
    own = [one for one in good if sanitised(one.principal) == named]
    if not own and named in listed:
        raise AssayError(f"was made by {good[0].principal}, not by {named}")
    return (own or good)[0]
