"""Grafting of classifiers: a piece of the base put into the candidate, to see which brings the base's answer back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.models.blocks import Part, blocks_path, parts_of, why_not_exchangeable
from analysis.models.composites import Composites, module_units, names_of
from analysis.plugin.change_parts import Exchange
from analysis.tracks.intent.predict import encode, logits_of_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.classifier_pair import ClassifierPair


class GraftRevert(NamedTuple):
    """What of the base, put into the candidate, reverts one flip.

    Args:
        parts: in words: `layer 4`, `layers 4 to 6`, `layer 5 to head`.
        tried: composites that were asked until this one was found.
        others_reverted: how many of the other single parts revert this flip too: what random ones of one part do.
        others: how many other single parts there are; 0 where several parts are needed at once.
    """

    parts: str
    tried: int
    others_reverted: int
    others: int


def exchange(pair: ClassifierPair) -> Exchange:
    """Both classifiers with the layers and modules of theirs that can be exchanged, or why none can. Loads both.

    No module outside the layers where the candidate's classes stand in another order.
    """
    base, candidate = pair.side("base").model, pair.side("candidate").model
    why = why_not_grafted(pair)
    layers: tuple[Part, ...] = () if why else layer_units(pair)
    modules: tuple[Part, ...] = () if why else module_units(base, candidate)
    if pair.labels_reordered:
        inside = f"{blocks_path(base)}."
        modules = tuple(part for part in modules if part.modules[0].startswith(inside))
    return Exchange(base, candidate, pair.folders["candidate"], layers, modules, why)


def answers(pair: ClassifierPair, texts: Sequence[str], max_length: int) -> Callable[[], NDArray[np.int64]]:
    """What asks the candidate, as it then is, for the class (n,) of each message; -1 where logits are not finite.

    Args:
        pair: both classifiers.
        texts: the messages.
        max_length: tokens read of a message.
    """
    candidate = pair.side("candidate")
    ids = encode(candidate, texts, max_length) if texts else []

    def ask() -> NDArray[np.int64]:
        logits = logits_of_ids(candidate, ids)
        return np.where(np.isfinite(logits).all(axis=1), logits.argmax(axis=1), -1)

    return ask


def why_not_grafted(pair: ClassifierPair) -> str:
    """Why no part of the base can be put into the candidate; '' where it can. Loads both."""
    if not pair.tokenizers_equal:
        return "the sides have different tokenizers, so that a layer of one reads other tokens in the other"
    base, candidate = pair.side("base").model, pair.side("candidate").model
    path = blocks_path(base)
    if not path:
        return f"no list of layers was found in {type(base).__name__}"
    return why_not_exchangeable(base, candidate, layer_units(pair))


def layer_units(pair: ClassifierPair) -> tuple[Part, ...]:
    """Embeddings, layers and head of the base; no head where the candidate's classes stand in another order."""
    base = pair.side("base")
    parts = parts_of(base.model, blocks_path(base.model), lambda: logits_of_ids(base, [[base.empty_id]]))
    held = [part for part in parts if part.modules]
    return tuple(held[:-1] if pair.labels_reordered and held[-1].name == "head" else held)


def graft_reverts(
    pair: ClassifierPair, texts: Sequence[str], base_labels: Sequence[str], max_length: int
) -> list[GraftRevert | None]:
    """The smallest graft that reverts each flip, of single parts first, then of all parts from one on or up to one.

    Parts whose weights are the same on both sides are not tried.

    Args:
        pair: both classifiers.
        texts: messages that the candidate answers otherwise than the base.
        base_labels: the base's answer to each.
        max_length: tokens read of a message.

    Returns:
        One for each text; None where no graft of less than the whole model reverts it, or none is possible
        (`why_not_grafted` says why).
    """
    if not texts:
        return []
    given = exchange(pair)
    if given.why:
        return [None] * len(texts)
    units = given.layers
    graft = Composites(given.base, given.candidate, units, answers(pair, texts, max_length))
    wanted = np.array([pair.labels.index(label) for label in base_labels])
    changed = [unit for unit, change in enumerate(graft.weight_changes()) if change != 0]
    singles = np.array([graft.put_back([unit]) == wanted for unit in changed]).reshape(
        len(changed), len(texts)
    )
    # Those that revert most flips are the likeliest cause of this one.
    order = sorted(range(len(changed)), key=lambda row: (-int(singles[row].sum()), row))
    ends = [changed[:size] for size in range(2, len(changed))]
    ends += [changed[-size:] for size in range(2, len(changed))]
    ends.sort(key=len)
    found: list[GraftRevert | None] = []
    for text in range(len(texts)):
        mine = [row for row in order if singles[row, text]]
        if mine:
            part = names_of(units, [changed[mine[0]]])
            found.append(GraftRevert(part, order.index(mine[0]) + 1, len(mine) - 1, len(changed) - 1))
            continue
        wider = next(
            (place for place, chosen in enumerate(ends) if graft.put_back(chosen)[text] == wanted[text]), None
        )
        if wider is None:
            found.append(None)
        else:
            parts = names_of(units, ends[wider])
            found.append(GraftRevert(parts, len(changed) + wider + 1, 0, 0))
    return found
