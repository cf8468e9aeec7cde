"""What a reviewer may say of a slice: what is known, what controls say of the slice, what of the future."""

from __future__ import annotations

import duckdb

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput
from analysis.base.sql import column, queries
from analysis.plugin.flag import RANDOM_CONTROL
from analysis.plugin.gate import judgement, judges_of
from analysis.stats.bounds import clopper_pearson, hypergeometric_upper

CONFIDENCE = 0.95
_SQL = queries(__package__, "coverage.sql")


def slice_sentences(
    connection: duckdb.DuckDBPyConnection, given: GateInput, slice_name: str, track: str | None = None
) -> tuple[str, str, str]:
    """The three sentences on one slice, never to be merged.

    Known is counted over the whole slice. The bounds use random controls only, which no score chose: those of a
    critical slice, or, of any other, those drawn from what is in no critical slice, of which alone they then speak. A
    control counts as failed where the candidate's side is wrong, and where nobody could tell or reviewers do not agree:
    what is hard to judge is not taken for right. There is no bound while a control is open, for who looks until it
    suits has none. This slice: hypergeometric bound on the failing examples in it. Future traffic: Clopper-Pearson
    bound on their rate, if future messages are like these. Both are one-sided at 95 %, each by itself.

    Args:
        connection: a session's connection, its tables up to date.
        given: what people said, as the gates hear it.
        slice_name: the slice.
        track: its track, where two tracks have slices of that name.

    Raises:
        AssayError: there is no such slice.
    """
    row = connection.execute(_SQL["slice"], {"slice": slice_name, "track": track}).fetchone()
    if row is None:
        raise AssayError(f"there is no slice {slice_name!r} in this run")
    n, of_track, broken, fixed, critical = row
    if n == 0:
        return ("No example is in this slice.", "Nothing can be said of it.", "Nothing can be said of it.")
    if broken is None or fixed is None:
        known = f"Of {n}, changes were not counted."
    else:
        told = _judged(connection, given, slice_name, of_track, int(broken + fixed))
        known = f"Of {n}, {int(broken)} broken and {int(fixed)} fixed{told}."
    asked: dict[str, object] = {"slice": slice_name, "track": of_track}
    of = "its"
    if not critical:
        (rest,) = connection.execute(_SQL["rest"], asked).fetchone() or (0,)
        if rest < n:
            n, of = rest, "outside critical slices, its"
    reason = f"{RANDOM_CONTROL} of {slice_name}" if critical else RANDOM_CONTROL
    controls = column(connection, _SQL["controls"], {"reason": reason, **asked})
    drawn = len(controls)
    still_open = sum(judges_of(given.state, ref) < given.reviewers_required for ref in controls)
    failed = sum(judgement(given.state, ref) not in ("candidate", "both") for ref in controls)
    if drawn == 0:
        where = "in it" if of == "its" else "in it outside critical slices"
        nothing = f"No random control was drawn {where}, so what was not looked at is unknown."
        return (
            known,
            nothing,
            f"No random control was drawn {where}, so nothing can be said of future traffic.",
        )
    if still_open:
        waits = f"{still_open} of {drawn} random controls are still to be judged: no bound before."
        return known, waits, waits
    most, rate = bounds(failed, drawn, n)
    seen = f"{failed} of {drawn} random controls wrong or not told"
    this_slice = f"{seen}: at most {most} of {of} {n} are, at 95 % confidence."
    future = f"{seen}: at most {100 * rate:.1f} % of future messages are, if they are like these."
    return known, this_slice, future


def _judged(
    connection: duckdb.DuckDBPyConnection, given: GateInput, slice_name: str, track: str, changed: int
) -> str:
    """How many of the examples of a slice that broke or were fixed somebody judged, in words; nothing for none."""
    said = [
        one.ref
        for one in given.contested
        if (one.track, one.slice) == (track, slice_name) and one.gold and one.ref in given.state.said
    ]
    asked = {"slice": slice_name, "track": track, "refs": said}
    judged = int(column(connection, _SQL["among"], asked)[0])
    if judged == 0:
        return ""
    return ", all judged" if judged >= changed else f", {judged} of them judged"


def bounds(failed: int, drawn: int, n: int) -> tuple[int, float]:
    """How many of n can be wrong, and which share of future traffic, where so many of the controls drawn were."""
    rate = clopper_pearson(failed, drawn, CONFIDENCE, "upper")[1]
    return hypergeometric_upper(failed, drawn, n, CONFIDENCE), rate
