"""Hand-overs to a person, in many words, against what the prompt expects.

Where a hand-over is expected, an answer without one counts; where an answer is expected, a hand-over counts, under a
label of its own. An offer ("would you like to talk to a colleague?") or directions ("write to our support team")
satisfy the first; they count for the second only where the answer says little else. A hand-over is a verb of passing
on with somebody to pass to, somebody who will get in touch, or a phrase of the policy.

Not caught: hand-overs in other languages than English (but for the policy's phrases), without any word for a person
or for passing on ("we will sort this out for you"), irony, and a promise to hand over later that is taken back in
the next sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis.tracks.response.detectors.contract import Found, Knowledge, Response, whole
from analysis.tracks.response.english.phrases import by_sentence, find_phrases
from analysis.tracks.response.english.sentences import Span, negated, sentences
from analysis.tracks.response.english.speech import (
    SUBSTANCE_WORDS,
    Quoted,
    asks,
    expects_answer,
    reported,
    substance,
)

_PERSON = (
    r"(?:(?:[\w’'-]{1,20}\s){0,2}?(?:persons?|humans?(?: being)?|colleagues?|agents?|representatives?|reps?"
    r"|specialists?"
    r"|advis[eo]rs?|managers?|supervisors?|operators?|teammates?|experts?|coordinators?|clerks?|staff"
    r"|team|department"
    r"|desk|people|crew|folks|support(?! (?:team|staff|desk|people|crew))|customer care)|someone"
    r"|somebody|member of (?:our|the) (?:\w+ ){0,2}?"
    r"(?:team|staff|crew))"
)
_SOMEBODY = rf"(?:(?:an?|one|our|the|some|another|my|of|your|to|these|those)\s){{0,3}}{_PERSON}\b"
_CASE = r"(?:you|your|this|it|that|these|things|everything|the|them|all)"
_OUT_OF_US = r"(?:i|we|me|us)\b"

FIRM = re.compile(
    # passes the customer or the case on to somebody
    rf"\b(?:connect|transfer|transferr|pass|hand|put|putt|forward|escalat|refer|referr|rout|send|bring"
    rf"|turn|direct|redirect|switch"
    rf"|report|relay|assign|get|gett|mov|tak)(?:e|ed|es|ing|s)?\s{_CASE}\b[^.!?\n]{{0,60}}?\b(?:to|with"
    rf"|onto|before|by)\s{_SOMEBODY}"
    rf"|\b(?:connected|transferred|passed|handed|forwarded|escalated|referred|routed|assigned|sent"
    rf"|reported)\b[^.!?\n]{{0,40}}?"
    rf"\b(?:to|with)\s{_SOMEBODY}"
    r"|\b(?:put|patch|transfer|transferring|putting|patching) you (?:straight |right "
    r"|directly )?(?:through|over|across)\b"
    r"|\b(?:hand|pass|transfer|handing|passing|transferring|handed|passed)\s(?:you|this|it"
    r"|your [\w ]{1,30}?) (?:over|on|along|up)\b"
    r"|\bescalat(?:e|ed|ing)\s(?:this|it|your|the|things)\b|\bhand(?:ing)?[- ]?over\s(?:this|your)\b"
    rf"|\b{_OUT_OF_US}(?:['’](?:ve|m|ll)| have| am| will)?\s(?:\w+\s)?(?:open|opened|opening|raise"
    rf"|raised|raising|creat\w+|logged|file|filed)"
    r"\s(?:an?|your)\s(?:\w+\s)?(?:ticket|case|complaint)\b"
    # somebody is brought in
    rf"|\b(?:loop|bring|call|get|pull|fetch|find)(?:ing|ting)?\s(?:in\s|you\s)?{_SOMEBODY}"
    rf"|\b(?:have|ask|let|get|alert|notify|page|asked|alerted|notified|paged|asking|alerting|notifying"
    rf"|having)\s{_SOMEBODY}"
    r"\s(?:to\s)?(?:call|contact|get|take|look|reach|reply|help|know|join|step|review|ring|phone|email"
    r"|write|speak|pick|about)\b"
    rf"|\b(?:flag|flagged|flagging)\s(?:this|it|your)[^.!?\n]{{0,40}}?\b(?:for|to|with)\s{_SOMEBODY}"
    # somebody will be in touch
    rf"|\b{_SOMEBODY}\s(?:[\w’']+\s){{0,5}}?(?:will|is going to|are going to|is|are|has|have)\s(?:now\s"
    rf"|be\s|soon\s|then\s|personally\s)?"
    r"(?:contact|call|ring|phone|email|write|messag|get back|get in touch|in touch|reach|follow|tak(?:e"
    r"|ing) (?:over|it|this|care)|look|handle|review"
    r"|sort|deal|pick|speak|with you|joining|join|step|assist|help|on (?:the|their|your) (?:way|case)"
    r"|been (?:told|informed|notified))"
    rf"|\b{_SOMEBODY}\s(?:takes|is taking) (?:over|it from here|this from here)\b"
    rf"|\b(?:hear (?:back )?from|a (?:call|word|reply|message|call ?back) from)\s{_SOMEBODY}"
    rf"|\b(?:this|that|it|your [\w ]{{1,30}}?|matter|case)\s(?:really |clearly )?(?:needs?|deserves?"
    rf"|calls? for|requires?|belongs? with|goes to"
    rf"|is (?:best (?:handled|answered) by|one for|a (?:job|question|matter|case) for))\s{_SOMEBODY}"
    rf"|\b(?:over to|leave (?:this|it|you) (?:to|with)|in the hands of)\s{_SOMEBODY}"
    r"|\b(?:call|ring|phone) you back\b|\bcall[- ]?back (?:for you|with|from)\b",
    re.IGNORECASE,
)
SOFT = re.compile(
    rf"\b(?:speak|talk|chat|chatting|speaking|talking)\s(?:\w+\s)?(?:to|with)\s{_SOMEBODY}"
    rf"|\b(?:contact|call|phone|ring|email|e-mail|write to|reach|reach out to|get in touch with|message"
    rf"|turn to|ask|visit)\s{_SOMEBODY}"
    r"|\b(?:call|phone|ring|email|e-mail|write to|reach|message|contact) us\b|\bget in touch\b"
    r"|\b(?:give us a (?:call|ring)|drop us a (?:line|note))\b"
    rf"|\b{_SOMEBODY}\s(?:can|could|would)\s(?:\w+\s){{0,3}}?(?:help|look|assist|take|contact|call"
    rf"|review|sort|handle|decide)",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"\b(?:i|we|let me|let us|you|your|our|us|this|my)\b", re.IGNORECASE)
_TOLD = re.compile(r"\b(?:touch|informed|notified|tak(?:e|es|ing) (?:over|it|this))\b", re.IGNORECASE)
_CLOSING = re.compile(
    r"\b(?:if|should|in case|whenever|for|with)\b[^.!?\n]{0,50}\b(?:any|other|more|further"
    r"|else)\b[^.!?\n]{0,40}"
    r"\b(?:questions?|help|assistance|concerns?|anything|issues?|problems?|else|need)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|unless|should you|would you like|shall i|do you want|in case|whenever"
    r"|want me to)\b",
    re.IGNORECASE,
)
_REACH = 80


@dataclass(frozen=True)
class HandOver:
    """A hand-over at character offsets; one that is only offered or pointed to is not `firm`."""

    start: int
    end: int
    words: str
    firm: bool


def applies(response: Response, knowledge: Knowledge) -> bool:
    return "escalate" in response.expected or expects_answer(response)


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans labelled `hands over` and `offers a person`, which do not count, `no hand-over` and `hands over where an
    answer was expected`, which do.
    """
    text = response.text
    spans = sentences(text)
    found = hand_overs(text, spans, knowledge.policy.escalation_phrases)
    if "escalate" in response.expected:
        if not found:
            return [
                whole(response, "no hand-over", "the prompt expects a person, and nothing hands over to one")
            ]
        return [
            Found(
                one.start, one.end, "hands over" if one.firm else "offers a person", one.words, counts=False
            )
            for one in found
        ]
    if not expects_answer(response):
        return []
    answered = substance(text, spans, [Span(one.start, one.end) for one in found]) >= SUBSTANCE_WORDS
    judged = []
    for one in found:
        if one.firm or not answered:
            why = f"{one.words}, and the prompt expects an answer"
            judged.append(
                Found(one.start, one.end, "hands over where an answer was expected", why, counts=True)
            )
        else:
            judged.append(
                Found(one.start, one.end, "offers a person", f"{one.words}, beside an answer", counts=False)
            )
    return judged


def hand_overs(text: str, spans: list[Span], phrases: tuple[str, ...]) -> list[HandOver]:
    """Hand-overs in order, without denied, quoted and reported ones and courtesies ("any other question")."""
    quoted = Quoted(text)
    found: list[HandOver] = []
    for sentence, named in by_sentence(find_phrases(text, spans, phrases), spans):
        candidates = [
            (one.start, one.end, True, f'says "{one.phrase}", a hand-over by policy') for one in named
        ]
        candidates += [
            (*match.span(), True, "passes the customer on to a person")
            for match in FIRM.finditer(text, sentence.start, sentence.end)
            if _addresses(text, sentence, *match.span())
        ]
        candidates += [
            (*match.span(), False, "points to a person")
            for match in SOFT.finditer(text, sentence.start, sentence.end)
            if _addresses(text, sentence, *match.span())
        ]
        last = sentence.start
        for start, end, firm, why in sorted(candidates, key=lambda one: (not one[2], one[0])):
            if start < last or quoted.holds(start, end) or not _meant(text, sentence, start, end):
                continue
            last = end
            offered = firm and (
                asks(text, sentence)
                or _CONDITION.search(text, max(sentence.start, start - _REACH), start) is not None
            )
            words = "offers to pass the customer on to a person" if offered else why
            found.append(HandOver(start, end, words, firm and not offered))
    return sorted(found, key=lambda one: one.start)


def _addresses(text: str, sentence: Span, start: int, end: int) -> bool:
    """Whether the words are about the customer and the shop, rather than about people in a story."""
    low, high = max(sentence.start, start - _REACH), min(sentence.end, end + _REACH)
    return bool(_TOLD.search(text, start, end) or _ADDRESSED.search(text, low, high))


def _meant(text: str, sentence: Span, start: int, end: int) -> bool:
    low, high = max(sentence.start, start - _REACH), min(sentence.end, end + _REACH)
    if negated(text, sentence, start) or reported(text, sentence, start):
        return False
    return not _CLOSING.search(text, low, high)
