"""What a stage is run with goes anywhere: it is pickled, and run on the copy, with equal rows."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analysis.base.records import SIDES
from analysis.plugin.stage import Stage
from analysis.run.pipeline import insert_arrow
from analysis.tracks.response.detect import DETECT
from analysis.tracks.response.known_detectors import DETECTORS
from analysis.tracks.response.shift import SHIFT
from analysis.tracks.response.span_attribution import SPAN_ATTRIBUTION
from tests.analysis.tracks.response.tiny import POLICY, catalogue, records
from tests.analysis.tracks.response.workbench import context, workbench


@pytest.mark.parametrize("stage", [DETECT, SHIFT, SPAN_ATTRIBUTION], ids=lambda stage: stage.name)
def test_a_shard_runs_equal_on_a_copy(
    tiny_response_review: Path, tiny_generator: Path, tiny_adapter: Path, stage: Stage
) -> None:
    connection = workbench(records()[:4], catalogue=catalogue(), policy=POLICY, detectors=DETECTORS)
    given = context(connection, tiny_response_review, (tiny_generator, tiny_adapter))
    shards = stage.plan(given)
    assert shards
    copies = [pickle.loads(pickle.dumps((given.for_run(), shard))) for shard in shards]
    # Nothing of a run is read from the workbench any more.
    connection.close()
    for (copied, copy), shard in zip(copies, shards, strict=True):
        expected = stage.run(given.for_run(), shard)
        found = stage.run(copied, copy)
        assert found.keys() == expected.keys()
        assert any(table.num_rows for table in expected.values())
        for name, table in expected.items():
            assert found[name].equals(table), name
        assert copy.key == shard.key


CHANGES: list[dict[str, Any]] = [
    {"records": {"prompt": "other"}},
    {"records": {"base_response": "other"}},
    {"records": {"candidate_response": None}},
    {"records": {"passages": [{"id": "d1", "text": "other"}]}},
    {"records": {"expected": ["refuse"]}},
    {"catalogue": catalogue()[:2]},
    {"policy": POLICY},
    {"policy": POLICY.replace("buy now", "order now")},
    {"sample": "one"},
    {"sample": "another"},
]


def test_the_key_of_a_shard_holds_everything_that_a_detector_reads(tiny_response_review: Path) -> None:
    keys = [key_of({}, tiny_response_review), *(key_of(one, tiny_response_review) for one in CHANGES)]
    assert len(set(keys)) == len(keys)
    assert key_of({}, tiny_response_review) == keys[0]


def key_of(change: dict[str, Any], review: Path) -> str:
    """The keys of the shards that look into four records, one of which is changed."""
    first, *rest = records()[:4]
    connection = workbench(
        [first | change.get("records", {}), *rest],
        catalogue=change.get("catalogue", ()),
        policy=change.get("policy", ""),
    )
    if "sample" in change:
        row = {"number": 0, "seed": 1, "text": change["sample"], "ended": "stop"}
        rows = [{"ref": f"response/prompt:{first['id']}", "side": side, **row} for side in SIDES]
        insert_arrow(connection, "response_sample", pa.Table.from_pylist(rows))
    return repr([shard.key for shard in DETECT.plan(context(connection, review))])
