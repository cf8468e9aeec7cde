"""What `assay check` says of two classifiers before any of them runs."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.base.problems import Problem, attempt, suggest
from analysis.base.records import ALL, SIDES
from analysis.models.classifier_pair import classifiers
from analysis.models.preflight import sound_heads
from analysis.models.sides import Sides
from analysis.plugin.settings import TrackSettings
from analysis.tracks.intent.predict import DEFAULT_TOKENS, tokens_read
from analysis.tracks.intent.settings import intent_settings


def check_classifiers(models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
    """Read the heads of both classifiers; what is wrong is added to `problems`.

    Returns:
        What a reader should know of them, a line each.
    """
    pair = classifiers(models)
    notes: list[str] = []
    before = len(problems)
    sound = list(sound_heads(pair, problems))
    read = tokens_read(pair, intent_settings(settings).max_length) if len(sound) == len(SIDES) else None
    for side, head, digest in sound:
        over = f"{head.adapter} adapter over " if head.adapter else ""
        notes.append(
            f"{side:<10}{over}{head.architecture}, {head.parameters:,} parameters, {len(head.labels)} classes, "
            f"{_limit(head.max_positions, read)}, sha256 {digest[:12]}"
        )
        notes += [f"{'':<10}{note}" for note in head.notes]
        _check_length(side, head.max_positions, settings, problems)
    if len(problems) > before:
        return notes
    labels = attempt(lambda: pair.labels, problems)
    if labels is None:
        return notes
    for key, name in settings.class_names():
        if name not in labels:
            problems.append(
                Problem(f"the models have no class {name!r}", settings.where(*key), suggest(name, labels))
            )
    _check_margins(labels, settings, problems)
    if not pair.tokenizers_equal:
        notes.append("tokenizer differs between the sides: the same text is cut into other tokens")
    if pair.labels_reordered:
        notes.append("classes   the candidate has them in another order: they are matched by name")
    return notes


def _limit(own: int | None, read: int | None) -> str:
    """How much of a text is read: of the model's own limit, as much as the review and the other side allow."""
    if own is None:
        return f"{read or DEFAULT_TOKENS} tokens at most (the model sets no limit)"
    return f"{own} tokens at most" + (f", {read} are read" if read and read < own else "")


def _check_margins(labels: Sequence[str], settings: TrackSettings, problems: list[Problem]) -> None:
    known = [ALL, *settings.critical_slices, *labels]
    for name in intent_settings(settings).margins:
        if name not in known:
            problems.append(
                Problem(
                    f"a margin is declared for {name!r}, which is no class, no critical slice and not {ALL!r}",
                    settings.where("margins", name),
                    suggest(name, known),
                )
            )


def _check_length(side: str, limit: int | None, settings: TrackSettings, problems: list[Problem]) -> None:
    wanted = intent_settings(settings).max_length
    if limit is not None and wanted is not None and wanted > limit:
        problems.append(
            Problem(
                f"max_length is {wanted}, and the {side} takes {limit} tokens",
                settings.where("max_length"),
                f"use {limit} or less",
            )
        )
