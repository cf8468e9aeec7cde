"""A small review of a track of its own, analysed by the product, for the tests of the report."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput, GateResult, GateVerdict, Rule, Trigger
from analysis.base.records import ALL, SIDES, Flag, Metric, MetricSpec, Side
from analysis.data.examples import Examples, read_examples
from analysis.models.sides import Sides
from analysis.plugin.adjudicated import Counts, adjudicate
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.plugin.init.toml_text import quoted
from analysis.plugin.metric import BOTH, ONE, MetricRows, metric_table
from analysis.plugin.question import KnownAnswer, Question
from analysis.plugin.registry import registered
from analysis.plugin.settings import FilePath, FolderPath, Review, TrackSettings
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage, Step
from analysis.plugin.track import Track
from analysis.report import canonical
from analysis.report.recompute import parse_events, recompute
from analysis.report.render import rendered
from analysis.report.stock_commands import verify_script
from analysis.report.sums import format_sums, parse_sums
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.store.signatures import NAMESPACE, SUMS

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


ESCALATIONS = 3
MESSAGES = 6
KNOWN = 2
"""Known-answer items: the two messages that nobody gets wrong and that are not flagged."""
CRITICAL_SLICE = "label=escalation"
MIXED_UP = "5"
"""The message that the base gets wrong and the candidate right."""

SPECS = (
    MetricSpec("accuracy", "accuracy", "share of messages that a side gets right", "share", "level", "up"),
    MetricSpec(
        "broken", "broken", "messages that only the base gets right", "messages", "count", "down", ONE
    ),
    MetricSpec(
        "fixed", "fixed", "messages that only the candidate gets right", "messages", "count", "up", ONE
    ),
    MetricSpec("odd", "odd", "a number that the track takes from anywhere", "", "level", "neither", BOTH),
)
ROWS = MetricRows("toy", SPECS)


def judge_broken(given: GateInput, rule: Rule) -> list[GateResult]:
    """Fails where more examples broke than the threshold allows."""
    metric = metric_of(given, "toy", "broken", ALL)
    limit = f"{rule.thresholds['max_broken']:g}"
    if metric is None or metric.value is None:
        return [result(BROKEN, "unknown", "not measured", threshold=limit)]
    verdict: GateVerdict = "pass" if metric.value <= rule.thresholds["max_broken"] else "fail"
    rows = [ROWS.criterion("broken messages", metric, f"at most {limit}", verdict)]
    refs = given.flagged.get(BROKEN.name, ())
    why = f"{metric.value:g} broken"
    return [result(BROKEN, verdict, why, metric=metric, threshold=limit, criteria=rows, refs=refs)]


BROKEN = Gate(
    "toy.broken",
    "what worked goes on working",
    {"max_broken": Threshold(0.0, "lower", "most broken examples")},
    judge_broken,
    reads=ROWS.specs("broken"),
)


def judge_critical(given: GateInput, rule: Rule) -> list[GateResult]:
    """Fails where people say that more than one message of the critical slice is lost; waits while they may."""
    rows = given.contested_at.get(("toy", "labels", CRITICAL_SLICE), ())
    worse = sum(one.gold > 0 for one in rows)
    better = sum(one.gold < 0 for one in rows)
    counts = Counts(ESCALATIONS, worse, better, worse, better, worse + better)
    found = adjudicate(given, "toy", "labels", CRITICAL_SLICE, counts)
    settled = found.settled(1)
    verdict: GateVerdict = "unknown" if settled is None else "pass" if settled else "fail"
    row = number_row("net loss in messages", found.counts.net, "change", "at most 1", verdict)
    open_refs = found.open if settled is None else ()
    why = f"{found.counts.worse} lost, {found.counts.better} gained, {found.judged} judged"
    return [result(CRITICAL, verdict, why, criteria=[row], refs=open_refs, open_refs=open_refs)]


CRITICAL = Gate("toy.critical", "at most one critical message is lost, as people see it", {}, judge_critical)


class Classifiers(Sides):
    """Two classifiers that know each message by the number at its end."""

    @cached_property
    def labels(self) -> Mapping[Side, Mapping[str, str]]:
        """What each side calls the message of each number."""
        return {
            side: json.loads((folder / "deep" / "config.json").read_text("utf-8"))
            for side, folder in self.folders.items()
        }


class ToySettings(TrackSettings):
    base: FolderPath
    candidate: FolderPath
    examples: FilePath


def _plan(context: PlanContext) -> list[Shard]:
    rows = context.workbench.execute("SELECT ref, text FROM example ORDER BY ref").fetchall()
    return [Shard({"ref": ref, "text": text}, (ref, text), 1) for ref, text in rows]


def _predict(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    ref, text = shard.payload
    assert isinstance(context.models, Classifiers)
    rows = [
        {"ref": ref, "side": side, "label": context.models.labels[side][text.split()[-1]]} for side in SIDES
    ]
    return {"toy_side": pa.Table.from_pylist(rows)}


def _measure(context: PlanContext, odd: float | None) -> dict[str, pa.Table]:
    rows: list[Metric] = []
    found = context.workbench.execute(
        "SELECT slice, count(*), count(*) FILTER (base), count(*) FILTER (candidate), "
        "count(*) FILTER (base AND NOT candidate), count(*) FILTER (candidate AND NOT base) "
        "FROM membership JOIN toy_pair USING (ref) GROUP BY slice"
    ).fetchall()
    for name, n, base, candidate, broken, fixed in found:
        for side, right in zip(SIDES, (base, candidate), strict=True):
            rows.append(ROWS.metric("accuracy", name, side, right / n, None, n, "count"))
        change = (candidate - base) / n
        rows.append(
            ROWS.metric("accuracy", name, "difference", change, (change - 0.1, change + 0.1), n, "count")
        )
        rows.append(ROWS.metric("broken", name, "difference", broken, None, n, "count"))
        rows.append(ROWS.metric("fixed", name, "difference", fixed, None, n, "count"))
    if odd is not None:
        rows.append(Metric("toy", "odd", ALL, "base", odd, None, None, 6, "ok", "", "by hand"))
    attribution = {
        "ref": "toy/message:m0",
        "side": "candidate",
        "method": "occlusion",
        "target": "escalation",
        "starts": [0],
        "ends": [7],
        "scores": [0.5],
        "status": "ok",
        "why": "",
        "parameters": "{}",
    }
    contested = context.workbench.execute(
        "SELECT 'toy' AS track, 'labels' AS measure, slice, ref, ref AS cluster, "
        "CAST(base AS TINYINT) - CAST(candidate AS TINYINT) AS gold, -1 AS candidate, 1 AS base, 0 AS both, "
        "0 AS neither FROM toy_pair JOIN membership USING (ref) WHERE base <> candidate ORDER BY ALL"
    ).to_arrow_table()
    return {
        "metric": metric_table(rows),
        "attribution": pa.Table.from_pylist([attribution]),
        "contested": contested,
    }


class ToyTrack(Track):
    """Two tables of labels, and six messages.

    Args:
        odd: a number that it writes as it is, past what keeps the numbers of a track finite.
    """

    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "Toy classifier"
    main: ClassVar[str] = "accuracy"

    def __init__(self, odd: float | None = None) -> None:
        self.odd = odd

    def settings(self) -> type[TrackSettings]:
        return ToySettings

    def read(self, settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
        assert isinstance(settings, ToySettings)
        return read_examples(settings.examples, track="toy", kind="message", skip_bad_rows=skip_bad_rows)

    def model_paths(self, settings: TrackSettings) -> Mapping[Side, Path]:
        assert isinstance(settings, ToySettings)
        return {"base": settings.base, "candidate": settings.candidate}

    def pair(self, folders: Mapping[Side, Path], device: str) -> Sides:
        return Classifiers(folders, device)

    def schema(self) -> str:
        return (
            "CREATE TABLE toy_side (ref VARCHAR NOT NULL, side VARCHAR NOT NULL, label VARCHAR NOT NULL);"
            "CREATE VIEW toy_pair AS SELECT e.ref, b.label = e.gold AS base, c.label = e.gold AS candidate "
            "FROM example e JOIN toy_side b ON b.ref = e.ref AND b.side = 'base' "
            "JOIN toy_side c ON c.ref = e.ref AND c.side = 'candidate';"
        )

    def metrics(self) -> tuple[MetricSpec, ...]:
        return SPECS

    def stages(self) -> tuple[Step, ...]:
        return (
            Stage("toy.predict", 1, _plan, _predict),
            Aggregate("toy.measure", 1, lambda context: _measure(context, self.odd)),
        )

    def flags(self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
        rows = workbench.execute(
            "SELECT ref, base AND NOT candidate FROM toy_pair JOIN membership USING (ref) "
            "WHERE slice = 'label=escalation' ORDER BY ref"
        ).fetchall()
        return [
            Flag(ref, "flip" if broken else "critical", BROKEN.name if broken else None, None, None, False)
            for ref, broken in rows
        ]

    def gates(self) -> tuple[Gate, ...]:
        return (BROKEN, CRITICAL)

    def ask(self, connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
        labels = dict(
            connection.execute("SELECT side, label FROM evidence.toy_side WHERE ref = ?", [ref]).fetchall()
        )
        return Question("Which label is right?", (labels["base"],), (labels["candidate"],))

    def known_answers(
        self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings
    ) -> list[KnownAnswer]:
        """What both sides call `other`, and rightly."""
        found = workbench.execute(
            "SELECT ref FROM toy_pair JOIN example USING (ref) WHERE base AND candidate AND gold = 'other'"
        ).fetchall()
        return [KnownAnswer("toy", ref, ("other",), ("escalation",)) for (ref,) in found]

    def triggers(self, given: GateInput) -> list[Trigger]:
        """One trigger: something broke."""
        metric = metric_of(given, "toy", "broken", ALL)
        value = metric.value if metric else None
        return [
            Trigger("broke", "toy", f"{value or 0:g} examples broke", bool(value), value, None, None, 6, ())
        ]

    def report_fields(self) -> tuple[str, ...]:
        return ("Response findings",)

    def report_sections(
        self, connection: duckdb.DuckDBPyConnection, given: GateInput
    ) -> dict[str, list[str]]:
        """Reads a text of the evidence, so that hostile data reaches the report."""
        found = connection.execute("SELECT text FROM evidence.example ORDER BY ref LIMIT 1").fetchone()
        return {
            "Attribution findings": [f"leans on {found[0] if found else ''}"],
            "Response findings": ["none"],
        }


TOY = ToyTrack()
REVIEW = """\
[queue]
budget = 3
controls = 1
known_answers = 2

[lexicons]
titles = { terms = ["Tofu Wars"] }

[toy]
base = "models/toy-base"
candidate = "models/toy-candidate"
examples = "eval.jsonl"
critical_slices = ["label=escalation"]
"""


@dataclass(frozen=True)
class Fixture:
    """A store with its model folders."""

    store: Path
    models: Path


def toy_store(
    folder: Path,
    *,
    broken: int = 0,
    odd: float | None = None,
    texts: tuple[str, ...] = (),
    training_change: str = "trained <b>more</b>",
    signers: int = 1,
    gates: Mapping[str, Mapping[str, Any]] | None = None,
) -> Fixture:
    """A published run of the track `toy`: six examples, three of them in a critical slice.

    The track must be registered while the store is used: `with registered(TOY)`.

    Args:
        folder: where models, data, review file and store go.
        broken: how many of the three the candidate breaks.
        odd: a number that the track writes as it is.
        texts: what the messages say before their numbers.
        training_change: as the review file tells it.
        signers: how many are required.
        gates: thresholds as in the review file.
    """
    models = folder / "models"
    gold = {str(n): "escalation" if n < ESCALATIONS else "other" for n in range(MESSAGES)}
    base = {**gold, MIXED_UP: "escalation"}
    candidate = {**gold, **{str(n): "other" for n in range(broken)}}
    for side, content, labels in (("base", b"old", base), ("candidate", b"new", candidate)):
        model = models / f"toy-{side}"
        (model / "deep").mkdir(parents=True)
        (model / "model.safetensors").write_bytes(content * 100)
        (model / "deep" / "config.json").write_text(json.dumps(labels), "utf-8")
    said = [f"{texts[n % len(texts)]} {n}" if texts else f"message {n}" for n in range(MESSAGES)]
    rows = [{"id": f"m{n}", "text": text, "label": gold[str(n)]} for n, text in enumerate(said)]
    (folder / "eval.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    review = {
        "name": "toy-rc1",
        "owner": "owner@example.org",
        "base_version": "v1",
        "candidate_version": "v2",
        "training_change": training_change,
        "signers_required": signers,
        "device": "cpu",
    }
    lines = [f"{key} = {quoted(value) if isinstance(value, str) else value}" for key, value in review.items()]
    rules = [
        f"{json.dumps(name)} = {{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in rule.items())} }}"
        for name, rule in (gates or {}).items()
    ]
    text = "\n".join(["[review]", *lines, "", REVIEW, "[gates]", *rules, ""])
    (folder / "review.toml").write_text(text, "utf-8")
    with registered(ToyTrack(odd)):
        return Fixture(analyze(folder / "review.toml").store, models)


def inspect_all(session: ReviewSession) -> None:
    """Answer everything in the queue, honestly: the side that agrees with the label is right."""
    for row in session.queue_page(Scope(), 0, 100):
        asked = session.asked(row.ref)
        if asked is None:
            continue
        if asked.order is None:
            session.answer(row.ref, "first" if asked.true_first else "second")
        elif (row.gold,) not in asked.answers:
            session.answer(row.ref, "neither")
        elif len(asked.answers) == 1:
            session.answer(row.ref, "either")
        else:
            session.answer(row.ref, "first" if asked.answers[0] == (row.gold,) else "second")


def make_key(path: Path, comment: str, *options: str) -> Path:
    """A new ed25519 key without passphrase."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path), *options], check=True
    )
    return path


def sign_anything(report: Path, key: Path, principal: str, namespace: str = NAMESPACE) -> Path:
    """A signature on whatever `SHA256SUMS` is there, as a signer makes it who does not use Assay."""
    made = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(key)],
        input=(report / SUMS).read_bytes(),
        capture_output=True,
        check=True,
    )
    target = report / f"{SUMS}.{principal}.sig"
    target.write_bytes(made.stdout)
    return target


def sum_again(report: Path) -> None:
    """Make `SHA256SUMS` anew over every file of a report, as a forger would."""
    names = [path.name for path in report.iterdir() if path.is_file() and not path.name.startswith(SUMS)]
    digests = {name: hashlib.sha256((report / name).read_bytes()).hexdigest() for name in names}
    (report / SUMS).write_bytes(format_sums(digests))


def write_statement(report: Path, statement: Any) -> None:
    """Put another statement into a report, with its pages and sums made anew where that is possible."""
    (report / "report.json").write_bytes(canonical.dumps(statement))
    # A page of a statement in another form cannot be made; the sums are of what is there.
    with suppress(Exception):
        for name, data in rendered(statement).items():
            (report / name).write_bytes(data)
    sum_again(report)


def forge_rules(report: Path, change: dict[str, Any]) -> None:
    """Other rules, with everything that follows from them computed anew, as a careful forger would."""
    rules = canonical.loads((report / "rules.json").read_bytes(), "rules.json")
    (report / "rules.json").write_bytes(canonical.dumps({**rules, **change}))
    events = parse_events((report / "annotations.jsonl").read_bytes(), "annotations.jsonl")
    statement = canonical.loads((report / "report.json").read_bytes(), "report.json")
    with suppress(AssayError):
        metrics = (report / "metrics.jsonl").read_bytes()
        again = recompute((report / "rules.json").read_bytes(), metrics, events)
        statement["predicate"] |= {**again.entries, "triggers": canonical.plain(again.triggers)}
    write_statement(report, statement)
    sums = parse_sums((report / SUMS).read_bytes(), SUMS)
    for name in statement["predicate"]["files"]:
        statement["predicate"]["files"][name] = sums[name]
    write_statement(report, statement)


def verified_by_stock(report: Path, allowed: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `verify.sh`, as Assay brings it, on a report."""
    return subprocess.run(
        ["sh", "-c", verify_script(), "verify.sh", *options, str(report), str(allowed)],
        capture_output=True,
        text=True,
        check=False,
    )


def signer_line(principal: str, key: Path, options: str = "") -> str:
    """One line of a list of signers."""
    kind, blob = key.with_name(key.name + ".pub").read_text().split()[:2]
    return " ".join(part for part in (principal, options, kind, blob) if part) + "\n"
