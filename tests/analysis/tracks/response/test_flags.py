"""Why an answer needs a person, most decision-relevant first; and what is asked of a prompt, known answers among it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from analysis.plugin.flag import BROKEN_CRITICAL
from analysis.run.pipeline import insert_arrow
from analysis.tracks.response.flags import (
    LEAST_SURE,
    LENGTHENED,
    NEWLY,
    NO_LONGER,
    PREFERRED,
    SAMPLED,
    SHIFTED,
    UNANSWERED,
    UNREAD,
    flags,
)
from analysis.tracks.response.settings import ResponseSettings
from analysis.tracks.response.shift import TOKEN_SCHEMA
from tests.analysis.tracks.response.workbench import both, each, ref_of, sampled, shown, workbench

SETTINGS = ResponseSettings.model_construct()
GERMAN = "Das ist eine sehr gute Geschichte, und der Nachbar ist am Ende der Mörder gewesen."


def found(connection: Any) -> list[tuple[str, str, str | None]]:
    return [(one.ref, one.reason, one.gate) for one in flags(connection, SETTINGS)]


def test_answers_that_are_the_same_have_no_flag() -> None:
    same = [both((3, 3), spoilers=(True, True), facts=(True, True), promises=(True, True))] * 9
    assert found(workbench(same, rare="true")) == []


def test_what_is_new_in_a_critical_slice_comes_first_and_strict_behaviours_before_the_rest() -> None:
    made: dict[int, dict[str, Any]] = {
        0: both(promises=(False, True)),
        1: both(spoilers=(False, True)),
        26: both(citations=(False, True)),
        27: both(facts=(False, True)),
        28: both(facts=(True, True)),
        29: both(promises=(True, False)),
        # Wanted there, and gone.
        25: both(citations=(True, False)),
        24: both(spoilers=(True, False)),
    }
    connection = workbench(each(30, lambda number: made.get(number, both())), rare="number < 20")
    assert found(connection) == [
        (ref_of(1), BROKEN_CRITICAL, "response.spoils[rare]"),
        (ref_of(0), BROKEN_CRITICAL, "response.overpromises[rare]"),
        (ref_of(1), NEWLY.format("spoils"), "response.spoils"),
        (ref_of(27), NEWLY.format("misstates"), "response.misstates"),
        (ref_of(24), NO_LONGER.format("spoils"), "response.spoils"),
        (ref_of(0), NEWLY.format("overpromises"), "response.overpromises"),
        (ref_of(25), NEWLY.format("cites"), "response.cites"),
        (ref_of(26), NEWLY.format("cites"), "response.cites"),
    ]


def test_votes_silence_languages_samples_tokens_and_length_raise_flags() -> None:
    records = [
        both((10, 10), facts=(False, True)),
        both((10, 0)),
        {"base_response": shown(10), "candidate_response": None},
        both((10, 10), facts=(False, False)),
        both((10, 30)),
        both((10, 10)),
        {"base_response": shown(14, facts=False), "candidate_response": f"{GERMAN} {shown(facts=False)}"},
        {"base_response": f"{GERMAN} {shown(facts=False)}"}
        | {"candidate_response": f"{GERMAN} {shown(facts=False)}"},
    ]
    connection = workbench(records, votes=[{"id": "r000", "winner": "candidate", "judge": "a"}])
    sampled(connection, 3, [], [shown(facts=True)] * 2)
    row = {
        "ref": ref_of(5), "side": "candidate", "tokens": ["a", "b"], "starts": [0, 1], "ends": [1, 2],
        "base_logp": [-1.0, -1.0], "candidate_logp": [-1.0, -2.0], "kl": [0.0, 0.6],
    }  # fmt: skip
    insert_arrow(connection, "response_token", pa.Table.from_pylist([row], TOKEN_SCHEMA))
    assert found(connection) == [
        (ref_of(0), PREFERRED.format("misstates"), "response.tradeoff"),
        (ref_of(0), NEWLY.format("misstates"), "response.misstates"),
        (ref_of(2), UNANSWERED, None),
        (ref_of(1), UNANSWERED, None),
        # An answer that is the base's is none that nobody has read.
        (ref_of(6), UNREAD.format("language de"), "response.misstates"),
        (ref_of(3), SAMPLED, None),
        (ref_of(5), SHIFTED, None),
        (ref_of(4), LENGTHENED, "response.length"),
    ]


def test_what_leads_are_least_sure_of_comes_once_labels_have_taught_them() -> None:
    """Five labels of each class teach; labelled prompts and equal answers are not asked for, nor what is clear."""
    rows = [
        {
            "base_response": shown(number + 3, facts=False),
            "candidate_response": shown(number + 4, facts=False),
        }
        | ({"b": "no", "c": "yes"} if number < 5 else {"b": None, "c": None})
        for number in range(9)
    ]
    rows[8]["candidate_response"] = rows[8]["base_response"]
    columns = {"misstates": {"base": "b", "candidate": "c"}}
    connection = workbench(rows, labels=columns)
    connection.execute("UPDATE response_score SET score = 0.5 WHERE behaviour = 'misstates'")
    for number, score in ((5, 0.3), (6, 0.45), (7, 0.1)):
        given = {"ref": ref_of(number), "score": score}
        connection.execute("UPDATE response_score SET score = $score WHERE ref = $ref", given)
    asked = [
        (ref_of(6), LEAST_SURE.format("misstates"), None),
        (ref_of(5), LEAST_SURE.format("misstates"), None),
    ]
    assert [one for one in found(connection) if one[1].startswith("leads")] == asked
    connection.execute("UPDATE response_label SET answer = 'no' WHERE ref = ?", [ref_of(0)])
    assert [one for one in found(connection) if one[1].startswith("leads")] == [], (
        "four of a class teach nothing"
    )


def test_what_one_lead_reads_is_read() -> None:
    """A check of ids reads every language, so that the behaviour is not unread where words are not."""
    several = ({"name": "errs", "question": "err?", "leads": ["facts", "citations"]},)
    words = f"{GERMAN} {shown(facts=False, citations=False)}"
    records = [{"base_response": shown(9), "candidate_response": words}]
    assert [reason for _, reason, _ in found(workbench(records, behaviours=several))] == []
