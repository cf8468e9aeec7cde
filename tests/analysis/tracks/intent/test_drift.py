"""Drift of layers: what a run measures, beside what is computed in another way; what it cannot say, it says why."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import torch

from analysis.models.classifier_pair import ClassifierPair
from analysis.models.load_classifier import LoadedClassifier
from analysis.plugin.metric import check_declared, spec_by_name
from analysis.plugin.registry import get
from analysis.review.session import ReviewSession
from analysis.stats import Interval
from analysis.tracks.intent.drift import drift_metrics, drift_rows, noise_floor
from analysis.tracks.intent.drift_states import (
    FLOOR,
    Sampled,
    load_states,
    matched_layers,
    shift_tables,
    states_table,
)
from analysis.tracks.intent.layer_probes import probe_rows
from analysis.tracks.intent.metric_specs import SPECS
from tests.analysis.tracks.intent.conftest import LABEL
from tests.conftest import LABELS, REVIEW, MakeClassifier, messages, write_jsonl


def _rows(session: ReviewSession, sql: str) -> list[dict[str, Any]]:
    result = session.connection.execute(sql)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _states(model: LoadedClassifier, text: str) -> list[np.ndarray[Any, Any]]:
    inputs = model.tokenizer(text, return_tensors="pt")
    with torch.inference_mode():
        found = model.model(**inputs, output_hidden_states=True).hidden_states
    return [layer[0].mean(dim=0).numpy() for layer in found]


def test_the_cosines_of_a_run_are_those_of_states_taken_one_by_one(
    small_store: Path, small_run: ReviewSession
) -> None:
    models = small_store.parent / "models"
    pair = ClassifierPair(models / "base", models / "candidate", "cpu")
    shifts = {row["ref"]: row["cosine"] for row in _rows(small_run, "SELECT * FROM evidence.intent_shift")}
    assert len(shifts) == len(messages()) + 8  # and those out of scope; no counterfactual
    for row in messages()[:4]:
        first, second = (_states(pair.side(side), str(row["text"])) for side in ("base", "candidate"))
        expected = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(first, second, strict=True)]
        np.testing.assert_allclose(shifts[f"intent/message:{row['id']}"], expected, atol=1e-5)


def test_slices_have_the_means_of_their_messages_and_small_ones_say_so(small_run: ReviewSession) -> None:
    drift = _rows(small_run, "SELECT * FROM evidence.intent_drift WHERE measure = 'cosine' AND layer = 2")
    by_slice = {row["slice"]: row for row in drift}
    for name in ("all", f"{LABEL}=escalation", "names a title"):
        values = _rows(
            small_run,
            "SELECT s.cosine[-1]::DOUBLE AS c FROM evidence.intent_shift s JOIN evidence.membership m USING (ref) "
            f"WHERE m.slice = '{name}'",
        )
        cosines = [row["c"] for row in values]
        assert by_slice[name]["n"] == len(cosines)
        assert by_slice[name]["value"] == pytest.approx(np.mean(cosines))
        assert by_slice[name]["low"] < by_slice[name]["value"] < by_slice[name]["high"]
        # Unrelated models are far apart, whatever noise does.
        assert by_slice[name]["moved"] is True
        assert by_slice[name]["floor"] > 0.99
    assert by_slice["very short"]["value"] is None
    assert by_slice["very short"]["why"] == "3 messages; drift needs 20"
    metrics = {
        (row["name"], row["slice"]): row
        for row in _rows(small_run, "SELECT * FROM evidence.metric WHERE name LIKE 'drift_%'")
    }
    assert metrics["drift_cosine", "all"]["value"] == by_slice["all"]["value"]
    assert metrics["drift_cka", "very short"]["status"] == "unknown"


def test_states_stay_out_of_the_published_run(small_run: ReviewSession) -> None:
    names = {row["table_name"] for row in _rows(small_run, "SELECT table_name FROM duckdb_tables()")}
    assert "intent_drift" in names
    assert "intent_state" not in names


def test_no_gate_and_no_weight_of_the_queue_reads_drift(small_run: ReviewSession) -> None:
    read = {spec.name for gate in get("intent").gates() for spec in gate.reads}
    assert read
    assert not any(name.startswith(("drift", "change_restored")) for name in read)
    flags = _rows(small_run, "SELECT * FROM evidence.flag WHERE reason = 'its states moved most'")
    assert len(flags) <= 3
    assert all(flag["gate"] is None for flag in flags)


def test_a_message_comes_with_its_layers_its_slices_and_the_change(small_run: ReviewSession) -> None:
    context = small_run.example("intent/message:m001").context
    assert [row["layer"] for row in context["shift"]] == [0, 1, 2]
    assert all(row["floor"] is not None for row in context["shift"])
    slices = list(dict.fromkeys(row["slice"] for row in context["drift"]))
    assert slices[0] == "all"
    assert f"{LABEL}=escalation" in slices
    assert f"{LABEL}=recommendation" not in slices
    assert {row["kind"] for row in context["change"]} >= {"layer", "named layer"}
    assert {row["side"] for row in context["layer_probes"]} == {"base", "candidate"}


def _analysed(
    root: Path, base: Path, candidate: Path, rows: list[dict[str, object]]
) -> duckdb.DuckDBPyConnection:
    from analysis.run.pipeline import analyze

    for side, folder in (("base", base), ("candidate", candidate)):
        shutil.copytree(folder, root / "models" / side)
    write_jsonl(root / "eval.jsonl", rows)
    text = (
        REVIEW.split("[lexicons]")[0]
        .replace("budget = 12", "budget = 2")
        .replace("controls = 4", "controls = 1")
    )
    text += '[intent]\nbase = "models/base"\ncandidate = "models/candidate"\nexamples = "eval.jsonl"\n'
    (root / "review.toml").write_text(text, "utf-8")
    published = analyze(root / "review.toml")
    evidence = published.store / "runs" / published.run / "evidence.duckdb"
    return duckdb.connect(str(evidence), read_only=True)


def test_a_model_against_itself_moved_nowhere(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    base = tiny_classifier(tmp_path / "base")
    with _analysed(tmp_path / "r", base, base, messages()) as run:
        assert run.execute("SELECT count(*) FROM intent_drift WHERE moved").fetchall() == [(0,)]
        assert run.execute("SELECT DISTINCT unnest(cosine) FROM intent_shift").fetchall() == [(1.0,)]
        values = run.execute("SELECT min(value) FROM intent_drift WHERE why = ''").fetchall()
        assert values[0][0] == pytest.approx(1, abs=1e-9)
        assert run.execute("SELECT count(*) FROM change_part").fetchall() == [(0,)]
        why = run.execute("SELECT why FROM metric WHERE name = 'change_restored'").fetchall()
        assert why == [("no example flipped",)]
        assert run.execute("SELECT count(*) FROM flag WHERE reason = 'its states moved most'").fetchall() == [
            (0,)
        ]


def test_other_widths_depths_and_tokenizers_still_compare(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    from tests.analysis.models.families import roberta, save_family

    folder = save_family(roberta, tmp_path / "wide")
    config = RobertaConfig.from_pretrained(folder, hidden_size=48, num_hidden_layers=4)
    torch.manual_seed(2)
    RobertaForSequenceClassification(config).save_pretrained(folder)
    with _analysed(tmp_path / "r", tiny_classifier(tmp_path / "base"), folder, messages()) as run:
        rows = run.execute(
            "SELECT layer, candidate_layer, value IS NULL, why FROM intent_drift "
            "WHERE slice = 'all' AND measure = 'cosine' ORDER BY layer"
        ).fetchall()
        why = "the sides differ in width, so no dimension has a partner"
        assert rows == [(0, 0, True, why), (1, 2, True, why), (2, 4, True, why)]
        assert run.execute("SELECT count(*) FROM intent_shift").fetchall() == [(0,)]
        cka = run.execute(
            "SELECT value FROM intent_drift WHERE slice = 'all' AND measure IN ('cka', 'overlap')"
        ).fetchall()
        assert len(cka) == 6
        assert all(-1 <= value <= 1 for (value,) in cka)
        change = run.execute("SELECT DISTINCT why FROM change_part").fetchall()
        assert change[0][0].startswith("the sides have different tokenizers")


def test_a_candidate_of_no_numbers_has_no_drift_and_stops_nothing(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    from transformers import AutoModelForSequenceClassification

    base = tiny_classifier(tmp_path / "base")
    folder = tiny_classifier(tmp_path / "broken")
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        model.bert.encoder.layer[1].output.dense.weight.fill_(float("nan"))
    model.save_pretrained(folder)
    with _analysed(tmp_path / "r", base, folder, messages()[:30]) as run:
        last = run.execute(
            "SELECT measure, value, why FROM intent_drift WHERE slice = 'all' AND layer = 2 ORDER BY measure"
        ).fetchall()
        assert [value for _, value, _ in last] == [None, None, None]
        assert all("not numbers" in why for _, _, why in last)
        first = run.execute("SELECT value FROM intent_drift WHERE slice = 'all' AND layer = 1").fetchall()
        assert all(value == pytest.approx(1) for (value,) in first)
        cosines = run.execute("SELECT cosine FROM intent_shift LIMIT 1").fetchall()[0][0]
        assert cosines[2] is None
        assert run.execute("SELECT count(*) FROM intent_layer_probe").fetchall() == [(0,)]
        # What is no number is no flip to restore.
        assert run.execute("SELECT count(*) FROM change_part").fetchall() == [(0,)]


def test_layers_are_matched_by_their_share_of_the_depth() -> None:
    assert matched_layers(4, 4) == [0, 1, 2, 3]
    assert matched_layers(7, 13) == [0, 2, 4, 6, 8, 10, 12]
    assert matched_layers(13, 7)[-1] == 6
    assert matched_layers(13, 7)[0] == 0
    assert matched_layers(1, 3) == [2]


def test_states_come_back_as_they_were_kept() -> None:
    states = np.random.default_rng(0).normal(size=(3, 2, 5)).astype(np.float32)
    states[1, 1, 2] = np.inf
    with duckdb.connect(":memory:") as workbench:
        workbench.execute(
            "CREATE TABLE intent_state (ref VARCHAR, role VARCHAR, layers INTEGER, states BLOB)"
        )
        workbench.register("incoming", states_table(["c", "a", "b"], "base", states))
        workbench.execute("INSERT INTO intent_state BY NAME SELECT * FROM incoming")
        found = load_states(workbench)["base"]
    assert found.refs == ["a", "b", "c"]
    np.testing.assert_array_equal(found.states, states.astype(np.float16)[[1, 2, 0]])


def test_a_side_without_layers_has_no_tables() -> None:
    states = np.ones((2, 3, 4), dtype=np.float32)
    assert shift_tables(["a", "b"], {"base": states}, ["a"]) == {}
    assert shift_tables([], {"base": states[:0], "candidate": states[:0]}, []) == {}
    whole = drift_metrics([], ["all"], "no list of layers was found in the architecture")
    assert {one.status for one in whole} == {"unknown"}
    for one in whole:
        check_declared("intent", spec_by_name(SPECS), one.name, one.side)


def test_what_lies_within_the_noise_has_not_moved() -> None:
    rng = np.random.default_rng(1)
    refs = [f"r{number}" for number in range(60)]
    base = (rng.normal(size=(60, 3, 24)) + 2).astype(np.float16)
    noise = base + (0.02 * rng.normal(size=base.shape)).astype(np.float16)
    little = base + (0.01 * rng.normal(size=base.shape)).astype(np.float16)
    little[:, 2] += (1.0 * rng.normal(size=little[:, 2].shape)).astype(np.float16)
    states = {
        "base": Sampled(refs, base),
        "candidate": Sampled(refs, little),
        FLOOR: Sampled(refs[:30], noise[:30]),
    }
    floor = noise_floor(states["base"], states[FLOOR])
    assert (floor.cosine > 0.99).all()
    rows = drift_rows({"all": 60}, {"all": {0: Interval(0.9999, 0.9998, 1, 60)}}, {"all": refs}, states)
    moved = {(row["measure"], row["layer"]): row["moved"] for row in rows if row["value"] is not None}
    assert moved["cka", 0] is False
    assert moved["cka", 1] is False
    assert moved["cka", 2] is True
    assert moved["overlap", 2] is True
    assert moved["cosine", 0] is False
    without = drift_rows(
        {"all": 60}, {}, {"all": refs}, {side: states[side] for side in ("base", "candidate")}
    )
    assert {row["moved"] for row in without} == {None}


def test_a_probe_reads_what_is_there_and_nothing_of_dealt_labels() -> None:
    rng = np.random.default_rng(3)
    labelled = [(f"r{number:03}", LABELS[number % 3]) for number in range(240)]
    base = rng.normal(size=(240, 2, 40))
    base[:, 1, :3] += 8 * np.eye(3)[np.arange(240) % 3]
    candidate = base[:, :, rng.permutation(40)]
    refs = [ref for ref, _ in labelled]
    sides: Any = {
        "base": Sampled(refs, base.astype(np.float16)),
        "candidate": Sampled(refs, candidate.astype(np.float16)),
    }
    found = {(row["layer"], row["side"]): row for row in probe_rows(sides, labelled, 0)}
    assert found[1, "base"]["accuracy"] > 0.95
    assert found[1, "candidate"]["accuracy"] > 0.95
    assert found[1, "candidate"]["transferred"] < 0.7
    assert found[0, "base"]["accuracy"] < 0.5
    assert max(row["shuffled"] for row in found.values()) < 0.5
    assert found[1, "base"]["n"] == 120
    assert found[1, "base"]["classes"] == 3
    one_class = [(ref, "a") for ref, _ in labelled]
    assert probe_rows(sides, one_class, 0) == []
    assert probe_rows(sides, labelled[:20], 0) == []
