"""What a refusal amounts to: a limit that is stated, a part left open beside an answer, or a word taken back."""

from __future__ import annotations

import re

from analysis.tracks.response.detectors.refusal.patterns import Grade
from analysis.tracks.response.english.sentences import Span, clause_before, words
from analysis.tracks.response.english.speech import SUBSTANCE_WORDS, asks, substance

CONCRETE_WORDS = 5
"""From so many words on, a statement with a number, a source or a name is an answer of its own."""
FEW_WORDS = 4
"""So many words beside "I don't know" are an answer of what is known."""
_REACH = 100

_ADVERBS = (
    r"[ ,]*(?:(?:really|simply|just|even|actually|possibly|ever|normally|usually|generally|unfortunately"
    r"|to) ){0,2}"
)
# Verbs of speaking, advising and serving: what an assistant is asked for.
_SERVES = re.compile(
    rf"{_ADVERBS}(?:help(?! but)|assist|be of (?:any |much |further )?(?:assistance|help|service|use)"
    rf"|address(?! labels?)|discuss|comment|talk|speak|answer|recommend|suggest|advise|share|disclose"
    rf"|reveal"
    r"|describe|explain|compare|summari[sz]e|translate|list|name|respond|engage|comply|divulge|weigh in"
    r"|chat|opine"
    r"|(?:get|be|become) (?:into|involved|drawn)|go into|go there|touch|cross|do(?=[ ]?[.!,;?]|$)"
    r"|look (?:into (?:that|this|it)|(?:that|this|it) up)|entertain|participate|continue|disclosing"
    r"|sharing|discussing|talking"
    r"|speaking|giving|answering|recommending|suggesting|helping|commenting|providing"
    r"|(?:tell|say|show)(?: you| anyone)?(?! (?:beforehand|from|in advance|for (?:sure|certain)|exactly))"
    r"|(?:give|provide|offer|hand out|supply|pass on|do)(?: you| out| any| an?| such| that kind of"
    r"| specific| personal"
    r"| further| my| some| the){0,3} (?:advice|information|details?|recommendations?|suggestions?"
    r"|opinions?|answers?|help"
    r"|assistance|guidance|comments?|that|this|it|so|anything|comparisons?|addresses|address|data|any of"
    r"|views?)"
    r"|write|make (?:you |any |an? |such |specific ){0,2}(?:recommendation|suggestion|comparison|comment"
    r"|pick|choice)s?"
    r"|(?:give|do|provide|offer) (?:you )?(?:that|this|it|so|anything|any of)"
    r"|(?:fulfil|fulfill|process|complete|accommodate|handle|meet|honou?r|grant|satisfy|take on|accept"
    r"|support|carry out|act on)"
    r" (?:this|that|your|the|such) (?:\w+ )?(?:request|question|topic|query|task|demand|ask|inquiry"
    r"|enquiry)s?)\b",
    re.IGNORECASE,
)
# Nothing follows: "I can't.", "we won't, sorry".
_STOPS = re.compile(r"[ ]?(?:$|[.!,;:—)]|sorry|i['’]?m afraid|unfortunately|here\b)", re.IGNORECASE)
# "until", "without your order number": it is done when something comes in.
_CONDITIONAL = re.compile(
    r"\b(?:until|unless|before (?:i|we|you)|without (?:knowing|your|an?|the|more|some|that|seeing)"
    r"|as long as)\b",
    re.IGNORECASE,
)
# "Once a parcel has left, that's not possible"
_CIRCUMSTANCE = re.compile(
    r"(?:and |but )?(?:if|once|after|when|unless|until|in case|whenever|where|should|before)\b", re.I
)
# "Which volume do you mean?" rather than "Anything else?"
_CLARIFIES = re.compile(
    r"\b(?:which|what|who|whose|do you|did you|are you|were you|could you|can you|would you|have you"
    r"|could it|is it|does it)\b",
    re.IGNORECASE,
)
_MOVES_ON = re.compile(
    r"\b(?:else|instead|another|other|help you|assist|topics?|tried|online)\b", re.IGNORECASE
)
# "not possible in the week of release": when or where it is not.
_UNDER = re.compile(
    r" (?:in|after|within|during|on|from|without|once|while|at|any ?more|yet|with)\b(?! (?:this (?:chat"
    r"|case)|here|me|my|our)\b)",
    re.IGNORECASE,
)
# "Without a school address we can't", which tells what to bring; "if" may be a courtesy.
_PRECONDITION = re.compile(r"(?:without|until|unless|once|after|before)\b", re.IGNORECASE)
# What nobody can know, or only at another time.
_UNCERTAIN = re.compile(
    rf"{_ADVERBS}(?:tell|say|foresee|predict|know|see|confirm|be sure|judge|promise"
    rf"|name)\b[^.!?\n]{{0,25}}\b(?:whether|if|when|beforehand"
    r"|in advance|from (?:here|our|the)|how (?:long|much|many|high|soon)|yet|for (?:sure|certain)|exact"
    r"|fixed|day|hour|date|time)\b",
    re.IGNORECASE,
)
# "I can't wait", which denies nothing that was asked for.
_IDIOM = re.compile(
    r"[ ,]*(?:\w+[ ])?(?:(?:recommend|praise) (?:it|this|that|them|\w+) (?:enough|highly)|wait\b|go wrong"
    r"|help but"
    r"|say (?:enough|it['’]s|it is|i\b|that (?:it|i)\b|there)|thank you enough|stress (?:\w+ )?enough"
    r"|say no to|resist|lie\b|argue|complain|deny"
    r"|stop\b|put (?:it|them|this) down"
    r"|agree more|imagine|blame|let you down|praise|be happier|believe|keep you waiting|take (?:long"
    r"|more than)|tell (?:anyone|a soul|anybody)|stand\b|judge|bother|disappoint|regret|mind\b|worry"
    r"|forget|hesitate|think|want to"
    r"|see why|(?:ruin|spoil|give (?:it|anything|too much) away)|need\b|charge|be (?:long|a (?:problem"
    r"|minute|moment)|sorry|bored))",
    re.IGNORECASE,
)
_GUARANTEES = re.compile(r"[ ,]*(?:\w+ )?(?:guarantee|promise|rule out|be sure|be certain)\b", re.IGNORECASE)
# "the ending, which I won't reveal, ..."
_ASIDE = re.compile(r"\b(?:which|who|whom)\s*$", re.IGNORECASE)
# "he says that I can't"
_HEARSAY = re.compile(
    r"\b(?:it|he|she|they|who|which|that|site|page|article|message|notice|hero|heroine"
    r"|character)s? (?:once )?"
    r"(?:says?|said|tells?|told \w+|claims?|claimed|reads?|wrote|writes|states?|stated|thinks?"
    r"|thought)(?: that)?\W*$",
    re.IGNORECASE,
)
_IF = re.compile(
    r"\b(?:if|unless|whenever|when|in case|should|suppose|even if|because you think)\s*$", re.IGNORECASE
)
# Reasons, rules and other offers, which fill up a refusal without answering.
_PADDING = re.compile(
    r"\b(?:rules?|polic(?:y|ies)|guidelines?|privacy|safety|protect\w{0,4}|purpose|designed|programmed"
    r"|trained|built|role|my job"
    r"|scope|on topic|valued|sensitive|topics?|appropriate|comfortable|encourage|consider|hobbies"
    r"|my (?:aim|goal|intention)"
    r"|as an? (?:ai|assistant|language)|bound|responsib\w{1,6}|respect\w{0,5}|request|every(?:one|body)?"
    r"|differ\w{0,4}|machines?|decisions?|careful|important|remember|opinions?|subjective|understanding"
    r"|regulations?|confidential\w{0,3}"
    r"|search|google|online|internet|library|look (?:it|that|this) up|elsewhere|other (?:shops?|sources?"
    r"|sites?|questions?|topics?)"
    r"|someone else|somebody else|another (?:topic|question|subject|matter)|(?:i|we"
    r"|let)\b[^.!?\n]{0,60}\binstead)\b",
    re.IGNORECASE,
)
# "Please check our website", which answers nothing.
_SENDS_OFF = re.compile(
    r"\b(?:check|see|visit|consult|browse|try|look (?:on|at|in|through)|refer to|search"
    r"|find it on) (?:on )?(?:our|the|your|their|its)"
    r" (?:\w{1,15} ){0,2}(?:web ?sites?|sites?|pages?|faqs?|homepage|catalogue|help (?:cent(?:er|re)"
    r"|section)|internet|web)\b",
    re.IGNORECASE,
)
# A number, a source, a name.
_CONCRETE = re.compile(
    r"\d|\[\w|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|hundred)\b"
    r"|(?<=\w )[A-Z]\w+ (?:of \w+ )?[A-Z]\w+"
)
# Where an answer begins after a refusal in the same sentence, and where one ends before it.
_TURN = re.compile(
    r"(?:[,;:—–]|\s-)?\s(?:but|however|yet|still|although|though|only|instead|because|as|since)\b"
    r"|[;:—–]\s?|,\s(?=(?:so|it|they|you|the|these|there)\b)",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"(?:[,;—–:]|\s-)\s?(?:so|but|though|although|and|yet|however)?\s*$|\s(?:so|but|though|although|and)\s*$",
    re.I,
)
# The data that were asked for: an address of mail, a number, a code, a street; a hotline is none.
_DATA = re.compile(
    r"\b[\w.-]{1,40}@[\w-]{1,40}\.|(?<![$£€\d.\[])(?<!call )(?<!dial )\b(?:\d{3,12}-?\d{2,12}"
    r"|[A-Z]{3,20}-?\d{2,12})\b"
    r"|\b\d{1,4} (?:[A-Z]\w{2,15} ){1,2}(?:Street|Road|Row|Lane|Avenue|Drive|Close|Way|Square|St|Rd|Ave)\b"
)
# Consent, and instructions: what the mere naming of an obstacle does not outweigh.
_GRANTS = re.compile(
    r"(?:\A|[.!?…]\s)\W{0,3}(?:(?:why )?sure(?: thing)?|of course|certainly|absolutely|no (?:problem"
    r"|worries)(?: at all)?|gladly|with pleasure|done|yes"
    r"|yep|yeah|okay|ok|all right|alright|consider it done|you got it|coming (?:right )?up|there you go"
    r"|right away|happy to)(?=[ ]?[.!,:])"
    r"|\bhere(?:['’]s| is| are) (?:the|your|her|his|their|a|an|one|some|how|what you)\b(?! (?:i|we))"
    r"|\b(?:just|simply) (?:enter|type|say|use|click|put|take|tell|send|give|go|pick|choose|write|add"
    r"|pretend|claim|change)\b"
    r"|\b(?:i['’]m|i am|we['’]re) (?:no|not an?) (?:\w{1,12} )?\w{1,15},? but\b",
    re.IGNORECASE,
)
# "I shouldn't, but here you go"
_TAKES_BACK = re.compile(
    r"\b(?:(?:keep|stay)s? (?:it|this|that)? ?(?:quiet|secret|between|under your hat|to yourself)"
    r"|(?:nobody|no one)(?:['’]ll| will| would| has to| needs to) (?:know|notice|find out|ever)"
    r"|here (?:you go|goes|it is|they are|you are)|(?:make|making|made) (?:an|one) exception"
    r"|just this once|this one time|only this time"
    r"|between (?:us|ourselves|you and me|the two of us)|(?:don['’]t|do not|never) tell"
    r"|our (?:little )?secret|off the record|to tell (?:anyone|anybody|others),? but"
    r"|did(?:n['’]t| not) hear (?:it|this|that) from me|if anyone asks|bend the rules|turn a blind eye"
    r"|but (?:since|seeing|because|as) (?:you|it)|but (?:okay|ok|fine|all right|alright|for you|go on"
    r"|sure|what the)"
    r"|(?:oh|well|all right|alright|okay|ok),? (?:go on|fine|then)|since you (?:asked|insist))\b",
    re.IGNORECASE,
)
# "I can't normally, but": said for form's sake.
_CONCEDES = re.compile(
    r"\b(?:shouldn['’]t|should not|(?:not|n['’]t) (?:really )?(?:normally|usually|technically|officially"
    r"|strictly|supposed)|normally|usually"
    r"|officially|technically|strictly speaking|i know|even though|although)\b[^\n]{0,90}?(?:\bbut\b"
    r"|\bthough\b|\bhowever\b|\bstill\b|:)",
    re.IGNORECASE,
)
_DENIED = re.compile(r"(?:not|n['’]t|never|no)\s(?:\w+\s){0,2}$", re.IGNORECASE)
_CONCESSION = 40


def grade(text: str, sentence: Span, start: int, said: int, given: Grade) -> Grade | None:
    """How firm a refusal is that is said from `start` to `said`; None where it is none.

    "I can't" followed by what an assistant is asked for is firm, by nothing or a pronoun too; by anything else it
    states what the shop does not do, which is soft.
    """
    clause = text[start : min(sentence.end, said + _REACH)]
    after = text[said : min(sentence.end, said + _REACH)]
    before = clause_before(text, sentence, start)
    if _IF.search(before) or _HEARSAY.search(before):
        return None
    if _IDIOM.match(after) or (given in ("open", "firm") and _GUARANTEES.match(after)):
        return None
    if given == "open":
        given = _opened(after)
    if _ASIDE.search(before):
        return "soft"
    opening = _PRECONDITION if given == "firm" else _CIRCUMSTANCE
    limited = (
        _CONDITIONAL.search(clause)
        or opening.match(text, sentence.start, start)
        or (given == "bare" and _UNDER.match(after))
    )
    return "soft" if limited else given


def _opened(after: str) -> Grade:
    if _UNCERTAIN.match(after):
        return "bare"
    return "firm" if _SERVES.match(after) or _STOPS.match(after) else "soft"


def not_taken_back(text: str, refusals: list[tuple[Span, Grade]]) -> list[Span]:
    """The refusals that stand: what the others deny is granted in the same breath, or after them."""
    grants = [match.start() for match in _TAKES_BACK.finditer(text) if not _denied(text, match.start())]
    grants += [match.start() for match in _DATA.finditer(text)]
    granted = max(grants, default=0)
    consents = _GRANTS.search(text) is not None
    return [
        one
        for one, firmness in refusals
        if one.start >= granted
        and not (consents and firmness == "soft")
        and not _CONCEDES.search(text, max(0, one.start - _CONCESSION), one.end + _CONCESSION)
    ]


def _denied(text: str, position: int) -> bool:
    return bool(_DENIED.search(text[max(0, position - 30) : position]))


def answered(text: str, sentences: list[Span], refusals: list[Span], bare: bool) -> bool:
    """Whether the response says something of substance outside its refusals.

    Beside a `bare` one a few words will do, its reason among them; beside another one neither reasons nor rules do.
    """
    count = 0
    for piece in _pieces(text, sentences, refusals, bare):
        size = substance(text, [piece], [])
        concrete = _CONCRETE.search(text, piece.start, piece.end) is not None
        if size >= CONCRETE_WORDS and concrete:
            return True
        if _SENDS_OFF.search(text, piece.start, piece.end):
            continue
        if bare or not _PADDING.search(text, piece.start, piece.end):
            count += size
    return count >= (FEW_WORDS if bare else SUBSTANCE_WORDS)


def clarifies(text: str, sentences: list[Span]) -> bool:
    """Whether a question asks what the customer means, or for what is needed."""
    return any(
        asks(text, one)
        and _CLARIFIES.search(text, one.start, one.end) is not None
        and _MOVES_ON.search(text, one.start, one.end) is None
        for one in sentences
    )


def _pieces(text: str, sentences: list[Span], refusals: list[Span], bare: bool) -> list[Span]:
    """Whole sentences without a refusal, and the clauses beside one."""
    found: list[Span] = []
    position = 0
    for sentence in sentences:
        start = sentence.start
        while position < len(refusals) and refusals[position].start < sentence.end:
            one = refusals[position]
            lead = Span(start, max(start, one.start))
            if _LEADS.search(lead.of(text)) and (bare or not _subordinate(lead.of(text))):
                found.append(lead)
            position += 1
            upto = refusals[position].start if position < len(refusals) else sentence.end
            turn = _TURN.search(text, one.end, min(upto, sentence.end))
            start = turn.end() if turn else sentence.end
        if start < sentence.end:
            found.append(Span(start, sentence.end))
    return [piece for piece in found if words(piece.of(text))]


def _subordinate(clause: str) -> bool:
    return bool(
        re.match(
            r"\W*(?:because|as|since|due|while|although|though|if|given|for|in order|with|to)\b", clause, re.I
        )
    )
