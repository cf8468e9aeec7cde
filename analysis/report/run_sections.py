"""The parts of a report's page that tell what was run, its digests, and how the report is verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.report.model_files import model_sums
from analysis.report.number_words import number, plural
from analysis.report.page import (
    Block,
    Commands,
    Fold,
    Heading,
    Paragraph,
    Words,
    code,
    items,
    table,
    words,
)
from analysis.report.trust_text import proof_sentences, verification_commands, verification_sentences

VERIFICATION = "What this report proves, and how to verify it"


def run(predicate: Mapping[str, Any]) -> list[Block]:
    """Parameters, thresholds, level and versions of the run, and rows that it left out."""
    told = predicate["run"]
    determined = dict(told["determined_by"])
    lexicons = determined.pop("lexicons", {})
    determined.pop("models", None)
    versions = determined.pop("versions", {})
    determined.pop("rules", None)
    parameters = [words(code(key), " = ", code(value)) for key, value in _flat(determined)]
    parameters += [
        words("lexicon ", code(name), f": {len(terms)} terms") for name, terms in sorted(lexicons.items())
    ]
    tools = {**versions, "assay": predicate["versions"]["assay"]}
    skipped = [
        words(
            code(track), f": {plural(len(rows), 'row')} could not be read and were left out; first: {rows[0]}"
        )
        for track, rows in sorted(told["skipped_rows"].items())
        if rows
    ]
    blocks: list[Block] = [Heading(2, "The run")]
    blocks += [items(skipped)] if skipped else [Paragraph(("No row was left out.",))]
    blocks += [
        Fold("Resolved parameters", (items(parameters),)),
        Fold("Thresholds", (items([_rule(rule) for rule in predicate["rules"]] or ["none"]),)),
        Fold("False-alarm level", (items(level_lines(predicate["alpha"])),)),
        Fold("Versions", (items([f"{name} {value}" for name, value in sorted(tools.items())]),)),
    ]
    return blocks


def level_lines(parts: Mapping[str, float]) -> list[Words]:
    """The level of the review, and the part of it that each gate which tests something may spend."""
    if not parts:
        return [("nothing in this review fails by a test",)]
    whole = f"{number(sum(parts.values()))} in all: how often a candidate no worse than the base may fail by chance"
    return [(whole,), *(words(code(name), f": {number(part)}") for name, part in sorted(parts.items()))]


def _rule(rule: Mapping[str, Any]) -> Words:
    thresholds = ", ".join(f"{key} {number(value)}" for key, value in rule["thresholds"].items())
    return words(code(rule["gate"]), f": {thresholds or 'no thresholds'}")


def digests(statement: Mapping[str, Any]) -> list[Block]:
    """Every digest that the report names: models, data, evidence, its own files, and the last event of each journal."""
    predicate = statement["predicate"]
    lines: list[Words] = [
        words(
            f"{one['track']} {one['side']}: folder ",
            code(one["prefix"]),
            f", {len(one['files'])} files, digest ",
            code(one["digest"]),
        )
        for one in predicate["models"]
    ]
    lines += [
        words(
            code(one["track"]),
            f": {one['examples']} examples, content ",
            code(one["data"]),
            ", metadata ",
            code(one["metadata"]),
        )
        for one in predicate["datasets"]
    ]
    lines.append(words("evidence of the run: ", code(predicate["run"]["evidence_sha256"])))
    lines += [words(code(name), ": ", code(digest)) for name, digest in sorted(predicate["files"].items())]
    subject = [
        (code(one["name"]), code(kind), code(digest))
        for one in statement["subject"]
        for kind, digest in one["digest"].items()
    ]
    files = sorted(model_sums(predicate["models"]).items())
    events = predicate["annotations"]
    heads = [
        (code(head["stream_id"]), number(head["events"]), code(head["head"])) for head in events["heads"]
    ]
    return [
        Heading(2, "Digests"),
        Paragraph(("SHA-256 throughout.",)),
        Fold("Models, data, evidence and the files of this report", (items(lines),)),
        Fold("What the signed statement is about", (table(("subject", "kind", "digest"), subject),)),
        Fold(
            plural(len(files), "model file"),
            (table(("model file", "SHA-256"), [(code(name), code(digest)) for name, digest in files]),),
        ),
        Fold(
            f"{plural(events['events'], 'event')} in {plural(len(heads), 'journal')}",
            (
                Paragraph(("The last event of each journal in annotations.jsonl:",)),
                table(("journal", "events", "head"), heads),
            ),
        ),
    ]


def verification(predicate: Mapping[str, Any]) -> list[Block]:
    """What a signature under this report proves, what it does not, and the commands that check it."""
    return [
        Heading(2, VERIFICATION),
        items(proof_sentences(predicate)),
        Fold(
            "Signers, list and commands",
            (
                items(verification_sentences(predicate)),
                Commands("\n".join(verification_commands(predicate))),
            ),
        ),
    ]


def _flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        return [
            pair for key in value for pair in _flat(value[key], f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(value, list):
        return [(prefix, "[" + ", ".join(str(one) for one in value) + "]")]
    return [(prefix, "{}" if isinstance(value, Mapping) else str(value))]
