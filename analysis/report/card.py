"""A review -> what a model card says of it: a `model-index` block for its metadata, and an Inspection section.

Source of the block's form: Hugging Face, Model Cards, `model-index` (papers-with-code schema). Its values are YAML
scalars written as JSON strings and numbers, which YAML 1.2 reads alike, so that no text of a review can be markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.base.escape import printable
from analysis.base.gate_records import GateInput, GateResult
from analysis.base.people import shown_as
from analysis.base.records import ALL
from analysis.plugin import registry
from analysis.report import reviewers
from analysis.report.first_page import REASONS, blocking_gates, reasons
from analysis.report.gate_sections import counts_line
from analysis.report.number_words import judged, plural, sentence
from analysis.report.page import Block, Heading, Items, Paragraph, code, items, strong, words
from analysis.report.write_markdown import write_markdown
from analysis.review.evaluate import evaluate
from analysis.review.record import record_sentences
from analysis.store.signatures import signed_by

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession

DIGITS = 6
"""Significant digits of a number in the block."""


def model_card(session: ReviewSession) -> str:
    """The YAML metadata between `---` lines, and the section in Markdown; to be put into the candidate's README.md.

    Args:
        session: the review, decided or not.
    """
    given = session.gate_input()
    results = evaluate(given)
    block = model_index(session.description, given, results)
    decision = given.state.decision
    signers = [] if decision is None else signed_by(session.store, decision.event_id)
    section = write_markdown(_section(session.description, reviewers.entries(given, results), signers))
    return f"---\n{block}---\n\n{section}"


def model_index(description: Mapping[str, Any], given: GateInput, results: Sequence[GateResult]) -> str:
    """The `model-index` block as YAML: of each track, the candidate's numbers that gates were judged by.

    Args:
        description: `run.json`.
        given: what the gates were computed from.
        results: the gates.
    """
    review, tracks = description["review"], description["determined_by"]["tracks"]
    lines = ["model-index:", f"- name: {_scalar(review['name'])}", "  results:"]
    for name in given.tracks:
        numbers = _numbers(given, results, name)
        if not numbers:
            continue
        track = registry.get(name)
        examples, revision = tracks[name]["examples"], tracks[name]["data"]
        lines += [
            "  - task:",
            f"      type: {_scalar(track.task)}",
            f"      name: {_scalar(track.title)}",
            "    dataset:",
            f"      type: {_scalar('private')}",
            f"      name: {_scalar(f'{name} evaluation set, {examples} examples')}",
            f"      revision: {_scalar(revision)}",
            "    metrics:",
        ]
        for metric, title, value in numbers:
            lines += [
                f"    - type: {_scalar(metric)}",
                f"      name: {_scalar(title)}",
                f"      value: {_scalar(float(f'{value:.{DIGITS}g}'))}",
            ]
        lines += [
            "    source:",
            f"      name: {_scalar(f'Assay inspection, run {given.run}')}",
            f"      url: {_scalar(f'urn:assay:run:{given.run}')}",
        ]
    if len(lines) == 3:
        lines[-1] = "  results: []"
    return "".join(f"{line}\n" for line in lines)


def _numbers(given: GateInput, results: Sequence[GateResult], track: str) -> list[tuple[str, str, float]]:
    """Name, title with its slice, and value of the candidate's own numbers behind a track's gates, each once.

    Of the slices only critical ones are told: a card with every slice is read by nobody.
    """
    passed_over = {one.slice for one in given.slices if one.track == track and not one.critical} - {ALL}
    read = dict.fromkeys(
        (one.metric, one.metric_slice) for one in results if one.metric_track == track and one.metric
    )
    found = []
    for name, slice_name in read:
        if slice_name in passed_over:
            continue
        spec = given.specs.get(track, {}).get(name or "")
        metric = given.metric_at.get((track, name or "", slice_name, "candidate"))
        if spec is None or metric is None or metric.value is None or spec.measures_on("candidate") != "level":
            continue
        where = "" if slice_name == ALL else f", {slice_name}"
        found.append((spec.name, f"{spec.title}{where}", metric.value))
    return found


def _scalar(value: str | float) -> str:
    return json.dumps(printable(value) if isinstance(value, str) else value, ensure_ascii=False)


def _section(description: Mapping[str, Any], made: Mapping[str, Any], signers: Sequence[str]) -> list[Block]:
    """What a reader of the card needs: decision, why, what changed, what is not known, who looked, how to verify."""
    review, decision = description["review"], made["decision"]
    versions = [
        f" {review[name]}" if review.get(name) else "" for name in ("base_version", "candidate_version")
    ]
    said = "not decided yet" if decision is None else decision["decision"]
    by = (
        ""
        if decision is None
        else f", by {shown_as(decision['actor'], decision['reviewer'])}: “{decision['reason']}”"
    )
    allow = "The gates allow promotion." if made["gates_allow"] else "The gates do not allow promotion."
    looked, against = made["coverage"], reasons(made)[:REASONS]
    blocks: list[Block] = [
        Heading(2, "Inspection"),
        Paragraph(
            words(
                strong(said.upper()),
                f"{by}. {allow} The candidate{versions[1]} was compared with the base{versions[0]} by Assay, run ",
                code(description["run"]),
                f"; {counts_line(made['gates'])}",
            )
        ),
    ]
    parts = (
        ("What stands against it", [one.text for one in against]),
        ("What got better", _told(made, "better", ())),
        ("What else got worse", _told(made, "worse", [gate["key"] for one in against for gate in one.gates])),
    )
    for title, lines in parts:
        blocks += [Heading(3, title), items(lines or ["Nothing that can be told from noise."])]
    return [*blocks, Heading(3, "Limits"), _limits(made, looked), _verified(review, signers)]


def _told(made: Mapping[str, Any], way: str, without: Sequence[str]) -> list[str]:
    """The changes of one way that can be told from noise, the first ones, without those that some gates judge."""
    clear = [
        one
        for one in made["changes"]
        if one["way"] == way and one["clear"] and not set(without).intersection(one["gates"])
    ]
    return [sentence(one["text"]) for one in clear[:REASONS]]


def _limits(made: Mapping[str, Any], looked: Mapping[str, Any]) -> Items:
    waiting = [one["key"] for one in blocking_gates(made) if one["verdict"] == "unknown"]
    undecided = sum(one["verdict"] == "undecided" for one in made["gates"])
    waived = [one["key"] for one in made["gates"] if one["verdict"] == "waived"]
    people = sum(one["verdicts"] > 0 for one in made["reviewers"])
    return items(
        [
            f"{judged(looked)}; {plural(people, 'reviewer')} judged.",
            *(sentence(one) for one in record_sentences(made["record"])),
            *([f"Not known yet: {', '.join(waiting)}."] if waiting else []),
            *([f"{plural(undecided, 'gate')} had too few data to tell."] if undecided else []),
            *([f"Accepted in spite of its gate: {', '.join(waived)}."] if waived else []),
            "The numbers are of private data, and nobody else has verified them.",
        ]
    )


def _verified(review: Mapping[str, Any], signers: Sequence[str]) -> Block:
    required = plural(int(review.get("signers_required", 1)), "signature")
    given = f"is signed in the name of {', '.join(signers)}" if signers else "is not signed yet"
    return Paragraph(
        words(
            f"This section is a summary and proves nothing. The inspection report needs {required} and {given}; check "
            "it with ",
            code("assay verify"),
            " against the list of signers that your team keeps.",
        )
    )
