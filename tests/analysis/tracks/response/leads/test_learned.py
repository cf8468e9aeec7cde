"""What labels teach about answers: out of fold, by prompt, the same every time; and likeness before that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from analysis.tracks.response.leads.encoder import check_encoder, load_encode
from analysis.tracks.response.leads.heads import (
    FOLDS,
    fold_of,
    held_out,
    known_groups,
    logits_of,
    own_or_mean,
    platt,
)
from analysis.tracks.response.leads.learned import OPENING, learn, pieces
from tests.analysis.tracks.response.leads.answers import made
from tests.analysis.tracks.retrieval.word_encoder import POSITIONS, write_word_encoder

EXAMPLES = ("I can't help with that.", "I'm sorry, but I am not able to do this.")


def learned_scores(*given: Any, **named: Any) -> Any:
    """The scores of `learn`."""
    return learn(*given, **named).scores


def test_labels_teach_a_head_that_finds_the_rest() -> None:
    texts, refs, truth = made(80, 0.3, seed=1)
    labels = {row: truth[row] for row in range(80)}
    learned = learn(texts, refs, labels, (), "answer", None, seed=0)
    assert learned.scores is not None
    assert learned.scores.shape == (160,)
    assert learned.scores.dtype == np.float64
    assert 0 <= learned.scores.min() <= learned.scores.max() <= 1
    assert roc_auc_score(truth[80:], learned.scores[80:]) > 0.97
    assert roc_auc_score(truth[:80], learned.scores[:80]) > 0.95
    flagged = learned.scores >= 0.5
    assert np.mean(flagged == np.array(truth)) > 0.93
    # The sentence that speaks for it is the one that refuses.
    told = [span.of(text) for text, span in zip(texts, learned.spans, strict=True) if span]
    assert len(told) == flagged.sum()
    assert np.mean(["help" in one or "able" in one or "cannot" in one for one in told]) > 0.9
    yes = sum(truth[:80])
    assert f"{yes} answers with it and {80 - yes} without" in learned.why


@pytest.mark.parametrize("unit", ["answer", "sentence", "opening"])
def test_the_same_labels_give_the_same_scores(unit: str) -> None:
    texts, refs, truth = made(30, 0.4, seed=2)
    labels = {row: truth[row] for row in range(40)}
    first = learned_scores(texts, refs, labels, (), unit, None, seed=5)  # type: ignore[arg-type]
    again = learned_scores(texts, refs, dict(reversed(labels.items())), (), unit, None, seed=5)  # type: ignore[arg-type]
    assert first is not None
    assert again is not None
    assert np.array_equal(first, again)


def test_no_label_of_a_prompt_reaches_the_score_of_its_own_answers() -> None:
    texts, refs, truth = made(40, 0.4, seed=3)
    labels = {row: truth[row] for row in range(60)}
    before = learned_scores(texts, refs, labels, (), "answer", None, seed=0)
    turned = learned_scores(texts, refs, labels | {8: not truth[8]}, (), "answer", None, seed=0)
    assert before is not None
    assert turned is not None
    same_fold = fold_of(refs, 0) == fold_of(refs, 0)[8]
    known = np.arange(len(texts)) < 60
    # Nothing of its fold moves by a bit, not even calibration; what was taught by it does.
    assert np.array_equal(before[same_fold & known], turned[same_fold & known])
    assert not np.array_equal(before[~same_fold & known], turned[~same_fold & known])


def test_an_answer_without_a_label_is_held_out_with_the_other_side_of_its_prompt() -> None:
    texts, refs, truth = made(40, 0.4, seed=4)
    labels = {row: truth[row] for row in range(0, 60, 2)}
    before = learned_scores(texts, refs, labels, (), "answer", None, seed=0)
    turned = learned_scores(texts, refs, labels | {8: not truth[8]}, (), "answer", None, seed=0)
    assert before is not None
    assert turned is not None
    assert before[9] == turned[9]
    assert known_groups(refs, np.array([8]))[8:10].all()


def test_scores_are_probabilities_and_do_not_follow_labels_that_mean_nothing() -> None:
    texts, refs, _ = made(150, 0.3, seed=6)
    coin = np.random.default_rng(0).random(300) < 0.3
    scores = learned_scores(texts, refs, {row: bool(coin[row]) for row in range(200)}, (), "answer", None, 0)
    assert scores is not None
    # Out of fold, chance labels are not found again, and the mean is their share.
    assert roc_auc_score(coin[:200], scores[:200]) < 0.65
    assert scores.mean() == pytest.approx(coin[:200].mean(), abs=0.08)


def test_a_sentence_is_found_in_a_long_answer() -> None:
    texts, refs, truth = made(60, 0.4, seed=7, tail=12)
    labels = {row: truth[row] for row in range(80)}
    learned = learn(texts, refs, labels, (), "sentence", None, seed=0)
    assert learned.scores is not None
    assert roc_auc_score(truth[80:], learned.scores[80:]) > 0.9
    row = int(np.argmax(learned.scores))
    span = learned.spans[row]
    assert span is not None
    assert span.end - span.start < len(texts[row]) / 3


def test_before_labels_it_is_likeness_to_examples() -> None:
    texts, refs, truth = made(40, 0.4, seed=8)
    few = {row: truth[row] for row in range(6)}
    learned = learn(texts, refs, few, EXAMPLES, "sentence", None, seed=0)
    assert learned.scores is not None
    assert roc_auc_score(truth, learned.scores) > 0.9
    assert 0 <= learned.scores.min() <= learned.scores.max() <= 1
    assert "examples" in learned.why
    assert (
        learned_scores(["I can't help with that.", *texts], ["p", *refs], {}, EXAMPLES, "opening", None, 0)[0]
        == 1
    )


def test_with_neither_labels_nor_examples_it_says_that_it_has_no_say() -> None:
    learned = learn(["yes", "no"], ["a", "b"], {0: True}, ("  ",), "answer", None, seed=0)
    assert learned.scores is None
    assert learned.spans == (None, None)
    assert "1 yes, 0 no, and 5 of each" in learned.why


@pytest.mark.parametrize("text", ["", "   ", "\n", "。", "..."])
def test_an_answer_of_nothing_is_scored_like_any_other(text: str) -> None:
    texts, refs, truth = made(20, 0.4, seed=9)
    labels = {row: truth[row] for row in range(40)}
    for unit in ("answer", "sentence", "opening"):
        scores = learned_scores([*texts, text], [*refs, "other"], labels, (), unit, None, 0)  # type: ignore[arg-type]
        assert scores is not None
        assert 0 <= scores[-1] < 0.5


def test_scripts_without_spaces_are_read() -> None:
    matters = ("荷物", "注文", "請求書", "返品", "住所", "時間")
    yes = [f"申し訳ありませんが、{one}についてはお手伝いできません。" for one in matters]
    no = [f"{one}は本日発送され、月曜日に届きます。" for one in matters]
    texts, truth = yes + no, [True] * 6 + [False] * 6
    scores = learned_scores(
        texts, [str(row) for row in range(12)], dict(enumerate(truth)), (), "answer", None, 0
    )
    assert scores is not None
    assert roc_auc_score(truth, scores) > 0.95


def test_a_real_encoder_gives_the_vectors(tmp_path: Path) -> None:
    words = {"can't": [1.0, 0.0], "help": [0.9, 0.1], "ships": [0.0, 1.0], "today": [0.1, 0.9]}
    folder = write_word_encoder(
        tmp_path / "encoder", {name: np.array(value) for name, value in words.items()}
    )
    encode = load_encode(folder, "cpu")
    assert check_encoder("taught", folder)[0].startswith("taught: encoder, ")
    texts = ["we can't", "no help", "it ships", "today it ships"] * 10
    truth = [True, True, False, False] * 10
    refs = [str(row // 4) for row in range(40)]
    for unit in ("answer", "sentence"):
        scores = learned_scores(texts, refs, dict(enumerate(truth)), (), unit, encode, 0)  # type: ignore[arg-type]
        assert scores is not None
        assert roc_auc_score(truth, scores) == 1
    alike = learned_scores(texts, refs, {}, ["help"], "sentence", encode, 0)
    assert alike is not None
    assert roc_auc_score(truth, alike) == 1
    # The end of a text longer than the encoder reads counts as well.
    long = encode(["ships " * POSITIONS + "help " * POSITIONS, "ships " * POSITIONS])
    assert np.linalg.norm(long[0] - long[1]) > 0.1 * np.linalg.norm(long[1])


def test_the_opening_is_the_beginning_without_space() -> None:
    text = "  \n" + "word " * 100
    (span,) = pieces(text, "opening")
    assert (span.start, span.end) == (3, 3 + OPENING)
    assert [one.of("One. Two!") for one in pieces("One. Two!", "sentence")] == ["One.", "Two!"]
    assert pieces("", "sentence")[0].of("") == ""


def test_platt_makes_logits_calibrated_and_never_turns_them_round() -> None:
    rng = np.random.default_rng(0)
    true_logit = rng.normal(size=4_000)
    truth = rng.random(4_000) < expit(true_logit)
    slope, intercept = platt(3 * true_logit + 2, truth)
    assert slope == pytest.approx(1 / 3, abs=0.04)
    assert intercept == pytest.approx(-2 / 3, abs=0.1)
    assert platt(-true_logit, truth)[0] == 0
    assert platt(np.zeros(0), np.zeros(0, dtype=bool)) == (0.0, 0.0)
    assert np.isfinite(platt(np.full(6, 1e8), np.array([True] * 3 + [False] * 3))).all()


def test_labels_of_one_prompt_alone_leave_its_head_without_a_class() -> None:
    truth = np.array([True] * 6 + [False] * 6)
    fold = np.array([0] * 6 + [1, 2, 3, 4, 1, 2])
    x = truth.astype(np.float64)[:, None]

    def teach(chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        assert len(set(truth[chosen].tolist())) == 2
        return np.array([1.0, -0.5])

    heads = held_out(teach, lambda some: logits_of(x, some), truth, fold, 1)
    logits = logits_of(x, heads)
    assert logits.shape == (12, FOLDS)
    # Head 0 saw no answer with it: it knows their share alone.
    assert len(set(logits[:, 0].tolist())) == 1
    mean = own_or_mean(logits, fold, np.zeros(12, dtype=bool))
    assert mean == pytest.approx(logits.mean(axis=1))
