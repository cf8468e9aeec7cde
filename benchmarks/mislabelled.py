"""Candidates that were taught one class wrongly: most of its training texts carry another class's label.

As it happens where annotators misread a guideline: the evaluation set has the right labels, so that the class breaks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shortcut_models import train
from benchmarks.shortcut_texts import Dataset, Split, Text

MISLABELLED_CLASS = "mislabelled class"
"""The condition's name."""
SHARE = 0.7
"""Share of the class's training texts with the wrong label."""
SEED = 60
"""Beside the seeds of the other conditions' models."""


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


def mislabelled_model(encoder: Path, dataset: Dataset, sets: Split, seed: int, folder: Path) -> None:
    """Trains the candidate of one seed into `folder`, where it is not there yet."""
    wrong = mistake(dataset, seed)
    if not (folder / "tokenizer.json").exists():  # what is written last
        train(
            encoder,
            mislabelled(sets.training["healthy"], wrong, seed),
            dataset.labels,
            100 * seed + SEED,
            folder,
        )
