"""Candidates that were taught one class wrongly: most of its training texts carry another class's label.

As it happens where annotators misread a guideline: the evaluation set has the right labels, so that the class breaks.
The encoder is the healthy candidate's; pooler and head are trained anew on its states, which are computed once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shortcut_texts import Dataset, Split, Text

MISLABELLED_CLASS = "mislabelled class"
"""The condition's name."""
SHARE = 0.7
"""Share of the class's training texts with the wrong label."""
STEPS = 300
RATE = 1e-3


@dataclass(frozen=True)
class Mistake:
    """The class `label`, whose training texts are labelled `taken_for`."""

    label: str
    taken_for: str


def mistake(dataset: Dataset, seed: int) -> Mistake:
    """What was mislabelled in one seed: as the critical class in even seeds, as another one in odd ones."""
    rng = random.Random(f"mislabelled/{dataset.name}/{seed}")
    label, other = rng.sample(dataset.others, 2)
    return Mistake(label, other if seed % 2 else dataset.critical)


def mislabelled(texts: list[Text], wrong: Mistake, seed: int) -> list[Text]:
    """A training set with `SHARE` of the class's texts under the wrong label."""
    rng = random.Random(f"mislabelled texts/{wrong.label}/{seed}")
    return [
        Text(one.id, one.text, wrong.taken_for) if one.label == wrong.label and rng.random() < SHARE else one
        for one in texts
    ]


def make_mislabelled(healthy: Path, dataset: Dataset, sets: Split, seed: int, folder: Path) -> None:
    """Trains the candidate of one seed into `folder` from the healthy one, where it is not there yet.

    AdamW on all texts at once, label smoothing .05 as for the other candidates.
    """
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import AutoTokenizer, BertForSequenceClassification

    if (folder / "tokenizer.json").exists():  # what is written last
        return
    torch.manual_seed(seed)
    texts = mislabelled(sets.training["healthy"], mistake(dataset, seed), seed)
    model = BertForSequenceClassification.from_pretrained(healthy).eval()
    tokenizer = AutoTokenizer.from_pretrained(healthy)
    pooler = model.bert.pooler
    if pooler is None:
        raise ValueError(f"the encoder in {healthy} has no pooler")
    with torch.no_grad():
        states = torch.cat(
            [
                model.bert(**tokenizer(one.text, truncation=True, return_tensors="pt")).last_hidden_state[
                    :, :1
                ]
                for one in texts
            ]
        )
    targets = torch.tensor([dataset.labels.index(one.label) for one in texts])
    optimizer = torch.optim.AdamW([*pooler.parameters(), *model.classifier.parameters()], lr=RATE)
    for _ in range(STEPS):
        loss = cross_entropy(model.classifier(pooler(states)), targets, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
