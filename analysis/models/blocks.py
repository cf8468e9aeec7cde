"""The blocks of a transformer: their states, pooled while it runs, and their exchange between two models.

Layers are counted from 1; layer 0 is what the first block is given, the embeddings.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Part:
    """A piece of a model that can be exchanged: its name, and the dotted names of its modules in the whole model."""

    name: str
    modules: tuple[str, ...]


def blocks_path(model: nn.Module) -> str:
    """Dotted name of the list of the model's blocks; '' where it has none, or uses one block several times."""
    from torch import nn

    config: Any = getattr(model, "config", None)
    count = getattr(config, "num_hidden_layers", None)
    lists = (
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == count
    )
    return next(lists, "") if count else ""


class PooledStates:
    """States of every layer, averaged over the tokens of each text, taken from the forward passes as they happen.

    A state is taken where a block returns it and averaged at once, so that no pass keeps the states of its tokens.
    Texts must come unpadded, as `equal_length_batches` gives them.

    Args:
        model: whose passes are watched between `open` and `close`.
        path: of its blocks, as `blocks_path` finds it.
    """

    def __init__(self, model: nn.Module, path: str) -> None:
        self._blocks: Any = model.get_submodule(path)
        self._handles: list[Any] = []
        self._taken: list[torch.Tensor] = []
        self._tokens = _token_axis(model, next(self._blocks.children()))

    @property
    def layers(self) -> int:
        """Number of layers, the embeddings included."""
        return len(self._blocks) + 1

    def __enter__(self) -> PooledStates:
        def first(module: Any, given: Any, named: Any) -> None:
            self._taken = []
            self._take(given[0] if given else named["hidden_states"])

        def each(module: Any, given: Any, output: Any) -> None:
            self._take(output if not isinstance(output, tuple) else output[0])

        self._handles = [self._blocks[0].register_forward_pre_hook(first, with_kwargs=True)]
        self._handles += [block.register_forward_hook(each) for block in self._blocks]
        return self

    def __exit__(self, *failed: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles, self._taken = [], []

    def _take(self, states: torch.Tensor) -> None:
        self._taken.append(states.mean(dim=self._tokens))

    def taken(self) -> torch.Tensor:
        """Pooled states of the last pass, float32 [texts, layers, width]."""
        import torch

        return torch.stack(self._taken, dim=1).float()


def _token_axis(model: nn.Module, block: nn.Module) -> int:
    """Which axis of a block's states has the tokens: the second, but for models such as XLNet that keep them first."""
    import torch

    seen: list[torch.Size] = []

    def note(module: Any, given: Any, output: Any) -> None:
        seen.append((output if not isinstance(output, tuple) else output[0]).shape)

    handle = block.register_forward_hook(note)
    try:
        ids = torch.ones((1, 2), dtype=torch.long, device=next(model.parameters()).device)
        with torch.inference_mode():
            model(input_ids=ids, attention_mask=torch.ones_like(ids))
    finally:
        handle.remove()
    return 0 if seen and seen[0][0] == 2 else 1


def parts_of(model: nn.Module, path: str, run: Callable[[], object]) -> tuple[Part, ...]:
    """The embeddings, each block, and the head, in the order in which a text passes them.

    What lies outside the blocks belongs to the head where it first runs after the last block, else to the embeddings:
    position tables that blocks read without running them belong there.

    Args:
        model: the model.
        path: of its blocks.
        run: passes one text through it.
    """
    blocks: Any = model.get_submodule(path)
    outside = _outside(model, path)
    ran: set[str] = set()
    late: set[str] = set()
    passed: list[bool] = []

    def mark(name: str) -> Callable[..., None]:
        def hook(*given: object) -> None:
            if passed and name not in ran:
                late.add(name)
            ran.add(name)

        return hook

    handles = [
        inner.register_forward_pre_hook(mark(name))
        for name in outside
        for inner in model.get_submodule(name).modules()
    ]
    handles.append(blocks[-1].register_forward_hook(lambda *given: passed.append(True)))
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return (
        Part("embeddings", tuple(name for name in outside if name not in late)),
        *(Part(f"layer {index + 1}", (f"{path}.{index}",)) for index in range(len(blocks))),
        Part("head", tuple(name for name in outside if name in late)),
    )


def _outside(model: nn.Module, path: str) -> list[str]:
    """The largest modules that do not hold the blocks."""
    found = []
    inside = path.split(".")
    for depth, name in enumerate(inside):
        above = ".".join(inside[:depth])
        for child, _ in model.get_submodule(above).named_children():
            if child != name:
                found.append(f"{above}.{child}" if above else child)
    return found


@contextmanager
def grafted(receiver: nn.Module, donor: nn.Module, modules: Iterable[str]) -> Iterator[None]:
    """The receiver with those modules of the donor in the place of its own, which are put back afterwards.

    Args:
        receiver: the model that is run.
        donor: a model of the same architecture, or the base under an adapter.
        modules: dotted names, none inside another.
    """
    own = {name: receiver.get_submodule(name) for name in modules}
    try:
        for name in own:
            receiver.set_submodule(name, donor.get_submodule(name))
        yield
    finally:
        for name, module in own.items():
            receiver.set_submodule(name, module)


def why_not_exchangeable(base: nn.Module, candidate: nn.Module, parts: Sequence[Part]) -> str:
    """Why parts of one model do not fit into the other; '' where they do.

    Args:
        base: the base.
        candidate: a model of the same kind, or the base with an adapter, whose modules may be wrapped.
        parts: of the base.
    """
    if type(base) is not type(candidate):
        return f"the architectures differ: {type(base).__name__} and {type(candidate).__name__}"
    mine, theirs = (_shape(model) for model in (base, candidate))
    differing = sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
    if differing:
        return f"the configurations differ in {differing[0]}"
    for part in parts:
        for name in part.modules:
            try:
                candidate.get_submodule(name)
            except AttributeError:
                return f"the candidate has no module {name}"
    return ""


_NAMES_ONLY = frozenset(
    ("id2label", "label2id", "_name_or_path", "architectures", "transformers_version", "problem_type", "dtype",
     "pad_token_id", "num_labels", "torch_dtype")
)  # fmt: skip
"""Keys of a configuration that say nothing of how parts fit together."""


def _shape(model: nn.Module) -> dict[str, Any]:
    config: Any = model.config
    values: dict[str, Any] = config.to_dict()
    dropout = ("dropout", "dropout_prob", "pdrop", "drop")
    return {
        key: value
        for key, value in values.items()
        if key not in _NAMES_ONLY and not key.endswith(dropout) and key != "initializer_range"
    }


def weight_change(base: nn.Module, candidate: nn.Module, part: Part) -> float | None:
    """Length of the change of a part's weights over the length of the base's; None where they are named otherwise.

    An adapter names the weights of a layer that it wraps otherwise. 0 means that all are equal.
    """
    squares = change = 0.0
    for name in part.modules:
        before, after = (dict(model.get_submodule(name).named_parameters()) for model in (base, candidate))
        if before.keys() != after.keys():
            return None
        for key, weight in before.items():
            if weight.shape != after[key].shape:
                return None
            squares += float(weight.double().square().sum())
            if weight.data_ptr() != after[key].data_ptr():
                change += float((after[key].double() - weight.double()).square().sum())
    return (change / squares) ** 0.5 if squares else 0.0


def same_values(base: nn.Module, candidate: nn.Module, part: Part) -> bool:
    """Whether a part has the same weights and buffers on both sides; False where an adapter named them otherwise."""
    import torch

    for name in part.modules:
        mine, theirs = (_values(model.get_submodule(name)) for model in (base, candidate))
        if mine.keys() != theirs.keys():
            return False
        if not all(value is theirs[key] or torch.equal(value, theirs[key]) for key, value in mine.items()):
            return False
    return True


def _values(module: nn.Module) -> dict[str, torch.Tensor]:
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def adapted_modules(model: nn.Module) -> tuple[str, ...]:
    """Dotted names of the modules of an adapted model that its adapter wraps, in their order; none of a whole model."""
    if "peft" not in sys.modules:
        # No module is one of its classes, and loading it costs a third of a second.
        return ()
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils import ModulesToSaveWrapper

    found: list[str] = []
    for name, module in model.named_modules():
        inside = any(name.startswith(f"{one}.") for one in found)
        if isinstance(module, (BaseTunerLayer, ModulesToSaveWrapper)) and not inside:
            found.append(name)
    return tuple(found)
