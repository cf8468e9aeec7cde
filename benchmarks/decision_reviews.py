"""One simulated review: drawn predictions, the product's own counts, queue and gates, and a reviewer who answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, Contested, Metric, QueueEntry, Slice
from analysis.base.review_records import KnownAnswerRecord, ReviewState, VerdictRecord
from analysis.base.sql import records, sql_text
from analysis.plugin.question import KnownAnswer, Question
from analysis.plugin.registry import get
from analysis.plugin.settings import QueueSection
from analysis.review.asked import asked_of, known_asked
from analysis.review.evaluate import (
    allow,
    blocking,
    deciding_refs,
    evaluate,
    gates_of,
    own_specs,
    resolve_rules,
)
from analysis.run.queue import build_queue, draw_known_answers
from analysis.store.run import SCHEMA
from analysis.tracks.intent.contested import contested, destinations
from analysis.tracks.intent.metrics import class_metrics, slice_metrics
from analysis.tracks.intent.questions import known_answers
from analysis.tracks.intent.settings import IntentSettings
from benchmarks.reviewers import Reviewer

TRACK = "intent"
BATCH = 5
"""Verdicts that are given before the gates are judged again; a person gives one, so no fewer verdicts are counted."""
CHURN = 0.03
"""Share of examples that break, and share that are fixed, where nothing is lost."""
BASE_WRONG = 0.06
"""Share of examples that the base has wrong."""
Strings = NDArray[np.object_]


@dataclass(frozen=True)
class Setting:
    """The data of a review.

    Args:
        name: in the table.
        sizes: examples of each class.
        critical: how many of the first classes are critical.
        cluster: examples that change together.
        wrong_gold: share of gold labels that are wrong.
    """

    name: str
    sizes: tuple[int, ...]
    critical: int = 1
    cluster: int = 1
    wrong_gold: float = 0.0


@dataclass(frozen=True)
class Case:
    """One drawn review: what is known of it beforehand, and what a reviewer needs to answer."""

    given: GateInput
    truth: dict[str, str]
    labels: dict[str, tuple[str, str]]
    known: dict[str, KnownAnswer]


@dataclass(frozen=True)
class Outcome:
    """How a review ended: whether the gates allow it, how many verdicts and known answers it took, and what blocks."""

    allowed: bool
    verdicts: int
    deciding: int
    against: tuple[str, ...]
    failed_before: bool


def draw_case(setting: Setting, loss: float, seed: int) -> Case:
    """Predictions of a base and of a candidate that breaks more of the first class, and what a run makes of them.

    Args:
        setting: the data.
        loss: share of the first class that the candidate breaks beyond churn.
        seed: the same seed gives the same review.
    """
    rng = np.random.default_rng(seed)
    names = np.array([f"class{number:03d}" for number in range(len(setting.sizes))], object)
    truth = np.repeat(names, setting.sizes)
    base, candidate = _predict(rng, truth, names, setting.cluster, loss)
    gold = truth.copy()
    wrong = rng.random(len(gold)) < setting.wrong_gold
    gold[wrong] = _others(rng, gold[wrong], names)
    refs = [f"{TRACK}/message:{number:06d}" for number in range(len(truth))]
    critical = names[: setting.critical].tolist()
    metadata = {
        "channel": rng.choice(["app", "web", "mail"], len(truth)).tolist(),
        "locale": rng.choice(["de", "en", "fr", "ja"], len(truth)).tolist(),
    }
    groups = [f"g{number // setting.cluster}" for number in range(len(truth))] if setting.cluster > 1 else []
    runner_up = _others(rng, truth, names)
    connection = _workbench(refs, gold, runner_up, base, candidate, critical, metadata, groups)
    try:
        given, known = _given(connection, critical, f"{seed}/{loss}/{setting.name}")
    finally:
        connection.close()
    return Case(
        given,
        dict(zip(refs, truth.tolist(), strict=True)),
        {ref: (one, two) for ref, one, two in zip(refs, base.tolist(), candidate.tolist(), strict=True)},
        known,
    )


def _predict(
    rng: np.random.Generator, truth: Strings, names: Strings, cluster: int, loss: float
) -> tuple[Strings, Strings]:
    """Labels of both sides; the members of a cluster break and are fixed together."""
    clusters = np.arange(len(truth)) // cluster
    of_first = truth == names[0]
    base_wrong = (rng.random(clusters[-1] + 1) < BASE_WRONG)[clusters]
    chance = rng.random(clusters[-1] + 1)[clusters]
    breaks = ~base_wrong & (chance < (CHURN + loss * of_first) / (1 - BASE_WRONG))
    mends = base_wrong & (chance < CHURN / BASE_WRONG)
    base, candidate = truth.copy(), truth.copy()
    base[base_wrong] = _others(rng, truth[base_wrong], names)
    candidate[base_wrong & ~mends] = base[base_wrong & ~mends]
    candidate[breaks] = _others(rng, truth[breaks], names)
    return base, candidate


def _others(rng: np.random.Generator, labels: Strings, names: Strings) -> Strings:
    """For each label another one."""
    place = {name: number for number, name in enumerate(names)}
    shift = rng.integers(1, len(names), len(labels))
    found = np.array([place[label] for label in labels], np.int64)
    return np.asarray(names[(found + shift) % len(names)], object)


def _workbench(
    refs: Sequence[str],
    gold: Strings,
    runner_up: Strings,
    base: Strings,
    candidate: Strings,
    critical: Sequence[str],
    metadata: dict[str, list[str]],
    groups: Sequence[str],
) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute(sql_text(SCHEMA, "evidence.sql"))
    connection.execute(get(TRACK).schema())
    n = len(refs)
    rows = pa.table(
        {
            "ref": refs, "track": [TRACK] * n, "kind": ["message"] * n, "id": refs,
            "parent_ref": pa.nulls(n, pa.string()), "text": refs, "gold": gold.tolist(), "sha256": refs,
        }
    )  # fmt: skip
    _insert(connection, "example", rows)
    for side, labels in (("base", base), ("candidate", candidate)):
        columns = {
            "ref": refs, "side": [side] * n, "label": labels.tolist(), "p": [0.9] * n, "runner_up": runner_up.tolist(),
            "runner_up_p": [0.05] * n, "margin": [0.85] * n, "p_gold": [0.9] * n, "correct": (labels == gold).tolist(),
            "logits": pa.array([[0.0]] * n, pa.list_(pa.float32())),
        }  # fmt: skip
        _insert(connection, "intent_side", pa.table(columns))
    slices: dict[str, tuple[str, bool, list[str]]] = {ALL: ("all", False, list(refs))}
    for column, values in (("label", gold.tolist()), *metadata.items()):
        members: dict[str, list[str]] = {}
        for ref, value in zip(refs, values, strict=True):
            members.setdefault(f"{column}={value}", []).append(ref)
        kind = "class" if column == "label" else "metadata"
        slices |= {
            name: (kind, kind == "class" and name.partition("=")[2] in critical, found)
            for name, found in members.items()
        }
    made = [Slice(name, TRACK, kind, crit, "", len(found)) for name, (kind, crit, found) in slices.items()]  # type: ignore[arg-type]
    _insert(connection, "slice", pa.Table.from_pylist([_row(one) for one in made]))
    pairs = [(name, ref) for name, (_, _, found) in slices.items() for ref in found]
    _insert(
        connection,
        "membership",
        pa.table(
            {"slice": [a for a, _ in pairs], "track": [TRACK] * len(pairs), "ref": [b for _, b in pairs]}
        ),
    )
    if groups:
        _insert(connection, "cluster", pa.table({"track": [TRACK] * n, "ref": refs, "cluster": list(groups)}))
    return connection


def _row(one: Slice) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("slice", "track", "kind", "critical", "definition", "n")}


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    connection.register("incoming", rows)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")


def _given(
    connection: duckdb.DuckDBPyConnection, critical: Sequence[str], drawn: str
) -> tuple[GateInput, dict[str, KnownAnswer]]:
    rows = contested(connection, "label", critical)
    _insert(connection, "contested", rows)
    metrics: list[Metric] = [*slice_metrics(connection), *class_metrics(connection, "label", critical)]
    # Not read from a file: there are no models.
    settings = IntentSettings.model_construct(label="label", critical=list(critical))
    section = QueueSection()
    flags = build_queue(connection, TRACK, get(TRACK).flags(connection, settings), section, drawn)
    known = draw_known_answers(known_answers(connection), flags, section.known_answers, drawn)
    controls = {flag.ref for flag in flags if flag.control}
    ranked = sorted({flag.ref for flag in flags if flag.rank is not None})
    queue = [QueueEntry(ref, place, ref in controls, False, (), ()) for place, ref in enumerate(ranked)]
    queue += [QueueEntry(one.ref, len(queue) + place, False, True, (), ()) for place, one in enumerate(known)]
    gates = gates_of((TRACK,))
    flagged = connection.execute("SELECT ref, slice FROM membership LIMIT 0").fetchall()
    given = GateInput(
        run="run",
        owner="owner",
        today="2026-01-01",
        reviewers_required=1,
        tracks=(TRACK,),
        metrics=tuple(metrics),
        specs={TRACK: {spec.name: spec for spec in get(TRACK).metrics()}, **own_specs()},
        slices=tuple(records(connection, Slice, "SELECT * FROM slice")),
        rules=resolve_rules({}, gates),
        settings={
            TRACK: {"irrelevant": {}, "signals": {}, "destinations": destinations(connection, "label")}
        },
        expected=(),
        queue=tuple(queue),
        flagged=dict(flagged),
        state=ReviewState((), {}, (), (), None),
        contested=tuple(records(connection, Contested, "SELECT * FROM contested ORDER BY ALL")),
    )
    return given, {one.ref: one for one in known}


def review(case: Case, reviewer: Reviewer) -> Outcome:
    """Answer what must be judged, in the order of the console, until nothing more is asked.

    Args:
        case: the review.
        reviewer: who answers.
    """
    given = case.given
    verdicts: list[VerdictRecord] = []
    known: list[KnownAnswerRecord] = []
    done: set[str] = set()
    results = evaluate(given)
    failed_before = any(one.verdict == "fail" and one.blocking for one in results)
    needed = [entry.ref for entry in given.queue if entry.control or entry.known]
    deciding = 0
    while True:
        waiting = [ref for ref in dict.fromkeys([*deciding_refs(results), *needed]) if ref not in done]
        if not waiting:
            break
        waiting.sort(key=lambda ref: hashlib.md5(f"{ref}reviewer".encode(), usedforsecurity=False).digest())
        still = set(deciding_refs(results))
        for ref in waiting[:BATCH]:
            done.add(ref)
            deciding += ref in still and ref not in needed
            _answer(case, ref, reviewer, verdicts, known)
        state = replace(given.state, verdicts=tuple(verdicts), known_answers=tuple(known))
        results = evaluate(replace(given, state=state))
    against = tuple(dict.fromkeys(one.name for one in blocking(results)))
    return Outcome(allow(results), len(done), deciding, against, failed_before)


def _answer(
    case: Case, ref: str, reviewer: Reviewer, verdicts: list[VerdictRecord], known: list[KnownAnswerRecord]
) -> None:
    truth = case.truth[ref]
    item = case.known.get(ref)
    if item is not None:
        asked = known_asked(Question(get(TRACK).question, item.true, item.wrong), item, "reviewer", "run")
        # What is known is what gold says, which may be wrong: a reader then finds the other answer, or none, right.
        known.append(KnownAnswerRecord(ref, "reviewer", "reviewer", asked.given(reviewer(asked, truth))))
        return
    base, candidate = case.labels[ref]
    asked = asked_of(Question(get(TRACK).question, (base,), (candidate,)), "reviewer", "run", ref)
    right = asked.right(reviewer(asked, truth))
    verdicts.append(VerdictRecord(ref, "reviewer", "reviewer", right, None, None, True, None, ()))
