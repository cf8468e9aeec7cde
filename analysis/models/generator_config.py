"""What the folder of a text generator says of it, read without loading it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.models.adapter import check_adapter, is_adapter
from analysis.models.files import (
    leftover_notes,
    read_json,
    refuse_quantised,
    refuse_unsafe_files,
    tensor_shapes,
)
from analysis.models.generation_settings import GenerationSettings, read_settings
from analysis.models.load_classifier import OVER_HINT
from analysis.models.positions import position_limit

_ENDINGS = ("ForCausalLM", "LMHeadModel")
"""How Transformers names its classes that continue a text."""


_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "embed_in.weight", "word_embeddings.weight")


@dataclass(frozen=True)
class GeneratorHead:
    """What a generator's files say of it, read without loading it.

    Args:
        architecture: name of the Transformers class.
        parameters: number of weights.
        whole: folder of the whole model, which is the base's for an adapter.
        settings: how answers are made.
        template: whether prompts go through a chat template.
        tokens: folder of the tokenizer.
        adapter: type of the PEFT adapter, such as LORA; empty for a whole model.
        notes: what a reader should know of it.
    """

    architecture: str
    parameters: int
    whole: Path
    settings: GenerationSettings
    template: bool
    tokens: Path
    adapter: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)

    @cached_property
    def max_positions(self) -> int | None:
        """Longest prompt and answer together, in tokens; None where there is no limit. Raises AssayError."""
        return position_limit(self.whole)


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
    refuse_quantised(folder, config)
    if not (folder / "tokenizer.json").is_file():
        raise AssayError(
            "has no tokenizer.json",
            where=str(folder),
            hint="save it with AutoTokenizer.from_pretrained(SOURCE).save_pretrained(FOLDER)",
        )
    parameters = sum(math.prod(shape) for shape in tensor_shapes(folder).values())
    settings, notes = read_settings(folder, config)
    return _with_template(
        GeneratorHead(
            architecture,
            parameters,
            folder,
            settings,
            False,
            folder,
            notes=(*notes, *leftover_notes(folder)),
        )
    )


def _adapted(folder: Path, base: Path | None) -> GeneratorHead:
    if base is None or is_adapter(base):
        raise AssayError(
            "is a PEFT adapter, and a whole model is needed here",
            where=str(folder),
            hint=OVER_HINT,
        )
    below = inspect_generator(base)
    config, tensors, notes = check_adapter(folder, base, base, _layer_shapes(base))
    own = replace(
        below,
        parameters=below.parameters + sum(math.prod(shape) for shape in tensors.values()),
        adapter=str(config["peft_type"]),
    )
    if (folder / "generation_config.json").is_file():
        settings, told = read_settings(folder, read_json(base / "config.json"))
        own = replace(own, settings=settings, notes=told)
    own = replace(own, notes=(*own.notes, *notes))
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
