"""What people hold answers against while they may not know whose they are: titles, promises of policy, passages.

All of it is found by the words that are shown. What detectors say is used to find rows and is never shown: a reader
who knew what a lead points at would repeat it, and labels measure the leads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.base.sql import queries
from analysis.plugin.question import Fact
from analysis.store.keys import ref_key
from analysis.text.lexicon import STOPWORDS, Lexicon
from analysis.text.units import pieces
from analysis.tracks.response.example_context import MOST_TITLES, words_against
from analysis.tracks.response.reference_words import passage_text, promise_text, title_text

if TYPE_CHECKING:
    import duckdb

MOST_PROMISES = 4
"""Promises of policy that are shown, those first that share most words with the texts."""
STEM = 5
"""Letters by which two forms of a word are told as one."""
COMMON = 3
"""A word in so many promises says nothing about which one is meant."""
NO_TITLE = "no title of it is named here"
NO_PASSAGE = "none was retrieved"

_SQL = queries(__package__, "example.sql")
_EMPTY = frozenset(word[:STEM] for word in STOPWORDS)

Row = Mapping[str, Any]


def reference_facts(
    connection: duckdb.DuckDBPyConnection, ref: str, answers: Sequence[str]
) -> tuple[Fact, ...]:
    """The rows of what the review gives to check answers against, of the kinds that anybody is asked about.

    Args:
        connection: has the run's evidence attached as `evidence`.
        ref: a prompt.
        answers: the texts that are shown.
    """
    key = ref_key(connection, ref)
    if key is None:
        return ()

    def rows(name: str, **given: Any) -> list[Row]:
        result = connection.execute(_SQL[name], given)
        columns = [column[0] for column in result.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    prompt = connection.execute(_SQL["prompt"], {"key": key}).fetchone()
    shown = "\n".join((prompt[0] if prompt is not None else "", *answers))

    def said(against: str) -> str | None:
        return words_against(connection, key, against, shown)

    asked = {row[0] for row in connection.execute(_SQL["asked_against"], {"key": key}).fetchall()}
    found: list[Fact] = []
    if "catalogue" in asked and rows("has_catalogue"):
        near = rows("catalogue", words=said("catalogue"), most=MOST_TITLES)
        titles = titles_named(shown, rows("titles_in", text=shown.lower()), near)
        found += [Fact("catalogue", _with_spoilers(row)) for row in titles] or [Fact("catalogue", NO_TITLE)]
    policy = rows("policy") if "policy" in asked else []
    if policy:
        near = rows("promises", words=said("policy"))
        promises = promises_about(shown, policy, near if len(near) < len(policy) else ())
        found += [Fact("policy", promise_text(row)) for row in promises]
        others = ", ".join(row["about"] for row in policy if row not in promises)
        found += [Fact("policy", f"it {'also ' if promises else ''}speaks of: {others}")] if others else []
    if "passages" in asked:
        passages = rows("passages", key=key)
        found += [Fact("passages", passage_text(row)) for row in passages] or [Fact("passages", NO_PASSAGE)]
    return tuple(found)


def titles_named(text: str, candidates: Sequence[Row], near: Sequence[Row]) -> list[Row]:
    """The titles that a text names, in its order, then those that it spells otherwise; at most `MOST_TITLES`.

    Of names within each other the longest counts; a title of one word counts as it is written, since a lantern is
    no `Lantern`.

    Args:
        text: what is shown.
        candidates: rows of the catalogue whose name stands somewhere in the text.
        near: rows that detectors take names of the text for.
    """
    names = [(name, row) for row in candidates for name in (row["title"], *row["aliases"]) if name]
    written_so = {name for name, _ in names}
    by_folded: dict[str, list[Row]] = {}
    for name, row in names:
        by_folded.setdefault(name.lower(), []).append(row)
    found: dict[str, Row] = {}
    for start, end, _ in Lexicon("titles", tuple(written_so)).find(text):
        written = text[start:end]
        if " " not in written and written not in written_so:
            continue
        found |= {row["id"]: row for row in by_folded.get(written.lower(), ())}
    found |= {row["id"]: row for row in near if row["id"] not in found}
    return list(found.values())[:MOST_TITLES]


def promises_about(text: str, policy: Sequence[Row], near: Sequence[Row]) -> list[Row]:
    """The promises of policy that share most words with a text, and before them those that claims in it name.

    One shared word is enough where it names the matter of the promise, else it takes two. Of a policy of few promises
    all are shown: that no word is shared says little of what was promised.

    Args:
        text: what is shown.
        policy: all promises.
        near: those that detectors name.
    """
    own = _stems(text)
    stems = [_stems(f"{row['about']} {row['text']}") for row in policy]
    counts = Counter(stem for one in stems for stem in one)
    telling = {stem for stem, count in counts.items() if count < COMMON}
    shared = [one & own & telling for one in stems]
    scored = [
        (len(one) + len(one & _stems(row["about"])), row) for one, row in zip(shared, policy, strict=True)
    ]
    few = len(policy) <= MOST_PROMISES
    # A sort keeps the order of those that are alike.
    others = [row for score, row in sorted(scored, key=lambda one: -one[0]) if few or score > 1]
    return [*near, *(row for row in others if row not in near)][:MOST_PROMISES]


def _stems(text: str) -> set[str]:
    return {piece.lower()[:STEM] for piece in pieces(text) if len(piece) > 3} - _EMPTY


def _with_spoilers(row: Row) -> str:
    spoilers = "; ".join(row["spoilers"])
    return title_text(row) + (f" · not to be told: {spoilers}" if spoilers else "")
