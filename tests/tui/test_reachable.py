"""What a review can record and tell can be asked for by somebody: a method that nobody calls is a promise unkept."""

from __future__ import annotations

import ast
from pathlib import Path

from analysis.review.session import ReviewSession

FRONT_ENDS = Path(__file__).parents[2] / "tui"
FOR_OTHERS = {
    "at": "`analysis.report.against_store` writes a report again from the store that it came from",
    "close": "the end of the `with` block in which a front-end opens it",
    "decide": "`analysis.report.build.export` records the decision of the report that it writes",
    "heard": "`Preview` reads with it what the report would say",
    "newer_run": "one of the notes",
    "of_run": "`analysis.report.against_store` asks whether a promotion still stands",
    "record": "part of the status and of the gate input",
    "reuse": "one of the notes, and what `review.reuse` judges",
    "state": "part of the gate input, which the front-ends read",
}
"""Public methods that no front-end calls itself, with how they are reached."""
HOLDERS = {"session", "ReviewSession"}
"""What a session, or its class, is called in the front-ends."""


def called() -> set[str]:
    """What the front-ends ask of a session."""
    trees = [ast.parse(path.read_text("utf-8")) for path in FRONT_ENDS.rglob("*.py")]
    reads = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {
        node.attr for node in reads if getattr(node.value, "attr", getattr(node.value, "id", "")) in HOLDERS
    }


def public() -> list[str]:
    return [
        name
        for name in dir(ReviewSession)
        if not name.startswith("_") and callable(getattr(ReviewSession, name))
    ]


def test_every_method_of_a_session_is_reached_from_a_front_end() -> None:
    known = called()
    assert [name for name in public() if name not in known and name not in FOR_OTHERS] == []
    assert set(FOR_OTHERS) <= set(public())
    assert [name for name in FOR_OTHERS if name in known] == []
