"""Verdicts that a reviewer gave in a previous review, offered again where nothing that was asked has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.records import track_of
from analysis.base.review_records import Label, Right
from analysis.plugin import registry
from analysis.plugin.question import Question
from analysis.review.asked import Asked, Choice
from analysis.review.previous import SQL, opened
from analysis.store.run import open_store, read_description, run_names


@dataclass(frozen=True, slots=True)
class EarlierVerdict:
    """What the same account said of the same example, asked the same, in a previous review.

    Args:
        right: which side is right; its candidate gave the same answer as this one.
        reviewer: the name that was shown beside it.
        review: name of the previous review.
        date: when, as an ISO date.
        blind: whether it was given before the sides were shown.
        run: the run that it was given in.
        event_id: its event.
        hash: of that event.
        labels: what it was made of, where each answer was asked by itself.
    """

    right: Right
    reviewer: str
    review: str
    date: str
    blind: bool
    run: str
    event_id: str
    hash: str
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class _Given:
    """A verdict with what was asked: content of the example, the question, and both answers."""

    ts: str
    sha256: str
    question: Question
    verdict: EarlierVerdict


class EarlierVerdicts:
    """What one account said in previous reviews, read once.

    Args:
        stores: folders of the previous reviews.
        actor: the account.

    Attributes:
        unreadable: why a store is left out, where one is: a previous review that is gone stops nobody.
    """

    def __init__(self, stores: Sequence[Path], actor: str) -> None:
        self.unreadable: list[str] = []
        self._given: dict[str, list[_Given]] = {}
        for path in stores:
            try:
                self._read(path, actor)
            except AssayError as error:
                self.unreadable.append(f"{path.name}: {error.message}")
        for given in self._given.values():
            given.sort(key=lambda one: (one.ts, one.verdict.run), reverse=True)

    def of(self, ref: str, sha256: str, question: Question) -> EarlierVerdict | None:
        """The latest verdict on an example of that content, asked that question with those answers."""
        found = (one for one in self._given.get(ref, ()) if (one.sha256, one.question) == (sha256, question))
        return next((one.verdict for one in found), None)

    def _read(self, path: Path, actor: str) -> None:
        for run in run_names(open_store(path)):
            description = read_description(path, run)
            name = description["review"]["name"]
            with opened(path, run) as connection:
                said = connection.execute(SQL["judged_by"], {"run": run, "actor": actor}).fetchall()
                for ref, sha256, right, blind, reviewer, ts, event_id, digest, labels in said:
                    track = track_of(ref)
                    question = registry.get(track).ask(connection, ref) if registry.known(track) else None
                    if question is None:
                        continue
                    told = tuple(Label(*one) for one in labels)
                    verdict = EarlierVerdict(
                        right, reviewer, name, ts[:10], blind, run, event_id, digest, told
                    )
                    self._given.setdefault(ref, []).append(_Given(ts, sha256, question, verdict))


def confirmation(earlier: EarlierVerdict) -> Mapping[str, str]:
    """What the event of a confirmed verdict says of the one that it confirms."""
    return {"event_id": earlier.event_id, "hash": earlier.hash, "run": earlier.run, "review": earlier.review}


def choice_of(asked: Asked, right: Right) -> Choice:
    """A verdict as a choice on a page whose sides are hidden, so that the offer does not tell which side is which.

    Raises:
        ValueError: the question is a known-answer item, whose answers are of no side.
    """
    if asked.order is None:
        raise ValueError("the answers of a known-answer item are of no side")
    if right in ("neither", "unsure"):
        return right
    if right == "both" or len(asked.answers) == 1:
        return "either"
    return "first" if asked.order[0] == right else "second"
