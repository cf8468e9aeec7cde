"""Precision and recall of the detectors of the response track on labelled texts.

The texts lie in detector_texts/ and were written without sight of the detectors; the catalogue and the policy
are those of the sample. Run after every change of a detector: a quality of another version counts as unknown.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.tracks.response.catalogue import read_catalogue
from analysis.tracks.response.detectors.contract import Detector, Found, Knowledge, Passage, Response, Title
from analysis.tracks.response.detectors.quality import Quality, figure, measured, write_quality
from analysis.tracks.response.known_detectors import DETECTORS
from analysis.tracks.response.policy import read_policy
from benchmarks.measure import Result

HERE = Path(__file__).parent
TEXTS = HERE / "detector_texts"
README = HERE / "README.md"
SAMPLE = HERE.parent / "sample_data"
CATALOGUE = SAMPLE / "retrieval" / "catalogue.jsonl"
POLICY = SAMPLE / "response" / "policy.toml"
BEGIN, END = "<!-- detector quality: begin -->", "<!-- detector quality: end -->"
ABOUT = "texts in benchmarks/detector_texts, written and labelled without sight of the detectors"

FAMILIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "facts": {"contradicted": ("contradict", "wrong"), "lacking": ("not in", "unknown", "invented", "lack")},
    "citations": {
        "invented": ("not exist", "invented", "nonexist", "unknown"),
        "uncited": ("without", "uncited", "no citation", "missing"),
        "ignored": ("ignore",),
    },
}
"""Kinds of finding that are told apart, by words of the label; for the other detectors any kind matches."""
HARMLESS = frozenset(
    (
        "supported",
        "allowed",
        "quoted",
        "negated",
        "warm",
        "warmer",
        "terse",
        "terser",
        "cited",
        "cites a passage",
    )
)
"""Labels that mark a span for the reader and no fault."""


@dataclass(frozen=True)
class Labelled:
    """One labelled text; `spans` holds the faults alone: start, end, family."""

    name: str
    detector: str
    response: Response
    spans: tuple[tuple[int, int, str], ...]


def run() -> list[Result]:
    """Measure, keep quality.json, and write the table into the README."""
    texts = list(read_texts(TEXTS))
    knowledge = sample_knowledge()
    qualities = {
        detector.name: quality
        for detector in DETECTORS
        if not detector.by_definition
        and (quality := measure(detector, [one for one in texts if one.detector == detector.name], knowledge))
    }
    write_quality(qualities)
    write_table(qualities, README)
    return [
        Result(f"{what} of {name} on {quality.texts} texts", value, "share")
        for name, quality in qualities.items()
        for what, value in (("precision", quality.precision), ("recall", quality.recall))
        if value is not None
    ]


def sample_knowledge() -> Knowledge:
    """The sample's catalogue and policy."""
    rows = read_catalogue(CATALOGUE, skip_bad_rows=False)[0].to_pylist()
    titles = tuple(
        Title(**{**row, "aliases": tuple(row["aliases"] or ()), "spoilers": tuple(row["spoilers"] or ())})
        for row in rows
    )
    return Knowledge(titles, read_policy(POLICY))


def read_texts(folder: Path) -> Iterator[Labelled]:
    """The labelled texts of every file of a folder.

    Raises:
        ValueError: there is none, or a span lies outside its response.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise ValueError(f"{folder} holds no labelled texts")
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            if line.strip():
                yield _labelled(json.loads(line))


def measure(detector: Detector, texts: list[Labelled], knowledge: Knowledge) -> Quality | None:
    """The quality of a detector on its texts; None where it has none."""
    if not texts:
        return None
    counts: dict[str, int] = defaultdict(int)
    for text in texts:
        applies = detector.applies(text.response, knowledge)
        findings = [one for one in detector.detect(text.response, knowledge) if one.counts] if applies else []
        right = [one for one in findings if any(_matches(detector.name, one, span) for span in text.spans)]
        counts["labelled"] += bool(text.spans)
        counts["flagged"] += bool(findings)
        counts["found"] += bool(right)
        counts["right"] += len(right)
        counts["findings"] += len(findings)
        counts["spans"] += len(text.spans)
        counts["hit"] += sum(
            any(_matches(detector.name, one, span) for one in findings) for span in text.spans
        )
    return measured(
        detector.version,
        len(texts),
        counts["labelled"],
        counts["flagged"],
        counts["found"],
        (counts["right"], counts["findings"], counts["hit"], counts["spans"]),
        ABOUT,
    )


def write_table(qualities: Mapping[str, Quality], readme: Path) -> None:
    """Replaces the table between the two marks.

    Raises:
        ValueError: the marks are missing.
    """
    text = readme.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} lacks {BEGIN} or {END}")
    lines = [
        "| detector | texts | with a fault | flagged | precision | recall | precision of spans | recall of spans |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(name, quality) for name, quality in qualities.items()),
    ]
    readme.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after, "utf-8")


def _row(name: str, one: Quality) -> str:
    precision = f"{figure(one.precision)} [{figure(one.precision_low)}, {figure(one.precision_high)}]"
    recall = f"{figure(one.recall)} [{figure(one.recall_low)}, {figure(one.recall_high)}]"
    cells = [f"`{name}` {one.version}", one.texts, one.labelled, one.flagged, precision, recall]
    cells += [figure(one.span_precision), figure(one.span_recall)]
    return "| " + " | ".join(map(str, cells)) + " |"


def _labelled(row: dict[str, Any]) -> Labelled:
    passages = tuple(Passage(one.get("id"), one["text"]) for one in row.get("passages") or ())
    text = row["response"]
    for span in row["spans"]:
        if not 0 <= span["start"] <= span["end"] <= len(text):
            raise ValueError(f"{row['id']}: the span {span} lies outside its response")
    response = Response(
        row["id"], "candidate", row["prompt"], text, passages, frozenset(row.get("expected") or ())
    )
    faults = tuple(
        (span["start"], span["end"], family(row["detector"], span["label"]))
        for span in row["spans"]
        if not harmless(span["label"])
    )
    return Labelled(row["id"], row["detector"], response, faults)


def harmless(label: str) -> bool:
    """Whether a label marks no fault."""
    return _plain(label) in HARMLESS


def family(detector: str, label: str) -> str:
    """The kind of a finding; empty where the detector's kinds are not told apart or the label is another."""
    plain = _plain(label)
    kinds = FAMILIES.get(detector, {})
    return next((kind for kind, parts in kinds.items() if any(part in plain for part in parts)), "")


def _plain(label: str) -> str:
    return label.lower().replace("_", " ").replace("-", " ")


def _matches(detector: str, found: Found, span: tuple[int, int, str]) -> bool:
    """Whether a finding overlaps a labelled span, and both are of one kind or one of them is of none."""
    start, end, kind = span
    overlap = (found.start < end and start < found.end) or (found.start, found.end) == (start, end)
    ours = family(detector, found.label)
    return overlap and (ours == kind or not ours or not kind)
