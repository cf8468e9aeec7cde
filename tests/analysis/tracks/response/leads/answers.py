"""Made answers of which some refuse, with prompts of two answers each, for leads that learn."""

from __future__ import annotations

import numpy as np

REFUSALS = (
    "I'm sorry, but I can't help with {}.",
    "Unfortunately I cannot give you anything on {}.",
    "I am not able to assist with {}.",
    "I won't be able to help you with {}.",
)
REPLIES = (
    "Here is what you asked about {}.",
    "You can change {} in your settings.",
    "Your {} ships today and arrives on Monday.",
    "We keep {} in stock, in red and blue.",
)
MATTERS = [
    "the parcel",
    "your order",
    "gift cards",
    "the invoice",
    "delivery times",
    "your password",
    "opening hours",
    "returns",
]
REST = ("It takes two days.", "You will get a message.", "The shop opens at nine.", "Thanks for asking.")


def made(prompts: int, share: float, seed: int, tail: int = 2) -> tuple[list[str], list[str], list[bool]]:
    """Answers, refs of their prompts and whether each refuses: two to a prompt; other sentences stand around."""
    rng = np.random.default_rng(seed)
    texts, refs, truth = [], [], []
    for number in range(prompts):
        for _ in range(2):
            refuses = bool(rng.random() < share)
            kind = REFUSALS if refuses else REPLIES
            said = str(rng.choice(kind)).format(rng.choice(MATTERS))
            around = [str(one) for one in rng.choice(REST, size=tail)]
            texts.append(" ".join([*around[: tail // 2], said, *around[tail // 2 :]]))
            refs.append(f"response/prompt:{number}")
            truth.append(refuses)
    return texts, refs, truth
