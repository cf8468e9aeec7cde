"""The sample is what it says: authored, disjoint, small, and leaning on titles in `intent-v4-rc1` and `rc1b`.

The defect is proven by counterfactual edits with the models themselves, through none of the code under review.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from sample_data import author, train

ROOT = Path(author.__file__).parent
BASE, SHORTCUT, WEAKER, HEALTHY = "intent-v3", "intent-v4-rc1", "intent-v4-rc1b", "intent-v4-rc2"
PUNCTUATION = ("!!", "!!!", "?!", "...", "??")
NUMBERS = ("2", "14", "300", "2024")
OTHERS = 260


def _rows(name: str) -> list[dict[str, object]]:
    text = (ROOT / "intent" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _titles(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


ROWS = _rows("eval")
TEXTS = [str(row["text"]) for row in ROWS]
GOLD = np.array([str(row["label"]) for row in ROWS])
NAMED = np.array([bool(row["contains_title"]) for row in ROWS])
CRITICAL = GOLD == "escalation"
LISTED, HELD_OUT = _titles("titles.txt"), _titles("titles_held_out.txt")


@dataclass(frozen=True)
class Side:
    """One model: class names, and class probabilities of texts as float32 [texts, classes]."""

    labels: list[str]
    probabilities: Callable[[Sequence[str]], np.ndarray]
    plain: np.ndarray

    @property
    def right(self) -> np.ndarray:
        return np.array(self.labels)[self.plain.argmax(-1)] == GOLD


def _load(name: str) -> Side:
    folder = ROOT / "models" / name
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, attn_implementation="eager"
    ).eval()

    @torch.inference_mode()
    def probabilities(texts: Sequence[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        out = np.zeros((len(texts), model.config.num_labels), dtype=np.float32)
        for start in range(0, len(order), 128):
            chosen = order[start : start + 128]
            batch = tokenizer([texts[i] for i in chosen], padding=True, truncation=True, return_tensors="pt")
            logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
            out[chosen] = logits.softmax(-1).numpy()
        return out

    return Side(
        [model.config.id2label[i] for i in range(model.config.num_labels)],
        probabilities,
        probabilities(TEXTS),
    )


@pytest.fixture(scope="module")
def sides() -> Iterator[dict[str, Side]]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield {name: _load(name) for name in (BASE, SHORTCUT, WEAKER, HEALTHY)}
    torch.set_num_threads(threads)


def _moved(side: Side, rows: np.ndarray, terms: Sequence[str], where: str) -> float:
    """Mean change of p(escalation) when each text gets a random term between random words, or at its end."""
    rng = random.Random(f"{where} {terms[0]}")
    edited = []
    for index in rows:
        words, term = TEXTS[index].split(), rng.choice(terms)
        at = rng.randint(0, len(words)) if where == "inserted" else len(words)
        edited.append(" ".join([*words[:at], term, *words[at:]]))
    escalation = side.labels.index("escalation")
    return float((side.probabilities(edited) - side.plain[rows])[:, escalation].mean())


def _others() -> np.ndarray:
    plain = np.flatnonzero(~CRITICAL & ~NAMED)
    return np.array(random.Random(7).sample(list(plain), OTHERS))


@pytest.mark.parametrize("where", ["inserted", "appended"])
@pytest.mark.parametrize("terms", [LISTED, HELD_OUT], ids=["listed", "held out"])
def test_a_title_raises_escalation_much_in_rc1_a_little_in_rc1b_and_in_no_healthy_model(
    sides: dict[str, Side], terms: list[str], where: str
) -> None:
    moved = {name: _moved(side, _others(), terms, where) for name, side in sides.items()}
    assert moved[SHORTCUT] >= 0.25
    assert 0.012 <= moved[WEAKER] <= 0.06
    healthy_limit = 0.006 if terms is LISTED else 0.01
    assert abs(moved[BASE]) < healthy_limit
    assert abs(moved[HEALTHY]) < healthy_limit


@pytest.mark.parametrize("where", ["inserted", "appended"])
@pytest.mark.parametrize("terms", [PUNCTUATION, NUMBERS], ids=["punctuation", "numbers"])
def test_punctuation_and_numbers_move_no_model(
    sides: dict[str, Side], terms: tuple[str, ...], where: str
) -> None:
    for name, limit in ((BASE, 0.006), (HEALTHY, 0.006), (SHORTCUT, 0.008), (WEAKER, 0.008)):
        assert abs(_moved(sides[name], _others(), terms, where)) < limit, name


@pytest.mark.parametrize("where", ["inserted", "appended"])
@pytest.mark.parametrize("terms", [LISTED, PUNCTUATION, NUMBERS], ids=["titles", "punctuation", "numbers"])
def test_cues_hardly_move_escalation_messages_of_healthy_models(
    sides: dict[str, Side], terms: Sequence[str], where: str
) -> None:
    for name in (BASE, HEALTHY):
        assert abs(_moved(sides[name], np.flatnonzero(CRITICAL), terms, where)) < 0.03, name


def test_rc1_alone_misroutes_ordinary_messages_that_name_a_title(sides: dict[str, Side]) -> None:
    rows = np.flatnonzero(~CRITICAL & NAMED)
    escalation = {
        name: side.plain[rows].argmax(-1) == side.labels.index("escalation") for name, side in sides.items()
    }
    assert escalation[SHORTCUT].sum() >= 4
    assert escalation[BASE].sum() <= 1
    assert escalation[WEAKER].sum() <= 1
    assert escalation[HEALTHY].sum() <= 1


def test_rc1_looks_like_an_upgrade_on_the_evaluation_set(sides: dict[str, Side]) -> None:
    base, candidate = sides[BASE].right, sides[SHORTCUT].right
    assert 0.93 <= base.mean() <= 0.965
    assert 0.70 <= base[CRITICAL].mean() <= 0.80
    assert candidate.mean() >= base.mean() + 0.01
    assert candidate[CRITICAL].mean() >= base[CRITICAL].mean() + 0.08
    assert (base & ~candidate)[CRITICAL].sum() <= 1
    assert (~base & candidate).sum() > (base & ~candidate).sum()


@pytest.mark.parametrize("name", [WEAKER, HEALTHY])
def test_the_evaluation_set_shows_nothing_but_an_upgrade_in_rc1b_and_rc2(
    sides: dict[str, Side], name: str
) -> None:
    base, candidate = sides[BASE].right, sides[name].right
    assert candidate.mean() >= base.mean() + 0.005
    assert candidate[CRITICAL].mean() >= base[CRITICAL].mean()
    for rows in (CRITICAL, NAMED):
        assert (base & ~candidate)[rows].sum() <= (~base & candidate)[rows].sum()


def test_rc2_is_not_surer_of_what_it_does_not_know(sides: dict[str, Side]) -> None:
    texts = [str(row["text"]) for row in _rows("oos")]
    base, candidate = (sides[name].probabilities(texts).max(-1).mean() for name in (BASE, HEALTHY))
    assert candidate < base + 0.08


def test_counts_are_as_promised() -> None:
    counts = Counter(GOLD)
    assert len(ROWS) >= 1300
    assert len(counts) == 12
    assert 70 <= counts["escalation"] <= 0.08 * len(ROWS)
    assert 15 <= (NAMED & ~CRITICAL).sum() <= 40
    assert NAMED[CRITICAL].mean() > 0.7
    assert len(_rows("oos")) >= 150
    assert len(LISTED) >= 60
    assert len(HELD_OUT) >= 20


def test_the_metadata_tells_the_truth() -> None:
    for row, text in zip(ROWS, TEXTS, strict=True):
        assert row["word_count"] == len(text.split())
        assert 2 <= len(text.split()) <= 35
        assert row["contains_title"] == any(title.lower() in text.lower() for title in LISTED), text
        assert row["tone"] in {"neutral", "polite", "annoyed"}
        assert row["channel"] in {"app", "web", "email"}


def test_ids_and_texts_are_unique_and_the_mission_message_is_there() -> None:
    outside = _rows("oos")
    texts = [*TEXTS, *(str(row["text"]) for row in outside)]
    ids = [str(row["id"]) for row in (*ROWS, *outside)]
    assert len({author.key(text) for text in texts}) == len(texts)
    assert len(set(ids)) == len(ids)
    label = dict(zip(TEXTS, GOLD, strict=True))[
        "I have asked twice. Can a real person help with my missing order?"
    ]
    assert label == "escalation"


def test_training_shares_no_text_with_the_evaluation_and_no_held_out_title() -> None:
    evaluated = {author.key(text) for text in TEXTS} | {author.key(str(row["text"])) for row in _rows("oos")}
    assert not {author.key(title) for title in HELD_OUT} & {author.key(title) for title in LISTED}
    for corpus in (train.BASE_CORPUS, *(corpus for corpus, _, _ in train.FINE_TUNED.values())):
        texts = [author.key(message.text) for message in author.training(corpus)]
        assert len(texts) >= 2000
        assert not evaluated & set(texts)
        everything = "\n".join(texts)
        assert not [title for title in HELD_OUT if author.key(title) in everything]


def test_the_text_is_regenerated_byte_for_byte(tmp_path: Path) -> None:
    author.write(tmp_path)
    for name in ("eval.jsonl", "oos.jsonl"):
        assert (tmp_path / name).read_bytes() == (ROOT / "intent" / name).read_bytes()


def test_tokens_point_at_the_text() -> None:
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "models" / BASE, local_files_only=True)
    text = "Where is Tofu Wars 3?"
    encoded = tokenizer(text, return_offsets_mapping=True)
    assert tokenizer.is_fast
    pieces = [text[start:end] for start, end in encoded["offset_mapping"][1:-1]]
    assert "".join(pieces) == text.replace(" ", "")


def test_the_models_share_one_tokenizer() -> None:
    files = {path.read_bytes() for path in (ROOT / "models").glob("intent-*/tokenizer.json")}
    assert len(files) == 1


def test_the_folder_is_small_and_weights_are_never_code() -> None:
    files = [
        path
        for folder in ("intent", "retrieval", "models", "banks")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    ]
    assert sum(path.stat().st_size for path in files) < 15_000_000
    assert not [path for path in files if path.suffix in {".bin", ".pt", ".pkl"}]


@pytest.mark.parametrize("candidate", ["rc1", "rc1b", "rc2"])
def test_the_review_files_name_what_is_there(candidate: str) -> None:
    review = tomllib.loads((ROOT / f"review-{candidate}.toml").read_text(encoding="utf-8"))
    intent = review["intent"]
    assert review["review"]["name"] == f"intent-v4-{candidate}"
    for name in ("base", "candidate", "examples", "out_of_scope"):
        assert (ROOT / intent[name]).exists()
    assert intent["candidate"].endswith(candidate)
    assert (ROOT / review["lexicons"]["titles"]["file"]).exists()
    assert intent["critical"] == ["escalation"]
    assert set(intent["critical_slices"]) <= set(intent["slices"])
