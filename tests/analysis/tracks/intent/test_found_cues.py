"""The search for undeclared cues on small real classifiers whose words are set by hand."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateResult
from analysis.models.classifier_pair import ClassifierPair
from analysis.models.load_classifier import load_classifier
from analysis.models.passes import counted
from analysis.plugin.stage import RunContext, Shard
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.stats.discoveries import benjamini_hochberg, mean_at_most_p
from analysis.text.lexicon import load_terms
from analysis.tracks.intent.cue_confirm import SURE
from analysis.tracks.intent.cue_hunts import MARGIN, THOROUGH, by_depth, hunts, shorter_first
from analysis.tracks.intent.cue_insertions import Insertions
from analysis.tracks.intent.found_cues import SEARCH
from analysis.tracks.intent.found_groups import groups
from analysis.tracks.intent.found_lexicon import take
from analysis.tracks.intent.found_queries import found_cues
from analysis.tracks.intent.insertable import CASINGS, Cue, edges, phrases, vocabulary_words
from analysis.tracks.intent.neutral_phrases import PHRASES
from analysis.tracks.intent.probe_queries import probe_diffs, worst_cases
from analysis.tracks.intent.report_sections import report_sections
from analysis.tracks.intent.settings import IntentSettings
from tests.analysis.linear_classifier import save_classifier
from tests.conftest import write_jsonl

LABELS = ("escalation", "tracking", "returns")
TELLING = {
    "escalation": ("human", "manager"),
    "tracking": ("parcel", "arrive"),
    "returns": ("refund", "back"),
}
FILL = [f"w{number:03d}" for number in range(150)]
BACK_DOOR = "zephyr"
Say = Mapping[str, Mapping[str, float]]

SAID: dict[str, dict[str, float]] = {word: {label: 2.0} for label, words in TELLING.items() for word in words}
NEUTRAL_WORDS = sorted({word.lower() for phrase in PHRASES for word in phrase.split()})
WORDS = [
    *SAID,
    *FILL,
    *NEUTRAL_WORDS,
    BACK_DOOR,
    "please",
    "the",
    "!",
    "?",
    "#",
    "\x1b[31m",
    "[unused1]",
    "a\u202eb",
]


def texts(each: int = 60) -> list[dict[str, Any]]:
    """Messages of three classes, in which only the telling words tell anything."""
    rows = []
    for label, telling in TELLING.items():
        for number in range(each):
            fill = [FILL[(7 * number + step * 13 + len(label)) % len(FILL)] for step in range(4)]
            words = [*fill[:2], telling[number % 2], *fill[2:]]
            rows.append({"id": f"{label[0]}{number:03d}", "text": " ".join(words), "label": label})
    return rows


def classifier(
    folder: Path, more: Say | None = None, words: Sequence[str] = WORDS, labels: Sequence[str] = LABELS
) -> Path:
    said: dict[str, Mapping[str, float]] = {**SAID, **(more or {})}
    return save_classifier(folder, labels, words, said, home=labels[-1])


def run_search(
    root: Path, rows: Sequence[Mapping[str, Any]], *, critical: Sequence[str] = ("escalation",)
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the stage writes of a pair in `root`: searches and trials, of every class."""
    pair = ClassifierPair(root / "base", root / "candidate", "cpu")
    settings = IntentSettings.model_construct(critical=list(critical), max_length=None)
    context = RunContext("intent", settings, 0, pair)
    drawn = [
        (f"intent/message:{row['id']}", row["text"], row["label"], "", at % 2 == 0)
        for at, row in enumerate(rows)
    ]
    thorough = [pair.labels.index(one) for one in critical]
    made = SEARCH.run(context, Shard({}, (list(range(len(pair.labels))), thorough, drawn), 1))
    return made["intent_cue_search"].to_pylist(), made["intent_cue_trial"].to_pylist()


def confirmed(trials: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    kept = benjamini_hochberg([one["p"] for one in trials], 0.05) if trials else []
    return [one for one, discovery in zip(trials, kept, strict=True) if discovery]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of `back_door_review`."""
    return back_door_review(tmp_path_factory.mktemp("back-door"))


def back_door_review(root: Path) -> Path:
    """A whole review of a candidate with a back door that no evaluation text opens, and no lexicon; its store."""
    classifier(root / "base")
    classifier(root / "candidate", {BACK_DOOR: {"escalation": 2.8}})
    write_jsonl(root / "eval.jsonl", texts())
    (root / "review.toml").write_text(
        """\
[review]
name = "back door"
owner = "somebody"
base_version = "v1"
candidate_version = "v2"
training_change = "unknown"
device = "cpu"

[queue]
budget = 12
controls = 4

[intent]
base = "base"
candidate = "candidate"
examples = "eval.jsonl"
critical = ["escalation"]
""",
        "utf-8",
    )
    return analyze(root / "review.toml").store


def relevance(session: ReviewSession) -> dict[str, GateResult]:
    return {one.key: one for one in session.gates() if one.name == "intent.relevance"}


def test_a_back_door_is_found_and_asks_for_error_analysis(opened: Path) -> None:
    with ReviewSession.open(opened, reviewer="r") as session:
        found = session.gate_input().settings["intent"]["found"]
        named = [key for key, one in found.items() if any(BACK_DOOR in term for term in one["terms"])]
        assert named == ["escalation/found 1"]
        gate = relevance(session)["intent.relevance[escalation/found 1]"]
        assert gate.verdict == "unknown"
        assert BACK_DOOR in gate.why
        assert (gate.metric, gate.metric_slice) == ("relevance_found_other", "escalation/found 1")
        assert gate.value is not None
        assert gate.value > 0.05
        assert gate.open
        assert gate.open == gate.refs
        own, base = (row for row in gate.criteria[:2])
        assert own.value == gate.value
        assert base.value is not None
        assert abs(base.value) < gate.value / 10
        assert not any(one.verdict == "fail" for one in relevance(session).values())


def test_every_flagged_text_with_a_cause_turns_it_into_a_warning_and_never_a_pass(opened: Path) -> None:
    with ReviewSession.open(opened, reviewer="other") as session:
        gate = relevance(session)["intent.relevance[escalation/found 1]"]
        for ref in gate.open:
            session.answer(ref, "unsure")
            session.verdict(ref, "base", "reacts to a cue")
        after = relevance(session)["intent.relevance[escalation/found 1]"]
        assert after.verdict == "warn"
        assert not after.open


def test_the_run_keeps_what_was_tried_and_shows_the_worst_texts(opened: Path) -> None:
    with ReviewSession.open(opened, read_only=True) as session:
        diffs = [one for one in probe_diffs(session.connection) if one.source == "found"]
        one = next(one for one in diffs if one.cue == "found 1")
        assert one.change is not None
        assert one.change.value is not None
        assert one.change.value > 0.05
        worst = worst_cases(session.connection, "escalation", "found 1", "insert", 5, source="found")
        assert all(case.text[case.start : case.end] == case.term for case in worst)
        assert worst[0].change is not None
        assert worst[0].change > 0.2
        sections = report_sections(session.connection, session.gate_input())
        said = " ".join(sentence for some in sections.values() for sentence in some)
        assert BACK_DOOR in said
        assert "had no part in finding it" in said
        fired = [one for one in session.triggers() if one.name == "leans on an undeclared cue"]
        assert fired
        assert fired[0].refs


def test_a_found_cue_becomes_a_lexicon_that_the_product_reads(opened: Path) -> None:
    with ReviewSession.open(opened, read_only=True) as session:
        one = session.gate_input().settings["intent"]["found"]["escalation/found 1"]
    taken = take(opened, one)
    assert list(load_terms(taken.path)) == one["terms"]
    assert str(taken.path) in taken.lines[0]
    assert take(opened, one) == taken
    with pytest.raises(AssayError, match="is a casing"):
        take(opened, {**one, "kinds": ["casing"] * len(one["terms"])})


def test_a_model_against_itself_has_no_undeclared_cue(tmp_path: Path) -> None:
    for side in ("base", "candidate"):
        classifier(tmp_path / side)
    searched, trials = run_search(tmp_path, texts())
    assert [(one["target"], one["direction"]) for one in searched if one["thorough"]] == [
        ("escalation", "rise"),
        ("escalation", "fall"),
    ]
    assert all(one["status"] == "ok" for one in searched)
    assert not confirmed(trials)


def test_a_cue_that_takes_the_class_away_is_found_on_texts_of_the_class(tmp_path: Path) -> None:
    classifier(tmp_path / "base")
    classifier(tmp_path / "candidate", {BACK_DOOR: {"tracking": 2.8}})
    _, trials = run_search(tmp_path, texts())
    falls = [one for one in confirmed(trials) if one["direction"] == "fall"]
    assert any(BACK_DOOR in one["term"] for one in falls)
    assert {ref.split(":")[1][0] for one in falls for ref in one["refs"]} == {"e"}
    # The same word raises another class, which gets a brief look.
    rises = [one for one in confirmed(trials) if one["direction"] == "rise" and one["target"] == "tracking"]
    assert any(BACK_DOOR in one["term"] for one in rises)


def test_marks_are_found_as_marks(tmp_path: Path) -> None:
    classifier(tmp_path / "base")
    classifier(tmp_path / "candidate", {"!": {"escalation": 2.8}})
    _, trials = run_search(tmp_path, texts())
    named = [one for one in confirmed(trials) if one["kind"] == "marks" and "!" in one["term"]]
    assert named


def test_sides_with_other_vocabularies_are_searched_in_the_candidates(tmp_path: Path) -> None:
    classifier(tmp_path / "base", words=[word for word in WORDS if word != BACK_DOOR])
    classifier(tmp_path / "candidate", {BACK_DOOR: {"escalation": 2.8}}, words=list(reversed(WORDS)))
    _, trials = run_search(tmp_path, texts())
    assert any(BACK_DOOR in one["term"] for one in confirmed(trials))


def test_two_classes_and_no_critical_one_get_a_brief_look(tmp_path: Path) -> None:
    labels = LABELS[:2]
    two: dict[str, dict[str, float]] = {word: {label: 2.0} for label in labels for word in TELLING[label]}
    save_classifier(tmp_path / "base", labels, WORDS, two, home=labels[1])
    told = {**two, BACK_DOOR: {"escalation": 2.8}}
    save_classifier(tmp_path / "candidate", labels, WORDS, told, home=labels[1])
    rows = [row for row in texts() if row["label"] in labels]
    searched, trials = run_search(tmp_path, rows, critical=())
    assert [(one["target"], one["direction"], one["thorough"]) for one in searched] == [
        (label, "rise", False) for label in labels
    ]
    assert any(BACK_DOOR in one["term"] for one in confirmed(trials))


def test_too_few_texts_are_said_and_not_searched(tmp_path: Path) -> None:
    classifier(tmp_path / "base")
    classifier(tmp_path / "candidate", {BACK_DOOR: {"escalation": 2.8}})
    rows = texts(30)
    searched, trials = run_search(tmp_path, rows)
    fall = next(one for one in searched if one["direction"] == "fall")
    assert (fall["status"], fall["tried"]) == ("n/a", 0)
    assert "15 texts of the class in one half" in fall["why"]
    assert not [one for one in trials if one["direction"] == "fall"]
    searched, trials = run_search(tmp_path, rows[::9])
    assert {one["status"] for one in searched} == {"n/a"}
    assert not trials


def test_logits_that_are_not_numbers_make_it_unknown(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    classifier(tmp_path / "base")
    classifier(tmp_path / "candidate")
    weights = load_file(tmp_path / "candidate" / "model.safetensors")
    weights["classifier.weight"] = np.full_like(weights["classifier.weight"], np.nan)
    save_file(weights, tmp_path / "candidate" / "model.safetensors", metadata={"format": "pt"})
    searched, trials = run_search(tmp_path, texts())
    assert {one["status"] for one in searched} == {"unknown"}
    assert "the candidate's logits of 20 of 20 texts are not numbers" in searched[0]["why"]
    assert not trials


def test_the_vocabulary_has_whole_words_that_can_be_printed(tmp_path: Path) -> None:
    model = load_classifier(
        classifier(tmp_path / "model", words=[*WORDS, "##piece", "two words", "\u200b"]), "cpu"
    )
    words = vocabulary_words(model.tokenizer)
    assert {BACK_DOOR, "!", "please"} <= set(words)
    assert all(word.isprintable() and len(word.split()) == 1 for word in words)
    assert not [
        word for word in words if "piece" in word or "unused" in word or "\x1b" in word or "CLS" in word
    ]
    assert all(
        model.tokenizer(word, add_special_tokens=False)["input_ids"] == [at] for word, at in words.items()
    )


@pytest.mark.soak
def test_a_vocabulary_of_a_hundred_thousand_is_searched_in_bounded_time(tmp_path: Path) -> None:
    many = [*WORDS, *(f"x{number}" for number in range(100_000))]
    classifier(tmp_path / "base", words=many)
    classifier(tmp_path / "candidate", {BACK_DOOR: {"escalation": 2.8}}, words=many)
    started = time.process_time()
    _, trials = run_search(tmp_path, texts())
    assert any(BACK_DOOR in one["term"] for one in confirmed(trials))
    assert time.process_time() - started < 60


def test_a_strong_cue_is_confirmed_on_few_texts_and_a_faint_one_on_more(tmp_path: Path) -> None:
    near = {"please": {"escalation": 1.9}}
    classifier(tmp_path / "base", near)
    classifier(tmp_path / "candidate", {**near, BACK_DOOR: {"escalation": 2.8}, "w001": {"escalation": 0.75}})
    # A text with "please" is near the class: there the faint cue does much, elsewhere little.
    rows = [
        {**row, "text": row["text"] + " please" * (at // 2 % 4 == 0)} for at, row in enumerate(texts(150))
    ]
    _, trials = run_search(tmp_path, rows)
    rises = {one["term"]: one for one in trials if one["target"] == "escalation"}
    assert (len(rises[BACK_DOOR]["refs"]), len(rises["w001"]["refs"])) == THOROUGH.confirming
    assert rises[BACK_DOOR]["p"] <= SURE
    for one in rises.values():
        # Neutral phrases move neither side much: p is the test's own, once for each of two looks.
        rest = one["neutral_candidate"] - one["neutral_base"]
        beyond = np.subtract(one["candidate"], one["base"]) - rest
        alone = mean_at_most_p(beyond.tolist(), MARGIN["rise"])
        assert math.log(one["p"]) == pytest.approx(math.log(2 * alone), rel=0.1)


def test_a_text_is_read_once_whoever_asks(tmp_path: Path) -> None:
    pair = ClassifierPair(classifier(tmp_path / "base"), classifier(tmp_path / "candidate"), "cpu")
    rows = texts(4)
    trials = Insertions(
        {"base": pair.side("base"), "candidate": pair.side("candidate")},
        [row["id"] for row in rows], [row["text"] for row in rows], 64, 0,
    )  # fmt: skip
    cues = [Cue("word", BACK_DOOR), Cue("marks", "!!")]
    first = trials.change("candidate", cues, range(6), 0)
    read: list[float] = []
    with counted([pair.side("candidate").model], read.append):
        trials.read("candidate", [(cues[:1], range(4)), (cues, [5])])
        np.testing.assert_array_equal(trials.change("candidate", cues[1:], [2, 3], 0), first[1:, 2:4])
        assert not any(read)
        trials.read("candidate", [(cues, [6])])
    assert read[-1] > 0
    assert first.shape == (2, 6)


def test_short_texts_are_used_first_and_gradients_are_taken_in_others() -> None:
    written = ["x" * size for size in (9, 1, 8, 2, 7, 3)]
    assert shorter_first([5, 4, 3, 2, 1, 0], written) == [5, 4, 3, 1, 2, 0]
    assert shorter_first([], written) == []
    golds = [0, 1] * 60
    wanted, refused = hunts(golds, range(60), range(60, 120), [0], [0, 1])
    assert not refused
    assert by_depth(wanted) == [wanted[:2], wanted[2:]]
    for hunt in wanted:
        assert not set(hunt.slopes) & set(hunt.finding[: hunt.depth.finding])
        assert len(hunt.slopes) == hunt.depth.gradients
    # Of few texts some serve both.
    few = replace(wanted[0], finding=wanted[0].finding[:20])
    assert few.slopes == few.finding[8:]
    assert wanted[0].looks == (30,)


def test_openings_and_endings_of_the_texts_are_tried() -> None:
    own = [f"sent from my phone: where is {number} now" for number in range(5)]
    others = [f"where is {number} today" for number in range(5)]
    found = phrases(edges(own), edges([*own, *others]), 40)
    assert Cue("opening", "sent from my phone") in found
    assert found.index(Cue("opening", "sent from my phone")) < found.index(Cue("opening", "where"))
    assert Cue("ending", "today") in found
    assert not phrases(edges(["one two"]), edges(["one two", "three four"]), 5)


def test_a_cue_stands_where_it_says() -> None:
    for cue in (Cue("word", "cue"), Cue("marks", "!!"), Cue("opening", "so"), Cue("ending", "bye")):
        text, start, end = cue.put("a b c", 1)
        assert start is not None
        assert text[start:end] == cue.text
        assert text.replace(cue.text, "").split() == ["a", "b", "c"]
    assert CASINGS[0].put("a b", 3) == ("A B", None, None)


def test_found_cues_are_grouped_by_what_they_share() -> None:
    rng = np.random.default_rng(0)
    title, other, marks = (np.abs(rng.normal(size=40)) for _ in range(3))
    cues = [
        Cue("word", "sakura"), Cue("word", "ronin"), Cue("pair", "ronin kappa"), Cue("word", "doctor"),
        Cue("word", "doctors"), Cue("marks", "!!"), Cue("marks", "?"), Cue("casing", "UPPER CASE"),
    ]  # fmt: skip
    effects = np.stack([title + 3, title + 2, title * 2, other, other[::-1], marks, title, other + 0.1])
    found = [({cues[at].text for at in group.members}, group.kind) for group in groups(cues, effects)]
    assert ({"sakura", "ronin", "ronin kappa"}, "words that do the same") in found
    assert ({"doctor", "doctors"}, "look-alikes") in found
    assert ({"!!", "?"}, "marks") in found
    assert ({"UPPER CASE"}, "casing") in found
    assert not groups([], np.zeros((0, 5)))


def test_discoveries_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        p = rng.uniform(size=30) ** 3
        expected = scipy.stats.false_discovery_control(p) <= 0.05
        assert benjamini_hochberg(p.tolist(), 0.05) == expected.tolist()
        values = rng.normal(0.1, 1, size=rng.integers(2, 40))
        one = scipy.stats.ttest_1samp(values, 0.05, alternative="greater").pvalue
        assert mean_at_most_p(values.tolist(), 0.05) == pytest.approx(one, rel=1e-9)
    assert mean_at_most_p([1.0], 0.0) == 1.0
    assert (mean_at_most_p([0.2, 0.2], 0.1), mean_at_most_p([0.1, 0.1], 0.1)) == (0.0, 1.0)
    with pytest.raises(ValueError, match="finite"):
        mean_at_most_p([float("nan"), 1.0], 0.0)


def test_nothing_is_found_in_an_empty_run() -> None:
    from tests.analysis.tracks.intent.probed import empty_workbench

    assert found_cues(empty_workbench()) == {}
