"""`[traffic]`, `[costs]` and margins: every mistake is found, with its line and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.store.run import current_run
from tests.analysis.test_check import failure, rewrite


def declare(path: Path, text: str) -> None:
    rewrite(path, "[lexicons]", f"{text}\n\n[lexicons]")


@pytest.mark.parametrize(
    ("declared", "message", "hint"),
    [
        (
            '[traffic]\nweights = { "label=escalate" = 0.1 }',
            "a share of traffic is given to 'label=escalate', and there is no such slice",
            "did you mean 'label=escalation'?",
        ),
        ('[traffic]\nweights = { "label=escalation" = 0 }', "should be greater than 0, not 0", ""),
        ('[traffic]\nweights = { "label=escalation" = 1.5 }', "less than or equal to 1, not 1.5", ""),
        ('[traffic]\nweigths = { "label=escalation" = 0.5 }', "traffic.weigths: unknown key", "'weights'"),
        (
            '[traffic]\nweights = { "label=escalation" = 0.6, "label=recommendation" = 0.6 }',
            "the classes have 1.2 of the traffic together, more than all of it",
            "add up to 1 or less",
        ),
        (
            '[traffic]\nweights = { "label=escalation" = 0.2, "label=recommendation" = 0.2, '
            '"label=order_tracking" = 0.2 }',
            "together they have only 0.6 of the traffic",
            "leave one out",
        ),
        (
            '[traffic]\nweights = { "very short" = 0.2 }',
            "a share of traffic is given to 'very short', of which there is no example",
            "",
        ),
        (
            "[costs]\nmissed = { escalatoin = 20 }",
            "a cost is given to 'escalatoin', and there is no such class",
            "did you mean 'escalation'?",
        ),
        ("[costs]\nfalse = { escalation = -1 }", "greater than or equal to 0, not -1", ""),
    ],
)
def test_a_wrong_share_or_cost_is_named_with_its_line(
    tiny_review: Path, declared: str, message: str, hint: str
) -> None:
    declare(tiny_review, declared)
    if "very short" in declared:
        rewrite(tiny_review, '"word_count <= 3"', '"word_count <= 0"')
    error = failure(tiny_review, trial=False)
    assert message in error.message
    assert hint in (error.hint or "")
    assert error.where is not None
    assert error.where.startswith(f"{tiny_review}:")


@pytest.mark.parametrize(
    ("margins", "message"),
    [
        (
            "{ escalatoin = 0.05 }",
            "a margin is declared for 'escalatoin', which is no class, no critical slice and not 'all'",
        ),
        ("{ escalation = 0 }", "intent.margins.escalation: input should be greater than 0"),
        ("{ escalation = 1 }", "intent.margins.escalation: input should be less than 1"),
        ('{ "very short" = 0.1 }', "a margin is declared for 'very short'"),
    ],
)
def test_a_margin_is_of_a_class_a_critical_slice_or_all(
    tiny_review: Path, margins: str, message: str
) -> None:
    rewrite(tiny_review, "max_length = 32", f"max_length = 32\nmargins = {margins}")
    error = failure(tiny_review, trial=False)
    assert message in error.message
    assert f"{tiny_review}:" in str(error)


def test_sound_margins_reach_the_gates_and_shares_and_costs_name_the_run(
    tiny_review: Path, tiny_store: Path
) -> None:
    before = current_run(tiny_store)
    margins = 'margins = { all = 0.02, escalation = 0.05, "names a title" = 0.1 }\nthreshold = 0.5'
    rewrite(tiny_review, "max_length = 32", f"max_length = 32\n{margins}")
    settings = check_review(tiny_review, trial=False).review.tracks["intent"].model_dump()
    assert settings["margins"] == {"all": 0.02, "escalation": 0.05, "names a title": 0.1}
    declare(tiny_review, '[traffic]\nweights = { "label=escalation" = 0.1 }')
    weighed = analyze(tiny_review)
    from analysis.review.session import ReviewSession

    with ReviewSession.open(weighed.store, read_only=True) as session:
        known = session.gate_input().settings["intent"]
    assert known["margins"] == settings["margins"]
    assert known["threshold"] == 0.5
    declare(tiny_review, "[costs]\nmissed = { escalation = 20 }")
    assert len({before, weighed.run, analyze(tiny_review).run}) == 3
