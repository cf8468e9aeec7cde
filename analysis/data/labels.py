"""Gold labels as the models call their classes: by name, or by number where either side has no names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from analysis.base.problems import did_you_mean
from analysis.data.examples import Examples, content_sha256
from analysis.data.faults import report_bad_rows, shown
from analysis.data.row_types import BadRow

_NUMBER = re.compile(r"(?:label_|class_)?(-?\d{1,9})(?:\.0+)?", re.IGNORECASE | re.ASCII)
NAME_CLASSES = (
    "the models do not name their classes: write id2label and label2id into the config.json of both, in the order "
    "that their training used"
)


def check_labels(examples: Examples, labels: Sequence[str], skip_bad_rows: bool = False) -> Examples:
    """The examples with their labels as the models call them.

    Labels that are all whole numbers (also `LABEL_3` or `3.0`) are the places of the models' classes, from 0. Names are
    the places that the file itself gives them where the models have none (`LABEL_0` and so on). A note says so. Rows
    whose label is none of the models' are left out, or refused.

    Args:
        examples: as read.
        labels: the models' classes in their order.
        skip_bad_rows: leave bad rows out instead of raising.

    Raises:
        AssayError: such rows, unless `skip_bad_rows` leaves them out and others remain.
    """
    given = {row.gold for row in examples.evaluation_rows() if row.gold is not None}
    if given <= set(labels):
        return examples
    called, note = _translation(given, labels, examples.class_names)
    bad = [
        BadRow(
            f"{examples.source}:{examples.lines[row.ref]}",
            f"column {examples.columns['label']!r}: the models do not know the label {shown(row.gold)}",
            examples.columns["label"],
            row.gold,
        )
        for row in examples.evaluation_rows()
        if row.gold is not None and row.gold not in called
    ]
    remaining = len(examples.evaluation_rows()) - len(bad)
    if bad:
        hint = _hint([str(one.value) for one in bad], labels, called)
        report_bad_rows(bad, skip_bad_rows, examples.source, hint, remaining=remaining)
    kept = []
    for row in examples.rows:
        if row.gold is None:
            kept.append(row)
        elif row.gold in called:
            gold = called[row.gold]
            kept.append(replace(row, gold=gold, sha256=content_sha256(row.text, gold)))
    refs = {row.ref for row in kept}
    mask = pa.array([ref in refs for ref in examples.metadata["ref"].to_pylist()], pa.bool_())
    return replace(
        examples,
        rows=kept,
        metadata=examples.metadata.filter(mask),
        skipped=[*examples.skipped, *bad],
        notes=(*examples.notes, *([note] if note else [])),
    )


def _translation(
    given: Collection[str], labels: Sequence[str], class_names: Sequence[str]
) -> tuple[Mapping[str, str], str]:
    """What the models call each label that they know, and what is to be said of it."""
    same = {label: label for label in labels}
    if _unnamed(labels) and len(class_names) == len(labels) and not given & same.keys():
        called = dict(zip(class_names, labels, strict=True))
        first = f"{class_names[0]!r} is {labels[0]}"
        return called, f"labels    names are those that the file gives, and the models have none: {first}"
    numbers = {label: match for label in given if (match := _NUMBER.fullmatch(label)) is not None}
    if len(numbers) < len(given) or given & same.keys():
        return same, ""
    places = {label: int(match[1]) for label, match in numbers.items()}
    called = {label: labels[place] for label, place in places.items() if 0 <= place < len(labels)}
    if not called or (len(labels) in places.values() and 0 not in places.values()):
        # From 1 to as many as there are classes: taken as places from 0, every label would be another one.
        return same, ""
    label, name = next(iter(sorted(called.items(), key=lambda one: places[one[0]])))
    return called, f"labels    whole numbers are places of the models' classes, from 0: {label} is {name!r}"


def _unnamed(labels: Sequence[str]) -> bool:
    """Whether a model was saved without names of its classes."""
    return all(label == f"LABEL_{place}" for place, label in enumerate(labels))


def _hint(unknown: Sequence[str], labels: Sequence[str], called: Mapping[str, str]) -> str:
    numbers = [int(match[1]) for label in unknown if (match := _NUMBER.fullmatch(label)) is not None]
    if len(numbers) == len(unknown) and max(numbers, default=0) == len(labels) and 0 not in numbers:
        return f"classes are counted from 0 to {len(labels) - 1}, and these labels seem to count from 1: subtract 1"
    if _unnamed(labels) and len(numbers) < len(unknown):
        return NAME_CLASSES
    near = did_you_mean(unknown[0], labels)
    listed = f"the models know: {', '.join(labels[:20])}" + (" ..." if len(labels) > 20 else "")
    if called.keys() - set(labels):
        listed = f"places of the models' classes go from 0 to {len(labels) - 1}"
    return f"{near} {listed}" if near else listed
