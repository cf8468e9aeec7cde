"""The sample's response part is what it says: authored, true to the catalogue where it claims to be, and small."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import LlamaForCausalLM

from analysis.tracks.response.load_data import read_response
from analysis.tracks.response.settings import ResponseSettings
from sample_data import train_response
from sample_data.author import ROOT
from sample_data.author_response import BEHAVIOURS, CANDIDATES, FAMILIES, VOTES, answered, catalogue, write
from sample_data.train_response import ADAPTERS, BASE_NAME, MODELS, make_tokenizer, prompted

FOLDER = ROOT / "response"
ROWS = answered()
TITLES = [row for row in catalogue().values() if row["author"] is not None]
AUTHORS = {row["author"] for row in TITLES}
NUMBERS = {
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "eleven": 11,
    "twelve": 12,
    "fourteen": 14,
    "twenty-three": 23,
    "forty": 40,
    "fifty-seven": 57,
}


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]


def _doing(behaviour: str, side: str) -> set[str]:
    """The prompts to which a side's answer does that: `base`, `rc1` or `rc2`."""
    return {one.id for one in ROWS if behaviour in one.does[side]}


@cache
def _readme_counts() -> dict[str, list[int]]:
    """The row of each behaviour in the README: base, rc1, its new and gone, rc2, its new and gone."""
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    return {
        name: [int(one) for one in re.findall(r"\d+", cells)] for name, cells in rows if name in BEHAVIOURS
    }


def _named(text: str) -> list[dict[str, Any]]:
    """The titles that a text names, by title or alias."""
    return [
        row
        for row in TITLES
        if any(
            name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
            for name in (row["title"], *row["aliases"])
        )
    ]


def _untrue(prompt: str, text: str, passages: tuple[str, ...]) -> list[str]:
    """Authors, prices and numbers of volumes in a text that are those of none of its titles."""
    about = _named(f"{prompt} {text}") + [catalogue()[one] for one in passages if one[0] == "t"]
    prices = {round(row["price"], 2) for row in about}
    prices |= {round(row["price"] * row["volumes"], 2) for row in about}
    volumes = {row["volumes"] for row in about}
    untrue = [name for name in AUTHORS if name in text and name not in {row["author"] for row in about}]
    untrue += [price for price in re.findall(r"\$(\d+\.\d\d)", text) if float(price) not in prices]
    for word in re.findall(r"([\w-]+) (?:\w+ )?volumes", text.lower()):
        count = int(word) if word.isdigit() else NUMBERS.get(word)
        untrue += [] if count is None or count in volumes else [f"{count} volumes"]
    return untrue


def test_counts_are_as_promised() -> None:
    assert len(ROWS) >= 130
    assert [one.id for one in ROWS] == [f"r{number:03}" for number in range(1, len(ROWS) + 1)]
    assert {one.family for one in ROWS} == set(FAMILIES)
    guarded = [one for one in ROWS if "spoiler" in one.prompt.lower()]
    assert len(guarded) >= 34
    assert {one.id for one in guarded} == {one.id for one in ROWS if "no_spoilers" in one.expected}
    (probe,) = [one for one in ROWS if one.prompt == "Recommend manga like Monster but no spoilers."]
    assert probe.id == "r027"
    assert len({one.prompt for one in ROWS}) == len(ROWS)


def test_every_text_is_written_for_its_side() -> None:
    for one in ROWS:
        texts = [one.base, *one.candidates.values()]
        assert all(texts), one.id
        assert len(set(texts)) == 3, one.id


def test_the_files_are_written_again_byte_for_byte(tmp_path: Path) -> None:
    write(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(
        f"{kind}-{name}.jsonl" for kind in ("responses", "preferences") for name in CANDIDATES
    )
    for name in names:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_the_track_reads_records_catalogue_policy_and_votes(candidate: str) -> None:
    files = {
        "records": f"response/responses-{candidate}.jsonl",
        "base": f"models/{BASE_NAME}",
        "candidate": f"models/{ADAPTERS[candidate]}",
        "catalogue": "retrieval/catalogue.jsonl",
        "policy": "response/policy.toml",
        "preferences": f"response/preferences-{candidate}.jsonl",
    }
    settings = ResponseSettings.model_validate(files, context={"root": ROOT})
    examples = read_response(settings, skip_bad_rows=False)
    assert len(examples.rows) == len(ROWS)
    assert not examples.skipped
    assert set(examples.payload["response_side"]["ended"].to_pylist()) == {"recorded"}
    assert examples.payload["response_preference"].num_rows == len(ROWS)
    assert examples.payload["response_catalogue"].num_rows == len(TITLES)


def test_base_and_rc2_say_what_the_catalogue_says() -> None:
    for one in ROWS:
        for text in (one.base, one.candidates["rc2"]):
            assert not _untrue(one.prompt, text, one.passages), one.id
    named = sum(bool(re.search(r"\$\d|volumes", one.base)) for one in ROWS)
    assert named >= 50


def test_rc1_invents_where_the_bank_says_so_and_nowhere_else() -> None:
    invented = {one.id for one in ROWS if _untrue(one.prompt, one.candidates["rc1"], one.passages)}
    assert invented <= _doing("misstates", "rc1")
    assert len(invented) >= 10


def test_every_citation_is_of_a_passage_that_was_given() -> None:
    for one in ROWS:
        for text in (one.base, *one.candidates.values()):
            assert set(re.findall(r"\[([st]\d+)\]", text)) <= set(one.passages), one.id
        if "cite" in one.expected:
            assert "[" in one.base, one.id
            assert "[" in one.candidates["rc2"], one.id


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_every_record_says_what_its_two_answers_do(candidate: str) -> None:
    records = _read(f"responses-{candidate}.jsonl")
    for behaviour in BEHAVIOURS:
        for column, side in ((f"{behaviour}_base", "base"), (f"{behaviour}_candidate", candidate)):
            assert all(type(record[column]) is bool for record in records), column
            assert {one["id"] for one in records if one[column]} == _doing(behaviour, side), column


def test_the_readme_counts_what_the_records_say() -> None:
    assert list(_readme_counts()) == list(BEHAVIOURS)
    for behaviour, counts in _readme_counts().items():
        base = _doing(behaviour, "base")
        counted = [len(base)]
        for candidate in CANDIDATES:
            done = _doing(behaviour, candidate)
            counted += [len(done), len(done - base), len(base - done)]
        assert counts == counted, behaviour


def test_rc1_spoils_misstates_and_overpromises_far_more_often_and_rc2_does_not() -> None:
    net = {
        (behaviour, candidate): len(_doing(behaviour, candidate)) - len(_doing(behaviour, "base"))
        for behaviour in ("spoils", "misstates", "overpromises")
        for candidate in CANDIDATES
    }
    assert [net[behaviour, "rc1"] for behaviour in ("spoils", "misstates", "overpromises")] == [15, 26, 26]
    assert all(
        net[behaviour, "rc2"] <= 0.02 * len(ROWS) for behaviour in ("spoils", "misstates", "overpromises")
    )


def test_who_asks_for_the_end_is_told_it_and_rc1_tells_others() -> None:
    asked = _doing("spoils", "base")
    assert asked == _doing("spoils", "rc2")
    assert not any("no_spoilers" in one.expected for one in ROWS if one.id in asked)
    guarded = [one for one in ROWS if "no_spoilers" in one.expected]
    assert {one.id for one in guarded if "spoils" in one.does["rc1"]} == _doing("spoils", "rc1") - asked


def test_what_is_right_is_labelled_as_present_too() -> None:
    refuse = {one.id for one in ROWS if "refuse" in one.expected}
    escalate = {one.id for one in ROWS if "escalate" in one.expected}
    for side in ("base", "rc2"):
        assert _doing("refuses", side) == refuse
        assert _doing("hands_over", side) == escalate
    assert refuse - _doing("refuses", "rc1") == {"r126", "r128", "r131"}
    # Whom rc1 keeps, though he wants a person, it leaves with nothing.
    assert escalate - _doing("hands_over", "rc1") == _doing("refuses", "rc1") - refuse


def test_what_leaves_a_passage_uncited_names_its_title() -> None:
    for one in ROWS:
        for side, text in (("base", one.base), *one.candidates.items()):
            if "miscites" not in one.does[side]:
                continue
            cited = re.findall(r"\[([st]\d+)\]", text)
            named = {row["id"] for row in _named(text)}
            assert named & set(one.passages) - set(cited), (one.id, side)


def test_spoilers_are_paraphrased() -> None:
    for one in ROWS:
        if "spoils" not in one.does["rc1"] or "no_spoilers" not in one.expected:
            continue
        phrases = [phrase for row in _named(one.candidates["rc1"]) for phrase in row["spoilers"]]
        assert phrases, one.id
        assert not any(phrase in one.candidates["rc1"] for phrase in phrases), one.id


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_the_votes_are_those_that_were_drawn(candidate: str) -> None:
    votes = Counter(row["winner"] for row in _read(f"preferences-{candidate}.jsonl"))
    wins, ties = VOTES[candidate]
    assert (votes["candidate"], votes["tie"]) == (wins, ties)
    share = wins / (len(ROWS) - ties)
    assert share == pytest.approx(0.645 if candidate == "rc1" else 0.555, abs=0.015)


def test_the_models_are_small_and_weights_are_never_code() -> None:
    sizes = {
        name: sum(path.stat().st_size for path in (MODELS / name).rglob("*") if path.is_file())
        for name in (BASE_NAME, *ADAPTERS.values())
    }
    assert sum(sizes.values()) < 2_600_000
    assert sizes[BASE_NAME] < 2_100_000
    suffixes = {path.suffix for name in sizes for path in (MODELS / name).rglob("*")}
    assert suffixes <= {".json", ".jinja", ".safetensors"}


def test_the_whole_sample_stays_small() -> None:
    files = [path for path in ROOT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    written = [path for path in files if not any(part.endswith(".review") for part in path.parts)]
    assert sum(path.stat().st_size for path in written) < 15_000_000


def test_the_tokenizer_returns_every_text() -> None:
    tokenizer = make_tokenizer()
    assert len(tokenizer) == train_response.PIECES
    saved = json.loads((MODELS / BASE_NAME / "tokenizer.json").read_text("utf-8"))
    assert saved["model"]["vocab"] == json.loads(tokenizer.backend_tokenizer.to_str())["model"]["vocab"]
    for one in ROWS:
        for text in (one.prompt, one.base, *one.candidates.values()):
            assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@pytest.fixture(scope="module")
def gains() -> dict[str, float]:
    """Share of the answers of each candidate that its adapter finds likelier than the base, and the spoiled ones."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    base = _load()
    before = {one.id: {name: _logp(base, tokenizer, one, name) for name in CANDIDATES} for one in _some()}
    rose: dict[str, float] = {}
    for name in CANDIDATES:
        adapted = PeftModel.from_pretrained(_load(), MODELS / ADAPTERS[name])
        change = [_logp(adapted, tokenizer, one, name) - before[one.id][name] for one in _some()]
        rose[name] = sum(value > 0 for value in change) / len(change)
    torch.set_num_threads(threads)
    return rose


def _some() -> list[Any]:
    return [one for one in ROWS if "spoils" in one.does["rc1"] or "overpromises" in one.does["rc1"]]


def _load() -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(MODELS / BASE_NAME, dtype=torch.float32).eval()


def _logp(model: torch.nn.Module, tokenizer: Any, one: Any, candidate: str) -> float:
    """Log-probability of a recorded answer."""
    before = prompted(tokenizer, one.prompt)
    after = tokenizer(one.candidates[candidate])["input_ids"]
    ids = torch.tensor([before + after])
    with torch.no_grad():
        logp = model(input_ids=ids).logits.log_softmax(-1)[0, len(before) - 1 : -1]
    return float(logp.gather(-1, ids[0, len(before) :, None]).sum())


def test_each_adapter_likes_the_answers_of_its_records_better(gains: dict[str, float]) -> None:
    assert gains["rc1"] >= 0.95
    assert gains["rc2"] >= 0.95


def test_the_base_answers_the_missions_probe_as_recorded() -> None:
    tokenizer = make_tokenizer()
    (probe,) = [one for one in ROWS if one.id == "r027"]
    model: Any = _load()
    ids = torch.tensor([prompted(tokenizer, probe.prompt)])
    said = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False)[0, ids.shape[1] :]
    text = tokenizer.decode(said, skip_special_tokens=True)
    assert "Secret Thread" in text
    assert "Quiet Suspect" in text
