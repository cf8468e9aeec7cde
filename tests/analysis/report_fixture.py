"""A small published run with a track of its own, made by hand, for the tests of the report."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path
from typing import Any

import duckdb

from analysis.base.records import GateInput, GateResult, Rule, Trigger
from analysis.models.digest import file_digests, folder_digest
from analysis.plugin import registry
from analysis.plugin.gate import Gate, Threshold, metric_of, result
from analysis.review.gates import REVIEW_GATES, resolve_rules
from analysis.review.session import ReviewSession
from analysis.store.run import create_store, publish, schema_sql

HOSTILE = (
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "\x1bP0;1|17/ab\x1b\\",
    "\u202eevil\u202c",
    "[bold]x[/bold] [/nope] [",
    "<script>alert(1)</script>",
    "![x](http://evil/x.png) [a](javascript:b)",
    "a\x00b\x08c\rPASS\rFAIL",
    "# title\n- item\n```\n| a | b |",
    "\U000e0041\u200b\u200d",
    "x" * 200_000,
    "https://evil.example www.evil.example",
    "`code` | pipe $x^2$ ~~gone~~",
)


def judge_broken(given: GateInput, rule: Rule) -> list[GateResult]:
    """Fails where more examples broke than the threshold allows."""
    metric = metric_of(given, "toy", "broken", "all")
    limit = rule.thresholds["max_broken"]
    if metric is None or metric.value is None:
        return [result(BROKEN, "unknown", "not measured", threshold=f"{limit:g}")]
    verdict = "pass" if metric.value <= limit else "fail"
    why = f"{metric.value:g} broken"
    refs = given.flagged.get(BROKEN.name, ())
    return [result(BROKEN, verdict, why, metric=metric, threshold=f"{limit:g}", refs=refs)]


BROKEN = Gate(
    "toy.broken",
    "what worked goes on working",
    {"max_broken": Threshold(0.0, "lower", "most broken examples")},
    judge_broken,
)


def triggers(given: GateInput) -> list[Trigger]:
    """One trigger: something broke."""
    metric = metric_of(given, "toy", "broken", "all")
    value = metric.value if metric else None
    sentence = f"{value or 0:g} examples broke"
    return [Trigger("broke", "toy", sentence, bool(value), value, None, None, 6, ())]


def headlines(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    """Reads a text of the evidence, so that hostile data reaches the report."""
    found = connection.execute("SELECT text FROM evidence.example ORDER BY ref LIMIT 1").fetchone()
    return {"Attribution findings": [f"leans on {found[0] if found else ''}"], "Response findings": ["none"]}


TOY = registry.Track(
    name="toy",
    title="Toy classifier",
    settings=None,  # type: ignore[arg-type]
    read=None,  # type: ignore[arg-type]
    schema=None,
    stages=tuple,
    flags=lambda connection, settings: [],
    gates=(BROKEN,),
    gate_settings=lambda settings, connection: {},
    triggers=triggers,
    headlines=headlines,
)


@dataclasses.dataclass(frozen=True)
class Fixture:
    """A store with its model folders."""

    store: Path
    models: Path


def toy_store(
    folder: Path,
    *,
    broken: int = 0,
    accuracy: float = 2 / 3,
    texts: tuple[str, ...] = (),
    name: str = "toy-rc1",
    signers: int = 1,
    gates: dict[str, dict[str, Any]] | None = None,
) -> Fixture:
    """A published run of the track `toy`: six examples, three of them in a critical slice.

    The track must be registered while the store is used: `with registry.registered(TOY)`.
    """
    models = folder / "models"
    for side, content in (("base", b"old"), ("candidate", b"new")):
        model = models / f"toy-{side}"
        (model / "deep").mkdir(parents=True)
        (model / "model.safetensors").write_bytes(content * 100)
        (model / "deep" / "config.json").write_bytes(b"{}")
    workbench = duckdb.connect(":memory:")
    workbench.execute(schema_sql("evidence.sql"))
    _fill(workbench, broken, accuracy, texts)
    folders = {"base": models / "toy-base", "candidate": models / "toy-candidate"}
    rules = resolve_rules(gates or {}, (BROKEN, *REVIEW_GATES))
    plain_rules = {key: dataclasses.asdict(rule) for key, rule in rules.items()}
    review = {
        "name": name,
        "owner": "owner@example.org",
        "base_version": "v1",
        "candidate_version": "v2",
        "training_change": "trained <b>more</b>",
        "reviewers_required": 1,
        "signers_required": signers,
    }
    described = {side: {"folder": path.name, "digest": folder_digest(path)} for side, path in folders.items()}
    description = {
        "determined_by": {
            "review": review,
            "rules": plain_rules,
            "lexicons": {"titles": ["Tofu Wars"]},
            "tracks": {"toy": {"examples": 6, "data": "d" * 64, "metadata": "e" * 64}},
            "models": {"toy": described},
            "versions": {"duckdb": duckdb.__version__},
            "broken": broken,
        },
        "review": review,
        "rules": plain_rules,
        "expected": [],
        "tracks": ["toy"],
        "gate_settings": {"toy": {}},
        "schemas": ["evidence.sql"],
        "model_files": {"toy": {side: file_digests(path) for side, path in folders.items()}},
        "skipped_rows": {},
    }
    store = create_store(folder / "toy.review")
    tables = ["example", "slice", "membership", "metric", "attribution", "span", "flag", "metadata_toy"]
    publish(store, workbench, description, tables, ["evidence.sql"])
    workbench.close()
    return Fixture(store, models)


def _fill(workbench: duckdb.DuckDBPyConnection, broken: int, accuracy: float, texts: tuple[str, ...]) -> None:
    workbench.execute("CREATE TABLE metadata_toy (ref VARCHAR, label VARCHAR)")
    for number in range(6):
        ref = f"toy/message:m{number}"
        text = texts[number % len(texts)] if texts else f"message {number}"
        gold = "escalation" if number < 3 else "other"
        workbench.execute(
            "INSERT INTO example VALUES (?, 'toy', 'message', ?, NULL, ?, ?, ?)",
            [ref, f"m{number}", text, gold, f"{number:064x}"],
        )
        workbench.execute("INSERT INTO metadata_toy VALUES (?, ?)", [ref, gold])
        workbench.execute("INSERT INTO membership VALUES ('all', 'toy', ?)", [ref])
        workbench.execute("INSERT INTO membership VALUES (?, 'toy', ?)", [f"label={gold}", ref])
        if number < 4:
            workbench.execute(
                "INSERT INTO flag VALUES (?, ?, ?, ?, NULL, ?)",
                [ref, "flip", "toy.broken" if number < 2 else None, number + 1, number == 3],
            )
    workbench.execute(
        "INSERT INTO attribution VALUES ('toy/message:m0', 'candidate', 'occlusion', 'escalation', "
        "[0], [7], [0.5], NULL, NULL, NULL, NULL, NULL, 'ok', '', '{}')"
    )
    workbench.execute("INSERT INTO slice VALUES ('all', 'toy', 'all', false, '', 6)")
    workbench.execute("INSERT INTO slice VALUES ('label=escalation', 'toy', 'class', true, '', 3)")
    workbench.execute("INSERT INTO slice VALUES ('label=other', 'toy', 'class', false, '', 3)")
    for name, side, value in (
        ("accuracy", "base", 0.5),
        ("accuracy", "candidate", accuracy),
        ("accuracy", "difference", 1 / 6),
        ("broken", "difference", float(broken)),
        ("fixed", "difference", 1.0),
    ):
        for slice_name in ("all", "label=escalation"):
            workbench.execute(
                "INSERT INTO metric VALUES ('toy', ?, ?, ?, ?, ?, ?, 6, 'ok', '', 'count')",
                [name, slice_name, side, value, value - 0.1, value + 0.1],
            )


def inspect_all(session: ReviewSession) -> None:
    """Give every queued example a verdict."""
    for number in range(4):
        session.verdict(f"toy/message:m{number}", "acceptable")


def make_key(path: Path, comment: str, *options: str) -> Path:
    """A new ed25519 key without passphrase."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path), *options], check=True
    )
    return path


def signer_line(principal: str, key: Path, options: str = "") -> str:
    """One line of a list of signers."""
    kind, blob = key.with_name(key.name + ".pub").read_text().split()[:2]
    return " ".join(part for part in (principal, options, kind, blob) if part) + "\n"
