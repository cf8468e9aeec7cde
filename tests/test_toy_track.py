"""A second track in a few lines gets queue, verdict, gate and report section; nothing else is edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from analysis.base.records import ALL, Flag, GateInput, GateResult, Metric, Rule, Trigger
from analysis.data.examples import Examples, read_examples
from analysis.plugin.gate import Gate, Threshold, metric_of, result
from analysis.plugin.registry import registered
from analysis.plugin.settings import FilePath, Review, TrackSettings
from analysis.plugin.stage import Shard, Stage, StageContext
from analysis.plugin.track import Track
from analysis.report.build import export
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze


class ToySettings(TrackSettings):
    examples: FilePath


def read(settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
    assert isinstance(settings, ToySettings)
    return read_examples(
        settings.examples, track="toy", kind="prompt", label=None, skip_bad_rows=skip_bad_rows
    )


def measure(context: StageContext, shard: Shard) -> dict[str, pa.Table]:
    found = context.workbench.execute(
        "SELECT avg(length(text)), count(*) FROM example WHERE track = 'toy'"
    ).fetchone()
    assert found is not None
    row = Metric(
        "toy", "length", ALL, "difference", found[0], None, None, found[1], "ok", "", "mean characters"
    )
    return {"metric": pa.table({name: [getattr(row, name)] for name in Metric.__slots__})}


def flags(connection: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
    rows = connection.execute(
        "SELECT ref, length(text) FROM example WHERE track = 'toy' ORDER BY 2 DESC, 1"
    ).fetchall()
    return [Flag(ref, "long", "toy.length", None, value, control=False) for ref, value in rows[:2]]


def judge(given: GateInput, rule: Rule) -> list[GateResult]:
    metric = metric_of(given, "toy", "length", ALL)
    assert metric is not None
    assert metric.value is not None
    limit = rule.thresholds["max_mean"]
    refs = given.flagged.get("toy.length", ())
    verdict = "pass" if metric.value <= limit else "fail"
    return [
        result(LENGTH, verdict, f"mean {metric.value:.1f}", metric=metric, threshold=f"{limit:g}", refs=refs)
    ]  # type: ignore[arg-type]


def headlines(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    return {"Toy findings": [f"{len(given.flagged['toy.length'])} long prompts"]}


def no_triggers(given: GateInput) -> list[Trigger]:
    return []


def no_settings(settings: TrackSettings, workbench: duckdb.DuckDBPyConnection) -> Mapping[str, object]:
    return {}


LENGTH = Gate(
    "toy.length", "nobody reads an essay", {"max_mean": Threshold(20.0, "lower", "characters")}, judge
)
TOY = Track(
    name="toy",
    title="Toy",
    settings=lambda: ToySettings,
    read=read,
    schema=None,
    stages=lambda: (Stage("toy.measure", 1, lambda c: [Shard({}, None, 1)], measure, uses_models=False),),
    flags=flags,
    gates=(LENGTH,),
    gate_settings=no_settings,
    triggers=no_triggers,
    headlines=headlines,
)


def test_a_track_of_a_few_lines_is_a_track_like_any_other(tmp_path: Path) -> None:
    texts = ["short", "a text that is rather longer than the others, on purpose", "mid length text", "x"]
    rows = [{"id": str(number), "text": text, "part": "ab"[number % 2]} for number, text in enumerate(texts)]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "review.toml").write_text(
        '[review]\nname = "toy"\nowner = "o"\nbase_version = "1"\ncandidate_version = "2"\n'
        '[queue]\nbudget = 2\ncontrols = 1\n[toy]\nexamples = "prompts.jsonl"\n',
        "utf-8",
    )
    with registered(TOY):
        published = analyze(tmp_path / "review.toml")
        with ReviewSession.open(published.store, reviewer="alice") as session:
            queue = session.queue_page(Scope(track="toy"), 0, 10)
            assert queue[0].ref == "toy/prompt:1"
            assert "long" in queue[0].reasons
            assert {one.slice for one in session.slices("toy")} >= {"part=a", "part=b"}

            session.verdict("toy/prompt:1", "unacceptable", cause="essay")
            assert session.progress()[0] == 1
            gates = {one.key: one for one in session.gates()}
            assert gates["toy.length"].verdict == "pass"
            assert gates["toy.length"].refs[0] == "toy/prompt:1"
            assert "intent.accuracy" not in gates

            report = (export(session, tmp_path / "out", "hold", "toys only") / "report.md").read_text("utf-8")
    assert "Toy findings" in report
    assert "2 long prompts" in report
    assert "toy.length" in report
