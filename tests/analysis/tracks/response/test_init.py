"""`assay init` in a folder with recorded responses, or with generators and prompts."""

from __future__ import annotations

import csv
import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.init import init_review, look_into
from analysis.run.check import check_review
from tests.analysis.tracks.response.tiny import catalogue, write_generator, write_lines

ASKED_OF_ANSWERS = ("behaviour", "detector", "labels")


def keys_of(path: Path) -> dict[str, Any]:
    """`[response]` of a new review file, without what is asked of the answers."""
    response = tomllib.loads(path.read_text("utf-8"))["response"]
    return {key: value for key, value in response.items() if key not in ASKED_OF_ANSWERS}


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
    assert keys_of(path) == {"records": "records.jsonl", **GIVEN}
    names = [one["name"] for one in tree["response"]["behaviour"]]
    assert names[:3] == ["spoils", "misstates", "overpromises"]
    assert names[-1] == "hallucinates"
    assert '# prompts = "prompts.jsonl"' in text
    assert not {"intent", "retrieval"} & tree.keys()
    assert any("24 examples" in note for note in check_review(path).notes)


def test_generators_answer_where_nothing_is_recorded(tiny_generated_review: Path) -> None:
    folder = tiny_generated_review.parent
    tiny_generated_review.unlink()
    (folder / "records.jsonl").unlink()
    path = init_review(folder)
    assert keys_of(path) == {"base": "base", "candidate": "candidate", "prompts": "prompts.jsonl", **GIVEN}
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
    assert keys_of(path) == {"records": "records.jsonl", **GIVEN}
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


ASKED = [f"How do I reset router {number}?" for number in range(6)]
SYSTEM = {"role": "system", "content": "Be brief."}


def _two_files(root: Path) -> None:
    for name in ("candidate", "base"):
        rows = [{"question": text, "answer": f"{name} says {text}", "model": name} for text in ASKED]
        write_lines(root / f"{name}.jsonl", rows)


def _versions(root: Path) -> None:
    for name in ("v10", "v9"):
        write_lines(
            root / f"{name}.jsonl", [{"id": n, "input": t, "output": name} for n, t in enumerate(ASKED)]
        )


def _chats(root: Path) -> None:
    for name in ("prod", "tuned"):
        rows = [
            {"messages": [SYSTEM, {"role": "user", "content": text}, {"role": "assistant", "content": name}]}
            for text in ASKED
        ]
        write_lines(root / f"{name}.jsonl", rows)


def _batch(root: Path) -> None:
    asked = [
        {"custom_id": f"r{n}", "body": {"messages": [SYSTEM, {"role": "user", "content": text}]}}
        for n, text in enumerate(ASKED)
    ]
    write_lines(root / "asked.jsonl", asked)
    for name in ("new", "old"):
        answers = [{"body": {"choices": [{"message": {"content": name}}]}} for _ in ASKED]
        rows = [{"id": f"{name}{n}", "custom_id": f"r{n}", "response": one} for n, one in enumerate(answers)]
        write_lines(root / f"out_{name}.jsonl", rows)


def _columns(root: Path) -> None:
    with (root / "r.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Question", "sft_answer", "dpo_answer", "contexts", "topic"])
        writer.writerows([text, "a", "b", '["p"]', "t"] for text in ASKED)


def _words(root: Path) -> None:
    rows = [{"uid": n, "messages": [SYSTEM, {"role": "user", "content": t}], "output_base": "a", "output_new": "b"}
            for n, t in enumerate(ASKED)]  # fmt: skip
    write_lines(root / "r.jsonl", rows)


LAYOUTS: list[tuple[Callable[[Path], None], dict[str, Any], bool]] = [
    (
        _two_files,
        {
            "base_records": "base.jsonl",
            "candidate_records": "candidate.jsonl",
            "prompt": "question",
            "response": "answer",
        },
        False,
    ),
    (
        _versions,
        {
            "base_records": "v9.jsonl",
            "candidate_records": "v10.jsonl",
            "prompt": "input",
            "response": "output",
        },
        True,
    ),
    (
        _chats,
        {
            "base_records": "prod.jsonl",
            "candidate_records": "tuned.jsonl",
            "prompt": "messages",
            "response": "messages",
        },
        False,
    ),
    (
        _batch,
        {
            "base_records": "out_old.jsonl",
            "candidate_records": "out_new.jsonl",
            "prompts": "asked.jsonl",
            "id": "custom_id",
            "prompt": "body.messages",
            "response": "response.body.choices.0.message.content",
        },
        False,
    ),
    (
        _columns,
        {
            "records": "r.csv",
            "prompt": "Question",
            "base_response": "sft_answer",
            "candidate_response": "dpo_answer",
            "passages": "contexts",
        },
        True,
    ),
    (
        _words,
        {
            "records": "r.jsonl",
            "id": "uid",
            "prompt": "messages",
            "base_response": "output_base",
            "candidate_response": "output_new",
        },
        False,
    ),
]


@pytest.mark.parametrize(("write", "keys", "guessed"), LAYOUTS, ids=[one[0].__name__ for one in LAYOUTS])
def test_recorded_answers_of_every_layout_are_found_and_checked(
    tmp_path: Path, write: Callable[[Path], None], keys: dict[str, Any], guessed: bool
) -> None:
    write(tmp_path)
    path = init_review(tmp_path)
    text = path.read_text("utf-8")
    tree = tomllib.loads(text)
    assert keys_of(path) == {**keys, "critical_slices": [], "slices": {}}
    assert not {"intent", "retrieval"} & tree.keys()
    assert ("guessed: swap if wrong" in text) == guessed
    assert any("6 examples" in note for note in check_review(path).notes)


def test_two_tables_of_other_prompts_are_no_pair(tmp_path: Path) -> None:
    for name in ("train", "test"):
        rows = [{"input": f"{name} {text}", "output": "a"} for text in ASKED]
        write_lines(tmp_path / f"{name}.jsonl", rows)
    assert "response" not in tomllib.loads(init_review(tmp_path).read_text("utf-8"))


def _trl_prompts(root: Path) -> None:
    """Preference pairs with turns, and prompts of the same kind, as `datasets` writes them for TRL."""
    asked = [[{"role": "user", "content": text}] for text in ASKED]
    answer = [{"role": "assistant", "content": "yes"}]
    write_lines(
        root / "pairs.jsonl", [{"prompt": one, "chosen": answer, "rejected": answer} for one in asked]
    )
    write_lines(root / "prompts.jsonl", [{"prompt": one, "topic": "router"} for one in asked])


def _trl_pairs(root: Path) -> None:
    write_lines(root / "pairs.jsonl", [{"prompt": text, "chosen": "a", "rejected": "b"} for text in ASKED])


def _questions(root: Path) -> None:
    write_lines(root / "asked.jsonl", [{"Question": text, "uid": f"r{n}"} for n, text in enumerate(ASKED)])


@pytest.mark.parametrize(
    ("write", "keys"),
    [
        (_trl_prompts, {"prompts": "prompts.jsonl"}),
        (_trl_pairs, {"prompts": "pairs.jsonl"}),
        (_questions, {"prompts": "asked.jsonl", "id": "uid", "prompt": "Question"}),
    ],
)
def test_prompts_need_no_id_and_no_name_of_ours(
    write: Callable[[Path], None], keys: dict[str, str], tmp_path: Path
) -> None:
    for seed, name in enumerate(("dpo", "sft")):
        write_generator(tmp_path / name, seed=seed, chat=True)
    write(tmp_path)
    look = look_into(tmp_path)
    response = tomllib.loads(look.text)["response"]
    assert {key: response[key] for key in ("base", "candidate", *keys)} == {
        "base": "sft",
        "candidate": "dpo",
        **keys,
    }
    pairs = [line for line in look.seen if "pairs.jsonl" in line]
    assert all(
        "pairs for preference training, no answers of base and candidate: prompt" in one for one in pairs
    )
    (tmp_path / "review.toml").write_text(look.text, "utf-8")
    assert any("6 examples" in note for note in check_review(tmp_path / "review.toml", trial=False).notes)


def test_pairs_for_training_are_named_as_such_where_nothing_can_be_asked(tmp_path: Path) -> None:
    _trl_pairs(tmp_path)
    look = look_into(tmp_path)
    assert look.tracks == ()
    assert look.seen == (
        "not used  pairs.jsonl: pairs for preference training, no answers of base and candidate: "
        "prompt, chosen, rejected",
    )
