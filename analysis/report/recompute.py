"""A report's own files -> its gates and what people said, computed again without the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import duckdb
from pydantic import TypeAdapter, ValidationError

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput, GateResult, Trigger
from analysis.base.records import Metric
from analysis.base.review_records import Event
from analysis.plugin.registry import get
from analysis.report import canonical, reviewers
from analysis.review.evaluate import as_heard, evaluate
from analysis.review.inspection import Inspection, inspection_of
from analysis.review.record import merged, uncounted
from analysis.store.events import parse_line
from analysis.store.replay import load_events, review_state
from analysis.store.streams import verify_chain

_GIVEN: TypeAdapter[GateInput] = TypeAdapter(GateInput)
_METRICS: TypeAdapter[tuple[Metric, ...]] = TypeAdapter(tuple[Metric, ...])
_SHOWN_TYPE: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])


@dataclass(frozen=True)
class Recomputed:
    """The gate input that a report's files make, and the gates judged from it."""

    given: GateInput
    results: tuple[GateResult, ...]

    @cached_property
    def entries(self) -> dict[str, Any]:
        """What `report.json` has to say of gates, reviewers and coverage (`analysis.report.reviewers.entries`)."""
        return reviewers.entries(self.given, self.results)

    @cached_property
    def heard(self) -> GateInput:
        """The gate input with those verdicts alone that count, and with what decides."""
        return as_heard(self.given, self.results)

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """The triggers of the run's tracks. Raises AssayError for a track not known here."""
        return tuple(one for name in self.heard.tracks for one in get(name).triggers(self.heard))

    def covered_by(self, reviewers_required: int) -> Inspection:
        """What must be judged and what is, if each example needs so many accounts."""
        asked = replace(self.given, reviewers_required=reviewers_required)
        return inspection_of(as_heard(asked, evaluate(asked)))


def rules_content(given: GateInput) -> dict[str, Any]:
    """What `rules.json` holds: the gate input without metrics and without what people said.

    Its `settings["review"]` has what decides whether something said in an earlier run counts in this one.
    """
    return {
        field.name: getattr(given, field.name)
        for field in fields(GateInput)
        if field.name not in ("metrics", "state")
    }


def parse_events(data: bytes, where: str) -> list[Event]:
    """The events of `annotations.jsonl`, each in its place in a whole chain.

    Raises:
        AssayError: a line that is not an event in canonical form, a broken chain, a gap.
    """
    if data and not data.endswith(b"\n"):
        raise AssayError("the last line is cut off", where=where)
    lines = data.split(b"\n")[:-1]
    events = [parse_line(line, f"{where}:{number}") for number, line in enumerate(lines, 1)]
    verify_chain(events, lambda index: f"{where}:{index + 1}")
    return events


def recompute(rules: bytes, metrics: bytes, events: Sequence[Event]) -> Recomputed:
    """Judge every gate again from `rules.json`, `metrics.jsonl` and the events.

    Raises:
        AssayError: a file in another form than this version writes.
    """
    content = canonical.loads(rules, "rules.json")
    if not isinstance(content, dict):
        raise AssayError("not an object", where="rules.json")
    connection = duckdb.connect(":memory:")
    try:
        earlier = content["settings"]["review"]
        shown = _SHOWN_TYPE.validate_python(earlier["shown"])
        record = earlier["record"]
        load_events(connection, events, merged=merged(record), uncounted=uncounted(record))
        connection.execute("SET enable_external_access = false")
        state = review_state(
            connection,
            str(content["run"]),
            str(content["today"]),
            shown,
            earlier["models_sha256"],
            aliases=content["aliases"],
        )
        rows = _METRICS.validate_python(tuple(canonical.load_lines(metrics, "metrics.jsonl")))
        given = _GIVEN.validate_python({**content, "metrics": rows, "state": state})
    except (ValidationError, KeyError, TypeError, duckdb.Error) as problem:
        raise AssayError(
            f"in a form that this version does not know: {str(problem).splitlines()[0]}",
            where="rules.json, metrics.jsonl and annotations.jsonl",
        ) from problem
    finally:
        connection.close()
    for name, made, read in (
        ("rules.json", canonical.dumps(rules_content(given)), rules),
        ("metrics.jsonl", canonical.lines(rows, "metrics.jsonl"), metrics),
    ):
        # What a reader passes over or takes for something else could be read otherwise by somebody else.
        if made != read:
            raise AssayError("says more, or otherwise, than this version writes", where=name)
    return Recomputed(given, tuple(evaluate(given)))
