"""A prompt, its answers and what was found in them, as plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from analysis.review.queries import by_side
from analysis.tracks.response.reference_words import passage_text, promise_text, title_text
from tui.plugin.common import flag_reasons
from tui.tracks.response.behaviours import behaviour_sentences
from tui.tracks.response.rates import votes_text
from tui.tracks.response.spans import hits_of, texts_of
from tui.tracks.response.turns import said

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence


def summary(evidence: ExampleEvidence) -> list[str]:
    """A prompt, its answers and what was found in them, as plain sentences."""
    rows = [f"prompt, {who}: {text}" if who else f"prompt: {text}" for who, text in said(evidence)]
    expects = ", ".join(row["expects"] for row in evidence.context.get("expected", ()))
    rows += [f"expected: {expects}"] if expects else []
    rows += [f"flags: {flag_reasons(evidence)}"] if evidence.flags else []
    texts = texts_of(evidence)
    sides = by_side(evidence.payload.get("response_side", ()))
    for side in SIDES:
        if side not in texts:
            rows.append(f"{side}: no response on this side")
            continue
        cut = ", cut by the token limit" if sides[side]["ended"] == "length" else ""
        rows.append(
            f"{side}, {sides[side]['words']} words{cut}: {texts[side] if texts[side].strip() else 'empty'}"
        )
    rows += behaviour_sentences(evidence)
    for number, one in enumerate(hits_of(evidence), start=1):
        quote = f"“{one.text}”" if one.text else "the whole answer"
        rows.append(
            f"{number}, {one.side}, {one.detector}, {one.label}: {quote}; {one.why}; {one.state[0][2:]}"
        )
    rows += [] if hits_of(evidence) else ["no detector found anything that counts"]
    rows += [f"catalogue: {title_text(row)}" for row in evidence.context.get("catalogue", ())]
    rows += [f"policy: {promise_text(row)}" for row in evidence.context.get("promises", ())]
    rows += [f"passage: {passage_text(row)}" for row in evidence.context.get("passages", ())]
    votes = votes_text(evidence)
    rows += [f"preferred here by {votes}"] if votes else []
    return rows
