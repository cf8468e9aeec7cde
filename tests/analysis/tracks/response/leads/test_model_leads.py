"""Models of the user's as leads: what they learned is what they say, whole answers are read, and faults are named."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.records import Side
from analysis.models.load_head import inspect_head
from analysis.tracks.response.detectors.contract import Knowledge, Passage, Policy, Promise, Response
from analysis.tracks.response.leads.fill import filled, windows
from analysis.tracks.response.leads.model import (
    ModelLead,
    check_model_lead,
    lead_key,
    model_scores,
    pairs_of,
)
from analysis.tracks.response.leads.settings import ModelSection
from tests.analysis.linear_classifier import save_classifier
from tests.analysis.tracks.response.leads.small_models import write_judge, write_marker

NOTHING = Knowledge()
# fmt: off
WORDS = (
    "refuse", "cannot", "help", "order", "ships", "today", "we", "you", "it", "is", "the", "a", "and",
    "please", "policy", "allows",
)
# fmt: on


def answer(text: str, ref: str = "a", side: Side = "base", **more: object) -> Response:
    return Response(ref, side, str(more.pop("prompt", "does it ship")), text, **more)  # type: ignore[arg-type]


def lead(name: str, task: str, folder: Path, **texts: str) -> ModelLead:
    """What a section of the review file declares."""
    return ModelLead(name, ModelSection(kind="model", task=task, folder=str(folder), **texts))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `classifier`, `nli`, `reward`, `marker`, `judge`, `better` and `first`."""
    root = tmp_path_factory.mktemp("leads")
    save_classifier(
        root / "classifier",
        ["fine", "refusal"],
        WORDS,
        {"refuse": {"refusal": 2.5}},
        home="fine",
        positions=24,
    )
    save_classifier(
        root / "nli",
        ["contradiction", "neutral", "ENTAILMENT"],
        WORDS,
        {"allows": {"ENTAILMENT": 2.5}, "cannot": {"contradiction": 2.5}},
        home="neutral",
        positions=32,
    )
    save_classifier(root / "reward", ["LABEL_0"], WORDS, {"please": {"LABEL_0": 2.0}}, home="LABEL_0")
    write_marker(root / "marker")
    write_judge(root / "judge", "refuses")
    write_judge(root / "better", "better")
    write_judge(root / "first", "first")
    return root


def test_a_classifier_gives_the_probability_of_its_label(models: Path) -> None:
    spec = lead("guard", "classifier", models / "classifier", label="Refusal")
    yes, no = model_scores(spec, [answer("we refuse the order"), answer("the order ships")], NOTHING, "cpu")
    assert yes.score is not None
    assert no.score is not None
    assert no.score < 0.5
    assert yes.score > 0.9
    assert [(one.start, one.end, one.label, one.counts) for one in yes.found] == [(0, 19, "refusal", True)]
    assert "guard says 'refusal' of this with" in yes.found[0].why
    assert no.found == ()


def test_a_long_answer_is_read_in_windows_to_its_end(models: Path) -> None:
    spec = lead("guard", "classifier", models / "classifier", label="refusal")
    long = "the order ships today and it is the order " * 20
    alone, late, early, clean = model_scores(
        spec,
        [answer("we refuse"), answer(long + "we refuse"), answer("we refuse " + long), answer(long)],
        NOTHING,
        "cpu",
    )
    for reading, place in ((late, len(long) + 3), (early, 3)):
        assert reading.score is not None
        assert reading.score > 0.5
        (found,) = reading.found
        assert found.start <= place < found.end
        assert found.end - found.start < 120
    assert alone.score is not None
    assert clean.score is not None
    assert clean.score < 0.5 < alone.score


def test_windows_overlap_and_leave_nothing_out(models: Path) -> None:
    from analysis.models.load_transformers import load_tokenizer

    tokenizer = load_tokenizer(models / "marker")
    text = "the order ships today " * 30

    def length(part: str) -> int:
        return len(tokenizer("please", part)["input_ids"])

    cut = windows(tokenizer, text, length, 32)
    assert cut is not None
    assert cut[0].start == 0
    assert cut[-1].end == len(text)
    assert all(after.start < before.end for before, after in pairwise(cut))
    assert all(length(span.of(text)) <= 32 for span in cut)
    assert windows(tokenizer, text, length, None) is not None
    assert windows(tokenizer, text, length, 12) is None


def test_inference_reads_premise_and_hypothesis(models: Path) -> None:
    knowledge = Knowledge(policy=Policy(promises=(Promise("returns", "policy allows it"),)))
    spec = lead("policy", "nli", models / "nli", premise="{policy}", hypothesis="{response}")
    (reading,) = model_scores(spec, [answer("the order ships")], knowledge, "cpu")
    assert reading.score is not None
    assert reading.score > 0.5
    against = lead(
        "against", "nli", models / "nli", premise="{passages}", hypothesis="{response}", label="contradiction"
    )
    given = answer("the order ships", passages=(Passage("d1", "you cannot"),))
    (reading,) = model_scores(against, [given], knowledge, "cpu")
    assert reading.score is not None
    assert reading.score > 0.5
    assert reading.found[0].label == "contradiction"
    # Without what the template asks for there is nothing to be judged by.
    without = model_scores(against, [answer("the order ships"), answer("   ")], knowledge, "cpu")
    assert [(one.score, one.why) for one in without] == [
        (None, "no passages to read it with"),
        (None, "the answer is empty"),
    ]


def test_what_leaves_no_room_for_the_answer_is_not_read_and_not_cut(models: Path) -> None:
    spec = lead("policy", "nli", models / "nli", premise="{passages}", hypothesis="{response}")
    given = answer("the order ships", passages=(Passage("d1", "policy allows it " * 40),))
    (reading,) = model_scores(spec, [given], NOTHING, "cpu")
    assert (reading.score, reading.why) == (None, "what stands beside the answer leaves no room for it")


def test_tokens_become_spans_of_the_answer(models: Path) -> None:
    for given in ({}, {"premise": "{prompt}"}):
        spec = lead("marks", "tokens", models / "marker", **given)
        text = "the order ships, we cannot refuse it today"
        marked, clean = model_scores(spec, [answer(text), answer("the order ships")], NOTHING, "cpu")
        assert [text[one.start : one.end] for one in marked.found] == ["cannot refuse"]
        assert marked.score is not None
        assert clean.score is not None
        assert clean.score < 0.5 < marked.score
        assert clean.found == ()
    long = "the order ships today " * 30 + "we refuse"
    (reading,) = model_scores(lead("marks", "tokens", models / "marker"), [answer(long)], NOTHING, "cpu")
    assert [long[one.start : one.end] for one in reading.found] == ["refuse"]
    # Marked words of the prompt are no spans of the answer.
    asked = answer("the order ships", prompt="why do we refuse")
    (reading,) = model_scores(
        lead("marks", "tokens", models / "marker", premise="{prompt}"), [asked], NOTHING, "cpu"
    )
    assert reading.found == ()


def test_a_reward_is_compared_with_that_of_the_other_side(models: Path) -> None:
    rows = [
        answer("please it ships", "a", "base"),
        answer("it ships", "a", "candidate"),
        answer("it ships", "b", "base"),
        answer("it ships", "b", "candidate"),
        answer("please", "c", "base"),
    ]
    readings = model_scores(lead("taste", "reward", models / "reward"), rows, NOTHING, "cpu")
    scores = [one.score for one in readings]
    assert scores[0] is not None
    assert scores[1] is not None
    assert scores[0] > 0.9
    assert scores[0] + scores[1] == pytest.approx(1)
    assert scores[2:4] == [0.5, 0.5]
    assert scores[4] is None
    assert "other side" in readings[4].why
    assert pairs_of(rows) == [(0, 1), (2, 3)]


def test_a_judge_says_yes_or_no(models: Path) -> None:
    spec = lead("judge", "judge", models / "judge", template="the {response} answer")
    long = "the order ships today and you " * 12
    readings = model_scores(
        spec,
        [answer("we refuse the order"), answer("the order ships"), answer(long + "we refuse it")],
        NOTHING,
        "cpu",
    )
    yes, no, late = (one.score for one in readings)
    assert yes is not None
    assert no is not None
    assert late is not None
    assert no < 0.5 < min(yes, late)
    assert readings[2].found[0].end == len(long + "we refuse it")


def test_a_judge_of_pairs_is_asked_in_both_orders(models: Path) -> None:
    rows = [
        answer("we good the order", "a", "base"),
        answer("the bad order", "a", "candidate"),
        answer("it is bad", "b", "base"),
        answer("good it is", "b", "candidate"),
    ]
    template = "the {first} and {second} answer"
    better = lead("better", "judge", models / "better", template=template)
    scores = [one.score for one in model_scores(better, rows, NOTHING, "cpu")]
    assert all(score is not None for score in scores)
    assert scores[0] > 0.9  # type: ignore[operator]
    assert scores[3] > 0.9  # type: ignore[operator]
    assert scores[0] + scores[1] == pytest.approx(1)  # type: ignore[operator]
    # One that always prefers what stands first has no opinion.
    biased = lead("first", "judge", models / "first", template=template)
    assert [one.score for one in model_scores(biased, rows, NOTHING, "cpu")] == [0.5] * 4


def test_check_says_what_a_model_is_and_costs(models: Path) -> None:
    notes = check_model_lead(lead("marks", "tokens", models / "marker"))
    assert notes[0].startswith("marks: tokens, ")
    assert "up to 32 tokens" in notes[0]
    assert notes[1:3] == ["marks: labels O, B-refusal", "marks: B-refusal counts"]
    assert "forward passes: one an answer" in notes[3]
    nli = check_model_lead(lead("policy", "nli", models / "nli", hypothesis="it is"))
    assert "policy: ENTAILMENT counts" in nli
    pairs = check_model_lead(lead("better", "judge", models / "better", template="{first} {second}"))
    assert any("both orders" in one for one in pairs)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (("classifier", "classifier", {"label": "refusl"}), ["no label 'refusl'", "did you mean 'refusal'?"]),
        (("nli", "classifier", {"hypothesis": "it is"}), ["no label that says which", "fine, refusal"]),
        (("tokens", "classifier", {}), ["another kind of model", "ForTokenClassification"]),
        (("classifier", "marker", {"label": "O"}), ["another kind of model"]),
        (("reward", "classifier", {}), ["one output, and this one has 2"]),
        (("classifier", "reward", {"label": "LABEL_0"}), ['use task = "reward"']),
        (("judge", "classifier", {"template": "{response}"}), ["not a causal language model"]),
        (("judge", "judge", {"template": "{respnse}?"}), ["unknown placeholder {respnse}", "'response'"]),
        (("judge", "judge", {"template": "is it good?"}), ["nothing in its templates is the answer"]),
        (("judge", "judge", {"template": "{first} or what?"}), ["{first} and {second}"]),
        (
            ("classifier", "classifier", {"label": "fine", "template": "{first}"}),
            ["unknown placeholder {first}"],
        ),
        (("nli", "nli", {"hypothesis": "{response}"}), ["both hold {response}"]),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_loaded(
    models: Path, spec: tuple[str, str, dict[str, str]], words: list[str]
) -> None:
    task, folder, more = spec
    with pytest.raises(AssayError) as error:
        check_model_lead(lead("mine", task, models / folder, **more))
    for word in words:
        assert word in str(error.value)


def test_pickles_and_code_are_refused(tmp_path: Path) -> None:
    folder = write_marker(tmp_path / "marker")
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04")
    spec = lead("marks", "tokens", folder)
    for act in (lambda: check_model_lead(spec), lambda: model_scores(spec, [answer("it")], NOTHING, "cpu")):
        with pytest.raises(AssayError, match=r"holds pytorch_model\.bin, which is code"):
            act()
    (folder / "pytorch_model.bin").unlink()
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "x.Y"}}), "utf-8")
    with pytest.raises(AssayError, match="asks for code of its own"):
        check_model_lead(spec)


def test_labels_that_do_not_fit_the_weights_are_named(tmp_path: Path) -> None:
    folder = write_marker(tmp_path / "marker")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(
        json.dumps(config | {"id2label": {"0": "O"}, "label2id": {"O": 0}}), "utf-8"
    )
    with pytest.raises(AssayError, match="has 2 outputs, and id2label names 1"):
        inspect_head(folder, "tokens")


def test_each_of_independent_labels_is_a_yes_or_no(tmp_path: Path) -> None:
    weights = {"refuse": {"refusal": 2.5, "rude": 1.0}}
    folder = save_classifier(tmp_path / "many", ["fine", "refusal", "rude"], WORDS, weights, home="fine")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["problem_type"] = "multi_label_classification"
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    both = [
        model_scores(lead("g", "classifier", folder, label=label), [answer("refuse it")], NOTHING, "cpu")[
            0
        ].score
        for label in ("refusal", "rude")
    ]
    assert all(score is not None and score > 0.9 for score in both)


def test_what_is_filled_in_is_never_a_template() -> None:
    values = {"prompt": "{response}", "response": "{prompt}"}
    assert filled("{prompt} {response} {other} {}", values) == "{response} {prompt} {other} {}"


def test_the_key_follows_folder_and_words(models: Path) -> None:
    spec = lead("a", "nli", models / "nli", hypothesis="it is")
    assert lead_key(spec) == lead_key(lead("b", "nli", models / "nli", hypothesis="it is"))
    assert lead_key(spec) != lead_key(lead("a", "nli", models / "nli", hypothesis="it was"))
    assert lead_key(spec) != lead_key(lead("a", "nli", models / "classifier", hypothesis="it is"))
