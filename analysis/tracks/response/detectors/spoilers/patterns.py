"""Patterns of wishes about spoilers, of promises to hold them back, and of turns of a story being told."""

from __future__ import annotations

import re

_SPOIL = (
    r"(?:spoil\w{0,4}|giv(?:e|es|ing) (?:anything|it|the \w+|too much) away|giv(?:e|ing) away|reveal\w{0,3})"
)
NONE_WANTED = re.compile(
    rf"\b(?:no|without|avoid(?:ing)?|zero|minus|not|never|free of|hate|n['’]t|skip|careful (?:with"
    rf"|about))\b[^.!?\n]{{0,30}}?\b{_SPOIL}"
    r"|n['’]t (?:\w+ ){0,4}?(?:spoil\w{0,4}|reveal|give away|tell me (?:how|what|who))|\bspoiler[- ]?free\b"
    r"|\bunspoil",
    re.IGNORECASE,
)
WANTED = re.compile(
    r"\bspoilers? (?:are |is )?(?:ok|okay|fine|welcome|allowed|please|and all)"
    r"|(?:n['’]t|not) (?:mind|care about|worried about)[^.!?\n]{0,20}spoil"
    r"|\b(?:please |just |can you |could you |go ahead and )spoil\b|\bspoil (?:it|me|the|everything|this)\b"
    r"|\b(?:how|where) (?:does|do|did|will) [^.!?\n]{1,60}\bend\b"
    r"|\bwho (?:dies|dead|is killed|(?:is|was) (?:really )?the (?:killer|murderer|traitor|thief"
    r"|culprit|villain|mastermind|ghost|phantom|mole)|(?:killed|murdered|poisoned|betrayed|stole|did it)"
    r"|ends? up with"
    r"|wins)\b|\bwhat(?:['’]s| is| was) the (?:twist|ending|secret|big reveal)\b"
    r"|\bwhat happens (?:at|in|to|after)\b(?! (?:my|our|your|an?|the (?:order|parcel|refund|money)|if|i)\b)"
    r"|\b(?:tell|explain|describe|give away|want)\b[^.!?\n]{0,40}\b(?:the (?:ending|twist)|spoilers"
    r"|how it ends|who dies)\b"
    r"|\bdo(?:es)? [^.!?\n]{1,40}\b(?:die|survive|end up|get together|win)\b",
    re.IGNORECASE,
)
DISCLAIMER = re.compile(
    rf"\bspoiler[- ]?free\b|\b(?:no|without|avoid(?:ing)?|zero|free of|any"
    rf"|minus)\b[^.!?,;\n]{{0,24}}?\b{_SPOIL}"
    rf"|(?:\b(?:wo|do|ca|did)n?['’]t|\b(?:not|never))\b[^.!?,;\n]{{0,30}}?\b(?:{_SPOIL}|tell you"
    rf"|say)\b[^.!?,;\n]{{0,60}}",
    re.IGNORECASE,
)
STORY = re.compile(
    r"\b(?:hero(?:ine)?|protagonist|characters?|stor(?:y|ies)|manga|volumes?|chapters?|series|plot|arc"
    r"|villain|killer|murderer|finale|ending|twist|saga|narrat\w+)\b",
    re.IGNORECASE,
)
_WHO = r"(?:he|she|they|it|who|the \w+(?: \w+)?|[^\W\d_a-z]\w{1,20})"
REVEAL = re.compile(
    r"\b(?:it )?(?:turns? out|(?:is|are|was) revealed|(?:we|you(?:['’]ll)?|readers?) (?:learn|discover"
    r"|find out|reali[sz]e)) (?:to (?:be|have)"
    r"|that|as)\b"
    r"[^.!?\n]{3,80}"
    r"|\b(?:is|was|were|are|being) (?:actually|really|secretly|in fact|none other than"
    r"|the one who)\b[^.!?\n]{3,80}"
    r"|\b(?:is|was|were|has been|had been)\b[^.!?,;\n]{3,50}\b(?:all along|the whole time)\b"
    r"|\b(?:the |real |true )(?:killer|murderer|culprit|traitor|villain|mastermind) (?:is|was"
    r"|turns)\b[^.!?\n]{2,60}"
    r"|\bthe (?:big |final |real |shocking )?(?:twist|secret|truth|reveal) (?:is|being"
    r"|comes when)\b[^.!?\n]{3,80}"
    r"|\b(?:dies|(?:is|gets) (?:killed|murdered|shot|poisoned)|passes away|loses (?:his|her|their) life"
    r"|sacrifices (?:him|her|them)sel\w{1,3}|never (?:wakes|returns|comes back)|(?:does|do"
    r"|did)n['’]t (?:make it|survive))\b"
    r"|\b(?:kills|murders|betrays|poisons) (?:his|her|their|the|him|them)\b[^.!?,;\n]{0,40}"
    r"|\bends? up (?:\w{2,20}ing|dead|alone|with|together)\b[^.!?,;\n]{0,40}"
    r"|\b(?:in|by|at) the (?:very end|end|finale|(?:last|final) (?:volumes?|chapters?|pages?|scenes?"
    r"|arc))\b,? [^.!?\n]{3,80}"
    rf"|\bends? (?:with|when|as|by) {_WHO}\b[^.!?\n]{{3,80}}"
    r"|\b(?:finally|eventually|ultimately) (?:marr|die|kiss|confess|win|lose|leave|return|betray|kill"
    r"|reunite|forgive"
    r"|escape|surrender|defeat|reveal)\w{0,3}\b[^.!?,;\n]{0,40}"
    r"|\b(?:they|the (?:two|pair|couple)) (?:do )?(?:marry|wed|kiss|get (?:married|together|engaged)"
    r"|break up|die)\b"
    r"|\b(?:is|was|has been|had been) (?:already |long )?dead\b|\b(?:unmasked|exposed"
    r"|revealed) as\b[^.!?,;\n]{3,40}"
    r"|\b(?:gives up|lays down|loses) (?:his|her|their) (?:own )?life\b|\bsecretly \w{3,20}\b"
    r"|\b(?:is|was) behind (?:it all|everything|the (?:murders?|killings?|theft|fire|plot))\b"
    r"|\b(?:last|final|closing) (?:volumes?|chapters?|pages?|scenes?) (?:reveals?|shows?|sees?|unmasks?"
    r"|kills?)\b"
    r"[^.!?\n]{3,60}"
    r"|['’]s (?:death|murder|betrayal|demise)\b"
    r"|\bspoilers?(?: alert| warning| ahead)\b",
    re.IGNORECASE,
)
OPENING = re.compile(
    r"\b(?:whose|about|deals with|coping with|mourns?|begins|opens|starts|premise|set in|every time"
    r"|each time|if|whoever|anyone who"
    r"|before the story|in which)\b",
    re.IGNORECASE,
)
CIRCUMSTANCE = re.compile(r"\b(?:after|when|following|since|once)\b", re.IGNORECASE)
LATE = re.compile(
    r"\b(?:last|final|finale|end|ending|climax|eventually|volume \d+"
    r"|chapter \d+)\b",
    re.IGNORECASE,
)
GENERAL = re.compile(
    r"\b(?:you|your|i|we|us|our|order|refund|customers?|shipping|price|favou?rite|perfect|great|good|worth"
    r"|available)\b",
    re.IGNORECASE,
)
IDIOM = re.compile(
    r"\bto die for|\bdying to|\bkiller (?:deal|price|sale|art)|\bdie-?hard|\bdead(?:line|pan)", re.IGNORECASE
)
