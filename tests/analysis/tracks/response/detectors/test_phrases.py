"""Phrases of the policy, word for word and in near wording."""

from __future__ import annotations

from analysis.tracks.response.english.phrases import by_sentence, find_phrases, level
from analysis.tracks.response.english.sentences import sentences


def _found(text: str, *phrases: str) -> list[tuple[str, float]]:
    return [
        (text[one.start : one.end], one.similarity) for one in find_phrases(text, sentences(text), phrases)
    ]


def test_a_phrase_is_found_in_any_case_and_spacing() -> None:
    assert _found("İ Hand  you OVER. Handover.", "hand you over") == [("Hand  you OVER", 100.0)]
    assert _found("It’s over", "it's over") == [("It’s over", 100.0)]
    assert _found("a cold day, an old day", "old day") == [("old day", 100.0)]


def test_near_wording_is_moved_out_to_whole_words() -> None:
    ((words, similarity),) = _found(
        "Well, a collegue will take it from here.", "a colleague will take it from here"
    )
    assert words == "a collegue will take it from here"
    assert 88 <= similarity < 100


def test_a_negation_is_no_near_wording() -> None:
    assert _found("I can not pass you on to a person.", "I can pass you on to a person") == []
    assert _found("We share it gladly with them.", "we never share it gladly with them") == []


def test_two_words_are_matched_as_written_only() -> None:
    assert _found("my pleasures", "my pleasure") == []


def test_phrases_are_grouped_by_the_sentence_that_they_begin_in() -> None:
    text = "One two. Two one two."
    spans = sentences(text)
    grouped = by_sentence(find_phrases(text, spans, ("two",)), spans)
    assert [len(found) for _, found in grouped] == [1, 2]


def test_levelling_keeps_every_offset() -> None:
    assert len(level("İstanbul’s ß 🎉")) == len("İstanbul’s ß 🎉")
