"""A workbench of the response track as its own readers and stages fill it, for tests of what comes after them.

What detectors find in made-up answers is written into the answers: `shown` gives a text with a mark for each hit, and
`MARKED` are the detectors of the product that read the marks in the place of words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from analysis.base.records import Side
from analysis.base.sql import sql_text
from analysis.data.memberships import membership_rows
from analysis.models.generator import GeneratorPair
from analysis.models.sides import Sides
from analysis.plugin.registry import get
from analysis.plugin.stage import PlanContext, Stage, Step
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.run.review_file import load_review
from analysis.run.slices import build_slices
from analysis.store.run import SCHEMA
from analysis.tracks.response.detect import declared, detected, sample_outcomes
from analysis.tracks.response.detector_inputs import load_knowledge, load_responses
from analysis.tracks.response.detectors.contract import Detector, Found, Knowledge, Response
from analysis.tracks.response.known_detectors import DETECTORS
from analysis.tracks.response.labelled_sample import drawn_order
from analysis.tracks.response.load_data import read_response
from analysis.tracks.response.scores import behaviour_scores
from analysis.tracks.response.settings import ResponseSettings
from tests.analysis.tracks.response.tiny import write_lines

RARE = "rare"
"""The critical slice of a workbench."""
BEHAVIOURS: tuple[dict[str, Any], ...] = (
    {"name": "spoils", "question": "tell the end?", "leads": ["spoilers"], "strict": True},
    {"name": "misstates", "question": "say what is not so?", "leads": ["facts"], "strict": True},
    {"name": "overpromises", "question": "promise too much?", "leads": ["promises"]},
    {
        "name": "cites",
        "question": "cite anything?",
        "leads": ["citations"],
        "unwanted": "number % 2 = 0",
        "wanted": "number % 2 = 1",
    },
    {"name": "hallucinates", "any_of": ["misstates", "overpromises"]},
)
"""What is asked of the answers of a workbench, where it is not said otherwise."""
_SYMBOLS = {one.name: chr(0x2660 + number) for number, one in enumerate(DETECTORS)}
"""Signs that are no words, so that they leave lengths alone."""


def ref_of(number: int) -> str:
    """Ref of the n-th prompt."""
    return f"response/prompt:r{number:03d}"


def shown(words: int = 0, **hits: bool | str | None) -> str:
    """An answer of so many words with a hit of some detectors, or none; None: the detector does not apply.

    A hit that is a text is the label of the span.
    """
    marks = [
        _SYMBOLS[name] + ("!" if hit else "?") + (f"{{{hit}}}" if isinstance(hit, str) else "")
        for name, hit in hits.items()
        if hit is not None
    ]
    return " ".join(["word"] * words + marks)


def both(
    words: tuple[int, int] = (0, 0), **hits: tuple[bool | str | None, bool | str | None]
) -> dict[str, Any]:
    """The answers of both sides, as columns of a record."""
    sides = (
        shown(count, **{name: hit[side] for name, hit in hits.items()}) for side, count in enumerate(words)
    )
    return dict(zip(("base_response", "candidate_response"), sides, strict=True))


def _marks(symbol: str, response: Response, knowledge: Knowledge) -> list[Found]:
    return [
        Found(one.start(), one.end(), one.group(1) or "x", "because", counts=True)
        for one in re.finditer(re.escape(symbol) + r"!(?:\{(.*?)\})?", response.text)
    ]


def _applies(symbol: str, response: Response, knowledge: Knowledge) -> bool:
    return symbol in response.text


MARKED: tuple[Detector, ...] = tuple(
    replace(one, detect=partial(_marks, _SYMBOLS[one.name]), applies=partial(_applies, _SYMBOLS[one.name]))
    for one in DETECTORS
)


def workbench(
    records: Sequence[Mapping[str, Any]],
    *,
    rare: str | None = "false",
    votes: Sequence[Mapping[str, Any]] = (),
    catalogue: Sequence[Mapping[str, Any]] = (),
    policy: str = "",
    behaviours: Sequence[Mapping[str, Any]] = BEHAVIOURS,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    detectors: tuple[Detector, ...] = MARKED,
) -> duckdb.DuckDBPyConnection:
    """A workbench with these records, in which the detectors have looked; all prompts are selected.

    Args:
        records: `base_response` and `candidate_response`; id and prompt are made where they are left out.
        rare: SQL over `number`, the place of a record, of the critical slice; None: there is none.
        votes: rows of a file of preferences.
        catalogue: rows of a catalogue.
        policy: text of a policy.
        behaviours: what is asked of the answers.
        labels: columns of the records in which it was recorded what they do, by behaviour.
        detectors: what looks for hits.
    """
    rows = [
        {"id": f"r{number:03d}", "prompt": "what is good?", **row, "number": number}
        for number, row in enumerate(records)
    ]
    with TemporaryDirectory() as folder:
        root = Path(folder)
        tables = {"records": rows, "preferences": votes, "catalogue": catalogue}
        files = {
            key: write_lines(root / f"{key}.jsonl", table).name for key, table in tables.items() if table
        }
        if policy:
            files["policy"] = "policy.toml"
            (root / "policy.toml").write_text(policy, "utf-8")
        given = {
            **files,
            "slices": {} if rare is None else {RARE: rare},
            "critical_slices": [] if rare is None else [RARE],
            "behaviour": list(behaviours),
            "labels": labels or {},
        }
        settings = ResponseSettings.model_validate(given, context={"root": root})
        examples = read_response(settings, skip_bad_rows=False)
    connection = duckdb.connect(":memory:")
    connection.execute(sql_text(SCHEMA, "evidence.sql"))
    connection.execute(get("response").schema())
    slices, members = build_slices("response", settings, examples)
    for table, found in (("example", examples.rows), ("slice", slices)):
        insert_rows(connection, table, found)
    insert_arrow(connection, "membership", membership_rows("response", members))
    for table, payload in examples.payload.items():
        insert_arrow(connection, table, payload)
    connection.execute("CREATE TEMP TABLE selected AS SELECT ref FROM example")
    insert_arrow(connection, "response_detector", declared(detectors))
    for table, payload in detected(load_responses(connection), load_knowledge(connection), detectors).items():
        insert_arrow(connection, table, payload)
    insert_arrow(connection, "response_drawn", drawn_order(connection, "a digest/0"))
    insert_arrow(connection, "response_score", behaviour_scores(connection))
    return connection


def sampled(
    connection: duckdb.DuckDBPyConnection, number: int, base: Sequence[str], candidate: Sequence[str]
) -> None:
    """Sampled answers to the n-th prompt, looked at."""
    sides: tuple[tuple[Side, Sequence[str]], ...] = (("base", base), ("candidate", candidate))
    samples = [
        (place, Response(ref_of(number), side, "what is good?", text))
        for side, texts in sides
        for place, text in enumerate(texts)
    ]
    insert_arrow(connection, "response_sample_outcome", sample_outcomes(samples, Knowledge(), MARKED))


def pairs(responses: Sequence[tuple[str, str, str, str]], **changes: Any) -> duckdb.DuckDBPyConnection:
    """A workbench of (id, prompt, base's response, candidate's), as `workbench`."""
    names = ("id", "prompt", "base_response", "candidate_response")
    return workbench([dict(zip(names, row, strict=True)) for row in responses], **changes)


def context(connection: duckdb.DuckDBPyConnection, review: Path, folders: Iterable[Path] = ()) -> PlanContext:
    """What the stages are given; without folders there are no models."""
    loaded = load_review(review)
    base_and_candidate = list(folders)
    models: Sides = GeneratorPair(
        {"base": base_and_candidate[0], "candidate": base_and_candidate[1]} if base_and_candidate else {},
        "cpu",
    )
    return PlanContext(
        "response",
        loaded.tracks["response"],
        loaded.review.seed,
        models,
        review=loaded,
        workbench=connection,
    )


def run(step: Step, given: PlanContext) -> list[dict[str, pa.Table]]:
    """Run a step and put its rows into the workbench."""
    if isinstance(step, Stage):
        found = [step.run(given.for_run(), shard) for shard in step.plan(given)]
    else:
        found = [step.compute(given)]
    for tables in found:
        for name, table in tables.items():
            insert_arrow(given.workbench, name, table)
    return found


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The answer to a query, a dictionary a row."""
    return connection.execute(query).to_arrow_table().to_pylist()


def each(n: int, make: Callable[[int], Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """So many records."""
    return [make(number) for number in range(n)]
