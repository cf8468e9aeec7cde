"""The texts, with the hours in which each was due as gold."""

from __future__ import annotations

from analysis.base.errors import AssayError
from analysis.data.examples import Examples, read_examples
from assay_toy.settings import ToySettings


def read_texts(settings: ToySettings, skip_bad_rows: bool) -> Examples:
    """Read the texts. Raises AssayError for a file or row that cannot be read, or hours that are no number."""
    examples = read_examples(
        settings.examples,
        track="toy",
        kind="ticket",
        id=settings.id,
        text=settings.text,
        label=settings.hours,
        skip_bad_rows=skip_bad_rows,
    )
    for row in examples.rows:
        if not str(row.gold).isdigit():
            raise AssayError(
                f"column {settings.hours!r}: must be a whole number of hours, not {row.gold!r}",
                where=f"{examples.source}:{examples.lines[row.ref]}",
            )
    return examples
