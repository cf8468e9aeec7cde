"""Every number behind a prompt and its answers, with definitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL, SIDES, Metric
from analysis.review.queries import by_side
from analysis.tracks.response.reference_words import passage_text, promise_text, title_text
from tui.draw.lines import Line, rule, text_line, wrapped
from tui.draw.metric_lines import metric_lines
from tui.draw.number_text import figure, interval, signed
from tui.plugin.attributions import method_title
from tui.plugin.common import flag_lines, metadata_text
from tui.plugin.options import ViewOptions
from tui.tracks.response import behaviours
from tui.tracks.response.answers import ENDINGS, likelihoods, thoughts, unread_of
from tui.tracks.response.rates import quality_text, rates_of, votes_text
from tui.tracks.response.spans import SpanShown, spans_of
from tui.tracks.response.turns import said
from tui.widgets.marked_text import row_line, rows_of

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence

INDENT = 20
MOST_TOKENS = 60
"""Tokens of an answer that are listed, those that changed most."""
DEFINITIONS = (
    (
        "span",
        "a stretch of an answer that a detector points at, with what it was checked against. It is a lead: + confirms "
        "that it is what the detector says, − refutes it. A hit is confirmed where one reviewer confirmed a span of it "
        "and nobody refuted that span",
    ),
    (
        "hit",
        "a span that makes an answer a lead; what is supported, allowed or quoted is shown and does not",
    ),
    (
        "label",
        "what a person said of an answer when asked whether it does something: yes, no or not sure; how often answers "
        "do it is estimated from the labels of a random sample and the leads on all prompts",
    ),
    (
        "lead",
        "what detectors say together of an answer, 0 to 1, and yes from a half on; it points at a behaviour and counts "
        "as no case of it",
    ),
    (
        "quality",
        "how much of what people labelled yes the leads find, and how often they are right where they point, by side, "
        "on the answers of this review",
    ),
    (
        "log p",
        "natural logarithm of the probability of a token, given the prompt and what comes before it in the answer; "
        "candidate minus base, float32",
    ),
    ("KL", "divergence of the candidate from the base over the whole vocabulary at a token, in nats"),
    (
        "rose most",
        "mean change of the log-probability of a token over all places where it was said, with its interval",
    ),
    (
        "why",
        "attribution of the log-probability of a span to the words of the prompt; completeness: by how much the scores "
        "miss the sum that they should have",
    ),
    (
        "dose",
        "share of answers that a detector points at where the adapter is scaled: 0 is the base, 1 the candidate",
    ),
)
"""What has no declaration of a metric."""
_METRIC = tuple(field.name for field in fields(Metric))


def number_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Everything that is known of one prompt: both answers whole, findings, knowledge, rates, tokens, words."""
    width, example = options.width, evidence.example
    lines = [text_line(f" {example.ref}", "title")]
    for who, text in said(evidence):
        lines += wrapped(f" {who or 'prompt'}", text, width, indent=INDENT)
    lines += wrapped(" sha256", example.sha256, width, indent=INDENT, style="dim")
    for key, value in evidence.metadata.items():
        if value is not None and key != "ref":
            lines += wrapped(f" {key}", metadata_text(value), width, indent=INDENT)
    expects = ", ".join(row["expects"] for row in evidence.context.get("expected", ()))
    lines += wrapped(" expected", expects or "nothing particular", width, indent=INDENT)
    lines += wrapped(" slices", ", ".join(evidence.slices) or "none", width, indent=INDENT)
    lines += flag_lines(evidence, width, INDENT)
    for side in SIDES:
        lines += [rule(width), *_answer(evidence, side, width)]
    asked = behaviours.number_lines(evidence, width, INDENT)
    lines += [rule(width), text_line(" ASKED OF EACH ANSWER", "title"), *asked] if asked else []
    lines += [rule(width), text_line(" FOUND", "title")]
    for place, one in enumerate(spans_of(evidence), start=1):
        lines += _span(place if one.counts else None, one, width)
    lines += _detectors(evidence, {one.detector for one in spans_of(evidence)}, width)
    lines += _checked(evidence, width)
    lines += _rates(evidence, options)
    lines += _shift(evidence, width)
    lines += [rule(width), text_line(" WORDS", "title")]
    for word, meaning in DEFINITIONS:
        lines += wrapped(f" {word}", meaning, width, indent=INDENT, style="dim", label_style="number")
    return lines


def _answer(evidence: ExampleEvidence, side: Any, width: int) -> list[Line]:
    lines = [text_line(f" {side.upper()}", "title")]
    row = by_side(evidence.payload.get("response_side", ())).get(side)
    if row is None or row["ended"] == "missing":
        return [*lines, text_line(" no response on this side", "warn")]
    tokens = "" if row["tokens"] is None else f", {row['tokens']:,} tokens"
    logp = "" if row["logp"] is None else f", log p {figure(row['logp'], 1)} nats in all"
    why = unread_of(evidence, side)
    unread = f", not read by a lead: {why}" if why else ""
    how = f"{row['words']:,} words{unread}{tokens}{logp}, {ENDINGS.get(row['ended'], (row['ended'], ''))[0]}"
    lines += wrapped(" length", how, width, indent=INDENT)
    text: str = row["text"]
    if not text.strip():
        lines += wrapped(" text", "an empty response", width, indent=INDENT, style="warn")
    else:
        room, marks = width - INDENT - 1, thoughts(text)
        lines += [
            row_line(text, one, marks, label="" if number else " text", indent=INDENT, width=room)
            for number, one in enumerate(rows_of(text, room))
        ]
    samples = [one for one in evidence.payload.get("response_sample", ()) if one["side"] == side]
    for one in samples:
        lines += wrapped(
            f" sample {one['number']}",
            f"{one['text']}  (seed {one['seed']})",
            width,
            indent=INDENT,
            style="dim",
        )
    return lines


def _span(number: int | None, one: SpanShown, width: int) -> list[Line]:
    label = f" {number or '·'} {one.detector}"
    said = f"{one.side}, characters {one.start} to {one.end}: {one.label}; {one.why}"
    lines = wrapped(label, said, width, indent=INDENT, style="text" if one.counts else "dim")
    if one.text:
        lines += wrapped("", f"“{one.text}”", width, indent=INDENT, style="mark" if one.counts else "dim")
    if one.counts:
        words, style = one.state
        lines += wrapped("", words, width, indent=INDENT, style=style)
    return lines


def _detectors(evidence: ExampleEvidence, names: Collection[str], width: int) -> list[Line]:
    """What the detectors are that found something here."""
    lines: list[Line] = []
    for row in evidence.context.get("detectors", ()):
        if row["name"] not in names:
            continue
        lines += wrapped(f" {row['name']}", row["title"], width, indent=INDENT)
        about = [
            row["kind"],
            f"reads {', '.join(row['languages'])}" if row["languages"] else "",
        ]
        lines += wrapped("", "; ".join(part for part in about if part), width, indent=INDENT, style="dim")
    return [rule(width), text_line(" DETECTORS", "title"), *lines] if lines else []


def _checked(evidence: ExampleEvidence, width: int) -> list[Line]:
    lines: list[Line] = []
    for row in evidence.context.get("catalogue", ()):
        lines += wrapped(" catalogue", title_text(row), width, indent=INDENT)
        for alias in row["aliases"]:
            lines += wrapped("", f"also called {alias}", width, indent=INDENT, style="dim")
        for spoiler in row["spoilers"]:
            lines += wrapped("", f"spoiler: {spoiler}", width, indent=INDENT, style="dim")
    for row in evidence.context.get("promises", ()):
        lines += wrapped(" policy", promise_text(row), width, indent=INDENT)
    for row in evidence.context.get("passages", ()):
        lines += wrapped(" passage", passage_text(row), width, indent=INDENT)
    return [rule(width), text_line(" CHECKED AGAINST", "title"), *lines] if lines else []


def _rates(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    width = options.width
    rows = evidence.context.get("rates", ())
    votes = votes_text(evidence)
    lines = _estimates(evidence, options)
    lines += wrapped(" votes here", votes, width, indent=INDENT) if votes else []
    for name in dict.fromkeys(row["slice"] for row in rows):
        of = [
            Metric(**{key: row.get(key, "response") for key in _METRIC})
            for row in rows
            if row["slice"] == name
        ]
        title = "ALL PROMPTS" if name == ALL else f"SLICE {name}"
        lines += [
            rule(width),
            text_line(f" {title}", "title"),
            *metric_lines(of, options.specs, width, methods=True),
        ]
    return lines


def _estimates(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """What the gates estimate of the behaviours, with how good their leads are on what people labelled."""
    lines: list[Line] = []
    for one in rates_of(evidence):
        place = "all prompts" if one.slice == ALL else one.slice
        said = f"{place}: net rise {one.estimate(options)}; leads point at {one.counted()}"
        lines += wrapped(f" {one.title}", said, options.width, indent=INDENT)
        for row in one.quality(options):
            words = quality_text(row) if row.value is not None else f"{row.what}: {row.limit}"
            lines += wrapped("", words, options.width, indent=INDENT, style="dim")
    return (
        [rule(options.width), text_line(" ESTIMATED FROM LABELS AND LEADS", "title"), *lines] if lines else []
    )


def _shift(evidence: ExampleEvidence, width: int) -> list[Line]:
    lines: list[Line] = []
    for side in SIDES:
        rows = by_side(evidence.payload.get("response_token", ()))
        if side not in rows:
            continue
        row: Mapping[str, Any] = rows[side]
        likely = likelihoods(evidence, side)
        ranked = sorted(range(len(likely)), key=lambda at: -abs(likely[at].score))
        lines.append(text_line(f" {side.upper()}, TOKENS THAT CHANGED MOST", "title"))
        for at in ranked[:MOST_TOKENS]:
            numbers = (
                f"base {figure(row['base_logp'][at], 2)}  candidate {figure(row['candidate_logp'][at], 2)}  "
                f"{signed(likely[at].score, 2)}  KL {figure(row['kl'][at], 2)}"
            )
            lines += wrapped(f" {at + 1} {row['tokens'][at]}", numbers, width, indent=INDENT, style="number")
    for entry in evidence.attributions:
        method = method_title(evidence.methods, entry.method)
        lines += wrapped(
            " why", f"{entry.side}, {entry.target}: {method}, {entry.status}", width, indent=INDENT
        )
        scored = zip(entry.starts, entry.ends, entry.scores, strict=True)
        words = "  ".join(
            f"{evidence.example.text[start:end]} {signed(score, 2)}" for start, end, score in scored
        )
        lines += wrapped("", words, width, indent=INDENT, style="dim")
    for row in evidence.context.get("upweighted", ()):
        said = f"{signed(row['change'], 2)} {interval(row['low'], row['high'], 2)} nats, n {row['n']}"
        lines += wrapped(f" rose {row['token']}", said, width, indent=INDENT)
    for row in evidence.context.get("dose", ()):
        said = (
            f"{row['detector']} {figure(row['rate'], 2)} {interval(row['low'], row['high'], 2)}, n {row['n']}"
        )
        lines += wrapped(f" dose {row['scale']:g}", said, width, indent=INDENT)
    return [rule(width), text_line(" MODELS", "title"), *lines] if lines else []
