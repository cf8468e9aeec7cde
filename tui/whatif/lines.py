"""What-if as lines: a text before and after a reviewer's change, and what both sides answer to each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.base.records import SIDES, Side
from tui.draw.edit_sentence import edit_sentence
from tui.draw.lines import Line, beside, text_line, wrapped
from tui.draw.number_text import figure
from tui.plugin.attributions import AttributionPair, Key, difference, method_title, words_of
from tui.plugin.common import INDENT
from tui.plugin.licence import TALL, licence_lines, licensed
from tui.plugin.live_lines import SHORT_SIDES
from tui.plugin.options import SideMode
from tui.whatif.answer import Answer, attribution_keys, pairs_of
from tui.widgets.token_view import Word, token_lines

if TYPE_CHECKING:
    from analysis.base.records import MethodSpec
    from analysis.review.queries import ExampleEvidence
    from tui.draw.theme import Colours
    from tui.plugin.view import View

SIDE_BY_SIDE = 110
"""Cells from which before and after stand side by side."""
TEXT_INDENT = 10


@dataclass(frozen=True)
class Choice:
    """How answers are looked at.

    Args:
        width: cells there are.
        colours: depth and background.
        side: which side's attribution is drawn.
        view: of the track, which draws what both sides answer.
        methods: what the run says of its attribution methods, by name.
        key: the attribution that is drawn; the first where there is none of it, or where it is None.
        waiting: whether an answer without attributions is still to get some.
        explained: whether answers can have attributions.
    """

    width: int
    colours: Colours
    side: SideMode
    view: View
    methods: Mapping[str, MethodSpec] = field(default_factory=dict)
    key: Key | None = None
    waiting: bool = False
    explained: bool = True


def text_lines(original: str, text: str, width: int) -> list[Line]:
    """The original text, and the changed one below it with the change in words."""
    lines = wrapped(" original", original, width, indent=TEXT_INDENT)
    if text == original:
        return [*lines, Line().column(" now", TEXT_INDENT, "dim").add("not changed yet", "faint")]
    lines += wrapped(" now", text or "(no text)", width, indent=TEXT_INDENT, style="strong")
    return [
        *lines,
        Line().to(TEXT_INDENT).column(edit_sentence(original, text), width - TEXT_INDENT - 1, "dim"),
    ]


def answer_lines(
    before: Answer | None, after: Answer | None, evidence: ExampleEvidence, how: Choice
) -> list[Line]:
    """Both answers: sentence, predictions and attributed words; side by side where there is room."""
    lines: list[Line] = []
    if before is not None and after is not None:
        sentence, style = how.view.change_sentence(before.outputs, after.outputs)
        lines += wrapped(" so", sentence, how.width, indent=TEXT_INDENT, style=style)
    if after is not None:
        cut = [side for side in SIDES if after.reply["sides"][side].get("cut")]
        lines += [text_line(f"          the {side} does not read all of this text", "warn") for side in cut]
    pairs = [pairs_of(one, how.methods) for one in (before, after)]
    keys = attribution_keys(before, after, how.methods)
    key = how.key if how.key in pairs[0] or how.key in pairs[1] else next(iter(keys), None)
    chosen = [one.get(key) if key is not None else None for one in pairs]
    scale = max((pair.scale for pair in chosen if pair is not None), default=1.0)
    wide = how.width >= SIDE_BY_SIDE and after is not None
    width = (how.width - 2) // 2 if wide else how.width
    blocks: list[tuple[list[Line], list[Line]]] = []
    for name, answer, pair in (("before", before, chosen[0]), ("after", after, chosen[1])):
        if answer is not None:
            compared = before.outputs if before is not None and name == "after" else None
            drawn = how.view.answer_lines(answer.outputs, compared, evidence, answer.reply, width)
            words = _words(name, answer, pair, scale, width, how) if how.explained else []
            blocks.append(([_titled(name, width), *drawn], words))
    if wide and len(blocks) == 2:
        tallest = max(len(head) for head, _ in blocks)
        left, right = ([*head, *[Line()] * (tallest - len(head)), *words] for head, words in blocks)
        lines += beside(left, right, width + 2)
    else:
        # Whole answers are long: the one that was asked for stands first.
        shown = blocks if how.explained else blocks[::-1]
        lines += [line for head, _ in shown for line in head]
        for name, (_, drawn) in zip(("before", "after"), blocks, strict=False):
            lines += [_titled(f"words, {name}", width, _of_what(key, chosen, scale)), *drawn] if drawn else []
    if key is not None:
        lines += _legend(key, chosen, scale, len(keys), how)
    return lines


def _of_what(key: Key | None, pairs: Sequence[AttributionPair | None], scale: float) -> str:
    """What words are coloured for, and the scale of their marks; empty where there is nothing to colour."""
    if key is None or not any(pairs):
        return ""
    return f" for {_target_words(key, pairs)} · ±9 = ±{figure(scale, 2)} "


def _target_words(key: Key, pairs: Sequence[AttributionPair | None]) -> str:
    """What is explained: the one target of all that is shown, or each side's own class."""
    targets = dict.fromkeys(
        entry.target
        for pair in pairs
        if pair is not None
        for entry in (pair.base, pair.candidate)
        if entry is not None
    )
    return next(iter(targets)) if key[1] and len(targets) == 1 else "each side's own class"


def _titled(name: str, width: int, said: str = "") -> Line:
    """A rule that says what is below it."""
    line = Line().add("─ ", "rule").add(name, "title").add(" ")
    line.add("─" if said else "", "rule").add(said, "dim")
    return line.add("─" * (width - line.width), "rule").cropped(width)


def _words(
    name: str, answer: Answer, pair: AttributionPair | None, scale: float, width: int, how: Choice
) -> list[Line]:
    """The text of one answer with its attributed words, once per side that is looked at."""
    if pair is None:
        words = "no attribution of this text"
        if how.waiting:
            words = "the attributions are still computed"
        elif answer.attributions:
            words += " by this method: A asks for it"
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


def quality_sentence(pair: AttributionPair, sides: Sequence[Side] = SIDES) -> str:
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
            off.append(f"{SHORT_SIDES[side]} {100 * entry.completeness_delta:.1f} %")
        if parameters.get("fidelity") is not None:
            fits.append(f"{SHORT_SIDES[side]} {figure(parameters['fidelity'], 2)}")
    parts = [f"{' and '.join(f'{count:,}' for count in counts)} {unit}"] if counts else []
    parts += [f"sum off F(x) − F(x′) by {', '.join(off)}"] if off else []
    parts += [f"weighted R² of the local model {', '.join(fits)}"] if fits else []
    return "; ".join(parts)


def _quality(pair: AttributionPair, sides: Sequence[Side], width: int) -> list[Line]:
    words = quality_sentence(pair, sides)
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
        text, words, scale, how.colours, label=label, indent=INDENT, width=width - 1, faint=grey, marks=marks
    )


def _legend(
    key: Key, pairs: Sequence[AttributionPair | None], scale: float, count: int, how: Choice
) -> list[Line]:
    method = method_title(how.methods, key[0])
    words = f"{method} of {_target_words(key, pairs)} · ±9 = ±{figure(scale, 2)}, largest |a| here"
    words += " · v: more" if count > 1 else ""
    words += " · grey: not licensed"
    return wrapped("", words, how.width, indent=INDENT, style="dim")
