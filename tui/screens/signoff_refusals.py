"""Why a step of the sign-off cannot be done now: asked and worded once, for the screen and for the linear front-end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.review.evaluate import allow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.base.gate_records import GateResult
    from analysis.base.review_records import Decision

SIGNERS_LINE = "a line a signer: the name, then the public key; kept outside the report"
"""What the file is that a check asks for."""
KEY_HINT = "empty: the first key of the agent, else ~/.ssh/id_ed25519"


def why_not_promote(gates: Iterable[GateResult]) -> str | None:
    """Why promote cannot be chosen; hold and reject always can."""
    return None if allow(gates) else "the gates do not allow it"


def why_not_export(decision: Decision | None, reason: str) -> str | None:
    """Why no report can be written of a decision."""
    if decision is None:
        return "choose promote, hold or reject first"
    return None if reason.strip() else "a decision needs a reason: i writes it"


def why_not_sign(folder: Path | None) -> str | None:
    """Why there is nothing to sign or to check."""
    return "nothing is exported yet: X writes the report" if folder is None else None


def check_allowed(refusal: str | None) -> None:
    """Raise AssayError where a step is refused."""
    if refusal is not None:
        raise AssayError(refusal)


def check_typed(typed: str, decision: str) -> None:
    """Raise AssayError where what was typed is not the decision of the report that is signed."""
    if typed != decision:
        raise AssayError(f"its decision is {decision}: type that", hint="else it stays unsigned")


def key_file(text: str) -> Path | None:
    """The key that was named; None where none was. Raises AssayError where there is none of that name."""
    path = Path(text.strip()).expanduser() if text.strip() else None
    if path is not None and not path.is_file():
        raise AssayError("there is no such key", where=str(path), hint=KEY_HINT)
    return path


def signers_file(text: str) -> Path:
    """The file of allowed signers that was named. Raises AssayError where none was, or there is none of that name."""
    if not text.strip():
        raise AssayError("no file was named", hint=SIGNERS_LINE)
    path = Path(text.strip()).expanduser()
    if not path.is_file():
        raise AssayError("there is no such file", where=str(path), hint=SIGNERS_LINE)
    return path
