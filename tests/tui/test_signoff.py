"""The sign-off: fields, a decision with its reason, export, signature, verification."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from textual import events
from textual.geometry import Size

from analysis.review.session import ReviewSession
from analysis.store.rebuild import rebuild
from tests.analysis.store_fixture import ref_of
from tests.tui.conftest import OpenConsole
from tests.tui.reading import paste, shown, until, until_true
from tui.screens.jobs import run_job, verify_job
from tui.screens.signoff import SignoffScreen

FIELDS = (
    "Model",
    "Candidate version",
    "Changed behavior",
    "Top improved slices",
    "Top regressed slices",
    "Critical examples inspected",
    "Attribution findings",
    "Embedding neighborhood findings",
    "Release decision",
)


async def test_the_nine_fields_are_on_one_wide_screen(console: OpenConsole) -> None:
    async with console(size=(140, 60)) as pilot:
        await pilot.press("6")
        text = await until(pilot, "Release decision")
        assert [field for field in FIELDS if field not in text] == []


async def test_a_loss_that_was_accepted_stands_before_the_fields(console: OpenConsole, store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        session.verdict(ref_of(0), "both")
    for journal in (store / "events").glob("*/*.jsonl"):
        journal.unlink()
    rebuild(store, "the disk broke")
    async with console() as pilot:
        await pilot.press("6")
        text = " ".join((await until(pilot, "the disk broke")).split())
        told, _, fields = text.partition("1 Model ")
        assert fields
        assert "record LOSS ACCEPTED by" in told
        assert "is gone, and heads/" in told


async def test_at_every_size_nine_rows_with_whole_names_and_the_decision_in_sight(
    console: OpenConsole,
) -> None:
    async with console(size=(60, 20)) as pilot:
        await pilot.press("6", "h")
        await until(pilot, "intent-v4-rc1: I")
        screen = pilot.app.screen
        assert isinstance(screen, SignoffScreen)
        fields = screen._fields
        for size in ((60, 20), (80, 24), (120, 36), (200, 50)):
            await pilot.resize_terminal(*size)
            await until_true(pilot, lambda size=size: screen.size == Size(*size))  # type: ignore[misc]
            text = await until(pilot, "step 2 of 5")
            rows = [row for row in text.splitlines() if row[1:3].strip().isdigit()]
            assert [field for field in FIELDS if not any(field in row for row in rows)] == [], size
            assert "not given yet" in text
        await pilot.press("enter")
        assert "owner mangaassist" in " ".join((await until(pilot, "   • ")).split())
        await pilot.press("enter", "r", "j")
        await until(pilot, "[▸reject]")
        assert screen._fields is fields, "what does not depend on the decision is read once"


async def test_decision_and_reason_are_a_draft_until_they_are_exported(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    async with console() as pilot:
        await pilot.press("6", "r", "i")
        await paste(pilot, "titles\nescalate")
        await pilot.press("enter")
        await until(pilot, "a draft: kept, not on the record")
        await pilot.press("i", *" half")
        await pilot.pause()
        assert session.state().decision is None
    with ReviewSession.open(store, "alice") as again:
        assert again.decision_draft() == ("reject", "titles\nescalate half")
    async with console() as pilot:
        await pilot.press("6")
        text = await until(pilot, "[▸reject]")
        assert "titles …" in text
        await pilot.press("X")
        await until(pilot, "export: done")
        await until(pilot, "step 4 of 5")
        assert session.decision_draft() == (None, "")
        decision = session.state().decision
        assert decision is not None
        assert decision.reason == "titles\nescalate half"
        await pilot.press("S")
        page = " ".join((await until(pilot, "what you sign: read it, then close it")).split())
        assert "REJECT is what you sign." in page
        assert "titles␊escalate half" in page
        assert "of 6 examples that must be judged are" in page
        await pilot.press("space")
        await until(pilot, "Type the decision that you read")


async def test_promote_is_refused_with_the_gates_that_block(console: OpenConsole) -> None:
    async with console(size=(80, 40)) as pilot:
        await pilot.press("6")
        text = await until(pilot, "promote is not possible")
        assert "review.coverage" in text
        await pilot.press("p")
        await until(pilot, "the gates do not allow it")
        assert isinstance(pilot.app.screen, SignoffScreen)
        assert pilot.app.screen.decision is None


async def test_a_decision_needs_a_reason_before_it_is_exported(
    console: OpenConsole, session: ReviewSession
) -> None:
    async with console() as pilot:
        await pilot.press("6", "X")
        await until(pilot, "choose promote, hold or reject first")
        await pilot.press("r", "X")
        await until(pilot, "a decision needs a reason")
        assert session.state().decision is None


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
async def test_reject_export_sign_verify(
    console: OpenConsole, session: ReviewSession, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    # Relative paths, since every typed character takes its time.
    monkeypatch.chdir(tmp_path)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "alice@x", "-f", key], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f'alice@x namespaces="inspection-report@assay" {key.with_suffix(".pub").read_text()}')
    async with console() as pilot:
        await pilot.press("6", "r", "i", *"leans on titles", "enter", "X")
        await until(pilot, "export: done")
        decision = session.state().decision
        assert decision is not None
        assert (decision.decision, decision.reason) == ("reject", "leans on titles")
        (folder,) = [path.parent for path in store.glob("report/*/report.json")]
        await pilot.press("C")
        await until(pilot, "a line a signer: the name, then the public key")
        await pilot.press("enter")
        await until(pilot, "no file was named")
        await pilot.press("escape", "C", *allowed.name, "enter")
        await until(pilot, "NOT verified")
        await pilot.press("S")
        await until(pilot, "REJECT is what you sign")
        await pilot.press("space")
        await until(pilot, "key file")
        await pilot.press(*"promote", "enter", *key.name, "enter", "enter")
        await until(pilot, "its decision is reject: type that")
        await pilot.press("escape", "S")
        await until(pilot, "REJECT is what you sign")
        await pilot.press("space")
        await until(pilot, "key file")
        await pilot.press(*"reject", "enter", *key.name, "enter", "enter")
        await until(pilot, "sign: done")
        assert len(list(folder.glob("*.sig"))) == 1
        await pilot.press("C", *allowed.name, "enter")
        await until(pilot, "verified: every check holds")
        (folder / "report.md").write_text("all is well\n")
        await pilot.press("C", *allowed.name, "enter")
        text = await until(pilot, "NOT verified")
        assert "✗" in text


async def test_a_missing_key_is_said_and_the_form_stays(
    console: OpenConsole, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console() as pilot:
        await pilot.press("6", "S")
        await until(pilot, "nothing is exported yet")
        await pilot.press("h", "i", *"not yet", "enter", "X")
        await until(pilot, "export: done")
        await pilot.press("S")
        await until(pilot, "HOLD is what you sign")
        await pilot.press("space")
        await until(pilot, "key file")
        # As a terminal sends what was pasted or typed ahead: nobody waits between the keys.
        for key in (*"hold", "enter", *"nowhere", "enter", "enter"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        assert "key file" in await until(pilot, "there is no such key")


async def test_the_decision_is_there_again_after_reopening(
    console: OpenConsole, session: ReviewSession
) -> None:
    session.decide("hold", "waiting for titles")
    async with console(size=(80, 30)) as pilot:
        await pilot.press("6")
        text = await until(pilot, "[▸hold]")
        assert "waiting for titles" in text
        assert "UNSIGNED" in shown(pilot.app)


def test_a_job_that_is_refused_tells_why_and_never_raises(tmp_path: Path) -> None:
    def job() -> tuple[list[str], str, bool]:
        return verify_job(tmp_path / "nothing", tmp_path / "allowed")

    finished = run_job("verify", job)
    assert not finished.ok
    assert finished.lines
