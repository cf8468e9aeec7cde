"""`assay status --format dotenv`: the answer in `name=value` lines, as GitLab's `reports: dotenv` and shells read them.

Every value is a word or a number of Assay's own, so that no text of data can add a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.commands.status_format import StatusFormat
from tui.commands.status_words import counts, keeps_back


def write(status: Mapping[str, Any]) -> str:
    """State, decision, run, and how many gates and examples stand in the way."""
    against = counts([gate for gate in status["gates"] if keeps_back(gate)])
    told = {
        "state": status["state"],
        "decision": status["decision"] or "",
        "gates_allow": str(status["gates_allow"]).lower(),
        "promotable": str(status["promotable"]).lower(),
        "run": status["run"],
        "fails": against["fail"],
        "unknowns": against["unknown"],
        "decides": status["queue"]["decides"],
        "pending": status["queue"]["total"] - status["queue"]["inspected"],
    }
    return "\n".join(f"{name}={value}" for name, value in told.items())


FORMAT = StatusFormat("dotenv", write)
