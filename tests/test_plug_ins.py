"""One new file and no other edit: each kind of addition, in a copy of the program and in a package of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from analysis.base.errors import AssayError
from analysis.plugin import registry
from analysis.run.check import check_review
from analysis.store.run import current_run
from tests import toy_review
from tests.analysis.store_fixture import SHELF
from tests.conftest import LABELS, TITLES, MakeClassifier, messages, write_jsonl
from tests.toy_review import PACKAGE, PROJECT, assay, entry_points, installed
from tui import cli

METHOD = '''
"""The length of each word: what no explanation may look like."""

import numpy as np

from analysis.base.records import MethodSpec
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.request import Explained


def explain(request):
    lengths = [[word.end - word.start for word in text.words] for text in request.texts]
    return [Explained(np.array(row, dtype=np.float32)) for row in lengths]


METHODS = (Method(MethodSpec("word_length", "length of each word", "length", context_only=True), explain),)
'''
DETECTOR = '''
"""Answers that shout."""

from analysis.tracks.response.detectors.contract import Detector, Found


def detect(response, knowledge):
    start = response.text.find("!!")
    return [Found(start, start + 2, "shout", "two marks of exclamation", True)] if start >= 0 else []


DETECTOR = Detector(
    name="shouting",
    title="shouts",
    detect=detect,
    version=1,
)
'''
GATE = '''
"""Something has to be better, or there is no reason to change."""

from analysis.base.records import ALL
from analysis.plugin.gate import Gate, Threshold, metric_of, result
from analysis.tracks.intent.metric_specs import ROWS, reads


def judge(given, rule):
    fixed = metric_of(given, "intent", "fixed", ALL)
    least = rule.thresholds["min_fixed"]
    verdict = "fail" if fixed is None or fixed.value < least else "pass"
    rows = [ROWS.criterion("texts fixed", fixed, f"at least {least:g}", verdict)]
    return [result(FIXES, verdict, "counted", metric=fixed, criteria=rows)]


FIXES = Gate(
    "intent.fixes",
    "a change has a use",
    {"min_fixed": Threshold(1000.0, "higher", "least texts that are fixed")},
    judge,
    reads=reads("fixed"),
)
GATES = (FIXES,)
'''
FORMAT = '''
"""`assay status --format keys`: each gate with its verdict, one a line."""

from tui.commands.status_format import StatusFormat
from tui.draw.safe_text import printable


def write(status):
    return "\\n".join(printable(f"{gate['verdict']} {gate['key']}") for gate in status["gates"])


FORMAT = StatusFormat("keys", write)
'''
FIELD = '''
"""How many slices a reader has to know of."""

from analysis.report.field import Field


def sentences(seen):
    return [f"{len(seen.slices)} slices were measured"]


FIELD = Field("Reading", 200, sentences)
'''


@dataclass(frozen=True)
class Addition:
    """One file, where it lies in the program, and by which group another package names it."""

    file: str
    folder: str
    group: str
    attribute: str
    text: str


ADDITIONS = (
    Addition("word_length", "analysis/tracks/intent/methods", "assay.attribution_methods", "METHODS", METHOD),
    Addition("shouting", "analysis/tracks/response/detectors", "assay.detectors", "DETECTOR", DETECTOR),
    Addition("fixes", "analysis/tracks/intent/gates", "assay.gates", "GATES", GATE),
    Addition("keys", "tui/commands/status_formats", "assay.status_formats", "FORMAT", FORMAT),
    Addition("reading", "analysis/report/fields", "assay.report_fields", "FIELD", FIELD),
)


def copy_of_the_program(folder: Path) -> Path:
    """The program again, to which files can be added; returns what goes on the path."""
    for top in ("analysis", "tui"):
        # Links, so that what is compiled already need not be compiled again.
        shutil.copytree(PROJECT / top, folder / top, copy_function=os.symlink)
    return folder


def add_to_a_copy(folder: Path) -> Path:
    """A copy of the program with each file in its folder; returns what goes on the path."""
    copy_of_the_program(folder)
    for one in ADDITIONS:
        target = folder / one.folder / f"{one.file}.py"
        assert not target.exists()
        target.write_text(one.text, "utf-8")
    return folder


def add_as_a_package(folder: Path) -> Path:
    """The same files as a package with entry points; returns what goes on the path."""
    package, about = folder / "assay_extra", folder / "assay_extra-0.3.dist-info"
    package.mkdir(parents=True)
    about.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    for one in ADDITIONS:
        (package / f"{one.file}.py").write_text(one.text, "utf-8")
    lines = [(one.group, f"{one.file} = assay_extra.{one.file}:{one.attribute}") for one in ADDITIONS]
    (about / "entry_points.txt").write_text(entry_points(*lines), "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: assay-extra\nVersion: 0.3\n", "utf-8")
    return folder


THRESHOLD = """
import sys
from pathlib import Path
from analysis.run.review_file import load_review
print(load_review(Path(sys.argv[1])).rules[sys.argv[2]].thresholds[sys.argv[3]])
"""


@dataclass(frozen=True)
class Extended:
    """A program with the additions, and a store that it made."""

    path: Path
    store: Path

    def assay(self, *arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
        return assay(*arguments, plugin=self.path, cwd=self.store.parent, given=given)

    def threshold(self, review: Path, gate: str, name: str) -> float:
        """A threshold of a review file, as the program with the additions reads it."""
        done = subprocess.run(
            [sys.executable, "-c", THRESHOLD, str(review), gate, name],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.store.parent,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (self.path, PROJECT)))},
        )
        assert done.returncode == 0, done.stderr
        return float(done.stdout)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        evidence = self.store / "runs" / current_run(self.store) / "evidence.duckdb"
        with duckdb.connect(str(evidence), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def status(self) -> dict[str, Any]:
        return _status(self)

    def report(self, folder: Path) -> str:
        """The page of a report that is exported into a folder."""
        done = self.assay("export", self.store, folder, "--decision", "hold", "--reason", "to be read")
        assert done.returncode == 0, done.stderr
        return (folder / "report.md").read_text("utf-8")

    def gate(self, key: str) -> dict[str, Any]:
        return next(one for one in self.status()["gates"] if one["key"] == key)


@cache
def _status(made: Extended) -> dict[str, Any]:
    """Asked of a process once: what an export records moves no gate."""
    return dict(json.loads(made.assay("status", made.store, "--json").stdout))


BEHAVIOUR = """
[[response.behaviour]]
name = "shouts"
question = "shout at the customer?"
leads = ["shouting"]
max_net_rise = 0.6
"""


def write_review(folder: Path, make: MakeClassifier) -> Path:
    """A small review of two classifiers and of recorded answers, one of which shouts."""
    for name, seed in (("base", 0), ("candidate", 1)):
        make(folder / "models" / name, labels=LABELS, seed=seed)
    write_jsonl(folder / "eval.jsonl", messages()[::12])
    records = [
        {
            "id": f"p{number}",
            "prompt": f"where is parcel {number}",
            "base_response": "It is on its way.",
            "candidate_response": "It is on its way!!" if number == 3 else "It is on its way.",
        }
        for number in range(1, 9)
    ]
    write_jsonl(folder / "records.jsonl", records)
    (folder / "titles.txt").write_text("\n".join(TITLES) + "\n", "utf-8")
    path = folder / "review.toml"
    path.write_text(
        f"""
[review]
name = "extended"
owner = "olga"
base_version = "1"
candidate_version = "2"
device = "cpu"
[queue]
budget = 3
controls = 1
[intent]
base = "models/base"
candidate = "models/candidate"
examples = "eval.jsonl"
[response]
records = "records.jsonl"
{BEHAVIOUR}""",
        "utf-8",
    )
    return path


def analysed(name: str, add: Callable[[Path], Path], folder: Path, make: MakeClassifier) -> Extended:
    """The review as the program with the additions analyses it, for whichever test process asks first; a copy."""
    shared = Path(os.environ[SHELF]) / name
    made = Extended(shared / "path", shared / "extended.review")
    with FileLock(f"{shared}.lock"):
        if not (shared / "done").exists():
            add(made.path)
            done = made.assay("analyze", write_review(shared, make))
            assert done.returncode == 0, done.stderr
            (shared / "done").touch()
    shutil.copytree(made.store, folder / made.store.name)
    write_review(folder, make)
    return Extended(made.path, folder / made.store.name)


@pytest.fixture(scope="module")
def by_a_copy(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: MakeClassifier) -> Extended:
    return analysed("by_a_copy", add_to_a_copy, tmp_path_factory.mktemp("extended"), tiny_classifier)


@pytest.fixture(scope="module")
def by_a_package(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: MakeClassifier) -> Extended:
    return analysed("by_a_package", add_as_a_package, tmp_path_factory.mktemp("extended"), tiny_classifier)


@pytest.fixture(params=["by_a_package", pytest.param("by_a_copy", marks=pytest.mark.soak)])
def extended(request: pytest.FixtureRequest) -> Extended:
    """The program with the additions, either way."""
    made: Extended = request.getfixturevalue(request.param)
    return made


def test_an_attribution_method_is_computed_declared_and_shown(extended: Extended) -> None:
    found = extended.rows("SELECT starts, ends, scores FROM attribution WHERE method = 'word_length'")
    assert len(found) > 0
    for starts, ends, scores in found:
        assert scores == [end - start for start, end in zip(starts, ends, strict=True)]
    assert extended.rows(
        "SELECT title, family, context_only FROM attribution_method WHERE name = 'word_length'"
    ) == [("length of each word", "length", True)]


def test_a_detector_is_a_lead_with_spans_numbers_flag_and_report(extended: Extended, tmp_path: Path) -> None:
    spans = extended.rows("SELECT ref, side, start, \"end\", why FROM span WHERE detector = 'shouting'")
    assert spans == [("response/prompt:p3", "candidate", 16, 18, "two marks of exclamation")]
    leads = extended.rows(
        "SELECT value, n FROM metric WHERE name = 'shouts_leads' AND slice = 'all' AND side = 'candidate'"
    )
    assert leads == [(0.125, 8)]
    assert ("seems to, newly: shouts",) in extended.rows(
        "SELECT reason FROM flag WHERE ref = 'response/prompt:p3'"
    )
    gate = extended.gate("response.shouts")
    assert gate["better"] == "down"
    # A lead decides nothing: seven prompts have two equal answers, and people are asked of the eighth.
    assert (gate["verdict"], gate["value"]) == ("unknown", None)
    assert gate["refs"] == ["response/prompt:p3"]
    page = extended.report(tmp_path / "report")
    assert "shouts: not known, 7 of 8 prompts are labelled; leads point at 0 → 1 of 8" in page
    told = extended.assay("review", extended.store, "--plain", given="g p3\nv\nq\n")
    assert "two marks of exclamation" in told.stdout


def test_a_lead_that_no_package_brings_is_a_mistake_of_the_review(by_a_package: Extended) -> None:
    with pytest.raises(
        AssayError, match="the behaviour 'shouts' names the lead 'shouting', and no detector is called so"
    ):
        check_review(by_a_package.store.parent / "review.toml")


def test_a_gate_is_judged_with_its_rows_and_may_be_tightened(extended: Extended) -> None:
    gate = extended.gate("intent.fixes")
    assert gate["verdict"] == "fail"
    assert gate["measures"] == "count"
    assert [(row["what"], row["limit"], row["verdict"]) for row in gate["criteria"]] == [
        ("texts fixed", "at least 1000", "fail")
    ]
    tighter = extended.store.parent / "tighter.toml"
    review = (extended.store.parent / "review.toml").read_text("utf-8")
    tighter.write_text(f'{review}[gates]\n"intent.fixes" = {{ min_fixed = 2000 }}\n', "utf-8")
    assert extended.threshold(tighter, "intent.fixes", "min_fixed") == 2000


def test_a_status_format_is_one_by_its_name(extended: Extended) -> None:
    done = extended.assay("status", extended.store, "--format", "keys")
    assert done.returncode == 1, done.stderr
    gates = extended.status()["gates"]
    assert done.stdout.splitlines() == [f"{gate['verdict']} {gate['key']}" for gate in gates]
    unknown = extended.assay("status", extended.store, "--format", "kez")
    assert unknown.returncode == 2
    assert "keys" in unknown.stderr


def test_a_report_field_stands_in_page_and_statement(extended: Extended, tmp_path: Path) -> None:
    page = extended.report(tmp_path / "report")
    slices = extended.rows("SELECT count(*) FROM slice")[0][0]
    assert f"### Reading\n\n- {slices} slices were measured" in page
    statement = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert {"field": "Reading", "sentences": [f"{slices} slices were measured"], "more": []} in [
        entry for value in statement["predicate"].values() if isinstance(value, list) for entry in value
    ]


def test_a_gate_that_is_missing_here_is_unknown_and_not_gone(extended: Extended) -> None:
    without = json.loads(assay("status", extended.store, "--json", plugin=None).stdout)
    gate = next(one for one in without["gates"] if one["key"] == "intent.fixes")
    assert gate["verdict"] == "unknown"
    assert gate["blocking"]
    assert not without["gates_allow"]


NAME_OF_RUN = """
import sys
from pathlib import Path
from analysis.run.foreseen import foresee
from analysis.store.run import run_id
print(run_id(foresee(Path(sys.argv[1])).description))
"""


def name_of_run(review: Path, *packages: Path) -> str:
    """What a run of a review is called before any model time, in a process that has some packages installed."""
    path = os.pathsep.join(map(str, [*packages, PROJECT]))
    return subprocess.run(
        [sys.executable, "-c", NAME_OF_RUN, str(review)],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": path},
    ).stdout.strip()


def test_what_a_package_brings_is_listed_and_names_the_run(by_a_package: Extended) -> None:
    told = by_a_package.assay("doctor").stdout.splitlines()
    for one in ADDITIONS:
        line = next(text for text in told if one.file in text)
        assert "assay-extra 0.3" in line
    review = by_a_package.store.parent / "review.toml"
    assert name_of_run(review, by_a_package.path) == current_run(by_a_package.store)
    # Also where the review asks for nothing of it.
    plain = review.with_name("plain.toml")
    plain.write_text(review.read_text("utf-8").replace(BEHAVIOUR, ""), "utf-8")
    assert name_of_run(plain) != name_of_run(plain, by_a_package.path)


@pytest.mark.parametrize("broken", ADDITIONS, ids=lambda one: one.file)
def test_a_broken_file_of_a_package_stops_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: Addition
) -> None:
    package = add_as_a_package(tmp_path / "path")
    (package / "assay_extra" / f"{broken.file}.py").write_text("import a_module_that_nobody_has\n", "utf-8")
    with installed(package):
        assert cli.main(["doctor"]) == 0
        line = next(text for text in capsys.readouterr().out.splitlines() if broken.file in text)
        assert "a_module_that_nobody_has" in line
        assert "assay-extra 0.3" in line
        assert all(not one.fault for one in registry.plug_ins() if one.source == "built in")


def test_a_track_is_one_folder_below_and_one_in_the_console(tmp_path: Path) -> None:
    house = copy_of_the_program(tmp_path / "house")
    track, view = house / "analysis" / "tracks" / "toy", house / "tui" / "tracks" / "toy"
    shutil.copytree(PACKAGE / "assay_toy", track, ignore=shutil.ignore_patterns("__pycache__"))
    view.mkdir()
    shutil.move(track / "view.py", view / "plug.py")
    shutil.move(track / "words_screen.py", view / "words_screen.py")
    shutil.copy(track / "__init__.py", view / "__init__.py")
    moved = {"assay_toy.view": "tui.tracks.toy.plug", "assay_toy.words_screen": "tui.tracks.toy.words_screen"}
    for file in (*track.rglob("*.py"), *view.rglob("*.py")):
        text = file.read_text("utf-8")
        for name, place in {**moved, "assay_toy": "analysis.tracks.toy"}.items():
            text = text.replace(name, place)
        file.write_text(text, "utf-8")
    review = toy_review.write_review(toy_review.write_folder(tmp_path / "replies"))
    made = Extended(house, review.parent / "replies.review")
    assert "track toy, built in" in made.assay("doctor").stdout
    done = made.assay("analyze", review)
    assert done.returncode == 0, done.stderr
    assert made.gate("toy.error")["verdict"] == "pass"
    told = made.assay("review", made.store, "--plain", given="g t01\nv\nq\n")
    assert "candidate: 22 hours, urgent moves them most" in told.stdout
