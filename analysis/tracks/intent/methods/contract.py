"""What an attribution method is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from analysis.base.records import MethodSpec
from analysis.models.passes import BACKWARD
from analysis.tracks.intent.methods.request import Explained, Request


def one_gradient(words: int) -> float:
    """One pass of which gradients are taken, whatever the text."""
    return BACKWARD


@dataclass(frozen=True)
class Method:
    """An attribution method.

    Args:
        spec: what it is called, and what it may stand for.
        explain: computes it.
        baseline: whether it starts from the baseline of the run, which must then be neutral.
        baselines: whether it averages over every neutral baseline, of which there must then be one.
        options: ways to compute it, with their titles, of which a run chooses one for each half of its texts by how
            well it ranks the words of the other half (`crossfit`); `Request.options` says which. The first where
            nothing was chosen.
        baseline_options: those of them that start from the baseline of the run.
        contrastive: whether every flip is also explained by it as candidate's class against base's.
        reads: about how many times a model reads a text of so many words for one target, a pass of which gradients are
            taken as `BACKWARD`: for the estimate of the time left. A function of a module, since workers are sent it.
        place: methods are shown by it.
    """

    spec: MethodSpec
    explain: Callable[[Request], list[Explained]]
    baseline: bool = False
    baselines: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    baseline_options: tuple[str, ...] = ()
    contrastive: bool = False
    reads: Callable[[int], float] = one_gradient
    place: int = 100

    @property
    def name(self) -> str:
        """As stored."""
        return self.spec.name

    @property
    def licensable(self) -> bool:
        """Whether it may ever support a finding."""
        return not self.spec.context_only

    @property
    def on_demand(self) -> bool:
        """Whether it is computed when a reviewer asks, never for the whole queue."""
        return self.spec.on_demand

    def option_of(self, chosen: Mapping[str, str]) -> str | None:
        """The option that was chosen, of choices by method; the first where none was, None where it has none."""
        return chosen.get(self.name, next(iter(self.options), None))

    def starts_from_baseline(self, option: str | None) -> bool:
        """Whether it starts from the baseline of the run, with the option that was chosen."""
        return self.baseline or option in self.baseline_options
