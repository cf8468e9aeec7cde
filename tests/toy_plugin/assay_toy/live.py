"""What both estimators say of one text, for the live worker."""

from __future__ import annotations

import json
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.models.sides import Sides
from analysis.plugin.live import LiveRequest
from assay_toy.methods import METHODS
from assay_toy.model import Estimate, estimators
from assay_toy.stages import attribution


def answer(models: Sides, request: LiveRequest) -> dict[str, Any]:
    """Hours and the word that moves them most, of each side, with the hours of every word.

    Raises:
        AssayError: a method that this track does not have.
    """
    known = [method.name for method in METHODS]
    asked = known if request.methods is None else request.methods
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise AssayError(f"there is no attribution method {unknown[0]!r}", hint=f"known: {', '.join(known)}")
    return {
        "device": "cpu",
        "sides": {
            side: _side(estimators(models)[side].estimate(request.text), bool(asked)) for side in SIDES
        },
    }


def _side(estimate: Estimate, explained: bool) -> dict[str, Any]:
    row = attribution(estimate)
    return {
        "output": {"hours": estimate.hours, "word": estimate.word},
        "attributions": [row | {"parameters": json.loads(row["parameters"])}] if explained else [],
        "licences": [],
    }
