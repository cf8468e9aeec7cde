"""What determined a run, as `assay status` tells it: models and data by their digests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def inputs_content(description: Mapping[str, Any]) -> dict[str, Any]:
    """Models and data of a run as plain data.

    Args:
        description: its `run.json`.

    Returns:
        `models`: a row for each with `track`, `side` (the form that is served counts as one), `folder` and `digest`;
        `data`: the digest of the evaluation data by track.
    """
    determined = description["determined_by"]
    return {
        "models": [
            {"track": track, "side": side, "folder": one["folder"], "digest": one["digest"]}
            for models in (determined["models"], determined.get("deployed", {}))
            for track, sides in models.items()
            for side, one in sides.items()
        ],
        "data": {track: one["data"] for track, one in determined["tracks"].items()},
    }
