"""Composites: a candidate with some pieces of the base in their place, to see which piece brings which outcome.

A composite is the candidate with some units (layers, or the modules of an adapter) of the base. The same composite
answers both questions: whether what was put back restores the base's outcome, and, read the other way, whether the
candidate's units alone, put into the base, bring the candidate's. The exchange of activations or weights between two
models to find where they differ is causal mediation (Vig et al., 2020, Investigating gender bias in language models
using causal mediation analysis; Zhang et al., 2022, Are all layers created equal?).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from analysis.models.blocks import Part, adapted_modules, blocks_path, grafted, same_values, weight_change
from analysis.models.remembered_blocks import RememberedBlocks

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn


class Composites:
    """Composites of two models over some examples, each asked once, and each block once of what it is given.

    Args:
        base: the base.
        candidate: a model whose parts can be exchanged with the base's, or the base under an adapter.
        units: what is exchanged: parts of the base's architecture, or modules.
        ask: the outcome (n,) of each example by the candidate as it then is.
    """

    def __init__(
        self, base: nn.Module, candidate: nn.Module, units: Sequence[Part], ask: Callable[[], NDArray[Any]]
    ) -> None:
        self._base, self._candidate, self._ask = base, candidate, ask
        self.units = tuple(units)
        self._states = RememberedBlocks((base, candidate))
        self._asked: dict[frozenset[int], NDArray[Any]] = {}

    def put_back(self, from_base: Iterable[int]) -> NDArray[Any]:
        """Outcomes (n,) of the candidate with those units of the base."""
        chosen = frozenset(from_base) - self._equal
        if chosen not in self._asked:
            modules = [name for unit in sorted(chosen) for name in self.units[unit].modules]
            with grafted(self._candidate, self._base, modules), self._states.open():
                self._asked[chosen] = self._ask()
        return self._asked[chosen]

    def put_in(self, from_candidate: Iterable[int]) -> NDArray[Any]:
        """Outcomes (n,) where only these units are the candidate's: it is the base, into which they were put."""
        held = set(from_candidate)
        return self.put_back(unit for unit in range(len(self.units)) if unit not in held)

    @cached_property
    def _equal(self) -> frozenset[int]:
        """Units that are the same on both sides: to put them back changes nothing."""
        return frozenset(
            number for number, unit in enumerate(self.units) if same_values(self._base, self._candidate, unit)
        )

    def weight_changes(self) -> list[float | None]:
        """Relative change of the weights of each unit; 0 where they are equal, None where an adapter renamed them."""
        return [weight_change(self._base, self._candidate, unit) for unit in self.units]


def module_units(base: nn.Module, candidate: nn.Module) -> tuple[Part, ...]:
    """The modules that the candidate's adapter wraps and the base has, one unit each; none of a whole model."""
    known = {name for name, _ in base.named_modules()}
    path = f"{blocks_path(base)}."
    found = []
    for name in adapted_modules(candidate):
        if name in known:
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
