"""`assay init` in a folder with encoders, items, probes and hard negatives."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.init import init_review
from analysis.run.check import check_review
from tests.analysis.tracks.retrieval.tiny import random_vectors, write_adapter, write_review, write_vectors

DATA = {
    "items": "items.jsonl",
    "id": "id",
    "text": "text",
    "title": "title",
    "probes": "probes.jsonl",
    "hard_negatives": "pairs.jsonl",
    "critical_slices": [],
    "slices": {},
}


def test_a_complete_folder_gives_a_review_that_check_accepts(tiny_retrieval_review: Path) -> None:
    tiny_retrieval_review.unlink()
    path = init_review(tiny_retrieval_review.parent)
    tree = tomllib.loads(path.read_text("utf-8"))
    assert tree["retrieval"] == {"base": "base", "candidate": "candidate", **DATA}
    assert not {"intent", "response"} & tree.keys()
    assert tree["review"]["base_version"] == "base"
    assert any("12 examples; 40 items; 10 hard negatives" in note for note in check_review(path).notes)


def test_which_attributes_are_wanted_is_left_to_people(tiny_retrieval_review: Path) -> None:
    tiny_retrieval_review.unlink()
    path = init_review(tiny_retrieval_review.parent)
    text = path.read_text("utf-8")
    names = '"theme", "tones", "popularity", "publisher"'
    both = (f"group_by = [{names}]", f'not_by = [{names}, "title_length", "text_length"]')
    for line in both:
        assert f"\n# {line}\n" in text
        path.write_text(path.read_text("utf-8").replace(f"# {line}", line), "utf-8")
    with pytest.raises(AssayError, match="'theme' is in group_by too"):
        check_review(path)
    decided = text.replace(f"# {both[0]}", 'group_by = ["theme", "tones"]')
    path.write_text(decided.replace(f"# {both[1]}", 'not_by = ["publisher", "title_length"]'), "utf-8")
    assert check_review(path).review.tracks


def test_an_adapter_is_the_candidate(tmp_path: Path, tiny_encoder: Path) -> None:
    write_review(tmp_path).unlink()
    shutil.copytree(tiny_encoder, tmp_path / "models" / "v3")
    write_adapter(tiny_encoder, tmp_path / "models" / "v4")
    path = init_review(tmp_path)
    retrieval = tomllib.loads(path.read_text("utf-8"))["retrieval"]
    assert retrieval == {"base": "models/v3", "candidate": "models/v4", **DATA}
    assert any("LORA adapter over BertModel" in note for note in check_review(path).notes)


def test_stored_vectors_stand_for_encoders(tmp_path: Path) -> None:
    write_review(tmp_path).unlink()
    for name in ("v3", "v4"):
        write_vectors(tmp_path / f"{name}.parquet", random_vectors())
    path = init_review(tmp_path)
    tree = tomllib.loads(path.read_text("utf-8"))
    assert tree["retrieval"] == {"base": "v3.parquet", "candidate": "v4.parquet", **DATA}
    assert tree["review"]["candidate_version"] == "v4"
    assert check_review(path).review.tracks


def test_a_lone_plain_model_starts_no_review(tmp_path: Path, tiny_encoder: Path) -> None:
    shutil.copytree(tiny_encoder, tmp_path / "bert")
    (tmp_path / "bert" / "modules.json").unlink()
    text = init_review(tmp_path).read_text("utf-8")
    assert "retrieval" not in tomllib.loads(text)
    assert '# base = "bert"' in text
