"""What is said of a cue that nobody declared, in gates, triggers, report and console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.escape import printable

SHOWN = 6
"""Terms of a group that a sentence names."""
_LONGEST = 60


def found_sentence(one: Mapping[str, Any]) -> str:
    """The group in a sentence: `nobody declared it: look-alikes “dr”, “doctor” raise p(class)`.

    Args:
        one: `target`, `direction`, `kind` and `terms`, as `found_queries.found_cues` returns them.
    """
    more = "" if len(one["terms"]) <= SHOWN else f" and {len(one['terms']) - SHOWN} more"
    verb = {"rise": "raises", "fall": "takes away"}[one["direction"]]
    return f"undeclared, found by search: {found_kind(one)} {found_terms(one)}{more} {verb} {one['target']}"


def found_kind(one: Mapping[str, Any]) -> str:
    """What the terms have in common: word, phrase, marks, casing, look-alikes, words that do the same."""
    return str(one["kind"])


def found_terms(one: Mapping[str, Any]) -> str:
    """The strongest terms, each safe to print, in quotation marks."""
    return ", ".join(f"“{printable(term, _LONGEST)}”" for term in one["terms"][:SHOWN])
