"""A status as Markdown: the parts that the summary of a pipeline and the longer page are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.escape import code, inline
from analysis.review.record import record_sentences
from tui.commands.status_words import counted, headline, queue_line, value_of, verdict_of

TEXT = 300
"""Characters of one text of data in a line or a cell; the rest is counted."""
_REFERENCE = re.compile(r"[@#!](?=\w)")


def said(text: object) -> str:
    """One line of Markdown that reads as the text and does nothing: it names no person, issue or merge request."""
    return _REFERENCE.sub(r"\g<0><!-- -->", inline(str(text), TEXT))


def heading(status: Mapping[str, Any]) -> list[str]:
    """Which review it is, what may be done with its candidate, and what is wrong with the record that says so."""
    record = [f"- **{said(one)}**" for one in record_sentences(status["record"])]
    return [f"## {said(status['review'])}", "", f"**{said(headline(status))}**", "", *record]


def facts(status: Mapping[str, Any]) -> list[str]:
    """Gates, queue, plan, run and digests, as a list."""
    run = f"run {code(str(status['run']))}, evidence {code(str(status['evidence_sha256']))}"
    return [
        f"- gates: {counted(status['gates'])}",
        f"- {queue_line(status['queue'])}",
        *(f"- {said(one)}" for one in status["plan"]["sentences"]),
        f"- {run}",
    ]


def causes(status: Mapping[str, Any], most: int) -> list[str]:
    """What the examples that got worse share, as a list with a line that tells how many were left out."""
    found = status["causes"]
    lines = [f"- {said(one['said'])}" for one in found[:most]]
    return [*lines, *([f"- {len(found) - most} more causes"] if len(found) > most else [])]


def table(gates: Sequence[Mapping[str, Any]]) -> list[str]:
    """Gates as a table; nothing where there are none."""
    if not gates:
        return []
    rows = [
        f"| {verdict_of(gate)} | {said(gate['key'])} | {said(value_of(gate))} | {said(gate['why'])} |"
        for gate in gates
    ]
    return ["| verdict | gate | value | why |", "|---|---|---|---|", *rows]
