"""A review of recorded answers alone is bound to the file that they came from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from analysis.report.build import export
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze


def test_a_report_names_the_recorded_answers_that_were_reviewed(
    tiny_response_review: Path, tmp_path: Path
) -> None:
    with ReviewSession.open(analyze(tiny_response_review).store, reviewer="alice") as session:
        folder = export(session, tmp_path / "report", "hold", "to be read")
        given = session.description["model_files"]["response"]
    assert given["base"] == given["candidate"]
    ((name, digest),) = given["base"].items()
    records = tiny_response_review.parent / name
    assert digest == hashlib.sha256(records.read_bytes()).hexdigest()
    assert (folder / "model.sha256").read_text("utf-8") == f"{digest}  {name}/{name}\n"
    (subject,) = json.loads((folder / "report.json").read_text("utf-8"))["subject"]
    assert subject["digest"]["dirHash"] == hashlib.sha256(f"{digest}  {name}\n".encode()).hexdigest()
