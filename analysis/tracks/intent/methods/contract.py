"""What an attribution method is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analysis.base.records import MethodSpec
from analysis.tracks.intent.methods.request import Explained, Request


@dataclass(frozen=True)
class Method:
    """An attribution method.

    Args:
        spec: what it is called, and what it may stand for.
        explain: computes it.
        baseline: whether it starts from a neutral baseline, which must then be neutral.
        contrastive: whether every flip is also explained by it as candidate's class against base's.
        place: methods are shown by it.
    """

    spec: MethodSpec
    explain: Callable[[Request], list[Explained]]
    baseline: bool = False
    contrastive: bool = False
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
