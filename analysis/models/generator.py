"""Base and candidate text generator as one object, and what their folders say of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Side
from analysis.models.adapter import check_adapter, is_adapter
from analysis.models.files import read_json, refuse_unsafe_files, tensor_shapes
from analysis.models.generation_settings import GenerationSettings, read_settings
from analysis.models.load import max_positions
from analysis.models.pair import tokenizer_rules
from analysis.models.sides import Sides

if TYPE_CHECKING:
    from analysis.models.generation import LoadedGenerator

_ENDINGS = ("ForCausalLM", "LMHeadModel")
"""How Transformers names its classes that continue a text."""

_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "embed_in.weight", "word_embeddings.weight")


@dataclass(frozen=True)
class GeneratorHead:
    """What a generator's files say of it, read without loading it.

    Args:
        architecture: name of the Transformers class.
        parameters: number of weights.
        max_positions: longest prompt and answer together, in tokens; None where there is no limit.
        settings: how answers are made.
        template: whether prompts go through a chat template.
        tokens: folder of the tokenizer.
        adapter: type of the PEFT adapter, such as LORA; empty for a whole model.
        notes: what a reader should know of it.
    """

    architecture: str
    parameters: int
    max_positions: int | None
    settings: GenerationSettings
    template: bool
    tokens: Path
    adapter: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)


def inspect_generator(folder: Path, base: Path | None = None) -> GeneratorHead:
    """Check the folder of a generator and read how it answers.

    Args:
        folder: a Transformers folder, or an adapter.
        base: the whole model that an adapter goes over.

    Raises:
        AssayError: pickles or code, anything that is no causal language model with its tokenizer, or an
            adapter made for another base.
    """
    refuse_unsafe_files(folder)
    if is_adapter(folder):
        return _adapted(folder, base)
    config = read_json(folder / "config.json")
    where = str(folder / "config.json")
    architectures = config.get("architectures") or []
    architecture = architectures[0] if isinstance(architectures, list) and architectures else ""
    causal = isinstance(architecture, str) and architecture.endswith(_ENDINGS)
    if not causal or config.get("is_encoder_decoder"):
        raise AssayError(
            f"is not a causal language model: architectures is {architectures!r}",
            where=where,
            hint="a Transformers ...ForCausalLM folder is needed",
        )
    if config.get("quantization_config"):
        raise AssayError(
            "holds quantised weights, which are not read in this version",
            where=where,
            hint="save the model in float32, float16 or bfloat16",
        )
    if not (folder / "tokenizer.json").is_file():
        raise AssayError(
            "has no tokenizer.json",
            where=str(folder),
            hint="save it with AutoTokenizer.from_pretrained(SOURCE).save_pretrained(FOLDER)",
        )
    parameters = sum(math.prod(shape) for shape in tensor_shapes(folder).values())
    settings, notes = read_settings(folder, config)
    return _with_template(
        GeneratorHead(architecture, parameters, max_positions(config), settings, False, folder, notes=notes)
    )


def _adapted(folder: Path, base: Path | None) -> GeneratorHead:
    if base is None or is_adapter(base):
        raise AssayError(
            "is a PEFT adapter, and a whole model is needed here",
            where=str(folder),
            hint="an adapter can be the candidate, over the whole model that is the base",
        )
    below = inspect_generator(base)
    config, tensors = check_adapter(folder, base, base, _layer_shapes(base))
    own = replace(
        below,
        parameters=below.parameters + sum(math.prod(shape) for shape in tensors.values()),
        adapter=str(config["peft_type"]),
    )
    if (folder / "generation_config.json").is_file():
        settings, notes = read_settings(folder, read_json(base / "config.json"))
        own = replace(own, settings=settings, notes=notes)
    return _with_template(replace(own, tokens=folder)) if (folder / "tokenizer.json").is_file() else own


def _with_template(head: GeneratorHead) -> GeneratorHead:
    settings = head.tokens / "tokenizer_config.json"
    stated = settings.is_file() and bool(read_json(settings).get("chat_template"))
    if stated or (head.tokens / "chat_template.jinja").is_file():
        return replace(head, template=True)
    note = "no chat template: the prompt is given as it is"
    return replace(head, template=False, notes=(*head.notes, note))


def _layer_shapes(folder: Path) -> dict[str, list[int]]:
    """Shapes by name, with the names that a saved model leaves out.

    The output layer is not saved where it shares the weights of the embeddings, and older GPT-2 folders name
    their layers without the `transformer.` in front.
    """
    shapes = tensor_shapes(folder)
    shapes |= {
        f"transformer.{name}": shape for name, shape in shapes.items() if name.startswith(("h.", "wte."))
    }
    tied = next((shape for name, shape in shapes.items() if name.endswith(_EMBEDDINGS)), None)
    return shapes if tied is None else {"lm_head.weight": tied} | shapes


class GeneratorPair(Sides):
    """The two generators of a review, loaded when first asked for and kept; none where all is recorded.

    Args:
        folders: the model folder of each side; the candidate may be a PEFT adapter over the base.
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, folders: Mapping[Side, Path], device: str) -> None:
        super().__init__(folders, device)
        self._loaded: dict[Side, LoadedGenerator] = {}

    @cached_property
    def heads(self) -> dict[Side, GeneratorHead]:
        """What each side says of itself, read without loading it."""
        return {side: self.head(side) for side in self.folders}

    def head(self, side: Side) -> GeneratorHead:
        """What one side says of itself. Raises AssayError."""
        return inspect_generator(self.folders[side], self.folders["base"] if side == "candidate" else None)

    @property
    def parameters(self) -> int:
        """Parameters of the larger model, read without loading it; 0 where there is none to run."""
        return max((head.parameters for head in self.heads.values()), default=0)

    @cached_property
    def tokenizers_equal(self) -> bool:
        """Whether both sides split text into the same tokens (padding and truncation set aside)."""
        first, second = (self.heads[side].tokens for side in SIDES)
        return first == second or tokenizer_rules(first) == tokenizer_rules(second)

    def load(self) -> None:
        """Load the models of both sides. Raises AssayError."""
        for side in self.folders:
            self.generator(side)

    def generator(self, side: Side) -> LoadedGenerator:
        """The loaded model of one side; an adapter shares the weights of the base. Raises AssayError."""
        from analysis.models.generation import load_adapted, load_generator

        if side not in self._loaded:
            head = self.heads[side]
            if head.adapter:
                loaded = load_adapted(head, self.folders[side], self.generator("base"))
            else:
                loaded = load_generator(head, self.folders[side], self.device)
            self._loaded[side] = loaded
        return self._loaded[side]

    def settings(self) -> dict[Side, dict[str, Any]]:
        """How each side makes its answers, as plain data."""
        return {
            side: {**head.settings.as_data(), "chat_template": head.template}
            for side, head in self.heads.items()
        }


def generators(models: Sides) -> GeneratorPair:
    """The sides of a track that is known to compare generators."""
    return cast(GeneratorPair, models)
