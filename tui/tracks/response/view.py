"""The response view: a prompt, what both sides answered, what was found in that, and what it was checked against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.attribution.licences import FindingEvidence
from analysis.base.records import ALL
from tui.draw.figures import figure, interval, signed
from tui.draw.gate_lines import GATE_MARKS
from tui.draw.lines import Line, Target, rule, text_line, wrapped
from tui.draw.palette import MINUS
from tui.draw.safe_text import cells
from tui.plugin.attributions import METHOD_NAMES, words_of
from tui.plugin.common import annotation_lines, flag_words
from tui.plugin.registry import ViewOptions
from tui.tracks.response.answers import answer_lines, likelihood_lines, read_likely
from tui.tracks.response.spans import hits_of, span_lines
from tui.widgets.token_view import token_lines

if TYPE_CHECKING:
    from analysis.base.records import Attribution
    from analysis.review.queries import ExampleEvidence

INDENT = 11
"""Cells of the labels at the left."""
TALL = 30
"""Rows from which passages and rates are shown whole."""
SHOWN_RATES = ("spoilers", "facts", "promises", "citations", "escalation", "refusal", "tone", "hallucination")
WINNERS = {"candidate": "the candidate", "base": "the base", "tie": "neither"}


def example_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The whole view of one prompt."""
    width = options.width
    selected = selected_hit(evidence, options)
    lines = [*_prompt(evidence, options, selected), rule(width)]
    likely = read_likely(evidence)
    lines += answer_lines(evidence, options, selected, likely, len(lines))
    lines += [rule(width), *span_lines(evidence, options, selected, INDENT)]
    lines += against_lines(evidence, options)
    shifted = likelihood_lines(evidence, options, likely, INDENT)
    panel = panel_lines(evidence, options)
    lines += [rule(width), *shifted, *panel] if shifted or panel else []
    return [*lines, rule(width), *annotation_lines(evidence, options)]


def selected_hit(evidence: ExampleEvidence, options: ViewOptions) -> int:
    """Number of the chosen hit, from 0; the view takes it modulo what it has."""
    count = len(hits_of(evidence))
    return options.span % count if count else 0


def shown_evidence(evidence: ExampleEvidence, options: ViewOptions) -> list[FindingEvidence]:
    """The attribution of the chosen hit to the words of the prompt."""
    entry = attribution_of(evidence, options, selected_hit(evidence, options))
    return [] if entry is None else [FindingEvidence("attribution", entry.method, entry.side, entry.target)]


def attribution_of(evidence: ExampleEvidence, options: ViewOptions, selected: int) -> Attribution | None:
    """Why the candidate said the words of a hit, by the chosen method; None where it was not attributed."""
    hits = hits_of(evidence)
    if not hits or not hits[selected].text:
        return None
    hit = hits[selected]
    order = list(METHOD_NAMES)
    own = sorted(
        (one for one in evidence.attributions if one.target == hit.target and one.side == hit.side),
        key=lambda one: order.index(one.method) if one.method in order else len(order),
    )
    return own[options.method % len(own)] if own else None


def _prompt(evidence: ExampleEvidence, options: ViewOptions, selected: int) -> list[Line]:
    width, text = options.width, evidence.example.text
    entry = attribution_of(evidence, options, selected)
    if entry is None:
        lines = wrapped(" prompt", text, width, indent=INDENT, style="strong")
    else:
        scale = max((abs(score) for score in entry.scores), default=0.0) or 1.0
        lines = token_lines(
            text, words_of(entry), scale, options.look, label=" prompt", indent=INDENT, width=width - 1
        )
    most = 8 if options.height >= TALL else 4 if entry else 2
    if len(lines) > most:
        left = len(lines) - most
        lines = [*lines[:most], Line().to(INDENT).add(f"⋯ {left} more rows: space shows all", "faint")]
    if entry is not None:
        lines.append(_attributed(entry, selected, scale, width))
    expects = ", ".join(row["expects"] for row in evidence.context.get("expected", ()))
    words = f"expected: {expects}" if expects else "nothing particular is expected"
    if lines[0].width + cells(words) + 2 < width:
        lines[0].end(words, width - 1, "good" if expects else "dim")
    else:
        lines += wrapped(" expected", expects or "nothing particular", width, indent=INDENT, style="good")
    flags = flag_words(evidence)
    if flags:
        lines += _cut(
            wrapped(" flags", flags, width - 2, indent=INDENT, style="number"),
            2 if options.height >= TALL else 1,
        )
    return lines


def _attributed(entry: Attribution, selected: int, scale: float, width: int) -> Line:
    """What the colours of the prompt say, and how far they can be relied on."""
    method = METHOD_NAMES.get(entry.method, entry.method)
    line = Line().to(INDENT).add(f"why {selected + 1}: ", "key")
    line.add(f"+ makes it likelier, {MINUS} less · ±9 = ±{figure(scale, 2)} nats · {method} · v: more", "dim")
    if entry.completeness_delta is not None:
        line.add(f" · completeness {100 * entry.completeness_delta:.1f} %", "dim")
    if entry.status != "ok":
        line.add(f" · {entry.status}", "warn")
    return (
        line if line.width < width else Line().to(INDENT).column(line.plain[INDENT:], width - INDENT, "dim")
    )


def against_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """What the answers were checked against: rows of the catalogue, promises of policy, retrieved passages."""
    width, tall = options.width, options.height >= TALL
    known = (
        (" catalogue", [title_words(row) for row in evidence.context.get("catalogue", ())], 2),
        (" policy", [promise_words(row) for row in evidence.context.get("promises", ())], 2),
        (" passages", [passage_words(row) for row in evidence.context.get("passages", ())], 3),
    )
    lines: list[Line] = []
    for label, rows, most in known:
        for number, words in enumerate(rows):
            own = wrapped("" if number else label, words, width - 2, indent=INDENT)
            lines += _cut(own, most if tall else 1)
    return [rule(width), *lines] if lines else []


def _cut(lines: list[Line], most: int) -> list[Line]:
    """At most so many lines, with a mark where some are left out; they leave two cells for it."""
    if len(lines) > most:
        lines[most - 1].add(" …", "dim")
    return lines[:most]


def title_words(row: Mapping[str, Any]) -> str:
    """A row of the catalogue, with what it does not say left out."""
    stock = {True: "in stock", False: "not in stock"}.get(row["in_stock"])
    volumes = None if row["volumes"] is None else f"{row['volumes']} volumes"
    price = None if row["price"] is None else f"price {row['price']:.2f}"
    known = [f"[{row['id']}] {row['title']}", row["author"], volumes, price, stock]
    return " · ".join(one for one in known if one)


def passage_words(row: Mapping[str, Any]) -> str:
    """A retrieved passage with its id."""
    return f"{'[' + row['passage_id'] + ']' if row['passage_id'] else '(no id)'} {row['text']}"


def promise_words(row: Mapping[str, Any]) -> str:
    """What policy allows about a matter."""
    days = None if row["days"] is None else f"within {row['days']:g} days"
    amount = None if row["amount"] is None else f"up to {row['amount']:g}"
    return " · ".join(one for one in (f"{row['about']}: {row['text']}", days, amount) if one)


def panel_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Rates of the slices that the prompt is in, critical ones first, and what judges prefer; enter opens a gate."""
    rates = rates_of(evidence)
    slices = list(dict.fromkeys(row["slice"] for row in evidence.context.get("rates", ())))
    most = len(slices) if options.height >= 40 else 3 if options.height >= TALL else 2
    shown = [name for name in slices if name != ALL][: most - 1] + [name for name in slices if name == ALL]
    lines: list[Line] = []
    for name in shown:
        own = [one for one in rates if one.slice == name]
        told = [one for one in own if one.base or one.candidate or one.verdict(options) == "fail"]
        told.sort(key=lambda one: -abs((one.candidate or 0) - (one.base or 0)))
        title = "all prompts" if name == ALL else name
        mark = "◆ " if any(one.critical for one in own) else ""
        if not told:
            if own:
                lines.append(Line().add(f" {mark}{title}: ", "title").add("no hit on either side", "dim"))
            continue
        head = Line().add(f" {mark}", "critical" if mark else "text")
        head.column(title, min(cells(title), max(options.width - 40, 10)), "title")
        lines.append(head.end("hits of base → candidate", options.width - 1, "faint"))
        for one in told[: 8 if options.height >= TALL else 3]:
            lines.append(one.line(options))
    return lines + _preferences(evidence, options)


class Rate:
    """A detector's rate in one slice: both sides on the same prompts, and how far it rose."""

    def __init__(self, detector: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.detector = detector
        by = {row["side"]: row for row in rows}
        any_row = rows[0]
        self.slice: str = any_row["slice"]
        self.critical: bool = bool(any_row["critical"])
        self.gate: str | None = any_row["gate"]
        self.n: int = any_row["n"] or 0
        self.base, self.candidate = (
            by[side]["value"] if side in by else None for side in ("base", "candidate")
        )
        self.change: Mapping[str, Any] | None = by.get("difference")

    def verdict(self, options: ViewOptions) -> str:
        """Verdict of the gate that reads it; '' where there is none."""
        gate = options.gates.get(self.gate or "")
        return gate.verdict if gate is not None else ""

    def counted(self) -> str:
        """Hits of both sides, as counts."""
        shares = (
            "–" if one is None else f"{round(one * self.n)}/{self.n}" for one in (self.base, self.candidate)
        )
        return " → ".join(shares)

    def line(self, options: ViewOptions) -> Line:
        """One row of the panel."""
        line = Line(Target("flagged", self.gate) if self.gate else None)
        line.add("   ").column(self.detector, 14).column(self.counted(), 18, "number")
        if self.change is not None and self.change["value"] is not None:
            line.column(signed(self.change["value"], 2), 6, "strong")
            line.add(interval(self.change["low"], self.change["high"], 2), "dim")
        elif self.change is not None:
            line.add(self.change["why"] or "unknown", "warn")
        mark, style = GATE_MARKS.get(self.verdict(options), ("", "dim"))
        return line.end(f"{mark} gate {self.verdict(options)}" if mark else "", options.width - 1, style)


def rates_of(evidence: ExampleEvidence) -> list[Rate]:
    """Rates of the detectors in the slices that the prompt is in, in the order of the detectors."""
    found = []
    rows = evidence.context.get("rates", ())
    for name in dict.fromkeys(row["slice"] for row in rows):
        for detector in SHOWN_RATES:
            own = [row for row in rows if row["slice"] == name and row["name"] == f"{detector}_rate"]
            if own:
                found.append(Rate(detector, own))
    return found


def votes_words(evidence: ExampleEvidence) -> str:
    """What judges preferred here."""
    votes = evidence.context.get("votes", ())
    return ", ".join(
        f"{row['judge'] or 'the judge'}: {WINNERS.get(row['winner'], row['winner'])}" for row in votes
    )


def _preferences(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    lines: list[Line] = []
    votes = votes_words(evidence)
    if votes:
        lines += wrapped(" preferred", f"here by {votes}", options.width, indent=INDENT)
    row = next(
        (
            one
            for one in evidence.context.get("rates", ())
            if one["name"] == "win_rate" and one["slice"] == ALL
        ),
        None,
    )
    if row is None:
        return lines
    gate = options.gates.get("response.tradeoff")
    line = Line(Target("flagged", "response.tradeoff")).column("" if votes else " preferred", INDENT, "dim")
    line.add(f"wins {figure(row['value'], 2)} {interval(row['low'], row['high'], 2)}", "number")
    controlled = next(
        (
            one
            for one in evidence.context["rates"]
            if one["name"] == "win_rate_length_controlled" and one["slice"] == ALL
        ),
        None,
    )
    if controlled is not None and controlled["value"] is not None and options.width >= 70:
        bounds = interval(controlled["low"], controlled["high"], 2)
        line.add(f"  at like length {figure(controlled['value'], 2)} {bounds}", "number")
    mark, style = GATE_MARKS.get(gate.verdict if gate else "", ("", "dim"))
    if mark and line.width + 22 < options.width:
        return [*lines, line.end(f"{mark} response.tradeoff", options.width - 1, style)]
    return [*lines, line, text_line(f"   {mark} response.tradeoff", style)] if mark else [*lines, line]
