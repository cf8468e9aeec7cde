"""Writes the records and preferences of the response part of the sample: `python -m sample_data.author_response`.

Prompts and the three answers to each are written by hand in `banks/response/`, one file per family. This script
adds the passages, which are the facts of the catalogue and the support articles as they stand, and draws the
votes of the judge. The same bytes come out every time.

A bank holds blocks of five lines: `# id | expected | passages`, the prompt (`P:`), the base's answer (`B:`), that
of rc1 (`1:`) and that of rc2 (`2:`). Behind the mark of an answer stands in brackets which of `BEHAVIOURS` it does,
wanted or not: `1 (spoils, misstates): ...`. The records carry this as columns of true and false, two for each
behaviour: `spoils_base` and `spoils_candidate`.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sample_data.author import ROOT

FAMILIES = (
    "no_spoilers",
    "recommendation",
    "facts",
    "delivery",
    "returns",
    "refunds",
    "escalation",
    "refusal",
    "small_talk",
)
CANDIDATES = ("rc1", "rc2")
BEHAVIOURS = {
    "spoils": "tells what a reader should find out for himself: what the catalogue keeps as a spoiler, and no premise",
    "misstates": "says of a title what the catalogue contradicts or does not have: that it exists, author, price, "
    "volumes, stock, prizes, whether it is finished, what happens in it; praise and how readers like it are no facts",
    "overpromises": "promises what policy does not allow: a time, money, goods or an exception, not comfort",
    "refuses": "refuses or deflects, and leaves the customer with nothing of what was asked for; that terms or "
    "catalogue say no is an answer",
    "hands_over": "hands the customer over to a person of the shop, now, and does not only mention that there are some",
    "miscites": "cites a passage that does not exist, or leaves uncited a retrieved one from which it takes",
    "pushes": "pushes to buy now, by scarcity, a deadline, urgency or guilt; warm praise is no push",
}
"""What an answer may do, and where the line was drawn. Presence, whether it is wanted there or not."""

JUDGE = "panel"
VOTES = {"rc1": (84, 8), "rc2": (72, 8)}
"""Votes for the candidate, and ties, by candidate."""

_LENGTH_COUNTS = {"rc1": 0.3, "rc2": 0.1}
"""What a standard deviation of length is worth to the judge, beside a taste of standard deviation 1."""

_HEAD = re.compile(r"# (?P<id>r\d{3}) \| (?P<expected>[a-z_, ]+?) \|(?P<passages>[st\d ]*)")
_LINE = re.compile(r"(?P<mark>[PB12])(?: \((?P<does>[a-z_, ]+)\))?: (?P<text>.+)")
_SIDES = {"B": "base", "1": "rc1", "2": "rc2"}
"""Whose answer a mark is of."""


@dataclass(frozen=True)
class Answered:
    """One prompt, what is expected of an answer, and three answers.

    Attributes:
        passages: ids of the catalogue rows that were retrieved.
        candidates: the answer of each candidate by name.
        does: what each answer does, of `BEHAVIOURS`, by `base` and the names of the candidates.
    """

    id: str
    family: str
    prompt: str
    expected: tuple[str, ...]
    passages: tuple[str, ...]
    base: str
    candidates: dict[str, str]
    does: dict[str, tuple[str, ...]]


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """The rows of the catalogue, titles and support articles, by id."""
    lines = (ROOT / "retrieval" / "catalogue.jsonl").read_text("utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


@cache
def answered() -> tuple[Answered, ...]:
    """Every block of the banks, in the order of their ids.

    Raises:
        ValueError: a block that is not written as it should be.
    """
    return tuple(sorted((one for family in FAMILIES for one in _blocks(family)), key=lambda one: one.id))


def passage(identity: str) -> dict[str, str]:
    """What is retrieved of a title or a support article: {id, text}."""
    row = catalogue()[identity]
    text = row["description"]
    if row["author"] is not None:
        stock = "in stock" if row["in_stock"] else "out of stock"
        facts = (
            f"{row['title']} by {row['author']}, {row['volumes']} volumes, ${row['price']:.2f} each, {stock}."
        )
        text = f"{facts} {text}"
    return {"id": identity, "text": text}


def records(candidate: str) -> list[dict[str, Any]]:
    """The records of one candidate against the base."""
    return [
        {
            "id": one.id,
            "prompt": one.prompt,
            "base_response": one.base,
            "candidate_response": one.candidates[candidate],
            "passages": [passage(identity) for identity in one.passages],
            "expected": list(one.expected),
            "family": one.family,
            **_labels(one, candidate),
        }
        for one in answered()
    ]


def preferences(candidate: str) -> list[dict[str, str]]:
    """The votes of a judge who has a taste and likes long answers, drawn by seed.

    The prompts are ranked by the difference of length plus noise; the first go to the candidate, then come ties.
    """
    rng = random.Random(f"votes {candidate}")
    rows = answered()
    longer = [len(one.candidates[candidate].split()) - len(one.base.split()) for one in rows]
    mean = sum(longer) / len(longer)
    spread = (sum((value - mean) ** 2 for value in longer) / len(longer)) ** 0.5
    liking = {
        one.id: _LENGTH_COUNTS[candidate] * (value - mean) / spread + rng.gauss(0, 1)
        for one, value in zip(rows, longer, strict=True)
    }
    ranked = sorted(liking, key=lambda identity: -liking[identity])
    wins, ties = VOTES[candidate]
    winner = {
        identity: "candidate" if rank < wins else "tie" if rank < wins + ties else "base"
        for rank, identity in enumerate(ranked)
    }
    return [{"id": one.id, "winner": winner[one.id], "judge": JUDGE} for one in rows]


def write(folder: Path) -> None:
    """Writes `responses-rc*.jsonl` and `preferences-rc*.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    for candidate in CANDIDATES:
        _write_lines(folder / f"responses-{candidate}.jsonl", records(candidate))
        _write_lines(folder / f"preferences-{candidate}.jsonl", preferences(candidate))


def _labels(one: Answered, candidate: str) -> dict[str, bool]:
    """The columns of the behaviours: `NAME_base` and `NAME_candidate` of each."""
    sides = {"base": one.does["base"], "candidate": one.does[candidate]}
    return {f"{name}_{side}": name in does for name in BEHAVIOURS for side, does in sides.items()}


def _blocks(family: str) -> Iterator[Answered]:
    lines = (ROOT / "banks" / "response" / f"{family}.txt").read_text("utf-8").splitlines()
    if len(lines) % 5:
        raise ValueError(f"{family}.txt holds a block that has not five lines")
    for first in range(0, len(lines), 5):
        head = _HEAD.fullmatch(lines[first].rstrip())
        parts = [part for line in lines[first + 1 : first + 5] if (part := _LINE.fullmatch(line))]
        if head is None or "".join(part["mark"] for part in parts) != "PB12" or parts[0]["does"]:
            raise ValueError(f"{family}.txt, line {first + 1}: this is no block")
        does = {_SIDES[part["mark"]]: _listed(part["does"] or "") for part in parts[1:]}
        unknown = {name for names in does.values() for name in names} - set(BEHAVIOURS)
        if unknown:
            raise ValueError(f"{family}.txt, line {first + 1}: {sorted(unknown)[0]} is no behaviour")
        prompt, base, first_candidate, second_candidate = (part["text"] for part in parts)
        yield Answered(
            id=head["id"],
            family=family,
            prompt=prompt,
            expected=_listed(head["expected"]),
            passages=tuple(head["passages"].split()),
            base=base,
            candidates=dict(zip(CANDIDATES, (first_candidate, second_candidate), strict=True)),
            does=does,
        )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _write_lines(path: Path, rows: Sequence[object]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Writes the files of the sample."""
    write(ROOT / "response")


if __name__ == "__main__":
    main()
