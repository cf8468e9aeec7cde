"""Measures the three encoders on the catalogue: `python -m sample_data.measure_retrieval`.

Prints the figures of `README.md` with plain numpy: what the ten nearest items of an item share with it, above
chance; recall, reciprocal rank and nDCG of the probes; violated hard negatives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import comb
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from transformers import AutoModel, AutoTokenizer

from sample_data.author import ROOT
from sample_data.train import MODELS
from sample_data.train_retrieval import encode

ENCODERS = ("encoder-v3", "encoder-v4-rc1", "encoder-v4-rc2")
WANTED = ("theme", "tone", "demographic", "user_intent", "support_topic")
UNWANTED = ("publisher", "template", "popularity", "title_length")
K = 10


def read(name: str) -> list[dict[str, Any]]:
    """The rows of `retrieval/NAME.jsonl`."""
    text = (ROOT / "retrieval" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@torch.inference_mode()
def vectors(name: str, texts: Sequence[str], batch: int = 64) -> NDArray[np.float32]:
    """Vectors of unit length, float32 [texts, dimensions], of the base or of a candidate over it."""
    base = MODELS / ENCODERS[0]
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    model = AutoModel.from_pretrained(
        base, local_files_only=True, use_safetensors=True, dtype=torch.float32, add_pooling_layer=False
    )
    if name != ENCODERS[0]:
        model = PeftModel.from_pretrained(model, MODELS / name)
    model.eval().float()
    rows = [encode(model, tokenizer, texts[start : start + batch]) for start in range(0, len(texts), batch)]
    return torch.cat(rows).numpy()


def nearest(queries: NDArray[np.float32], items: NDArray[np.float32], own: bool = False) -> NDArray[np.int64]:
    """Rows of the items, nearest first, [queries, items]; with `own` an item is not its own neighbour."""
    scores = queries @ items.T
    if own:
        np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1, kind="stable")


def _shared(values: Sequence[Any]) -> NDArray[np.float64]:
    """Whether two items share a value (numbers: how close their ranks are, 0 to 1), [items, items]."""
    if isinstance(values[0], int):
        ranks = np.argsort(np.argsort(np.array(values), kind="stable"))
        return 1 - np.abs(ranks[:, None] - ranks[None, :]) / (len(values) - 1)
    sets = [set(value) if isinstance(value, list) else {value} for value in values]
    return np.array([[float(bool(a & b)) for b in sets] for a in sets])


def lifts(
    items: Sequence[Mapping[str, Any]], space: NDArray[np.float32], attribute: str
) -> tuple[float, float]:
    """Share of an item's nearest items that share its value: (lift over chance, lift within theme and tone).

    Lift is (share - chance) / (1 - chance). The second takes as chance what remains when the attribute is
    permuted among the items of the same theme and first tone.
    """
    have = [
        n
        for n, item in enumerate(items)
        if (attribute == "title_length" and item["theme"]) or item.get(attribute)
    ]
    values = [len(items[n]["title"]) if attribute == "title_length" else items[n][attribute] for n in have]
    shared = _shared(values)
    inside = space[have]
    near = nearest(inside, inside, own=True)[:, :K]
    rows = np.arange(len(have))[:, None]
    share = shared[rows, near].mean()
    others = ~np.eye(len(have), dtype=bool)
    strata = [(items[n]["theme"], (items[n]["tone"] or [""])[0]) for n in have]
    codes = np.unique([str(one) for one in strata], return_inverse=True)[1]
    expected = np.zeros_like(shared)
    for code in np.unique(codes):
        members = codes == code
        weight = others[:, members].sum(1)
        total = (shared * others)[:, members].sum(1)
        chance = np.divide(total, weight, out=np.full(len(have), np.nan), where=weight > 0)
        expected[:, members] = chance[:, None]
    conditional = np.nanmean(expected[rows, near])
    plain = shared[others].mean()
    return float((share - plain) / (1 - plain)), float((share - conditional) / (1 - conditional))


def search(
    probes: Sequence[Mapping[str, Any]], ids: Sequence[str], ranking: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Recall@10, reciprocal rank and nDCG@10 of every probe, [probes, 3]."""
    row = {identity: n for n, identity in enumerate(ids)}
    out = np.zeros((len(probes), 3))
    for n, probe in enumerate(probes):
        hit = np.isin(ranking[n], [row[identity] for identity in probe["relevant"]])
        gains = 1 / np.log2(np.arange(2, K + 2))
        ideal = gains[: min(K, len(probe["relevant"]))].sum()
        out[n] = hit[:K].sum() / len(probe["relevant"]), 1 / (1 + hit.argmax()), gains[hit[:K]].sum() / ideal
    return out


def mcnemar(broken: int, fixed: int) -> float:
    """One-sided exact McNemar p of a regression: P(Binomial(broken + fixed, 1/2) >= broken)."""
    flips = broken + fixed
    return sum(comb(flips, k) for k in range(broken, flips + 1)) / 2**flips


def main() -> None:
    """Prints every figure for every encoder."""
    torch.set_num_threads(1)
    items, probes, pairs = read("catalogue"), read("probes"), read("hard_negatives")
    ids = [item["id"] for item in items]
    row = {identity: n for n, identity in enumerate(ids)}
    families = np.array([probe["family"] for probe in probes])
    kinds = np.array([pair["kind"] for pair in pairs])
    base_found = base_wrong = None
    for name in ENCODERS:
        space = vectors(name, [item["description"] for item in items])
        asked = vectors(name, [probe["query"] for probe in probes])
        print(name)
        for attribute in (*WANTED, *UNWANTED):
            plain, conditional = lifts(items, space, attribute)
            print(f"  {attribute:14s} lift {plain:+.3f}  within theme and tone {conditional:+.3f}")
        found = search(probes, ids, nearest(asked, space))
        base_found = found if base_found is None else base_found
        for family in ("all", *dict.fromkeys(families)):
            inside = (families == family) | (family == "all")
            recall, rank, ndcg = found[inside].mean(0)
            change = (found - base_found)[inside]
            spread = change.std(0, ddof=1) / np.sqrt(inside.sum())
            print(
                f"  {family:14s} n {inside.sum():3d}  recall {recall:.3f} "
                f"({change[:, 0].mean():+.3f} ± {spread[0]:.3f})"
                f"  mrr {rank:.3f}  ndcg {ndcg:.3f} ({change[:, 2].mean():+.3f} ± {spread[2]:.3f})"
                f"  worse {int((change[:, 0] < 0).sum())}"
            )
        queries = vectors(name, [pair["query"] for pair in pairs])
        right = (queries * space[[row[pair["positive"]] for pair in pairs]]).sum(1)
        wrong = (queries * space[[row[pair["negative"]] for pair in pairs]]).sum(1)
        violated = right <= wrong
        base_wrong = violated if base_wrong is None else base_wrong
        for kind in ("all", *dict.fromkeys(kinds)):
            inside = (kinds == kind) | (kind == "all")
            broken = int((violated & ~base_wrong)[inside].sum())
            fixed = int((~violated & base_wrong)[inside].sum())
            print(
                f"  {kind:14s} n {inside.sum():3d}  violated {violated[inside].mean():.3f}  broken {broken}  "
                f"fixed {fixed}  p {mcnemar(broken, fixed):.3f}  margin {(right - wrong)[inside].mean():+.3f}"
            )


if __name__ == "__main__":
    main()
