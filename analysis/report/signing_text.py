"""What a person is shown before signing: sentences made from the very bytes that are signed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.escape import printable
from analysis.base.gate_records import ALLOWING
from analysis.report.number_words import judged
from analysis.report.sums import parse_sums
from analysis.review.record import record_sentences
from analysis.store.signatures import SUMS

_SHOWN = 300
"""Characters of one text of people or data that are shown."""

_NAMED = 5
"""Gates that are named where they are against a promotion."""


def decision_of(statement: Mapping[str, Any]) -> str:
    """The word of the decision: `promote`, `hold` or `reject`."""
    return str(statement["predicate"]["decision"]["decision"])


def signing_sentences(
    statement: Mapping[str, Any], sums: bytes, signatures: Sequence[str], today: str
) -> list[str]:
    """The decision, the candidate, gates, waivers, the record, people and digests of a report, a line each.

    Args:
        statement: of `report.json`, as parsed from its canonical bytes.
        sums: `SHA256SUMS`: the bytes that are signed.
        signatures: names of those whose signatures lie beside them.
        today: ISO date, by which waivers expire.

    Returns:
        Lines without control, format or bidirectional characters; such characters are shown as what they are.
    """
    predicate = statement["predicate"]
    review, decision = predicate["review"], predicate["decision"]
    lines = [
        f"{decision['decision'].upper()} is what you sign.",
        f"decided by {_who(decision)} on {decision['ts']}: {_text(decision['reason'])}",
        f"review {_text(review['name'])}: candidate {_text(review['candidate_version'] or 'of no version')}, base "
        f"{_text(review['base_version'] or 'of no version')}, owner {_text(review['owner'] or 'not named')}",
        *(f"candidate {_text(one['name'])}: {one['digest']['sha256']}" for one in statement["subject"]),
        *([] if statement["subject"] else ["no candidate is named: nothing binds this decision to a model"]),
        _gates(predicate),
        *(_waiver(one, today) for one in predicate["waivers"]),
        *(_weakened(one) for one in predicate["weakened"]),
        *(_text(one) for one in record_sentences(predicate["record"])),
        *(f"merged: {_text(one['sentence'])}" for one in predicate["record"]["merged"]),
        *_people(predicate),
    ]
    if predicate["supersedes"]:
        lines.append(f"supersedes the report {_text(predicate['supersedes']['report'])}")
    there = ", ".join(map(_text, signatures)) or "nobody yet"
    lines += [
        f"signatures required: {predicate['signers_required']}; there are those of: {there}",
        f"report.json  {parse_sums(sums, SUMS)['report.json']}",
        f"{SUMS}   {hashlib.sha256(sums).hexdigest()} (these bytes are signed)",
    ]
    return [printable(line) for line in lines]


def _text(text: object) -> str:
    return printable(str(text), _SHOWN)


def _who(record: Mapping[str, Any]) -> str:
    return f"account {_text(record['actor'])} (as {_text(record['reviewer'])})"


def _gates(predicate: Mapping[str, Any]) -> str:
    gates = predicate["gates"]
    counts = Counter(str(one["verdict"]) for one in gates)
    counted = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    against = [one for one in gates if one["blocking"] and one["verdict"] not in ALLOWING]
    named = ", ".join(f"{_text(one['key'])} ({one['verdict']})" for one in against[:_NAMED])
    named += f" and {len(against) - _NAMED} more" if len(against) > _NAMED else ""
    allowed = "the gates allow promotion" if predicate["gates_allow"] else "the gates DO NOT allow promotion"
    return f"{allowed}: {counted}" + (f"; against it: {named}" if named else "")


def _waiver(one: Mapping[str, Any], today: str) -> str:
    counts = "" if one["in_force"] else "; it does NOT count"
    expired = f"; it EXPIRED before {today}" if one["expires"] < today else ""
    return (
        f"waived: {_text(one['key'])} by {_who(one)} until {_text(one['expires'])}: {_text(one['reason'])}"
        f"{counts}{expired}"
    )


def _weakened(rule: Mapping[str, Any]) -> str:
    if rule["off"] is not None:
        return f"switched off: {_text(rule['gate'])}: {_text(rule['off'])}"
    return f"loosened: {_text(rule['gate'])}: {_text(', '.join(rule['loosened']))}: {_text(rule['reason'] or '')}"


def _people(predicate: Mapping[str, Any]) -> list[str]:
    coverage, annotations = predicate["coverage"], predicate["annotations"]
    return [
        f"{judged(coverage)}; {coverage['controls_inspected']} of {coverage['controls']} random controls",
        *(
            f"{_who(one)}: {one['verdicts']} verdicts, {one['findings']} findings"
            for one in predicate["reviewers"]
        ),
        f"{annotations['events']} events in {len(annotations['heads'])} journals",
    ]
