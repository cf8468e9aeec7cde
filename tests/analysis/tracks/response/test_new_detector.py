"""A detector is one new file, or one entry point of another package, and no other edit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import analysis
import tui
from tests.analysis.tracks.response.tiny import write_review

DETECTOR = '''\
"""Blame: whether an answer names who did it."""

import re

from analysis.tracks.response.detectors.contract import Detector, Found


def detect(response, knowledge):
    found = re.finditer("murderer", response.text)
    return [Found(*one.span(), "blame", "it names a murderer", counts=True) for one in found]


DETECTOR = Detector(
    name="blame",
    place=45,
    title="who did it",
    detect=detect,
    version=1,
    languages=("en", "de"),
)
'''
SCRIPT = """\
import json, sys
from pathlib import Path

from analysis.plugin.registry import get
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from tui.draw.theme import Colours
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of

with ReviewSession.open(analyze(Path(sys.argv[1])).store, "alice") as session:
    given = session.gate_input()
    ref = given.flagged["response.blame"][0]
    evidence = session.example(ref)
    gates = {one.key: one for one in session.gates()}
    options = ViewOptions(119, 60, Colours(), gates=gates, specs=given.specs["response"])
    view = view_of("response")
    print(json.dumps({
        "spans": [one.why for one in evidence.spans if one.detector == "blame"],
        "metrics": sorted({one.name for one in given.metrics if one.name.startswith("blame")}),
        "meaning": given.specs["response"]["blame_rate"].meaning,
        "gates": {key: one.verdict for key, one in gates.items() if "blame" in key},
        "places": list(gates)[:10],
        "reasons": sorted({one.reason for one in evidence.flags}),
        "report": get("response").report_sections(session.connection, given)["Response findings"],
        "lines": [line.plain for line in view.example(evidence, options)],
        "numbers": [line.plain for line in view.numbers(evidence, options)],
        "summary": view.summary(evidence),
        "stages": session.description["determined_by"]["tracks"]["response"]["stages"],
    }))
"""


def as_file(folder: Path) -> Path:
    """A copy of the program with one more file."""
    for package in (analysis, tui):
        source = Path(package.__path__[0])
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "analysis" / "tracks" / "response" / "detectors" / "blame.py").write_text(DETECTOR, "utf-8")
    return folder


def as_entry_point(folder: Path) -> Path:
    """Another package with one entry point."""
    about = folder / "blame_detector-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: blame-detector\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[assay.detectors]\nblame = blame_detector:DETECTOR\n", "utf-8")
    (folder / "blame_detector.py").write_text(DETECTOR, "utf-8")
    return folder


def looked_at(plug_in: Path, review: Path) -> dict[str, Any]:
    """What a process with the plug-in on its path says of a review."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(review)],
        cwd=plug_in,
        env={**os.environ, "PYTHONPATH": str(plug_in), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("make", [as_file, as_entry_point])
def test_it_gets_all_that_detectors_have(tmp_path: Path, make: Any) -> None:
    review = tmp_path / "review"
    review.mkdir()
    seen = looked_at(make(tmp_path / "house"), write_review(review))
    assert seen["spans"] == ["it names a murderer"]
    assert seen["metrics"] == [
        "blame_broken",
        "blame_fixed",
        "blame_p",
        "blame_rate",
        "blame_rate_matched",
        "blame_unread",
    ]
    assert seen["meaning"].startswith("Blame: ")
    assert set(seen["gates"]) == {"response.blame", "response.blame[asks for no spoilers]"}
    assert seen["gates"]["response.blame"] in ("fail", "unknown")
    # By its place it stands between citations and escalation.
    order = [key.removeprefix("response.") for key in seen["places"] if "[" not in key]
    assert order[order.index("citations") : order.index("blame") + 1] == ["citations", "blame"]
    assert "newly blames" in seen["reasons"]
    assert any(text.startswith("blames in 6 of 24 answers (base 0;") for text in seen["report"])
    assert any("quality unknown" in text for text in seen["report"] if text.startswith("blames in"))
    assert any("blame" in line and "0/24 → 6/24" in line for line in seen["lines"])
    assert any("cand blame blame “murderer”" in line for line in seen["lines"])
    numbers = " ".join(" ".join(seen["numbers"]).split())
    assert "blame Blame. Does the answer name who did it? reads en, de; quality unknown" in numbers
    assert "blame, all prompts: 0/24 → 6/24" in seen["summary"]
    # The run is another one than without it.
    from analysis.tracks.response.detect import DETECT

    assert seen["stages"][DETECT.name] != DETECT.version
