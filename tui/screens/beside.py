"""The example beside a line: the first one that the line leads to, as its own page shows it, closed where that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.review.scope import Scope
from tui.draw.lines import Line, rule
from tui.plugin.closed_page import closed_lines, shown_name
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession
    from tui.draw.lines import Target
    from tui.draw.theme import Colours
    from tui.plugin.asked_page import AskedPage


def scope_of(session: ReviewSession, target: Target) -> Scope | None:
    """The examples that a line leads to; None where it leads to none."""
    if target.kind in ("examples", "ref"):
        return Scope(refs=target.refs, everything=True)
    if target.kind == "slice":
        scope = Scope(track=target.track, slice=target.name or None)
        # A slice of which nothing is queued still has examples.
        return (
            scope
            if session.queue_count(scope)
            else Scope(track=target.track, slice=scope.slice, everything=True)
        )
    if target.kind == "flagged":
        return Scope(gate=target.name, everything=True)
    if target.kind == "gate":
        gate = next((one for one in session.gates() if one.key == target.name), None)
        refs = () if gate is None else (*gate.open, *(ref for ref in gate.refs if ref not in gate.open))
        return Scope(refs=refs, everything=True) if refs else None
    return None


def beside_lines(
    session: ReviewSession, page: AskedPage, target: Target | None, colours: Colours, width: int, height: int
) -> list[Line]:
    """The first example that a line leads to; none where it leads to none.

    Args:
        session: the review.
        page: asks of the example; what is still to be judged blind stays closed.
        target: of the line.
        colours: depth and background.
        width: cells there are.
        height: rows there are.
    """
    scope = scope_of(session, target) if target is not None else None
    rows = session.queue_page(scope, 0, 1) if scope is not None else []
    if scope is None or not rows:
        return []
    evidence = session.example(rows[0].ref)
    page.turn_to(evidence)
    view = view_of(evidence.example.track)
    total = session.queue_count(scope)
    name = shown_name(evidence) if page.closed else f"{evidence.example.kind}:{evidence.example.id}"
    head = Line().add(f" 1/{total:,}", "number").end(name, width - 1, "dim")
    if page.closed:
        drawn = closed_lines(evidence, page, width, view.said(evidence))
    else:
        specs = session.gate_input().specs.get(evidence.example.track, {})
        gates = {gate.key: gate for gate in session.gates()}
        drawn = view.example(evidence, ViewOptions(width, height - 2, colours, gates=gates, specs=specs))
    return [head, rule(width), *drawn]
