"""A small published review for tests: thirty messages of three classes, filled by hand.

Ten `escalation` (the first three broken), ten `returns` (four fixed, one broken), ten `small_talk`. The
queue holds the broken ones, two more escalations and three random controls; one message has a
counterfactual variant.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from analysis.review.gates import all_gates, resolve_rules
from analysis.store.journal import Account, Journal, merge
from analysis.store.run import create_store, current_run, publish, schema_sql

CLASSES = ("escalation", "returns", "small_talk")
MESSAGES = 30
BROKEN = (0, 1, 2, 14)
FIXED = (10, 11, 12, 13)
QUEUE = (0, 1, 2, 14, 3, 4)
CONTROLS = (20, 21, 5)
SCHEMAS = ("evidence.sql", "intent.sql")


def ref_of(number: int) -> str:
    """Ref of the n-th message."""
    return f"intent/message:m{number:02}"


VARIANT = "intent/variant:m00~0"


def describe(*, candidate: str = "b" * 64, **review: Any) -> dict[str, Any]:
    """A run's description; other settings of the review make another run of the same models."""
    rules = {name: asdict(rule) for name, rule in resolve_rules({}, all_gates()).items()}
    rules = {name: {**rule, "loosened": list(rule["loosened"])} for name, rule in rules.items()}
    settings = {
        "name": "intent-v4-rc1",
        "owner": "mangaassist",
        "base_version": "v3",
        "candidate_version": "v4-rc1",
        "training_change": "fine-tuned on new messages",
        "reviewers_required": 1,
        "signers_required": 1,
        "seed": 0,
        **review,
    }
    models = {
        "intent": {
            "base": {"folder": "intent-v3", "digest": "a" * 64},
            "candidate": {"folder": "intent-v4", "digest": candidate},
        }
    }
    return {
        "format": 1,
        "determined_by": {"format": 1, "review": settings, "models": models, "rules": rules},
        "review": settings,
        "rules": rules,
        "expected": [],
        "tracks": ["intent"],
        "gate_settings": {"intent": {"irrelevant": {}}},
        "schemas": list(SCHEMAS),
        "model_files": {"intent": {"base": {}, "candidate": {}}},
        "skipped_rows": {},
    }


def fill_workbench(texts: dict[int, str] | None = None, margin: float = 0.5) -> duckdb.DuckDBPyConnection:
    """An in-memory workbench with every table of the sample review.

    Args:
        texts: other texts for some messages.
        margin: margin of every prediction, part of the evidence that is shown.
    """
    workbench = duckdb.connect(":memory:")
    for schema in SCHEMAS:
        workbench.execute(schema_sql(schema))
    for number in range(MESSAGES):
        gold = CLASSES[number // 10]
        text = (texts or {}).get(number, f"message {number} about {gold.replace('_', ' ')} of Iron Orchard")
        _insert_message(workbench, number, text, gold, margin)
    workbench.execute(
        "INSERT INTO example VALUES (?, 'intent', 'variant', 'm00~0', ?, 'Iron Orchard, message 0', NULL, 'ee')",
        [VARIANT, ref_of(0)],
    )
    workbench.execute(
        "INSERT INTO intent_variant VALUES (?, 'titles', 'insert', 'Iron Orchard', 'lexicon', 'escalation', "
        "'critical', 0, 12, .9, .2, .9, .8)",
        [VARIANT],
    )
    _insert_slices(workbench)
    _insert_metrics(workbench)
    for rank, number in enumerate(QUEUE, start=1):
        workbench.execute(
            "INSERT INTO flag VALUES (?, ?, ?, ?, NULL, false)",
            [
                ref_of(number),
                "broken in a critical slice" if number in BROKEN[:3] else "flip",
                "intent.critical_recall[escalation]" if number < 10 else None,
                rank,
            ],
        )
    for rank, number in enumerate(CONTROLS, start=len(QUEUE) + 1):
        workbench.execute(
            "INSERT INTO flag VALUES (?, 'random control', NULL, ?, NULL, true)", [ref_of(number), rank]
        )
    workbench.execute("INSERT INTO flag VALUES (?, 'margin cliff', NULL, NULL, .4, false)", [ref_of(25)])
    workbench.execute("CREATE TABLE metadata_intent (ref VARCHAR, channel VARCHAR, urgent BOOLEAN)")
    workbench.execute(
        "INSERT INTO metadata_intent SELECT ref, 'web', false FROM example WHERE kind = 'message'"
    )
    _insert_explanations(workbench)
    return workbench


def _insert_explanations(workbench: duckdb.DuckDBPyConnection) -> None:
    """Message 0: its candidate is licensed, its base is not, and its flip has a contrast and a check.

    Message 1: too short to decide on both sides. The others have no licence.
    """
    contrast = "returns − escalation"
    for side, scores in (("base", [0.25, -0.5]), ("candidate", [1.0, 0.5])):
        workbench.execute(
            "INSERT INTO attribution VALUES (?, ?, 'occlusion', ?, [0, 8], [7, 9], ?, NULL, NULL, NULL, NULL, "
            "NULL, 'ok', '', '{}')",
            [ref_of(0), side, contrast, scores],
        )
        workbench.execute(
            "INSERT INTO attribution VALUES (?, ?, 'attention_rollout', 'logit', [0, 8], [7, 9], [.9, .1], NULL, "
            "NULL, NULL, NULL, NULL, 'ok', 'context only: never licensed', '{}')",
            [ref_of(0), side],
        )
    for ref, side, method, target, decidable, p, overlap in (
        (ref_of(0), "base", "integrated_gradients", "logit", True, 0.23, 1.0),
        (ref_of(0), "candidate", "integrated_gradients", "logit", True, 0.01, 1.0),
        (ref_of(0), "base", "occlusion", contrast, True, 0.02, 1.0),
        (ref_of(0), "candidate", "occlusion", contrast, True, 0.01, 1.0),
        (ref_of(1), "base", "integrated_gradients", "logit", False, 0.5, 1.0),
        (ref_of(1), "candidate", "integrated_gradients", "logit", False, 0.5, 1.0),
    ):
        workbench.execute(
            "INSERT INTO intent_licence VALUES (?, ?, ?, ?, true, true, 8, ?, .83, .01, .82, ?, .97, ?, .25)",
            [ref, side, method, target, decidable, p, overlap],
        )
    workbench.execute(
        "INSERT INTO intent_flip VALUES (?, 'occlusion', 0, 7, .75, 'escalation', 'returns', 'escalation', true)",
        [ref_of(0)],
    )
    for side in ("base", "candidate"):
        workbench.execute(
            "INSERT INTO metric VALUES ('intent', 'licence', 'label=escalation', ?, ?, NULL, NULL, 25, 'ok', ?, "
            "'integrated_gradients'), ('intent', 'licence_share', 'label=escalation', ?, .84, .64, .95, 25, 'ok', '', "
            "'integrated_gradients')",
            [side, float(side == "candidate"), "" if side == "candidate" else "mean percentile 0.60", side],
        )
        workbench.execute(
            "INSERT INTO metric VALUES ('intent', 'licence', 'label=escalation', ?, 1, NULL, NULL, 25, 'ok', '', "
            "'occlusion')",
            [side],
        )
    workbench.execute(
        "INSERT INTO metric VALUES ('intent', 'flips', 'label=escalation', 'difference', 3, NULL, NULL, 10, 'ok', '', "
        "'count')"
    )
    for side, value in (("base", 0.01), ("candidate", -0.6), ("difference", -0.61)):
        workbench.execute(
            "INSERT INTO metric VALUES ('intent', 'relevance_own_critical', 'escalation/titles', ?, ?, ?, ?, 40, 'ok', "
            "'', 'mean over texts; bootstrap')",
            [side, value, value - 0.1, value + 0.1],
        )


def _insert_message(
    workbench: duckdb.DuckDBPyConnection, number: int, text: str, gold: str, margin: float
) -> None:
    ref = ref_of(number)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    workbench.execute(
        "INSERT INTO example VALUES (?, 'intent', 'message', ?, NULL, ?, ?, ?)",
        [ref, f"m{number:02}", text, gold, digest],
    )
    wrong = CLASSES[(number // 10 + 1) % 3]
    for side in ("base", "candidate"):
        right = not (number in FIXED if side == "base" else number in BROKEN)
        workbench.execute(
            "INSERT INTO intent_side VALUES (?, ?, ?, .75, ?, .25, ?, ?, ?, [1.5, -0.5, 0.0])",
            [
                ref,
                side,
                gold if right else wrong,
                wrong if right else gold,
                margin,
                0.75 if right else 0.25,
                right,
            ],
        )
        workbench.execute(
            "INSERT INTO attribution VALUES (?, ?, 'integrated_gradients', 'logit', [0, 8], [7, 9], [.5, -.25], "
            "'the', 'small_talk', .2, .01, 10, 'ok', '', '{}')",
            [ref, side],
        )


def _insert_slices(workbench: duckdb.DuckDBPyConnection) -> None:
    slices = [
        ("all", "all", False, range(MESSAGES)),
        ("label=escalation", "class", True, range(10)),
        ("label=returns", "class", False, range(10, 20)),
        ("label=small_talk", "class", False, range(20, 30)),
        ("names a title", "declared", False, range(0, MESSAGES, 2)),
        ("matches nothing", "declared", False, range(0)),
    ]
    for name, kind, critical, numbers in slices:
        workbench.execute(
            "INSERT INTO slice VALUES (?, 'intent', ?, ?, '', ?)", [name, kind, critical, len(numbers)]
        )
        for number in numbers:
            workbench.execute("INSERT INTO membership VALUES (?, 'intent', ?)", [name, ref_of(number)])


def _insert_metrics(workbench: duckdb.DuckDBPyConnection) -> None:
    workbench.execute(
        "CREATE TEMP TABLE counts AS SELECT m.slice, count(*) AS n, "
        "count(*) FILTER (base_correct) AS base, count(*) FILTER (candidate_correct) AS candidate, "
        "count(*) FILTER (transition = 'broken') AS broken, count(*) FILTER (transition = 'fixed') AS fixed, "
        "count(*) FILTER (transition = 'both_right') AS both_right "
        "FROM membership m JOIN intent_pair p USING (ref) GROUP BY m.slice"
    )
    for side in ("base", "candidate"):
        workbench.execute(
            f"INSERT INTO metric SELECT 'intent', 'accuracy', slice, '{side}', {side} / n, 0, 1, n, 'ok', '', 'test' "
            "FROM counts"
        )
    workbench.execute(
        "INSERT INTO metric SELECT 'intent', 'accuracy', slice, 'difference', (candidate - base) / n, "
        "(candidate - base) / n - .05, (candidate - base) / n + .05, n, 'ok', '', 'test' FROM counts"
    )
    for name in ("broken", "fixed", "both_right"):
        workbench.execute(
            f"INSERT INTO metric SELECT 'intent', '{name}', slice, 'difference', {name}, NULL, NULL, n, 'ok', '', "
            "'count' FROM counts"
        )
    workbench.execute("DROP TABLE counts")


def publish_review(
    folder: Path, *, texts: dict[int, str] | None = None, margin: float = 0.5, **description: Any
) -> Path:
    """Publish the sample review in a folder; called again with other settings, another run of it."""
    store = create_store(folder)
    workbench = fill_workbench(texts, margin)
    try:
        publish(store, workbench, describe(**description))
    finally:
        workbench.close()
    return store


def said_elsewhere(
    store: Path, name: str, *said: tuple[str, str | None, dict[str, Any]], target: str | None = None
) -> None:
    """Events (kind, ref, body) that another account recorded on another machine, merged into the store."""
    with TemporaryDirectory() as scratch:
        (Path(scratch) / "events").mkdir()
        journal = Journal(scratch, Account(4242, name, "elsewhere"), name)
        for kind, ref, body in said:
            journal.append(kind, run=current_run(store), ref=ref, body=body, target=target)
        path = journal.path
        journal.close()
        assert path is not None
        merge(store, [path])
