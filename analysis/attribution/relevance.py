"""Layer-wise relevance propagation through a transformer, as input times gradient under changed rules of the gradient.

CP-LRP: Ali et al. (2022), "XAI for Transformers: Better Explanations through Conservative Propagation". AttnLRP:
Achtibat et al. (2024), "AttnLRP: Attention-Aware Layer-Wise Relevance Propagation for Transformers", arXiv:2402.05602.
Both hold some factors of a step constant, so that the network is linear in what is left: then relevance is that times
its gradient, and one backward pass computes it. The forward pass gives the same numbers as before.

What is held, by what a step computes and not by the name of its model:

- LayerNorm and RMSNorm: the deviation by which they divide.
- An activation with f(0) = 0, such as GELU, SiLU or tanh: f(x) / x, so that relevance passes through unchanged.
- A product of two signals, as in a gated MLP: each factor receives half of the relevance (a gradient times 1/2).
- Attention, CP: its weights; query and key receive nothing. Attention, AttnLRP: the sum over weights times values
  halves relevance between the two, softmax passes its own gradient (the Taylor rule of the paper), and the product
  of query and key halves again: 1/2 for values, 1/4 for queries and for keys.

Whether that holds for a model is tested on the model itself: `analysis.attribution.relevance_check`.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from torch.overrides import TorchFunctionMode
    from transformers import PreTrainedModel

Rule = Literal["cp", "attn"]

_PREFIX = "relevance over "
_TINY = 1e-30
_LOCK = threading.RLock()
_STATE = threading.local()


class Rules:
    """The rules in force in this thread.

    `attentions` counts the layers of attention that have gone by them; `given` holds what the activations that are
    being computed were given.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.attentions = 0
        self.given: list[torch.Tensor] = []


@contextmanager
def relevance_rules(model: PreTrainedModel, rule: Rule) -> Iterator[Rules]:
    """Inside, gradients through `model` follow the rules; outside, it is as it was, also after an error.

    Forward passes give the same numbers. Only the thread that entered is concerned; others wait to enter.

    Args:
        model: of Transformers, in evaluation mode.
        rule: what attention passes on.
    """
    with _LOCK, ExitStack() as stack:
        rules = Rules(rule)
        before = getattr(_STATE, "rules", None)
        stack.callback(setattr, _STATE, "rules", before)
        _STATE.rules = rules
        for config in _configurations(model):
            stack.callback(setattr, config, "_attn_implementation_internal", config._attn_implementation)
            config._attn_implementation_internal = _registered(config._attn_implementation)
        for module in model.modules():
            if _is_activation(module):
                stack.callback(module.register_forward_pre_hook(_hold_back).remove)
                stack.callback(module.register_forward_hook(_pass_through).remove)
        stack.enter_context(_function_mode()())
        yield rules


def _configurations(model: PreTrainedModel) -> list[Any]:
    """Every configuration object that a module of the model reads."""
    found: dict[int, Any] = {}
    for module in model.modules():
        config = getattr(module, "config", None)
        if hasattr(config, "_attn_implementation_internal"):
            found[id(config)] = config
    return list(found.values())


def _registered(implementation: str | None) -> str:
    """The name under which attention goes by the rules and is computed as by `implementation`."""
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    plain = implementation or "eager"
    name = _PREFIX + plain
    ALL_ATTENTION_FUNCTIONS.register(name, partial(_attention, plain))
    ALL_MASK_ATTENTION_FUNCTIONS.register(name, ALL_MASK_ATTENTION_FUNCTIONS[plain])
    return name


def _attention(
    implementation: str,
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *rest: Any,
    **named: Any,
) -> Any:
    """Attention as the module computes it, with gradients by the rules of this thread."""
    rules = getattr(_STATE, "rules", None)
    if rules is not None:
        rules.attentions += 1
        if rules.rule == "cp":
            query, key = query.detach(), key.detach()
        else:
            query, key, value = _share(query, 0.25), _share(key, 0.25), _share(value, 0.5)
    return _plain_attention(implementation, module)(module, query, key, value, *rest, **named)


def _plain_attention(implementation: str, module: torch.nn.Module) -> Callable[..., Any]:
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    found: Callable[..., Any]
    if implementation == "eager":
        # What the module itself would call: each model family has its own.
        found = inspect.unwrap(type(module).forward).__globals__["eager_attention_forward"]
    else:
        found = ALL_ATTENTION_FUNCTIONS[implementation]
    return found


def _is_activation(module: torch.nn.Module) -> bool:
    """Whether a module applies one function with f(0) = 0, not a linear one, to each number: found by trying it."""
    import torch

    if next(module.children(), None) is not None or next(module.parameters(), None) is not None:
        return False
    if next(module.buffers(), None) is not None:
        return False
    key = (
        type(module),
        *sorted((name, str(value)) for name, value in vars(module).items() if name[0] != "_"),
    )
    if key not in _KNOWN:
        given = torch.linspace(-3.0, 3.0, 13)[None]
        try:
            with torch.no_grad():
                found = module(given.clone())
                turned, short = module(given.flip(-1)), module(given[:, :5].clone())
            each = torch.equal(turned.flip(-1), found) and torch.equal(short, found[:, :5])
            linear = torch.allclose(found, given * (found[0, -1] / given[0, -1]), atol=1e-6)
            _KNOWN[key] = each and abs(float(found[0, 6])) < 1e-6 and not linear
        except (AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError, ValueError):
            # A module of another kind, which takes no such numbers.
            _KNOWN[key] = False
    return _KNOWN[key]


_KNOWN: dict[tuple[Any, ...], bool] = {}


def _hold_back(module: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """An activation computes without a gradient, where this thread has rules: it gets one by `_pass_through`."""
    rules = getattr(_STATE, "rules", None)
    if rules is None:
        return given
    rules.given.append(given[0])
    return given[0].detach(), *given[1:]


def _pass_through(module: torch.nn.Module, given: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
    """Relevance of an activation's output goes to its input unchanged, where this thread has rules."""
    rules = getattr(_STATE, "rules", None)
    return output if rules is None else _ratio(rules.given.pop(), output)


@cache
def _functions() -> tuple[Any, Any, Any]:
    """Functions whose forward is plain and whose backward is a rule: norm, ratio, share."""
    import torch

    class Norm(torch.autograd.Function):
        """Layer normalisation whose deviation is constant."""

        @staticmethod
        def forward(ctx: Any, given: Any, shape: Any, weight: Any, bias: Any, eps: float) -> Any:
            output, _, scale = torch.native_layer_norm(given, shape, weight, bias, eps)
            ctx.save_for_backward(scale if weight is None else scale * weight)
            ctx.places = tuple(range(-len(shape), 0))
            ctx.leading = tuple(range(given.dim() - len(shape)))
            return output

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            (scale,) = ctx.saved_tensors
            scaled = gradients[0] * scale
            to_bias = gradients[0].sum(dim=ctx.leading) if ctx.needs_input_grad[3] else None
            return scaled - scaled.mean(dim=ctx.places, keepdim=True), None, None, to_bias, None

    class Ratio(torch.autograd.Function):
        """The second argument, as the first times a constant."""

        @staticmethod
        def forward(ctx: Any, given: Any, output: Any) -> Any:
            # Smaller than any number that it is added to, but for zero, whose relevance is none.
            ctx.save_for_backward(output / (given + _TINY))
            return output.view_as(output)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            return gradients[0] * ctx.saved_tensors[0], None

    class Share(torch.autograd.Function):
        """A tensor that passes on a share of its gradient."""

        @staticmethod
        def forward(ctx: Any, given: Any, share: float) -> Any:
            ctx.share = share
            return given.view_as(given)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            return gradients[0] * ctx.share, None

    return Norm, Ratio, Share


def _ratio(given: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = _functions()[1].apply(given, output.detach())
    return found


def _share(given: torch.Tensor, share: float) -> torch.Tensor:
    found: torch.Tensor = _functions()[2].apply(given, share)
    return found


@cache
def _function_mode() -> type[TorchFunctionMode]:
    """The rules of functions that a model calls without a module of their own."""
    import torch
    from torch import Tensor
    from torch.nn import functional
    from torch.overrides import TorchFunctionMode

    held = {torch.rsqrt, Tensor.rsqrt, torch.sqrt, Tensor.sqrt, torch.std, Tensor.std}
    activations = {torch.tanh, Tensor.tanh, functional.gelu, functional.silu, functional.mish}
    products = {torch.mul, Tensor.mul, Tensor.__mul__, Tensor.__rmul__}

    def norm(
        given: Tensor,
        normalized_shape: Any,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        eps: float = 1e-5,
    ) -> Any:
        return _functions()[0].apply(given, tuple(normalized_shape), weight, bias, eps)

    class Changed(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            named = kwargs or {}
            if func in held:
                return func(*args, **named).detach()
            if func is functional.layer_norm:
                return norm(*args, **named)
            if func in activations and args[0].requires_grad:
                return _ratio(args[0], func(*args, **named))
            if func in products and len(args) == 2 and not named:
                signals = [isinstance(one, Tensor) and one.requires_grad for one in args]
                if all(signals):
                    return func(*(_share(one, 0.5) for one in args))
            return func(*args, **named)

    return Changed
