"""The nine fields and the critical slices of a report, held against what its own files give.

A track tells some sentences from its evidence, which is not in the bundle: a report may say more than its files give,
and never less or otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput
from analysis.plugin.report_fields import NINE
from analysis.report import canonical
from analysis.report.changes import all_changes
from analysis.report.field import MOST, fields, silent
from analysis.report.moved_slices import moves
from analysis.report.recompute import Recomputed
from analysis.report.reviewed import Reviewed
from analysis.report.slice_entries import controls_of


def check_fields(predicate: Mapping[str, Any], again: Recomputed) -> str:
    """Each of the nine fields says all that the report's own files give it.

    Args:
        predicate: of `report.json`; its review and models are checked already (`analysis.report.held`).
        again: what rules, metrics and events give.

    Raises:
        AssayError: a field is not there, lacks a sentence, or says that there is nothing to tell where there is.
    """
    stated = predicate["fields"]
    if [one["field"] for one in stated] != list(NINE):
        raise AssayError("the nine fields in report.json are not those of a report")
    seen = _from_the_bundle(predicate, again)
    known = {field.title: field for field in fields()}
    given, more = 0, 0
    for one in stated:
        title, said = one["field"], [*one["sentences"], *one["more"]]
        if one["sentences"] != said[:MOST]:
            raise AssayError(f"{title} in report.json folds other sentences than a report does")
        own = canonical.plain(list(dict.fromkeys(known[title].sentences(seen))))
        for sentence in own:
            if sentence not in said:
                raise AssayError(f"{title} in report.json lacks what its own files give: {sentence}")
        if not said or (own and {*said} & {silent(known[title], told) for told in (True, False)}):
            raise AssayError(f"{title} in report.json says nothing, and there is something to tell")
        given, more = given + len(own), more + len({*said} - {*own})
    return f"{given} sentences of the nine fields follow from the report's own files, {more} more are of its evidence"


def check_slices(predicate: Mapping[str, Any], again: Recomputed) -> str:
    """The critical slices are those of the run, with what changed in each and how many of its controls were inspected.

    Raises:
        AssayError: something differs.
    """
    stated = {(one["track"], one["slice"]): one for one in predicate["slices"]}
    critical = {(one.track, one.slice): one for one in again.given.slices if one.critical}
    if {*stated} != {*critical} or len(stated) != len(predicate["slices"]):
        raise AssayError("the slices in report.json are not the critical slices of the run")
    for key, one in critical.items():
        broken, fixed = (_count(again.given, key, name) for name in ("broken", "fixed"))
        drawn, inspected = controls_of(again.heard, one.slice)
        wanted = {"moves": moves(one.n, broken, fixed), "controls": drawn, "controls_inspected": inspected}
        for name, value in wanted.items():
            if stated[key][name] != value:
                raise AssayError(
                    f"{name} of the slice {one.slice} does not follow from rules, metrics and events"
                )
    return f"{len(critical)} critical slices, with changes and controls counted again"


def _count(given: GateInput, key: Sequence[str], name: str) -> int | None:
    """A number of examples of a slice, as its track measured it; None where it did not."""
    found = [one.value for one in given.metrics if (one.track, one.slice) == key and one.name == name]
    numbers = [value for value in found if value is not None]
    return int(max(numbers)) if numbers else None


def _from_the_bundle(predicate: Mapping[str, Any], again: Recomputed) -> Reviewed:
    """What a report is written from, without what only the evidence knows."""
    decision = again.given.state.decision
    if decision is None:
        raise AssayError("no event of the report is its decision")
    return Reviewed(
        description={"review": predicate["review"]},
        models=predicate["models"],
        given=again.given,
        heard=again.heard,
        results=again.results,
        triggers=again.triggers,
        slices=(),
        changes=all_changes(again.heard),
        told={},
        attributed=frozenset(),
        decision=decision,
    )
