"""The quality of a detector, from labelled texts to the words beside its rate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.tracks.response.detectors import facts, length, spoilers
from analysis.tracks.response.detectors.quality import (
    measured,
    quality_of,
    quality_text,
    read_quality,
    write_quality,
)
from benchmarks.detectors import BEGIN, END, Labelled, family, harmless, measure, read_texts, write_table
from tests.analysis.tracks.response.detectors.shop import KNOWLEDGE, answer

WRONG = "Broken Umbrella has 12 volumes."


def labelled(text: str, *spans: tuple[str, str], prompt: str = "Hello.") -> Labelled:
    places = [(text.index(words), text.index(words) + len(words), kind) for words, kind in spans]
    return Labelled("t", "facts", answer(text, prompt), tuple(places))


def test_precision_and_recall_over_texts_and_spans() -> None:
    texts = [
        labelled(WRONG, ("12 volumes", "contradicted")),
        labelled("Broken Umbrella is a long one.", ("long one", "contradicted")),
        labelled("Broken Umbrella is by Emi Arakida."),
        labelled(WRONG, ("Broken Umbrella", "lacking")),
        labelled("Broken Umbrella has 5 volumes."),
    ]
    quality = measure(facts.DETECTOR, texts, KNOWLEDGE)
    assert quality is not None
    assert (quality.texts, quality.labelled, quality.flagged, quality.found) == (5, 3, 3, 1)
    assert quality.precision == pytest.approx(1 / 3)
    assert quality.recall == pytest.approx(1 / 3)
    assert (quality.precision_low, quality.precision_high) == pytest.approx((0.0084, 0.9057), abs=1e-4)
    assert (quality.span_precision, quality.span_recall) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert measure(facts.DETECTOR, [], KNOWLEDGE) is None


def test_a_text_that_the_detector_does_not_apply_to_is_not_flagged() -> None:
    text = labelled("In Monster the twin is the killer.", prompt="How does Monster end?")
    quality = measure(spoilers.DETECTOR, [text], KNOWLEDGE)
    assert quality is not None
    assert (quality.flagged, quality.precision, quality.recall) == (0, None, None)


def test_a_quality_is_kept_and_holds_for_its_version_alone(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    assert quality_text(facts.DETECTOR, path) == ""
    kept = measured(facts.DETECTOR.version, 240, 100, 95, 90, (90, 95, 100, 110), "texts of a test")
    write_quality({"facts": kept}, path)
    read_quality.cache_clear()
    assert quality_of(facts.DETECTOR, path) == kept
    words = "precision .95 [.88, .98], recall .90 [.82, .95] on 240 labelled texts"
    assert quality_text(facts.DETECTOR, path) == words
    newer = replace(facts.DETECTOR, version=facts.DETECTOR.version + 1)
    assert quality_text(newer, path) == ""
    assert quality_text(spoilers.DETECTOR, path) == ""
    assert quality_text(length.DETECTOR, path) == "counts words, by definition"


def test_nothing_flagged_leaves_precision_unknown(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    write_quality({"facts": measured(facts.DETECTOR.version, 3, 1, 0, 0, (0, 0, 0, 1), "three texts")}, path)
    assert quality_text(facts.DETECTOR, path).startswith("precision unknown, recall .00 [.00, .97] on 3")


def test_kinds_of_labels() -> None:
    assert family("facts", "not_in_catalogue") == family("facts", "not in the catalogue") == "lacking"
    assert family("facts", "contradicted") == "contradicted"
    assert family("promises", "not allowed") == ""
    assert family("citations", "cites what does not exist") == "invented"
    assert harmless("Supported")
    assert harmless("allowed")
    assert not harmless("not allowed")


def test_labelled_texts_are_read_and_a_span_outside_is_refused(tmp_path: Path) -> None:
    row = {"id": "f1", "detector": "facts", "prompt": "Hi", "response": WRONG, "expected": ["cite"]}
    row |= {"passages": [{"text": "x"}], "about": "wrong number"}
    spans = [{"start": 20, "end": 30, "label": "contradicted"}, {"start": 0, "end": 15, "label": "supported"}]
    (tmp_path / "facts.jsonl").write_text(json.dumps(row | {"spans": spans}) + "\n\n", "utf-8")
    (text,) = read_texts(tmp_path)
    assert text.spans == ((20, 30, "contradicted"),)
    assert text.response.passages[0].id is None
    assert text.response.expected == {"cite"}
    (tmp_path / "facts.jsonl").write_text(
        json.dumps(row | {"spans": [{"start": 0, "end": 999, "label": "contradicted"}]}), "utf-8"
    )
    with pytest.raises(ValueError, match="f1: the span"):
        list(read_texts(tmp_path))
    with pytest.raises(ValueError, match="no labelled texts"):
        list(read_texts(tmp_path / "none"))


def test_the_table_replaces_the_one_before(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    write_table({"facts": measured(1, 10, 4, 4, 3, (3, 5, 4, 6), "texts")}, readme)
    text = readme.read_text("utf-8")
    assert "old" not in text
    assert "| `facts` 1 | 10 | 4 | 4 | .75 [.19, .99] | .75 [.19, .99] | .60 | .67 |" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    readme.write_text("no marks", "utf-8")
    with pytest.raises(ValueError, match="lacks"):
        write_table({}, readme)
