"""`assay status --format junit`: a test case for each gate, for what reads JUnit.

The layout is that of Jenkins' `junit-10.xsd`, which GitHub actions, GitLab and others read: a suite for each track, its
properties before its cases. A case is red exactly where its gate keeps the candidate back. `unknown` is an error, and
never skipped, which every pipeline paints green; what passes for want of data, by a waiver or because it was switched
off is skipped, so that it is not counted as passed.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.review.record import record_sentences
from tui.commands.status_format import StatusFormat
from tui.commands.status_words import (
    headline,
    keeps_back,
    only_once,
    ordered,
    queue_line,
    value_of,
    verdict_of,
)
from tui.draw.safe_text import printable

REVIEW = "review"
"""The suite of the gates of the review as a whole, and of the decision."""
REFS = 5
"""Examples that a case names."""
SKIPPED = ("waived", "undecided", "off", "n/a")
"""Verdicts that let the candidate through without having passed."""


def write(status: Mapping[str, Any]) -> str:
    """The status as one JUnit document in ASCII, whatever the gates are called."""
    gates = ordered(status)
    tracks = sorted({gate["track"] for gate in gates} | {REVIEW}, key=lambda name: (name == REVIEW, name))
    root = ET.Element("testsuites", name=f"assay {_text(status['review'])}")
    for track in tracks:
        suite = ET.SubElement(root, "testsuite", name=_text(track))
        _properties(suite, status)
        own = [gate for gate in gates if gate["track"] == track]
        names = only_once([gate["key"] for gate in own])
        for name, gate in zip(names, own, strict=True):
            _gate_case(suite, gate, name)
        if track == REVIEW:
            _decision_case(suite, status)
        _count(suite, [suite])
    _count(root, root.findall("testsuite"))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return document.decode("ascii")


def _properties(suite: ET.Element, status: Mapping[str, Any]) -> None:
    digests = {
        "run": status["run"],
        "state": status["state"],
        "decision": status["decision"] or "",
        "signed_by": ", ".join(status["signed_by"]),
        "evidence.sha256": status["evidence_sha256"],
        "record": "; ".join(record_sentences(status["record"])),
        **{f"model.{one['track']}.{one['side']}": one["digest"] for one in status["models"]},
        **{f"data.{track}": digest for track, digest in status["data"].items()},
    }
    listed = ET.SubElement(suite, "properties")
    for name, value in digests.items():
        ET.SubElement(listed, "property", name=_text(name), value=_text(value))


def _gate_case(suite: ET.Element, gate: Mapping[str, Any], name: str) -> None:
    case = ET.SubElement(suite, "testcase", classname=_text(gate["name"]), name=name, time="0")
    verdict = gate["verdict"]
    said = "\n".join(_gate_lines(gate))
    if keeps_back(gate):
        kind = ("failure", "gate") if verdict == "fail" else ("error", "unknown")
        ET.SubElement(case, kind[0], type=kind[1], message=_text(gate["why"] or verdict)).text = said
    elif verdict in SKIPPED:
        ET.SubElement(case, "skipped", message=_text(f"{verdict}: {gate['why']}"))
    elif verdict != "pass":
        ET.SubElement(case, "system-out").text = said


def _decision_case(suite: ET.Element, status: Mapping[str, Any]) -> None:
    """Green once the gates allow the promotion that was decided: no pipeline is green before."""
    case = ET.SubElement(suite, "testcase", classname=REVIEW, name="decision", time="0")
    if status["promotable"]:
        return
    kind = ("failure", "decision") if status["state"] == "decided" else ("error", "unknown")
    made = ET.SubElement(case, kind[0], type=kind[1], message=headline(status))
    made.text = queue_line(status["queue"])


def _gate_lines(gate: Mapping[str, Any]) -> list[str]:
    """Verdict, number, threshold, what was looked at, and the first examples behind it."""
    lines = [f"{verdict_of(gate)}: {_text(gate['why'])}"]
    lines += [value] if (value := value_of(gate)) else []
    lines += [f"threshold: {_text(gate['threshold'])}"] if gate["threshold"] else []
    lines += [f"{row['verdict']}: {_text(row['what'])}, {_text(row['limit'])}" for row in gate["criteria"]]
    refs = gate["refs"]
    if refs:
        more = f" and {len(refs) - REFS} more" if len(refs) > REFS else ""
        lines.append(f"examples: {', '.join(map(_text, refs[:REFS]))}{more}")
    return lines


def _count(element: ET.Element, suites: Sequence[ET.Element]) -> None:
    cases = [case for suite in suites for case in suite.findall("testcase")]
    found = {
        name: str(sum(case.find(tag) is not None for case in cases))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    }
    if element.tag == "testsuites":
        del found["skipped"]  # An attribute of suites alone.
    element.attrib.update({"tests": str(len(cases)), **found, "time": "0"})


def _text(value: object) -> str:
    """Text on one line without the characters that no XML document may hold."""
    return printable(str(value))


FORMAT = StatusFormat("junit", write)
