"""What `assay check` says that the data can decide: the numbers are those of the statistics that the gates use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.base.records import ALL, Slice
from analysis.plugin.alpha import planned
from analysis.plugin.gate import ALPHA
from analysis.plugin.registry import get
from analysis.run.check import check_review
from analysis.run.slices import build_slices
from analysis.stats import detectable_loss, tango_interval
from analysis.tracks.intent.decidable import (
    CHURN,
    MOST_COUNTED,
    decidable_notes,
    examples_for,
    questions,
    smallest_loss,
)
from analysis.tracks.intent.gates.counts import FAMILIES
from analysis.tracks.intent.settings import intent_settings
from tests.analysis.test_check import rewrite


def decided(path: Path) -> list[str]:
    notes = check_review(path, trial=False).notes
    start = next(place for place, one in enumerate(notes) if one.startswith("decides "))
    return notes[start : start + 1 + sum(one.startswith("          ") for one in notes)]


def test_check_says_what_counting_finds_and_what_a_margin_takes(tiny_review: Path) -> None:
    rewrite(
        tiny_review,
        "max_length = 32",
        'max_length = 32\nmargins = { all = 0.02, "names a title" = 0.1, recommendation = 0.2 }',
    )
    found = decided(tiny_review)
    review = check_review(tiny_review, trial=False).review
    settings = intent_settings(review.tracks["intent"])
    slices, _ = build_slices("intent", settings, get("intent").read(settings, review, False))
    tested = len([one for one in slices if one.slice not in (ALL, "label=escalation")])
    levels = planned(review.rules, review.as_recorded())
    spent = {name: sum(levels[gate] for gate in gates) for name, gates in FAMILIES.items()}
    alphas = {
        "accuracy": spent["accuracy"],
        "escalation": spent["critical"] / 2,
        "recommendation": spent["slices"] / tested,
        "names a title": spent["slices"] / tested,
    }
    sizes = {"accuracy": 72, "escalation": 24, "recommendation": 24, "names a title": 27}
    margins = {"accuracy": 0.02, "recommendation": 0.2, "names a title": 0.1}
    assert found[0] == "decides   by counting alone, if 3% of the examples change each way:"
    wanted = []
    for name, n in sizes.items():
        loss = detectable_loss(n, alphas[name], CHURN)
        line = f"          {name}: {n} examples find a loss of {loss:.1%} half the time"
        if name in margins:
            line += f"; to exclude one of {margins[name]:.1%} takes {examples_for(margins[name]):,}"
        wanted.append(line)
    assert found[1:] == wanted


def test_more_tracks_leave_each_question_a_stricter_level(tiny_review: Path) -> None:
    review = check_review(tiny_review, trial=False).review
    settings = intent_settings(review.tracks["intent"])
    slices, _ = build_slices("intent", settings, get("intent").read(settings, review, False))
    levels = planned(review.rules, review.as_recorded())
    thirds = {name: part / 3 for name, part in levels.items()}
    alone, shared = (questions(settings, slices, parts) for parts in (levels, thirds))
    assert [one.alpha / 3 for one in alone] == pytest.approx([one.alpha for one in shared])


@pytest.mark.parametrize("margin", [0.3, 0.1, 0.05, 0.02])
def test_as_many_examples_exclude_a_margin_and_one_fewer_do_not(margin: float) -> None:
    n = examples_for(margin)

    def low(examples: int) -> float:
        changed = -(-3 * examples // 100)
        return tango_interval(changed, changed, examples)[0]

    assert low(n) > -margin
    assert low(n - 1) <= -margin


def test_too_few_examples_are_said_and_very_many_are_not_enumerated(tiny_review: Path) -> None:
    assert smallest_loss(3, 0.001) == float("inf")
    assert smallest_loss(10 * MOST_COUNTED, 0.005) == smallest_loss(MOST_COUNTED, 0.005) < 0.01
    large = [Slice(ALL, "intent", "all", False, "", 10 * MOST_COUNTED)]
    settings = intent_settings(check_review(tiny_review, trial=False).review.tracks["intent"])
    assert (
        "50,000 examples find a loss of less than 1.0% half"
        in list(decidable_notes(settings, large, {"intent.accuracy": ALPHA / 10}))[1]
    )
    lines = (tiny_review.parent / "eval.jsonl").read_text("utf-8").splitlines()
    kept = [*lines[:3], *lines[24:28], *lines[48:52]]
    (tiny_review.parent / "eval.jsonl").write_text("\n".join(kept) + "\n", "utf-8")
    said = decided(tiny_review)
    assert "          escalation: 3 examples are too few to find any loss" in said
    review = check_review(tiny_review, trial=False).review
    settings = intent_settings(review.tracks["intent"])
    assert list(decidable_notes(settings, [], planned(review.rules, review.as_recorded()))) == []
    assert all(re.search(r"examples (find|are too few)", one) for one in said[1:])
