"""`[toy]` of a new review file."""

from __future__ import annotations

from analysis.plugin.init.columns import ID
from analysis.plugin.init.folder import Folder
from analysis.plugin.init.toml_text import InitSection, commented, entry, quoted
from assay_toy.model import WEIGHTS


def toy_section(folder: Folder) -> InitSection:
    """The lines for two estimators, and the table that has a text and hours in each row."""
    models = [path.parent for path in folder.files if path.name == WEIGHTS]
    base, candidate = [*models, None, None][:2]
    table = next((one for one in folder.texts if one.first(("text",)) and one.first(("hours",))), None)
    folder.take(table)
    paths = folder.paths
    found_id = table.first(ID) if table else None
    lines = [
        "[toy]",
        entry("base", paths.quoted(base), "models/BASE", "folder of an estimator"),
        entry("candidate", paths.quoted(candidate), "models/CANDIDATE", "folder of an estimator"),
        entry("examples", paths.quoted(table.path) if table else None, "tickets.jsonl"),
        entry("id", quoted(found_id) if found_id else None, "id"),
        commented("tolerance = 2.0", "hours late that still are in time"),
        commented("critical_slices = []", "names from [toy.slices]"),
        "",
        "[toy.slices]",
    ]
    return InitSection(lines, bool(models) or table is not None, base, candidate)
