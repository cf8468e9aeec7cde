"""The tables of `benchmarks.real_answers` in the README, made of its results as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from analysis.stats.bounds import clopper_pearson

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- real answers: begin -->", "<!-- real answers: end -->"
TOLERANCE = 0.10
"""The rise that a pass excludes: the product's own where none is declared."""
VERDICTS = ("pass", "fail", "unknown", "undecided")
KINDS = ("rose by more than the tolerance", "rose by no more than it", "did not rise")
SCORED = {"scored": "not labelled", "scored_all": "every answer, out of fold"}

Table = list[str]
Populations = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Population -> ordered pair -> what it comes to."""


def write_tables(found: Mapping[str, Any], readme: Path = README) -> None:
    """Replaces what stands between the two marks.

    Raises:
        ValueError: the marks are missing.
    """
    head, begin, rest = readme.read_text("utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} lacks {BEGIN} or {END}")
    populations: Populations = found["xstest"]
    parts = [
        ("Verdicts, by what truly happened", by_kind(populations)),
        ("Pairs, with the mean estimate and the mean ends of its interval", by_pair(populations)),
        ("Rises by hits alone, without labels: ordered pairs of the wrong sign", by_hits(populations)),
        ("F1, all pairs together", together(populations)),
        ("F1 by pair and model, on what was not labelled", f1_by_pair(populations)),
        ("Hand-overs of the airline's assistant", airline(found["airline"])),
        ("Not English", not_english(found["not English"])),
    ]
    text = "".join(f"\n**{title}**\n\n" + "\n".join(table) + "\n" for title, table in parts)
    readme.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", "utf-8")


def by_kind(populations: Populations) -> Table:
    """Verdicts and coverage, summed over the pairs of each kind."""
    rows = []
    for population, some in populations.items():
        for kind in KINDS:
            mine = [one for one in some.values() if kind_of(one["rise"]) == kind]
            verdicts: Counter[str] = Counter()
            for one in mine:
                verdicts.update(one["verdicts"])
            rows.append([population, kind, len(mine), *(verdicts[name] for name in VERDICTS), _covered(mine)])
        sampled = [one for one in some.values() if one["prompts"] > one["labels"]]
        rows.append([population, "more prompts than labels", len(sampled), *[""] * 4, _covered(sampled)])
    return _table(["prompts", "the rate", "pairs", *VERDICTS, "covered"], rows)


def kind_of(rise: float) -> str:
    """What truly happened."""
    return KINDS[0] if rise > TOLERANCE else KINDS[1] if rise > 0 else KINDS[2]


def by_pair(populations: Populations) -> Table:
    rows = []
    for population, some in populations.items():
        for name, one in some.items():
            read = one["estimates"]
            value, low, high = (
                (fmean(each[end] for each in read) for end in range(3)) if read else (None,) * 3
            )
            interval = "–" if value is None else f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
            said = ", ".join(f"{count} {verdict}" for verdict, count in one["verdicts"].items())
            rows.append(
                [population, name, one["prompts"], f"{one['rise']:+.3f}", interval, said, _covered([one])]
            )
    return _table(["prompts", "base -> candidate", "n", "true rise", "estimate", "verdicts", "covered"], rows)


def by_hits(populations: Populations) -> Table:
    """How often hits alone have the sign of the rise wrong, and how far they are off."""
    rows = []
    for population, some in populations.items():
        rose = [one for one in some.values() if one["rise"] != 0]
        for name in ways(some):
            wrong = sum(one["leads_alone"][name] * one["rise"] < 0 for one in rose)
            none = sum(one["leads_alone"][name] == 0 for one in rose)
            off = max(abs(one["leads_alone"][name] - one["rise"]) for one in some.values())
            rows.append([population, name, len(rose), wrong, none, f"{off:.3f}"])
    head = ["prompts", "hits of", "pairs with a rise or fall", "wrong sign", "none", "furthest off"]
    return _table(head, rows)


def together(populations: Populations) -> Table:
    rows = []
    for population, some in populations.items():
        for key, among in SCORED.items():
            cells = [
                _f1(score for one in some.values() for score in one[key][name].values())
                for name in ways(some)
            ]
            rows.append([population, among, *cells])
    return _table(["prompts", "of", *ways(next(iter(populations.values())))], rows)


def f1_by_pair(populations: Populations) -> Table:
    """Both orders of a pair and all draws together; pairs of which every prompt was labelled are left out."""
    rows = []
    for population, some in populations.items():
        for base, candidate in unordered(some):
            both = [some[f"{base} -> {candidate}"], some[f"{candidate} -> {base}"]]
            if both[0]["prompts"] <= both[0]["labels"]:
                continue
            for model in (base, candidate):
                cells = [_f1(one["scored"][name][model] for one in both) for name in ways(some)]
                present = sum(one["scored"]["combined"][model]["present"] for one in both)
                rows.append([population, f"{base}, {candidate}", model, present, *cells])
    return _table(
        ["prompts", "pair", "answers of", "refusals", *ways(next(iter(populations.values())))], rows
    )


def airline(one: Mapping[str, int]) -> Table:
    head = ["answers, with it", "flagged", "precision", "recall", "drawn orders with 5 of them in 120"]
    cells = [
        f"{one['texts']:,}, {one['present']}",
        one["flagged"],
        _share(one["right"], one["flagged"]),
        _share(one["right"], one["present"]),
        f"{one['orders_with_a_head']} of {one['orders']:,}",
    ]
    return _table(head, [cells])


def not_english(counts: Mapping[str, Mapping[str, int]]) -> Table:
    rows = [[name, one["found"], one["not_read"], one["missed"]] for name, one in counts.items()]
    return _table(["behaviour, language", "found", "not read", "missed"], rows)


def ways(pairs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The ways of finding that were compared."""
    return list(next(iter(pairs.values()))["leads_alone"])


def unordered(pairs: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each pair of models once."""
    for name in pairs:
        base, _, candidate = name.partition(" -> ")
        if base < candidate:
            yield base, candidate


def f1(scores: Sequence[Mapping[str, int]]) -> float | None:
    """The harmonic mean of precision and recall over all of them; None where nothing is there and nothing flagged."""
    right = sum(one["right"] for one in scores)
    both = sum(one["present"] + one["flagged"] for one in scores)
    return 2 * right / both if both else None


def _f1(scores: Iterator[Mapping[str, int]]) -> str:
    value = f1(list(scores))
    return "–" if value is None else f"{value:.2f}"


def _covered(pairs: Sequence[Mapping[str, Any]]) -> str:
    read = sum(len(one["estimates"]) for one in pairs)
    return f"{sum(one['covered'] for one in pairs)} of {read}"


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    low, high = clopper_pearson(part, whole)
    return f"{part} of {whole}: {part / whole:.2f} [{low:.2f}, {high:.2f}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    return ["| " + " | ".join(map(str, cells)) + " |" for cells in (head, ["---"] * len(head), *rows)]
