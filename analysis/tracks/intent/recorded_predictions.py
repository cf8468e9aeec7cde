"""Recorded predictions: what both sides said of the messages, from a table beside them or with them.

Rows join the messages by id where both tables have one, else by text. What a row does not say is not made up: without
probabilities there are no margins, and without those of all classes no Brier score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import Problem, did_you_mean, raise_problems, suggest
from analysis.base.records import OUT_OF_SCOPE, SIDES, Example, Side
from analysis.data.columns import top_column, value_at
from analysis.data.examples import Examples, cell_text, content_sha256, without_refs
from analysis.data.faults import in_order, report_bad_rows, shown
from analysis.data.labels import translation
from analysis.data.row_types import BadRow, Row
from analysis.tracks.intent.names import NO_MODEL, NO_PROBABILITIES
from analysis.tracks.intent.prediction_cells import Prediction, prediction_of
from analysis.tracks.intent.prediction_file import LISTED, PredictionFile, Recorded, prediction_columns
from analysis.tracks.intent.preflight import check_margins
from analysis.tracks.intent.settings import IntentSettings

ROWS_AT_ONCE = 4_096
"""Rows of predictions that are made at a time."""


def with_predictions(examples: Examples, settings: IntentSettings, skip_bad_rows: bool) -> Examples:
    """The messages that were predicted, with rows of the tables `intent_side` and `intent_class`.

    Args:
        examples: the messages, those of named sets among them.
        settings: name the table of predictions and its columns.
        skip_bad_rows: leave out messages without a usable prediction of both sides instead of raising.

    Raises:
        AssayError: a table or row that cannot be read, no row that joins, a threshold without probabilities, or a class
            in the review file that nothing names.
    """
    path = settings.predictions
    if path is None:
        raise AssayError("there are no predictions", where=settings.where())
    file = PredictionFile(path, settings, examples.class_names)
    found, joined = _joined(file, examples, settings)
    gone: dict[str, BadRow] = {}
    for row in examples.rows:
        if row.ref not in found:
            gone[row.ref] = _missing(row, examples, settings)
        elif isinstance(one := found[row.ref], BadRow):
            gone[row.ref] = one
    recorded = {ref: one for ref, one in found.items() if isinstance(one, Recorded)}
    del found
    called, notes = _called(recorded, examples, settings, gone)
    sides = _predictions(recorded, called, file, gone)
    bad = in_order([*gone.values(), *file.unread])
    remaining = sum(row.ref not in gone for row in examples.evaluation_rows())
    report_bad_rows(bad, skip_bad_rows, path, remaining=remaining)
    kept = _renamed(without_refs(examples, gone.keys(), bad), called.golds)
    classes = called.classes(kept.rows)
    _refuse_useless(settings, file)
    _refuse_unknown(settings, classes)
    table = _side_table(kept.rows, sides, classes)
    return replace(
        kept,
        payload={**kept.payload, "intent_side": table, "intent_class": _class_table(classes)},
        notes=(*kept.notes, joined, *notes, *_told(kept, sides, classes, file)),
    )


def _joined(
    file: PredictionFile, examples: Examples, settings: IntentSettings
) -> tuple[dict[str, Recorded | BadRow], str]:
    """What the table says of each message, by ref, and how they were joined, in words.

    Raises:
        AssayError: no row joins any message, or the table has neither ids nor texts.
    """
    if file.of_messages:
        by_line = {file.rows.line(place): place for place in range(len(file.rows))}
        found = {ref: file.read(by_line[line]) for ref, line in examples.lines.items() if line in by_line}
        return found, f"recorded  predictions of {len(found):,} messages stand beside them"
    named = "id" in examples.columns and top_column(settings.id, file.columns) is not None
    by = "id" if named else "text"
    column = settings.id if named else settings.text
    if not named and top_column(column, file.columns) is None:
        raise AssayError(
            f"has no column {settings.id!r} that the messages have as well, and no column {column!r}",
            where=str(file.path),
            hint="predictions join messages by id, else by text",
        )
    wanted: dict[str, list[str]] = {}
    for row in examples.rows:
        wanted.setdefault(row.id if named else row.text, []).append(row.ref)
    rows: dict[str, int] = {}
    doubles: dict[str, BadRow] = {}
    for place, one in enumerate(file.rows):
        try:
            key = cell_text(value_at(one.values, column, file.columns), by)
        except ValueError as error:
            file.unread.append(file.bad(place, column, str(error)))
            continue
        first = rows.setdefault(key, place)
        if first != place and not _same(file.rows[first], one, file):
            fault = f"{shown(key)} was used on line {file.rows.line(first)} already, with another prediction"
            doubles.setdefault(key, file.bad(place, column, fault))
    joined = {
        ref: doubles.get(key) or file.read(rows[key])
        for key, refs in wanted.items()
        if key in rows
        for ref in refs
    }
    if not joined:
        raise _nothing_joined(file, examples, by, rows)
    told = f"recorded  predictions of {len(joined):,} messages, joined by {by}"
    others = len(rows.keys() - wanted.keys())
    return joined, told + (f"; {others:,} in {file.path.name} are of no message here" if others else "")


def _same(first: Row, second: Row, file: PredictionFile) -> bool:
    columns = {top_column(name, file.columns) for name in prediction_columns(file.settings)}
    return all(first.values.get(str(name)) == second.values.get(str(name)) for name in columns if name)


def _nothing_joined(file: PredictionFile, examples: Examples, by: str, rows: Mapping[str, int]) -> AssayError:
    first = examples.rows[0]
    other = next(iter(rows), None)
    begins = "has none" if other is None else f"begins with {shown(other)}"
    return AssayError(
        f"no {by} is both in {examples.source.name} and {file.path.name}: the one begins with "
        f"{shown(first.id if by == 'id' else first.text)}, the other {begins}",
        where=str(file.path),
        hint="both must be of the same messages",
    )


def _missing(row: Example, examples: Examples, settings: IntentSettings) -> BadRow:
    """What is said of a message that was not predicted."""
    aside = row.ref in examples.memberships.get(OUT_OF_SCOPE, ())
    source = settings.out_of_scope if aside else examples.source
    recorded = settings.predictions.name if settings.predictions else ""
    return BadRow(
        f"{source}:{examples.lines[row.ref]}", f"there is no prediction of it in {recorded}", None, row.id
    )


@dataclass(frozen=True)
class _Called:
    """What predictions and gold labels are called in the review, by what their tables call them."""

    predicted: Mapping[str, str] | None
    golds: Mapping[str, str]
    known: tuple[str, ...]

    def name(self, given: str) -> str:
        """A predicted class. Raises ValueError where `classes` leaves it out."""
        if self.predicted is None:
            return given
        if given not in self.predicted:
            near = did_you_mean(given, self.known)
            raise ValueError(
                f"{shown(given)} is none of the declared classes" + (f"; {near}" if near else "")
            )
        return self.predicted[given]

    def classes(self, rows: Sequence[Example]) -> tuple[str, ...]:
        """Every class, in the order of the declared ones, else by name."""
        golds = {row.gold for row in rows if row.gold is not None}
        return (*self.known, *sorted(golds - set(self.known)))


def _called(
    recorded: Mapping[str, Recorded],
    examples: Examples,
    settings: IntentSettings,
    gone: dict[str, BadRow],
) -> tuple[_Called, list[str]]:
    """The names of classes: as they stand, or where they are declared also by their numbers."""
    said = [one for row in recorded.values() for one in row.sides.values()]
    labels = {one.label for one in said if one.label is not None}
    keys = {name for one in said if one.probabilities is not None for name in one.probabilities.by_class}
    given = labels | keys
    golds = {row.gold for row in examples.evaluation_rows() if row.gold is not None}
    if not settings.classes:
        # Numbers that the file itself names are read as the names where the labels are.
        names = examples.class_names
        if not names or given & set(names):
            return _Called(None, {gold: gold for gold in golds}, tuple(sorted(given))), []
        called, note = translation(given, names)
        return _Called(called, {gold: gold for gold in golds}, names), [note] if note else []
    # Labels may be numbers beside probabilities by name.
    of_keys, _ = translation(keys, settings.classes)
    of_labels, note = translation(labels, settings.classes)
    called = {**of_keys, **of_labels}
    of_gold, of_gold_note = translation(golds, settings.classes, examples.class_names)
    known = tuple(settings.classes)
    for row in examples.evaluation_rows():
        if row.gold is not None and row.gold not in of_gold and row.ref not in gone:
            column = examples.columns["label"]
            near = did_you_mean(row.gold, known)
            fault = f"column {column!r}: {shown(row.gold)} is none of the declared classes"
            gone[row.ref] = BadRow(
                f"{examples.source}:{examples.lines[row.ref]}", fault, column, row.gold, near
            )
    return _Called(called, of_gold, known), list(dict.fromkeys(one for one in (note, of_gold_note) if one))


def _predictions(
    recorded: dict[str, Recorded],
    called: _Called,
    file: PredictionFile,
    gone: dict[str, BadRow],
) -> dict[str, dict[Side, Prediction]]:
    """What each side predicts of each message; what cannot be told is added to `gone`.

    `recorded` is used up: of a hundred thousand messages, both together would be a fifth of all that is held.
    """
    places = {name: place for place, name in enumerate(called.known)}
    made: dict[str, dict[Side, Prediction]] = {}
    for ref in list(recorded):
        one = recorded.pop(ref)
        if ref in gone:
            continue
        sides: dict[Side, Prediction] = {}
        for side, said in one.sides.items():
            try:
                label = None if said.label is None else called.name(said.label)
                given = said.probabilities
                if given is not None and given.by_class:
                    given = replace(
                        given, by_class={called.name(name): p for name, p in given.by_class.items()}
                    )
                sides[side] = prediction_of(label, given, lambda name: places.get(name, len(places)))
            except ValueError as error:
                column = file.labels.get(side) or file.probabilities[side]
                gone[ref] = file.bad(one.place, column, str(error))
                break
        else:
            made[ref] = sides
    return made


def _renamed(examples: Examples, golds: Mapping[str, str]) -> Examples:
    """The messages with their gold labels as the classes are called."""
    rows = []
    for row in examples.rows:
        gold = None if row.gold is None else golds[row.gold]
        same = gold == row.gold
        rows.append(row if same else replace(row, gold=gold, sha256=content_sha256(row.text, gold)))
    return replace(examples, rows=rows)


def _refuse_useless(settings: IntentSettings, file: PredictionFile) -> None:
    """Raise AssayError where confidence is asked for and none was recorded."""
    if file.has_probabilities:
        return
    for key, what in (
        ("threshold", "is the confidence from which the assistant acts"),
        ("out_of_scope", "holds texts of which confidence is compared"),
    ):
        if getattr(settings, key) is not None:
            raise AssayError(
                f"{key} {what}, and {file.path.name} has no probabilities of both sides",
                where=settings.where(key),
                hint=f"give base_p and candidate_p, or leave {key} out",
            )


def _refuse_unknown(settings: IntentSettings, classes: Sequence[str]) -> None:
    """Raise AssayError for classes of the review file that neither a label nor a prediction is."""
    problems = [
        Problem(
            f"no label and no prediction is {name!r}",
            settings.where(*key),
            f"{suggest(name, classes)}; a class that was never predicted is named by classes = [...]",
        )
        for key, name in settings.class_names()
        if name not in classes
    ]
    check_margins(classes, settings, problems)
    raise_problems(problems, settings.messages)


def _side_table(
    rows: Sequence[Example], sides: Mapping[str, Mapping[Side, Prediction]], classes: Sequence[str]
) -> pa.Table:
    """Rows of `intent_side`, as models would have made them."""
    batches = []
    for side in SIDES:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            made = [_side_row(row, side, sides[row.ref][side], classes) for row in part]
            batches.append(pa.Table.from_pylist(made, _SCHEMA))
    return pa.concat_tables(batches) if batches else _SCHEMA.empty_table()


def _side_row(row: Example, side: Side, one: Prediction, classes: Sequence[str]) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "side": side,
        "label": one.label,
        "p": one.p,
        "runner_up": one.runner_up,
        "runner_up_p": one.runner_up_p,
        "margin": one.margin,
        "p_gold": None if row.gold is None else one.p_of(row.gold),
        "correct": None if row.gold is None else one.label == row.gold,
        "logits": one.logits(classes),
    }


_SCHEMA = pa.schema(
    [("ref", pa.string()), ("side", pa.string()), ("label", pa.string()), ("p", pa.float64()),
     ("runner_up", pa.string()), ("runner_up_p", pa.float64()), ("margin", pa.float64()),
     ("p_gold", pa.float64()), ("correct", pa.bool_()), ("logits", pa.list_(pa.float32()))]
)  # fmt: skip


def _class_table(classes: Sequence[str]) -> pa.Table:
    return pa.table(
        {
            "position": pa.array(range(len(classes)), pa.int32()),
            "label": pa.array(classes, pa.string()),
        }
    )


def _told(
    examples: Examples,
    sides: Mapping[str, Mapping[Side, Prediction]],
    classes: Sequence[str],
    file: PredictionFile,
) -> list[str]:
    """What a reader should know of the predictions, a line each."""
    rows = examples.rows
    notes = [f"no model  {NO_MODEL}: explanations, probes, drift and what-if are n/a"]
    if not file.has_probabilities:
        notes.append(f"labels    {NO_PROBABILITIES}: calibration, margins and thresholds are n/a")
    if "label" not in examples.columns:
        notes.append("no gold   there is no column of labels: what is right is for people to say")
    named: dict[Side, set[str]] = {side: set() for side in SIDES}
    for row in rows:
        for side in SIDES:
            one = sides[row.ref][side]
            named[side] |= {one.label, *one.by_class}
    for side, other in (SIDES, SIDES[::-1]):
        alone = [name for name in classes if name in named[side] - named[other]]
        if alone:
            more = f" and {len(alone) - LISTED} more" if len(alone) > LISTED else ""
            notes.append(f"classes   the {side} alone names {', '.join(alone[:LISTED])}{more}")
        broken = sum(not sides[row.ref][side].numbers for row in rows)
        if broken:
            notes.append(
                f"numbers   {broken:,} predictions of the {side} are not numbers: they count as wrong"
            )
    return notes
