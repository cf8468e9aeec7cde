"""The registry: what other packages bring is found, told with its fault, and named in what determines a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.plugin import discovery, registry
from analysis.plugin.registry import PlugIn
from analysis.review.evaluate import evaluate, gates_of, resolve_rules
from analysis.review.session import ReviewSession
from analysis.run.check import check_review
from tests.analysis.store_fixture import publish_review, write_review

Install = Callable[[str, Mapping[str, str], str], Path]

GATE = """
from analysis.base.records import ALL
from analysis.plugin.gate import Gate, result

def judge(given, rule):
    return [result(GATE, "fail", "nothing passes here")]

GATE = Gate("review.strict", "nothing ships by accident", {}, judge)
GATES = (GATE, Gate("intent.strict", "the same of one track", {}, lambda given, rule: []))
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """`install(name, entry points by group, source)` puts a package with one module on the path."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    names: set[str] = set()

    def made(name: str, points: Mapping[str, str], source: str) -> Path:
        names.add(name)
        module = site / f"{name}.py"
        module.write_text(source, "utf-8")
        info = site / f"{name}-2.1.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.1\n", "utf-8")
        text = "".join(f"[{group}]\n{point}\n" for group, point in points.items())
        (info / "entry_points.txt").write_text(text, "utf-8")
        forget()
        return module

    def forget() -> None:
        discovery.entry_points.cache_clear()
        discovery._installed.cache_clear()
        registry._load.cache_clear()
        for name in names:
            sys.modules.pop(name, None)

    yield made
    monkeypatch.undo()
    forget()


def test_a_gate_of_another_package_is_judged_with_the_others(install: Install, tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    install("house_rules", {"assay.gates": "strict = house_rules:GATES"}, GATE)
    assert "review.strict" in [gate.name for gate in gates_of([])]
    assert "intent.strict" not in [gate.name for gate in gates_of([])]
    with ReviewSession.open(store) as session:
        given = session.gate_input()
        assert "review.strict" not in {one.key for one in session.gates()}, "it came after this run"
        given.rules.update(resolve_rules({}, gates_of(given.tracks)))
        results = {one.key: one.verdict for one in evaluate(given)}
        assert results["review.strict"] == "fail"


def test_a_rule_whose_gate_is_not_here_is_unknown_and_blocks(tmp_path: Path) -> None:
    with ReviewSession.open(publish_review(tmp_path / "r.review")) as session:
        given = session.gate_input()
        without = [gate for gate in gates_of(given.tracks) if gate.name != "intent.accuracy"]
        found = {one.key: one for one in evaluate(given, without)}
    assert found["intent.accuracy"].verdict == "unknown"
    assert found["intent.accuracy"].blocking
    assert "no package here brings this gate" in found["intent.accuracy"].why


@pytest.mark.parametrize(
    ("group", "point", "source", "fault"),
    [
        ("assay.gates", "gate = broken:GATES", "import not_there\n", "No module named 'not_there'"),
        ("assay.gates", "gate = broken:GATES", "GATES = ('a gate',)\n", "is no Gate"),
        ("assay.detectors", "shouting = broken:DETECTOR", "", "has no attribute 'DETECTOR'"),
        ("assay.attribution_methods", "words = broken:METHODS", "1 / 0\n", "ZeroDivisionError"),
        ("assay.views", "toy = broken:VIEW", "raise SystemError('no')\n", "SystemError"),
        ("assay.report_fields", "more = broken:FIELD", "import not_there\n", "not_there"),
        ("assay.tracks", "toy = broken:TRACK", "TRACK = 5\n", "names no Track but int"),
        ("assay.tracks", "intent = broken:TRACK", "", "its name is that of a built-in track"),
    ],
)
def test_a_broken_plug_in_is_told_with_its_package_and_stops_nobody(
    install: Install, tmp_path: Path, group: str, point: str, source: str, fault: str
) -> None:
    review = write_review(tmp_path / "review")
    install("broken", {group: point}, source)
    (told,) = [one for one in registry.plug_ins() if one.fault]
    assert (told.kind, told.source) == (registry.KINDS[group], "broken 2.1")
    assert fault in told.fault
    (note,) = [note for note in check_review(review, trial=False).notes if note.startswith("plug-in")]
    assert note == f"plug-in   {told}"
    assert [track.name for track in registry.sound_tracks()] == ["intent", "response", "retrieval"]
    assert registry.extensions() == {}


def test_a_review_of_a_broken_track_is_refused_and_names_the_package(
    install: Install, tmp_path: Path
) -> None:
    install("broken", {"assay.tracks": "toy = broken:TRACK"}, "import not_there\n")
    review = write_review(tmp_path / "review")
    review.write_text(review.read_text("utf-8") + '\n[toy]\nexamples = "eval.jsonl"\n', "utf-8")
    with pytest.raises(AssayError, match="the plug-in 'toy' cannot be loaded") as told:
        check_review(review)
    assert "broken 2.1" in str(told.value)


def test_a_built_in_track_is_listed_without_a_fault() -> None:
    assert PlugIn("track", "intent", "built in", "") in registry.plug_ins()
    assert str(PlugIn("track", "intent", "built in", "")) == "track intent, built in"


def test_what_a_package_brings_determines_the_run_with_its_digest(install: Install) -> None:
    module = install("house_rules", {"assay.gates": "strict = house_rules:GATES"}, GATE)
    (first,) = registry.extensions().values()
    assert (first["package"], first["version"]) == ("house_rules", "2.1")
    module.write_text(GATE.replace("by accident", "at all"), "utf-8")
    assert registry.extensions()["gate strict"]["sha256"] != first["sha256"]


TRACK = """
from analysis.plugin.track import Track

class Toy(Track):
    name = "toy"
    title = "Toy"

TRACK = Toy()
"""


def test_a_foreign_track_is_known_by_its_package_and_the_digest_of_its_files(install: Install) -> None:
    module = install("toy_one", {"assay.tracks": "toy = toy_one:TRACK"}, TRACK)
    before = registry.identity("toy")
    assert (before["package"], before["version"]) == ("toy_one", "2.1")
    module.write_text(TRACK.replace('"Toy"', '"Another toy"'), "utf-8")
    after = registry.identity("toy")
    assert after["sha256"] != before["sha256"]
    assert registry.identity("intent")["package"] == "assay-review"
    assert registry.identity("intent")["sha256"] != registry.identity("response")["sha256"]
