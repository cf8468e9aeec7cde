"""A whole run over recorded responses with both models beside them: everything that says why."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from analysis.models.scaled_adapter import SCALES
from analysis.plugin.registry import registered
from analysis.plugin.stage import StageProgress, Step
from analysis.run.pipeline import analyze
from analysis.tracks.response.adapter_scaling import DOSE_RESPONSE, DOSE_RESPONSE_METRICS
from analysis.tracks.response.detect import DECLARE, DETECT
from analysis.tracks.response.shift import SHIFT, SHIFT_METRICS
from analysis.tracks.response.span_attribution import SPAN_ATTRIBUTION
from analysis.tracks.response.upweighted_tokens import UPWEIGHTED_TOKENS
from tests.analysis.tracks.response.tiny import write_review
from tests.analysis.tracks.response.whole import SomeSteps
from tests.analysis.tracks.response.workbench import rows

STEPS: tuple[Step, ...] = (
    DECLARE,
    DETECT,
    SHIFT,
    SPAN_ATTRIBUTION,
    SHIFT_METRICS,
    UPWEIGHTED_TOKENS,
    DOSE_RESPONSE,
    DOSE_RESPONSE_METRICS,
)


def run_of(review: Path, seen: list[StageProgress]) -> duckdb.DuckDBPyConnection:
    with registered(SomeSteps(STEPS)):
        published = analyze(review, on_progress=seen.append)
    return duckdb.connect(published.store / "runs" / published.run / "evidence.duckdb", read_only=True)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory, tiny_generator: Path, tiny_adapter: Path) -> Path:
    root = tmp_path_factory.mktemp("model_side")
    path = write_review(root, base=str(tiny_generator), candidate=str(tiny_adapter))
    path.write_text(path.read_text("utf-8").replace("budget = 10", 'budget = 10\nattribute = "all"'), "utf-8")
    return path


def test_recorded_responses_are_explained_by_the_models_and_only_once(review: Path) -> None:
    first: list[StageProgress] = []
    with run_of(review, first) as run:
        known = [one.run_eta_s for one in first if one.run_eta_s is not None]
        assert len(known) == len(first)
        assert known[0] > known[-1] == 0.0
        assert rows(run, "SELECT count(*) AS n, count(DISTINCT (ref, side)) AS d FROM response_token") == [
            {"n": 48, "d": 48}
        ]
        spoilt = rows(run, "SELECT * FROM attribution WHERE target LIKE 'spoilers: %'")
        assert spoilt
        assert {row["method"] for row in spoilt} == {"lrp", "integrated_gradients", "occlusion"}
        doses = rows(run, "SELECT * FROM response_dose WHERE detector = 'spoilers' ORDER BY scale")
        assert [row["scale"] for row in doses] == list(SCALES)
        metrics = rows(
            run, "SELECT DISTINCT name, slice, status FROM metric WHERE name IN ('kl', 'logp_change')"
        )
        assert {row["slice"] for row in metrics} >= {"all", "asks for no spoilers"}
        assert {row["status"] for row in metrics if row["slice"] == "all"} == {"ok"}
    seen: list[StageProgress] = []
    review.write_text(review.read_text("utf-8").replace("budget = 10", "budget = 9"), "utf-8")
    run_of(review, seen).close()
    costly = [one for one in seen if one.stage in (SHIFT.name, SPAN_ATTRIBUTION.name, DOSE_RESPONSE.name)]
    assert costly
    assert all(one.cached == one.done for one in costly)
