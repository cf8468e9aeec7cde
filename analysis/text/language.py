"""The language of a text, where there is enough of it to tell."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ODDS = 200.0
"""How much likelier another language must be than each one that can be read.

None of 2,843 English answers (of the models of XSTest, an airline's and a shop's assistants) is taken for another
language by it; what is too short counts as read.
"""
NONE = "zxx"
"""What is no language, as emoji or code: there is nothing to be missed."""


def unread_language(text: str, languages: Collection[str]) -> str | None:
    """The language of a text that none of `languages` can be; None where it may be one of them.

    Args:
        text: as read.
        languages: ISO 639-1 codes; with none of them every language is read.

    Returns:
        An ISO 639 code. By naive Bayes over byte n-grams (Lui and Baldwin 2012, in py3langid), all languages equally
        likely beforehand.
    """
    if not languages or not any(one.isalpha() for one in text):
        return None
    known = _likelihoods(text)
    found, p = next(iter(known.items()))
    # Marks of regions, as in `pt-BR`, are no part of what can be told.
    read = {one.partition("-")[0].lower() for one in languages}
    if found == NONE or found in read:
        return None
    return found if p > ODDS * max(known.get(one, 0.0) for one in read) else None


def language_of(text: str) -> str | None:
    """The likeliest language of a text, as an ISO 639 code; None where it holds no words or is in none.

    It is a guess where the text is short: several texts together say more.
    """
    if not any(one.isalpha() for one in text):
        return None
    found = next(iter(_likelihoods(text)))
    return None if found == NONE else found


@lru_cache(maxsize=64)
def _likelihoods(text: str) -> dict[str, float]:
    """Every language with its probability, the likeliest first; all detectors ask of the same text."""
    return dict(_identifier().rank(text))


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
