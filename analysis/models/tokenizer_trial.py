"""Whether a tokenizer takes hard texts in bounded time and memory, tried where it cannot take more.

Its patterns are regular expressions that came with a model, and the library tries all the ways in which one may match:
`(a+)+$` takes longer than anybody waits for a row of a few dozen letters.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.limited import MEMORY_BYTES, LimitError, run_limited

TRIAL_S = 10.0
"""Of processor time, for all the hard texts together."""
CHILD = "analysis.models.tokenizer_child"
_SIGNS = (b'"Regex"', b'"Replace"', b'"Prepend"')
"""What stands in a tokenizer that can take long, or make long texts of short ones; others have neither."""


def try_tokenizer(folder: Path) -> None:
    """Refuse a tokenizer that takes more than its limits for texts made of what its patterns look for.

    Raises:
        AssayError: as above, or the library cannot read it.
    """
    path = folder / "tokenizer.json"
    if path.is_file():
        state = path.stat()
        _try(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _try(path: Path, _mtime: int, _size: int) -> None:
    rules = path.read_bytes()
    if not any(sign in rules for sign in _SIGNS):
        return
    try:
        run_limited(CHILD, rules, seconds=TRIAL_S)
    except LimitError as error:
        limits = {
            "time": f"takes more than {TRIAL_S:g} seconds for texts of a few thousand letters",
            "memory": f"takes more than {MEMORY_BYTES >> 30} GB of memory for texts of a few thousand letters",
            "failed": f"cannot be used: {error}",
        }
        raise AssayError(
            limits[error.of],
            where=str(path),
            hint="a pattern in it is at fault: use the tokenizer of the base model",
        ) from None
