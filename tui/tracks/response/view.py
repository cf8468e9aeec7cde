"""The response view: a prompt, what both sides answered, what was found in that, and what it was checked against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.attribution.licences import FindingEvidence
from tui.draw.lines import Line, rule, wrapped
from tui.draw.number_text import figure
from tui.draw.palette import MINUS
from tui.draw.safe_text import cells
from tui.plugin.attributions import method_title, words_of
from tui.plugin.common import annotation_lines, flag_reasons
from tui.plugin.options import ViewOptions
from tui.tracks.response.answers import answer_lines, likelihood_lines, read_likely
from tui.tracks.response.behaviours import behaviour_lines
from tui.tracks.response.checked_against import against_lines
from tui.tracks.response.deployed import deployed_lines
from tui.tracks.response.layout import INDENT, TALL, cut
from tui.tracks.response.rates import rate_lines
from tui.tracks.response.spans import hits_of, span_lines
from tui.tracks.response.turns import LEAST_TURNS, Scored, turn_blocks, within

if TYPE_CHECKING:
    from analysis.base.records import Attribution, MethodSpec
    from analysis.review.queries import ExampleEvidence


def example_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The whole view of one prompt."""
    width = options.width
    selected = selected_hit(evidence, options)
    lines = [*_prompt(evidence, options, selected), rule(width)]
    likely = read_likely(evidence)
    lines += answer_lines(evidence, options, selected, likely, len(lines))
    lines += deployed_lines(evidence, options)
    known = behaviour_lines(evidence, options)
    lines += [rule(width), *known] if known else []
    lines += [rule(width), *span_lines(evidence, options, selected)]
    lines += against_lines(evidence, options)
    shifted = likelihood_lines(evidence, options, likely)
    rates = rate_lines(evidence, options)
    lines += [rule(width), *shifted, *rates] if shifted or rates else []
    return [*lines, rule(width), *annotation_lines(evidence, options)]


def selected_hit(evidence: ExampleEvidence, options: ViewOptions) -> int:
    """Number of the chosen hit, from 0; the view takes it modulo what it has."""
    count = len(hits_of(evidence))
    return options.chosen % count if count else 0


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
    order = list(evidence.methods)
    own = sorted(
        (one for one in evidence.attributions if one.target == hit.target and one.side == hit.side),
        # What a method refused to explain comes last, as in the other tracks.
        key=lambda one: (
            one.status == "not interpretable",
            order.index(one.method) if one.method in order else len(order),
        ),
    )
    return own[options.method % len(own)] if own else None


def _prompt(evidence: ExampleEvidence, options: ViewOptions, selected: int) -> list[Line]:
    width = options.width
    entry = attribution_of(evidence, options, selected)
    scored = None
    if entry is not None:
        scored = Scored(words_of(entry), max((abs(score) for score in entry.scores), default=0.0) or 1.0)
    blocks = turn_blocks(evidence, options, scored)
    most = 8 if options.height >= TALL else 4 if entry else 2
    lines = blocks[0] if len(blocks) == 1 else within(blocks, max(most, LEAST_TURNS))
    if len(blocks) == 1 and len(lines) > most:
        left = len(lines) - most
        lines = [*lines[:most], Line().to(INDENT).add(f"⋯ {left} more rows: space shows all", "faint")]
    if entry is not None and scored is not None:
        lines.append(_attributed(entry, evidence.methods, selected, scored.scale, width))
    expects = ", ".join(row["expects"] for row in evidence.context.get("expected", ()))
    said = f"expected: {expects}" if expects else "nothing particular is expected"
    if lines[0].width + cells(said) + 2 < width:
        lines[0].end(said, width - 1, "good" if expects else "dim")
    else:
        lines += wrapped(" expected", expects or "nothing particular", width, indent=INDENT, style="good")
    flags = flag_reasons(evidence)
    if flags:
        lines += cut(
            wrapped(" flags", flags, width - 2, indent=INDENT, style="number"),
            2 if options.height >= TALL else 1,
        )
    return lines


def _attributed(
    entry: Attribution, methods: Mapping[str, MethodSpec], selected: int, scale: float, width: int
) -> Line:
    """What the colours of the prompt say, and how far they can be relied on."""
    method = method_title(methods, entry.method)
    line = Line().to(INDENT).add(f"why {selected + 1}: ", "key")
    line.add(f"+ makes it likelier, {MINUS} less · ±9 = ±{figure(scale, 2)} nats · {method} · v: more", "dim")
    if entry.completeness_delta is not None:
        line.add(f" · completeness {100 * entry.completeness_delta:.1f} %", "dim")
    if entry.status != "ok":
        line.add(f" · {entry.status}", "warn")
    return (
        line if line.width < width else Line().to(INDENT).column(line.plain[INDENT:], width - INDENT, "dim")
    )
