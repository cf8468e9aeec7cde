"""The intent view: one message, base over candidate, what each predicts and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.attribution.licences import FindingEvidence
from analysis.review.queries import by_side
from tui.draw.figures import bar, figure, signed
from tui.draw.lines import Line, Target, rule, text_line, wrapped
from tui.draw.palette import attribution_style, sign_mark
from tui.draw.safe_text import printable
from tui.plugin.attributions import AttributionPair, attribution_pairs, difference, words_of
from tui.plugin.common import INDENT, annotation_lines, flag_words
from tui.plugin.licence import flip_lines, licence_lines, licensed
from tui.plugin.registry import ViewOptions
from tui.widgets.token_view import Word, token_lines

if TYPE_CHECKING:
    from analysis.base.records import Attribution
    from analysis.review.queries import ExampleEvidence


RELIABLE_DELTA = 0.05
"""Completeness delta above which an attribution is not reliable."""
TRANSITION_WORDS = {
    (True, True): ("right on both sides", "good"),
    (False, True): ("fixed by the candidate", "good"),
    (True, False): ("broken by the candidate", "bad"),
}


def example_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The whole view of one message."""
    width = options.width
    lines = [*_gold(evidence, width, options.height), *_messages(evidence, options), rule(width)]
    lines += [*_predictions(evidence, width), rule(width)]
    variants = _variants(evidence, options)
    if variants:
        lines += [*variants, rule(width)]
    return lines + annotation_lines(evidence, options)


def shown_evidence(evidence: ExampleEvidence, options: ViewOptions) -> list[FindingEvidence]:
    """The attributions on the screen, the candidate's first, licensed or not."""
    pairs = attribution_pairs(evidence.attributions)
    if not pairs:
        return []
    pair = pairs[options.method % len(pairs)]
    return [
        FindingEvidence("attribution", entry.method, entry.side, entry.target)
        for entry in (pair.candidate, pair.base)
        if entry is not None and options.side in ("both", "difference", entry.side)
    ]


def sides_of(evidence: ExampleEvidence) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What each side predicts, base first; empty where a side has no row."""
    rows = by_side(evidence.payload.get("intent_side", ()))
    return rows.get("base", {}), rows.get("candidate", {})


def transition(evidence: ExampleEvidence) -> tuple[str, str]:
    """What became of the message, in words, and the style of it."""
    base, candidate = sides_of(evidence)
    if not base or not candidate or base["correct"] is None or candidate["correct"] is None:
        if base and candidate:
            same = base["label"] == candidate["label"]
            return ("the same on both sides", "dim") if same else ("changed; there is no gold label", "warn")
        return "predictions are missing", "warn"
    known = TRANSITION_WORDS.get((bool(base["correct"]), bool(candidate["correct"])))
    if known:
        return known
    if base["label"] == candidate["label"]:
        return "wrong on both sides, alike", "warn"
    return "wrong on both sides, differently", "warn"


def _gold(evidence: ExampleEvidence, width: int, height: int) -> list[Line]:
    words, style = transition(evidence)
    line = Line().column(" gold", INDENT, "dim").add(evidence.example.gold or "not given", "strong")
    lines = [line.add("   ").add(words, style)]
    spare = width - line.width - 3
    text = flag_words(evidence)
    if text and len(printable(text)) <= spare:
        line.end(text, width - 1, "number")
    elif text:
        rows = wrapped(" flags", text, width, indent=INDENT, style="number")
        lines += (
            rows
            if height >= 24
            else [Line().column(" flags", INDENT, "dim").column(text, width - INDENT - 1, "number")]
        )
    return lines


def _messages(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    pairs = attribution_pairs(evidence.attributions)
    text = evidence.example.text
    lines: list[Line] = []
    if not pairs:
        lines += wrapped(" text", text, options.width, indent=INDENT)
        return [*lines, text_line("       no attribution: this message was not selected for it", "dim")]
    pair = pairs[options.method % len(pairs)]
    marked = marked_spans(evidence)
    sides = (options.side,) if options.side in ("base", "candidate") else ("base", "candidate")
    granted = {
        side: licensed(entry, evidence.licences)
        for side, entry in (("base", pair.base), ("candidate", pair.candidate))
        if side in sides
    }
    scale, what = pair.scale, ""
    if options.side == "difference":
        if not pair.comparable:
            lines += wrapped(" text", text, options.width, indent=INDENT)
            return [*lines, *_incomparable(pair, pairs, options.width)]
        words = difference(pair)
        scale, what = max((abs(word.score) for word in words), default=0.0) or 1.0, "candidate minus base, "
        unreadable = _unreadable(pair.base) or _unreadable(pair.candidate)
        lines += _tokens(
            text, words, scale, " diff", marked, options, grey=not all(granted.values()), marks=not unreadable
        )
    else:
        for side, entry in (("base", pair.base), ("candidate", pair.candidate)):
            if side in sides:
                lines += _tokens(
                    text,
                    words_of(entry),
                    scale,
                    f" {side[:4]}",
                    marked,
                    options,
                    grey=not granted[side],
                    marks=not _unreadable(entry),
                )
                lines += _caution(entry, options.width)
    lines += licence_lines(pair, sides, evidence.licences, options.width, options.height, INDENT)
    lines += _legend(pair, scale, len(pairs), options, what, grey=not any(granted.values()))
    return lines + flip_lines(pair, evidence, options.width, INDENT, options.height)


def _incomparable(pair: AttributionPair, pairs: Sequence[AttributionPair], width: int) -> list[Line]:
    """Why there is no difference to show, and where there is one."""
    text = "the sides explain different classes; a difference would mean nothing"
    if any(other.comparable and other.method == pair.method for other in pairs):
        text += " (v: one against the other, which both explain)"
    return wrapped("", text, width, indent=INDENT, style="warn")


def _tokens(
    text: str,
    words: list[Word],
    scale: float,
    label: str,
    marked: list[tuple[int, int]],
    options: ViewOptions,
    *,
    grey: bool,
    marks: bool,
) -> list[Line]:
    return token_lines(
        text,
        words,
        scale,
        options.look,
        label=label,
        indent=INDENT,
        width=options.width - 1,
        marked=marked,
        faint=grey,
        marks=marks,
    )


def _unreadable(entry: Attribution | None) -> bool:
    return entry is not None and entry.status == "not interpretable"


def _caution(entry: Attribution | None, width: int) -> list[Line]:
    if entry is None:
        return [Line().to(INDENT).add("not attributed for this side", "dim")]
    if entry.status == "ok":
        return []
    return wrapped("", f"{entry.status}: {entry.why}", width, indent=INDENT, style="warn")


def marked_spans(evidence: ExampleEvidence) -> list[tuple[int, int]]:
    """Stretches that were marked last."""
    undone: set[str | None] = set()
    for event in reversed(evidence.history):
        if event.kind == "undo":
            undone.add(event.target)
        elif event.kind == "redo":
            undone.discard(event.target)
        elif event.kind == "tokens" and event.event_id not in undone:
            marks = json.loads(event.body).get("tokens")
            if marks is not None:
                return [(start, end) for _, start, end in marks]
    return []


def _legend(
    pair: AttributionPair, scale: float, count: int, options: ViewOptions, what: str, *, grey: bool
) -> list[Line]:
    look = options.look
    line = Line().to(INDENT)
    for word, shares in (("opposes", (-0.9, -0.5, -0.2)), ("supports", (0.2, 0.5, 0.9))):
        for share in shares:
            style = "dim" if grey else attribution_style(share, 1.0, look.depth, look.dark)
            line.add(sign_mark(share, 1.0), style)
        line.add(f" {word} ", "dim")
    line.add(f" ±9 = ±{figure(scale, 2)}, largest |a| here", "dim")
    line.add(" · v: more" if count > 1 else "", "dim")
    title = what + pair.title
    second = Line().to(INDENT).add(title, "dim")
    deltas = [entry.completeness_delta for entry in (pair.base, pair.candidate) if entry is not None]
    known = [delta for delta in deltas if delta is not None]
    if known:
        worst = max(known)
        words = f" · completeness {100 * worst:.1f} %"
        second.add(words, "dim" if worst <= RELIABLE_DELTA else "warn")
    lines = [line, second]
    if line.width + second.width - INDENT + 3 <= options.width:
        line.add(" · ", "dim").pieces.extend(second.pieces[1:])
        return [line]
    return lines


def _predictions(evidence: ExampleEvidence, width: int) -> list[Line]:
    base, candidate = sides_of(evidence)
    lines: list[Line] = []
    label_width = max(12, min(20, (width - 44) // 2))
    bar_width = max(6, min(30, width - INDENT - 2 * label_width - 28))
    for name, row, style in ((" base", base, "bar.base"), (" cand", candidate, "bar.candidate")):
        line = Line().column(name, INDENT, "dim")
        if not row:
            lines.append(line.add("no prediction", "warn"))
            continue
        mark, mark_style = {True: ("✓", "good"), False: ("✗", "bad")}.get(row["correct"], ("·", "dim"))
        line.add(mark, mark_style).add(" ").column(row["label"], label_width, "strong")
        line.add(f"{figure(row['p'], 2):>4} ", "number")
        line.column(bar(row["p"], bar_width), bar_width + 1, style)
        line.column(row["runner_up"], label_width, "dim").add(f"{figure(row['runner_up_p'], 2):>4}", "dim")
        lines.append(line.end(f"margin {figure(row['margin'], 2)}", width - 1, "text"))
    if base and candidate:
        change = candidate["margin"] - base["margin"]
        text = f"margin change {signed(change, 2)}"
        if width >= 100 and base.get("p_gold") is not None and candidate.get("p_gold") is not None:
            text += f"   p(gold) {figure(base['p_gold'], 2)} → {figure(candidate['p_gold'], 2)}"
        if width >= 100:
            lines.append(Line().to(INDENT).add(text, "dim"))
    return lines


def _variants(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    rows = [row for row in evidence.variants if row.get("candidate_p") is not None]
    lines: list[Line] = []
    if evidence.example.parent_ref is not None:
        parent = evidence.example.parent_ref
        line = Line(Target("example", parent)).add(" a variant of ", "dim").add(parent, "number")
        lines.append(line.end("⏎", options.width - 1, "key"))
    if not rows:
        return lines
    rows.sort(key=lambda row: -abs(_effect(row, "candidate")))
    shown = rows[: 2 if options.height < 26 else 8]
    targets = {row["target"] for row in rows}
    title = (
        f" counterfactuals: p({next(iter(targets))})" if len(targets) == 1 else " counterfactuals: p(class)"
    )
    head = Line().add(title, "title").add(" plain → changed", "dim")
    if len(rows) > len(shown):
        head.add(f"   {len(shown)} of {len(rows)}, largest first; space shows all", "dim")
    lines.append(head)
    for row in shown:
        lines += variant_lines(row, evidence, options.width, text=options.height >= 22)
    return lines


def _effect(row: Mapping[str, Any], side: str) -> float:
    return float((row[f"{side}_p"] or 0.0) - (row[f"{side}_plain_p"] or 0.0))


def variant_lines(row: Mapping[str, Any], evidence: ExampleEvidence, width: int, *, text: bool) -> list[Line]:
    """One counterfactual: what was done, both sides before and after, and its text with the cue marked."""
    line = Line(Target("example", row["ref"])) if row["ref"] != evidence.example.ref else Line()
    done = f"{row['operation']} {row['cue']}: {row['term']}"
    name_width = max(width - 54, 20)
    line.add("  ").column(done, name_width, "text")
    for side, name in (("base", "base"), ("candidate", "cand")):
        change = _effect(row, side)
        style = "bad" if abs(change) >= 0.1 else "text"
        numbers = f"{figure(row[f'{side}_plain_p'], 2)} → {figure(row[f'{side}_p'], 2)}"
        line.add(f" {name} ", "dim").column(numbers, 11, style).add(f"{signed(change, 2):>5} ", style)
    lines = [line]
    if text and row.get("text"):
        lines.append(cue_line(str(row["text"]), row.get("start"), row.get("end"), width))
    return lines


def cue_line(text: str, start: int | None, end: int | None, width: int) -> Line:
    """A text with its cue in brackets, cut around the cue where it is long."""
    line = Line().add("    ")
    if start is None or end is None:
        return line.column(text, max(width - 5, 8), "dim")
    before, cue, after = text[:start], text[start:end], text[end:]
    room = max((width - 8 - len(printable(cue))) // 2, 4)
    before = f"…{before[-room:]}" if len(before) > room else before
    line.add(before, "dim").add("[", "faint").add(cue, "mark").add("]", "faint")
    return line.column(after, max(width - line.width - 1, 1), "dim")
