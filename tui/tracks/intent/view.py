"""The intent view: one message, base over candidate, what each predicts and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES
from analysis.review.queries import by_side
from tui.draw.lines import Line, Target, rule, wrapped
from tui.draw.number_text import bar, figure, signed
from tui.draw.safe_text import printable
from tui.plugin.attributed_text import attributed_lines
from tui.plugin.common import INDENT, annotation_lines, flag_reasons
from tui.plugin.options import ViewOptions
from tui.tracks.intent.drift import strip_lines

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence


TRANSITIONS = {
    (True, True): ("right on both sides", "good"),
    (False, True): ("fixed by the candidate", "good"),
    (True, False): ("broken by the candidate", "bad"),
}


def example_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The whole view of one message; on a low screen counterfactuals leave room for what was said of it."""
    width = options.width
    lines = [*_gold(evidence, width, options.height), *attributed_lines(evidence, options), rule(width)]
    lines += [*_predictions(evidence, width), *_cut(evidence, width)]
    said = [rule(width), *annotation_lines(evidence, options)]
    strip = strip_lines(evidence, width)
    least = _variants(evidence, options, 0)
    room = options.height - len(lines) - len(said) - (len(least) + 1 if least else 0)
    # Drift says where to look, and the numbers have it too: it is the first to go where the screen is low.
    if len(strip) <= room:
        lines += strip
    variants = _variants(evidence, options, options.height - len(lines) - len(said) - 1)
    if variants:
        lines += [rule(width), *variants]
    return lines + said


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
    known = TRANSITIONS.get((bool(base["correct"]), bool(candidate["correct"])))
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
    text = flag_reasons(evidence)
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


def cut_sentence(evidence: ExampleEvidence) -> str:
    """How much each side reads of a text that is longer than its limit; empty where both read all of it."""
    rows = by_side(evidence.payload.get("intent_cut", ()))
    said = {
        side: f"cut at {row['tokens_read']:,} of {row['tokens']:,} tokens" if row else "all tokens are read"
        for side, row in ((side, rows.get(side)) for side in SIDES)
    }
    if not rows:
        return ""
    if len(set(said.values())) == 1:
        return f"{said['base']} on both sides"
    return "; ".join(f"{side}: {words}" for side, words in said.items())


def _cut(evidence: ExampleEvidence, width: int) -> list[Line]:
    said = cut_sentence(evidence)
    return wrapped(" cut", said.removeprefix("cut "), width, indent=INDENT, style="warn") if said else []


def _variants(evidence: ExampleEvidence, options: ViewOptions, room: int) -> list[Line]:
    """The counterfactuals that change most, as many as there is room for, and one in any case."""
    rows = [row for row in evidence.variants if row.get("candidate_p") is not None]
    lines: list[Line] = []
    if evidence.example.parent_ref is not None:
        parent = evidence.example.parent_ref
        line = Line(Target("example", parent)).add(" a variant of ", "dim").add(parent, "number")
        lines.append(line.end("⏎", options.width - 1, "key"))
    if not rows:
        return lines
    rows.sort(key=lambda row: -abs(_effect(row, "candidate")))
    text = options.height >= 22
    fitting = (room - len(lines) - 1) // (2 if text else 1)
    shown = rows[: max(1, min(2 if options.height < 26 else 8, fitting))]
    targets = {row["target"] for row in rows}
    title = (
        f" counterfactuals: p({next(iter(targets))})" if len(targets) == 1 else " counterfactuals: p(class)"
    )
    head = Line().add(title, "title").add(" plain → changed", "dim")
    if len(rows) > len(shown):
        said = f"   {len(shown)} of {len(rows)}; space shows all"
        head.column(said, max(options.width - 1 - head.width, 1), "dim")
    lines.append(head)
    for row in shown:
        lines += variant_lines(row, evidence, options.width, text=text)
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
