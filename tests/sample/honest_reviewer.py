"""A reviewer of the sample who reads: answers by the labels that the sample was authored with."""

from __future__ import annotations

from analysis.base.sql import column
from analysis.review.asked import Asked, Choice
from analysis.review.session import ReviewSession
from benchmarks.reviewers import answer_all

WORTH_A_LOOK = "worth a look"


def judge_what_must_be(session: ReviewSession, cause: str = "") -> int:
    """Answer what must be judged, by what the sample was authored with; returns how many pages were answered."""
    return answer_all(session, lambda ref, asked: choice_of(session, ref, asked), cause)


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
