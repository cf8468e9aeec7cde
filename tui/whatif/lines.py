"""What-if as lines: a text before and after a reviewer's change, what both sides answer, and what was saved."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES, Side
from analysis.review.whatif import saved_whatifs
from tui.draw.figures import bar, figure, signed
from tui.draw.lines import Line, beside, text_line, wrapped
from tui.draw.safe_text import fit
from tui.plugin.attributions import METHOD_NAMES, AttributionPair, attribution_pairs, difference, words_of
from tui.plugin.common import INDENT
from tui.plugin.licence import TALL, licence_lines, licensed
from tui.plugin.registry import SideMode
from tui.widgets.token_view import Word, token_lines

if TYPE_CHECKING:
    from analysis.attribution.licences import AttributionLicence
    from analysis.base.records import Attribution, Event
    from tui.draw.theme import Look

SIDE_BY_SIDE = 110
"""Cells from which before and after stand side by side."""
ONE_ROW = 70
"""Cells from which the first and the second class of a side stand in one row."""
NAMES: Mapping[Side, str] = {"base": "base", "candidate": "cand"}
TEXT_INDENT = 10
LONGEST_CHANGE = 120
"""Cells of a saved change that are shown."""
LONGEST_COMPARED = 2_000
"""Words of a text up to which its changes are put in words."""

Outputs = Mapping[Side, Mapping[str, Any]]
Key = tuple[str, bool]
"""An attribution: its method, and whether it explains the flip, not each side's own class."""


@dataclass(frozen=True)
class Answer:
    """What both sides say of one text.

    Args:
        text: what they read.
        outputs: by side, the columns of `analysis.review.whatif.OUTPUT`.
        attributions: of both sides.
        licences: of those attributions; one without is drawn grey.
        reply: the last answer of the worker, where the predictions are not from the run.
        asked: methods that the worker answered, where the predictions are from the run.
    """

    text: str
    outputs: Outputs
    attributions: tuple[Attribution, ...]
    licences: tuple[AttributionLicence, ...] = ()
    reply: Mapping[str, Any] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    @property
    def methods(self) -> frozenset[str]:
        """The methods that the text was explained by."""
        return frozenset(entry.method for entry in self.attributions)

    def with_more(self, other: Answer) -> Answer:
        """This answer with the attributions of another to the same text, by methods that it has not."""
        more = other.methods - self.methods
        return replace(
            self,
            attributions=self.attributions
            + tuple(entry for entry in other.attributions if entry.method in more),
            licences=self.licences + tuple(entry for entry in other.licences if entry.method in more),
            asked=self.asked if self.reply else self.asked | more,
        )


@dataclass(frozen=True)
class Choice:
    """How answers are looked at.

    Args:
        width: cells there are.
        look: colours.
        side: which side's attribution is drawn.
        key: the attribution that is drawn; the first where there is none of it, or where it is None.
        waiting: whether an answer without attributions is still to get some.
    """

    width: int
    look: Look
    side: SideMode
    key: Key | None = None
    waiting: bool = False


def edit_words(original: str, text: str) -> str:
    """A change in words: `without “Iron Orchard”`, `with “real person”`, `“is” for “was”`; '' for none."""
    before, after = original.split(), text.split()
    if before == after or max(len(before), len(after)) > LONGEST_COMPARED:
        return "" if original == text else "changed"
    parts: list[str] = []
    for kind, left, right, start, end in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        gone, new = " ".join(before[left:right]), " ".join(after[start:end])
        words = {
            "delete": f"without “{gone}”",
            "insert": f"with “{new}”",
            "replace": f"“{new}” for “{gone}”",
        }
        parts += [words[kind]] if kind in words else []
    return ", ".join(parts)


def change_words(before: Outputs, after: Outputs) -> tuple[str, str]:
    """What became of both predictions, in a sentence, and the style of it."""
    base, candidate = ([one["base"]["label"], one["candidate"]["label"]] for one in (before, after))
    was_base, was = base
    now_base, now = candidate
    if was != was_base and now == was_base:
        words, style = f"the flip reverts: the candidate predicts {now} again", "good"
    elif now != was:
        words, style = f"the candidate's prediction changes: {was} → {now}", "warn"
    else:
        words, style = f"the candidate still predicts {now}", "text"
    if now_base != was_base:
        words += f"; so does the base's: {was_base} → {now_base}" if now != was else ""
        words += f"; the base's changes: {was_base} → {now_base}" if now == was else ""
    elif was == was_base and now != was:
        words += f"; the base still predicts {now_base}"
    return words, style


def text_lines(original: str, text: str, width: int) -> list[Line]:
    """The original text, and the changed one below it with the change in words."""
    lines = wrapped(" original", original, width, indent=TEXT_INDENT)
    if text == original:
        return [*lines, Line().column(" now", TEXT_INDENT, "dim").add("not changed yet", "faint")]
    lines += wrapped(" now", text or "(no text)", width, indent=TEXT_INDENT, style="strong")
    return [*lines, Line().to(TEXT_INDENT).column(edit_words(original, text), width - TEXT_INDENT - 1, "dim")]


def answer_lines(before: Answer | None, after: Answer | None, gold: str | None, how: Choice) -> list[Line]:
    """Both answers: sentence, predictions and attributed words; side by side where there is room."""
    lines: list[Line] = []
    if before is not None and after is not None:
        words, style = change_words(before.outputs, after.outputs)
        lines += wrapped(" so", words, how.width, indent=TEXT_INDENT, style=style)
    if after is not None:
        cut = [side for side in SIDES if after.reply["sides"][side]["cut"]]
        lines += [text_line(f"          the {side} does not read all of this text", "warn") for side in cut]
    pairs = [_pairs(one) for one in (before, after)]
    keys = attribution_keys(before, after)
    key = how.key if how.key in pairs[0] or how.key in pairs[1] else next(iter(keys), None)
    chosen = [one.get(key) if key is not None else None for one in pairs]
    scale = max((pair.scale for pair in chosen if pair is not None), default=1.0)
    wide = how.width >= SIDE_BY_SIDE and after is not None
    width = (how.width - 2) // 2 if wide else how.width
    blocks: list[tuple[list[Line], list[Line]]] = []
    for name, answer, pair in (("before", before, chosen[0]), ("after", after, chosen[1])):
        if answer is not None:
            compared = before.outputs if before is not None and name == "after" else None
            head = [_titled(name, width), *_predictions(answer.outputs, compared, gold, width)]
            blocks.append((head, _words(name, answer, pair, scale, width, how)))
    if wide and len(blocks) == 2:
        tallest = max(len(head) for head, _ in blocks)
        left, right = ([*head, *[Line()] * (tallest - len(head)), *words] for head, words in blocks)
        lines += beside(left, right, width + 2)
    else:
        lines += [line for head, _ in blocks for line in head]
        for name, (_, drawn) in zip(("before", "after"), blocks, strict=False):
            lines += [_titled(f"words, {name}", width), *drawn]
    if key is not None:
        lines += _legend(key, chosen, scale, len(keys), how)
    return lines


def _titled(name: str, width: int) -> Line:
    """A rule that says what is below it."""
    line = Line().add("─ ", "rule").add(name, "title").add(" ")
    return line.add("─" * (width - line.width), "rule")


def attribution_keys(before: Answer | None, after: Answer | None) -> list[Key]:
    """What can be looked at, in the order of the key that goes through it: as the later answer has it."""
    return list(_pairs(after) or _pairs(before))


def _pairs(answer: Answer | None) -> dict[Key, AttributionPair]:
    """The attributions of an answer."""
    if answer is None:
        return {}
    pairs: dict[Key, AttributionPair] = {}
    for pair in attribution_pairs(answer.attributions):
        targets = {entry.target for entry in (pair.base, pair.candidate) if entry is not None}
        pairs.setdefault((pair.method, any(" − " in target for target in targets)), pair)
    return pairs


def _predictions(outputs: Outputs, before: Outputs | None, gold: str | None, width: int) -> list[Line]:
    """Per side: first class, its share and bar, second class, margin and what became of it."""
    lines: list[Line] = []
    one_row = width >= ONE_ROW
    tail = 19
    room = width - INDENT - 2 - 5 - tail - (6 if one_row else 0)
    label_width = max(8, min(24, (room - 8) // 2 if one_row else room - 5))
    bar_width = max(0, min(24, room - label_width * (2 if one_row else 1)))
    for side in SIDES:
        row = outputs[side]
        if before is None:
            known = (row["label"] == gold) if gold else None
            mark, style = {True: ("✓", "good"), False: ("✗", "bad"), None: ("·", "dim")}[known]
        else:
            same = row["label"] == before[side]["label"]
            mark, style = ("=", "dim") if same else ("≠", "warn")
        line = Line().column(f" {NAMES[side]}", INDENT, "dim").add(mark, style).add(" ")
        line.column(row["label"], label_width, "strong").add(f"{figure(row['p'], 2):>4} ", "number")
        line.column(bar(row["p"] or 0.0, bar_width), bar_width, f"bar.{side}")
        second = Line().column(row["runner_up"] or "", label_width, "dim")
        second.add(f"{figure(row['runner_up_p'], 2):>4}", "dim")
        margin = f"margin {figure(row['margin'], 2)}"
        if before is not None and None not in (row["margin"], before[side]["margin"]):
            margin += f" ({signed(row['margin'] - before[side]['margin'], 2)})"
        if one_row:
            line.add(" ").pieces.extend(second.pieces)
        lines.append(line.end(margin, width - 1))
        if not one_row:
            lines.append(Line().to(INDENT + 2))
            lines[-1].pieces.extend(second.pieces)
    return lines


def _words(
    name: str, answer: Answer, pair: AttributionPair | None, scale: float, width: int, how: Choice
) -> list[Line]:
    """The text of one answer with its attributed words, once per side that is looked at."""
    if pair is None:
        words = "no attribution of this text"
        if how.waiting:
            words = "the attributions are still computed"
        elif answer.attributions:
            words += " by this method: M asks for it"
        return wrapped(f" {name}", words, width, indent=INDENT + 1, style="dim")
    entries = {"base": pair.base, "candidate": pair.candidate}
    granted = {side: licensed(entry, answer.licences) for side, entry in entries.items()}
    sides = tuple(side for side in SIDES if how.side in ("both", "difference", side))
    below = [
        *licence_lines(pair, sides, answer.licences, width, TALL, INDENT),
        *_quality(pair, sides, width),
    ]
    if how.side == "difference":
        if not pair.comparable:
            words = "the sides explain different classes; a difference would mean nothing"
            return wrapped(f" {name}", words, width, indent=INDENT + 1, style="warn")
        drawn = _drawn(
            answer.text, difference(pair), scale, " diff", width, how, grey=not all(granted.values())
        )
        return drawn + below
    lines: list[Line] = []
    for side, entry in entries.items():
        if how.side not in ("both", side):
            continue
        if entry is None:
            lines += wrapped(
                f" {side[:4]}", "not attributed for this side", width, indent=INDENT, style="dim"
            )
            continue
        told = entry.status != "not interpretable"
        lines += _drawn(
            answer.text,
            words_of(entry),
            scale,
            f" {side[:4]}",
            width,
            how,
            grey=not granted[side],
            marks=told,
        )
        if entry.status != "ok":
            lines += wrapped("", f"{entry.status}: {entry.why}", width, indent=INDENT, style="warn")
    return lines + below


def quality_words(pair: AttributionPair, sides: Sequence[Side] = SIDES) -> str:
    """How far the attributions of some sides can be trusted to be what their method promises.

    For a method that promises a sum, how far it is off; for one that fits a local model, its weighted R²; with
    the number of samples or steps.
    """
    counts: dict[int, None] = {}
    unit = "steps"
    off: list[str] = []
    fits: list[str] = []
    for side in sides:
        entry = pair.base if side == "base" else pair.candidate
        if entry is None:
            continue
        parameters = json.loads(entry.parameters)
        if entry.steps:
            counts[entry.steps] = None
            unit = "samples" if "samples" in parameters else "steps"
        if entry.completeness_delta is not None:
            off.append(f"{NAMES[side]} {100 * entry.completeness_delta:.1f} %")
        if parameters.get("fidelity") is not None:
            fits.append(f"{NAMES[side]} {figure(parameters['fidelity'], 2)}")
    parts = [f"{' and '.join(f'{count:,}' for count in counts)} {unit}"] if counts else []
    parts += [f"sum off F(x) − F(x′) by {', '.join(off)}"] if off else []
    parts += [f"weighted R² of the local model {', '.join(fits)}"] if fits else []
    return "; ".join(parts)


def _quality(pair: AttributionPair, sides: Sequence[Side], width: int) -> list[Line]:
    words = quality_words(pair, sides)
    return wrapped("", words, width, indent=INDENT, style="dim") if words else []


def _drawn(
    text: str,
    words: list[Word],
    scale: float,
    label: str,
    width: int,
    how: Choice,
    *,
    grey: bool,
    marks: bool = True,
) -> list[Line]:
    return token_lines(
        text, words, scale, how.look, label=label, indent=INDENT, width=width - 1, faint=grey, marks=marks
    )


def _legend(
    key: Key, pairs: Sequence[AttributionPair | None], scale: float, count: int, how: Choice
) -> list[Line]:
    method = METHOD_NAMES.get(key[0], key[0].replace("_", " "))
    targets = dict.fromkeys(
        entry.target
        for pair in pairs
        if pair is not None
        for entry in (pair.base, pair.candidate)
        if entry is not None
    )
    of = next(iter(targets)) if key[1] and len(targets) == 1 else "each side's own class"
    words = f"{method} of {of} · ±9 = ±{figure(scale, 2)}, largest |a| here"
    words += " · v: more" if count > 1 else ""
    words += " · grey: not licensed"
    return wrapped("", words, how.width, indent=INDENT, style="dim")


def saved_lines(history: Sequence[Event], original: str, width: int) -> list[Line]:
    """The what-ifs that were saved with an example: what was changed, and both predictions."""
    lines: list[Line] = []
    for one in saved_whatifs(history):
        said = ", ".join(f"{NAMES[side]} {one.outputs[side]['label']}" for side in SIDES)
        change = fit(edit_words(original, one.text), LONGEST_CHANGE).rstrip()
        lines += wrapped(" whatif", f"{change}: {said}", width, indent=INDENT + 1)
    return lines
