"""The whole of a new review file, around the sections of its tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.plugin.init.toml_text import InitSection, entry, file_name, quoted


def render(
    folder: str,
    owner: str | None,
    lexicons: Mapping[str, str],
    labels: Sequence[str],
    sections: Sequence[InitSection],
    gate: str,
    metric: str,
) -> str:
    """The text of a review file.

    Args:
        folder: name of the folder, for a review without models.
        owner: account of who made the candidate, where one is known.
        lexicons: quoted path of each term list, by name.
        labels: classes that the models know, for examples that speak of them.
        sections: of every track, found or not.
        gate: name of a gate, for the example of how one is switched off.
        metric: name of a metric, for the example of an expected change.
    """
    with_models = next((one for one in sections if one.found and one.base is not None), None)
    base, candidate = (with_models.base, with_models.candidate) if with_models else (None, None)
    label = next(iter(labels), "CLASS")
    lines = [
        "# One candidate against one base. `assay check review.toml` finds every mistake in this file.",
        "# Paths are relative to this file.",
        "",
        "[review]",
        f"name = {quoted(file_name(_version(candidate) or folder or 'review'))}",
        entry(
            "owner",
            quoted(owner) if owner else None,
            "ACCOUNT",
            "account or address of who made the candidate",
        ),
        f"base_version = {quoted(_version(base) or 'base')}",
        f"candidate_version = {quoted(_version(candidate) or 'candidate')}",
        'training_change = ""              # what was done to make the candidate',
        '# store = "NAME.review"           # where the review is kept; default: beside this file',
        '# previous = ["EARLIER.review"]   # stores of reviews of earlier candidates on the same data',
        "reviewers_required = 1",
        "signers_required = 1",
        "seed = 0",
        'device = "auto"                   # auto, cpu, cuda, cuda:1',
        "",
        "[queue]",
        "budget = 40                       # flagged examples that people look at",
        "controls = 20                     # random ones beside them",
        'attribute = "queue"               # queue (and controls), or all',
        "",
        "# Shares of production traffic by slice.",
        "# [traffic]",
        f"# weights = {{ {quoted(f'label={label}')} = 0.12 }}",
        *_cost_lines(labels),
        "",
        "# Lists of terms, by the names under which the tracks use them: one term a line.",
        "[lexicons]",
        *(f"{quoted(name)} = {{ file = {path} }}" for name, path in lexicons.items()),
        '# fillers = { terms = ["you know", "by the way"] }',
        "",
        "# A change that the training was meant to bring, tested by the run:",
        "# [[expected]]",
        f"# metric = {quoted(metric)}",
        '# slice = "all"',
        '# direction = "up"',
        "# limit = 0.02",
        "",
    ]
    for section in sections:
        lines += [*section.written(), ""]
    lines += [
        "# Thresholds may be tightened freely; loosening or switching off needs a reason.",
        "[gates]",
        f'# {quoted(gate)} = {{ off = "why this gate does not matter here" }}',
        "",
    ]
    return "\n".join(lines)


def _cost_lines(labels: Sequence[str]) -> list[str]:
    """What errors cost, for models that have classes."""
    if not labels:
        return []
    label = quoted(labels[0])
    return [
        "# What errors cost by class.",
        "# [costs]",
        f"# missed = {{ {label} = 20 }}",
        f"# false = {{ {label} = 1 }}",
    ]


def _version(path: Path | None) -> str | None:
    """What a model is called: the name of its folder, or of its file without the suffix."""
    if path is None:
        return None
    return path.stem if path.is_file() else path.name
