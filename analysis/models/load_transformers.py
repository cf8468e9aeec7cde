"""Whole models from local safetensors, ready to run: weights are data, never code."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

LOADING_ERRORS = (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, AttributeError)
"""What the libraries raise for files that do not fit together."""

RUNNING_ERRORS = (*LOADING_ERRORS, LookupError, AssertionError, ArithmeticError)
"""What a model raises for a text that its family reads in a way of its own."""


def reason(error: BaseException) -> str:
    """The first line of a library's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def load_whole(
    kind: Any, folder: Path, device: str, *, spare: str = "", brought: Collection[str] = (), **options: Any
) -> PreTrainedModel:
    """Load a model in float32 and evaluation mode, with no parameter that requires gradients.

    Args:
        kind: the class of Transformers that loads it, such as `AutoModel`.
        folder: of the model.
        device: `cpu`, `cuda` or `cuda:N`.
        spare: start of the names of weights that the folder may lack; a module of that name is then left out.
        brought: names of weights that the folder may lack because they are put in afterwards.
        options: further ones of `from_pretrained`.

    Raises:
        AssayError: weights that do not fit the architecture, or a device that is not there.
    """
    import torch
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, info = kind.from_pretrained(
            folder,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            # They are told below, by name.
            ignore_mismatched_sizes=True,
            local_files_only=True,
            trust_remote_code=False,
            **options,
        )
    except LOADING_ERRORS as error:
        raise AssayError(f"cannot be loaded: {reason(error)}", where=str(folder)) from error
    missing = [str(key) for key in info["missing_keys"]]
    spared = [key for key in missing if spare and key.startswith(f"{spare}.")]
    wrong = {str(key[0]) for key in info.get("mismatched_keys", ())}
    absent = sorted((set(missing) | wrong) - set(spared) - set(brought))
    if absent:
        raise AssayError(
            f"{len(absent)} weights are missing or of another shape and would be random, such as {absent[0]}",
            where=str(folder),
            hint="save the whole fine-tuned model with save_pretrained",
        )
    if spared:
        setattr(model, spare, None)
    try:
        model = model.to(device)
    except (RuntimeError, AssertionError) as error:
        raise AssayError(
            f"device {device!r} cannot be used: {reason(error)}", where=str(folder), hint='use device = "cpu"'
        ) from error
    whole: PreTrainedModel = model.eval().requires_grad_(False)
    return whole


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer of a folder. Raises AssayError."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, use_fast=True, local_files_only=True, trust_remote_code=False
        )
    except LOADING_ERRORS as error:
        raise AssayError(f"cannot be loaded: {reason(error)}", where=str(folder)) from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise AssayError(
            "has no fast tokenizer, so words cannot be located in the text",
            where=str(folder),
            hint="save a fast tokenizer, which has a tokenizer.json",
        )
    return tokenizer


def check_vocabulary(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Raises AssayError where a token has no embedding."""
    embeddings: Any = model.get_input_embeddings()
    known = int(embeddings.weight.shape[0])
    highest = max(tokenizer.get_vocab().values(), default=-1)
    if highest >= known:
        raise AssayError(
            f"the tokenizer has the token id {highest}, and the model has {known} embeddings",
            where=str(folder),
            hint="the tokenizer and the weights are not of the same model",
        )
