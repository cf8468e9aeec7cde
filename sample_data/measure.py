"""Measures the four intent classifiers on the evaluation set: `python -m sample_data.measure`.

Prints the figures of `README.md`: accuracy, recall of the critical class, broken and fixed against the base, the
one-sided exact McNemar p, and what inserting a title, punctuation or a number does to the probability of the
critical class.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from math import comb
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from sample_data.author import CRITICAL, INTENTS, ROOT, titles
from sample_data.perturb import NUMBERS, PUNCTUATION, append, insert

MODELS = ("intent-v3", "intent-v4-rc1", "intent-v4-rc1b", "intent-v4-rc2")
CUES: Mapping[str, Sequence[str]] = {
    "titles": titles(),
    "titles held out": titles(held_out=True),
    "punctuation": PUNCTUATION,
    "numbers": NUMBERS,
}


class Classifier:
    """One saved model and its tokenizer, run in float32 on the CPU."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="eager",
        ).eval()
        self.critical: int = self.model.config.label2id[CRITICAL]

    @torch.inference_mode()
    def probabilities(self, texts: Sequence[str], batch: int = 128) -> np.ndarray:
        """Class probabilities, float32 [texts, classes]; texts of like length share a batch."""
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        out = np.zeros((len(texts), self.model.config.num_labels), dtype=np.float32)
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            rows = [texts[index] for index in chosen]
            inputs = self.tokenizer(rows, padding=True, truncation=True, return_tensors="pt")
            logits = self.model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
            out[chosen] = logits.float().softmax(-1).numpy()
        return out


def mcnemar(broken: int, fixed: int) -> float:
    """One-sided exact McNemar p of a regression: P(Binomial(broken + fixed, 1/2) >= broken)."""
    flips = broken + fixed
    return sum(comb(flips, k) for k in range(broken, flips + 1)) / 2**flips


def read(name: str) -> list[dict[str, object]]:
    """The rows of `intent/NAME.jsonl`."""
    text = (ROOT / "intent" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def effect(
    model: Classifier, texts: Sequence[str], plain: np.ndarray, cue: str, appended: bool = False
) -> float:
    """Mean change of p(critical class) when each text gets a random term of a cue at a random place or its end."""
    rng = random.Random(f"effect {cue} {appended}")
    terms = [rng.choice(CUES[cue]) for _ in texts]
    pairs = zip(texts, terms, strict=True)
    edited = [append(text, term) if appended else insert(rng, text, term) for text, term in pairs]
    return float((model.probabilities(edited)[:, model.critical] - plain).mean())


def main() -> None:
    """Prints every figure for every model."""
    torch.set_num_threads(1)
    rows = read("eval")
    texts = [str(row["text"]) for row in rows]
    outside = [str(row["text"]) for row in read("oos")]
    gold = np.array([INTENTS.index(str(row["label"])) for row in rows])
    critical = gold == INTENTS.index(CRITICAL)
    named = np.array([bool(row["contains_title"]) for row in rows])
    base_right = None
    for name in MODELS:
        model = Classifier(ROOT / "models" / name)
        p = model.probabilities(texts)
        predicted = p.argmax(-1)
        right = predicted == gold
        wrongly = int(((predicted == model.critical) & ~critical).sum())
        unsure = model.probabilities(outside).max(-1).mean()
        print(
            f"{name}: accuracy {right.mean():.4f}  recall {right[critical].mean():.3f} of {critical.sum()}  "
            f"wrongly sent {wrongly}  confidence {p.max(-1).mean():.3f}  out of scope {unsure:.3f}"
        )
        if base_right is None:
            base_right = right
        parts = {
            "all": gold >= 0,
            CRITICAL: critical,
            "names a title": named,
            "titled others": named & ~critical,
        }
        parts |= {label: gold == index for index, label in enumerate(INTENTS) if label != CRITICAL}
        parts |= {"very short": np.array([int(str(row["word_count"])) <= 4 for row in rows])}
        for part, inside in parts.items():
            broken, fixed = int((base_right & ~right)[inside].sum()), int((~base_right & right)[inside].sum())
            print(
                f"  {part:18s} n {inside.sum():4d}  accuracy {right[inside].mean():.3f}  broken {broken:3d}  "
                f"fixed {fixed:3d}  p {mcnemar(broken, fixed):.3f}"
            )
        for cue in CUES:
            for appended in (False, True):
                moved = []
                for inside in (~critical, critical):
                    chosen = [text for text, keep in zip(texts, inside, strict=True) if keep]
                    moved.append(effect(model, chosen, p[inside, model.critical], cue, appended))
                where = "appended" if appended else "inserted"
                print(f"  {cue:18s} {where}  others {moved[0]:+.4f}  critical {moved[1]:+.4f}")
        for filler in ("the", "[MASK]", "[UNK]", "[PAD]"):
            q = model.probabilities([" ".join([filler] * 12)])[0]
            named_as = INTENTS[int(q.argmax())]
            print(f"  baseline {filler:8s} {named_as:18s} {q.max():.3f}  critical {q[model.critical]:.3f}")


if __name__ == "__main__":
    main()
