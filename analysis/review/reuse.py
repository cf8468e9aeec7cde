"""How often a data set was used: which candidate on it this one is, and what differed from run to run.

Pure functions of what runs say of themselves. Whoever tries twenty equal candidates on one set sees the best of them
win; whoever changes seed, slices or data until a review passes ought to be seen doing so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import rfc8785

_PLAIN = {
    "queue": "the queue",
    "lexicons": "lexicons",
    "expected": "declared changes",
    "device": "the device",
    "dtype": "the number format",
    "plug_ins": "plug-ins",
    "previous": "previous reviews",
    "format": "the format of runs",
    "taught": "labels that teach leads",
}
_OF_TRACK = {"data": "data", "metadata": "metadata", "payload": "further data", "plug_in": "plug-in"}


@dataclass(frozen=True, slots=True)
class CandidateRun:
    """One run of a candidate on a data set, as later reviews remember it.

    Args:
        review: name of its review.
        candidate_version: what its candidate is called.
        run: its name.
        candidates: digest of the candidate by track.
        data: digest of the evaluation data by track.
        decision: what was decided, None where nothing was.
        wrong: content digests of the examples on which the candidate was judged wrong, by ref.
    """

    review: str
    candidate_version: str
    run: str
    candidates: dict[str, str]
    data: dict[str, str]
    decision: str | None = None
    wrong: dict[str, str] = field(default_factory=dict)

    def same_data(self, data: Mapping[str, str]) -> list[str]:
        """The tracks whose evaluation data are those given by track."""
        return [track for track, digest in self.data.items() if data.get(track) == digest]


@dataclass(frozen=True, slots=True)
class RunStep:
    """One run of a store, and what differed from the one before it; nothing for the first."""

    run: str
    differed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reuse:
    """How often the data of a run were used.

    Args:
        data: digest of the evaluation data by track.
        candidates: how many candidates were looked at on the same data, this one counted, by track.
        runs: the runs of this store, in the order in which they were made.
        previous: runs of previous reviews.
        unreadable: runs of this store that cannot be read, and so are counted nowhere.
    """

    data: dict[str, str]
    candidates: dict[str, int]
    runs: tuple[RunStep, ...]
    previous: tuple[CandidateRun, ...]
    unreadable: tuple[str, ...] = ()


def candidate_run(
    description: Mapping[str, Any], decision: str | None = None, wrong: Mapping[str, str] | None = None
) -> CandidateRun:
    """A run as later ones remember it, from its `run.json` and what people said of it."""
    determined, review = description["determined_by"], description["review"]
    tracks = determined["tracks"]
    return CandidateRun(
        review=review["name"],
        candidate_version=review.get("candidate_version") or "candidate",
        run=description["run"],
        candidates={track: _candidate(determined, track) for track in tracks},
        data={track: one["data"] for track, one in tracks.items()},
        decision=decision,
        wrong=dict(wrong or {}),
    )


def _candidate(determined: Mapping[str, Any], track: str) -> str:
    """What tells one candidate of a track from another: its model, else all that was recorded of it."""
    side = determined["models"].get(track, {}).get("candidate")
    return str(side["digest"]) if side else entry_digest(determined["tracks"][track].get("payload", {}))


def entry_digest(entry: Mapping[str, Any]) -> str:
    """SHA-256 of the RFC 8785 form of plain data."""
    return hashlib.sha256(rfc8785.dumps(dict(entry))).hexdigest()


def remembered(description: Mapping[str, Any]) -> tuple[CandidateRun, ...]:
    """The runs of previous reviews that a run was analysed with, theirs included."""
    known = CandidateRun.__dataclass_fields__
    return tuple(
        CandidateRun(**{name: value for name, value in one.items() if name in known})
        for one in description.get("previous", ())
    )


def recorded(runs: Iterable[CandidateRun], data: Mapping[str, str]) -> list[dict[str, Any]]:
    """Previous runs as `run.json` records them; `same_data` names the tracks whose data are these."""
    return [{**asdict(one), "same_data": one.same_data(data)} for one in runs]


def candidate_counts(own: CandidateRun, others: Iterable[CandidateRun]) -> dict[str, int]:
    """How many different candidates were looked at on the data of a run, itself counted, by track."""
    found = {track: {digest} for track, digest in own.candidates.items()}
    for one in others:
        for track in one.same_data(own.data):
            found[track].add(one.candidates[track])
    return {track: len(digests) for track, digests in found.items()}


def labels_teach(count: int) -> str:
    """How many labels that people gave in a store teach leads, in words."""
    return f"{count:,} label{'' if count == 1 else 's'} that people gave before teach the leads"


def in_order(descriptions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The runs of a store in the order in which they were made: each knows those that were there before it."""
    return sorted(descriptions, key=lambda one: (len(one.get("after", ())), one["run"]))


def reuse_of(
    description: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], unreadable: Sequence[str] = ()
) -> Reuse:
    """How often the data of a run were used.

    Args:
        description: the run's `run.json`.
        runs: those of all runs of its store.
        unreadable: runs of its store that have none that can be read.
    """
    ordered = in_order(runs)
    before: list[Mapping[str, Any] | None] = [None, *ordered]
    steps = tuple(
        RunStep(one["run"], differences(last["determined_by"], one["determined_by"]) if last else ())
        for last, one in zip(before, ordered, strict=False)
    )
    previous = remembered(description)
    own = candidate_run(description)
    counts = candidate_counts(own, [*map(candidate_run, runs), *previous])
    return Reuse(own.data, counts, steps, previous, tuple(unreadable))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between what determined two runs, in words."""
    found = _changed(before["review"], after["review"])
    found += [words for name, words in _PLAIN.items() if before.get(name) != after.get(name)]
    rules = _changed(before["rules"], after["rules"])
    found += [f"thresholds of {', '.join(rules)}"] if rules else []
    for track in sorted({*before["tracks"], *after["tracks"]}):
        if track not in before["tracks"] or track not in after["tracks"]:
            found.append(f"the track {track}")
            continue
        found += _of_track(track, before["tracks"][track], after["tracks"][track])
        old, new = (
            {**one["models"].get(track, {}), **one.get("deployed", {}).get(track, {})}
            for one in (before, after)
        )
        found += [
            f"the {side} of {track}"
            for side in sorted({*old, *new})
            if old.get(side, {}).get("digest") != new.get(side, {}).get("digest")
        ]
    versions = _changed(before["versions"], after["versions"])
    return (*found, *([f"versions of {', '.join(versions)}"] if versions else []))


def _of_track(track: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    found = [
        f"{words} of {track}" for name, words in _OF_TRACK.items() if before.get(name) != after.get(name)
    ]
    settings = _changed(before["settings"], after["settings"])
    found += [f"{name} of {track}" for name in settings]
    stages = _changed(before.get("stages", {}), after.get("stages", {}))
    return [*found, *([f"stages {', '.join(stages)}"] if stages else [])]


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The keys whose values differ."""
    return [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]


def plain(reuse: Reuse, mains: Mapping[str, str]) -> dict[str, Any]:
    """What gate and report read of it, as plain data.

    Args:
        reuse: how often the data were used.
        mains: the metric that stands for a slice, by track.
    """
    told = ("review", "candidate_version", "run", "decision")
    own = reuse.candidates
    return {
        "candidates": dict(own),
        "mains": {track: name for track, name in mains.items() if track in own and name},
        "runs": [{"run": one.run, "differed": list(one.differed)} for one in reuse.runs],
        "previous": [
            {**{name: getattr(one, name) for name in told}, "same_data": one.same_data(reuse.data)}
            for one in reuse.previous
        ],
    }


def reuse_note(reuse: Reuse) -> str:
    """One line on how often the data were used; empty where this is the first run of the first candidate."""
    most, runs = max(reuse.candidates.values(), default=1), len(reuse.runs)
    told = f"{ordinal(most)} candidate on this data set; {runs} run{'s' if runs > 1 else ''} of this store"
    if reuse.unreadable:
        return f"{told}; not counted, since they cannot be read: {', '.join(reuse.unreadable)}"
    return told if most > 1 or runs > 1 else ""


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th ... 11th."""
    last = 0 if number // 10 % 10 == 1 else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"
