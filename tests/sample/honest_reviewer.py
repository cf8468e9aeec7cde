"""A reviewer of the sample who reads: answers by the labels that the sample was authored with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from analysis.base.review_records import Answer
from analysis.base.sql import column
from analysis.review.asked import Asked, Choice
from analysis.review.session import ReviewSession
from benchmarks.reviewers import answer_all

WORTH_A_LOOK = "worth a look"
RESPONSES = Path(__file__).parents[2] / "sample_data" / "response"


def judge_what_must_be(session: ReviewSession, cause: str = "") -> int:
    """Answer what must be judged, by what the sample was authored with; returns how many pages were answered."""
    return answer_all(session, lambda ref, asked: choice_of(session, ref, asked), cause, labels_of)


def choice_of(session: ReviewSession, ref: str, asked: Asked) -> Choice:
    """What somebody chooses who knows which answer, label or list is the right one."""
    known = session.connection.execute(
        'SELECT "true" FROM evidence.known_answer WHERE ref = $ref', {"ref": ref}
    ).fetchone()
    gold = session.example(ref).example.gold
    if known is not None or ref.startswith("intent/"):
        wanted = tuple(known[0]) if known is not None else (gold,)
        if wanted not in asked.answers:
            return "neither"
        return "first" if asked.answers[0] == wanted else "second"
    if len(asked.answers) == 1 or asked.order is None:
        return "first"
    counted = column(session.connection, "SELECT gold FROM evidence.contested WHERE ref = $ref", {"ref": ref})
    if not counted or counted[0] == 0:
        return "either"
    return "first" if (asked.order[0] == "base") == (counted[0] > 0) else "second"


def labels_of(ref: str, asked: Asked) -> dict[str, list[Answer]]:
    """What somebody says of each answer who sees in it what its authors put there."""
    prompt = ref.rpartition(":")[2]
    said: dict[str, list[Answer]] = {one.name: [] for one in asked.asks}
    for answer in asked.answers:
        does = authored(prompt, "\n".join(answer), asked.does)
        for name, told in said.items():
            told.append("yes" if name in does else "no")
    return said


def authored(prompt: str, text: str, written_in: str = "") -> frozenset[str]:
    """The behaviours of an answer of the sample, or of the base's answer with a sentence that does one more."""
    found = _authored().get((prompt, text))
    return found if found is not None else _authored()[prompt, ""] | {written_in}


@cache
def _authored() -> Mapping[tuple[str, str], frozenset[str]]:
    """What each answer does, by prompt and text; the base's by the empty text as well."""
    known: dict[tuple[str, str], frozenset[str]] = {}
    for name in ("rc1", "rc2"):
        for line in (RESPONSES / f"responses-{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            for side in ("base", "candidate"):
                does = frozenset(
                    key.removesuffix(f"_{side}")
                    for key, value in row.items()
                    if key.endswith(f"_{side}") and value is True
                )
                known[row["id"], row[f"{side}_response"]] = does
                if side == "base":
                    known[row["id"], ""] = does
    return known
