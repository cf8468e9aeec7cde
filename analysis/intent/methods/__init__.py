"""The attribution methods, one line each; a new one is a file beside these and a line in `METHODS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.errors import AssayError
from analysis.intent.methods.attention_rollout import attention_rollout
from analysis.intent.methods.gradient_shap import gradient_shap
from analysis.intent.methods.input_x_gradient import input_x_gradient
from analysis.intent.methods.integrated_gradients import integrated_gradients
from analysis.intent.methods.occlusion import occlusion
from analysis.intent.methods.request import Explained, Request, Target
from analysis.intent.methods.sampled import kernel_shap, lime
from analysis.intent.predict import logits_of_ids
from analysis.intent.words import Tokenised, tokenise

if TYPE_CHECKING:
    from analysis.models.load import LoadedClassifier

INTEGRATED_GRADIENTS = "integrated_gradients"
OCCLUSION = "occlusion"


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
        on_demand: computed when a reviewer asks, never for the whole queue.
    """

    name: str
    family: Literal["gradient", "perturbation", "attention"]
    explain: Callable[[Request], list[Explained]]
    baseline: bool = False
    licensable: bool = True
    contrastive: bool = False
    on_demand: bool = False


METHODS: tuple[Method, ...] = (
    Method(INTEGRATED_GRADIENTS, "gradient", integrated_gradients, baseline=True, contrastive=True),
    Method(OCCLUSION, "perturbation", occlusion, contrastive=True),
    Method("gradient_shap", "gradient", gradient_shap, baseline=True),
    Method("input_x_gradient", "gradient", input_x_gradient),
    Method("attention_rollout", "attention", attention_rollout, licensable=False),
    Method("lime", "perturbation", lime, on_demand=True),
    Method("kernel_shap", "perturbation", kernel_shap, on_demand=True),
)


def explain_on_demand(
    classifier: LoadedClassifier, text: str, method: str, target: Target, max_length: int, seed: int
) -> tuple[Tokenised, Explained]:
    """Explain one text by one of the methods that are computed when asked for.

    Raises:
        AssayError: there is no such method on demand.
    """
    known = {one.name: one for one in METHODS if one.on_demand}
    if method not in known:
        raise AssayError(
            f"there is no method {method!r} on demand",
            where="attribution method",
            hint=f"known: {', '.join(known)}",
        )
    words = tokenise(classifier, [text], max_length)
    outputs = [float(target.output(row)) for row in logits_of_ids(classifier, [one.ids for one in words])]
    request = Request(classifier, words, [target], outputs, seeds=[seed])
    return words[0], known[method].explain(request)[0]


__all__ = [
    "INTEGRATED_GRADIENTS",
    "METHODS",
    "OCCLUSION",
    "Explained",
    "Method",
    "Request",
    "Target",
    "explain_on_demand",
]
