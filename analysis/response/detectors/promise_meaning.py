"""Whether words of promise are meant as one: not denied, hedged, reported, or said of somebody else."""

from __future__ import annotations

import re

from analysis.response.detectors.speech import reported
from analysis.response.detectors.text import CLAUSE_END, NEGATOR, Span, clause_before

_IDIOM = re.compile(
    r"\b(?:no (?:questions?(?: asked)?|matter|later than|minimum|problem|worries|doubt|catch"
    r"|strings(?: attached)?)"
    r"|without (?:fail|question|delay|exception|any hassle|hassle)|never (?:worry|mind|fear)"
    r"|(?:do not|don['’]t) (?:worry|miss|hesitate|fret)|not (?:only|just|to worry))\b",
    re.IGNORECASE,
)
_UNLESS = re.compile(
    r"\b(?:unable|instead of|rather than|impossible|unlikely|refrain|avoid|beyond what|used to"
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
    r"|\bwould\b(?! be (?:happy|glad|delighted|pleased))",
    re.IGNORECASE,
)
_HEDGE_REACH = 40


def meant(text: str, sentence: Span, start: int, end: int, at: tuple[int, ...]) -> bool:
    """Whether the promise between the offsets is one; `at` holds the starts of its parts, each looked at.

    Not caught: irony, a denial in the sentence after, and a hedge more than a clause away.
    """
    if any(_denied(text, sentence, position) or reported(text, sentence, position) for position in at):
        return False
    after = text[end : min(sentence.end, end + 60)]
    if _DENIED_AFTER.match(after):
        return False
    tail = CLAUSE_END.search(after[:_HEDGE_REACH])
    clause = (
        clause_before(text, sentence, start)
        + text[start:end]
        + after[: tail.start() if tail else _HEDGE_REACH]
    )
    return not _HEDGE.search(clause) and not _opens_with_hedge(text, sentence, start)


def _denied(text: str, sentence: Span, position: int) -> bool:
    """A word of negation at most six words before in the clause, or a turn that denies; idioms set aside."""
    before = _IDIOM.sub(" ", clause_before(text, sentence, position))
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
