"""A run: published once, immutable, resumable after a kill, and cheap to repeat with other thresholds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from analysis.base.errors import AssayError
from analysis.base.records import ALL, Flag
from analysis.plugin.flag import BROKEN_CRITICAL
from analysis.plugin.registry import get
from analysis.plugin.settings import TrackSettings
from analysis.plugin.stage import StageProgress
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.store.run import current_run
from tests.analysis.store_fixture import unlock

MODEL_STAGES = {"intent.predict", "intent.attribution", "intent.interventions", "intent.randomisation"}


def contents(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table and view of the run in force, but for what names the run."""
    evidence = store / "runs" / current_run(store) / "evidence.duckdb"
    connection = duckdb.connect(str(evidence), read_only=True)
    names = "SELECT table_name FROM information_schema.tables ORDER BY 1"
    tables = [row[0] for row in connection.execute(names).fetchall()]
    rows = {table: connection.execute(f'SELECT * FROM "{table}" ORDER BY ALL').fetchall() for table in tables}
    connection.close()
    rows.pop("meta")
    return rows


def forget_the_run(store: Path) -> None:
    """Leave of a store what an analysis that was stopped leaves: the finished shards."""
    shutil.rmtree(unlock(store) / "runs")
    (store / "current").unlink()


def test_a_run_holds_every_table_and_is_not_made_twice(tiny_review: Path) -> None:
    first = analyze(tiny_review)
    assert first.created
    rows = contents(first.store)
    for table in (
        "example",
        "slice",
        "membership",
        "metric",
        "attribution",
        "flag",
        "intent_side",
        "intent_variant",
        "intent_licence",
        "intent_randomisation",
        "intent_intervention",
        "intent_enrichment",
    ):
        assert rows[table], table
    again = analyze(tiny_review)
    assert not again.created
    assert again.run == first.run


def test_a_changed_threshold_is_a_new_run_without_model_time(tiny_review: Path, tiny_store: Path) -> None:
    first = current_run(tiny_store)
    text = tiny_review.read_text("utf-8")
    tiny_review.write_text(text + '\n[gates]\n"intent.relevance" = { max_shift_other = 0.005 }\n', "utf-8")
    seen: list[StageProgress] = []
    second = analyze(tiny_review, on_progress=seen.append)
    assert second.created
    assert second.run != first
    last = {event.stage: event for event in seen}
    assert set(last) >= MODEL_STAGES
    assert all(last[stage].cached == last[stage].total > 0 for stage in MODEL_STAGES)
    assert all(event.cached == event.done for event in seen if event.stage in MODEL_STAGES)
    with ReviewSession.open(second.store, read_only=True) as session:
        assert session.gate_input().rules["intent.relevance"].thresholds["max_shift_other"] == 0.005


def test_a_run_without_cache_is_the_same_run(tiny_review: Path, tiny_store: Path) -> None:
    before = contents(tiny_store)
    assert contents(analyze(tiny_review, fresh=True).store) == before


@pytest.mark.soak
def test_analysis_goes_on_where_it_was_killed(tiny_review: Path, tiny_analysed: Path) -> None:
    """Killed once in each of four stages, and each time begun again."""
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from analysis.run.pipeline import analyze\n"
        "def stop(event):\n"
        "    if event.stage == 'intent.predict' and event.done == event.total:\n"
        "        print(event.cached, event.total, flush=True)\n"
        "    if event.stage == sys.argv[2] and event.shards_done:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "analyze(Path(sys.argv[1]), on_progress=stop)\n"
    )
    store = tiny_review.parent / "tiny.review"
    stages = ("intent.predict", "intent.metrics", "intent.attribution", "intent.randomisation")
    for number, stage in enumerate(stages):
        killed = subprocess.run(
            [sys.executable, "-c", script, str(tiny_review), stage],
            env={**os.environ},
            check=False,
            capture_output=True,
            text=True,
        )
        assert killed.returncode == -signal.SIGKILL, (stage, killed.stderr)
        with pytest.raises(AssayError, match="no run yet"):
            current_run(store)
        if number:
            # Of the first one at least a shard was kept, of those after it all.
            cached, total = map(int, killed.stdout.split())
            assert 0 < cached <= total, stage
            assert number == 1 or cached == total, stage
    seen: list[StageProgress] = []
    resumed = analyze(tiny_review, on_progress=seen.append)
    done = {event.stage: event for event in seen}
    for stage in ("intent.predict", "intent.attribution"):
        assert done[stage].cached == done[stage].total > 0, stage
    assert done["intent.randomisation"].cached > 0
    assert contents(resumed.store) == contents(tiny_analysed)


def test_other_data_is_another_run(tiny_review: Path, tiny_store: Path) -> None:
    first = current_run(tiny_store)
    data = tiny_review.parent / "eval.jsonl"
    lines = data.read_text("utf-8").splitlines()
    data.write_text("\n".join(lines[:-1]) + "\n", "utf-8")
    assert analyze(tiny_review).run != first


def test_base_against_itself_changes_nothing(tiny_review: Path, tiny_classifier) -> None:
    tiny_classifier(tiny_review.parent / "models" / "candidate", seed=0)
    published = analyze(tiny_review)
    with ReviewSession.open(published.store, read_only=True) as session:
        assert all(not one.refs or not one.fired for one in session.triggers())
        gates = session.gates()
    assert not [one.key for one in gates if one.verdict == "fail"]
    changes = [m for m in contents(published.store)["metric"] if m[3] == "difference" and m[1] == "accuracy"]
    assert changes
    assert all(metric[4] == 0 for metric in changes)


def test_what_the_costly_stages_find_reaches_the_queue_and_is_attributed(
    tiny_review: Path, tiny_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_the_run(tiny_store)
    gate = "found by the costly stages"
    track = get("intent")
    plain = track.flags

    def flags(connection: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
        made = plain(connection, settings)
        unseen = connection.execute(
            "SELECT min(ref) FROM membership WHERE slice = ? AND ref NOT IN (SELECT ref FROM attribution) "
            "AND EXISTS (SELECT 1 FROM attribution)",
            [ALL],
        ).fetchall()
        first = [Flag(ref, BROKEN_CRITICAL, gate, None, None, control=False) for (ref,) in unseen if ref]
        return first + made

    monkeypatch.setattr(track, "flags", flags)
    rows = contents(analyze(tiny_review).store)
    new = [row for row in rows["flag"] if row[2] == gate]
    assert len(new) == 1
    assert new[0][3] is not None
    attributed = {row[0] for row in rows["attribution"]}
    assert new[0][0] in attributed
    queued = {row[0] for row in rows["flag"] if row[3] is not None}
    assert queued <= attributed
    keys = [row[:4] for row in rows["attribution"]]
    assert len(keys) == len(set(keys))
    metric_keys = [
        (row[1], row[2], row[3], row[10]) for row in rows["metric"] if row[1].startswith("licence")
    ]
    assert metric_keys
    assert len(metric_keys) == len(set(metric_keys))


def test_a_flip_is_explained_by_the_same_contrast_on_both_sides(tiny_analysed: Path) -> None:
    rows = contents(tiny_analysed)
    labels = {(row[0], row[1]): row[2] for row in rows["intent_side"]}
    contrasts: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for ref, side, method, target, *_ in rows["attribution"]:
        if target != labels[ref, side]:
            contrasts.setdefault((ref, method), set()).add((side, target))
    refs = {ref for ref, _ in contrasts}
    assert refs
    assert {method for _, method in contrasts} == {"lrp", "integrated_gradients", "occlusion"}
    for (ref, _), pair in contrasts.items():
        name = f"{labels[ref, 'candidate']} − {labels[ref, 'base']}"
        assert pair == {("base", name), ("candidate", name)}
    assert {row[0] for row in rows["intent_intervention"]} == refs
