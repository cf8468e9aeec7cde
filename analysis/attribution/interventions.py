"""What reverts a flip: the smallest change found after which the candidate predicts the base's class.

An attribution says what a prediction seems to rest on; an intervention asks the model itself. Beside each stands how
often random changes of the same size do as much, because a prediction near the border reverts at any touch.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from analysis.base.sql import identifier, queries, records
from analysis.store.shown import EvidenceTables

_SQL = queries(__package__, "interventions.sql")

DELETION = "deletion"
"""Kind: words are deleted from the text."""
CUE = "cue"
"""Kind: a declared cue is removed from the text, or another of its kind put in its place."""
GRAFT = "graft"
"""Kind: a part of the base, such as a layer, is put into the candidate; tried where no change of the text reverts."""
MOST_WORDS = 3
"""Words that are deleted at once, at most."""
RANDOM = 48
"""Random changes of the same size; where there are fewer, all of them."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """What a search of one kind found for one flip: a row of the table `TRACK_intervention`, but for its ref.

    Where `reverts`, the fields describe the first change that reverts the flip, which is one of the smallest; else the
    one that came nearest. Nothing was tried where `tried` is 0: `why` then says why, and the fields of the change are
    None or empty.

    Args:
        kind: of the search.
        method: whose attributions ranked the words; None where the text's order stood in.
        base_label: the class that the base predicts for the text.
        candidate_label: the class that the candidate predicts for it.
        reverts: whether the candidate predicts the base's class after the change.
        operation: `delete`, for a cue `remove` or `swap`, or `graft`.
        cue: name of the declared cue that is changed.
        term: what stands in its place after a swap; the parts that are grafted.
        words: how many words are changed.
        starts: where the changed words start in the text, in its order; for a cue, its mentions.
        ends: where they end.
        tried: changes tried in this search, this one included.
        label_after: the candidate's class after the change.
        p_before: the candidate's probability of the base's class for the text, in [0, 1].
        p_after: that probability after the change; None of a graft.
        random_reverted: how many of the random changes of the same size revert the flip; of a graft of one part, of
            the other parts.
        random_tried: how many random changes were tried, under `RANDOM` where those were all; 0 where the flip was not
            reverted.
        why: why nothing was tried; else empty.
    """

    kind: str
    method: str | None
    base_label: str
    candidate_label: str
    reverts: bool
    operation: str | None
    cue: str | None
    term: str | None
    words: int | None
    starts: list[int]
    ends: list[int]
    tried: int
    label_after: str | None
    p_before: float | None
    p_after: float | None
    random_reverted: int
    random_tried: int
    why: str


def interventions(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, track: str, ref: str
) -> tuple[Intervention, ...]:
    """The searches for what reverts one example's flip, the smallest that does first; none where none was made."""
    table = f"{track}_intervention"
    if table not in tables.names:
        return ()
    query = _SQL["interventions"].format(source=identifier(table))
    return tuple(records(connection, Intervention, query, {"ref": ref}))
