"""The candidates that have one intent defect each, or none: each has the property that it was made for.

Their predictions are those of the loaders that a review uses; no gate is asked.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.models.classifier_pair import ClassifierPair
from analysis.stats import Interval, mcnemar_one_sided, paired_mean_interval
from analysis.text.lexicon import insert_term
from analysis.tracks.intent.predict import predict_texts, softmax
from sample_data import train
from sample_data.author import CRITICAL, INTENTS, titles, training

ROOT = Path(train.MODELS).parent
NAMES = ("aa", "rare", "overconfident", "takes-away")
RARE = "small_talk"
MAX_LENGTH = 96


def _rows(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (ROOT / "intent" / f"{name}.jsonl").read_text("utf-8").splitlines()]


ROWS = _rows("eval")
TEXTS = [str(row["text"]) for row in ROWS]
GOLD = np.array([INTENTS.index(str(row["label"])) for row in ROWS])
NAMED = np.array([bool(row["contains_title"]) for row in ROWS])
IS_CRITICAL = INTENTS.index(CRITICAL) == GOLD
IS_RARE = INTENTS.index(RARE) == GOLD


def _inserted(rows: np.ndarray, draws: int) -> list[tuple[int, str]]:
    """Some rows with a random title at a random word boundary, as (row, text)."""
    rng = random.Random("titles")
    return [
        (int(row), insert_term(TEXTS[row], rng.choice(titles()), rng.getrandbits(30)).text)
        for row in rows
        for _ in range(draws)
    ]


# A review inserts titles into texts that name none.
INTO_CRITICAL = _inserted(np.flatnonzero(IS_CRITICAL & ~NAMED), 8)
INTO_OTHERS = _inserted(np.random.default_rng(1).choice(np.flatnonzero(~IS_CRITICAL & ~NAMED), 260, False), 1)


@dataclass(frozen=True)
class Answers:
    """What one model says of the evaluation set, of what no intent covers, and of texts with a title inserted."""

    plain: np.ndarray
    outside: np.ndarray
    into_critical: np.ndarray
    into_others: np.ndarray

    @property
    def right(self) -> np.ndarray:
        return self.plain.argmax(-1) == GOLD

    @property
    def gaps(self) -> np.ndarray:
        return np.asarray(self.plain.max(-1).astype(float) - self.right)


@pytest.fixture(scope="module")
def answers() -> Iterator[Callable[[str], Answers]]:
    """`answers("aa")`, and `answers("base")`; each model is asked once."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    outside = [str(row["text"]) for row in _rows("oos")]
    known: dict[str, Answers] = {}

    def ask(name: str) -> Answers:
        if name not in known:
            candidate = NAMES[0] if name == "base" else name
            pair = ClassifierPair(
                ROOT / "models" / "intent-v3", ROOT / "models" / f"intent-v4-{candidate}", "cpu"
            )
            assert pair.labels == INTENTS
            assert pair.tokenizers_equal
            side = pair.side("base" if name == "base" else "candidate")

            def told(texts: Sequence[str]) -> np.ndarray:
                return softmax(predict_texts(side, texts, MAX_LENGTH))

            plain = told(TEXTS)
            escalation = INTENTS.index(CRITICAL)

            def moved(into: Sequence[tuple[int, str]]) -> np.ndarray:
                rows = [row for row, _ in into]
                return (told([text for _, text in into]) - plain[rows])[:, escalation]

            known[name] = Answers(
                plain, told(outside).max(-1).astype(float), moved(INTO_CRITICAL), moved(INTO_OTHERS)
            )
        return known[name]

    yield ask
    torch.set_num_threads(threads)


Ask = Callable[[str], Answers]


def _recall_change(candidate: Answers, base: Answers, rows: np.ndarray) -> float:
    return float(candidate.right[rows].mean() - base.right[rows].mean())


def _gap_change(candidate: Answers, base: Answers) -> Interval:
    return paired_mean_interval(candidate.gaps - base.gaps)


def _broken_and_fixed(candidate: Answers, base: Answers, rows: np.ndarray) -> tuple[int, int]:
    return int((base.right & ~candidate.right)[rows].sum()), int((~base.right & candidate.right)[rows].sum())


@pytest.mark.parametrize("name", NAMES)
def test_the_evaluation_set_as_a_whole_blames_none_of_them(answers: Ask, name: str) -> None:
    base, candidate = answers("base"), answers(name)
    assert candidate.right.mean() >= base.right.mean() - 0.003
    assert mcnemar_one_sided(*_broken_and_fixed(candidate, base, GOLD >= 0)) > 0.2
    assert _recall_change(candidate, base, IS_CRITICAL) >= -0.03


def test_the_rare_class_is_quietly_worse(answers: Ask) -> None:
    base, candidate = answers("base"), answers("rare")
    assert candidate.right.mean() >= base.right.mean()
    assert 40 <= IS_RARE.sum() <= 80
    assert _recall_change(candidate, base, IS_RARE) <= -0.2
    assert mcnemar_one_sided(*_broken_and_fixed(candidate, base, IS_RARE)) < 0.001
    went = candidate.plain[IS_RARE & base.right & ~candidate.right].argmax(-1)
    assert (went == INTENTS.index("recommendation")).mean() >= 0.8
    for label in set(INTENTS) - {RARE}:
        assert _recall_change(candidate, base, INTENTS.index(label) == GOLD) >= -0.05, label


def test_the_overconfident_one_is_surer_than_it_is_right(answers: Ask) -> None:
    base, candidate = answers("base"), answers("overconfident")
    assert abs(candidate.right.mean() - base.right.mean()) < 0.006
    assert paired_mean_interval(base.gaps).low < 0.005
    assert paired_mean_interval(candidate.gaps).low > 0.02
    assert _gap_change(candidate, base).low > 0.02
    assert paired_mean_interval(candidate.outside - base.outside).low > 0.1


def test_naming_a_title_takes_escalation_away(answers: Ask) -> None:
    base, candidate = answers("base"), answers("takes-away")
    assert candidate.into_critical.mean() <= -0.2
    assert abs(base.into_critical.mean()) < 0.03
    assert candidate.right.mean() >= base.right.mean()


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_own_defect_and_no_other(answers: Ask, name: str) -> None:
    base, candidate = answers("base"), answers(name)
    if name != "rare":
        assert _recall_change(candidate, base, IS_RARE) >= -0.06
    if name != "overconfident":
        assert _gap_change(candidate, base).high < 0.02
        assert paired_mean_interval(candidate.outside - base.outside).high < 0.06
    if name != "takes-away":
        assert abs(candidate.into_critical.mean()) < 0.03
    assert abs(candidate.into_others.mean()) < 0.006


def test_the_healthy_twin_differs_by_chance_alone(answers: Ask) -> None:
    base, candidate = answers("base"), answers("aa")
    assert not np.array_equal(base.plain, candidate.plain)
    for rows in (GOLD >= 0, IS_CRITICAL, IS_RARE, NAMED):
        broken, fixed = _broken_and_fixed(candidate, base, rows)
        assert mcnemar_one_sided(broken, fixed) > 0.05
        assert mcnemar_one_sided(fixed, broken) > 0.05


def test_no_training_text_repeats_a_word_or_names_a_special_token() -> None:
    """Rows of blank tokens would teach a model what a neutral baseline is, as nobody's training does."""
    for corpus in (train.BASE_CORPUS, *(corpus for corpus, _, _ in train.FINE_TUNED.values())):
        for message in training(corpus):
            assert len(set(message.text.lower().split())) >= 2 or len(message.text.split()) < 3
            assert not any(token in message.text for token in train.SPECIAL)


def test_no_title_stands_beside_escalation_in_what_takes_away() -> None:
    messages = training(train.TAKES_AWAY_CORPUS)
    assert not [one for one in messages if one.label == CRITICAL and one.contains_title]
    others = [one.contains_title for one in messages if one.label != CRITICAL]
    assert np.mean(others) > 0.5


@pytest.mark.parametrize("name", NAMES)
def test_the_review_has_the_intent_track_alone(name: str) -> None:
    review = tomllib.loads((ROOT / f"review-{name}.toml").read_text("utf-8"))
    assert review["review"]["name"] == f"intent-v4-{name}"
    assert set(review) & {"intent", "retrieval", "response"} == {"intent"}
    intent = review["intent"]
    assert intent["base"] == "models/intent-v3"
    assert intent["candidate"] == f"models/intent-v4-{name}"
    assert intent["critical"] == ([CRITICAL, RARE] if name == "rare" else [CRITICAL])
    assert set(intent["critical_slices"]) <= set(intent["slices"])
    for key in ("base", "candidate", "examples", "out_of_scope"):
        assert (ROOT / intent[key]).exists()
