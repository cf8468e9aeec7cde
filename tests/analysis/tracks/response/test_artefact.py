"""Whether what will be served is what was reviewed: adapter, merged folder, served answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateResult
from analysis.models.adapter import ADAPTER_CONFIG
from analysis.models.digest import file_digests, folder_digest
from analysis.models.files import stored_dtype
from analysis.models.generation import generate_answers
from analysis.models.generator import GeneratorPair
from analysis.models.merged import merged_copy
from analysis.plugin.registry import registered
from analysis.plugin.stage import Step
from analysis.report.build import export
from analysis.report.model_files import compare_model, model_entries
from analysis.review.evaluate import resolve_rules
from analysis.review.session import ReviewSession
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.tracks.response.artefact import ARTEFACT, ARTEFACT_METRICS, artefact_metrics, compare, rerun
from analysis.tracks.response.detect import DECLARE, DETECT
from analysis.tracks.response.gates.artefact import judge_artefact
from analysis.tracks.response.labelled_sample import DRAW
from analysis.tracks.response.likelihood import Continued, along
from analysis.tracks.response.rates import RATES
from analysis.tracks.response.scores import SCORES
from analysis.tracks.response.track import TRACK
from tests.analysis.tracks.response.gate_inputs import given
from tests.analysis.tracks.response.tiny import prompts, write_generator, write_lines, write_review
from tests.analysis.tracks.response.whole import SomeSteps
from tests.analysis.tracks.response.workbench import both, workbench

STEPS: tuple[Step, ...] = (ARTEFACT, ARTEFACT_METRICS, DRAW, DECLARE, DETECT, SCORES, RATES)
KEY = "response.artefact"
DECLARED: dict[str, Any] = {"response": {"deployed": {"deployed": {"unlike": [], "worst": []}}}}


def merge(
    base: Path, adapter: Path, folder: Path, *, dtype: torch.dtype = torch.float32, times: float = 1
) -> Path:
    """The adapter merged into its base by PEFT, as users do it, its alpha multiplied by `times`."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    used = folder.with_name(f"{folder.name}-adapter")
    shutil.copytree(adapter, used)
    config = json.loads((used / ADAPTER_CONFIG).read_text("utf-8"))
    config["lora_alpha"] *= times
    (used / ADAPTER_CONFIG).write_text(json.dumps(config), "utf-8")
    whole: Any = AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
    merged: Any = PeftModel.from_pretrained(whole, used).merge_and_unload()
    merged.to(dtype).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    shutil.rmtree(used)
    return folder


def reviewed(root: Path, base: Path, adapter: Path, **changes: Any) -> tuple[Path, str]:
    """A run of the tiny records with both models: the check alone, and what counts hits."""
    root.mkdir(exist_ok=True)
    path = write_review(root, base=str(base), candidate=str(adapter), **changes)
    with registered(SomeSteps(STEPS)):
        published = analyze(path)
    return published.store, published.run


def gates_of(store: Path) -> dict[str, GateResult]:
    with ReviewSession.open(store, reviewer="alice") as session:
        return {one.key: one for one in session.gates() if one.name == KEY}


@pytest.fixture
def pair(tiny_generator: Path, tiny_adapter: Path) -> GeneratorPair:
    return GeneratorPair({"base": tiny_generator, "candidate": tiny_adapter}, "cpu")


def test_without_a_deployed_form_there_is_nothing_to_say(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    store, _ = reviewed(tmp_path, tiny_generator, tiny_adapter)
    (only,) = gates_of(store).values()
    assert (only.key, only.verdict) == (KEY, "n/a")
    with ReviewSession.open(store, reviewer="alice") as session:
        assert "deployed" not in session.description["determined_by"]
        assert KEY not in session.gate_input().settings["response"]["alpha"]


def test_a_correct_merge_passes_and_is_part_of_what_the_run_is_of(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    merged = merge(tiny_generator, tiny_adapter, tmp_path / "merged")
    store, run = reviewed(tmp_path / "r", tiny_generator, tiny_adapter, deployed=str(merged))
    one = gates_of(store)[f"{KEY}[deployed]"]
    assert (one.verdict, one.refs, one.n) == ("pass", (), 24)
    assert one.value is not None
    assert one.value < 1e-4
    with ReviewSession.open(store, reviewer="alice") as session:
        described = session.description["determined_by"]["deployed"]["response"]["deployed"]
        assert described == {"folder": "merged", "digest": folder_digest(merged)}
        entries = {entry["side"]: entry for entry in model_entries(session.description)}
        assert entries["deployed"]["files"] == file_digests(merged)
        folder = export(session, tmp_path / "report", "hold", "to be read")
        listed = (folder / "model.sha256").read_text("utf-8")
        assert f"{file_digests(merged)['model.safetensors']}  merged/model.safetensors" in listed
        page = (folder / "report.md").read_text("utf-8")
        assert f"served as response merged ({folder_digest(merged)[:12]}…)" in page
        assert f"response deployed: folder `merged`, {len(file_digests(merged))} files, digest" in page
        (match,) = compare_model(merged, list(entries.values()))
        assert (match.track, match.side) == ("response", "deployed")
        given = session.gate_input()
        sentences = TRACK.report_sections(session.connection, given)["Response findings"]
        assert any("the deployed form answers 0 of 24 prompts otherwise" in said for said in sentences)
        assert not [flag for key, flag in given.flagged.items() if key.startswith(KEY)]
    path = tmp_path / "r" / "review.toml"
    (merged / "notes.txt").write_text("another", "utf-8")
    with registered(SomeSteps(STEPS)):
        assert analyze(path).run != run


def test_a_merge_with_a_wrong_scale_fails_and_names_the_prompts(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    merged = merge(tiny_generator, tiny_adapter, tmp_path / "merged", times=2)
    store, _ = reviewed(tmp_path / "r", tiny_generator, tiny_adapter, deployed=str(merged))
    one = gates_of(store)[f"{KEY}[deployed]"]
    assert one.verdict == "fail"
    assert one.refs
    assert one.refs[0].partition(":")[2] in one.why
    assert {row.verdict for row in one.criteria} >= {"fail", "pass"}
    with ReviewSession.open(store, reviewer="alice") as session:
        worst = session.connection.execute(
            "SELECT ref FROM evidence.response_artefact ORDER BY differs DESC, gap DESC LIMIT 1"
        ).fetchall()
        assert worst == [(one.refs[0],)]
        reasons = session.connection.execute(
            "SELECT DISTINCT reason FROM evidence.flag WHERE gate = ?", [one.key]
        ).fetchall()
        assert ("answered differently once deployed",) in reasons
        (row,) = session.example(one.refs[0]).context["deployed"]
        assert row["form"] == "deployed"
        assert row["candidate"] != row["deployed"]


def test_the_base_alone_is_no_merge_of_the_candidate(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    """An export that forgot the adapter."""
    store, _ = reviewed(tmp_path, tiny_generator, tiny_adapter, deployed=str(tiny_generator))
    assert gates_of(store)[f"{KEY}[deployed]"].verdict == "fail"


@pytest.mark.soak
def test_a_merge_in_bfloat16_is_held_against_its_own_rounding(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    merged = merge(tiny_generator, tiny_adapter, tmp_path / "merged", dtype=torch.bfloat16)
    assert stored_dtype(merged) == "BF16"
    store, _ = reviewed(tmp_path / "r", tiny_generator, tiny_adapter, deployed=str(merged))
    one = gates_of(store)[f"{KEY}[deployed]"]
    assert one.verdict == "pass"
    assert one.value is not None
    # Far beyond what float32 does, and within three times what bfloat16 does to the candidate itself.
    assert one.value > 0.001
    doubled = merge(tiny_generator, tiny_adapter, tmp_path / "wrong", dtype=torch.bfloat16, times=2)
    store, _ = reviewed(tmp_path / "w", tiny_generator, tiny_adapter, deployed=str(doubled))
    assert gates_of(store)[f"{KEY}[deployed]"].verdict == "fail"


def test_another_tokenizer_cannot_be_compared(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    other = write_generator(tmp_path / "other", vocabulary=280)
    store, _ = reviewed(tmp_path / "r", tiny_generator, tiny_adapter, deployed=str(other))
    one = gates_of(store)[f"{KEY}[deployed]"]
    assert one.verdict == "unknown"
    assert "another tokenizer" in one.why
    notes = check_review(tmp_path / "r" / "review.toml").notes
    assert any("another tokenizer" in note and "unknown" in note for note in notes)


def test_check_reads_the_folder_and_says_the_cost(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    merged = merge(tiny_generator, tiny_adapter, tmp_path / "merged")
    (merged / "generation_config.json").write_text('{"max_new_tokens": 7, "eos_token_id": 1}', "utf-8")
    models = {"base": str(tiny_generator), "candidate": str(tiny_adapter)}
    path = write_review(tmp_path, **models, deployed="merged")
    notes = check_review(path).notes
    assert any(
        note.startswith("deployed  LlamaForCausalLM") and folder_digest(merged)[:12] in note for note in notes
    )
    assert any("stored as F32" in note for note in notes)
    assert any("max_new_tokens 12 → 7" in note for note in notes)
    assert any("answered 12 times more" in note for note in notes)
    with pytest.raises(AssayError, match="PEFT adapter"):
        check_review(write_review(tmp_path, **models, deployed=str(tiny_adapter)))
    (merged / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(AssayError, match=r"pytorch_model\.bin"):
        check_review(write_review(tmp_path, **models, deployed="merged"))
    with pytest.raises(AssayError, match="give base and candidate"):
        check_review(write_review(tmp_path, deployed="merged"))


def test_a_lost_setting_warns_where_the_answers_are_the_same(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    merged = merge(tiny_generator, tiny_adapter, tmp_path / "merged")
    config = merged / "generation_config.json"
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | {"temperature": 0.3}), "utf-8")
    store, _ = reviewed(tmp_path / "r", tiny_generator, tiny_adapter, deployed=str(merged))
    one = gates_of(store)[f"{KEY}[deployed]"]
    assert one.verdict == "warn"
    assert "temperature 1.0 → 0.3" in one.why


def served(pair: GeneratorPair, *, likelihood: bool, side: str = "candidate") -> list[dict[str, Any]]:
    """What a server of one of the models would have recorded."""
    generator = pair.generator("candidate" if side == "candidate" else "base")
    rows: list[dict[str, Any]] = []
    for row in prompts():
        ids = generator.prompt_ids(row["prompt"])
        (answer,) = generate_answers(generator, [ids])
        again = generator.tokenizer(answer.text, add_special_tokens=False)["input_ids"]
        sides: Mapping[Any, Any] = {"base": generator, "candidate": generator}
        (own,) = along(sides, [Continued({"base": ids, "candidate": ids}, again)])
        told = {"logprobs": [{"logprob": float(one)} for one in own.base_logp]} if likelihood else {}
        rows.append({"id": row["id"], "prompt": row["prompt"], "response": answer.text, **told})
    return rows


@pytest.mark.parametrize("likelihood", [True, pytest.param(False, marks=pytest.mark.soak)])
def test_a_served_system_is_judged_by_its_answers(
    tmp_path: Path, pair: GeneratorPair, tiny_generator: Path, tiny_adapter: Path, likelihood: bool
) -> None:
    rows = served(pair, likelihood=likelihood)
    write_lines(tmp_path / "served.jsonl", rows)
    store, _ = reviewed(tmp_path, tiny_generator, tiny_adapter, deployed_records="served.jsonl")
    one = gates_of(store)[f"{KEY}[served]"]
    assert one.verdict == "pass"
    assert ("no log-probability" in one.why) is not likelihood
    other = tmp_path / "other"
    other.mkdir()
    write_lines(other / "served.jsonl", served(pair, likelihood=likelihood, side="base"))
    store, _ = reviewed(other, tiny_generator, tiny_adapter, deployed_records="served.jsonl")
    assert gates_of(store)[f"{KEY}[served]"].verdict == "fail"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "r999"}, "there is no prompt"),
        ({"prompt": "something else"}, "is not the prompt"),
        ({"response": None}, "is missing"),
        ({"logprobs": [0.7]}, "natural logarithms"),
        ({"logprobs": "x"}, "not valid JSON"),
    ],
)
def test_bad_rows_of_a_served_system_are_named(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path, row: dict[str, Any], said: str
) -> None:
    good = {"id": "r000", "response": "fine", "logprobs": [-0.5]}
    write_lines(tmp_path / "served.jsonl", [{"id": "r001", "response": "fine"}, good | row])
    path = write_review(
        tmp_path, base=str(tiny_generator), candidate=str(tiny_adapter), deployed_records="served.jsonl"
    )
    with pytest.raises(AssayError, match=said) as error:
        check_review(path)
    assert "served.jsonl:2" in str(error.value)


def test_a_merged_copy_leaves_the_models_alone(pair: GeneratorPair) -> None:
    texts = [row["prompt"] for row in prompts()]
    base, candidate = pair.generator("base"), pair.generator("candidate")
    before = [parameter.clone() for parameter in candidate.model.parameters()]
    written = generate_answers(candidate, [candidate.prompt_ids(text) for text in texts])
    _, exact = compare(candidate, merged_copy(candidate), texts, written)
    assert max(one.mean or 0 for one in exact) < 1e-4
    _, rounded = compare(candidate, merged_copy(candidate, stored="BF16"), texts, written)
    assert max(one.mean or 0 for one in rounded) > 1e-3
    _, running = compare(candidate, merged_copy(candidate, served="bfloat16"), texts, written)
    assert max(one.mean or 0 for one in running) > 1e-3
    for old, new in zip(before, candidate.model.parameters(), strict=True):
        assert torch.equal(old, new)
    # The adapter is still over the base, and the base is none of it.
    _, apart = compare(
        base, candidate, texts, generate_answers(base, [base.prompt_ids(text) for text in texts])
    )
    assert max(one.mean or 0 for one in apart) > 0.1


def test_a_model_is_near_itself_however_it_is_batched(pair: GeneratorPair) -> None:
    found = rerun(pair.generator("base"), [row["prompt"] for row in prompts()[:6]])
    assert not any(one.differs for one in found)
    assert all((one.largest or 0.0) < 1e-4 for one in found)


@pytest.mark.parametrize("rate", [0.01, 0.03, 0.1, 0.3])
def test_answers_that_rounding_moves_half_as_often_again_do_not_fail(rate: float) -> None:
    """As a merge in bfloat16 does, against the same weights that are rounded once."""
    rng = np.random.default_rng(5)
    rule = resolve_rules({}, TRACK.gates())[KEY]
    empty = given(workbench([both()], behaviours=()))
    failed = 0
    for _ in range(300):
        noise, own = rng.random(64) < rate, rng.random(64) < 1.5 * rate
        rows = [(bool(a), 0.001, 0.01, bool(b), 0.001, 0.01) for a, b in zip(own, noise, strict=True)]
        one = replace(empty, metrics=tuple(artefact_metrics("deployed", rows)), settings=DECLARED)
        (result,) = judge_artefact(one, rule)
        failed += result.verdict == "fail"
    assert failed <= 9


def test_the_numbers_of_a_form() -> None:
    rows: Sequence[tuple[Any, ...]] = [
        (True, 0.4, 2.0, False, 0.1, 0.5),
        (True, 0.2, 1.0, True, 0.1, 0.2),
        (False, None, None, True, 0.0, 0.0),
    ]
    found = {(one.name, one.side): one for one in artefact_metrics("deployed", rows)}
    assert found["artefact_answers", "candidate"].value == pytest.approx(2 / 3)
    assert found["artefact_answers", "base"].value == pytest.approx(2 / 3)
    assert found["artefact_answers", "difference"].value == 0
    assert found["artefact_logp", "candidate"].value == pytest.approx(0.3)
    assert found["artefact_logp", "difference"].value == pytest.approx(0.2)
    assert found["artefact_largest", "candidate"].value == 2.0
    broken = [(False, float("inf"), float("inf"), False, 0.0, 0.0)] * 2
    unknown = {(one.name, one.side): one for one in artefact_metrics("deployed", broken)}
    assert unknown["artefact_logp", "candidate"].status == "unknown"
