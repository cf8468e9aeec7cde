"""Whether the rules of relevance hold for a model: tested on the model itself, on a few tokens."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from analysis.attribution.relevance import relevance_rules

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

MAX_DIFFERENCE = 1e-5
"""Largest difference of a logit under the rules; a share of the largest logit where that is over one."""
MAX_LEAK = 1e-4
"""Largest share of relevance that may be lost or made between the logits and the embeddings and biases."""
PROBE_TOKENS = 8

_LOCK = threading.Lock()
_KNOWN: WeakKeyDictionary[torch.nn.Module, str] = WeakKeyDictionary()


class Probed(NamedTuple):
    """What a probe of a model under the rules found.

    Args:
        attentions: layers of attention that went by the rules.
        difference: largest difference of a logit from the plain model's, relative where logits are over one.
        leak: share of the relevance that was lost or made.
    """

    attentions: int
    difference: float
    leak: float


def refusal(model: PreTrainedModel) -> str:
    """Why the rules do not hold for a model, in words; empty where they do. Tested once a model.

    Three tests: every attention layer goes by the rules; the logits are those of the plain model; and under the rules
    of CP-LRP, by which every step is linear in what is not held, the relevance of embeddings and biases adds up to
    the logits. The last one finds any step that no rule covers.
    """
    with _LOCK:
        if model not in _KNOWN:
            _KNOWN[model] = _tested(model)
        return _KNOWN[model]


def _tested(model: PreTrainedModel) -> str:
    name = type(model).__name__
    if any(_compiled(module) for module in model.modules()):
        return f"{name} is compiled, and the gradients of compiled code cannot be changed"
    try:
        found = probe(model)
    except (AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return f"the gradients of {name} cannot be changed: {words}"
    # An architecture may have no layers of attention at all.
    return _fault(name, found, getattr(model.config.get_text_config(), "num_hidden_layers", 0))


def _fault(name: str, found: Probed, layers: int) -> str:
    """What a probe of a model with that many layers says against the rules; empty if nothing."""
    if found.attentions != layers:
        return (
            f"{name} computes attention in a way of its own: {found.attentions} of {layers} layers go through the "
            "attention interface of Transformers"
        )
    if math.isnan(found.difference):
        return f"{name} gives logits that are not numbers"
    if not found.difference <= MAX_DIFFERENCE:
        return f"the logits of {name} differ by {found.difference:.1e} under the rules"
    if not found.leak <= MAX_LEAK:
        return f"{name} has a step that no rule covers: {found.leak:.1%} of the relevance is lost on the way"
    return ""


def probe(model: PreTrainedModel) -> Probed:
    """Put a few tokens through a model, plainly and under the rules, and add up their relevance for random weights."""
    import torch

    embed: Any = model.get_input_embeddings()
    with torch.no_grad():
        given = embed(_probe_ids(embed)[None]).detach()
        mask = torch.ones(given.shape[:2], dtype=torch.long, device=given.device)
        plain = model(inputs_embeds=given, attention_mask=mask).logits.float()
    with relevance_rules(model, "attn"), torch.no_grad():
        halved = model(inputs_embeds=given, attention_mask=mask).logits.float()
    direction = torch.randn(plain.shape, generator=torch.Generator().manual_seed(0)).to(plain.device)
    sources: list[torch.Tensor] = [given.requires_grad_()]
    with relevance_rules(model, "cp") as rules, _additive(model, sources):
        logits = model(inputs_embeds=given, attention_mask=mask).logits.float()
        total = (logits * direction).sum()
        gradients = torch.autograd.grad(total, sources, allow_unused=True)
    parts = [
        float((one.detach() * gradient).sum())
        for one, gradient in zip(sources, gradients, strict=True)
        if gradient is not None
    ]
    wanted = float(total.detach())
    difference = max(float((one - plain).abs().max()) for one in (logits.detach(), halved))
    return Probed(
        rules.attentions,
        difference / max(1.0, float(plain.abs().max())),
        abs(sum(parts) - wanted) / max(abs(wanted), *map(abs, parts)),
    )


def _probe_ids(embed: Any) -> torch.Tensor:
    """Ids from all over the vocabulary, (`PROBE_TOKENS`,), of tokens whose embeddings are numbers."""
    import torch

    weight = embed.weight
    spread = torch.linspace(0, len(weight) - 1, PROBE_TOKENS**2, device=weight.device).long()
    finite = torch.isfinite(embed(spread)).all(dim=-1)
    kept = spread[finite] if int(finite.sum()) >= PROBE_TOKENS else spread
    return kept[:: len(kept) // PROBE_TOKENS][:PROBE_TOKENS]


def _compiled(module: torch.nn.Module) -> bool:
    return getattr(module, "_compiled_call_impl", None) is not None or hasattr(module, "_orig_mod")


@contextmanager
def _additive(model: PreTrainedModel, sources: list[torch.Tensor]) -> Iterator[None]:
    """Inside, what the model adds of its own (biases, embeddings that it looks up itself) joins `sources`."""
    import torch

    def record(module: torch.nn.Module, given: Any, output: torch.Tensor) -> torch.Tensor:
        sources.append(output.detach().requires_grad_())
        return sources[-1]

    with ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, torch.nn.Embedding):
                stack.callback(module.register_forward_hook(record).remove)
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                stack.callback(parameter.requires_grad_, parameter.requires_grad)
                sources.append(parameter.requires_grad_())
        yield
