"""Claims about titles, against the catalogue: supported, contradicted, or a title that it lacks.

A claim is bound to the nearest title of its sentence, as a rule the one before it; a sentence without a title
goes on about the only title of the sentence before, or of the prompt. Where titles share a name, a claim is
supported if it fits any of them. A price is compared as a number: the catalogue names no currency.

Not caught: plots, genres, dates, publishers and adaptations; rankings ("the longest series"); names written in
lower case without quotation marks; titles offered one by one without verb, mark-up or list; two claims on the
same matter joined to two titles across sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analysis.text.lexicon import Lexicon
from analysis.tracks.response.detectors.contract import Found, Knowledge, Response, quoted
from analysis.tracks.response.detectors.facts.claims import Claim, find_claims, held_against, named_people
from analysis.tracks.response.english.sentences import Span, folded, quotations, sentences
from analysis.tracks.response.english.word_lists import expressions
from analysis.tracks.response.titles import Mention, title_index, titles_in

TOPIC_REACH = 3
"""Sentences without a title that still go on about the last one."""

_WORDS = expressions(__package__, "words.en.txt")


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Titles named, with their claims, and names offered as titles that the catalogue lacks."""
    text = response.text
    asked, subjects = titles_in(response, knowledge)
    known = [one for one in subjects if one.titles]
    found = [_named(one) for one in {one.titles: one for one in reversed(known)}.values()]
    found += [one for name in subjects if not name.titles and (one := _lacking(name, response))]
    echoes = [span for span in quotations(text) if folded(span.of(text)) in folded(response.prompt)]
    for claim, subject in _bound(text, subjects, asked, title_index(knowledge).authors):
        if subject.titles and not any(span.overlaps(claim.start, claim.end) for span in echoes):
            found += _checked(claim, subject)
    return sorted(found, key=lambda one: (one.start, one.end))


def _named(one: Mention) -> Found:
    shared = f"; {len(one.titles)} titles share the name" if len(one.titles) > 1 else ""
    spelt = f", read as {quoted(one.name)} ({one.similarity:.0f} % alike)" if one.similarity else ""
    why = f"the catalogue has this title ({', '.join(title.id for title in one.titles[:3])}){spelt}{shared}"
    return Found(one.start, one.end, "supported", why, counts=False)


def _lacking(name: Mention, response: Response) -> Found | None:
    """A finding for a name offered as a title, unless the answer says that the shop lacks it."""
    if not name.offered:
        return None
    key, label, counts = folded(name.name), "not in catalogue", False
    passage = next((one for one in response.passages if key in folded(one.text)), None)
    if _WORDS["lacks"].search(response.text[max(0, name.start - 80) : name.end + 60]):
        label, why = "said to be lacking", "the answer says that it lacks it"
    elif key in folded(response.prompt):
        why = "the catalogue lacks it; the prompt names it"
    elif passage is not None:
        source = f"passage {passage.id}" if passage.id else "a passage"
        why = f"the catalogue lacks it; {source} names it"
    else:
        why, counts = f"no title of the catalogue is called {quoted(name.name)}, or is spelt nearly so", True
    return Found(name.start, name.end, label, why, counts)


def _bound(
    text: str, subjects: list[Mention], asked: list[Mention], authors: Lexicon
) -> Iterator[tuple[Claim, Mention]]:
    """Every claim with what it is about."""
    topic: Mention | None = asked[0] if len({one.titles for one in asked}) == 1 else None
    age = at = 0
    for sentence in sentences(text):
        here: list[Mention] = []
        while at < len(subjects) and subjects[at].start < sentence.end:
            here.append(subjects[at])
            at += 1
        age = 0 if here else age + 1
        known = here or (topic is not None and age <= TOPIC_REACH)
        claims = list(find_claims(text, sentence, carried=not here)) if known else []
        if len({(one.titles, one.name) for one in here}) == 1:
            claims += _apart(named_people(text, sentence, authors), claims)
        claims = _apart(claims, here)
        yield from _in_sentence(text, sentence, claims, here, topic if age <= TOPIC_REACH else None)
        if here:
            topic = here[-1] if len({(one.titles, one.name) for one in here}) == 1 else None


def _apart(claims: Iterable[Claim], others: Sequence[Claim | Mention]) -> list[Claim]:
    """The claims that share no character with any of the others."""
    return [one for one in claims if not any(it.start < one.end and one.start < it.end for it in others)]


def _in_sentence(
    text: str, sentence: Span, claims: list[Claim], here: list[Mention], topic: Mention | None
) -> Iterator[tuple[Claim, Mention]]:
    if not here:
        yield from ((claim, topic) for claim in claims if topic is not None)
        return
    if "respectively" in sentence.of(text).lower():
        for kind in {claim.kind for claim in claims}:
            same = [claim for claim in claims if claim.kind == kind]
            if len(same) == len(here):
                yield from zip(same, here, strict=True)
        return
    for claim in claims:
        before = next((one for one in reversed(here) if one.start < claim.end), None)
        after = next((one for one in here if one.start >= claim.end), None)
        if after is not None and _linked(text, claim, after):
            yield claim, after
        elif not claim.tied and (subject := before or after) is not None:
            yield claim, subject


def _linked(text: str, claim: Claim, after: Mention) -> bool:
    """Whether a claim leads to the title after it: `$8.99 for Y`, `the six-volume Y`, `A. Author's Y`."""
    between = text[claim.end : after.start]
    if claim.kind == "author":
        return len(between) <= 60 and between.lstrip().startswith(("'s", "’s", "wrote", "created", "drew"))
    return len(between) <= 24 and bool(_WORDS["link"].fullmatch(between))


def _checked(claim: Claim, subject: Mention) -> list[Found]:
    """The claim against every title of the name; nothing where no row knows, or the volume is one of many."""
    decided = [
        (title, *verdict) for title in subject.titles if (verdict := held_against(claim, title)) is not None
    ]
    fitting = next((one for one in decided if one[1]), None)
    if not decided or (claim.kind == "volume" and fitting is not None):
        return []
    facts = " or ".join(dict.fromkeys(said for *_, said in (decided if fitting is None else [fitting])))
    of_many = f"{len(decided)} titles of this name"
    of_many = f" (none of {of_many} fits)" if fitting is None else f" ({fitting[0].id}, one of {of_many})"
    shared = of_many if len(subject.titles) > 1 else ""
    spelt = f", read from a spelling {subject.similarity:.0f} % alike" if subject.similarity else ""
    why = f"the catalogue says of {quoted(subject.name)}: {facts}{shared}{spelt}"
    label = "contradicted" if fitting is None else "supported"
    return [Found(claim.start, claim.end, label, why, counts=fitting is None)]
