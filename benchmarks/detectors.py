"""What the detectors of the response track find in labelled texts; for whoever works on them, and on no screen.

The texts lie in detector_texts/ and were written without sight of the detectors; the catalogue and the policy are those
of the sample. A text is flagged when anything that the detector finds in it counts. Whether a behaviour is present is
asked, not whether it was expected: where a refusal or a hand-over was to be had, it is present unless it is labelled
as missing. With `--data`, answers of other people's are measured as well.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.stats.bounds import clopper_pearson
from analysis.text.language import unread_language
from analysis.tracks.response.catalogue import read_catalogue
from analysis.tracks.response.detect import readable
from analysis.tracks.response.detectors.contract import Detector, Knowledge, Passage, Response, Title
from analysis.tracks.response.detectors.patterns import patterns_detector, read_patterns, shipped
from analysis.tracks.response.known_detectors import DETECTORS
from analysis.tracks.response.policy import read_policy
from benchmarks.measure import Result

HERE = Path(__file__).parent
TEXTS = HERE / "detector_texts"
KEPT = HERE / "detectors.json"
BEFORE = HERE / "detectors_before.json"
README = HERE / "README.md"
SAMPLE = HERE.parent / "sample_data"
CATALOGUE = SAMPLE / "retrieval" / "catalogue.jsonl"
POLICY = SAMPLE / "response" / "policy.toml"
RESPONSE_TEXTS = HERE.parent / "tests" / "response_texts"
BEGIN, END = "<!-- detectors: begin -->", "<!-- detectors: end -->"
WORDS = {"refusal": "refusal.en", "escalation": "handover.en", "tone": "pressure.en"}
"""The pattern files by the name of the labelled texts that they are measured on."""
SOUGHT = {"refusal": "refuse", "escalation": "escalate"}
"""Where a behaviour is to be had, a labelled fault is its absence."""
HARMLESS = frozenset(
    ("supported", "allowed", "quoted", "negated", "warm", "warmer", "terse", "terser", "cited")
)
"""Labels that mark a span for the reader and no fault."""
BEHAVIOURS = {"refuses": "refusal", "hands_over": "escalation", "promises": "promises", "pushes": "tone"}
"""Labels of the answers of three other assistants, and what looks for them."""


@dataclass(frozen=True)
class Counts:
    """Texts in all, with the behaviour, flagged, and both; `unread`: in a language that the detector does not read."""

    texts: int
    present: int
    flagged: int
    right: int
    unread: int = 0


Measured = dict[str, dict[str, dict[str, int]]]
"""Set of texts -> detector or source -> counts."""


def run() -> list[Result]:
    """Measures what lies in the repository, keeps it, and writes the table into the README."""
    return keep({"texts": of_texts()})


def main() -> None:
    """`python -m benchmarks.detectors --data DIR`: with `xstest_answers.jsonl` and `tau_airline_answers.jsonl`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data: Path = parser.parse_args().data
    measured: Measured = {"texts": of_texts(), "xstest": of_xstest(data), "airline": of_airline(data)}
    if RESPONSE_TEXTS.is_dir():
        measured["other assistants"] = of_other_assistants(RESPONSE_TEXTS)
    for one in keep(measured):
        print(one.sentence())


def keep(measured: Measured) -> list[Result]:
    """Keeps figures beside those that are there of other sets, and writes the table of all."""
    held: Measured = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    held.update(measured)
    KEPT.write_text(json.dumps(held, indent=2, ensure_ascii=False) + "\n", "utf-8")
    write_table(json.loads(BEFORE.read_text("utf-8")), held, README)
    return [
        Result(f"{what} of {name} on {texts}", share, "share")
        for texts, rows in measured.items()
        for name, row in rows.items()
        for what, part, whole in (("precision", "right", "flagged"), ("recall", "right", "present"))
        if row[whole]
        for share in [row[part] / row[whole]]
    ]


def detectors() -> dict[str, Detector]:
    """Those that are measured, by the name of their texts."""
    words = {
        name: patterns_detector(file, file, read_patterns(shipped(file))) for name, file in WORDS.items()
    }
    return {one.name: one for one in DETECTORS} | words


def counted(detector: Detector, texts: Iterable[tuple[Response, bool]], knowledge: Knowledge) -> Counts:
    """How often a detector flags texts with and without the behaviour; what it does not read is no hit."""
    total = present = flagged = right = unread = 0
    for response, there in texts:
        read = readable(response)
        total += 1
        present += there
        if not detector.applies(read, knowledge):
            continue
        if unread_language(read.text, detector.languages) is not None:
            unread += 1
            continue
        hit = any(one.counts for one in detector.detect(read, knowledge))
        flagged += hit
        right += hit and there
    return Counts(total, present, flagged, right, unread)


def of_texts() -> dict[str, dict[str, int]]:
    """The labelled texts of the repository, each file by its detector."""
    found = detectors()
    texts: dict[str, list[tuple[Response, bool]]] = defaultdict(list)
    for name, response, there in read_texts(TEXTS):
        texts[name].append((response, there))
    knowledge = sample_knowledge()
    return {name: asdict(counted(found[name], rows, knowledge)) for name, rows in texts.items()}


def of_xstest(data: Path) -> dict[str, dict[str, int]]:
    """Refusals in the answers of five models, as people labelled them; partial refusals are left out.

    Source: XSTest (Röttger et al. 2024), https://github.com/paul-rottger/exaggerated-safety
    """
    texts: dict[str, list[tuple[Response, bool]]] = defaultdict(list)
    for row in _rows(data / "xstest_answers.jsonl"):
        if row["label"] != "partial":
            one = (Response(row["id"], "candidate", row["prompt"], row["answer"]), row["label"] == "refusal")
            for name in (row["model"], "all", "safe prompts" if row["safe"] else "unsafe prompts"):
                texts[name].append(one)
    detector = detectors()["refusal"]
    return {name: asdict(counted(detector, rows, Knowledge())) for name, rows in texts.items()}


def of_airline(data: Path) -> dict[str, dict[str, int]]:
    """Hand-overs in the turns of an airline's assistant, by whether the tool for it was called.

    Source: tau-bench (Sierra 2024), https://github.com/sierra-research/tau-bench
    """
    texts = [
        (Response(row["id"], "candidate", row["prompt"], row["answer"]), bool(row["handed_over"]))
        for row in _rows(data / "tau_airline_answers.jsonl")
    ]
    return {"escalation": asdict(counted(detectors()["escalation"], texts, Knowledge()))}


def of_other_assistants(folder: Path) -> dict[str, dict[str, int]]:
    """Four behaviours in answers of a bank, an airline and a telecom provider, with their policies."""
    found = detectors()
    measured: dict[str, Counts] = {}
    for file in sorted(folder.glob("*.jsonl")):
        rows = list(_rows(file))
        if not rows or "labels" not in rows[0]:
            continue
        for label, name in BEHAVIOURS.items():
            for domain in sorted({row["domain"] for row in rows}):
                knowledge = Knowledge((), read_policy(folder / "policies" / f"{domain}.toml"))
                for language in sorted({row["language"] for row in rows}):
                    texts = [
                        (Response(row["id"], "candidate", row["prompt"], row["answer"]), row["labels"][label])
                        for row in rows
                        if (row["domain"], row["language"]) == (domain, language)
                    ]
                    key = f"{label}, {domain if language == 'en' else language}"
                    measured[key] = _sum(measured.get(key), counted(found[name], texts, knowledge))
    return {key: asdict(one) for key, one in sorted(measured.items())}


def sample_knowledge() -> Knowledge:
    """The sample's catalogue and policy."""
    rows = read_catalogue(CATALOGUE, skip_bad_rows=False)[0].to_pylist()
    titles = tuple(
        Title(**{**row, "aliases": tuple(row["aliases"] or ()), "spoilers": tuple(row["spoilers"] or ())})
        for row in rows
    )
    return Knowledge(titles, read_policy(POLICY))


def read_texts(folder: Path) -> Iterator[tuple[str, Response, bool]]:
    """The labelled texts of every file of a folder: the detector, the text, and whether the behaviour is there.

    Raises:
        ValueError: there is none, or a span lies outside its response.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise ValueError(f"{folder} holds no labelled texts")
    for file in files:
        for row in _rows(file):
            yield _labelled(row)


def write_table(before: Measured, after: Measured, readme: Path) -> None:
    """Replaces the table between the two marks.

    Raises:
        ValueError: the marks are missing.
    """
    text = readme.read_text("utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} lacks {BEGIN} or {END}")
    lines = [
        "| texts | of | texts, with it | precision before | recall before | flagged | precision | recall | not read |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for texts, rows in after.items():
        for name, row in rows.items():
            old = before.get(texts, {}).get(name)
            earlier = _shares(old) if old is not None else ("–", "–")
            cells = [
                texts,
                name,
                f"{row['texts']}, {row['present']}",
                *earlier,
                row["flagged"],
                *_shares(row),
            ]
            lines.append("| " + " | ".join(map(str, [*cells, row["unread"]])) + " |")
    readme.write_text(head + BEGIN + "\n" + "\n".join(lines) + "\n" + END + tail, "utf-8")


def harmless(label: str) -> bool:
    """Whether a label marks no fault."""
    plain = label.lower().replace("_", " ").replace("-", " ")
    return plain in HARMLESS or plain == "cites a passage"


def _labelled(row: dict[str, Any]) -> tuple[str, Response, bool]:
    passages = tuple(Passage(one.get("id"), one["text"]) for one in row.get("passages") or ())
    text = row["response"]
    for span in row["spans"]:
        if not 0 <= span["start"] <= span["end"] <= len(text):
            raise ValueError(f"{row['id']}: the span {span} lies outside its response")
    fault = any(not harmless(span["label"]) for span in row["spans"])
    sought = SOUGHT.get(row["detector"]) in (row.get("expected") or ())
    response = Response(row["id"], "candidate", row["prompt"], text, passages)
    return row["detector"], response, fault != sought


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _sum(one: Counts | None, other: Counts) -> Counts:
    return other if one is None else Counts(*(a + b for a, b in zip(_tuple(one), _tuple(other), strict=True)))


def _tuple(one: Counts) -> tuple[int, ...]:
    return one.texts, one.present, one.flagged, one.right, one.unread


def _shares(row: Mapping[str, int]) -> tuple[str, str]:
    """Precision and recall with exact 95 % intervals (Clopper and Pearson 1934)."""
    return _share(row["right"], row["flagged"]), _share(row["right"], row["present"])


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    low, high = clopper_pearson(part, whole)
    share, low_text, high_text = (f"{one:.2f}".removeprefix("0") for one in (part / whole, low, high))
    return f"{share} [{low_text}, {high_text}]"


if __name__ == "__main__":
    main()
