"""Records or prompts of a response review, and what the data says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.data.examples import Examples, read_examples, report_bad_rows
from analysis.data.rows import BadRow, bad_row, open_rows
from analysis.text.cleaned import cleaned
from analysis.tracks.response.catalogue import read_catalogue
from analysis.tracks.response.cells import Cell, expected_cell, passages_cell, read_cells, text_cell
from analysis.tracks.response.detectors.contract import Policy
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.policy import policy_rows, read_policy
from analysis.tracks.response.settings import ResponseSettings
from analysis.tracks.response.votes import read_votes
from analysis.tracks.response.word_count import word_count

PROMPT = "prompt"
RESPONSES = {"base": "base_response", "candidate": "candidate_response"}

_ASIDE: dict[str, Cell] = {"passages": passages_cell, "expected": expected_cell}
_RECORDED: dict[str, Cell] = dict.fromkeys(RESPONSES.values(), text_cell)


def read_response(settings: ResponseSettings, skip_bad_rows: bool) -> Examples:
    """Read all data of the track; the prompts are the evaluation rows.

    An empty response is a response. One that the record does not have is missing on that side; in CSV, where
    an empty field is a missing value, so is an empty one.

    Raises:
        AssayError: a file, row or policy that cannot be read, a vote on a prompt that does not exist.
    """
    path = settings.records or settings.prompts
    if path is None:
        raise AssayError("there are neither records nor prompts", where=settings.where())
    examples, cells = _read_rows(path, _ASIDE if settings.generates else _ASIDE | _RECORDED, skip_bad_rows)
    payload = {
        "response_passage": _passage_rows(cells),
        "response_expected": _expected_rows(cells),
        **policy_rows(read_policy(settings.policy) if settings.policy else Policy()),
    }
    if not settings.generates:
        payload["response_side"] = _recorded_rows(cells)
    skipped = list(examples.skipped)
    if settings.catalogue is not None:
        payload["response_catalogue"], bad = read_catalogue(settings.catalogue, skip_bad_rows)
        skipped += bad
    if settings.preferences is not None:
        known = {row.id: row.ref for row in examples.rows}
        payload["response_preference"], bad = read_votes(settings.preferences, known, skip_bad_rows)
        skipped += bad
    return replace(examples, payload=payload, skipped=skipped)


def _read_rows(
    path: Path, cells: Mapping[str, Cell], skip_bad_rows: bool
) -> tuple[Examples, dict[str, dict[str, Any]]]:
    """The prompts, and the columns of each that are no metadata, by ref."""
    examples = read_examples(
        path, track=TRACK, kind="prompt", text=PROMPT, label=None, skip_bad_rows=skip_bad_rows
    )
    recorded = [name for name in RESPONSES.values() if name in cells]
    absent = [name for name in recorded if name not in examples.metadata.column_names]
    if absent:
        raise AssayError(
            f"has no column {absent[0]!r}",
            where=str(path),
            hint="records need id, prompt, base_response and candidate_response; prompts without responses are "
            "given as prompts, with base and candidate",
        )
    refs = {line: ref for ref, line in examples.lines.items()}
    bad: list[BadRow] = []
    found: dict[str, dict[str, Any]] = {}
    for row in open_rows(path):
        if isinstance(row, BadRow) or row.line not in refs:
            continue
        read = read_cells(path, row, cells)
        if isinstance(read, dict) and recorded and all(read[name] is None for name in recorded):
            read = bad_row(path, row, recorded[0], "is missing, and so is the other side's response")
        if isinstance(read, BadRow):
            bad.append(read)
        else:
            found[refs[row.line]] = read
    report_bad_rows(bad, skip_bad_rows and bool(found), path)
    mask = pa.array([ref in found for ref in examples.metadata["ref"].to_pylist()], pa.bool_())
    # What was answered defines no slice; what is expected may.
    aside = [name for name in (*RESPONSES.values(), *_ASIDE) if name in examples.metadata.column_names]
    metadata = examples.metadata.filter(mask).drop_columns(aside)
    if "expected" in aside:
        lists = [list(found[ref]["expected"]) for ref in metadata["ref"].to_pylist()]
        metadata = metadata.append_column("expected", pa.array(lists, pa.list_(pa.string())))
    return (
        replace(
            examples,
            rows=[row for row in examples.rows if row.ref in found],
            metadata=metadata,
            skipped=[*examples.skipped, *bad],
            lines={ref: line for ref, line in examples.lines.items() if ref in found},
        ),
        found,
    )


def _recorded_rows(cells: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    rows = [(ref, side, read[RESPONSES[side]]) for ref, read in cells.items() for side in SIDES]
    return side_table(
        [ref for ref, *_ in rows],
        [side for _, side, _ in rows],
        [text or "" for *_, text in rows],
        ["missing" if text is None else "recorded" for *_, text in rows],
    )


def side_table(
    refs: Sequence[str],
    sides: Sequence[str],
    texts: Sequence[str],
    ended: Sequence[str],
    tokens: Sequence[int | None] | None = None,
    logp: Sequence[float | None] | None = None,
) -> pa.Table:
    """Rows of `response_side`; `tokens` and `logp` are known of generated responses only."""
    nothing = [None] * len(refs)
    return pa.table(
        {
            "ref": pa.array(refs, pa.string()),
            "side": pa.array(sides, pa.string()),
            "text": pa.array(texts, pa.string()),
            "words": pa.array([word_count(cleaned(text).text) for text in texts], pa.int32()),
            "tokens": pa.array(nothing if tokens is None else tokens, pa.int32()),
            "logp": pa.array(nothing if logp is None else logp, pa.float64()),
            "ended": pa.array(ended, pa.string()),
        }
    )


def _passage_rows(cells: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    rows = [
        (ref, position, passage)
        for ref, read in cells.items()
        for position, passage in enumerate(read["passages"])
    ]
    return pa.table(
        {
            "ref": pa.array([ref for ref, *_ in rows], pa.string()),
            "position": pa.array([position for _, position, _ in rows], pa.int32()),
            "passage_id": pa.array([passage.id for *_, passage in rows], pa.string()),
            "text": pa.array([passage.text for *_, passage in rows], pa.string()),
        }
    )


def _expected_rows(cells: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    rows = [(ref, one) for ref, read in cells.items() for one in read["expected"]]
    return pa.table(
        {
            "ref": pa.array([ref for ref, _ in rows], pa.string()),
            "expects": pa.array([one for _, one in rows], pa.string()),
        }
    )
