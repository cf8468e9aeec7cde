"""The text of an example with its words coloured by attribution, once per side, and how far that can be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.attribution.licences import FindingEvidence
from tui.draw.lines import Line, wrapped
from tui.draw.number_text import figure
from tui.draw.palette import attribution_style, sign_mark
from tui.draw.safe_text import cells, fit
from tui.plugin.attributions import AttributionPair, attribution_pairs, difference, words_of
from tui.plugin.common import INDENT, marked_spans
from tui.plugin.interventions import intervention_lines
from tui.plugin.licence import licence_lines, licensed
from tui.plugin.options import ViewOptions
from tui.widgets.token_view import Word, token_lines

if TYPE_CHECKING:
    from analysis.base.records import Attribution
    from analysis.review.queries import ExampleEvidence

RELIABLE_DELTA = 0.05
"""Completeness delta above which an attribution is not reliable."""


def attributed_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The text of an example for each side that is looked at, with licence, legend and what reverts a flip.

    Where it has no attribution, it stands there once, and where others of its track have some, that is said.
    """
    pairs = attribution_pairs(evidence.attributions, evidence.methods)
    text = evidence.example.text
    lines: list[Line] = []
    if not pairs:
        lines += wrapped(" text", text, options.width, indent=INDENT)
        said = "no attribution: this example was not selected for it"
        return [*lines, Line().to(INDENT).add(said, "dim")] if evidence.methods else lines
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
    return lines + intervention_lines(evidence, options.width, INDENT, options.height)


def shown_evidence(evidence: ExampleEvidence, options: ViewOptions) -> list[FindingEvidence]:
    """The attributions on the screen, the candidate's first, licensed or not."""
    pairs = attribution_pairs(evidence.attributions, evidence.methods)
    if not pairs:
        return []
    pair = pairs[options.method % len(pairs)]
    return [
        FindingEvidence("attribution", entry.method, entry.side, entry.target)
        for entry in (pair.candidate, pair.base)
        if entry is not None and options.side in ("both", "difference", entry.side)
    ]


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
        options.colours,
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


def _legend(
    pair: AttributionPair, scale: float, count: int, options: ViewOptions, what: str, *, grey: bool
) -> list[Line]:
    colours = options.colours
    line = Line().to(INDENT)
    for word, shares in (("opposes", (-0.9, -0.5, -0.2)), ("supports", (0.2, 0.5, 0.9))):
        for share in shares:
            style = "dim" if grey else attribution_style(share, 1.0, colours.depth, colours.dark)
            line.add(sign_mark(share, 1.0), style)
        line.add(f" {word} ", "dim")
    tail = f" ±9 = ±{figure(scale, 2)}, largest |a| here" + (" · v: more" if count > 1 else "")
    line.add(fit(tail, min(cells(tail), max(options.width - line.width, 1))), "dim")
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
