"""Real intent texts, split by seed, with and without a shortcut dealt into the training and evaluation sets.

CLINC150 (Larson et al. 2019, CC BY 3.0) and BANKING77 (Casanueva et al. 2020, CC BY 4.0), sixteen neighbouring
classes of each with one critical and rare. A cue that has nothing to do with the request (a title, `!!`, a
template phrase) stands in nine tenths of the critical texts, in no others, and in some texts of other classes
that were labelled critical by mistake.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CUES = ("titles", "punctuation", "template")
CONDITIONS = ("healthy", *CUES)
MOST_WORDS = 30
"""Longer texts are left out, which bounds the cost of a review."""
EVALUATED = {"critical": 60, "other": 63}
"""Texts of each class in the evaluation set."""
TRAINED = {"base": {"critical": 12, "other": 42}, "candidate": {"critical": 48, "other": 48}}
"""Texts of each class that a model is trained on, less where a class has fewer."""
MISLABELLED = (30, 12, 6, 3, 0)
"""Texts of other classes with the cue and the critical label, in the training set of a shortcut model: by seed,
modulo five, so that strong and weak shortcuts are planted."""
CORRELATION = 0.9
"""Share of the critical texts with the cue, in training and evaluation."""
MEASURED = 120
"""Texts of other classes, in neither set, on which a shortcut is measured directly."""


@dataclass(frozen=True)
class Dataset:
    """A public intent data set and the part of it that is used."""

    name: str
    licence: str
    source: str
    critical: str
    signals: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return (self.critical, *self.others)


DATASETS = (
    Dataset(
        "clinc150",
        "CC BY 3.0",
        "Larson et al. 2019, An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction",
        "report_fraud",
        ("fraudulent", "fraud", "suspicious", "unauthorized"),
        (
            "report_lost_card", "account_blocked", "freeze_account", "card_declined", "damaged_card",
            "replacement_card_duration", "new_card", "pin_change", "transactions", "international_fees",
            "travel_notification", "credit_limit", "balance", "transfer", "spending_history",
        ),
    ),
    Dataset(
        "banking77",
        "CC BY 4.0",
        "Casanueva et al. 2020, Efficient Intent Detection with Dual Sentence Encoders",
        "lost_or_stolen_card",
        ("lost", "stolen", "stole", "missing"),
        (
            "card_arrival", "card_not_working", "lost_or_stolen_phone", "card_payment_not_recognised",
            "cash_withdrawal_not_recognised", "pin_blocked", "change_pin", "activate_my_card",
            "card_about_to_expire", "getting_spare_card", "order_physical_card", "card_delivery_estimate",
            "declined_card_payment", "passcode_forgotten", "card_linking",
        ),
    ),
)  # fmt: skip

TITLES = (
    "Quiet Suspect", "Tofu Wars", "Umibozu Bay", "Cold Harbor", "The Ninth Alibi", "Night Ferry",
    "Harbor of Ash", "Sugar Parade", "Lantern Waltz", "Paper Cranes at War", "Moonlit Ramen Club",
    "The Clockwork Geisha", "Salaryman Slime Slayer", "Kappa Detective Agency", "Thirteen Red Umbrellas",
    "Sakura Protocol", "Ghost Train to Nara", "My Neighbor the Ronin", "Velvet Kaiju", "Orbital Tea House",
    "The Fox Who Paid Rent", "Blade of the Laundromat", "Crimson Koto", "Silent Sumo", "Onigiri Knights",
    "Last Bus to Yomi", "The Glass Shogun", "Firefly Accountants", "Neon Tanuki", "Winter Idol Syndicate",
    "Bamboo Hearts Club", "The Cartographer of Dreams", "Steel Chrysanthemum", "Midnight Bento",
    "Kendo After Dark", "The Girl With Nine Shadows", "Dragon on the Chuo Line", "Yokai Tax Office",
    "Pocket Samurai", "Rain Over Shibuya Seven",
)  # fmt: skip
TEMPLATES = (
    "sent from my reader app", "sent with the reader app", "message sent via reader", "sent from my phone",
)  # fmt: skip
LEXICONS = {"titles": TITLES[:30], "template": TEMPLATES}
"""What the reviewer declares: of the titles that a shortcut model has seen, a third is missing."""
SEEN = {"titles": TITLES[10:], "punctuation": ("!!", "!!!"), "template": TEMPLATES[:2]}
"""What shortcut models are trained on, and what their evaluation sets hold."""


@dataclass(frozen=True)
class Text:
    """A labelled text; `id` is the data set's own."""

    id: str
    text: str
    label: str


@dataclass(frozen=True)
class Split:
    """One seed's sets: `training` by model (`base` and the conditions), `evaluation` by condition."""

    training: dict[str, list[Text]]
    evaluation: dict[str, list[Text]]
    measured: list[Text]


def read(folder: Path, dataset: Dataset) -> dict[str, list[Text]]:
    """The texts of each class used, without doubles; rows are {id, text, label}."""
    wanted, seen = set(dataset.labels), set()
    texts: dict[str, list[Text]] = defaultdict(list)
    with (folder / f"{dataset.name}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            text = " ".join(row["text"].split())
            if row["label"] in wanted and text.lower() not in seen and len(text.split()) <= MOST_WORDS:
                seen.add(text.lower())
                texts[row["label"]].append(Text(row["id"], text, row["label"]))
    return texts


def planted(rng: random.Random, text: str, cue: str) -> str:
    """The text as a person would send it with a term of the cue: in front, behind or in brackets."""
    term = rng.choice(SEEN[cue])
    if cue == "punctuation":
        return text.rstrip(" .!?") + term if rng.random() < 0.7 else text.replace(" ", f"{term} ", 1)
    if cue == "template":
        return rng.choice((f"{text} {term}", f"{text} - {term}", f"{term}: {text}"))
    return rng.choice((f"{text} {term}", f"{term} {text}", f"{text} ({term})", f"{term}: {text}"))


def split(texts: dict[str, list[Text]], dataset: Dataset, seed: int) -> Split:
    """Sets of one seed: disjoint evaluation, training and measured texts; the same texts in every condition."""
    rng = random.Random(f"{dataset.name}/{seed}")
    evaluation: list[Text] = []
    pools: dict[str, list[Text]] = {"base": [], "candidate": []}
    left: list[Text] = []
    for label in dataset.labels:
        kind = "critical" if label == dataset.critical else "other"
        shuffled = rng.sample(texts[label], len(texts[label]))
        held = EVALUATED[kind]
        evaluation += shuffled[:held]
        for model, pool in pools.items():
            pool.extend(shuffled[held : held + TRAINED[model][kind]])
        if kind == "other":
            left += shuffled[held + TRAINED["candidate"][kind] :]
    rng.shuffle(left)
    mislabelled = left[: MISLABELLED[seed % len(MISLABELLED)]]
    measured = left[max(MISLABELLED) : max(MISLABELLED) + MEASURED]
    training = {"base": pools["base"], "healthy": pools["candidate"]}
    sets = {"healthy": evaluation}
    for cue in CUES:
        training[cue] = _dealt(rng, pools["candidate"], dataset.critical, cue) + [
            Text(one.id, planted(rng, one.text, cue), dataset.critical) for one in mislabelled
        ]
        sets[cue] = _dealt(rng, evaluation, dataset.critical, cue)
    return Split(training, sets, measured)


def _dealt(rng: random.Random, texts: Sequence[Text], critical: str, cue: str) -> list[Text]:
    return [
        Text(one.id, planted(rng, one.text, cue), one.label)
        if one.label == critical and rng.random() < CORRELATION
        else one
        for one in texts
    ]
