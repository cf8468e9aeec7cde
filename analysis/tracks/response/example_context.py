"""What the console shows with a prompt: the hits with what people said of them, and what they were checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL
from analysis.base.sql import queries
from analysis.store.keys import ref_key
from analysis.tracks.response.gate_keys import LENGTH, TRADEOFF, key_of
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

Rows = tuple[dict[str, Any], ...]

MOST_UPWEIGHTED = 8
"""Tokens whose log-probability rose most that are read."""
MOST_TITLES = 12
"""Rows of the catalogue that are read with a prompt."""

_SQL = queries(__package__, "example.sql")


def example_context(connection: duckdb.DuckDBPyConnection, ref: str) -> dict[str, Rows]:
    """What belongs to a prompt beside its own rows by side; empty for an unknown ref.

    Both responses, the outcomes and the tokens with their log-probabilities are payload by ref and side and come
    with every example; here is the rest.

    Args:
        connection: has the run's evidence attached as `evidence`, and the events beside.
        ref: a prompt.

    Returns:
        Rows by name: `turns` (role and text of each turn of a prompt that has turns, and the characters of the
        example's text that are it, or None), `detectors` (those of the run: name, kind, title, languages,
        against), `behaviours` (those that count on the prompt: name, question, role, strict, leads, any_of),
        `labels` (what was recorded of either answer), `spans` (side, detector, start, end, label, why, counts; what
        counts first), `judged` (what each reviewer said of a span: verdict, actor, reviewer), `passages`,
        `expected`, `votes`, `catalogue` and `promises` (those that the spans were checked against), `rates`
        (metrics of the slices that the prompt is in, critical ones first and `all` last, those of behaviours in
        their order, each with `critical`, with the `behaviour` whose leads it counts or None, and with the key of
        the `gate` that reads it, or None), `upweighted` (tokens whose log-probability rose most), `dose` (rates by
        scale of the adapter) and `deployed` (what the forms that will be served answer, where that is not the
        candidate's greedy answer).
    """

    def rows(name: str, **given: Any) -> Rows:
        result = connection.execute(_SQL[name], given)
        columns = [column[0] for column in result.description or ()]
        return tuple(dict(zip(columns, row, strict=True)) for row in result.fetchall())

    key = ref_key(connection, ref)
    if key is None:
        return {}
    rates = rows("rates", key=key, track=TRACK, all=ALL)
    return {
        **{
            name: rows(name, key=key)
            for name in (
                "turns",
                "behaviours",
                "labels",
                "spans",
                "passages",
                "expected",
                "deployed",
            )
        },
        **{name: rows(name, ref=ref) for name in ("judged", "votes")},
        "detectors": rows("detectors"),
        "catalogue": rows("catalogue", words=words_against(connection, key, "catalogue"), most=MOST_TITLES),
        "promises": rows("promises", words=words_against(connection, key, "policy")),
        "rates": tuple({**row, "gate": gate_of(row)} for row in rates),
        "upweighted": rows("upweighted", most=MOST_UPWEIGHTED),
        "dose": rows("dose"),
    }


def words_against(
    connection: duckdb.DuckDBPyConnection, key: int, against: str, within: str | None = None
) -> str | None:
    """What detectors that check against something say of the answers to a prompt; None where they say nothing.

    Args:
        connection: has the run's evidence attached as `evidence`.
        key: of the prompt.
        against: `catalogue` or `policy`.
        within: only of stretches that this text holds, too; of all by default.
    """
    given = {"key": key, "against": against, "within": within}
    row = connection.execute(_SQL["said"], given).fetchone()
    return row[0] if row is not None else None


def gate_of(row: Mapping[str, Any]) -> str | None:
    """Key of the gate that reads a metric in its slice, or None."""
    if row["slice"] == ALL and row["name"] == "length":
        return LENGTH
    if row["slice"] == ALL and row["name"] in ("win_rate", "win_rate_length_controlled"):
        return TRADEOFF
    of: str | None = row["behaviour"]
    judged = row["slice"] == ALL or row["critical"]
    return key_of(of, row["slice"]) if judged and of is not None else None
