"""The lines of a review file that name base and candidate, and what was guessed of them."""

from __future__ import annotations

from analysis.plugin.init.find_models import Pair
from analysis.plugin.init.toml_text import Paths, commented, entry

SWAP = "swap base and candidate if that is wrong"


def pair_lines(pair: Pair, paths: Paths, base_kind: str, candidate_kind: str) -> list[str]:
    """The lines for both sides: as found, with the reason of a guess, or left open with the choices."""
    over = [f"over = {paths.quoted(pair.over)}"] if pair.over is not None else []
    over = [commented(line, "the model that both are adapters over") for line in over]
    if pair.choices:
        names = ", ".join(paths.shown(one) for one in pair.choices)
        return [
            f"# Nothing tells which of these is the base, and which the candidate: {names}.",
            "# Take the # away from both lines, and see that each names the right one.",
            f"# base = {paths.quoted(pair.choices[0])}",
            f"# candidate = {paths.quoted(pair.choices[-1])}",
            *over,
        ]
    guess = f"guess: {pair.reason}; {SWAP}" if pair.reason else ""
    return [
        entry("base", paths.quoted(pair.base), "models/BASE", guess or base_kind),
        entry("candidate", paths.quoted(pair.candidate), "models/CANDIDATE", candidate_kind),
        *over,
    ]


def guesses(track: str, pair: Pair, paths: Paths) -> list[str]:
    """What is to be said of a guess, or of a choice that is left to a person."""
    if pair.choices:
        names = ", ".join(paths.shown(one) for one in pair.choices)
        return [
            f"{track}: nothing tells which is the base and which the candidate: {names}; both are left open"
        ]
    if pair.base is None or pair.candidate is None or not pair.reason:
        return []
    base, candidate = paths.shown(pair.base), paths.shown(pair.candidate)
    return [f"{track}: base = {base}, candidate = {candidate}, guessed: {pair.reason}; {SWAP}"]
