"""How a generator makes its answers: what its folder says, with the defaults of Transformers filled in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.models.files import read_json

MAX_NEW_TOKENS = 256
"""Tokens of an answer at most, where the folder does not say."""

TOP_K = 50
"""Transformers' own default, which it applies where a folder does not say."""

_LIMITS = {
    "max_new_tokens": 1_000_000,
    "no_repeat_ngram_size": 1000,
    "top_k": 10_000_000,
    "min_new_tokens": 1_000_000,
}
_NUMBERS = ("repetition_penalty", "temperature", "top_p", "min_p", "typical_p")
_NO_EFFECT = frozenset(
    (
        "_from_model_config", "transformers_version", "bos_token_id", "eos_token_id", "pad_token_id",
        "decoder_start_token_id", "do_sample", "use_cache", "cache_implementation", "return_dict_in_generate",
        "output_scores", "output_logits", "output_attentions", "output_hidden_states", "max_length", "min_length",
        "early_stopping", "length_penalty", "num_return_sequences", "suppress_tokens",
    )
)  # fmt: skip
"""Keys that are read elsewhere, or that change nothing of one greedy or sampled answer."""

_NEUTRAL: tuple[Any, ...] = (None, False, 0, 1, 1.0, [], {})


@dataclass(frozen=True)
class GenerationSettings:
    """How answers are made. Greedy ones take none of the last five, which are for samples.

    Args:
        max_new_tokens: tokens of an answer at most.
        min_new_tokens: tokens before an answer may end.
        repetition_penalty: divides the scores of tokens that were there already; 1 for none.
        no_repeat_ngram_size: length of token sequences that may not be repeated; 0 for none.
        suppress_tokens: ids that are never written.
        ends: ids that end an answer.
        padding: id that fills up rows that have ended; the model never reads it.
        temperature: divides the scores before sampling.
        top_k: only so many likeliest tokens are sampled from; 0 for all.
        top_p: only the likeliest tokens that together have this probability; 1 for all.
        min_p: only tokens of at least this share of the likeliest one's probability.
        typical_p: only the most typical tokens that together have this probability; 1 for all.
    """

    max_new_tokens: int = MAX_NEW_TOKENS
    min_new_tokens: int = 0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    suppress_tokens: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    padding: int = 0
    temperature: float = 1.0
    top_k: int = TOP_K
    top_p: float = 1.0
    min_p: float | None = None
    typical_p: float = 1.0

    def as_data(self) -> dict[str, Any]:
        """The settings as JSON-able data."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def read_settings(folder: Path, config: Mapping[str, Any]) -> tuple[GenerationSettings, tuple[str, ...]]:
    """The settings of a folder's `generation_config.json`, and what a reader should know of them.

    Args:
        folder: of a generator or an adapter.
        config: the generator's `config.json`, which names the end of a text where the other file does not.

    Raises:
        AssayError: a value that cannot be used.
    """
    path = folder / "generation_config.json"
    given = read_json(path) if path.is_file() else {}
    where = str(path if given else folder / "config.json")
    named = {key: given.get(key, config.get(key)) for key in ("eos_token_id", "pad_token_id")}
    ends = _ids(named["eos_token_id"], "eos_token_id", where)
    padding = _ids(named["pad_token_id"], "pad_token_id", where) or ends or (0,)
    stated = {key: value for key, value in given.items() if value is not None}
    values: dict[str, Any] = {
        key: _whole(stated[key], key, limit, where) for key, limit in _LIMITS.items() if key in stated
    }
    values |= {key: _number(stated[key], key, where) for key in _NUMBERS if key in stated}
    settings = GenerationSettings(
        **values,
        suppress_tokens=_ids(given.get("suppress_tokens"), "suppress_tokens", where),
        ends=ends,
        padding=padding[0],
    )
    notes = []
    known = _NO_EFFECT | _LIMITS.keys() | set(_NUMBERS)
    unused = sorted(key for key, value in given.items() if key not in known and value not in _NEUTRAL)
    if unused:
        notes.append(f"generation_config.json: {', '.join(unused)} not used: one answer, token by token")
    if not ends:
        notes.append("no token that ends an answer: every answer runs to its limit")
    return settings, tuple(notes)


def _ids(value: Any, key: str, where: str) -> tuple[int, ...]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    if any(isinstance(one, bool) or not isinstance(one, int) for one in values):
        raise AssayError(f"{key} is {value!r}, and must be token ids", where=where)
    return tuple(one for one in values if one >= 0)


def _whole(value: Any, key: str, limit: int, where: str) -> int:
    least = 1 if key == "max_new_tokens" else 0
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= limit:
        raise AssayError(
            f"{key} is {value!r}, and must be a whole number from {least} to {limit:,}", where=where
        )
    return value


def _number(value: Any, key: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise AssayError(f"{key} is {value!r}, and must be a number of at least 0", where=where)
    # Zero is how some folders say that nothing is drawn; a sample has to be drawn with some temperature.
    return float(value) or 1.0
