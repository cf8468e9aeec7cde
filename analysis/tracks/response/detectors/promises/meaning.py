"""Whether words of promise are meant as one: not denied, hedged, reported, or said of somebody else."""

from __future__ import annotations

import re

from analysis.tracks.response.english.sentences import CLAUSE_END, NEGATOR, Span, clause_before
from analysis.tracks.response.english.speech import reported

_IDIOM = re.compile(
    r"\b(?:(?:never|not|\w{2,5}n['’]t|won['’]t|no) (?:\w+ ){0,2}?(?:more|longer|later) than"
    r"|no (?:deadline|limits?|time limits?|hurry|rush)"
    r"|no (?:extra |further )?(?:costs?|charge)|no (?:questions?(?: asked)?|matter|later than|minimum"
    r"|problem|worries|doubt|catch"
    r"|strings(?: attached)?)"
    r"|without (?:fail|(?:any |extra )?(?:charge|cost)|question|delay|exception|any hassle|hassle)"
    r"|never (?:worry|mind|fear)"
    r"|(?:do not|don['’]t|didn['’]t) (?:like|love|enjoy) (?:it|them)|not (?:happy|satisfied)"
    r"|(?:do not|don['’]t) (?:worry|miss|hesitate|fret)|not (?:only|just|to worry))\b",
    re.IGNORECASE,
)
_UNLESS = re.compile(
    r"\b(?:unable|instead of|rather than|impossible|unlikely|(?:hard|difficult|tough) to|refrain|avoid"
    r"|beyond what|used to"
    r"|no longer|out of the question"
    r"|(?:other|some|many|most) (?:shops?|stores?|retailers?|sellers?|sites?)|elsewhere)\b",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"(?:[ \t]\w+){0,3}?[ \t](?:(?:is|are|was|were|does|do|can|will|would)[ ]?(?:not|n['’]t)\b|(?:isn"
    r"|aren|won|can|doesn|don|couldn)['’]t\b"
    r"|cannot\b|(?:is|are) (?:out of the question|impossible|excluded|unavailable))",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"(?<!you )\bmay\b|\b(?:might|could|possibly|perhaps|maybe|hopefully|with (?:any |a bit of )?luck"
    r"|subject to|depend(?:s|ing) on"
    r"|in some cases|case by case|at (?:our|the \w+['’]s) discretion|(?:see|check|ask|find out|confirm"
    r"|decide) (?:whether|if|when)"
    r"|if (?:approved|eligible|possible|available|you qualify|it qualifies|policy|the (?:policy|team"
    r"|shop|manager|warehouse))"
    r"|(?:once|after|when|if) (?:a|an|our|the|my|someone) ?(?:\w+ )?(?:has |have )?(?:approve[sd]?"
    r"|check(?:s|ed)|confirm(?:s|ed)|decide[sd]?|agree[sd]?))\b"
    r"|\b(?:i|we)['’]d (?!be |love |like |gladly|happily|better|already)"
    r"|\bwould\b(?! be (?:happy|glad|delighted|pleased))",
    re.IGNORECASE,
)
_HEDGE_REACH = 40
STORY_REACH = 400
WISH_REACH = 80


_STORY = re.compile(
    r"\b(?:he|she|his|her|hero(?:ine)?|stor(?:y|ies)|tale|plot|protagonist|character|chapter|captain"
    r"|narrator)\b"
    r"|\bin (?:the )?(?:last|final|first|second|third) (?:volume|chapter|book|arc)\b|\bin volume \w+\b",
    re.IGNORECASE,
)
_SHOP_TALK = re.compile(r"\b(?:you|your|yours|we|our|us|i|my|me|parcel|refund|courier will)\b", re.IGNORECASE)
_PAST = re.compile(
    r"\b(?:was|were) (?:\w+ )?(?:sent|shipped|delivered|issued|refunded|posted|dispatched|returned"
    r"|placed|paid"
    r"|processed|credited)\b",
    re.IGNORECASE,
)
_WISH = re.compile(r"(?:['’]d|\bwould)(?: really| so)? (?:love|like|have loved) to\b", re.IGNORECASE)
_HOWEVER = re.compile(r"\b(?:but|however|sadly|unfortunately|alas|only)\b", re.IGNORECASE)
_TOLD = re.compile(
    r"\b(?:(?:told|promised|assured) (?:me|you)|you (?:say|said|write|wrote|mention\w*|(?:were"
    r"|have been) (?:told|promised))"
    r"|(?:advert|review|publisher|site|page|bank|carrier|colleague|friend|neighbour|email"
    r"|message) (?:you \w+ |did )?"
    r"(?:said|says|told|promised?|promises|claim(?:s|ed)?))\b",
    re.IGNORECASE,
)


def meant(
    text: str, sentence: Span, parts: tuple[tuple[int, int], ...], *, denied_after: bool = True
) -> bool:
    """Whether a promise of these parts is one: its own words first, then its time, amount or further stretch.

    A negation within the own words ("you won't wait") is part of the promise. `denied_after` says whether one
    that follows takes the promise back: what is guaranteed may well be that something does not happen.

    Not caught: irony, a denial in the sentence after, and a hedge more than a clause away.
    """
    start, end = min(part[0] for part in parts), max(part[1] for part in parts)
    if any(_denied(text, sentence, at, parts[0]) or reported(text, sentence, at) for at, _ in parts):
        return False
    if _WISH.search(text, max(sentence.start, start - WISH_REACH), start) and _HOWEVER.search(
        text, end, min(len(text), end + WISH_REACH)
    ):
        return False
    whole = text[sentence.start : min(sentence.end, sentence.start + STORY_REACH)]
    if _STORY.search(whole) and not _SHOP_TALK.search(whole):
        return False
    if _TOLD.search(text, max(sentence.start, start - 80), start):
        return False
    after = text[end : min(sentence.end, end + 60)]
    if denied_after and _DENIED_AFTER.match(after):
        return False
    tail = CLAUSE_END.search(after[:_HEDGE_REACH])
    clause = (
        clause_before(text, sentence, start)
        + text[start:end]
        + after[: tail.start() if tail else _HEDGE_REACH]
    )
    return (
        not _HEDGE.search(clause)
        and not _PAST.search(clause)
        and not _opens_with_hedge(text, sentence, start)
    )


def _denied(text: str, sentence: Span, position: int, own: tuple[int, int]) -> bool:
    """A word of negation at most six words before in the clause, or a turn that denies; idioms set aside."""
    before = clause_before(text, sentence, position)
    if own[1] <= position:
        before = before.replace(text[own[0] : own[1]], " ")
    before = _IDIOM.sub(" ", before)
    return bool(_UNLESS.search(before) or NEGATOR.search(" ".join(before.split()[-6:])))


def _opens_with_hedge(text: str, sentence: Span, position: int) -> bool:
    """ "If the team agrees, you get a refund": the clause before holds the condition."""
    before = text[max(sentence.start, position - 120) : position]
    clauses = CLAUSE_END.split(before)
    return (
        len(clauses) > 1
        and bool(re.match(r"\s*(?:if|once|when|after|provided)\b", clauses[-2], re.IGNORECASE))
        and (bool(_HEDGE.search(clauses[-2])))
    )
