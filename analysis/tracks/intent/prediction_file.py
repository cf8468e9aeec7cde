"""A table of recorded predictions as it lies on the disk: its columns, and what its rows say of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.problems import did_you_mean
from analysis.base.records import SIDES, Side
from analysis.data.columns import top_column, value_at
from analysis.data.examples import cell_text
from analysis.data.row_store import RowStore
from analysis.data.row_types import BadRow, Row
from analysis.data.rows import open_rows
from analysis.tracks.intent.prediction_cells import Probabilities, UnnamedClassesError, probabilities_cell
from analysis.tracks.intent.settings import IntentSettings

LISTED = 20
"""Names that a message lists."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says of one side, with classes as it calls them."""

    label: str | None
    probabilities: Probabilities | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of predictions; `place` is where in the table it stands, from 0."""

    place: int
    sides: Mapping[Side, Said]


def prediction_columns(settings: IntentSettings) -> list[str]:
    """The columns that hold predictions, and so are no metadata; none where models predict."""
    if settings.predictions is None:
        return []
    return [name for side in SIDES for name in (settings.label_column(side), settings.p_column(side))]


class PredictionFile:
    """A table of predictions, read.

    Args:
        path: of it.
        settings: name its columns.
        class_names: that the messages' own file gives to numbers.
    """

    def __init__(self, path: Path, settings: IntentSettings, class_names: Sequence[str]) -> None:
        self.path = path
        self.settings = settings
        # A table that holds the messages as well was read with them, and what cannot be read of it is known.
        self.of_messages = path == settings.messages
        reader = open_rows(path)
        asked = prediction_columns(settings)
        if not self.of_messages:
            asked += [settings.id, settings.text]
        self.rows = RowStore({part for name in asked for part in (name, name.partition(".")[0])})
        self.unread: list[BadRow] = []
        for item in reader:
            if isinstance(item, Row):
                self.rows.append(item)
            elif not self.of_messages:
                self.unread.append(item)
        if not self.rows and not self.unread:
            raise AssayError(
                "holds no rows", where=str(path), hint="one prediction of each side a row is needed"
            )
        self.columns = reader.columns
        self.classes = tuple(settings.classes) or tuple(class_names)
        self.labels: dict[Side, str] = {}
        self.probabilities: dict[Side, str] = {}
        for side in SIDES:
            self._find(side)

    def _find(self, side: Side) -> None:
        """Find the columns of a side. Raises AssayError where a named one, or both, are not there."""
        settings = self.settings
        for key, name, into in (
            (f"{side}_label", settings.label_column(side), self.labels),
            (f"{side}_p", settings.p_column(side), self.probabilities),
        ):
            if top_column(name, self.columns) is not None:
                into[side] = name
            elif key in settings.model_fields_set:
                raise AssayError(
                    f"{key} names the column {name!r}, and {self.path.name} has none of that name",
                    where=settings.where(key),
                    hint=self._columns_hint(name),
                )
        if side not in self.labels and side not in self.probabilities and self.columns:
            label = settings.label_column(side)
            raise AssayError(
                f"has no predictions of the {side}: neither a column {label!r} nor {settings.p_column(side)!r}",
                where=str(self.path),
                hint=f'{self._columns_hint(label)}; {side}_label = "COLUMN" in [intent] names another',
            )

    def _columns_hint(self, name: str) -> str:
        present = list(self.columns)
        near = did_you_mean(name.partition(".")[0], present)
        listed = f"columns: {', '.join(present[:LISTED])}" + (" ..." if len(present) > LISTED else "")
        return f"{near} {listed}" if near else listed

    @property
    def has_probabilities(self) -> bool:
        """Whether both sides have some."""
        return len(self.probabilities) == len(SIDES)

    def bad(self, place: int, column: str, fault: str) -> BadRow:
        """What is said of a row of which the value in a column cannot be used."""
        row = self.rows[place]
        return BadRow(
            f"{self.path}:{row.line}", f"column {column!r}: {fault}", column, row.values.get(column)
        )

    def read(self, place: int) -> Recorded | BadRow:
        """What a row says of both sides, or what is wrong with it. Raises AssayError for lists without classes."""
        row = self.rows[place]
        sides: dict[Side, Said] = {}
        for side in SIDES:
            label = probabilities = None
            column = self.labels.get(side, "")
            try:
                if side in self.labels:
                    value = value_at(row.values, column, self.columns)
                    if value is not None or side not in self.probabilities:
                        label = cell_text(value, "label")
                if side in self.probabilities:
                    column = self.probabilities[side]
                    value = value_at(row.values, column, self.columns)
                    probabilities = probabilities_cell(value, self.classes)
            except UnnamedClassesError as error:
                raise AssayError(
                    f"column {column!r}: {error}",
                    where=f"{self.path}:{row.line}",
                    hint='classes = ["...", ...] in [intent] names them, in the order of the lists',
                ) from None
            except ValueError as error:
                return self.bad(place, column, str(error))
            sides[side] = Said(label, probabilities)
        return Recorded(place, sides)
