"""The choice by cross-fitting in words: what each half of the texts chose, for which, and by what figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.base.sql import dictionaries, queries
from analysis.tracks.intent.metric_specs import TRACK
from analysis.tracks.intent.names import INTEGRATED_GRADIENTS

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "options.sql")


def option_rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every option that was tried, with its figures on both sides: best first within its method and half.

    `connection` has the run attached as `evidence`.
    """
    return dictionaries(connection, _SQL["options"], {"track": TRACK})


def choice_sentences(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One sentence of each method: what was chosen, and whether the halves agree.

    Args:
        rows: of `option_rows`.
    """
    for method, own in _by_method(rows):
        chosen = {row["half"]: row for row in own if row["chosen"]}
        said = ", ".join(f"half {half} chose {_result(row)}" for half, row in sorted(chosen.items()))
        if len({row["option"] for row in chosen.values()}) == 1:
            found = f"{next(iter(chosen.values()))['title']}; both halves of the texts agree"
        else:
            found = "the halves disagree, and each text takes what the other half chose"
        yield f"{_subject(method, own)}: {found} ({said})"


def trial_sentences(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One sentence of each method and half: every option with its figures."""
    for method, own in _by_method(rows):
        for half in sorted({row["half"] for row in own}):
            tried = "; ".join(
                f"{row['title']} {_result(row, named=False)}" for row in own if row["half"] == half
            )
            yield f"{_subject(method, own)}, tried on half {half}: {tried}"


def _by_method(
    rows: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    for method in dict.fromkeys(row["method"] for row in rows):
        yield method, [row for row in rows if row["method"] == method]


def _subject(method: str, own: Sequence[Mapping[str, Any]]) -> str:
    what = "baseline" if method == INTEGRATED_GRADIENTS else "variant"
    return f"{what} of {own[0]['method_title']}"


def _result(row: Mapping[str, Any], *, named: bool = True) -> str:
    """Mean percentiles of one option, of how many texts, and how many of them it can explain."""
    name = f"{row['title']}: " if named else ""
    able = f"explains {row['usable']} of {row['texts']} texts"
    if row["base"] is None or row["candidate"] is None:
        return name + able
    return f"{name}{row['base']:.2f} base, {row['candidate']:.2f} candidate on {row['ranked']}, {able}"
