"""Sentences about grouping, from metrics alone."""

from __future__ import annotations

import pytest

from analysis.base.records import Metric
from analysis.tracks.retrieval.grouping_sentences import attribute_sentence, lift_text, strongest_sentence
from analysis.tracks.retrieval.metric_specs import metric


def lift(
    attribute: str, base: float, candidate: float, name: str = "grouping_lift", half: float = 0.03
) -> list[Metric]:
    values = {"base": base, "candidate": candidate, "difference": candidate - base}
    return [
        metric(name, attribute, side, value, (value - half, value + half), 400, "")  # type: ignore[arg-type]
        for side, value in values.items()
    ]


def test_the_strongest_unwanted_against_the_strongest_wanted() -> None:
    rows = [
        *lift("theme", 0.3, 0.18),
        *lift("tone", 0.1, 0.1),
        *lift("template", 0.2, 0.71),
        *lift("publisher", 0, 0),
    ]
    said = strongest_sentence(rows, ["theme", "tone"], ["publisher", "template"])
    assert said == "groups by template (.71) more than by theme (.18)"
    assert strongest_sentence(
        lift("theme", 0.1, 0.6) + lift("title_length", 0, 0.2), ["theme"], ["title_length"]
    ) == ("groups by theme (.60) more than by title length (.20)")


def test_verdict_where_little_is_known() -> None:
    assert strongest_sentence([], ["theme"], []) == "what items group by is not known"
    assert strongest_sentence(lift("theme", 0.3, 0.4), ["theme"], ["publisher"]) == "groups by theme (.40)"
    weak = [*lift("theme", 0.0, 0.02), *lift("publisher", 0.0, -0.01)]
    assert (
        strongest_sentence(weak, ["theme"], ["publisher"]) == "groups by nothing declared (theme .02 at most)"
    )


@pytest.mark.parametrize(
    ("base", "candidate", "wanted", "word", "sentence"),
    [
        (0.05, 0.40, False, "more", "groups more by publisher (.05 to .40, change +.35 [+.32, +.38])"),
        (
            0.40,
            0.42,
            False,
            "inherited",
            "groups by publisher as the base did (.40 to .42, change +.02 [-.01, +.05])",
        ),
        (0.40, 0.10, False, "less", "groups less by publisher (.40 to .10, change -.30 [-.33, -.27])"),
        (0.01, 0.02, False, "none", "does not group by publisher (.01 to .02, change +.01 [-.02, +.04])"),
        (0.40, 0.38, True, "kept", "still groups by publisher (.40 to .38, change -.02 [-.05, +.01])"),
        (0.40, 0.20, True, "less", "groups less by publisher (.40 to .20, change -.20 [-.23, -.17])"),
    ],
)
def test_one_attribute_in_words(
    base: float, candidate: float, wanted: bool, word: str, sentence: str
) -> None:
    name = "grouping_lift" if wanted else "grouping_conditional_lift"
    found = attribute_sentence(lift("publisher", base, candidate, name), "publisher", wanted)
    assert (found.word, found.sentence) == (word, sentence)


def test_a_large_change_with_a_wide_interval_is_not_said() -> None:
    rows = lift("publisher", 0.0, 0.2, "grouping_conditional_lift", half=0.3)
    assert attribute_sentence(rows, "publisher", False).word == "none"


def test_unknown_says_why() -> None:
    row = metric(
        "grouping_conditional_lift", "publisher", "difference", None, None, 9, "", why="strata too small"
    )
    assert attribute_sentence([row], "publisher", False).sentence == "publisher: not known (strata too small)"
    assert attribute_sentence([], "publisher", False).word == "unknown"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.714, ".71"), (-0.2, "-.20"), (0.001, "0"), (-0.001, "0"), (1.0, "1.00"), (-1, "-1.00")],
)
def test_numbers(value: float, text: str) -> None:
    assert lift_text(value) == text
