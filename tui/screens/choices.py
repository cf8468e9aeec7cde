"""What the slice popup and the filter offer, and the scope that each choice means."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.review.inspection import judged_words
from analysis.review.scope import Scope
from tui.draw.number_text import plural
from tui.screens.pick import Choice

if TYPE_CHECKING:
    from analysis.base.records import QueuePart
    from analysis.review.session import ReviewSession

PART_TITLES: dict[QueuePart, str] = {"decides": "decides a gate", "worth a look": "worth a look"}
"""The parts of the queue that can be asked for. The others are mixed in so that nobody knows them."""


def scope_title(scope: Scope) -> str:
    """What a scope is called in the head of the screen."""
    parts = [scope.slice or ("all examples" if scope.everything and scope.refs is None else "the queue")]
    if scope.refs is not None:
        # How many stands beside the title.
        parts = ["examples behind one number"]
    if scope.gate:
        parts.append(f"gate {scope.gate}")
    if scope.reason:
        parts.append(scope.reason)
    if scope.part:
        parts.append(PART_TITLES.get(scope.part, "must be judged"))
    if scope.undecided:
        parts.append("undecided")
    if scope.search:
        parts.append(f"“{scope.search}”")
    return " · ".join(parts)


def slice_value(scope: Scope) -> str:
    """The choice of the slice popup that a scope is."""
    return _value(slice=scope.slice or "", track=scope.track)


def slice_choices(session: ReviewSession) -> list[Choice]:
    """The queue and each slice, with progress."""
    found = session.inspection()
    must = judged_words(found.inspected, found.total, session.gate_input().reviewers_required)
    choices = [Choice(_value(slice="", track=None), "", "the queue", must)]
    for entry in session.slices():
        told = [f"{entry.seen}/{entry.queued} seen"]
        # What counts a share of answers has none that are broken or fixed.
        told += [f"{entry.broken} broken, {entry.fixed or 0} fixed"] if entry.broken is not None else []
        remark = f"{', '.join(told)} of {entry.n:,}"
        mark = "◆" if entry.critical else ""
        choices.append(Choice(_value(slice=entry.slice, track=entry.track), mark, entry.slice, remark))
    return choices


def filter_choices(session: ReviewSession) -> list[Choice]:
    """Undecided ones, what decides, everything, each reason and each gate that has flagged examples."""
    given, parts = session.gate_input(), session.parts()
    answered, total = session.progress()
    reasons = Counter(reason for entry in given.queue for reason in entry.reasons)
    choices = [
        Choice(_value(clear=True), "", "the whole queue", "no filter"),
        Choice(
            _value(undecided=True),
            "",
            "undecided",
            f"{total - answered} must be answered",
        ),
        Choice(_value(part="decides"), "", PART_TITLES["decides"], plural(parts.decides, "open example")),
        Choice(
            _value(part="worth a look"),
            "",
            PART_TITLES["worth a look"],
            plural(parts.worth_a_look, "example"),
        ),
        Choice(
            _value(everything=True), "", "everything", "all examples of the evaluation, not only the queue"
        ),
    ]
    choices += [
        Choice(_value(reason=reason), "", reason, plural(count, "example"))
        for reason, count in reasons.most_common()
    ]
    choices += [
        Choice(_value(gate=gate), "gate", gate, plural(len(refs), "example"))
        for gate, refs in sorted(given.flagged.items())
    ]
    return choices


def filtered(scope: Scope, value: str) -> Scope:
    """The scope that a choice means, starting from the present one."""
    chosen = json.loads(value)
    if "slice" in chosen:
        name = chosen["slice"] or None
        return Scope(track=chosen["track"], slice=name)
    if chosen.get("clear"):
        return Scope()
    if "part" in chosen:
        return Scope(part=chosen["part"])
    if "reason" in chosen or "gate" in chosen:
        return Scope(reason=chosen.get("reason"), gate=chosen.get("gate"))
    return replace(scope, refs=None, **chosen)


def _value(**chosen: object) -> str:
    return json.dumps(chosen)
