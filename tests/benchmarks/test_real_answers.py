"""The benchmark of real answers, on forty made-up ones: what it counts is what was put in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.real_answer_tables import BEGIN, END, f1, kind_of, write_tables
from benchmarks.real_answers import (
    COMBINED,
    EVERY,
    MAY_BE_ANSWERED,
    POPULATIONS,
    Pair,
    Scored,
    heads_of_airline,
    of_multilingual,
    of_pair,
    pairs,
)
from benchmarks.real_review import LEARNED, WORDS
from benchmarks.simple_refusals import REGEX, SUBSTRINGS, by_regex, by_substrings
from tests.analysis.tracks.response.tiny import write_lines

TEXTS = Path(__file__).parents[1] / "response_texts"
PROMPTS = 40
SAFE = 30
THINGS = ("lamp", "bicycle", "kettle", "garden", "piano", "window", "boat", "engine", "carpet", "ladder")


def rows() -> list[dict[str, Any]]:
    """Two models: `plain` refuses every sixth prompt and all that are not safe, `shy` every second one besides."""
    made = []
    for number in range(PROMPTS):
        thing = THINGS[number % len(THINGS)]
        safe = number < SAFE
        for model in ("plain", "shy"):
            refuses = not safe or number % (2 if model == "shy" else 6) == 0
            answer = (
                f"I cannot provide help with the {thing}, as that would be wrong."
                if refuses
                else f"Take the {thing} number {number}, clean it with warm water and let it dry in the sun."
            )
            made.append(
                {
                    "id": f"p{number}",
                    "safe": safe,
                    "model": model,
                    "prompt": f"How do I mend {thing} number {number}?",
                    "answer": answer,
                    "label": "refusal" if refuses else "compliance",
                }
            )
    return made


def pair_of(name: str, population: str = MAY_BE_ANSWERED) -> Pair:
    return next(one for one in pairs(rows(), population) if one.name == name)


def test_pairs_are_ordered_and_leave_out_what_is_partial() -> None:
    given = rows()
    given[0]["label"] = "partial"
    found = {one.name: one for one in pairs(given, MAY_BE_ANSWERED)}
    assert list(found) == ["plain -> shy", "shy -> plain"]
    assert len(found["plain -> shy"].records) == SAFE - 1
    assert found["plain -> shy"].rise == pytest.approx(10 / (SAFE - 1))
    assert found["shy -> plain"].rise == -found["plain -> shy"].rise


def test_on_all_prompts_it_is_the_missing_refusal_that_is_at_fault() -> None:
    given = [
        {**row, "label": "compliance"} if row["model"] == "shy" and not row["safe"] else row for row in rows()
    ]
    found = next(pairs(given, EVERY))
    assert found.name == "plain -> shy"
    assert found.rise == (10 + 10) / PROMPTS


def test_a_rise_that_everybody_saw_fails_and_the_other_way_round_passes() -> None:
    for name, verdict in (("plain -> shy", "fail"), ("shy -> plain", "pass")):
        pair = pair_of(name)
        found = of_pair(pair, POPULATIONS[MAY_BE_ANSWERED], 1)
        assert found["verdicts"] == {verdict: 1}
        (value, low, high) = found["estimates"][0]
        assert value == pytest.approx(pair.rise)
        assert low < value < high
        assert found["covered"] == 1
        # Every prompt was labelled, so nothing is left to be scored but what was scored out of fold.
        assert found["scored"][COMBINED]["shy"] == {"present": 0, "flagged": 0, "right": 0}
        assert found["scored_all"][WORDS]["shy"] == {"present": 15, "flagged": 15, "right": 15}
        assert found["leads_alone"][WORDS] == pytest.approx(pair.rise)


def test_leads_are_scored_on_what_was_not_labelled_and_the_gate_waits() -> None:
    found = of_pair(pair_of("plain -> shy", EVERY), POPULATIONS[EVERY], 2, labels=24)
    assert found["verdicts"] == {"unknown": 2}
    assert found["estimates"] == []
    for name in (COMBINED, WORDS, LEARNED, REGEX, SUBSTRINGS):
        one = found["scored"][name]["shy"]
        assert one["present"] == found["scored"][WORDS]["shy"]["present"] > 0
        # Both classes share no words, so whatever looks at words finds all, and two draws leave 16 prompts each.
        assert one["right"] == one["present"] == one["flagged"] < 2 * 16


def test_what_an_engineer_writes_in_ten_minutes() -> None:
    refusal = "I’m sorry, but I can’t help with that."
    assert by_regex(refusal)
    assert by_substrings(refusal)
    answer = "You can do that with a spanner."
    assert not by_regex(answer)
    assert not by_substrings(answer)


def test_no_head_is_taught_by_fewer_than_five_hand_overs(tmp_path: Path) -> None:
    over: list[dict[str, Any]] = [
        {"id": f"t{number}", "handed_over": number < 4} for number in range(PROMPTS)
    ]
    write_lines(tmp_path / "tau_airline_answers.jsonl", over)
    assert heads_of_airline(tmp_path)["orders_with_a_head"] == 0
    write_lines(
        tmp_path / "tau_airline_answers.jsonl", [{**row, "handed_over": row["id"] < "t2"} for row in over]
    )
    found = heads_of_airline(tmp_path)
    assert found["orders_with_a_head"] == found["orders"]


def test_every_behaviour_in_another_language_is_counted_once() -> None:
    counts = of_multilingual(TEXTS)
    assert {name: sum(one.values()) for name, one in counts.items()} == {
        f"{behaviour}, {language}": number
        for behaviour, number in (("hands_over", 4), ("promises", 5), ("refuses", 5))
        for language in ("de", "es", "ja")
    }


def test_tables_stand_between_the_marks_and_only_there(tmp_path: Path) -> None:
    one = {
        "prompts": 200,
        "labels": 120,
        "draws": 2,
        "rise": 0.2,
        "verdicts": {"fail": 2},
        "estimates": [(0.2, 0.1, 0.3), (0.1, 0.0, 0.15)],
        "covered": 1,
        "scored": {COMBINED: {"a": {"present": 4, "flagged": 4, "right": 3}, "b": vars(Scored())}},
        "scored_all": {COMBINED: {"a": vars(Scored()), "b": vars(Scored())}},
        "leads_alone": {COMBINED: -0.1},
    }
    other = {**one, "rise": -0.2, "verdicts": {"pass": 2}, "covered": 2}
    found = {
        "xstest": {EVERY: {"a -> b": one, "b -> a": other}},
        "airline": {
            "texts": 9,
            "present": 2,
            "flagged": 0,
            "right": 0,
            "orders": 10,
            "orders_with_a_head": 0,
        },
        "not English": {"refuses, de": {"found": 0, "not_read": 1, "missed": 0}},
    }
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nearlier figures\n{END}\nafter\n", "utf-8")
    write_tables(found, readme)
    text = readme.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "earlier figures" not in text
    assert f"| {EVERY} | a -> b | 200 | +0.200 | +0.150 [+0.050, +0.225] | 2 fail | 1 of 2 |" in text
    assert f"| {EVERY} | a, b | a | 8 | 0.75 |" in text
    assert f"| {EVERY} | {COMBINED} | 2 | 1 | 0 | 0.300 |" in text
    assert "| refuses, de | 0 | 1 | 0 |" in text
    readme.write_text("no marks", "utf-8")
    with pytest.raises(ValueError, match="lacks"):
        write_tables(found, readme)


def test_f1_and_kinds_at_their_edges() -> None:
    assert f1([vars(Scored())]) is None
    assert f1([vars(Scored(present=2, flagged=0, right=0))]) == 0
    assert f1([vars(Scored(2, 2, 1)), vars(Scored(1, 1, 1))]) == pytest.approx(2 / 3)
    assert [kind_of(rise) for rise in (0.11, 0.10, 0.0)] == [
        "rose by more than the tolerance",
        "rose by no more than it",
        "did not rise",
    ]
