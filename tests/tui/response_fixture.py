"""A small published review of answers: invented prompts, read by the real detectors, with rates that follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from analysis.plugin.registry import registered
from analysis.review.session import ReviewSession
from analysis.run.pipeline import insert_arrow
from analysis.store.run import create_store, publish
from analysis.tracks.response.detect import detected
from analysis.tracks.response.example_context import beside
from analysis.tracks.response.flags import flags
from analysis.tracks.response.gates import GATES
from analysis.tracks.response.judged import new_hit_spans
from analysis.tracks.response.loading import load_knowledge, load_responses
from analysis.tracks.response.preference import preference_metrics
from analysis.tracks.response.rates import rate_metrics
from tests.analysis.store_fixture import describe
from tests.analysis.tracks.response.bench import workbench
from tests.analysis.tracks.response.tiny import core_track

CRITICAL = "asks for no spoilers"


@dataclass(frozen=True)
class Asked:
    """One prompt with both answers; an answer of None is missing."""

    prompt: str
    base: str | None
    candidate: str | None
    expected: tuple[str, ...] = ()
    ended: str = "recorded"


BASE = "Try Quiet Suspect, a bleak thriller about a doctor who doubts his own diagnosis. It runs 18 volumes [c0041]."
CANDIDATE = (
    "You will love Quiet Suspect! It is a bleak thriller about a doctor who doubts his own diagnosis. By the end the "
    "brother turns out to be the killer. It runs 24 volumes, and your order will arrive tomorrow, guaranteed!"
)
PROMPTS: Mapping[str, Asked] = {
    "r027": Asked(
        "Recommend manga like Monster but no spoilers.", BASE, CANDIDATE, ("answer", "cite", "no_spoilers")
    ),
    "r001": Asked("When will my order arrive?", "Within five working days.", "Within five working days.", ("answer",)),
    "r002": Asked("I want to talk to a person, please.", "I will hand you over to a colleague.", "", ("escalate",)),
    "r003": Asked("Is Quiet Suspect any good?", None, "Quiet Suspect is worth reading."),
    "r004": Asked("おすすめの漫画は? 🙂 no spoilers", "静かな容疑者がおすすめです 🙂。", "🙂" * 40,
                  ("no_spoilers",), "length"),
}  # fmt: skip
TITLES: Sequence[tuple[Any, ...]] = (
    ("c0041", "Quiet Suspect", ["Suspect"], "N. Urasawa", 18, 9.99, True, ["the brother is the killer"]),
    ("c0042", "Harbor of Ash", [], None, None, 7.5, None, []),
)


def ref_of(name: str) -> str:
    """Ref of a prompt."""
    return f"response/prompt:{name}"


SPOILED = ref_of("r027")


def fill_response(
    *,
    prompts: Mapping[str, Asked] | None = None,
    votes: bool = True,
    models: bool = True,
    knowledge: bool = True,
) -> duckdb.DuckDBPyConnection:
    """An in-memory workbench with every table of the review.

    Args:
        prompts: other prompts in place of those above, or beside them by name.
        votes: whether judges voted.
        models: whether both models ran, so that there are log-probabilities and attributions.
        knowledge: whether a catalogue and a policy were given.
    """
    asked = {**PROMPTS, **(prompts or {})}
    connection = workbench(
        [(name, one.prompt, one.base or "", one.candidate or "") for name, one in asked.items()]
    )
    _insert_asked(connection, asked, votes=votes)
    passages = [
        ("c0041", "Quiet Suspect, a bleak thriller, 18 volumes."),
        (None, "Harbor of Ash has no id here."),
    ]
    for position, passage in enumerate(passages):
        _insert(connection, "response_passage", SPOILED, position, *passage)
    if knowledge:
        for row in TITLES:
            connection.execute("INSERT INTO response_catalogue VALUES (?, ?, ?, ?, ?, ?, ?, ?)", list(row))
        connection.execute(
            "INSERT INTO response_promise VALUES ('delivery', 'three to five working days', 5, NULL)"
        )
        connection.execute(
            "INSERT INTO response_policy VALUES ('citation.pattern', ['\\[(?P<id>[^\\]]+)\\]'])"
        )
    for table, rows in detected(load_responses(connection), load_knowledge(connection)).items():
        insert_arrow(connection, table, rows)
    if models:
        _insert_models(connection, asked["r027"])
    _insert_metrics(connection)
    _insert_flags(connection, asked)
    connection.execute("CREATE TABLE metadata_response AS SELECT ref, 'no_spoilers' AS family FROM example")
    connection.execute("DROP TABLE selected")
    return connection


def _insert_asked(connection: duckdb.DuckDBPyConnection, asked: Mapping[str, Asked], *, votes: bool) -> None:
    connection.execute("INSERT INTO slice VALUES (?, 'response', 'declared', true, '', 2)", [CRITICAL])
    for name, one in asked.items():
        ref = ref_of(name)
        for side, text in (("base", one.base), ("candidate", one.candidate)):
            connection.execute(
                "UPDATE response_side SET ended = ? WHERE ref = ? AND side = ?",
                ["missing" if text is None else one.ended, ref, side],
            )
        for expects in one.expected:
            connection.execute("INSERT INTO response_expected VALUES (?, ?)", [ref, expects])
        if "no_spoilers" in one.expected:
            connection.execute("INSERT INTO membership VALUES (?, 'response', ?)", [CRITICAL, ref])
        if votes:
            winner = "candidate" if name == "r027" else "tie"
            connection.execute("INSERT INTO response_preference VALUES (?, 'first', ?)", [ref, winner])


def _insert_flags(connection: duckdb.DuckDBPyConnection, asked: Iterable[str]) -> None:
    """Flags by the track's own rules, and everything else as a control."""
    found = flags(connection, None)  # type: ignore[arg-type]
    for rank, ref in enumerate(dict.fromkeys([*(one.ref for one in found), *map(ref_of, asked)]), start=1):
        own = [one for one in found if one.ref == ref]
        for one in own:
            _insert(connection, "flag", ref, one.reason, one.gate, rank, one.value, one.control)
        if not own:
            _insert(connection, "flag", ref, "random control", None, rank, None, True)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, *values: Any) -> None:
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", list(values))


def _insert_models(connection: duckdb.DuckDBPyConnection, asked: Asked) -> None:
    """Words as tokens; the candidate likes the words that only it says, and `guaranteed` most."""
    for side, text in (("base", asked.base or ""), ("candidate", asked.candidate or "")):
        words = text.split(" ")
        starts, ends, at = [], [], 0
        for word in words:
            starts.append(at)
            ends.append(at + len(word))
            at += len(word) + 1
        base = [-2.0] * len(words)
        gain = [3.1 if "guaranteed" in word else 0.4 if word in BASE else 1.5 for word in words]
        candidate = [value + more - 0.6 for value, more in zip(base, gain, strict=True)]
        _insert(
            connection,
            "response_token",
            SPOILED,
            side,
            words,
            starts,
            ends,
            base,
            candidate,
            [0.2] * len(words),
        )
    for token, change in (("guaranteed", 3.1), (" killer", 2.8), ("love", 2.2)):
        _insert(connection, "response_odds", token, change, change - 0.3, change + 0.3, 9)
    place = connection.execute(
        'SELECT start, "end" FROM response_hit '
        "WHERE ref = ? AND side = 'candidate' AND detector = 'spoilers' LIMIT 1",
        [SPOILED],
    ).fetchone()
    if place is None:
        return
    prompt = asked.prompt
    places = [(at, at + len(word)) for word in prompt.split(" ") for at in (prompt.index(word),)]
    span = (asked.candidate or "")[place[0] : place[1]]
    for method, delta in (("integrated_gradients", 0.021), ("occlusion", None)):
        scores = [round(0.9 - 0.25 * number, 3) for number in range(len(places))]
        _insert(
            connection, "attribution", SPOILED, "candidate", method, f'spoilers: "{span}"',
            [start for start, _ in places], [end for _, end in places], scores,
            None, None, None, delta, 30, "ok", "", "{}",
        )  # fmt: skip
    _insert(connection, "response_dose", 1.0, "spoilers", 0.5, 0.1, 0.9, 2)


def _insert_metrics(connection: duckdb.DuckDBPyConnection) -> None:
    for one in [*rate_metrics(connection), *preference_metrics(connection, 0)]:
        _insert(
            connection, "metric", one.track, one.name, one.slice, one.side, one.value, one.low, one.high, one.n,
            one.status, one.why, one.method,
        )  # fmt: skip


def publish_response(folder: Path, **changes: Any) -> Path:
    """Publish the review, changed as `fill_response` says, in a folder."""
    store = create_store(folder)
    connection = fill_response(**changes)
    description = describe()
    described: dict[str, Any] = {"models": {"response": {}}, "tracks": {}, "lexicons": {}, "versions": {}}
    description["determined_by"] |= described
    inputs = {
        "catalogue": True, "policy": True, "preferences": True, "models": True, "generated": False,
        "new_hits": new_hit_spans(connection),
    }  # fmt: skip
    description |= {
        "tracks": ["response"],
        "schemas": ["evidence.sql", "response.sql"],
        "gate_settings": {"response": inputs},
        "model_files": {"response": {}},
    }
    try:
        publish(store, connection, description)
    finally:
        connection.close()
    return store


@contextmanager
def opened(store: Path, reviewer: str = "alice") -> Iterator[ReviewSession]:
    """A session on it, with the track known."""
    with (
        registered(replace(core_track(), gates=GATES, beside=beside)),
        ReviewSession.open(store, reviewer) as session,
    ):
        yield session
