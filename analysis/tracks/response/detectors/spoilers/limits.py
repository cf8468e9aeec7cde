"""What joins two names as one, what keeps them apart, and what makes an event asked, wished or supposed only."""

from __future__ import annotations

import re

from analysis.tracks.response.detectors.spoilers.wording import Sentence

LINK = re.compile(
    r"\b(?:is|was|were|are|be|being|been|am|turns? out|turned out|none other|actually|really|secretly|himself"
    r"|herself|itself|themselves|revealed|unmasked|exposed|proves?|becomes?|became|replaces?"
    r"|takes? the place|in place of|turns? into|doubles? as|posing as|poses as"
    r"|the same|one and the same|in disguise|did|doing|done|committed|behind|responsible|guilty|plays?"
    r"|playing"
    r"|culprit|identity|made (?:of|from|with)|comes? from|gets? \w{1,20} \w{1,20} from|all along"
    r"|whole time)\b"
    r"|'s (?:the|an?|his|her|really|actually|been)\b|(?:he|she|it|that|they|who|there)'(?:s|re)\b"
    r"|[?:=—–] {0,2}(?:it's |the |her |his |their |an? )",
)
"""What makes two names one person: a copula, a disclosure, a disguise, a deed, or the answer to "who?"."""
RELATION = re.compile(
    r"\b(?:hunt|chas|follow|track|pursu|meet|met|catch|caught|arrest|fight|fought|against|versus|vs|trail"
    r"|befriend|helps?|hires?|rescu|interview|fac(?:es|ing)|asks?|ordered|suspect|afraid|fear|behind the|step"
    r"|after the|after an?|look(?:s|ing)? for|search|with (?:the|an?|her|his)|from (?:the|an?|her|his)"
    r"|works? for|between"
    r"|looking into|investigat|outwit|and (?:the|an?|his|her)\b(?! [^,.]{2,30} are)|or (?:the|an?)|helped"
    r"|teams? up|tr(?:y|ies)"
    r"|like\b|used to|once|former|finds?|discovers?|mourn|lov(?:es|ing)|nurs|knocks?"
    r"|to (?!be\b)\w{2,12} (?:the|an?|her|his)|trap"
    r"|(?:is|was|are|were|gets?|been|being) (?!reveal|unmask|expos|disguis|mask|named|called|shown|need"
    r"|indeed)\w{2,12}"
    r"(?:ed|ent|ken|wn|old|ght)\b)",
)
"""What keeps two names two persons: pursuit, company, conflict, search, a past, a passive that discloses nothing."""
NEW_SUBJECT = re.compile(
    r"\b(?:and|but|while|whose|in which|because|when|as|until|so|if|where) (?:the|an?|his|her|this|its"
    r"|some\w{3,4}|another"
    r"|each|every)\b|; "
)
"""A clause with a subject of its own."""
ASKED_CLAUSE = re.compile(
    r"\b(?:whether|(?:find|figure|work|sniff)(?:s|ing)? out who|(?:know|say|tell|telling|reveal|learn"
    r"|discover|ask|asks|guess|see|of|about|as to|knows|says|tells|reveals|learns|discovers)"
    r" (?:\w{2,10} )?(?:who|which|how|why|if|whether)|if|wonder\w{0,4}|suppos\w{1,4}|imagine|maybe"
    r"|perhaps|(?:i|we|fans|readers) (?:hope|bet|think|doubt)|unless"
    r"|in case|theor(?:y|ies)|rumou?rs?|depends"
    r"|suspect|keep\w{0,3} you guessing|who(?:ever)?(?= (?:ordered|wins|dies|kills|wrote|did|is)))\b"
)
"""What opens an indirect question, a condition or a guess."""
BEATEN_BY = re.compile(r" (?:\w{1,12} ){0,3}(?:by|to) (?:the|his|her|their)\b")
"""After a defeat: whose victory it is."""
CLEFT = re.compile(r"(?:\b(?:it|that) (?:is|was|turns out to be)|'s|the one|none other than)\b[^,;.]{0,40}$")
""""It is the butler who": a relative clause that tells rather than describes."""
UNREAL = re.compile(
    r"\b(?:may|might|could|must|should|fears?|risks?|slow|any|against) (?:(?:be|have|been|even|still|well"
    r"|also) ){0,2}$"
    r"|\b(?:wants?|hopes?|hoping|tries|trying|refuses?|wish(?:es)?|longs?|threatens?|plans?|needs?|has"
    r"|have|had|sworn"
    r"|swears?|vows?|pretends?|determined|ready|willing|afraid|dreams?|chance) (?:never )?(?:to"
    r"|of) (?:\w{1,12} ){0,2}$"
)
"""A verb of modality, wish, fear or duty right before an event, which then need not come about."""
PARTICIPLE = re.compile(r"\b(?:the|an?|your|our|my|his|her|their|for) $")
"""A determiner before a participle: "the lost parcel", "his murdered brother"."""
_FORMS = (
    "murdered killed slain dead dying lost burnt burned sold stolen hidden written left forgotten faked"
    " closed"
    " played"
)
PARTICIPLES = frozenset(_FORMS.split())
TOGETHER = re.compile(
    r" (?:are|were|turn out to be) (?:really |actually |in fact )?(?:the (?:very )?same|one)\b"
)
""""The thief and the detective are the same man", after the two names."""
CONJOINED = re.compile(r" and (?:the |his |her |their )?(?:\w{1,12} )?")
WISH = re.compile(r"\b(?:dreams?|hopes?|wants?|tries|longs?|wishes|learns how|vows?) (?:of|to)\b")
START = re.compile(
    r"\b(?:opens|begins|starts)\b[^.;]{0,12}\b(?:when|with|after|as|on|once|where)\b[^.;]{0,40}$"
)
"""Where the sentence tells how the story starts."""
NOMINAL = frozenset(
    ("betrayal", "marriage", "death", "victory", "murder", "loss", "defeat", "sale", "destruction", "wedding")
)
"""Events told by a noun; one in front of another noun ("wedding card") is none."""
COMPOUND = re.compile(
    r"-|[ ](?!(?:in|at|on|of|to|by|is|are|was|that|which|and|with|when|after|before|takes?|happens?"
    r"|comes?|does|for|at)\b)[a-z]"
)
UNEXPECTED = re.compile(
    r"none other|(?:never|n't) (?:have )?(?:guess|suspect|th[io]|believe|expect|imagin"
    r"|see it)|not only"
)
"""Denials that tell all the same: "you'd never guess that", "none other than"."""
ANOTHER = re.compile(r"\b(?<!as )(?:you|we|i) (?!know|see|might|may|can guess)")
"""The customer or the shop as subject, so that what follows is no story's event."""
PASSIVELY = re.compile(r"\b(?:is|was|gets?|got|been|being|be|are)\b")
RESTRICTIVE = re.compile(r"^ (?:that|who|which) (?:\w{1,12} )?$")
"""A relative clause that tells which one is meant: "the team that lost everything"."""
RHETORICAL = re.compile(
    r"\b(?:can you believe|would you believe|who (?:would|could) have|who knew|did you know|isn't it"
    r"|remember when"
    r"|how (?:sad|cool|great|brilliant)|right|have you got to|wasn't it|did i mention)\b"
)
"""Questions that tell what they ask."""
PAIR = re.compile(
    r"\b(?:they|the (?:two|pair|couple|lovers|leads|lovebirds|main couple|sweethearts)|two (?:of them"
    r"|leads|sweethearts)|both"
    r"|he and she|each other|hero and heroine)\b"
)
"""The pair that a spoiler of "they" is about."""
LATE = re.compile(
    r"\b(?:end|ends|finally|eventually|at last|(?:vol\.?|volumes?|chapters?|part|book) ?(?:\d|t[ewh]"
    r"|[efnos])|final|finale|last|later|happy"
    r"|by the time|happily)"
)
"""A place late in the story, or any volume or chapter."""
PREMISE = re.compile(
    r"\b(?:is about|about (?:an?|two|the)|premise|starts?|begins?|opens?|pretend\w{0,3} to be|to keep"
    r"|already|set in|follows?)\b"
)
"""How the premise of a story is introduced."""


def asked(sentence: Sentence) -> bool:
    """Whether the sentence asks, and does not tell by asking: "Can you believe that the twin dies?"."""
    return sentence.text.rstrip("\"')*_” ").endswith("?") and not RHETORICAL.search(sentence.text)


def supposed(sentence: Sentence, at: int) -> bool:
    """Whether what stands at a place is asked, supposed or withheld: "whether the coach dies"."""
    clause = max((one for one in sentence.clauses if one <= at), default=sentence.span.start)
    before = sentence.text[max(clause - sentence.span.start, 0) : at - sentence.span.start][-80:]
    return bool(ASKED_CLAUSE.search(before + " ")) and not re.search(
        r"\b(?:even|as) if\b|n't guess|never guess", before
    )


def piece(sentence: Sentence, start: int, end: int) -> str:
    """The sentence's lower-case letters between two places of the whole text."""
    return sentence.text[max(0, start - sentence.span.start) : max(0, end - sentence.span.start)]
