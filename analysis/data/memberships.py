"""Which examples are in which slice or named set, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import pyarrow as pa


def membership_rows(track: str, members: Mapping[str, Sequence[str]]) -> pa.Table:
    """The rows of `membership`; names stand once, and each row has the number of its own.

    Args:
        track: whose.
        members: refs by name of their slice or set.
    """
    text = pa.string()
    sizes = np.array([len(refs) for refs in members.values()], np.int64)
    numbers = pa.array(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes))
    return pa.table(
        {
            "slice": pa.DictionaryArray.from_arrays(numbers, pa.array(list(members), text)),
            "track": pa.array([track] * int(sizes.sum()), text),
            "ref": pa.array(list(chain.from_iterable(members.values())), text),
        }
    )
