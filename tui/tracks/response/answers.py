"""Both answers to a prompt, side by side or one below the other: with what was found, what changed, or how likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.style import Style

from analysis.base.records import SIDES, Side
from analysis.review.queries import by_side
from analysis.text.thoughts import thought_spans
from tui.draw.lines import Line, beside, text_line, wrapped
from tui.draw.number_text import figure, plural
from tui.draw.palette import attribution_style, sign_mark
from tui.tracks.response.layout import INDENT
from tui.tracks.response.spans import hits_of, texts_of
from tui.tracks.response.word_diff import word_diff
from tui.widgets.marked_text import Mark, inserts_of, row_line, rows_of, window
from tui.widgets.token_view import Word, token_lines

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions

SIDE_BY_SIDE = 100
"""Cells from which both answers stand beside each other."""
LEAST_ROWS = 4
"""Rows of an answer that are shown on the lowest screen."""
ENDINGS = {
    "recorded": ("recorded", "dim"),
    "stop": ("ended by itself", "dim"),
    "length": ("cut by the token limit", "warn"),
    "missing": ("", "dim"),
}
BLOCKS = "▁▂▃▄▅▆▇█"
LIKELIHOOD = "likelihood"
"""Switched on, words are coloured by how likely the models make them."""


class Likely(NamedTuple):
    """Tokens of both answers with candidate minus base log-probability, in nats; none where not measured."""

    base: list[Word]
    candidate: list[Word]

    def side(self, side: Side) -> list[Word]:
        """Those of one side's answer."""
        return self.base if side == "base" else self.candidate

    @property
    def scale(self) -> float:
        """The largest absolute change along both answers, or 1 where there is none."""
        return max((abs(one.score) for one in (*self.base, *self.candidate)), default=0.0) or 1.0


def read_likely(evidence: ExampleEvidence) -> Likely:
    """What both models make of both answers."""
    return Likely(likelihoods(evidence, "base"), likelihoods(evidence, "candidate"))


def answer_lines(
    evidence: ExampleEvidence, options: ViewOptions, selected: int, likely: Likely, used: int
) -> list[Line]:
    """The answers of the chosen sides, each at most as many rows as fit beside what stands above and below.

    Args:
        evidence: of one prompt.
        options: width, height, side and whether words are coloured by their likelihood.
        selected: number of the chosen hit, from 0: a long answer is shown around it.
        likely: its tokens.
        used: rows above.
    """
    sides = (options.side,) if options.side in SIDES else SIDES
    broad = options.width >= SIDE_BY_SIDE and len(sides) == 2
    width = (options.width - 3) // 2 if broad else options.width - 1
    room = max(options.height - used - (9 if options.height >= 30 else 6), 2 * LEAST_ROWS)
    most = room if broad or len(sides) == 1 else max(room // 2, LEAST_ROWS)
    blocks = [_answer(evidence, options, side, selected, likely, width, most) for side in sides]
    lines = beside(blocks[0], blocks[1], width + 2) if broad else [line for one in blocks for line in one]
    return lines + _legend(evidence, options, likely)


def _answer(
    evidence: ExampleEvidence,
    options: ViewOptions,
    side: Side,
    selected: int,
    likely: Likely,
    width: int,
    most: int,
) -> list[Line]:
    row = by_side(evidence.payload.get("response_side", ())).get(side)
    head = Line().add(f" {side} ", f"bar.{side}")
    if row is None or row["ended"] == "missing":
        return [head, Line().add("   no response on this side", "warn")]
    text: str = row["text"]
    ending, style = ENDINGS.get(row["ended"], (row["ended"], "dim"))
    head.add(f" {plural(row['words'], 'word')} ", "number").add(f" {ending}", style)
    if why := unread_of(evidence, side):
        head.add(f"  not read: {why}", "warn")
    if not text.strip():
        said = "an empty response" if not text else f"nothing but spaces: {plural(len(text), 'character')}"
        return [head, Line().add("   ").add(said, "warn")]
    tokens = likely.side(side) if LIKELIHOOD in options.switched else []
    marks = [] if tokens else [*thoughts(text), *_marks(evidence, options, side, selected)]
    rows = rows_of(text, width - 2, inserts_of(marks))
    hits = hits_of(evidence)
    here = hits[selected] if selected < len(hits) else None
    at = here.start if here is not None and here.side == side and here.text else None
    first, last = window(rows, max(most // 2, 3) if tokens else most, at)
    lines = [head]
    if first:
        lines.append(Line().add(f"  ⋯ {plural(first, 'row')} above", "faint"))
    scale = likely.scale if tokens else 1.0
    for one in rows[first:last]:
        if tokens:
            lines += _likely(text, one, tokens, scale, options, width)
        else:
            lines.append(row_line(text, one, marks, label=" ", indent=2, width=width - 2))
    if last < len(rows):
        lines.append(Line().add(f"  ⋯ {plural(len(rows) - last, 'row')} below: space shows all", "faint"))
    return lines


def thoughts(text: str) -> list[Mark]:
    """What a model thought beside its answer, which nobody reads as part of it."""
    return [Mark(start, end, "", "", "faint") for start, end in thought_spans(text)]


def unread_of(evidence: ExampleEvidence, side: Side) -> str:
    """Why some detector does not read an answer; empty where all of them do."""
    rows = evidence.payload.get("response_unread", ())
    return next((row["why"] for row in rows if row["side"] == side), "")


def _marks(evidence: ExampleEvidence, options: ViewOptions, side: Side, selected: int) -> list[Mark]:
    """Stretches that changed, where the difference is asked for; else the hits, numbered."""
    if options.side == "difference":
        texts = texts_of(evidence)
        gone, new = word_diff(texts.get("base", ""), texts.get("candidate", ""))
        if side == "base":
            return [Mark(start, end, "[-", "-]", "bad") for start, end in gone]
        return [Mark(start, end, "{+", "+}", "good") for start, end in new]
    plain = options.colours.style("mark")
    chosen = plain + Style(reverse=True)
    return [
        Mark(one.start, one.end, f"‹{number + 1} ", "›", chosen if number == selected else plain)
        for number, one in enumerate(hits_of(evidence))
        if one.side == side and one.text
    ]


def likelihoods(evidence: ExampleEvidence, side: Side) -> list[Word]:
    """Tokens of one side's answer with candidate minus base log-probability, in nats; none where not measured."""
    row: Mapping[str, Any] | None = by_side(evidence.payload.get("response_token", ())).get(side)
    if row is None:
        return []
    columns = ("starts", "ends", "base_logp", "candidate_logp")
    return [
        Word(start, end, candidate - base)
        for start, end, base, candidate in zip(*(row[name] for name in columns), strict=True)
    ]


def _likely(
    text: str,
    row: tuple[int, int],
    tokens: Sequence[Word],
    scale: float,
    options: ViewOptions,
    width: int,
) -> list[Line]:
    """A row of an answer with each token by how much likelier the candidate makes it, and the marks below."""
    start, end = row
    end = start + len(text[start:end].rstrip(" \n"))
    own = [
        Word(max(one.start, start) - start, min(one.end, end) - start, one.score)
        for one in tokens
        if one.start < end and one.end > start
    ]
    return token_lines(text[start:end], own, scale, options.colours, label=" ", indent=2, width=width)


def _legend(evidence: ExampleEvidence, options: ViewOptions, likely: Likely) -> list[Line]:
    if options.side == "difference":
        line = (
            Line().add("  ").add("[-only the base-]", "bad").add("  ").add("{+only the candidate+}", "good")
        )
        return [line.add("   D: as they are", "dim") if options.width >= 64 else line]
    if LIKELIHOOD not in options.switched:
        return []
    if not (likely.base or likely.candidate):
        why = next(
            (row["why"] for row in evidence.context.get("rates", ()) if row["name"] == "kl" and row["why"]),
            "",
        )
        said = f"log-probabilities were not measured for this prompt{f': {why}' if why else ''}"
        return wrapped("", said, options.width, indent=2, style="warn")
    colours, scale = options.colours, likely.scale
    what = "log p(cand) − log p(base)" if options.width >= 70 else "log p"
    line = Line().add(f"  {what}: ", "dim")
    for word, shares in (("less likely", (-0.9, -0.5, -0.2)), ("likelier", (0.2, 0.5, 0.9))):
        for share in shares:
            line.add(sign_mark(share, 1.0), attribution_style(share, 1.0, colours.depth, colours.dark))
        line.add(f" {word} ", "dim")
    more = f" ±9 = ±{figure(scale, 2)} nats"
    return (
        [line.add(more, "dim")] if line.width + len(more) < options.width else [line, text_line(more, "dim")]
    )


def likelihood_lines(evidence: ExampleEvidence, options: ViewOptions, likely: Likely) -> list[Line]:
    """Where along the candidate's answer the two models part, and the tokens that rose most anywhere."""
    width = options.width
    lines: list[Line] = []
    tokens = likely.candidate or likely.base
    if tokens:
        label = " log p" if likely.candidate else " log p base"
        line = Line().column(label, INDENT, "dim")
        line.add(_profile([one.score for one in tokens], max(min(width - INDENT - 33, 60), 10)), "number")
        low, high = (figure(pick(one.score for one in tokens), 1) for pick in (min, max))
        lines.append(line.add(f"  {low} to {high} nats   p: by token", "dim"))
    upweighted = evidence.context.get("upweighted", ())
    if upweighted and (tokens or options.height >= 30):
        tokens_text = "   ".join(
            f"{row['token'].strip() or '␠'} +{row['change']:.1f}" for row in upweighted[:5]
        )
        lines += wrapped(" rose most", tokens_text, width, indent=INDENT, style="number")[:2]
    return lines


def _profile(values: Sequence[float], width: int) -> str:
    """Means of equal stretches as blocks, the lowest to the highest."""
    count = min(width, len(values))
    edges = [len(values) * place // count for place in range(count + 1)]
    means = [sum(values[start:end]) / (end - start) for start, end in pairwise(edges)]
    low, spread = min(means), max(means) - min(means)
    return "".join(BLOCKS[round((mean - low) / spread * 7) if spread else 0] for mean in means)
