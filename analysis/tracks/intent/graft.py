"""Grafting: a piece of the base put into the candidate, to see which piece brings the base's answer back.

A composite is the candidate with some units (layers, or the modules of an adapter) of the base in their place. The
same composite answers both questions: whether what was put back restores the base's answer, and, read the other way,
whether the candidate's units alone, put into the base, bring the candidate's. The exchange of activations or weights
between two models to find where they differ is causal mediation (Vig et al., 2020, Investigating gender bias in
language models using causal mediation analysis; Zhang et al., 2022, Are all layers created equal?).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.models.blocks import (
    Part,
    adapted_modules,
    blocks_path,
    grafted,
    parts_of,
    weight_change,
    why_not_exchangeable,
)
from analysis.tracks.intent.predict import encode, logits_of_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.classifier_pair import ClassifierPair

Answers = "NDArray[np.int64]"


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


class Graft:
    """Composites of two classifiers over some messages, each asked once.

    Args:
        pair: base and candidate, of which `why_not_grafted` says nothing.
        units: what is exchanged: parts of the base's architecture, or modules.
        texts: the messages.
        max_length: tokens read of a message.
    """

    def __init__(
        self, pair: ClassifierPair, units: Sequence[Part], texts: Sequence[str], max_length: int
    ) -> None:
        self._base, self._candidate = pair.side("base"), pair.side("candidate")
        self.units = tuple(units)
        self._ids = encode(self._candidate, texts, max_length)
        self._asked: dict[frozenset[int], NDArray[np.int64]] = {}

    @property
    def asked(self) -> int:
        """Composites asked so far."""
        return len(self._asked)

    def answers(self, from_base: Iterable[int]) -> NDArray[np.int64]:
        """Predicted class (n,) of the candidate with those units of the base; -1 where logits are not finite."""
        chosen = frozenset(from_base)
        if chosen not in self._asked:
            modules = [name for unit in sorted(chosen) for name in self.units[unit].modules]
            with grafted(self._candidate.model, self._base.model, modules):
                logits = logits_of_ids(self._candidate, self._ids)
            finite = np.isfinite(logits).all(axis=1)
            self._asked[chosen] = np.where(finite, logits.argmax(axis=1), -1)
        return self._asked[chosen]


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


def module_units(pair: ClassifierPair) -> tuple[Part, ...]:
    """The modules that the candidate's adapter wraps and the base has, one unit each; none of a whole model."""
    base, candidate = pair.side("base").model, pair.side("candidate").model
    known = {name for name, _ in base.named_modules()}
    path = f"{blocks_path(base)}."
    found = []
    for name in adapted_modules(candidate):
        if name in known and not (pair.labels_reordered and not name.startswith(path)):
            number, _, inner = name.removeprefix(path).partition(".")
            inside = name.startswith(path) and number.isdecimal()
            found.append(Part(f"layer {int(number) + 1} {inner}" if inside else name, (name,)))
    return tuple(found)


def module_kinds(units: Sequence[Part]) -> tuple[Part, ...]:
    """The modules by the last part of their name, such as `query`: all layers together."""
    kinds: dict[str, list[str]] = {}
    for unit in units:
        for name in unit.modules:
            kinds.setdefault(name.rpartition(".")[2], []).append(name)
    return tuple(Part(kind, tuple(names)) for kind, names in kinds.items())


def changed_units(pair: ClassifierPair, units: Sequence[Part]) -> list[float | None]:
    """Relative change of the weights of each unit; 0 where they are equal, None where an adapter renamed them."""
    base, candidate = pair.side("base").model, pair.side("candidate").model
    return [weight_change(base, candidate, unit) for unit in units]


def names_of(units: Sequence[Part], chosen: Iterable[int]) -> str:
    """Units in words: `layers 2 to 3 and head`, `embeddings`, `layer 2 output.dense and layer 4 output.dense`."""
    runs: list[list[int]] = []
    for unit in sorted(chosen):
        plain = units[unit].name.removeprefix("layer ").isdecimal()
        before = bool(runs) and units[runs[-1][-1]].name.removeprefix("layer ").isdecimal()
        if plain and before and runs[-1][-1] == unit - 1:
            runs[-1].append(unit)
        else:
            runs.append([unit])
    words = []
    for run in runs:
        first, last = (units[run[end]].name for end in (0, -1))
        words.append(first if first == last else f"layers {first[6:]} to {last[6:]}")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


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
    if not texts or why_not_grafted(pair):
        return [None] * len(texts)
    units = layer_units(pair)
    graft = Graft(pair, units, texts, max_length)
    wanted = np.array([pair.labels.index(label) for label in base_labels])
    changed = [unit for unit, change in enumerate(changed_units(pair, units)) if change != 0]
    singles = np.array([graft.answers([unit]) == wanted for unit in changed]).reshape(
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
            (place for place, chosen in enumerate(ends) if graft.answers(chosen)[text] == wanted[text]), None
        )
        if wider is None:
            found.append(None)
        else:
            parts = names_of(units, ends[wider])
            found.append(GraftRevert(parts, len(changed) + wider + 1, 0, 0))
    return found
