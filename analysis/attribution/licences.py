"""What stands behind an explanation: licences, and what may support a finding.

An attribution supports a finding only where it passed the tests of its licence. A counterfactual needs no
licence: it asks the models themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from analysis.base.errors import AssayError
from analysis.base.records import Attribution, Metric, Side, track_of
from analysis.base.sql import column, identifier, queries, records
from analysis.store.shown import EvidenceTables

_SQL = queries(__package__, "licences.sql")
NOT_TESTED = "no licence was tested"

EvidenceKind = Literal["counterfactual", "attribution"]


@dataclass(frozen=True, slots=True)
class Licence:
    """The numbers of one attribution's tests; None where a test does not apply to its method.

    `chance_p` is None too where another test has failed and few random rankings did not say. `rankings` is how many
    were drawn for it, as many as the decision needs; `chance_percentile` is among a fixed number of them, and None
    where no aggregate reads it.
    """

    neutral: bool | None
    converged: bool | None
    words: int
    decidable: bool
    comprehensiveness: float | None
    sufficiency: float | None
    faithfulness: float | None
    chance_p: float | None
    chance_percentile: float | None
    rankings: int | None
    overlap: float | None
    overlap_chance: float | None


@dataclass(frozen=True, slots=True)
class AttributionLicence(Licence):
    """The licence of one attribution: a row of the view `TRACK_licensed`.

    `licensed` is None where the text is too short to decide; `why` has the reasons, '' where it is licensed.
    """

    side: Side
    method: str
    target: str
    licensed: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an attribution may support a finding, and why not. `licensed` is None where it is undecidable."""

    licensed: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class FindingEvidence:
    """What a finding stands on: counterfactuals, or one attribution, which has to be licensed.

    `method`, `side` and `target` name the attribution; for a counterfactual they are None.
    """

    kind: EvidenceKind
    method: str | None = None
    side: Side | None = None
    target: str | None = None

    def __str__(self) -> str:
        if self.kind == "counterfactual":
            return "counterfactual"
        return f"attribution: {self.method} of the {self.side} for {self.target}"


def attribution_licences(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, track: str, ref: str
) -> tuple[AttributionLicence, ...]:
    """The licences of one example's attributions; none where the run tested none."""
    view = f"{track}_licensed"
    if view not in tables.names:
        return ()
    query = _SQL["licences"].format(source=identifier(view))
    return tuple(records(connection, AttributionLicence, query, {"ref": ref}))


def slice_licences(
    connection: duckdb.DuckDBPyConnection, track: str, slices: Sequence[str]
) -> tuple[Metric, ...]:
    """The metrics of the licence of some slices: `licence`, its share and the numbers of its tests."""
    return tuple(
        records(connection, Metric, _SQL["slice_licences"], {"track": track, "slices": list(slices)})
    )


def standing(entry: Attribution, licences: Sequence[AttributionLicence]) -> Standing:
    """Whether an attribution may support a finding."""
    key = (entry.side, entry.method, entry.target)
    found = next((one for one in licences if (one.side, one.method, one.target) == key), None)
    if entry.status == "not interpretable":
        return Standing(False, entry.why or entry.status)
    if found is None:
        return Standing(False, entry.why or NOT_TESTED)
    return Standing(found.licensed, found.why)


def check_evidence(
    connection: duckdb.DuckDBPyConnection,
    tables: EvidenceTables,
    refs: Sequence[str],
    evidence: FindingEvidence,
) -> None:
    """See whether some examples have the evidence that a finding names.

    Raises:
        AssayError: an example without that attribution, one whose attribution is not licensed, or examples
            from which no counterfactual was made.
    """
    if not refs:
        raise AssayError("a finding that names its evidence needs an example")
    if evidence.kind == "counterfactual":
        _check_counterfactuals(connection, refs)
        return
    for ref in refs:
        track = track_of(ref)
        entry = _attribution(connection, ref, evidence)
        if entry is None:
            raise AssayError(f"{ref} has no {evidence}", hint="name an attribution that this example has")
        found = standing(entry, attribution_licences(connection, tables, track, ref))
        if not found.licensed:
            raise AssayError(
                f"this attribution cannot support a finding, it is not licensed: {found.why}",
                where=ref,
                hint="choose a counterfactual, a licensed attribution, or no evidence",
            )


def _check_counterfactuals(connection: duckdb.DuckDBPyConnection, refs: Sequence[str]) -> None:
    if not column(connection, _SQL["counterfactuals"], {"refs": list(refs)})[0]:
        raise AssayError("no counterfactual was made from these examples", where=refs[0])


def _attribution(
    connection: duckdb.DuckDBPyConnection, ref: str, evidence: FindingEvidence
) -> Attribution | None:
    named = {"ref": ref, "method": evidence.method, "side": evidence.side, "target": evidence.target}
    return next(iter(records(connection, Attribution, _SQL["attribution"], named)), None)
