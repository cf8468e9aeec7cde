"""`assay status --format markdown`: everything that the table for people says, for a comment or a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.escape import code
from tui.commands.status_format import StatusFormat
from tui.commands.status_markdown import causes, facts, heading, said, table
from tui.commands.status_words import ordered


def write(status: Mapping[str, Any]) -> str:
    """The status as a page of Markdown: state, causes, gates, digests."""
    found = status["causes"]
    fired = [one for one in status["triggers"] if one.get("fired", True)]
    digests = [
        f"- {said(one['track'])} {one['side']} {said(one['folder'])}: {code(str(one['digest']))}"
        for one in status["models"]
    ]
    digests += [f"- data of {said(track)}: {code(str(digest))}" for track, digest in status["data"].items()]
    lines = [
        *heading(status),
        *facts(status),
        *(["", "### Causes", "", *causes(status, len(found))] if found else []),
        *(["", "### What changed", "", *(f"- {said(one['sentence'])}" for one in fired)] if fired else []),
        *(["", "### Gates", "", *table(ordered(status))] if status["gates"] else []),
        *(["", "### Digests", "", *digests] if digests else []),
    ]
    return "\n".join(lines)


FORMAT = StatusFormat("markdown", write)
