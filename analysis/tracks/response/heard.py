"""What is known of answers: what people said when asked, their word on spans, and what was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from analysis.base.gate_records import GateInput
from analysis.base.records import SIDES, Side
from analysis.base.review_records import Answer
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.role_names import WANTED

Fault = Answer
"""Whether an answer is at fault in a behaviour: yes, no, or unsure where people could not tell or do not agree."""


@dataclass(frozen=True)
class Behaviour:
    """A behaviour as it was declared for the run (`analysis.tracks.response.behaviour_settings`)."""

    name: str
    question: str
    strict: bool
    max_net_rise: float
    leads: tuple[str, ...]
    any_of: tuple[str, ...]


BEHAVIOUR_FIELDS = tuple(one.name for one in fields(Behaviour))
"""What gates read of a declared behaviour."""


@dataclass(frozen=True)
class Population:
    """The prompts of a slice on which a behaviour counts: how many, their leads, and the first in the drawn order."""

    n: int
    mean: float
    variance: float
    first: tuple[str, ...]
    leads: tuple[float, ...]


class Heard:
    """Everything that the gates of behaviours read of one gate input."""

    def __init__(self, given: GateInput) -> None:
        data: dict[str, Any] = given.settings.get(TRACK, {})
        self.behaviours = tuple(
            Behaviour(
                one["name"],
                one["question"] or "",
                one["strict"],
                one["max_net_rise"],
                tuple(one["leads"]),
                tuple(one["any_of"]),
            )
            for one in data.get("behaviours", ())
        )
        self.by_name = {one.name: one for one in self.behaviours}
        self._found: dict[str, dict[str, dict[str, bool]]] = data.get("found", {})
        self._populations: dict[str, dict[str, dict[str, Any]]] = data.get("populations", {})
        self._prompts: dict[str, dict[str, Any]] = data.get("prompts", {})
        self._faults: dict[tuple[str, str, Side], Fault | None] = {}
        self._required = given.reviewers_required
        self._persons = given.state.persons
        self._settled: dict[tuple[str, str, Side], Answer] = {
            (one.ref, name, side): answer
            for one in given.state.settlements
            for name, *answers in one.labels
            for side, answer in zip(SIDES, answers, strict=True)
        }
        self._said: dict[tuple[str, str, Side], dict[str, Answer]] = defaultdict(dict)
        for verdict in given.state.verdicts:
            for name, base, candidate in verdict.labels:
                self._said[verdict.ref, name, "base"][verdict.actor] = base
                self._said[verdict.ref, name, "candidate"][verdict.actor] = candidate
        self._spans: dict[tuple[str, Side, str, int, int], set[str]] = defaultdict(set)
        for one in given.state.spans:
            self._spans[one.ref, one.side, one.detector, one.start, one.end].add(one.verdict)

    def population(self, behaviour: str, slice_name: str) -> Population | None:
        """Where a behaviour counts in a judged slice; None where it does nowhere."""
        found = self._populations.get(behaviour, {}).get(slice_name)
        if found is None:
            return None
        first, leads = tuple(found["first"]), tuple(found["leads"])
        return Population(found["n"], found["mean"], found["variance"], first, leads)

    def found(self, behaviour: str, slice_name: str) -> dict[str, bool]:
        """Where the leads of a strict behaviour see a fault on one side only: ref -> whether it is the candidate's."""
        return self._found.get(behaviour, {}).get(slice_name, {})

    def same(self, ref: str) -> bool:
        """Whether both answers are the same text, so that neither is at fault alone."""
        return bool(self._prompts[ref]["same"])

    def matched(self, ref: str) -> bool:
        """Whether the lengths of both answers differ by at most 20 % of the longer one."""
        return bool(self._prompts[ref]["matched"])

    def hits(self, ref: str, behaviour: str) -> tuple[bool, bool] | None:
        """Whether leads see a fault of the base's and of the candidate's answer; None where they do not read both."""
        found = self._prompts[ref]["hits"].get(behaviour)
        return None if found is None else (found[0], found[1])

    def fault(self, ref: str, behaviour: str, side: Side) -> Fault | None:
        """Whether an answer is at fault in a behaviour; None while nobody has said so.

        A behaviour that is any of others is at fault where one of them is.
        """
        asked = ref, behaviour, side
        if asked not in self._faults:
            self._faults[asked] = self._fault(*asked)
        return self._faults[asked]

    def _fault(self, ref: str, behaviour: str, side: Side) -> Fault | None:
        parts = self.by_name[behaviour].any_of
        if not parts:
            return self._own(ref, behaviour, side)
        roles = self._prompts[ref]["roles"]
        return _any(self._own(ref, part, side) for part in parts if part in roles)

    def _own(self, ref: str, behaviour: str, side: Side) -> Fault | None:
        said = self._word(ref, behaviour, side)
        if said in (None, "unsure"):
            return said
        wanted = self._prompts[ref]["roles"].get(behaviour) == WANTED
        return "yes" if (said == "yes") != wanted else "no"

    def _word(self, ref: str, behaviour: str, side: Side) -> Answer | None:
        """What is known of one answer: people's labels before recorded ones, these before words on single spans."""
        said = self._labels(ref, behaviour, side)
        if said is not None:
            return said
        recorded = self._prompts[ref]["recorded"].get(behaviour)
        if recorded is not None:
            answer: Answer | None = recorded[SIDES.index(side)]
            if answer is not None:
                return answer
        return self._by_spans(ref, behaviour, side)

    def said_of(self, ref: str, behaviour: str, side: Side) -> Answer | None:
        """What people said of one answer, when asked or by their words on its spans; None where they did not."""
        return self._labels(ref, behaviour, side) or self._by_spans(ref, behaviour, side)

    def _labels(self, ref: str, behaviour: str, side: Side) -> Answer | None:
        """What people settled, else what as many as the review asks for agree on; unsure where they do not."""
        said = self._said.get((ref, behaviour, side))
        if not said or len(self._persons(said)) < self._required:
            return None
        settled = self._settled.get((ref, behaviour, side))
        answers = set(said.values()) if settled is None else {settled}
        return answers.pop() if len(answers) == 1 else "unsure"

    def _by_spans(self, ref: str, behaviour: str, side: Side) -> Answer | None:
        """Yes where people agree on one of its spans; no where they refuted all that its leads found."""
        prompt = self._prompts.get(ref, {"spans": {}})
        spans = [one for one in prompt["spans"].get(behaviour, ()) if one[0] == side]
        words = [self._spans.get((ref, side, name, start, end), set()) for _, name, start, end in spans]
        if {"confirmed"} in words:
            return "yes"
        return "no" if words and all(one == {"refuted"} for one in words) else None


def _any(parts: Iterable[Fault | None]) -> Fault | None:
    known = list(parts)
    for answer in ("yes", None, "unsure"):
        if answer in known:
            return answer
    return "no"


@dataclass(frozen=True, eq=False)
class ByIdentity:
    """A gate input that is compared by identity: all that read one share what is heard of it."""

    given: GateInput

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and self.given is other.given

    def __hash__(self) -> int:
        return id(self.given)


def heard(given: GateInput) -> Heard:
    """What is known of answers by a gate input; made once for each."""
    return _heard(ByIdentity(given))


@lru_cache(maxsize=4)
def _heard(one: ByIdentity) -> Heard:
    return Heard(one.given)
