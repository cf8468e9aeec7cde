"""Causes of the intent track: a class that was mislabelled, an opening, a cue; and what is no cause."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np

from analysis.base.records import ALL, Cause, Example, Slice
from analysis.data.memberships import membership_rows
from analysis.plugin.causes import contested_units, examples_of, fixed_groups, shared_causes, text_groups
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.tracks.intent.causes import (
    _beside,
    _own_groups,
    cue_causes,
    discovered_slices,
    outcomes,
    slice_metrics,
)
from analysis.tracks.intent.contested import contested
from analysis.tracks.intent.cue_evidence import shift_limits
from analysis.tracks.intent.names import RELEVANCE
from analysis.tracks.intent.predict import side_rows
from analysis.tracks.intent.settings import IntentSettings, intent_settings
from tests.analysis.tracks.intent.probed import empty_workbench, probe

LABELS = ["returns", "payment", "escalation", "shipping"]
WORDS = {
    "returns": "send back the box number {}",
    "payment": "my card was charged for order {}",
    "escalation": "let me speak with somebody about {}",
    "shipping": "when does parcel {} arrive here",
}
Row = tuple[str, str, str, str]
"""Text, gold, base and candidate."""


def rows(n: int = 60) -> list[Row]:
    """Messages that both sides have right, as many of each class."""
    return [
        (WORDS[label].format(f"{label[0]}{number}x"), *[label] * 3) for label in LABELS for number in range(n)
    ]


def workbench(of: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    connection = empty_workbench()
    refs = [f"intent/message:{number:04}" for number in range(len(of))]
    golds = [gold for _, gold, _, _ in of]
    insert_rows(
        connection,
        "example",
        [
            Example(ref, "intent", "message", ref, None, text, gold, "")
            for ref, (text, gold, _, _) in zip(refs, of, strict=True)
        ],
    )
    named = list(zip(refs, golds, strict=True))
    members = {f"label={one}": [ref for ref, gold in named if gold == one] for one in LABELS}
    insert_arrow(connection, "membership", membership_rows("intent", {ALL: refs, **members}))
    slices = [Slice(ALL, "intent", "all", False, "", len(of))]
    slices += [
        Slice(f"label={one}", "intent", "class", one == "escalation", "", golds.count(one)) for one in LABELS
    ]
    insert_rows(connection, "slice", slices)
    for column, side in ((2, "base"), (3, "candidate")):
        logits = 3 * np.eye(len(LABELS), dtype=np.float32)[[LABELS.index(row[column]) for row in of]]
        insert_arrow(connection, "intent_side", side_rows(refs, side, logits, LABELS, golds))
    insert_arrow(connection, "contested", contested(connection, "label", ["escalation"]))
    return connection


def found(connection: duckdb.DuckDBPyConnection) -> list[Cause]:
    examples = examples_of(connection, "intent", "drawn")
    settings = IntentSettings.model_construct(label="label", critical=["escalation"], irrelevant={})
    fixed = [*_own_groups(connection), *fixed_groups(connection, "intent")]
    happened = outcomes(connection, settings, examples)
    return shared_causes("intent", examples, happened, fixed, text_groups(examples), _beside(connection))


def test_a_mislabelled_class_is_told_with_where_its_messages_go() -> None:
    made = rows()
    for number in range(20):
        text, gold, base, _ = made[number]
        made[number] = (text, gold, base, "shipping")
    first = found(workbench(made))[0]
    assert first.kind == "class"
    assert first.sentence == (
        "20 of 20 broken are labelled returns (25% of all are); 20 of them go to shipping"
    )
    assert first.refs == tuple(f"intent/message:{number:04}" for number in range(20))
    assert (first.members, first.outcomes, first.holding, first.examples) == (20, 20, 60, 240)


def test_an_opening_that_newly_leads_to_a_class_is_confirmed_on_the_other_half() -> None:
    made = rows()
    for number in range(0, 240, 10):
        text, gold, base, _ = made[number]
        if gold != "escalation":
            made[number] = (f"hi, {text}", gold, base, "escalation")
    causes = found(workbench(made))
    (opening,) = [one for one in causes if one.kind == "opening" and one.outcome != "broken"]
    assert opening.sentence.startswith("18 of 18 newly sent to escalation begin “hi,")
    assert opening.sentence.endswith("(8% of all do)")
    assert opening.p is not None
    assert opening.p < 0.01


def test_what_changes_either_way_alike_is_no_cause() -> None:
    made = rows()
    for number in range(24):
        text, gold, _, _ = made[number]
        right, wrong = "returns", "shipping"
        made[number] = (text, gold, *((right, wrong) if number % 2 else (wrong, right)))
    assert found(workbench(made)) == []


def test_nothing_that_got_worse_has_no_cause() -> None:
    assert found(workbench(rows())) == []


def moved(path: Path, own: float, change: float, base: float) -> list[Cause]:
    """The cue causes of a real small run in which titles do that much to other texts."""
    context, _ = probe(path)
    for side, value in (("candidate", own), ("difference", change), ("base", base)):
        context.workbench.execute(
            "UPDATE metric SET value = $value, low = $value - .005, high = $value + .005, n = 300 "
            "WHERE name = 'relevance_own_other' AND slice = 'escalation/titles' AND side = $side",
            {"value": value, "side": side},
        )
    settings = intent_settings(context.settings)
    limits = shift_limits(context.review.rules[RELEVANCE].thresholds)
    examples = examples_of(context.workbench, "intent", "drawn")
    return cue_causes(context.workbench, settings, limits, examples)


def test_a_cue_is_a_cause_by_what_inserting_it_does_beside_the_base_and_neutral_phrases(
    tiny_review: Path,
) -> None:
    (one,) = moved(tiny_review, 0.4, 0.39, 0.01)
    assert one.shared == "titles"
    assert one.sentence.startswith(
        "titles move messages to escalation: inserted into 300 other texts, p +0.40 (base +0.01, neutral phrase "
    )
    assert (one.candidate, one.base) == (0.4, 0.01)
    assert one.neutral is not None
    assert "intent.relevance[escalation/titles]" in one.gates


def test_a_cue_that_takes_the_class_away_says_so(tiny_review: Path) -> None:
    (one,) = moved(tiny_review, -0.4, -0.39, -0.01)
    assert one.sentence.startswith("titles take messages from escalation")


def test_what_the_base_does_as_well_is_no_cause(tiny_review: Path) -> None:
    assert moved(tiny_review, 0.4, 0.15, 0.25) == []
    assert moved(tiny_review, 0.005, 0.005, 0.0) == []


def test_a_discovered_slice_has_the_numbers_of_the_half_that_confirms_it() -> None:
    made = rows(120)
    for number in range(0, 480, 8):
        text, gold, base, _ = made[number]
        made[number] = (f"{text} for $12", gold, base, "shipping" if gold != "shipping" else "returns")
    connection = workbench(made)
    examples = examples_of(connection, "intent", "drawn")
    units = contested_units(connection, "intent", "accuracy", ALL, examples)
    slices = discovered_slices(examples, units, text_groups(examples))
    assert slices[0].name.startswith("discovered: ")
    assert set(slices[0].refs) == {f"intent/message:{number:04}" for number in range(0, 480, 8)}
    broken = next(one for one in slice_metrics(slices, examples, units) if one.name == "broken")
    assert broken.value == len(slices[0].confirming) < 60
