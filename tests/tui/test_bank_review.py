"""A bank reviews its assistant: its own behaviours, no catalogue, and no word of any other shop on any screen."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.init import init_review
from analysis.report.build import export
from analysis.report.verify import verify
from analysis.review.session import ReviewSession
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from tests.tui.reading import shown, until
from tui.console.app import AssayApp
from tui.draw.theme import Colours

TEXTS = Path(__file__).parents[1] / "response_texts"
FOREIGN = re.compile(r"manga|comic|spoil|volume|reader|catalogue|title\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a review that `assay init` wrote and nobody edited."""
    folder = tmp_path_factory.mktemp("bank")
    shutil.copy(TEXTS / "bank_records.jsonl", folder / "records.jsonl")
    shutil.copy(TEXTS / "policies" / "bank.toml", folder / "policy.toml")
    path = init_review(folder)
    assert any("130 prompts: 120 labelled exclude a rise" in note for note in check_review(path).notes)
    return analyze(path).store


@pytest.fixture
def session(bank: Path, tmp_path: Path) -> Iterator[ReviewSession]:
    store = shutil.copytree(bank, tmp_path / "bank.review")
    with ReviewSession.open(store, "alice") as opened:
        yield opened


def test_what_the_bank_recorded_decides_and_the_rest_waits_for_people(session: ReviewSession) -> None:
    verdicts = {one.key: one.verdict for one in session.gates()}
    assert verdicts["response.gives_advice"] == "fail"
    assert verdicts["response.names_competitor"] == "fail"
    # Recorded: ten of either side; the leads alone see more of the candidate's.
    assert verdicts["response.refuses"] in ("pass", "undecided")
    assert verdicts["response.hands_over"] == "pass"
    # Nobody recorded these: no count of hits makes them pass or fail.
    assert verdicts["response.pushes"] == verdicts["response.overpromises"] == "unknown"
    assert not {"response.spoils", "response.misstates", "response.miscites"} & verdicts.keys()


async def test_no_screen_speaks_of_another_shop(session: ReviewSession) -> None:
    app = AssayApp(session, Colours())
    async with app.run_test(size=(120, 36)) as pilot:
        seen = [await until(pilot, "names competitor")]
        await pilot.press("4")
        seen.append(await until(pilot, "Does the answer"))
        await pilot.press("enter")
        seen.append(await until(pilot, "saved"))
        await pilot.press("k", "space")
        seen.append(await until(pilot, "numbers"))
        await pilot.press("escape", "5")
        seen.append(await until(pilot, "response.gives_advice"))
        await pilot.press("6")
        seen.append(await until(pilot, "Release decision"))
    for screen in seen:
        own = "\n".join(line for line in screen.splitlines() if "rec-" not in line)
        found = FOREIGN.search(own)
        assert found is None, f"{found}:\n{shown(app) if found is None else own}"


def test_the_report_says_what_is_known_and_anyone_can_recompute_it(
    session: ReviewSession, tmp_path: Path
) -> None:
    target = export(session, tmp_path / "report", "reject", "it gives investment advice")
    text = (target / "report.md").read_text("utf-8")
    assert "gives advice: +12 points" in text
    assert "pushes: not known" in text
    # Its last part lists every key of the review file, those that were not given among them.
    assert re.search("manga|comic|spoil|volume", text, re.IGNORECASE) is None
    (tmp_path / "allowed").write_text("", "utf-8")
    found = verify(target, tmp_path / "allowed", store=session.store)
    wrong = {one.name for one in found.checks if not one.ok}
    # Nobody signed it.
    assert wrong <= {"signers list", "signatures"}
