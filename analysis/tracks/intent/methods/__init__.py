"""The attribution methods, one line each; a new one is a file beside these and a line in `METHODS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from analysis.tracks.intent.method_names import INTEGRATED_GRADIENTS, KERNEL_SHAP, LIME, OCCLUSION, ON_DEMAND
from analysis.tracks.intent.methods.attention_rollout import attention_rollout
from analysis.tracks.intent.methods.gradient_shap import gradient_shap
from analysis.tracks.intent.methods.input_x_gradient import input_x_gradient
from analysis.tracks.intent.methods.integrated_gradients import integrated_gradients
from analysis.tracks.intent.methods.occlusion import occlusion
from analysis.tracks.intent.methods.request import Explained, Request, Target
from analysis.tracks.intent.methods.sampled import kernel_shap, lime


@dataclass(frozen=True)
class Method:
    """An attribution method.

    Args:
        name: as stored.
        family: methods agree only across families, because those within one share their faults.
        explain: computes it.
        baseline: whether it starts from a neutral baseline, which must then be neutral.
        licensable: whether it may ever support a finding.
        contrastive: whether every flip is also explained by it as candidate's class against base's.
    """

    name: str
    family: Literal["gradient", "perturbation", "attention"]
    explain: Callable[[Request], list[Explained]]
    baseline: bool = False
    licensable: bool = True
    contrastive: bool = False

    @property
    def on_demand(self) -> bool:
        """Whether it is computed when a reviewer asks, never for the whole queue."""
        return self.name in ON_DEMAND


METHODS: tuple[Method, ...] = (
    Method(INTEGRATED_GRADIENTS, "gradient", integrated_gradients, baseline=True, contrastive=True),
    Method(OCCLUSION, "perturbation", occlusion, contrastive=True),
    Method("gradient_shap", "gradient", gradient_shap, baseline=True),
    Method("input_x_gradient", "gradient", input_x_gradient),
    Method("attention_rollout", "attention", attention_rollout, licensable=False),
    Method(LIME, "perturbation", lime, contrastive=True),
    Method(KERNEL_SHAP, "perturbation", kernel_shap, contrastive=True),
)


__all__ = [
    "INTEGRATED_GRADIENTS",
    "METHODS",
    "OCCLUSION",
    "Explained",
    "Method",
    "Request",
    "Target",
]
