"""`assay status --format json`: everything that the status holds, on one line, for scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tui.commands.status_format import StatusFormat


def write(status: Mapping[str, Any]) -> str:
    """The status as one line of ASCII JSON."""
    return json.dumps(status, ensure_ascii=True, allow_nan=False)


FORMAT = StatusFormat("json", write)
