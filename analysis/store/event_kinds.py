"""The kinds of events, and what the body of each may hold: checked before it is written, and wherever it is read.

What a stream holds beside this was written by no session, and sets that stream aside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

from analysis.base.records import SIDES
from analysis.base.review_records import (
    ANSWERS,
    DECISIONS,
    SEVERITIES,
    SPAN_VERDICTS,
    Correctness,
    GivenAnswer,
)

Check = Callable[[Any], bool]
"""Whether a value of a body is what it must be; takes any JSON."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LABEL = 3
_MARK = 3


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _said(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _seconds(value: Any) -> bool:
    return _number(value) and value >= 0


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _one_of(known: Sequence[str]) -> Check:
    return lambda value: isinstance(value, str) and value in known


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(one) for one in value)


def _by_side(check: Check) -> Check:
    return lambda value: (
        isinstance(value, dict) and value.keys() == set(SIDES) and all(map(check, value.values()))
    )


def _fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return lambda value: isinstance(value, dict) and _problem(value, required, optional or {}) == ""


def _label(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == _LABEL and _said(value[0]) and all(map(_answer, value[1:]))
    )


def _mark(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != _MARK:
        return False
    side, start, end = value
    return _side(side) and _count(start) and _count(end) and start < end


_texts = _list_of(_text)
_side = _one_of(SIDES)
_answer = _one_of(ANSWERS)
_correctness = _one_of(get_args(Correctness))
_span = _fields(
    {"side": _side, "detector": _said, "start": _count, "end": _count, "verdict": _one_of(SPAN_VERDICTS)}
)
_evidence = _fields(
    {"kind": _said, "method": _or_null(_text), "side": _or_null(_side), "target": _or_null(_text)}
)


@dataclass(frozen=True)
class Kind:
    """What events of a kind have to hold.

    Args:
        required: what each body has.
        optional: what it may have besides.
        ref: whether it is about an example.
        target: whether it is about another event.
        one_of: the body has exactly one of these.
    """

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    ref: bool = False
    target: bool = False
    one_of: Sequence[str] = ()


_SHOWN: dict[str, Check] = {"evidence_sha256": _digest, "critical_slices": _texts}
_SIDES_RIGHT: dict[str, Check] = dict.fromkeys(SIDES, _correctness)
_STREAM: dict[str, Check] = {"stream_id": _said, "events": _count, "head": _digest}

KINDS: dict[str, Kind] = {
    "verdict": Kind(
        _SIDES_RIGHT,
        {
            **_SHOWN,
            "blind": _flag,
            "seconds": _or_null(_seconds),
            "order": _texts,
            "again": _flag,
            "cause": _text,
            "note": _text,
            "labels": _list_of(_label),
            "open": _texts,
            "confirms": _fields({"event_id": _text, "hash": _digest, "run": _text, "review": _text}),
        },
        ref=True,
    ),
    "known_answer": Kind(
        {"given": _one_of(get_args(GivenAnswer))}, {**_SHOWN, "seconds": _or_null(_seconds)}, ref=True
    ),
    "cause": Kind({"cause": _text}, _SHOWN, ref=True),
    "note": Kind({"note": _text}, _SHOWN, ref=True),
    "tokens": Kind(
        {}, {**_SHOWN, "tokens": _list_of(_mark), "span": _span}, ref=True, one_of=("tokens", "span")
    ),
    "whatif": Kind({"text": _text, "outputs": _by_side(_table), "models": _by_side(_text)}, _SHOWN, ref=True),
    "settle": Kind(_SIDES_RIGHT, {**_SHOWN, "labels": _list_of(_label)}, ref=True),
    "finding": Kind(
        {"text": _said, "gate": _or_null(_text), "refs": _texts, "severity": _one_of(SEVERITIES)},
        {"models_sha256": _digest, "whatif": _text, "evidence": _evidence},
    ),
    "waiver": Kind(
        {"key": _said, "value": _or_null(_number), "threshold": _text, "reason": _said, "expires": _day}
    ),
    "decision": Kind(
        {"decision": _one_of(DECISIONS), "reason": _said, "gates_allow": _flag}, {"evidence_sha256": _digest}
    ),
    "undo": Kind(target=True),
    "redo": Kind(target=True),
    "merge": Kind(
        {**_STREAM, "journal_sha256": _digest, "signed_by": _or_null(_text)},
        {"allowed_signers_sha256": _digest},
    ),
    "accept_loss": Kind(
        {
            "reason": _said,
            "lost": _list_of(
                _fields({**_STREAM, "left": _count, "left_hash": _or_null(_digest), "witness": _text})
            ),
        }
    ),
}
"""Every kind of event there is."""


def kind_problem(kind: str, ref: str | None, target: str | None, body: Mapping[str, Any]) -> str:
    """What is wrong with an event of a kind, in words; empty where nothing is.

    Args:
        kind: its kind.
        ref: the example that it is about.
        target: the event that it is about.
        body: its body, as JSON was read.
    """
    known = KINDS.get(kind)
    if known is None:
        return f"{kind[:40]!r} is no kind of event that this version knows"
    for name, value, needed in (("ref", ref, known.ref), ("target", target, known.target)):
        if needed != bool(value) and not (name == "ref" and known.target):
            return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} {'needs a' if needed else 'has no'} {name}"
    problem = _problem(body, known.required, known.optional)
    if not problem and known.one_of and sum(name in body for name in known.one_of) != 1:
        problem = f"needs one of {', '.join(map(repr, known.one_of))}"
    return f"the body of this {kind} {problem}" if problem else ""


def _problem(body: Mapping[str, Any], required: Mapping[str, Check], optional: Mapping[str, Check]) -> str:
    for name, check in required.items():
        if name not in body:
            return f"has no {name!r}"
        if not check(body[name]):
            return f"has a {name!r} of another type or value"
    for name, value in body.items():
        if name in required:
            continue
        if name not in optional:
            return f"has {name[:40]!r}, which is no part of one"
        if not optional[name](value):
            return f"has a {name!r} of another type or value"
    return ""
