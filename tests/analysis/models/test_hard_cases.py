"""Pairs and texts at the edge: other tokenizers, other label orders, no numbers, two and many classes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from analysis.models.classifier_pair import ClassifierPair
from analysis.plugin.live import LiveRequest
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.store.run import attach
from analysis.tracks.intent.live import answer
from analysis.tracks.intent.predict import NOT_A_NUMBER, predict_texts
from tests.analysis.models.families import roberta, save_family
from tests.analysis.tracks.intent.probed import attached_run
from tests.conftest import LABELS, messages, word_pieces, write_jsonl

MakeClassifier = Callable[..., Path]
TEXTS = ["can a real person help with my parcel?", "where is my Tofu Wars", "gift"]


def reorder_classes(folder: Path, order: tuple[int, ...]) -> None:
    """Write the classes of a model in another order, weights and label map alike."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(path)
    for name in ("classifier.weight", "classifier.bias"):
        tensors[name] = tensors[name][list(order)].contiguous()
    save_file(tensors, path, {"format": "pt"})
    config = json.loads((folder / "config.json").read_text("utf-8"))
    labels = {index: LABELS[old] for index, old in enumerate(order)}
    config |= {"id2label": labels, "label2id": {label: index for index, label in labels.items()}}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")


def poison(folder: Path, word: str) -> None:
    """Give a word an embedding that is not a number."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["bert.embeddings.word_embeddings.weight"][word_pieces()[word]] = float("nan")
    save_file(tensors, path, {"format": "pt"})


def ask(pair: ClassifierPair, text: str, **options: Any) -> dict[str, Any]:
    reply = answer(pair, {"max_length": 16}, attached_run(), LiveRequest("intent", text, **options))
    json.dumps(reply, allow_nan=False)
    return reply


def test_classes_in_another_order_are_matched_by_name(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    import torch

    base = tiny_classifier(tmp_path / "base")
    candidate = tiny_classifier(tmp_path / "candidate")
    reorder_classes(candidate, (2, 0, 1))
    pair = ClassifierPair(base, candidate, "cpu")
    assert pair.labels == LABELS
    assert pair.labels_reordered
    assert pair.side("candidate").labels == LABELS
    found = [predict_texts(pair.side(side), TEXTS, 64) for side in ("base", "candidate")]
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    model = pair.side("candidate").model
    embeddings = model.get_input_embeddings()(torch.tensor([[2, 7, 8, 3]]))
    both = [
        pair.side(side).model(inputs_embeds=embeddings, attention_mask=torch.ones(1, 4)).logits
        for side in ("base", "candidate")
    ]
    torch.testing.assert_close(both[0], both[1])
    assert dict(model.config.id2label) == dict(enumerate(LABELS))
    reply = ask(pair, TEXTS[0])
    assert reply["contrast"] is None
    assert reply["sides"]["base"]["output"]["label"] == reply["sides"]["candidate"]["output"]["label"]


def test_a_review_with_other_tokenizers_label_orders_and_nan_logits_runs_whole(tiny_review: Path) -> None:
    models = tiny_review.parent / "models"
    shutil.rmtree(models / "candidate")
    save_family(roberta, models / "candidate", labels=LABELS[::-1], seed=2)
    poison(models / "base", "parcel")
    write_jsonl(tiny_review.parent / "eval.jsonl", messages()[::2])
    notes = "\n".join(check_review(tiny_review).notes)
    assert "tokenizer differs between the sides" in notes
    assert "classes   the candidate has them in another order" in notes
    published = analyze(tiny_review)
    connection = duckdb.connect()
    attach(connection, published.store, published.run)
    holds = "ref IN (SELECT ref FROM evidence.example WHERE text LIKE '%parcel%')"
    found = connection.execute(
        f"SELECT DISTINCT side, label = '{NOT_A_NUMBER}' FROM evidence.intent_side WHERE {holds} ORDER BY ALL"
    ).fetchall()
    assert found == [("base", True), ("candidate", False)]
    statuses = connection.execute(
        f"SELECT DISTINCT status FROM evidence.attribution WHERE side = 'base' AND {holds}"
    ).fetchall()
    assert statuses == [("not interpretable",)]
    words = connection.execute(
        """
        SELECT count(*), count(*) FILTER (a.starts = b.starts AND a.ends = b.ends)
        FROM evidence.attribution a JOIN evidence.attribution b USING (ref, method)
        WHERE a.side = 'base' AND b.side = 'candidate'
        """
    ).fetchone()
    assert words is not None
    assert words[0] == words[1] > 0


def test_logits_that_are_not_numbers_are_answered_as_such(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    base = tiny_classifier(tmp_path / "base")
    candidate = tiny_classifier(tmp_path / "candidate", seed=1)
    poison(candidate, "parcel")
    pair = ClassifierPair(base, candidate, "cpu")
    reply = ask(pair, "where is my parcel")
    side = reply["sides"]["candidate"]
    assert tuple(side["output"][name] for name in ("label", "p", "margin")) == (NOT_A_NUMBER, 0.0, 0.0)
    assert side["probabilities"] == [None, None, None]
    assert reply["contrast"] is None
    assert {row["status"] for row in side["attributions"]} == {"not interpretable"}
    assert ask(pair, "where is my gift")["sides"]["candidate"]["output"]["label"] in LABELS


@pytest.mark.parametrize("count", [2, 200])
def test_two_and_two_hundred_classes(tmp_path: Path, tiny_classifier: MakeClassifier, count: int) -> None:
    labels = tuple(f"intent {index:03d}" for index in range(count))
    base = tiny_classifier(tmp_path / "base", labels=labels)
    candidate = tiny_classifier(tmp_path / "candidate", labels=labels, seed=1)
    pair = ClassifierPair(base, candidate, "cpu")
    assert pair.heads["base"].labels == labels
    reply = ask(pair, TEXTS[0])
    for side in reply["sides"].values():
        assert len(side["probabilities"]) == count
        assert sum(side["probabilities"]) == pytest.approx(1.0, abs=1e-5)
        output = side["output"]
        assert output["p"] >= output["runner_up_p"]
        assert output["label"] != output["runner_up"]
        assert {row["method"] for row in side["attributions"]} == {"lrp", "occlusion"}


@pytest.mark.parametrize(
    ("text", "words", "cut"),
    [
        ("gift", 1, False),
        ("[CLS][SEP][PAD]", 0, False),
        ("", 0, False),
        ("gift " * 14, 14, False),
        ("gift " * 15, 14, True),
    ],
)
def test_texts_of_one_word_of_none_and_over_the_limit(
    tmp_path: Path, tiny_classifier: MakeClassifier, text: str, words: int, cut: bool
) -> None:
    base = tiny_classifier(tmp_path / "base")
    pair = ClassifierPair(base, tiny_classifier(tmp_path / "candidate", seed=1), "cpu")
    for side in ask(pair, text)["sides"].values():
        assert side["output"]["label"] in LABELS
        assert side["cut"] is cut
        assert side["tokens"] <= 16
        if words:
            assert {len(row["scores"]) for row in side["attributions"]} == {words}
