"""What a sentence says of a title's volumes, price, author and availability, and whether the catalogue agrees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

from analysis.text.lexicon import Lexicon
from analysis.tracks.response.detectors.contract import Title
from analysis.tracks.response.english.numbers import MONEY, money, value
from analysis.tracks.response.english.sentences import Span, asks, clause_before, folded, negated
from analysis.tracks.response.english.word_lists import expressions, word_set

Kind = Literal["volumes", "volume", "price", "author", "stock"]

AUTHOR_RATIO = 85.0
"""Least similarity, 0 to 100, of an author's name in either order: `Shirokane Yuna` is `Yuna Shirokane`."""
ABOUT = 0.1
"""A number said to be about right may be off by this share of it."""

CARRIED_REACH = 160
"""Characters before an amount that may show, in a sentence without a title, that it is no price of one."""

_WORDS = expressions(__package__, "words.en.txt")
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_IN_ALL = {
    **{name: float(place) for place, name in enumerate(_ORDINALS.split(), start=2)},
    "duology": 2.0,
    "trilogy": 3.0,
    "one-shot": 1.0,
    "stand-alone volume": 1.0,
    "standalone volume": 1.0,
}
"""How many volumes the words say that there are."""
_NOT_PERSON = word_set(__package__, "words.en.txt", "nobody")


@dataclass(frozen=True)
class Claim:
    """One statement: number of volumes in all, a volume by its number, price, author's name, or in stock or not.

    `how`: `exact`, `about`, `over` or `under`; `of_set`: a price in a sentence on a whole set; `tied`: a possessive,
    a claim only right before a title.
    """

    kind: Kind
    start: int
    end: int
    value: float | str | bool
    how: str = "exact"
    of_set: bool = False
    tied: bool = False


def find_claims(text: str, sentence: Span, carried: bool) -> list[Claim]:
    """Claims of one sentence, in order; `carried`: it names no title and goes on about an earlier one.

    Questions, negated and reported statements ("you said") claim nothing.
    """
    if asks(text, sentence) or _WORDS["reported"].search(text, sentence.start, sentence.end):
        return []
    found = [
        *_volumes(text, sentence),
        *_prices(text, sentence, carried),
        *_authors(text, sentence, carried),
        *_stock(text, sentence, carried),
    ]
    return sorted(
        (one for one in found if one.kind == "stock" or not negated(text, sentence, one.start)),
        key=lambda one: one.start,
    )


def held_against(claim: Claim, title: Title) -> tuple[bool, str] | None:
    """Whether the catalogue's row supports a claim, and what it says; None where the row does not know."""
    if claim.kind == "author":
        author = title.author
        return (_same_person(str(claim.value), author), f"the author is {author}") if author else None
    if claim.kind == "stock":
        there = title.in_stock
        return None if there is None else (there == claim.value, f"it is {'' if there else 'not '}in stock")
    if claim.kind == "price":
        return None if title.price is None else _price(claim, title.price, title.volumes)
    if title.volumes is None:
        return None
    fits = float(claim.value) <= title.volumes if claim.kind == "volume" else _near(claim, title.volumes, 0.0)
    return fits, f"it has {title.volumes} volume{'' if title.volumes == 1 else 's'}"


def _price(claim: Claim, price: float, volumes: int | None) -> tuple[bool, str]:
    """Of a volume, rounded at most to a full unit, or of the set where the sentence speaks of one."""
    fits, said = _near(claim, price, 0.051), f"the price is {price:.2f}"
    if claim.of_set and volumes:
        whole = price * volumes
        return fits or _near(claim, whole, 1.0), f"{said}, {whole:.2f} for all"
    return fits, said


def _near(claim: Claim, truth: float, slack: float) -> bool:
    said = float(claim.value)
    if claim.how == "over":
        return truth >= said - slack
    if claim.how == "under":
        return truth <= said + slack
    if claim.how == "about":
        return abs(said - truth) <= max(ABOUT * truth, 1.0 if claim.kind == "volumes" else 0.5)
    return abs(said - truth) <= (slack if said == int(said) else min(slack, 0.005)) + 1e-9


def _same_person(said: str, author: str) -> bool:
    ours, theirs = folded(said).strip("."), folded(author)
    parts = ours.split()
    return set(parts) <= set(theirs.split()) or fuzz.token_sort_ratio(ours, theirs) >= AUTHOR_RATIO


def _how(before: str) -> str:
    return next((how for how in ("about", "over", "under") if _WORDS[how].search(before)), "exact")


def _volumes(text: str, sentence: Span) -> Iterator[Claim]:
    at, end = sentence.start, sentence.end
    for match in _WORDS["counted"].finditer(text, at, end):
        before = clause_before(text, sentence, match.start())
        after = text[match.end() : min(end, match.end() + 30)]
        if not (_WORDS["part"].search(before) or _WORDS["part after"].match(after)):
            yield Claim("volumes", *match.span(), value(match["n"] or match["last"]), _how(before))
    for match in _WORDS["in all"].finditer(text, at, end):
        said = (match["field"] or match["ends"] or match["number"] or match["nth"] or match["word"]).lower()
        yield Claim("volumes", *match.span(), _IN_ALL[said] if said in _IN_ALL else value(said))
    for match in _WORDS["one of them"].finditer(text, at, end):
        if not _WORDS["to come"].search(text, max(at, match.start() - 24), min(end, match.end() + 24)):
            yield Claim("volume", *match.span(), float(match["n"]))


def _prices(text: str, sentence: Span, carried: bool) -> Iterator[Claim]:
    for match in MONEY.finditer(text, sentence.start, sentence.end):
        before = clause_before(text, sentence, match.start())
        how = _how(before)
        before = text[sentence.start : match.start()][-CARRIED_REACH:] if carried else before
        told = before if how == "exact" else re.sub(r"\b(?:over|above)\s*$", "", before)
        field = text[max(sentence.start, match.start() - 30) : match.start()].rstrip(' *_"')
        after = text[match.end() : min(sentence.end, match.end() + 40)]
        named = told + field if field.endswith(":") else told
        if _WORDS["not price before"].search(named) or _WORDS["not price after"].match(after):
            continue
        near = text[max(sentence.start, match.start() - 60) : min(sentence.end, match.end() + 60)]
        yield Claim("price", match.start(), match.end(), money(match), how, bool(_WORDS["set"].search(near)))
    for match in _WORDS["bare price"].finditer(text, sentence.start, sentence.end):
        group = "n" if match["n"] else "each"
        yield Claim("price", *match.span(group), value(match[group]))


def _authors(text: str, sentence: Span, carried: bool) -> Iterator[Claim]:
    for match in _WORDS["author"].finditer(text, sentence.start, sentence.end):
        group = "who" if match["who"] else "wrote"
        name = re.sub(r"['’]s$|[.,;:!?'’]+$", "", match[group])
        start = match.start(group)
        bare = match.group().lower().startswith("by")
        before = text[max(sentence.start, match.start() - 24) : match.start()]
        if folded(name.split()[0]) in _NOT_PERSON or _WORDS["not author"].search(before):
            continue
        if bare and carried and not _WORDS["thing"].search(before):
            continue
        yield Claim("author", start, start + len(name), name, tied=match["tied"] is not None)


def _stock(text: str, sentence: Span, carried: bool) -> Iterator[Claim]:
    for match in _WORDS["stock"].finditer(text, sentence.start, sentence.end):
        before = text[max(sentence.start, match.start() - 60) : match.start()]
        vague = carried and match.group().lower().startswith("available")
        if _WORDS["unsure"].search(before) or (vague and not _WORDS["thing"].search(before)):
            continue
        there = match["in"] is not None and not negated(text, sentence, match.start())
        yield Claim("stock", *match.span(), there)


def named_people(text: str, sentence: Span, people: Lexicon) -> Iterator[Claim]:
    """Authors of the catalogue named in a sentence, other than as a comparison ("for fans of ...")."""
    for name in people.find(sentence.of(text)):
        start, end = sentence.start + name.start, sentence.start + name.end
        if not _WORDS["compared"].search(clause_before(text, sentence, start)) and not negated(
            text, sentence, start
        ):
            yield Claim("author", start, end, text[start:end])
