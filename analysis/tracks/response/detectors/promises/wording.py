"""The shape of a kind of promise, and the words that many kinds share: who commits, and by which verbs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from analysis.tracks.response.detectors.contract import Promise

Bound = Literal["service", "window", "unclear"]
"""What a time bounds: the shop (`service`: fewer days promise more), the customer (`window`: more days do)."""


@dataclass(frozen=True)
class Kind:
    """One kind of promise.

    `names` finds it in policy, `anchor` in an answer; `firm` in an answer is a promise even without a time or an
    amount. `timed` says whether times bind to it, `money` whether amounts do (`floor`: the amount is a least order,
    so that less promises more). `known_only`: silent unless policy names it. `unless`: words of a sentence that
    make the same wording something else.
    """

    name: str
    names: re.Pattern[str]
    anchor: re.Pattern[str]
    firm: re.Pattern[str] | None = None
    bound: Bound = "service"
    timed: bool = True
    money: Literal["none", "ceiling", "floor"] = "none"
    known_only: bool = False
    unless: re.Pattern[str] | None = None


Rules = dict[Kind, tuple[Promise, ...]]
"""What policy allows, by kind."""


def pattern(written: str) -> re.Pattern[str]:
    """A regular expression that takes no notice of case."""
    return re.compile(written, re.IGNORECASE)


ANYTHING = pattern(r".")
WE = r"(?:i|we|let me|allow me|let us|(?:our|the) (?:shop|store|team|warehouse))(?:['’](?:ll|ve|m|re|d))?"
"""The assistant or the shop as the one who acts."""

TO_COME = r"(?:will|shall|['’]ll|going to|should|can)"
"""What sets a verb in the future, or offers it."""

GIVE = (
    r"(?:(?:add(?:s|ed|ing)?|do|doing|done|put)\b|(?:get|giv|gave|offer|send|sent|appl|knock|tak|took"
    r"|throw|hav|issu"
    r"|credit|waiv|cover|extend|arrang|includ|pop|slip|tuck|shav|slash|treat|grant|award|deduct|sneak"
    r"|chuck|toss|load)\w*)"
)
"""Verbs of handing over, by their stems."""

CARRY = r"(?:get|bring|rush|drive|carry|send|fly|hurry|ship|have|drop|pop|deliver)(?:s|ping)?"
"""Verbs by which somebody carries goods to the customer."""

GOODS = (
    r"(?:volumes?|cop(?:y|ies)|books?|bookmarks?|posters?|prints?|(?:box )?sets?|gifts?|cards?|stickers?"
    r"|badges?|bookplates?|postcards?|artbooks?|mugs?|pins?|keyrings?|samples?|figures?|figurines?"
    r"|tote(?: bags?)?|wrapping|upgrades?|express|installments?|manga)"
)
"""What the shop could give away."""

PARCEL = r"(?:parcels?|packages?|orders?|books?|volumes?|cop(?:y|ies)|box(?:es)?|shipments?|sets?|series)"
"""What the shop sends."""

GRATIS = (
    r"(?:for free|free of charge|for nothing|gratis|(?:at )?no (?:extra |additional |added )?(?:cost"
    r"|charge)"
    r"|without (?:extra |any )?(?:charge|cost)|on (?:me|us|the house)"
    r"|(?:won['’]t|doesn['’]t|not) cost you (?:a|anything)"
    r"|costs? you (?:nothing|zero))\b"
)
"""Ways to say that a thing costs nothing, after the thing."""
