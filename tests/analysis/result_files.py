"""Files of results as four evaluation tools write them, in the layouts of their own sources and documentation."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.conftest import LABELS, messages

Rows = Sequence[Mapping[str, Any]]
CHOICES = ("Kobe", "Osaka", "Nara", "Kyoto")


def classified(seed: int, right: float = 0.8, count: int = 60) -> list[dict[str, Any]]:
    """Messages with what a language model that was asked for the intent answers; some of it is no class."""
    rng = random.Random(seed)
    rows = []
    for row in messages()[:count]:
        said = row["label"] if rng.random() < right else rng.choice((*LABELS, "I am not sure"))
        rows.append({**row, "said": said})
    rng.shuffle(rows)
    return rows


def answered(seed: int, count: int = 24) -> list[dict[str, Any]]:
    """Questions with answers that are texts."""
    rng = random.Random(seed)
    return [
        {
            "id": f"q{number}",
            "text": f"when does order {number} arrive?",
            "label": f"in {number} days",
            "channel": ("app", "web")[number % 2],
            "said": f"It arrives in {number + rng.choice((0, 0, 1))} days, as far as I can see.",
        }
        for number in range(count)
    ]


def inspect_samples(rows: Rows) -> list[dict[str, Any]]:
    return [
        {
            "id": row["id"],
            "epoch": 1,
            "input": row["text"],
            "target": row["label"],
            "messages": [{"role": "user", "content": row["text"]}],
            "output": {
                "model": "openai/base",
                "choices": [
                    {"message": {"role": "assistant", "content": row["said"]}, "stop_reason": "stop"}
                ],
                "completion": row["said"],
            },
            "scores": {
                "match": {"value": "C" if row["said"] == row["label"] else "I", "answer": row["said"]}
            },
            "metadata": {"channel": row["channel"]},
            "store": {},
            "events": [],
            "attachments": {},
        }
        for row in rows
    ]


def inspect_header(model: str, status: str = "success") -> dict[str, Any]:
    return {
        "version": 2,
        "status": status,
        "eval": {"task": "intents", "model": model, "dataset": {"name": "intents"}, "config": {}},
        "plan": {"name": "plan", "steps": []},
        "results": {"total_samples": 60, "completed_samples": 60, "scores": []},
    }


def write_inspect(path: Path, rows: Rows, model: str = "openai/model", status: str = "success") -> Path:
    """A log of Inspect: an archive by the suffix `.eval`, else one JSON value."""
    header, samples = inspect_header(model, status), inspect_samples(rows)
    if path.suffix != ".eval":
        path.write_text(json.dumps({**header, "samples": samples}), "utf-8")
        return path
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_journal/start.json", json.dumps({"version": 2, "eval": header["eval"]}))
        for sample in samples:
            archive.writestr(f"samples/{sample['id']}_epoch_1.json", json.dumps(sample))
        archive.writestr("summaries.json", "[]")
        archive.writestr("header.json", json.dumps(header))
    return path


def lm_eval_generated(rows: Rows) -> list[dict[str, Any]]:
    prompt = "Classify the message.\n\nMessage: where is it\nIntent: order_tracking\n\nMessage: {}\nIntent:"
    return [
        {
            "doc_id": number,
            "doc": {"text": row["text"], "intent": row["label"], "channel": row["channel"]},
            "target": row["label"],
            "arguments": {
                "gen_args_0": {
                    "arg_0": prompt.format(row["text"]),
                    "arg_1": {"until": ["\n"], "temperature": 0.0},
                }
            },
            "resps": [[f" {row['said']}\n"]],
            "filtered_resps": [f" {row['said']}"],
            "filter": "none",
            "metrics": ["exact_match"],
            "doc_hash": f"hash of {row['text']}",
            "prompt_hash": "p",
            "target_hash": "t",
            "exact_match": float(row["said"] == row["label"]),
        }
        for number, row in enumerate(sorted(rows, key=lambda row: str(row["id"])))
    ]


def lm_eval_choices(seed: int, count: int = 40, right: float = 0.7) -> list[dict[str, Any]]:
    """A task of several choices: a request and a log-likelihood for each, written as text as the tool does."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        gold = number % len(CHOICES)
        best = gold if rng.random() < right else rng.randrange(len(CHOICES))
        likelihoods = [-5.0 - 3 * (place != best) - rng.random() for place in range(len(CHOICES))]
        question = f"Which town comes {number} stops after the castle?"
        rows.append(
            {
                "doc_id": number,
                "doc": {"question": question, "choices": list(CHOICES), "answer": gold, "line": "JR"},
                "target": str(gold),
                "arguments": {
                    f"gen_args_{place}": {"arg_0": f"Question: {question}\nAnswer:", "arg_1": f" {choice}"}
                    for place, choice in enumerate(CHOICES)
                },
                "resps": [[[str(one), "False"]] for one in likelihoods],
                "filtered_resps": [[str(one), "False"] for one in likelihoods],
                "filter": "none",
                "metrics": ["acc"],
                "doc_hash": f"d{number}",
                "prompt_hash": "p",
                "target_hash": "t",
                "acc": float(best == gold),
            }
        )
    return rows


def write_lines(path: Path, rows: Rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def promptfoo_rows(rows: Rows, provider: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"result-{number}",
            "promptIdx": 0,
            "testIdx": number,
            "promptId": "p",
            "provider": {"id": provider, "label": ""},
            "prompt": {"raw": f"Classify: {row['text']}", "label": "Classify: {{message}}"},
            "vars": {"message": row["text"]},
            "testCase": {
                "vars": {"message": row["text"]},
                "assert": [{"type": "equals", "value": row["label"]}],
                "metadata": {"channel": row["channel"]},
            },
            "response": {"output": row["said"], "tokenUsage": {"total": 12}},
            "success": row["said"] == row["label"],
            "score": float(row["said"] == row["label"]),
            "failureReason": int(row["said"] != row["label"]),
            "namedScores": {},
            "latencyMs": 3,
        }
        for number, row in enumerate(sorted(rows, key=lambda row: str(row["id"])))
    ]


def write_promptfoo(path: Path, rows: Rows, provider: str = "openai:gpt") -> Path:
    results = {"version": 3, "timestamp": "2026-10-01T00:00:00Z", "prompts": [], "stats": {}}
    whole = {
        "evalId": "eval-1",
        "results": {**results, "results": promptfoo_rows(rows, provider)},
        "config": {},
        "shareableUrl": None,
    }
    path.write_text(json.dumps(whole), "utf-8")
    return path


def write_langfuse(path: Path, rows: Rows, run: str = "run") -> Path:
    """Items of an experiment, as the public interface gives them."""
    data = [
        {
            "id": f"{run}-{row['id']}",
            "traceId": f"trace-{run}-{row['id']}",
            "startTime": "2026-10-01T00:00:00Z",
            "level": "DEFAULT",
            "environment": "default",
            "experimentId": f"experiment-{run}",
            "experimentName": run,
            "experimentItemId": row["id"],
            "input": {
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": row["text"]},
                ]
            },
            "output": {"role": "assistant", "content": row["said"]},
            "expectedOutput": {"answer": row["label"]},
            "experimentItemMetadata": {"channel": row["channel"]},
        }
        for row in rows
    ]
    path.write_text(json.dumps({"data": data, "meta": {"cursor": None}}), "utf-8")
    return path


def write_langfuse_sdk(path: Path, rows: Rows, run: str = "run") -> Path:
    """The result of the SDK's `run_experiment`, written as JSON."""
    results = [
        {
            "item": {
                "id": row["id"],
                "input": row["text"],
                "expected_output": row["label"],
                "metadata": {"channel": row["channel"]},
            },
            "output": row["said"],
            "evaluations": [],
            "trace_id": f"{run}-{row['id']}",
        }
        for row in rows
    ]
    path.write_text(json.dumps({"name": "intents", "run_name": run, "item_results": results}), "utf-8")
    return path


Write = Callable[[Path, Rows, str], Path]
