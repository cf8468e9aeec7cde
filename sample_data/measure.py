"""Measures the intent classifiers on the evaluation set: `python -m sample_data.measure [NAME ...]`.

Prints the figures of `README.md`: accuracy, recall of every class, broken and fixed against the base, the one-sided
exact McNemar p, signed gap (mean confidence minus accuracy) and confidence on what no intent covers, each with its
paired change, and what inserting a title, punctuation or a number does to the probability of the critical class.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping, Sequence
from math import comb
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from sample_data.author import CRITICAL, INTENTS, ROOT, titles
from sample_data.perturb import NUMBERS, PUNCTUATION, append, insert

BASE = "intent-v3"
CANDIDATES = tuple(
    f"intent-v4-{name}" for name in ("rc1", "rc1b", "rc2", "aa", "rare", "overconfident", "takes-away")
)
CUES: Mapping[str, Sequence[str]] = {
    "titles": titles(),
    "titles held out": titles(held_out=True),
    "punctuation": PUNCTUATION,
    "numbers": NUMBERS,
}


class Classifier:
    """One saved model, or an adapter over the base, and its tokenizer, run in float32 on the CPU."""

    def __init__(self, folder: Path) -> None:
        adapter = (folder / "adapter_config.json").is_file()
        whole = folder.parent / BASE if adapter else folder
        self.tokenizer = AutoTokenizer.from_pretrained(whole, local_files_only=True)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            whole,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="eager",
        )
        if adapter:
            self.model = PeftModel.from_pretrained(self.model, str(folder))
        self.model.eval()
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


def interval(values: np.ndarray) -> str:
    """The mean of many values with its normal 95 % interval."""
    half = 1.96 * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():+.4f} [{values.mean() - half:+.4f}, {values.mean() + half:+.4f}]"


def main(names: Sequence[str]) -> None:
    """Prints every figure for the base and the named candidates, or all of them."""
    torch.set_num_threads(1)
    rows = read("eval")
    texts = [str(row["text"]) for row in rows]
    outside = [str(row["text"]) for row in read("oos")]
    gold = np.array([INTENTS.index(str(row["label"])) for row in rows])
    critical = gold == INTENTS.index(CRITICAL)
    named = np.array([bool(row["contains_title"]) for row in rows])
    base_right = base_gaps = base_outside = None
    for name in (BASE, *(names or CANDIDATES)):
        model = Classifier(ROOT / "models" / name)
        p = model.probabilities(texts)
        predicted = p.argmax(-1)
        right = predicted == gold
        wrongly = int(((predicted == model.critical) & ~critical).sum())
        gaps, unsure = p.max(-1).astype(float) - right, model.probabilities(outside).max(-1).astype(float)
        print(
            f"{name}: accuracy {right.mean():.4f}  recall {right[critical].mean():.3f} of {critical.sum()}  "
            f"wrongly sent {wrongly}  confidence {p.max(-1).mean():.3f}  out of scope {unsure.mean():.3f}"
        )
        if base_right is None or base_gaps is None or base_outside is None:
            base_right, base_gaps, base_outside = right, gaps, unsure
        print(
            f"  signed gap {interval(gaps)}  change {interval(gaps - base_gaps)}  "
            f"out of scope change {interval(unsure - base_outside)}"
        )
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
                for inside in (~critical, critical, critical & ~named):
                    chosen = [text for text, keep in zip(texts, inside, strict=True) if keep]
                    moved.append(effect(model, chosen, p[inside, model.critical], cue, appended))
                where = "appended" if appended else "inserted"
                print(
                    f"  {cue:18s} {where}  others {moved[0]:+.4f}  critical {moved[1]:+.4f}  "
                    f"without a title {moved[2]:+.4f}"
                )
        for filler in ("the", "[MASK]", "[UNK]", "[PAD]"):
            q = model.probabilities([" ".join([filler] * 12)])[0]
            named_as = INTENTS[int(q.argmax())]
            print(f"  blank {filler:8s} {named_as:18s} {q.max():.3f}  critical {q[model.critical]:.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
