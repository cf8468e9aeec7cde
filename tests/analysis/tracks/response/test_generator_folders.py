"""Which folders are generators, what they say of themselves, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.base.problems import Problem
from analysis.base.turns import Turn
from analysis.models.generator import GeneratorPair
from analysis.models.generator_config import inspect_generator
from analysis.run.check import check_review
from analysis.tracks.response.preflight import check_generators
from tests.analysis.tracks.response.tiny import write_generator, write_lines


def edited(folder: Path, name: str, **changes: Any) -> None:
    """Change keys of a JSON file of a folder; None takes one out."""
    path = folder / name
    values = (json.loads(path.read_text("utf-8")) if path.exists() else {}) | changes
    path.write_text(json.dumps({key: value for key, value in values.items() if value is not None}), "utf-8")


@pytest.fixture
def folder(tmp_path: Path, tiny_generator: Path) -> Path:
    return Path(shutil.copytree(tiny_generator, tmp_path / "model"))


REFUSED: list[tuple[str, Callable[[Path], Any]]] = [
    ("is code or may run code", lambda folder: (folder / "pytorch_model.bin").write_bytes(b"x")),
    ("is code or may run code", lambda folder: (folder / "modeling.py").write_text("print()")),
    ("asks for code of its own", lambda folder: edited(folder, "config.json", auto_map={"AutoModel": "x.Y"})),
    (
        "is not a causal",
        lambda folder: edited(folder, "config.json", architectures=["BertForSequenceClassification"]),
    ),
    ("is not a causal", lambda folder: edited(folder, "config.json", architectures=None)),
    ("is not a causal", lambda folder: edited(folder, "config.json", is_encoder_decoder=True)),
    ("quantised", lambda folder: edited(folder, "config.json", quantization_config={"bits": 4})),
    ("has no tokenizer.json", lambda folder: (folder / "tokenizer.json").unlink()),
    ("has no model.safetensors", lambda folder: (folder / "model.safetensors").unlink()),
    ("max_new_tokens is 0", lambda folder: edited(folder, "generation_config.json", max_new_tokens=0)),
    ("temperature is 'hot'", lambda folder: edited(folder, "generation_config.json", temperature="hot")),
    ("eos_token_id is", lambda folder: edited(folder, "generation_config.json", eos_token_id=["</s>"])),
]


@pytest.mark.parametrize(
    ("words", "change"), REFUSED, ids=[f"{n}-{words}" for n, (words, _) in enumerate(REFUSED)]
)
def test_what_is_no_plain_generator_is_refused(
    folder: Path, words: str, change: Callable[[Path], Any]
) -> None:
    change(folder)
    with pytest.raises(AssayError, match=words):
        inspect_generator(folder)


def test_weights_that_are_missing_are_refused_and_not_made_up(folder: Path) -> None:
    edited(folder, "config.json", num_hidden_layers=3)
    with pytest.raises(AssayError, match="missing or of another shape"):
        GeneratorPair({"base": folder, "candidate": folder}, "cpu").load()


def test_an_adapter_needs_the_base_that_it_was_made_for(
    tmp_path: Path, tiny_generator: Path, tiny_gpt2: Path, tiny_adapter: Path
) -> None:
    with pytest.raises(AssayError, match="a whole model is needed"):
        inspect_generator(tiny_adapter)
    with pytest.raises(AssayError, match="made for another base"):
        inspect_generator(tiny_adapter, tiny_gpt2)
    head = inspect_generator(tiny_adapter, tiny_generator)
    assert head.adapter == "LORA"
    assert head.parameters > inspect_generator(tiny_generator).parameters
    assert head.tokens == tiny_generator


def test_what_is_not_said_is_as_transformers_has_it(folder: Path) -> None:
    (folder / "generation_config.json").unlink()
    settings = inspect_generator(folder).settings
    assert (settings.max_new_tokens, settings.temperature, settings.top_k, settings.top_p) == (
        256,
        1.0,
        50,
        1.0,
    )
    assert settings.ends == (1,)


def test_what_a_folder_asks_for_and_does_not_get_is_said(folder: Path) -> None:
    edited(folder, "generation_config.json", num_beams=4, stop_strings=["###"], eos_token_id=None)
    edited(folder, "config.json", eos_token_id=None)
    notes = inspect_generator(folder).notes
    assert notes[0] == "generation_config.json: num_beams, stop_strings not used: one answer, token by token"
    assert notes[1] == "no token that ends an answer: every answer runs to its limit"
    assert notes[2] == "no chat template: the prompt is given as it is"


def test_a_chat_template_is_filled_in_as_the_tokenizer_does(tmp_path: Path, tiny_generator: Path) -> None:
    from transformers import AutoTokenizer

    folder = write_generator(tmp_path / "chat", chat=True)
    pair = GeneratorPair({"base": tiny_generator, "candidate": folder}, "cpu")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    turns = [{"role": "user", "content": "no spoilers"}]
    wanted = tokenizer.apply_chat_template(turns, add_generation_prompt=True)["input_ids"]
    assert pair.generator("candidate").prompt_ids("no spoilers") == wanted
    assert tokenizer.decode(wanted) == "user : no spoilers </s> assistant :"
    assert pair.generator("base").prompt_ids("no spoilers") == tokenizer("no spoilers")["input_ids"]
    problems: list[Problem] = []
    notes = check_generators(pair, problems)
    assert not problems
    assert any("LlamaForCausalLM" in note and "at most 12 tokens" in note for note in notes)
    assert "prompts   go through a chat template on one side only" in notes
    assert not any("tokenizer differs" in note for note in notes)


def test_a_template_that_cannot_be_filled_in_is_an_error(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("{{ raise_exception('no user may speak') }}", "utf-8")
    generator = GeneratorPair({"base": folder, "candidate": folder}, "cpu").generator("base")
    with pytest.raises(AssayError, match="no user may speak"):
        generator.prompt_ids("hello")


def test_turns_go_through_the_template_as_they_are(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = write_generator(tmp_path / "chat", chat=True)
    generator = GeneratorPair({"base": folder, "candidate": folder}, "cpu").generator("base")
    turns = (
        Turn("system", "be brief"),
        Turn("user", "hi"),
        Turn("assistant", "hello"),
        Turn("user", "no spoilers"),
    )
    asked = [{"role": one.role, "content": one.content} for one in turns]
    wanted = AutoTokenizer.from_pretrained(folder).apply_chat_template(asked, add_generation_prompt=True)[
        "input_ids"
    ]
    assert generator.prompt_ids(turns) == wanted
    assert generator.given(turns).startswith("system : be brief </s> user : hi </s> assistant : hello")


def test_check_names_turns_that_a_template_refuses(tmp_path: Path) -> None:
    folder = write_generator(tmp_path / "chat", chat=True)
    (folder / "chat_template.jinja").write_text(
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        "{{ messages[-1]['content'] }}",
        "utf-8",
    )
    system = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    prompts = write_lines(tmp_path / "p.jsonl", [{"prompt": "hello"}, {"prompt": system}])
    path = tmp_path / "review.toml"
    path.write_text(
        '[review]\nname = "r"\nowner = "o"\nbase_version = "v1"\ncandidate_version = "v2"\n[response]\n'
        'base = "chat"\ncandidate = "chat"\nprompts = "p.jsonl"\n',
        "utf-8",
    )
    with pytest.raises(AssayError) as caught:
        check_review(path)
    assert caught.value.where == f"{prompts}:2"
    assert "turns of system, user do not fit the base's model" in caught.value.message
    assert "System role not supported" in caught.value.message
    write_lines(prompts, [{"prompt": "hello"}])
    assert check_review(path).review.tracks


def test_sides_that_differ_in_more_than_their_weights_say_so(tmp_path: Path, folder: Path) -> None:
    other = write_generator(tmp_path / "other", temperature=0.5, do_sample=True)
    edited(other, "tokenizer.json", added_tokens=[])
    notes = check_generators(GeneratorPair({"base": folder, "candidate": other}, "cpu"), [])
    assert any(note.startswith("settings  of the sides differ") for note in notes)
    assert any(note.startswith("tokenizer differs") for note in notes)


def test_without_models_there_is_nothing_to_load() -> None:
    pair = GeneratorPair({}, "cpu")
    assert not pair
    assert pair.parameters == 0
    assert pair.digests == {}
    assert check_generators(pair, [])[0].startswith("models    none")


def test_a_broken_base_is_said_once(folder: Path, tiny_adapter: Path) -> None:
    (folder / "tokenizer.json").unlink()
    problems: list[Problem] = []
    check_generators(GeneratorPair({"base": folder, "candidate": tiny_adapter}, "cpu"), problems)
    assert [one.message for one in problems] == ["has no tokenizer.json"]


def test_a_device_that_is_not_there_is_named(tiny_generator: Path) -> None:
    with pytest.raises(AssayError, match="device 'cuda:99' cannot be used"):
        GeneratorPair({"base": tiny_generator, "candidate": tiny_generator}, "cuda:99").load()
