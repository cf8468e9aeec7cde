"""Pattern files: what they say, what is wrong in them, and what their expressions find."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.tracks.response import bounded_pattern
from analysis.tracks.response.bounded_pattern import fault_of
from analysis.tracks.response.detect import detected, sample_outcomes
from analysis.tracks.response.detectors import patterns
from analysis.tracks.response.detectors.contract import Detector, Knowledge, Policy
from analysis.tracks.response.detectors.patterns import patterns_detector, read_patterns, shipped
from tests.analysis.tracks.response.detectors.shop import answer, found, spans

SHIPPED = ("refusal.en", "handover.en", "pressure.en", "refusal.de", "refusal.es", "refusal.ja")


def of(folder: Path, text: str, name: str = "rival") -> Detector:
    """The detector of a file of that text."""
    path = folder / "words.txt"
    path.write_text(text, "utf-8")
    return patterns_detector(name, "names a rival", read_patterns(path))


def fault(folder: Path, text: str) -> AssayError:
    with pytest.raises(AssayError) as caught:
        of(folder, text)
    return caught.value


def words(detector: Detector, text: str, knowledge: Knowledge | None = None) -> list[str]:
    return [said for said, _ in spans(detector, answer(text), knowledge or Knowledge())]


def test_words_are_found_whole_in_any_case_and_spacing(tmp_path: Path) -> None:
    detector = of(tmp_path, "it's over\nrefund*\n")
    assert words(detector, "It’s\u3000 OVER. Refunded, refunds and a refund.") == [
        "It’s\u3000 OVER",
        "Refunded",
        "refunds",
        "refund",
    ]
    assert words(detector, "Prerefund it's overt") == []


def test_scripts_without_spaces_have_no_edges_of_words(tmp_path: Path) -> None:
    assert words(of(tmp_path, "担当者におつなぎ"), "では担当者におつなぎします。") == ["担当者におつなぎ"]


def test_a_regular_expression_is_read_sentence_by_sentence(tmp_path: Path) -> None:
    detector = of(tmp_path, "/^(no|never)$/\n/no .*way/\n")
    assert words(detector, "No. There is no\nway. - Never") == ["Never"]
    assert words(detector, "- **no**\n1. there is no such way") == ["no such way"]


def test_a_guard_holds_for_its_block_within_a_sentence(tmp_path: Path) -> None:
    detector = of(tmp_path, "rival\n! not\n\nother bank\n")
    assert words(detector, "Not a rival. A rival! Not the other bank.") == ["rival", "other bank"]


def test_a_guard_alone_in_its_block_holds_for_the_file(tmp_path: Path) -> None:
    detector = of(tmp_path, "! /\\?$/\n\nrival\n\nother bank\n")
    assert words(detector, "A rival? The other bank? A rival.") == ["rival"]


def test_the_reason_is_the_comment(tmp_path: Path) -> None:
    text = "# Names that\n# are not ours.\nNorthwind\nSouthwind  # closed in May\n/east(wind)?/ # a/b\n\nWestwind\n"
    detector = of(tmp_path, text)
    given = answer("Northwind, Southwind, Eastwind and Westwind.")
    assert [one.why for one in found(detector, given)] == [
        "“Northwind”: Names that are not ours.",
        "“Southwind”: closed in May",
        "“Eastwind”: a/b",
        "“Westwind”: line 7 of words.txt",
    ]
    assert {one.label for one in found(detector, given)} == {"rival"}


def test_of_overlapping_matches_the_first_and_longest_is_kept(tmp_path: Path) -> None:
    assert words(of(tmp_path, "north\nnorth wind\nwind"), "The north wind blows.") == ["north wind"]


def test_phrases_of_the_policy_count_too(tmp_path: Path) -> None:
    house = Knowledge((), Policy(refusal_phrases=("that stays here",), tone={"pushy": ("今すぐ買って",)}))
    detector = of(tmp_path, "policy: refusal\nno way")
    (one,) = found(detector, answer("That stays here."), house)
    assert one.why == "“That stays here”: the policy lists it among the phrases of refusal"
    assert words(of(tmp_path, "policy: pressure\nno way"), "今すぐ買ってください！", house) == [
        "今すぐ買って"
    ]
    assert words(of(tmp_path, "no way"), "That stays here.", house) == []


def test_a_space_of_an_expression_is_any_white_space(tmp_path: Path) -> None:
    detector = of(tmp_path, r"/no ?way[ ]out\ now/")
    assert words(detector, "no  way out now; noway out now; no way\u00a0out now") == [
        "no  way out now",
        "noway out now",
    ]


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ("", "", "holds no expression", "one a line"),
        ("# only why\n\nlanguage: en\n", "", "holds no expression", "one a line"),
        ("langage: en\nno", ":1", "no header 'langage'", "did you mean 'language'"),
        ("warning: no", ":1", "no header 'warning'", "between slashes"),
        ("language: english\nno", ":1", "'english' is no language", "pt-BR"),
        ("policy: tone\nno", ":1", "no phrases 'tone'", "refusal"),
        ("no\n/(a|b/", ":2", "is no regular expression", "plain words"),
        ("/a*/", ":1", "matches the empty text", "plain words"),
        ("/(a|aa)+x/", ":1", "takes exponential time", "plain words"),
        ("no\n\n/half", ":3", "ends with none", "end it"),
        ("no * way", ":1", "a star that ends no word", "end of a word"),
        ("n*o", ":1", "a star that ends no word", "end of a word"),
        ("!", ":1", "holds no word", "take the line out"),
        ("no\n…", ":2", "holds no word", "take the line out"),
        ("a" * 1_001, ":1", "more than 1,000 characters", "several lines"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, text: str, where: str, message: str, hint: str
) -> None:
    error = fault(tmp_path, text)
    assert str(error.where) == f"{tmp_path / 'words.txt'}{where}"
    assert message in error.message
    assert hint in str(error.hint)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    error = fault(tmp_path, "n*o\n/(/\nfine\n")
    assert "2 mistakes" in error.message
    assert "words.txt:1" in error.message
    assert "words.txt:2" in error.message


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match=r"gone\.txt.*cannot be read"):
        read_patterns(tmp_path / "gone.txt")
    with pytest.raises(AssayError, match="cannot be read"):
        read_patterns(tmp_path)
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    with pytest.raises(AssayError, match="no UTF-8"):
        read_patterns(tmp_path / "latin.txt")
    (tmp_path / "large.txt").write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(AssayError, match="larger than 1 MiB"):
        read_patterns(tmp_path / "large.txt")


def test_a_slow_expression_stops_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = of(tmp_path, "fine\n/#(é|éé)+x/\n")
    monkeypatch.setattr(patterns, "SECONDS_PER_TEXT", 0.2)
    with pytest.raises(AssayError, match="more than 0 s on one answer") as caught:
        found(detector, answer("#" + "é" * 60 + " éx"))
    assert str(caught.value.where).endswith("words.txt:2")


def test_the_clock_is_of_the_whole_answer(tmp_path: Path) -> None:
    clock = bounded_pattern.Clock(0.0)
    assert 0 < clock.left < 1e-3
    assert fault_of("(?P<id>a+)+b") is None


def test_places_are_those_of_the_answer_as_written(tmp_path: Path) -> None:
    text = "<think>I can't help.</think>**I can’t** &nbsp;help with *that*."
    detector = patterns_detector("words", "refuses", read_patterns(shipped("refusal.en")))
    tables = detected([answer(text)], Knowledge(), (detector,))
    (row,) = tables["span"].to_pylist()
    assert text[row["start"] : row["end"]].startswith("I can’t**")
    (outcome,) = tables["response_outcome"].to_pylist()
    assert (outcome["score"], outcome["hits"]) == (1.0, 1)


def test_another_language_is_not_read(tmp_path: Path) -> None:
    german = answer("Das kann ich Ihnen leider nicht beantworten, denn dazu liegen mir keine Angaben vor.")
    english, other = (
        patterns_detector(name, "refuses", read_patterns(shipped(name)))
        for name in ("refusal.en", "refusal.de")
    )
    tables = detected([german], Knowledge(), (english, other))
    assert [row["detector"] for row in tables["response_unread"].to_pylist()] == ["refusal.en"]
    (outcome,) = tables["response_outcome"].to_pylist()
    assert (outcome["detector"], outcome["score"]) == ("refusal.de", 1.0)
    assert sample_outcomes([(0, german)], Knowledge(), (english,)).num_rows == 0


def test_a_detector_can_be_sent_to_a_worker_and_its_version_is_that_of_its_words(tmp_path: Path) -> None:
    detector = of(tmp_path, "rival\n")
    sent = pickle.loads(pickle.dumps(detector))
    assert sent.version == detector.version
    assert words(sent, "A rival.") == ["rival"]
    assert of(tmp_path, "rivals\n").version != detector.version


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_can_be_read_and_says_its_language(name: str) -> None:
    held = read_patterns(shipped(name))
    assert held.languages == (name.partition(".")[2],)
    assert held.policy in ("refusal", "escalation", "pressure")
    assert len(held.expressions) >= 5
    assert all(one.why for one in held.expressions)


def test_an_unknown_shipped_file_names_the_nearest() -> None:
    with pytest.raises(AssayError) as caught:
        shipped("refusals.en")
    assert "refusal.en" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("refusal.en", "I'm sorry, but I can't help with that."),
        ("refusal.en", "I'm not in a position to comment on that."),
        ("refusal.en", "As an AI language model, I cannot have an opinion on this."),
        ("refusal.en", "Unfortunately, this is not something we're able to talk about."),
        ("refusal.en", "I must respectfully decline."),
        ("refusal.en", "I don't have information on that. Please consult your documentation."),
        ("handover.en", "I'll connect you with a colleague right away."),
        ("handover.en", "I’m passing this to our returns team."),
        ("handover.en", "You're being transferred to a human agent."),
        ("handover.en", "A supervisor will call you within the hour."),
        ("pressure.en", "Order now before it's gone!"),
        ("pressure.en", "Only three seats left at this price!"),
        ("pressure.en", "You'll regret it if you wait."),
        ("refusal.de", "Dabei kann ich Ihnen leider nicht helfen."),
        ("refusal.es", "Lo siento, pero no puedo ayudarle con eso."),
        ("refusal.ja", "申し訳ございませんが、お答えできません。"),
    ],
)
def test_the_shipped_words_find_what_is_usual(name: str, text: str) -> None:
    detector = patterns_detector(name, name, read_patterns(shipped(name)))
    assert len(found(detector, answer(text))) >= 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("refusal.en", "No problem, I'll keep the comparison open."),
        ("refusal.en", "I can't wait to hear what you think."),
        ("refusal.en", "You can't go wrong with volume 1."),
        ("refusal.en", "It can't be returned after 30 days."),
        ("refusal.en", "I can't recommend this enough!"),
        ("refusal.en", "I can't name the hour, but standard delivery takes 3 to 5 days."),
        ("refusal.en", "We cannot deliver to PO boxes."),
        ("refusal.en", "I'm sorry, volume 9 is currently out of stock."),
        ("handover.en", "Would you like me to put you through to somebody?"),
        ("handover.en", "I can't connect you with a person."),
        ("handover.en", "Our support team is available from 9 to 5."),
        ("handover.en", "The detective hands the case over to the police."),
        ("pressure.en", "There is no rush, take your time."),
        ("pressure.en", "You can order it today on our page."),
        ("pressure.en", "Act fast: call your bank and block the card."),
        ("refusal.de", "Wenn ich Ihnen nicht helfen kann, sage ich Bescheid."),
        ("refusal.es", "Claro que puedo ayudarle con eso."),
        ("refusal.ja", "はい、喜んでお手伝いします。"),
    ],
)
def test_the_shipped_words_leave_what_only_looks_so(name: str, text: str) -> None:
    detector = patterns_detector(name, name, read_patterns(shipped(name)))
    assert found(detector, answer(text)) == []
