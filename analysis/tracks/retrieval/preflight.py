"""What `assay check` says of two encoders, and whether stored vectors cover the data."""

from __future__ import annotations

from collections import Counter

from analysis.base.errors import AssayError
from analysis.base.problems import Problem
from analysis.base.records import SIDES, Example
from analysis.data.examples import Examples
from analysis.data.faults import shown
from analysis.models.encoder import encoders, missing_vector
from analysis.models.encoder_config import EncoderHead
from analysis.models.preflight import sound_heads
from analysis.models.sides import Sides
from analysis.models.stored import StoredHead
from analysis.plugin.settings import TrackSettings
from analysis.tracks.retrieval.usable import without_unusable


def check_encoders(models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
    """Read the heads of both encoders; what is wrong is added to `problems`.

    Returns:
        What a reader should know of them, a line each.
    """
    pair = encoders(models)
    notes: list[str] = []
    before = len(problems)
    dimensions = set()
    for side, head, digest in sound_heads(pair, problems):
        notes.append(f"{side:<10}{_words(head)}, sha256 {digest[:12]}")
        if isinstance(head, EncoderHead):
            dimensions.add(head.dimension)
            notes += [f"{'':<10}{note}" for note in head.notes]
    if len(dimensions) > 1:
        notes.append("vectors   differ in length between the sides: cosines are taken within a side only")
    if len(problems) == before and not pair.encodes:
        notes.append("vectors   are stored: edited items cannot be encoded, so no counterfactuals are made")
    return notes


def _words(head: EncoderHead | StoredHead) -> str:
    if isinstance(head, StoredHead):
        return f"{len(head.names):,} stored vectors"
    over = f"{head.adapter} adapter over " if head.adapter else ""
    return (
        f"{over}{head.architecture}, {head.parameters:,} parameters, {head.dimension} dimensions "
        f"({' and '.join(head.pooling)}), {head.max_length} tokens at most"
    )


def fit_vectors(examples: Examples, models: Sides, skip_bad_rows: bool) -> Examples:
    """The examples that every stored side is known to have a vector for, one that can be used.

    Raises:
        AssayError: an example without a vector, or an id that stands for two examples; a vector that cannot be used,
            unless it is skipped.
    """
    pair = encoders(models)
    needed = [row for row in examples.rows if row.kind != "pair" or row.parent_ref is None]
    uses = Counter(row.id for row in needed)
    for side in SIDES:
        head = pair.head(side)
        if isinstance(head, StoredHead):
            _check_covered(head, needed, uses)
    return without_unusable(examples, pair, skip_bad_rows)


def _check_covered(head: StoredHead, needed: list[Example], uses: Counter[str]) -> None:
    missing = [row for row in needed if head.row(row.kind, row.id) is None]
    if missing:
        raise missing_vector(head, missing[0].kind, missing[0].id, len(missing) - 1)
    for row in needed:
        if uses[row.id] > 1 and f"{row.kind}:{row.id}" not in head.names:
            raise AssayError(
                f"the id {shown(row.id)} stands for a {row.kind} and for another example",
                where=str(head.path),
                hint=f"write {row.kind + ':' + row.id!r}, and the kind of the other likewise",
            )
