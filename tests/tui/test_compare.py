"""`assay compare`: what differs between two candidates stands first, and why their numbers may be no comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.review.compare import compared, what_differs
from analysis.review.session import ReviewSession
from analysis.store.run import current_run, read_description
from tests.analysis.store_fixture import publish_review
from tui import cli


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A review, another candidate that predicts the same, and a review of other messages."""
    folder = tmp_path_factory.mktemp("compared")
    return (
        publish_review(folder / "a.review"),
        publish_review(folder / "b.review", spare=1.0, irrelevant=False),
        publish_review(folder / "c.review", texts={0: "another text \x1b[2J escalation"}, scale=2.0),
    )


def described(store: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_description(store, current_run(store))["determined_by"]
    return found


def test_gates_that_differ_stand_first(
    stores: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["compare", str(stores[0]), str(stores[1])]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("A  ")
    assert lines[0].endswith(": WAITING")
    rows = [line for line in lines if line[2:].startswith(("intent.", "review."))]
    marks = [line[0] for line in rows]
    assert marks == sorted(marks, reverse=True), "≠ comes before a blank"
    relevance = next(line for line in rows if "intent.relevance" in line)
    assert relevance.startswith("≠")
    assert "no such gate" in relevance or "n/a" in relevance
    assert lines[-1] == f"{marks.count('≠')} of {len(rows)} gates differ (≠)"
    assert all(len(line) <= 100 for line in lines)


def test_a_review_is_the_same_as_itself(stores: tuple[Path, Path, Path]) -> None:
    with ReviewSession.open(stores[0], read_only=True) as session:
        gates = session.gates()
        assert not any(row.differs for row in compared(gates, gates))
    one = described(stores[0])
    assert what_differs(one, one) == ["intent: both candidates are the same model"]


def test_what_makes_numbers_no_comparison_is_said(
    stores: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    said = what_differs(described(stores[0]), described(stores[2]))
    assert said == ["intent: measured on different examples", "intent: compared with different bases"]
    assert cli.main(["compare", str(stores[0]), str(stores[2])]) == 0
    out = capsys.readouterr().out
    assert "are no comparison:\n   intent: measured on different examples" in out
    assert "\x1b" not in out


def test_what_is_no_store_is_one_error(
    stores: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["compare", str(stores[0]), str(tmp_path / "none")]) == 2
    assert "there is no such store" in capsys.readouterr().err
