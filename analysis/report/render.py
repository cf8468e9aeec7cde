"""report.json -> report.md. The page is a function of the statement alone, so that anyone can redo it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.base.escape import code, inline
from analysis.base.number_text import significant
from analysis.report.stock_commands import NAMESPACE, REVOKED_KEYS, model_commands, signature_commands

RENDER_FORMAT = 4
"""Version of this template; a report names the one it was rendered with."""

NOT_HERE = "not in this review"
NOTHING = "nothing to report"

_SHOWN_REFS = 10


def markdown(statement: Mapping[str, Any]) -> str:
    """The inspection report as Markdown.

    Args:
        statement: the in-toto statement of `report.json`, as parsed.

    Returns:
        Text without control characters other than newlines; data from the review is escaped.
    """
    predicate = statement["predicate"]
    parts = [
        _head(predicate),
        _weakened(predicate),
        _waivers(predicate),
        _fields(predicate),
        _causes(predicate),
        _gates(predicate),
        _criteria(predicate),
        _numbers(predicate),
        _findings(predicate),
        _triggers(predicate),
        _coverage(predicate),
        _people(predicate),
        _run(predicate),
        _digests(statement),
        _verification(predicate),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(predicate: Mapping[str, Any]) -> str:
    review, decision = predicate["review"], predicate["decision"]
    allow = "the gates allow promotion" if predicate["gates_allow"] else "the gates do not allow promotion"
    lines = [
        f"# Inspection report: {inline(review['name'])}",
        "",
        f"**{decision['decision'].upper()}** · {allow} · run {code(predicate['run']['id'])} · "
        f"exported {inline(predicate['exported_at'])}",
        "",
        "This page is UNSIGNED unless a signature beside it verifies: the commands are at its end.",
    ]
    earlier = predicate["supersedes"]
    if earlier:
        lines += [
            "",
            f"It supersedes the report {inline(earlier['report'])}, whose report.json has SHA-256 "
            f"{code(earlier['sha256'])}.",
        ]
    return "\n".join(lines)


def _weakened(predicate: Mapping[str, Any]) -> str:
    """Loosened thresholds and switched-off gates: the first thing a signer must see."""
    items = []
    for rule in predicate["weakened"]:
        if rule["off"] is not None:
            items.append(f"{code(rule['gate'])} is **off**: {inline(rule['off'])}")
        else:
            loosened = ", ".join(inline(one) for one in rule["loosened"])
            items.append(f"{code(rule['gate'])} is **loosened**: {loosened}. {inline(rule['reason'] or '')}")
    return _section(
        "Loosened or switched off", items or ["no gate: every threshold is the default or tighter"]
    )


def _fields(predicate: Mapping[str, Any]) -> str:
    lines = ["## Inspection"]
    for entry in [*predicate["fields"], *predicate["further"]]:
        lines += ["", f"**{inline(entry['field'])}:**", "", *_items(entry["sentences"])]
    return "\n".join(lines)


def _causes(predicate: Mapping[str, Any]) -> str:
    """What the examples share that gates rest on: one cause stands for all of its gates."""
    items = [
        f"{inline(one['sentence'])}. Gates that rest on it: {', '.join(map(code, one['gates']))}. "
        f"Examples: {_refs(one['refs'])}"
        for one in predicate["causes"]
    ]
    return _section("Causes", items) if items else ""


def _gates(predicate: Mapping[str, Any]) -> str:
    rows = [
        (
            code(gate["key"]),
            ("**" + gate["verdict"] + "**" if gate["verdict"] in ("fail", "unknown") else gate["verdict"])
            + ("" if gate["blocking"] else " (advisory)"),
            interval(gate["value"], gate["low"], gate["high"], signed=gate["measures"] == "change"),
            _number_of(gate),
            _count(gate),
            inline(gate["threshold"]),
            inline(gate["why"]),
        )
        for gate in predicate["gates"]
    ]
    header = ("gate", "verdict", "value", "what it is", "n", "threshold", "why")
    lines = ["## Gates", "", _counts(predicate["gates"]), "", *_table(header, rows)]
    behind = [
        f"{code(gate['key'])} protects: {inline(gate['protects'])}. Examples: {_refs(gate['refs'])}"
        for gate in predicate["gates"]
        if gate["refs"] and gate["verdict"] in ("fail", "unknown", "waived")
    ]
    return "\n".join([*lines, *(["", *_bullets(behind)] if behind else [])])


def _count(gate: Mapping[str, Any]) -> str:
    """The n of a gate's value, and of how many independent examples it tells as much, where these are fewer."""
    effective = gate["n_effective"]
    beside = "" if effective is None or effective == gate["n"] else f" ({number(effective)} effective)"
    return number(gate["n"]) + beside


def _counts(gates: Sequence[Mapping[str, Any]]) -> str:
    """How many gates have each verdict, worst first; what could not be decided is no pass."""
    counts = Counter(gate["verdict"] for gate in gates)
    told = [f"{counts[verdict]} {meaning}" for verdict, meaning in VERDICTS.items() if counts[verdict]]
    return f"{', '.join(told) or 'no gate'}."


VERDICTS = {
    "off": "switched off",
    "fail": "fail",
    "unknown": "unknown",
    "warn": "warn",
    "waived": "waived",
    "undecided": "undecided (too few data to tell: not a pass)",
    "pass": "pass",
    "n/a": "not applicable",
}
"""The verdicts of gates as they are counted, in that order."""


def _number_of(gate: Mapping[str, Any]) -> str:
    """What a gate's value is: `change of recall, share, up is better`."""
    if gate["metric"] is None:
        return "–"
    what = inline(gate["metric"]) if gate["measures"] != "change" else f"change of {inline(gate['metric'])}"
    return ", ".join([what, *([inline(gate["unit"])] if gate["unit"] else []), *_better(gate["better"])])


def _better(better: str) -> list[str]:
    return [] if better == "neither" else [f"{better} is better"]


def _criteria(predicate: Mapping[str, Any]) -> str:
    """What each gate looked at, row by row."""
    rows = [
        (
            code(gate["key"]),
            inline(row["what"]),
            interval(row["value"], row["low"], row["high"], signed=row["measures"] == "change"),
            inline(row["limit"]),
            row["verdict"],
        )
        for gate in predicate["gates"]
        for row in gate["criteria"]
    ]
    if not rows:
        return ""
    return "\n".join(["## Criteria", "", *_table(("gate", "what", "value", "limit", "verdict"), rows)])


def _numbers(predicate: Mapping[str, Any]) -> str:
    """What the numbers of the gates are, as the tracks that measured them declare it."""
    items = [
        f"{code(one['name'])} ({inline(one['track'])}), {inline(one['title'])}: {inline(one['meaning'])}; "
        + ", ".join(
            [one["measures"], *([inline(one["unit"])] if one["unit"] else []), *_better(one["better"])]
        )
        for one in predicate["numbers"]
    ]
    return _section("What the numbers are", items or ["no gate has a number"])


def _waivers(predicate: Mapping[str, Any]) -> str:
    items = []
    for waiver in predicate["waivers"]:
        bound = f"at {number(waiver['value'])} ({inline(waiver['threshold'] or 'no threshold')})"
        until = f"until {inline(waiver['expires'])}: {inline(waiver['reason'])}"
        counts = "" if waiver["in_force"] else " — **does not count**, see the gate"
        items.append(f"{code(waiver['key'])} {bound} by {_who(waiver)}, {until}{counts}")
    return _section("Waivers", items or ["none"])


def _findings(predicate: Mapping[str, Any]) -> str:
    def item(finding: Mapping[str, Any]) -> str:
        gate = f" → {code(finding['gate'])}" if finding["gate"] else ""
        return (
            f"{inline(finding['severity'])}: {inline(finding['text'])}{gate} — {_who(finding)}; "
            f"evidence: {inline(finding['evidence'] or 'none named')}; "
            f"examples: {_refs(finding['refs'])}"
        )

    moving = [item(one) for one in predicate["findings"] if one["moves"]]
    resting = [item(one) for one in predicate["findings"] if not one["moves"]]
    return "\n\n".join(
        [
            _section("Findings that move a gate", moving or ["none"]),
            _section("Findings that move no gate", resting or ["none"]),
        ]
    )


def _triggers(predicate: Mapping[str, Any]) -> str:
    rows = [
        (
            inline(trigger["name"]),
            "yes" if trigger["fired"] else "no",
            interval(trigger["value"], trigger["low"], trigger["high"]),
            number(trigger["n"]),
            inline(trigger["sentence"]),
        )
        for trigger in predicate["triggers"]
    ]
    if not rows:
        return ""
    return "\n".join(["## Triggers", "", *_table(("occasion", "fired", "value", "n", ""), rows)])


def _coverage(predicate: Mapping[str, Any]) -> str:
    coverage = predicate["coverage"]
    by = f"by {coverage['reviewers_required']} reviewers" if coverage["reviewers_required"] > 1 else ""
    lines = [
        "## Coverage",
        "",
        f"{coverage['inspected']} of {coverage['total']} examples that must be judged are {by}".rstrip()
        + ": "
        f"{coverage['decided']} count in a gate and were judged, {coverage['decides']} can still decide one, and "
        f"{coverage['controls_inspected']} of {coverage['controls']} random controls were judged. "
        f"{coverage['known_answers']} known-answer items were mixed in and are not counted here.",
        "",
        "Three things may be said of a slice, and they are never the same: what is known, what that allows for this "
        "slice, and for future traffic. An example of which nobody could tell counts as wrong, and nothing is said "
        "before every random control is judged.",
    ]
    for one in predicate["slices"]:
        lines += [
            "",
            f"**{inline(one['slice'])}** (critical): {inline(one['moves'])}; "
            f"{one['controls_inspected']} of {one['controls']} random controls judged",
            "",
            *_bullets(f"{label}: {inline(one[key])}" for key, label in BOUNDS),
        ]
    return "\n".join(lines)


BOUNDS = (("known", "known"), ("this_slice", "this slice"), ("future_traffic", "future traffic"))


def _people(predicate: Mapping[str, Any]) -> str:
    agreement = predicate["agreement"]
    together = (
        []
        if agreement is None
        else [
            f"agreement on {agreement['examples']} examples that two or more judged: "
            f"{number(agreement['gwet_ac1'])} (Gwet's AC1; 1 is full agreement, 0 what chance would give)"
        ]
    )
    reviewers = [_reviewer(one) for one in predicate["reviewers"]]
    return "\n\n".join(
        [
            _section("Reviewers", [*reviewers, *together] or ["nobody recorded a verdict"]),
            _section("Disagreements", [_dispute(one) for one in predicate["disagreements"]] or ["none"]),
        ]
    )


def _reviewer(one: Mapping[str, Any]) -> str:
    """What one account did, and how well it was measured to read."""
    known = [
        f"{count['right']} of {count['answered']} known answers of {inline(count['track'])} right"
        + (f", {left} to go" if (left := count["items"] - count["answered"]) and not count["failed"] else "")
        + (" — **too few: no verdict of theirs counts there**" if count["failed"] else "")
        for count in one["known"]
    ]
    said = [_plural(one["verdicts"], "verdict")]
    if one["verdicts"]:
        said.append(f"{100 * one['blind']:.0f} % of them blind")
    if one["seconds"] is not None:
        said.append(f"median {number(one['seconds'])} seconds each")
    if one["again"]:
        said.append(f"{one['again_same']} of {one['again']} shown again judged the same")
    rest = [*known, _plural(one["findings"], "finding"), _plural(one["waivers"], "waiver")]
    return f"{_who(one)}: {', '.join(said)}; {'; '.join(rest)}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _dispute(one: Mapping[str, Any]) -> str:
    said = "; ".join(f"{_who(verdict)} says {SPOKEN[verdict['right']]}" for verdict in one["verdicts"])
    if one["settled"] is None:
        return f"{code(one['ref'])}: {said}; **open**"
    return f"{code(one['ref'])}: {said}; settled by {inline(one['settled_by'])}: {SPOKEN[one['settled']]}"


SPOKEN = {
    "candidate": "the candidate is right",
    "base": "the base is right",
    "both": "both are right",
    "neither": "neither is right",
    "unsure": "not sure",
}
"""What a verdict says, in words."""


def _run(predicate: Mapping[str, Any]) -> str:
    run = predicate["run"]
    determined = dict(run["determined_by"])
    lexicons = determined.pop("lexicons", {})
    determined.pop("models", None)
    versions = determined.pop("versions", {})
    determined.pop("rules", None)
    parameters = [f"{code(key)} = {code(value)}" for key, value in _flat(determined)]
    parameters += [f"lexicon {code(name)}: {len(terms)} terms" for name, terms in sorted(lexicons.items())]
    tools = {**versions, "assay": predicate["versions"]["assay"]}
    skipped = [
        f"{code(track)}: {len(rows)} rows could not be read and were left out; first: {inline(rows[0])}"
        for track, rows in sorted(run["skipped_rows"].items())
        if rows
    ]
    sections = [
        _section("Resolved parameters", parameters or [NOTHING]),
        _section("Thresholds", [_rule(rule) for rule in predicate["rules"]] or ["none"]),
        _section("False-alarm level", _alpha(predicate["alpha"])),
        _section(
            "Versions", [f"{inline(name)} {inline(str(value))}" for name, value in sorted(tools.items())]
        ),
    ]
    return "\n\n".join([*([_section("Rows left out", skipped)] if skipped else []), *sections])


def _alpha(parts: Mapping[str, float]) -> list[str]:
    """The level of the review, and the part of it that each gate which tests something may spend."""
    if not parts:
        return ["nothing in this review fails by a test"]
    whole = f"{number(sum(parts.values()))} in all: how often a candidate no worse than the base may fail by chance"
    return [whole, *(f"{code(name)}: {number(part)}" for name, part in sorted(parts.items()))]


def _rule(rule: Mapping[str, Any]) -> str:
    thresholds = ", ".join(f"{inline(key)} {number(value)}" for key, value in rule["thresholds"].items())
    return f"{code(rule['gate'])}: {thresholds or 'no thresholds'}"


def _digests(statement: Mapping[str, Any]) -> str:
    predicate = statement["predicate"]
    rows = [(code(one["name"]), code(one["digest"]["sha256"])) for one in statement["subject"]]
    folders = [
        f"{inline(one['track'])} {inline(one['side'])}: folder {code(one['prefix'])}, "
        f"{len(one['files'])} files, digest {code(one['digest'])}"
        for one in predicate["models"]
    ]
    data = [
        f"{code(one['track'])}: {one['examples']} examples, content {code(one['data'])}, "
        f"metadata {code(one['metadata'])}"
        for one in predicate["datasets"]
    ]
    events = predicate["annotations"]
    heads = [
        (code(head["stream_id"]), number(head["events"]), code(head["head"])) for head in events["heads"]
    ]
    return "\n".join(
        [
            "## Digests",
            "",
            "SHA-256 throughout.",
            "",
            *_bullets([*folders, *data]),
            f"- evidence of the run: {code(predicate['run']['evidence_sha256'])}",
            *_bullets(f"{code(name)}: {code(digest)}" for name, digest in sorted(predicate["files"].items())),
            "",
            *_table(("model file", "SHA-256"), rows),
            "",
            f"annotations.jsonl holds {events['events']} events. Last event of each journal:",
            "",
            *_table(("journal", "events", "head"), heads),
        ]
    )


def _verification(predicate: Mapping[str, Any]) -> str:
    required = predicate["signers_required"]
    return "\n".join(
        [
            "## Verification",
            "",
            f"{required} signature{'s' if required != 1 else ''} required, in the namespace "
            f"{code(NAMESPACE)}. A valid signature is not a promotion: it says who signed, "
            "the decision above says what.",
            "",
            "With stock tools, in this folder, with `ALLOWED_SIGNERS` set to the list of signers "
            "(`ssh-keygen` manual, ALLOWED SIGNERS) that your team keeps outside it; keys in a file "
            f"`{REVOKED_KEYS}` beside that list no longer count:",
            "",
            "```sh",
            signature_commands(required),
            "```",
            "",
            "The names in `model.sha256` start with the name of a model folder. With `MODELS` set to the "
            "folder that holds these folders:",
            "",
            "```sh",
            model_commands(),
            "```",
            "",
            "`assay verify` does the same and computes page, event chains and gates again:",
            "",
            "```sh",
            'assay verify . --allowed-signers "$ALLOWED_SIGNERS" --require promote',
            "```",
        ]
    )


def interval(value: float | None, low: float | None, high: float | None, *, signed: bool = False) -> str:
    """A value with its interval, in the digits that are worth reading; a change with its sign."""
    if value is None:
        return "–"
    if low is None and high is None:
        return number(value, signed=signed)
    low_text, high_text = number(low, signed=signed), number(high, signed=signed)
    return f"{number(value, signed=signed)} \\[{low_text}, {high_text}\\]"


def number(value: float | str | None, *, signed: bool = False) -> str:
    """A number in four significant digits; a dash where there is none. Large integers come as text."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return inline(value)
    whole = value == int(value) and abs(value) < 10**6
    text = str(int(value)) if whole else significant(value, 4)
    return f"+{text}" if signed and value > 0 and text != "0" else text


def _who(record: Mapping[str, Any]) -> str:
    return f"{inline(record['reviewer'])} (account {inline(record['actor'])})"


def _refs(refs: Sequence[str]) -> str:
    shown = ", ".join(code(ref) for ref in refs[:_SHOWN_REFS])
    more = f" and {len(refs) - _SHOWN_REFS} more" if len(refs) > _SHOWN_REFS else ""
    return (shown + more) or "none"


def _flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        return [
            pair for key in value for pair in _flat(value[key], f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(value, list):
        return [(prefix, "[" + ", ".join(str(one) for one in value) + "]")]
    return [(prefix, "{}" if isinstance(value, Mapping) else str(value))]


def _section(title: str, items: Iterable[str]) -> str:
    return "\n".join([f"## {title}", "", *_bullets(items)])


def _items(sentences: Sequence[str]) -> list[str]:
    return _bullets(inline(sentence) for sentence in sentences)


def _bullets(items: Iterable[str]) -> list[str]:
    return [f"- {item}" for item in items]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(header) + " |",
        "|" + "---|" * len(header),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
