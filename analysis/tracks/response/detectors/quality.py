"""How good each detector is on labelled texts, as measured by `python -m benchmarks detectors`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from analysis.stats.bounds import clopper_pearson
from analysis.tracks.response.detectors.contract import Detector

QUALITY = Path(__file__).with_name("quality.json")
UNKNOWN = "quality unknown"


@dataclass(frozen=True)
class Quality:
    """Precision and recall over texts and over spans, with exact 95 % intervals.

    A text is *found* when a counting finding overlaps a labelled span of the same kind, and *flagged* when
    there is any counting finding. Precision is found over flagged, recall found over labelled texts; None
    where nothing was flagged or labelled.
    """

    version: int
    texts: int
    labelled: int
    flagged: int
    found: int
    precision: float | None
    precision_low: float
    precision_high: float
    recall: float | None
    recall_low: float
    recall_high: float
    span_precision: float | None
    span_recall: float | None
    about: str


def measured(
    version: int,
    texts: int,
    labelled: int,
    flagged: int,
    found: int,
    spans: tuple[int, int, int, int],
    about: str,
) -> Quality:
    """A quality from counts.

    Args:
        version: of the detector.
        texts: all texts of the detector, with and without labelled spans.
        labelled: texts with a labelled span.
        flagged: texts with a counting finding.
        found: texts with a counting finding that overlaps a labelled span of the same kind.
        spans: findings that are right, findings in all, labelled spans that are found, labelled spans in all.
        about: one sentence on the texts.

    Source: intervals after Clopper and Pearson (1934).
    """
    precision, recall = clopper_pearson(found, flagged), clopper_pearson(found, labelled)
    right, findings, hit, spans_labelled = spans
    return Quality(
        version=version,
        texts=texts,
        labelled=labelled,
        flagged=flagged,
        found=found,
        precision=_share(found, flagged),
        precision_low=precision[0],
        precision_high=precision[1],
        recall=_share(found, labelled),
        recall_low=recall[0],
        recall_high=recall[1],
        span_precision=_share(right, findings),
        span_recall=_share(hit, spans_labelled),
        about=about,
    )


def write_quality(qualities: dict[str, Quality], path: Path = QUALITY) -> None:
    """Keeps the qualities of all detectors that were measured, in place of what was there."""
    rows = {name: asdict(one) for name, one in sorted(qualities.items())}
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", "utf-8")


@lru_cache(maxsize=2)
def read_quality(path: Path = QUALITY) -> dict[str, Quality]:
    """What was measured last, by detector; empty where nothing was."""
    if not path.is_file():
        return {}
    return {name: Quality(**row) for name, row in json.loads(path.read_text("utf-8")).items()}


def quality_of(detector: Detector, path: Path = QUALITY) -> Quality | None:
    """The quality of this very version of a detector."""
    quality = read_quality(path).get(detector.name)
    return quality if quality is not None and quality.version == detector.version else None


def quality_text(detector: Detector, path: Path = QUALITY) -> str:
    """For people: `precision .94 [.85, .98], recall .81 [.70, .89] on 240 labelled texts`; empty where not measured."""
    if detector.by_definition:
        return detector.by_definition
    quality = quality_of(detector, path)
    if quality is None:
        return ""
    precision = _bounded(quality.precision, quality.precision_low, quality.precision_high)
    recall = _bounded(quality.recall, quality.recall_low, quality.recall_high)
    return f"precision {precision}, recall {recall} on {quality.texts} labelled texts"


def figure(share: float | None) -> str:
    """A share with two digits and no leading zero; a dash for none."""
    return "-" if share is None else f"{share:.2f}".removeprefix("0")


def _bounded(share: float | None, low: float, high: float) -> str:
    return "unknown" if share is None else f"{figure(share)} [{figure(low)}, {figure(high)}]"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
