"""A detector of another package stands among those that are built in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import analysis
from analysis.tracks.response.known_detectors import BY_NAME
from tests.analysis.tracks.response.test_new_detector import as_entry_point, as_file

SCRIPT = """\
import json

from analysis.tracks.response.detectors.contract import Knowledge, Response
from analysis.tracks.response.known_detectors import BY_NAME, DETECTORS

blame = BY_NAME["blame"]
asked = Response("r", "base", "Who?", "The cook is the murderer.")
print(json.dumps({
    "names": [one.name for one in DETECTORS],
    "kind": blame.kind,
    "applies": blame.applies(asked, Knowledge()),
    "found": [one.label for one in blame.detect(asked, Knowledge())],
}))
"""


@pytest.mark.parametrize("make", [as_file, as_entry_point])
def test_a_plug_in_is_known_by_its_place(tmp_path: Path, make: object) -> None:
    assert callable(make)
    plug_in = make(tmp_path)
    search = os.pathsep.join([str(plug_in), str(Path(analysis.__path__[0]).parent)])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=plug_in,
        env={**os.environ, "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    order = seen["names"]
    assert set(order) == {*BY_NAME, "blame"}
    assert order.index("blame") == order.index("citations") + 1, "45 comes after 40"
    assert (seen["kind"], seen["applies"], seen["found"]) == ("check", True, ["blame"])
