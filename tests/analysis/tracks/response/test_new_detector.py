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
from tests.analysis.tracks.response.tiny import BEHAVIOURS, write_review

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
BLAMES = {"name": "blames", "question": "name who did it?", "leads": ["blame"]}
SCRIPT = """\
import json, sys
from pathlib import Path

from analysis.plugin.registry import get
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze

with ReviewSession.open(analyze(Path(sys.argv[1])).store, "alice") as session:
    given = session.gate_input()
    ref = given.flagged["response.blames"][0]
    evidence = session.example(ref)
    print(json.dumps({
        "spans": [one.why for one in evidence.spans if one.detector == "blame"],
        "metrics": sorted({one.name for one in given.metrics if one.name.startswith("blame")}),
        "gates": {one.key: one.verdict for one in session.gates() if "blame" in one.key},
        "detectors": evidence.context["detectors"],
        "reasons": sorted({one.reason for one in evidence.flags}),
        "report": get("response").report_sections(session.connection, given)["Response findings"],
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


def looked_at(plug_in: Path, review: Path, script: str = SCRIPT) -> dict[str, Any]:
    """What a process with the plug-in on its path says of a review."""
    # The program under test where the plug-in is none of its files.
    paths = [str(plug_in), str(Path(analysis.__path__[0]).parent)]
    done = subprocess.run(
        [sys.executable, "-c", script, str(review)],
        cwd=plug_in,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("make", [as_file, as_entry_point])
def test_a_behaviour_may_name_it_and_it_gets_all_that_leads_have(tmp_path: Path, make: Any) -> None:
    review = tmp_path / "review"
    review.mkdir()
    seen = looked_at(make(tmp_path / "house"), write_review(review, behaviours=[*BEHAVIOURS, BLAMES]))
    assert seen["spans"] == ["it names a murderer"]
    assert seen["metrics"] == [
        "blames_gone",
        "blames_leads",
        "blames_leads_matched",
        "blames_new",
        "blames_unread",
    ]
    # It points, and decides nothing.
    assert set(seen["gates"]) == {"response.blames", "response.blames[asks for no spoilers]"}
    assert set(seen["gates"].values()) == {"undecided"}
    assert "seems to, newly: blames" in seen["reasons"]
    (told,) = [text for text in seen["report"] if text.startswith("blames: ")]
    assert told.startswith("blames: not known, 0 of 23 prompts are labelled; leads point at 0 → 6 of 24")
    assert "“murderer” (it names a murderer)" in told
    # By its place it stands between others.
    places = [one["name"] for one in seen["detectors"]]
    assert places[places.index("citations") : places.index("blame") + 1] == ["citations", "blame"]
    (row,) = [one for one in seen["detectors"] if one["name"] == "blame"]
    assert (row["kind"], row["title"], row["languages"]) == ("check", "who did it", ["en", "de"])
    # The run is another one than without it.
    from analysis.tracks.response.detect import DETECT

    assert seen["stages"][DETECT.name] != DETECT.version


def test_what_no_behaviour_names_reads_nothing(tmp_path: Path) -> None:
    review = tmp_path / "review"
    review.mkdir()
    script = SCRIPT.replace('given.flagged["response.blames"][0]', '"response/prompt:r000"')
    seen = looked_at(as_entry_point(tmp_path / "house"), write_review(review), script)
    assert (seen["spans"], seen["metrics"], seen["gates"]) == ([], [], {})
    assert "blame" not in [one["name"] for one in seen["detectors"]]
