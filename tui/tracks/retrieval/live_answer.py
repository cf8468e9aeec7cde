"""What two encoders bring near one text, in a what-if: both lists, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES, Side
from tui.draw.number_text import figure
from tui.tracks.retrieval.neighbour_lines import list_lines
from tui.tracks.retrieval.neighbours import NONE, Lists, Neighbour, about, read_attributes

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.draw.lines import Line
    from tui.plugin.live_lines import Outputs

FIRST = 10
"""Places of both lists that are compared in a sentence."""


def live_lists(evidence: ExampleEvidence, outputs: Outputs, titles: Mapping[str, str]) -> Lists:
    """Both lists of one text, as long as the lists of the example are shown.

    Args:
        evidence: of the example that the text was made from.
        outputs: by side, `neighbours` and `scores`.
        titles: of items, by ref, beside those that the evidence names.
    """
    k = about(evidence).get("k") or FIRST
    named = {row["ref"]: row["title"] for row in evidence.context.get("items", ())} | dict(titles)
    attributes = read_attributes(evidence.context.get("attributes", ()))
    relevant = {
        row[column] for row in evidence.context.get("relevant", ()) for column in ("item_ref", "title_ref")
    }
    depth = max(len(outputs[side]["neighbours"]) for side in SIDES)
    made: dict[Side, tuple[Neighbour, ...]] = {}
    for side, other in zip(SIDES, reversed(SIDES), strict=True):
        ranks = {ref: rank for rank, ref in enumerate(outputs[other]["neighbours"], 1)}
        rows = zip(outputs[side]["neighbours"][:k], outputs[side]["scores"], strict=False)
        made[side] = tuple(
            Neighbour(
                ref,
                named.get(ref) or _id(ref),
                side,
                rank,
                ranks.get(ref),
                score,
                ref in relevant if relevant else None,
                attributes.get(ref, NONE),
                suspect=False,
            )
            for rank, (ref, score) in enumerate(rows, 1)
        )
    return Lists(made["base"], made["candidate"], k, depth, named, attributes)


def neighbour_answer_lines(
    evidence: ExampleEvidence,
    outputs: Outputs,
    before: Outputs | None,
    reply: Mapping[str, Any],
    width: int,
) -> list[Line]:
    """Base above candidate: each list, and how much of it the text before had.

    Args:
        evidence: of the example that the text was made from.
        outputs: what both sides bring near the text.
        before: what they brought near it before it was changed; None for that text itself.
        reply: all that the worker said of the text; empty where `outputs` are those of the run.
        width: cells there are.
    """
    lists = live_lists(evidence, outputs, reply.get("titles", {}))
    lines: list[Line] = []
    for side in SIDES:
        said = ""
        if before is not None:
            new = _new(before[side], outputs[side], lists.k)
            said = f"{len(new)} of {len(lists.side(side))} not there before"
        lines += list_lines(side, lists, said, width, lists.k, {})
    return lines


def change_sentence(before: Outputs, after: Outputs) -> tuple[str, str]:
    """How many of the first items became others, of each side, and which now stands first."""
    parts = []
    for side in ("candidate", "base"):
        new = _new(before[side], after[side], FIRST)
        was, now = (one[side]["neighbours"][:1] for one in (before, after))
        said = f"the {side} brings {len(new)} of {min(FIRST, len(after[side]['neighbours']))} others"
        if not new:
            said = f"the {side} brings the same"
        if was != now and was and now:
            said += f" (first: {_id(was[0])} → {_id(now[0])})"
        parts.append(said)
    changed = any(_new(before[side], after[side], FIRST) for side in SIDES)
    return "; ".join(parts), "warn" if changed else "text"


def list_sentences(reply: Mapping[str, Any], side: Side) -> Sequence[str]:
    """Every item that one side brings near, with its cosine."""
    output = reply["sides"][side]["output"]
    titles = reply.get("titles", {})
    found = (
        f"{rank} {titles.get(ref) or _id(ref)} {figure(score, 4)}"
        for rank, (ref, score) in enumerate(zip(output["neighbours"], output["scores"], strict=True), 1)
    )
    return (", ".join(found),)


def _new(before: Mapping[str, Any], after: Mapping[str, Any], k: int) -> list[str]:
    """Items among the first k that were not among them before."""
    had = set(before["neighbours"][:k])
    return [ref for ref in after["neighbours"][:k] if ref not in had]


def _id(ref: str) -> str:
    return ref.partition(":")[2] or ref
