"""The pages of a report: each is a function of `report.json` alone, so that a verifier can make it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from analysis.report.render import markdown

PAGES: dict[str, Callable[[Mapping[str, Any]], str]] = {"report.md": markdown}
"""How each page is written, by the name of its file."""


def pages(statement: Mapping[str, Any]) -> dict[str, bytes]:
    """The bytes of every page of a report, by the name of its file."""
    return {name: write(statement).encode("utf-8") for name, write in PAGES.items()}
