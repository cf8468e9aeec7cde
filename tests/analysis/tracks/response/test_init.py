"""`assay init` in a folder with recorded responses, or with generators and prompts."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from analysis.init import init_review
from analysis.run.check import check_review
from tests.analysis.tracks.response.tiny import catalogue, write_lines

GIVEN = {
    "catalogue": "catalogue.jsonl",
    "policy": "policy.toml",
    "preferences": "preferences.jsonl",
    "critical_slices": [],
    "slices": {},
}


def test_a_complete_folder_gives_a_review_that_check_accepts(tiny_response_review: Path) -> None:
    tiny_response_review.unlink()
    path = init_review(tiny_response_review.parent)
    text = path.read_text("utf-8")
    tree = tomllib.loads(text)
    assert tree["response"] == {"records": "records.jsonl", **GIVEN}
    assert '# prompts = "prompts.jsonl"' in text
    assert not {"intent", "retrieval"} & tree.keys()
    assert any("24 examples" in note for note in check_review(path).notes)


def test_generators_answer_where_nothing_is_recorded(tiny_generated_review: Path) -> None:
    folder = tiny_generated_review.parent
    tiny_generated_review.unlink()
    (folder / "records.jsonl").unlink()
    path = init_review(folder)
    response = tomllib.loads(path.read_text("utf-8"))["response"]
    assert response == {"base": "base", "candidate": "candidate", "prompts": "prompts.jsonl", **GIVEN}
    assert any("LORA adapter over LlamaForCausalLM" in note for note in check_review(path).notes)


@pytest.mark.parametrize("name", ["a-merged", "z-merged"])
def test_a_merged_folder_beside_its_adapter_is_what_will_be_served(
    tiny_generated_review: Path, moved_generator: Path, name: str
) -> None:
    folder = tiny_generated_review.parent
    tiny_generated_review.unlink()
    (folder / "records.jsonl").unlink()
    shutil.copytree(moved_generator, folder / name)
    path = init_review(folder)
    response = tomllib.loads(path.read_text("utf-8"))["response"]
    assert {key: response.get(key) for key in ("base", "candidate", "deployed")} == {
        "base": "base",
        "candidate": "candidate",
        "deployed": name,
    }
    assert any(note.startswith("deployed") for note in check_review(path).notes)
    shutil.rmtree(folder / "candidate")
    path.unlink()
    response = tomllib.loads(init_review(folder).read_text("utf-8"))["response"]
    assert (response["base"], response["candidate"]) == ("base", name)
    assert "deployed" not in response


def test_one_generator_beside_records_is_left_out(tiny_generated_review: Path) -> None:
    folder = tiny_generated_review.parent
    tiny_generated_review.unlink()
    shutil.rmtree(folder / "candidate")
    path = init_review(folder)
    text = path.read_text("utf-8")
    assert tomllib.loads(text)["response"] == {"records": "records.jsonl", **GIVEN}
    assert '# base = "base"' in text
    assert check_review(path).review.tracks


def test_a_catalogue_with_descriptions_starts_no_retrieval_review(tiny_response_review: Path) -> None:
    folder = tiny_response_review.parent
    tiny_response_review.unlink()
    described = [row | {"description": f"A slow case about {row['title']}."} for row in catalogue()]
    write_lines(folder / "catalogue.jsonl", described)
    path = init_review(folder)
    text = path.read_text("utf-8")
    assert "retrieval" not in tomllib.loads(text)
    assert '# items = "catalogue.jsonl"' in text
    assert check_review(path).review.tracks


def test_a_policy_is_known_by_its_tables(tiny_response_review: Path) -> None:
    folder = tiny_response_review.parent
    tiny_response_review.unlink()
    (folder / "policy.toml").rename(folder / "house.toml")
    (folder / "a.toml").write_text(f"name = {json.dumps('other')}\n", "utf-8")
    path = init_review(folder)
    assert tomllib.loads(path.read_text("utf-8"))["response"]["policy"] == "house.toml"
