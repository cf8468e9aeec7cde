"""What a linear probe reads of the gold label in each layer, on both sides.

A probe is a logistic regression on the pooled states of the sampled messages (Alain and Bengio, 2016, Understanding
intermediate layers using linear classifier probes). Beside it stands the same probe fitted on labels that were dealt at
random (a control task, Hewitt and Liang, 2019): what it reads of those is memory. And the base's probe is asked of the
candidate's states: where it fails though the candidate's own probe does not, the layer says the same in another way.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES
from analysis.base.seeds import draw
from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import clopper_pearson
from analysis.tracks.intent.drift_states import load_states, matched_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.base.records import Side
    from analysis.tracks.intent.drift_states import Sampled

_SQL = queries(__package__, "change.sql")

MOST_MESSAGES = 400
"""Messages that are drawn by hash, every second of a class to fit and the others to test."""
LEAST_OF_CLASS = 4
LEAST_MESSAGES = 40
DIRECTIONS = 32
"""Principal directions of the states that a probe reads, so that it fits with fewer messages than dimensions."""

_SCHEMA = pa.schema(
    [("layer", pa.int32()), ("side", pa.string()), ("n", pa.int32()), ("classes", pa.int32()),
     ("accuracy", pa.float64()), ("low", pa.float64()), ("high", pa.float64()), ("shuffled", pa.float64()),
     ("transferred", pa.float64())]
)  # fmt: skip


class _Probe:
    """A logistic regression on the principal directions of standardised states."""

    def __init__(self, states: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
        from sklearn.linear_model import LogisticRegression

        self._mean, self._scale = states.mean(axis=0), np.maximum(states.std(axis=0), 1e-9)
        scaled = (states - self._mean) / self._scale
        self._directions = np.linalg.svd(scaled, full_matrices=False)[2][:DIRECTIONS].T
        self._model = LogisticRegression(max_iter=500).fit(scaled @ self._directions, labels)

    def right(self, states: NDArray[np.float64], labels: NDArray[np.int64]) -> int:
        """How many of the labels it gives."""
        given = self._model.predict((states - self._mean) / self._scale @ self._directions)
        return int((given == labels).sum())


def probe_rows(
    states: dict[Side, Sampled], labelled: Sequence[tuple[str, str]], seed: int
) -> list[dict[str, Any]]:
    """Rows of `intent_layer_probe`; none where too few messages of two classes have finite states.

    Args:
        states: of the sampled messages, by side.
        labelled: ref and gold label, in the order in which they are drawn.
        seed: of the labels at random.
    """
    place = {ref: row for row, ref in enumerate(states["base"].refs)}
    finite = np.logical_and.reduce([np.isfinite(states[side].states).all(axis=(1, 2)) for side in SIDES])
    drawn = [(place[ref], gold) for ref, gold in labelled if ref in place and finite[place[ref]]]
    counts = Counter(gold for _, gold in drawn[:MOST_MESSAGES])
    names = sorted(name for name, count in counts.items() if count >= LEAST_OF_CLASS)
    drawn = [(row, gold) for row, gold in drawn[:MOST_MESSAGES] if gold in names]
    if len(names) < 2 or len(drawn) < LEAST_MESSAGES:
        return []
    seen: Counter[str] = Counter()
    fit: list[tuple[int, int]] = []
    test: list[tuple[int, int]] = []
    for row, gold in drawn:
        (test if seen[gold] % 2 else fit).append((row, names.index(gold)))
        seen[gold] += 1
    rows_fit, y_fit = (np.array(column) for column in zip(*fit, strict=True))
    rows_test, y_test = (np.array(column) for column in zip(*test, strict=True))
    dealt = np.random.default_rng(draw("probe", seed)).permutation(y_fit)
    base, candidate = (states[side].states for side in SIDES)
    beside = matched_layers(base.shape[1], candidate.shape[1])
    found = []
    for layer, other in enumerate(beside):
        probes: dict[Side, _Probe] = {}
        for side, vectors in zip(SIDES, (base[:, layer], candidate[:, other]), strict=True):
            known, asked = vectors[rows_fit].astype(np.float64), vectors[rows_test].astype(np.float64)
            probes[side] = _Probe(known, y_fit)
            right = probes[side].right(asked, y_test)
            low, high = clopper_pearson(right, len(test))
            transferred = None
            if side == "candidate" and base.shape[2] == candidate.shape[2]:
                transferred = probes["base"].right(asked, y_test) / len(test)
            found.append(
                {"layer": layer, "side": side, "n": len(test), "classes": len(names), "accuracy": right / len(test),
                 "low": low, "high": high, "shuffled": _Probe(known, dealt).right(asked, y_test) / len(test),
                 "transferred": transferred}
            )  # fmt: skip
    return found


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    states = load_states(context.workbench)
    if not all(side in states for side in SIDES):
        return {}
    given = {"track": context.track, "all": ALL, "seed": str(context.seed)}
    labelled = context.workbench.execute(_SQL["labelled_messages"], given).fetchall()
    rows = probe_rows({side: states[side] for side in SIDES}, labelled, context.seed)
    return {"intent_layer_probe": pa.Table.from_pylist(rows, _SCHEMA)}


LAYER_PROBES = Aggregate("intent.layer_probes", 1, _compute, after_queue=True)
