"""Background work off the screen's thread: export, signature, verification, and questions to both models.

A job never touches a widget. It returns lines, or raises AssayError; either becomes a `JobFinished`, or a
`ProbeAnswered` for a question.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.store.ssh_signatures import DEFAULT_KEY, agent_keys
from tui.draw.messages import JobFinished, ProbeAnswered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.base.review_records import Decision
    from analysis.live.client import LiveProbes
    from analysis.plugin.live import LiveRequest
    from analysis.review.session import ReviewSession


def run_job(name: str, work: Callable[[], tuple[list[str], str, bool]]) -> JobFinished:
    """Do some work and tell how it went.

    Args:
        name: what the reviewer reads.
        work: returns lines to show, a result, and whether it did what was asked.
    """
    try:
        lines, result, ok = work()
    except AssayError as error:
        return JobFinished(name, False, str(error).splitlines())
    return JobFinished(name, ok, lines, result)


def export_job(session: ReviewSession, decision: Decision, reason: str) -> tuple[list[str], str, bool]:
    """Write the report folder. The session must not be used by anyone else meanwhile."""
    from analysis.report.build import export

    folder = export(session, None, decision, reason)
    return [f"exported, UNSIGNED: {folder}"], str(folder), True


def evidence_job(store: Path, run: str) -> tuple[list[str], str, bool]:
    """Read the evidence of a run whole, and hold it against the digest that was published."""
    from analysis.store.run import verify_evidence

    return [], verify_evidence(store, run), True


def page_job(folder: Path) -> tuple[list[str], str, bool]:
    """Check a report folder that is to be signed, and say what it says; the result is the word of its decision."""
    from analysis.report.sign import page_to_sign

    page = page_to_sign(folder)
    return list(page.sentences), page.decision, True


def sign_job(
    folder: Path, key: Path | None, principal: str | None, shown: list[str], typed: str
) -> tuple[list[str], str, bool]:
    """Sign a report folder.

    Args:
        folder: the report.
        key: what to sign with; None for the default.
        principal: who signs; None for the comment of the key.
        shown: what its reader was shown; a report that says something else by now is not signed.
        typed: the decision as its reader typed it.
    """
    from analysis.report.sign import sign

    def agree(decision: str, sentences: Sequence[str]) -> bool:
        return typed == decision and list(sentences[: len(shown)]) == shown

    signature = sign(folder, key, principal, agree)
    if signature is None:
        return (
            ["not signed: what was typed is not its decision, or the report is no longer what was shown"],
            "",
            False,
        )
    return [f"signed: {signature}"], str(signature), True


def verify_job(folder: Path, allowed_signers: Path) -> tuple[list[str], str, bool]:
    """Check a report folder; every check becomes a line."""
    from analysis.report.verify import verify

    verification = verify(folder, allowed_signers)
    lines = [f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}" for check in verification.checks]
    return lines, verification.decision or "", verification.ok


def probe_job(probes: LiveProbes, number: int, request: LiveRequest, left: int) -> ProbeAnswered:
    """Put one request to both models, and wait for the answer.

    Args:
        probes: the worker of the console.
        number: of the question, by which its answers are told from those of a later one.
        request: a text, and what is asked of it.
        left: requests of the question that follow.
    """
    try:
        return ProbeAnswered(number, request, probes.ask(request), left)
    except AssayError as error:
        return ProbeAnswered(number, request, None, left, error)


def default_key() -> str:
    """In words, the key that signs where none is named: the first of the agent, else the usual file."""
    listed = agent_keys()
    if listed:
        kind, _, comment = ([*listed[0].split(" ", 2), "", ""])[:3]
        return f"the first of your agent, {kind} {comment}".strip()
    there = Path(DEFAULT_KEY).expanduser().is_file()
    return DEFAULT_KEY if there else f"none: no agent holds one, and there is no {DEFAULT_KEY}"


def needs_terminal(key: Path | None) -> bool:
    """Whether signing with a key asks something on the terminal: a passphrase, or to touch a security key.

    Args:
        key: the key, or None for the default: the first key of the agent, else `~/.ssh/id_ed25519`.
    """
    if key is None:
        listed = agent_keys()
        if listed:
            return listed[0].startswith("sk-")
        key = Path(DEFAULT_KEY).expanduser()
    program = shutil.which("ssh-keygen")
    if program is None or key.suffix == ".pub":
        return False
    public = subprocess.run(
        [program, "-y", "-P", "", "-f", str(key)],
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return public.returncode != 0 or public.stdout.startswith("sk-")
