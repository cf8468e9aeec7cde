"""What both encoders bring near one text, for the live worker: as a run would have ranked it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.base.sql import queries
from analysis.models.encoder import encoders
from analysis.tracks.retrieval.encode import text_kind
from analysis.tracks.retrieval.nearest import nearest
from analysis.tracks.retrieval.settings import DEPTH
from analysis.tracks.retrieval.vectors import matrix, unit_rows

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    from analysis.base.records import Side
    from analysis.models.sides import Sides
    from analysis.plugin.live import LiveRequest

_SQL = queries(__package__, "live.sql")


class _Items(NamedTuple):
    """The items of a run: their refs, and of each side their unit vectors, (items, width) float32, in that order."""

    refs: list[str]
    vectors: dict[Side, np.ndarray]


@lru_cache(maxsize=1)
def _items(evidence: duckdb.DuckDBPyConnection) -> _Items:
    """The items, read with the first question: the evidence never changes, and a worker has one connection to it."""
    table = evidence.execute(_SQL["items"]).to_arrow_table()
    return _Items(table["ref"].to_pylist(), {side: unit_rows(matrix(table[side])) for side in SIDES})


def answer(
    models: Sides, settings: Mapping[str, Any], evidence: duckdb.DuckDBPyConnection, request: LiveRequest
) -> dict[str, Any]:
    """The items of the run nearest to one text, on both sides.

    A text that was made from an item is encoded as a document, and that item, which is no neighbour of its own, is
    left out; any other text is a query.

    Args:
        models: both sides, whose digests were compared with the run's.
        settings: the run's settings of the track.
        evidence: holds the run, attached as `evidence`.
        request: the text, and the query, item or pair that it comes from.

    Returns:
        JSON-able: `device`, `titles` (by ref, of every item named) and `sides`, each with `output`
        (`neighbours`: refs, most similar first, as many as the run lists of such a text; `scores`: their cosines), and
        no `attributions` and `licences`.

    Raises:
        AssayError: sides that are stored vectors, a text that has no direction, a ref that is not in the run.
    """
    pair = encoders(models)
    if not pair.encodes:
        raise AssayError(
            "vectors were given and no encoders, so no other text can be asked about",
            hint="name the folders of both encoders in the review file, and analyse it again",
        )
    kind, own = _kind(evidence, request.ref)
    as_text = text_kind(kind)
    items = _items(evidence)
    wanted = DEPTH if as_text == "query" else int(settings["k"])
    sides: dict[str, Any] = {}
    named: dict[str, None] = {}
    for side in SIDES:
        vectors = unit_rows(pair.vectors(side, kind, ["what-if"], [request.text], as_text))
        found = nearest(vectors, items.vectors[side], wanted + 1, exclude_self=False, device=pair.device)
        ranked = [
            (items.refs[row], float(score))
            for row, score in zip(found.indices[0].tolist(), found.scores[0].tolist(), strict=True)
            if items.refs[row] != own
        ][:wanted]
        named.update(dict.fromkeys(ref for ref, _ in ranked))
        sides[side] = {
            "output": {"neighbours": [ref for ref, _ in ranked], "scores": [score for _, score in ranked]},
            "attributions": [],
            "licences": [],
        }
    titles = dict(evidence.execute(_SQL["titles"], {"refs": list(named)}).fetchall())
    return {"device": pair.device, "titles": titles, "sides": sides}


def _kind(evidence: duckdb.DuckDBPyConnection, ref: str | None) -> tuple[str, str | None]:
    """The kind of an example, a query without one, and the item that it is or was made from."""
    if ref is None:
        return "query", None
    found = evidence.execute(_SQL["kind"], {"ref": ref}).fetchone()
    if found is None:
        raise AssayError(f"the run has no example {ref!r}", where="ref", hint="give a ref of this run")
    kind, parent = found
    return kind, {"item": ref, "variant": parent}.get(kind)
