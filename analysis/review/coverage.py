"""What a reviewer may say of a slice: what is known, what controls say of the slice, what of the future."""

from __future__ import annotations

import duckdb

from analysis.base.errors import AssayError
from analysis.base.sql import queries
from analysis.stats.bounds import clopper_pearson, hypergeometric_upper

CONFIDENCE = 0.95
_SQL = queries(__package__, "coverage.sql")


def slice_sentences(
    connection: duckdb.DuckDBPyConnection, run: str, slice_name: str, track: str | None = None
) -> tuple[str, str, str]:
    """The three sentences on one slice, never to be merged.

    Known is counted over the whole slice. The bounds use random controls only, which no score chose; those
    with a verdict of `acceptable` or `unacceptable` count. This slice: hypergeometric bound on the
    unacceptable examples in it. Future traffic: Clopper-Pearson bound on their rate, if future messages are
    like these. Both are one-sided at 95 %.

    Args:
        connection: a session's connection, its tables up to date.
        run: the run in question.
        slice_name: the slice.
        track: its track, where two tracks have slices of that name.

    Raises:
        AssayError: there is no such slice.
    """
    row = connection.execute(_SQL["slice"], {"slice": slice_name, "track": track}).fetchone()
    if row is None:
        raise AssayError(f"there is no slice {slice_name!r} in this run")
    n, of_track, broken, fixed = row
    if n == 0:
        return ("No example is in this slice.", "Nothing can be said of it.", "Nothing can be said of it.")
    if broken is None or fixed is None:
        known = f"Of {n}, changes were not counted."
    else:
        known = f"Of {n}, {int(broken)} broken and {int(fixed)} fixed."
    inspected, failed = _controls(connection, run, slice_name, of_track)
    if inspected == 0:
        nothing = "No random control in it was judged, so what was not looked at is unknown."
        return known, nothing, "No random control in it was judged, so nothing can be said of future traffic."
    most = hypergeometric_upper(failed, inspected, n, CONFIDENCE)
    rate = clopper_pearson(failed, inspected, CONFIDENCE, "upper")[1]
    seen = f"{failed} of {inspected} random controls unacceptable"
    this_slice = f"{seen}: at most {most} of its {n} are, at 95 % confidence."
    future = f"{seen}: at most {100 * rate:.1f} % of future messages are, if they are like these."
    return known, this_slice, future


def _controls(
    connection: duckdb.DuckDBPyConnection, run: str, slice_name: str, track: str
) -> tuple[int, int]:
    """Number of judged random controls in a slice, and how many of them anybody called unacceptable."""
    asked = {"run": run, "slice": slice_name, "track": track}
    row = connection.execute(_SQL["controls"], asked).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
