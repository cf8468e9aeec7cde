"""What the track says first, and in the inspection report."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, Slice
from analysis.tracks.retrieval.plain_changes import changes
from analysis.tracks.retrieval.report_sections import report_sections
from analysis.tracks.retrieval.triggers import triggers
from tests.analysis.tracks.retrieval.gate_inputs import (
    NO_SPOILERS,
    given,
    grouping,
    one,
    pairs,
    probes,
    wanted,
)
from tests.analysis.tracks.retrieval.measured import Measured, measure
from tests.analysis.tracks.retrieval.spaces import catalogue, unit, with_candidate

FIELD = "Embedding neighborhood findings"


def fired(judged: GateInput) -> dict[str, bool]:
    """Name of each trigger that fired, and whether it is for the worse."""
    return {each.name: each.worse for each in triggers(judged) if each.fired}


def test_better_overall_but_probes_broke_comes_first_with_its_examples() -> None:
    judged = given(probes(0.05, broken=4, fixed=16), flagged={"retrieval.probes": ("q1", "q2")})
    first, *_ = triggers(judged)
    assert first.name == "better overall, but broke probes"
    assert first.fired
    assert first.refs == ("q1", "q2")
    assert first.value == pytest.approx(0.05)
    assert "recall@10 0.50 → 0.55, and 4 of 120 probes lost relevant items" in first.sentence


def test_worse_overall_or_nothing_broken_is_another_occasion() -> None:
    assert not fired(given(probes(-0.01, broken=4)))
    assert not fired(given(probes(0.05, broken=0, fixed=9)))


@pytest.mark.parametrize(("change", "expected"), [(-0.1, True), (0.1, False), (0.01, None)])
def test_a_critical_slice_changed_for_the_better_or_the_worse(change: float, expected: bool | None) -> None:
    judged = given(probes(change, slice_name=NO_SPOILERS.slice), slices=(NO_SPOILERS,))
    assert fired(judged).get("a critical slice's recall changed") is expected


def test_grouping_by_what_is_unwanted_and_giving_up_what_is_wanted() -> None:
    rose = [*wanted(0.5, 0.5), *grouping("publisher", 0.1, 0.6), *grouping("tone", 0.5, 0.2)]
    assert set(fired(given(rose))) == {"groups by an unwanted attribute", "groups less by a wanted attribute"}
    calm = [*wanted(0.5, 0.5), *grouping("publisher", 0.6, 0.6), *grouping("tone", 0.5, 0.45)]
    assert not fired(given(calm))
    few = [*wanted(0.5, 0.5), *grouping("publisher", 0.1, 0.6, n=60)]
    assert not fired(given(few))


def test_more_hard_negatives_violated_than_before() -> None:
    assert fired(given(pairs(100, 5, 2))) == {"hard negatives regressed": True}
    assert not fired(given(pairs(100, 2, 2)))


def test_nothing_measured_says_nothing() -> None:
    assert triggers(given([])) == []


@pytest.fixture(scope="module")
def published() -> Iterator[Measured]:
    """A candidate that groups by publisher, with its run attached as the console attaches it."""
    space = catalogue()
    directions = np.random.default_rng(8).normal(size=(6, 24))
    candidate = unit(space.vectors["base"] + 0.35 * directions[space.attributes[1].codes])
    found = measure(with_candidate(space, candidate), {"half": space.queries[:30]}, ["half"])
    found.connection.execute("ATTACH ':memory:' AS evidence")
    found.connection.execute("COPY FROM DATABASE memory TO evidence")
    yield found
    found.connection.close()


def test_findings_name_the_attribute_the_numbers_and_the_pairs(published: Measured) -> None:
    sentences = report_sections(published.connection, published.given)[FIELD]
    text = "\n".join(sentences)
    # What moved furthest is told first.
    assert sentences[0].startswith("not wanted: groups more by publisher")
    assert "the candidate groups by publisher" in text
    assert "wanted: " in text
    assert "of its nearest neighbours, on 150 items" in text
    assert "titles that are easily confused" in text
    assert "moved together by" in text
    assert "of the neighbours of items with publisher=publisher" in text
    assert "recall@10 of all probes" in text


def test_every_number_of_a_change_has_its_interval(published: Measured) -> None:
    for sentence in report_sections(published.connection, published.given)[FIELD]:
        if "change" in sentence:
            assert "[" in sentence, sentence


def test_worst_pairs_are_quoted_by_query_and_titles(published: Measured) -> None:
    (count,) = published.connection.execute(
        "SELECT count(*) FROM evidence.retrieval_margin WHERE candidate_violated AND NOT base_violated"
    ).fetchone() or (0,)
    quoted = [
        sentence
        for sentence in report_sections(published.connection, published.given)[FIELD]
        if sentence.startswith("“")
    ]
    assert len(quoted) == min(3, count)
    assert all("now finds i" in sentence for sentence in quoted)


def test_slices_are_told_by_the_change_of_recall(published: Measured) -> None:
    recall = published.given.metric_at["retrieval", "recall", "half", "difference"]
    assert recall.value
    half = next(each for each in changes(published.given) if each.slice == "half")
    assert half.text.startswith("searches with half: ")
    assert half.text.endswith(" of what was asked for")
    assert (half.way, half.critical) == ("better" if recall.value > 0 else "worse", True)
    assert half.size == pytest.approx(min(abs(recall.value), 1.0))
    assert half.gates == ("retrieval.probes[half]",)


def test_what_stands_together_is_told_whether_it_should_or_not() -> None:
    metrics = [
        *grouping("theme", 0.2, 0.5, n=440),
        *grouping("publisher", 0.2, 0.5, n=440),
        *grouping("few", 0.2, 0.5, n=20),
    ]
    names = {"group_by": ["theme", "few"], "must_keep": ["theme"], "not_by": ["publisher"]}
    theme, publisher = sorted(changes(given(metrics, declared=names)), key=lambda each: each.way)
    assert theme.text == (
        "items stand together more than before for having the same theme, as they should: 0.20 → 0.50 (0 is chance, "
        "1 is always; 440 items)"
    )
    assert (theme.way, theme.clear, theme.gates) == ("better", True, ("retrieval.grouping[theme]",))
    assert "for having the same publisher, which should not matter: 0.20 → 0.50" in publisher.text
    assert (publisher.way, publisher.gates) == ("worse", ("retrieval.confounds[publisher]",))


def test_a_run_without_probes_leaves_the_slices_to_others(published: Measured) -> None:
    bare = given([], declared={})
    assert set(report_sections(published.connection, bare)) == {FIELD}
    assert changes(bare) == []


def test_a_map_that_is_withheld_says_why(published: Measured) -> None:
    withheld = one("map_drawn", ALL, "difference", 0.0, why="seed stability .42 < .60")
    sentences = report_sections(published.connection, given([withheld]))[FIELD]
    assert "map withheld: seed stability .42 < .60" in sentences


def test_slices_of_another_track_are_not_told() -> None:
    other = Slice("names a title", "intent", "declared", True, "", 60)
    assert not triggers(given(probes(0.1, slice_name="names a title")[:6], slices=(other,)))
