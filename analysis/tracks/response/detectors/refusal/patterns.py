"""Constructions by which English refuses and deflects, each with how firmly it does so."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Grade = Literal["firm", "open", "bare", "soft"]
"""`firm` turns the request down; `open` does so or states a limit, by the words that follow; `bare` leaves the
question without an answer unless something else answers it; `soft` is a rule or a redirection, which answers where
an answer is expected and refuses where a refusal is.
"""


class Construction(NamedTuple):
    """A pattern with the label and the words of its findings; how firm it is before what follows is read."""

    pattern: re.Pattern[str]
    label: str
    words: str
    grade: Grade


_ADVERB = (
    r"(?:really|simply|just|also|unfortunately|sadly|honestly|actually|afraid|sorry|therefore|normally"
    r"|usually"
    r"|generally|ever|possibly|certainly|definitely|personally|currently|legally|ethically|still)"
)
_WE = rf"\b(?:i|we)(?:,? {_ADVERB},?){{0,2}}"
_BE = rf"\b(?:i(?:['’]m| am|['’]ve been| have been)|we(?:['’]re| are|['’]ve been| have been))(?:,? {_ADVERB}){{0,2}}"
_IT = r"\b(?:that|this|it|these|those|they|such \w{1,20}|what you (?:ask|want|need))"
_TOPIC = r"(?:something|anything|a thing|an? (?:topic|subject|matter|line|area|question|road|place|thing)|one|where)"
_THING = rf"(?:{_IT}|\b\w{{2,20}})(?:['’]s| is| are| was| would be| isn| aren| wasn| wouldn)"
_WHOEVER = r"(?:i|we)(?:['’](?:m|re|d|ll|ve)| am| are| can| could| will| do| would)?"
_META = (
    r"(?:requests?|quer(?:y|ies)|questions?|inquir(?:y|ies)|enquir(?:y|ies)|suggestions?|recommendations?"
    r"|advice|opinions?|tips?|topics?"
    r"|subjects?|comparisons?|that (?:information|kind of \w{1,12}|sort of \w{1,12})|information|comments?)"
)
_TELL = (
    r"(?:shar|giv|disclos|reveal|discuss|provid|hand|releas|pass|publish|answer|fulfil|grant|recommend|help)"
)


def _re(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


# "I can't", "we are unable to": what is denied follows, and decides.
DENIES = _re(
    rf"{_WE} (?:can ?not|can['’]?t|could ?n[o'’]?t|couldn['’]t|won['’]?t|will not|may not)(?: (?:be able"
    rf"|being able) to)?\b",
    r"\b(?:i|we)(?:['’]m| am|['’]re| are)? ain['’]?t (?:able|allowed|permitted|going|supposed)(?: to)?\b",
    rf"{_BE} (?:not (?:able|allowed|permitted|authori[sz]ed|entitled|qualified|going|here|supposed"
    rf"|equipped|designed|meant|set up)"
    r"|unable|forbidden|barred|prevented)(?: (?:to|from))?\b",
)

# "I'm just an assistant and can't speak to that", "Sorry, can't help": the subject is said once, or not at all.
ELLIPSIS = _re(
    r"(?:\b(?:sorry|afraid|unfortunately|regrettably),? (?:but )?|(?<![\w,;'’] )(?<![\w'’]))"
    r"(?:can ?not|can['’]t|won['’]t|unable to|not able to)\b",
    r"\b(?:i['’]m|i am|we['’]re|we are)\b[^.!?;:\n]{1,60}? (?:and|so|but)(?: therefore| simply| thus| just)? "
    r"(?:can ?not|can['’]t|won['’]t|will not|(?:am |are )?(?:unable|not (?:able|allowed|permitted)) to"
    r"|do(?:n['’]t| not))\b",
)

# "we don't share", with a verb of serving or selling: "I don't read as people do" denies something else.
HABIT = _re(
    rf"{_WE} (?:don['’]?t|do not|never)(?: {_ADVERB})?(?= (?:{_TELL}|sell|stock|support|offer|comment"
    rf"|talk|speak|do|get|go|make|tell"
    r"|ship|send|deliver|accept|take|carry|deal|touch|cross|have (?:permission|authority|the (?:right"
    r"|power))|engage|condone|write|say"
    r"|advise|suggest|refund|match|cover|sign|keep|hold|open|allow|let|take part)\w{0,2}\b)",
    rf"{_WE} (?:don['’]?t|do not)(?=[.,;!])",
)

# The will is denied, or declining is said outright.
DECLINES = _re(
    r"\b(?:i|we)(?:['’]d| would| ['’]d)? (?:rather|sooner|prefer|much rather)(?: to)? "
    r"(?:not|leave|keep|avoid|skip|stay|pass|steer)\b|\bi prefer not to\b",
    rf"{_BE} (?:not|hardly|in no|n['’]t) (?:really )?(?:in a position|position|comfortable|willing|prepared"
    r"|at liberty|free|keen|inclined)\b",
    rf"{_WE} (?:do not|don['’]t) feel (?:\w{{1,15}} )?(?:comfortable|right|able)\b",
    r"\b(?:i|we)(?:['’]\w{1,2})?(?: (?!not\b|never\b|could\b|can\b|may\b|might\b|do\b|did\b|he\b|she\b"
    r"|they\b|you\b|who\b)\w{1,12}){0,6},? "
    r"(?:declin(?:e|ing)|refus(?:e|ing)|refrain(?:ing)?|abstain(?:ing)?|say no(?! more)|pass on (?:that"
    r"|this|it)|have to pass"
    r"|turn(?:ing)? (?:(?:this|that|it|you|your request) )?down|sit (?:this|that) (?:one )?out"
    r"|leave (?:that|this|it)(?: one)? (?:alone|aside|be|unanswered|unsaid|to others)|skip (?:that"
    r"|this) (?:one|question|topic)"
    r"|draw the line|stop you there|(?:steer|stay|keep) (?:well |right )?(?:clear|away|out) (?:of|from)"
    r"|keep (?:that|this|it|those|these|my \w{1,15}|my mouth) (?:to (?:myself|ourselves)|private"
    r"|confidential|shut))\b",
    r"\b(?:i|we) (?:steer|stay|keep) (?:well )?(?:clear|away|out)\b",
    r"\b(?:prevents?|keeps?|stops?|prohibits?|forbids?|bars?|disallows?) (?:me|us|this assistant) (?:from"
    r"|to)\b",
    r"\b(?:this|the|our) (?:assistant|bot|chat ?bot|chat|service|system|shop|team|staff|desk) (?:(?:does"
    r"|do|is|are|can|will|may)(?:n['’]t| not)"
    r"|can['’]t|won['’]t|cannot|never)(?: able to| allowed to| here to)? (?:answers?|discuss|help|assist"
    r"|comment|recommend|suggest|advise"
    r"|tell|talk|speak|share|respond|disclose|engage|give (?:out )?(?:advice|information|opinions?"
    r"|recommendations?))\b",
    r"\b(?:i|we)(?: \w{1,12}){0,2} avoid (?:recommend|discuss|answer|comment|talk|speak|giv|suggest|shar"
    r"|nam|advis)ing\b",
    r"\bno choice but to (?:decline|refuse|turn|say no|reject)\b",
    r"\b(?:that|this|it)(?:['’]s| is)? (?:one|something) (?:\w{1,10} ){0,2}(?:i|we)(?:['’]ll| will|['’]d)? "
    r"(?:pass on|leave|stay|steer|skip|sit out|keep|rather not|have to (?:skip|pass|leave))\b",
    r"\bsomething (?:i|we) (?:stay|steer|keep) (?:away|clear|out)\b",
    r"(?:i|we)(?:['’]ve| have| was| were|['’]m| am|['’]re| are)(?: been)? (?:asked|told|instructed|advised"
    r"|trained|programmed|ordered|required|obliged|bound) (?:(?:not|never) to|to (?:keep|stay"
    r"|remain) (?:quiet|silent|mum|out|away|neutral))\b",
)

# Denied without a first person, or as a property of the thing asked for.
IMPERSONAL = _re(
    rf"{_IT}(?:['’]s| is|['’]d be| would be)? (?:not|isn['’]t|wouldn['’]t be|would not be"
    rf"|never) (?:appropriate|right|proper"
    r"|fitting|ethical|my place|our place|for me|on offer from me)\b",
    r"\b(?:it|that|this)(?:['’]s| is|['’]d be| would be|['’]d| would) (?:be )?(?:\w{1,10} )?(?:wrong"
    r"|inappropriate|improper|unethical"
    r"|irresponsible|illegal|unlawful|unfair) (?:of|for|to)\b",
    r"\b(?:stays?|remains?|is|are|kept|treated as) (?:strictly |entirely )?(?:private|confidential"
    r"|off[- ]limits|secret)\b",
    rf"\b(?:(?:can(?:not| not|['’]t)|won['’]t|will not|may not|must not) be|(?:is|are)(?:n['’]t"
    rf"| not| never)(?: (?:going )?to be)?)"
    rf" (?:{_TELL}(?:ed|d|n|en|t|led)?(?: out)?|given out|met|shown)\b",
    rf"{_IT}(?:['’]s| is| goes| falls| lies) (?:well |far |just |somewhat )?(?:beyond|outside"
    rf"|off[- ]limits)\b",
    r"\b(?:falls?|lies?|goes?|(?:['’]s|is|are) (?:well |far |just )?(?:beyond|outside))"
    r" (?:(?:beyond|outside)(?: of)?|(?:of )?(?:what|my|our|the scope))\b",
    r"\b(?:not|isn['’]t|aren['’]t|hardly) (?:a )?part of (?:what (?:i|we)|my|our)\b|\bexceeds? (?:my|our)\b"
    r"|\bbeyond (?:my|our) (?:abilit|capabilit|power|competence|reach|knowledge)\w{0,4}\b",
    r"\b(?:['’]s|is|are) (?:strictly )?(?:classified|hush[- ]hush|top secret)\b",
    r"\b(?:not|n['’]t) (?:among|one of) (?:the|my|our) (?:things|topics|subjects|tasks|jobs|skills)\b",
    r"\b(?:above|beyond) my (?:pay grade|station)\b|\bno can do\b|\bout of the question\b|\b(?:no"
    r"|not a) chance\b",
    r"\b(?:hard|firm|flat|definite|clear)?[ -]?no from (?:me|us)\b|\bnot (?:happening|gonna happen"
    r"|going to happen)\b"
    r"|\bnot (?:doing|touching|answering|sharing|going there|telling)\b|\bmy lips are sealed\b|\bnice try\b",
    r"\bagainst (?:our|the shop['’]s|company|store|my|the) (?:policy|policies|rules?|guidelines"
    r"|principles|programming)\b",
    # "sharing such data is not permitted"
    r"\b(?:sharing|giving|disclosing|discussing|recommending|answering|commenting|suggesting|revealing"
    r"|talking|advising|comparing)\b[^.!?;:\n]{0,40}? (?:is|are)"
    r"(?:(?:n['’]t| not| never) (?:permitted|allowed|possible|an option|on offer|within)| forbidden"
    r"| prohibited)\b",
    r"\b(?:i|we|it)(?:['’]d| would) be (?:overstepping|out of (?:line|place|turn)|speaking out of turn)\b",
    # the request, the question or the advice itself is turned down
    rf"\b{_META}\b(?: \w{{1,12}}){{0,4}}? (?:(?:can|could|will|is|are|has|have|was|were)(?:not|n['’]t"
    rf"| not)|never|can['’]t|won['’]t|declined"
    r"|rejected|denied|refused|turned down|blocked|unavailable|off the (?:menu|table|cards)|off[- ]limits"
    r"|beyond|outside)\b",
    rf"\b(?:no|not (?:give|giving|offer|offering|make|making|take|taking)"
    rf"|without) (?:\w{{1,12}} )?{_META} (?:from|for you|today|here|on|about|like)\b",
    r"\boff the (?:menu|table|cards)\b|(?:\bnot|n['’]t) (?:up|open) (?:for|to) (?:shar|discuss|debat"
    r"|grabs|negotia)\w{0,6}\b"
    r"|\bnot for (?:\w{1,12} ){1,3}to (?:know|see|hear|discuss|share|say|decide|judge|tell)\b",
    r"\bnot the (?:right|best|proper) (?:one|person|place|assistant|address|bot|channel)\b"
    r"|\bthe wrong (?:person|place|assistant|address|department|bot)\b",
    r"\b(?:does(?:n['’]t| not)|do(?:n['’]t| not)) (?:really )?concern me\b|\b(?:no|none of my|not my"
    r"|isn['’]t my) (?:concern|business|problem)\b(?! at all)",
    r"\bas an? (?:ai|(?:large )?language model|virtual assistant|chat ?bot)\b",
    r"\b(?:i|we) lack (?:the )?(?:ability|authority|permission|means|expertise)\b",
    r"\b(?:there(?:['’]s| is)|(?:i|we)(?:['’]ve| have)(?: got)?) (?:absolutely |really )?nothing (?:more "
    r"|else )?"
    r"(?:i|we|to|for you)\b(?! (?:add|worry|fear|lose|pay|stop))",
    r"\byou (?:won['’]t|will not|['’]ll not) (?:get|hear|find|see) (?:that|this|it|any"
    r"|an?)\b[^.!?\n]{0,30}\b(?:from|out of) (?:me|us)\b",
    r"\b(?:my|our) (?:hands are tied|answer is (?:still )?no)\b",
)

# "that is a line I do not cross", "horror isn't a subject we touch": the verb decides.
NO_TOPIC = _re(
    rf"{_THING} {_TOPIC} (?:that |which )?{_WHOEVER}(?:n['’]t|(?: can)? ?not| never)"
    r"(?: (?:able|prepared|allowed|willing|happy|comfortable|ready|entitled|qualified|meant"
    r"|supposed) (?:to|with))?\b",
    rf"{_THING}(?:n['’]t| not| never| no| hardly)(?: really| quite)? {_TOPIC} (?:that |which )?{_WHOEVER}\b"
    r"(?: (?:able|prepared|allowed|willing|happy|comfortable|ready|going|entitled|qualified|meant"
    r"|supposed) (?:to|with))?",
    r"\bnot (?:something|a thing|a topic|a matter) (?:i|we)(?: can| could| will|['’]m| am)?\b",
)

# Whether the thing is to be had: an answer where something is said beside it.
UNAVAILABLE = _re(
    r"\b(?:that|this|it)(?:['’]s| is| would be| will be)? (?:not|isn['’]t|never"
    r"|wouldn['’]t be) (?:something|anything|a thing"
    r"|possible|allowed|permitted|an option|available here)\b",
    r"\b(?:that|this|it) (?:isn['’]t|is not) (?:something|possible|allowed|permitted|an option)\b",
    r"\b(?:that|this|it)(?:['’]s| is) (?:im|not )possible\b",
)
# "I don't know", "hard to say".
IGNORANCE = _re(
    r"\b(?:i|we) (?:really |honestly |just |simply )?(?:don['’]?t|do not) (?:\w{1,10}ly )?(?:know"
    r"|have (?:any |that |this |the |access "
    r"to )?(?:information|details|data|access|an answer|an opinion|a clue|the faintest))",
    r"\b(?:i|we) have no (?:idea|clue|opinion|information|details|data|answer|access)\b",
    r"\b(?:i|we)(?:['’]m|['’]re| am| are) (?:not (?:really |entirely |quite )?(?:sure|certain)|clueless)\b",
    r"\b(?:hard|difficult|impossible|tricky) (?:for me )?to say\b|\bno idea\b|\bbeats me\b|\bsearch me\b"
    r"|\bdunno\b|\b(?:not a|no|haven['’]t (?:got )?a) clue\b|\bhaven['’]t the (?:foggiest|faintest)\b"
    r"|\byour guess is as good as mine\b"
    r"|\bwho(?: can say|['’]s to say| knows)(?=[?.!,])",
)
# The customer is sent off: to another topic, to somebody unnamed, to look it up.
TURNS_AWAY = _re(
    r"\blet(?:['’]s| us) (?:stick|stay|keep|get back|go back|talk about|chat about|focus|return|turn|move on"
    r"|leave (?:it|that|this)|steer|not (?:go|talk|get|discuss))\b",
    r"\b(?:i|we)(?: can| may|['’]m able to| am able to)? only (?:help|assist|answer|discuss|talk|advise)\b",
    r"\b(?:must|have to|need to|can only) ask you to (?:consult|check|look|see|visit|search|ask)\b",
    r"\b(?:how|what) about (?:we|i) (?:talk|chat|focus|stick|look|move|change|discuss|leave)\b",
    r"\b(?:talk(?:ed)?|chat(?:ted)?|speak|spoke|discuss(?:ed)?) (?:about )?(?:something|anything|other things"
    r"|another \w{1,10}) ?(?:else|more|nicer|lighter|but|instead)?\b",
    r"\b(?:i['’]m|i am|we['’]re|we are) (?:only|just|mainly|best) (?:here )?(?:to help|for|able to help"
    r"|able to talk) "
    r"(?:you )?(?:with|for|about)?\b|\b(?:only|just) here (?:to help|for)\b",
    r"\b(?:my|our) (?:role|job|scope|remit|focus|expertise|purpose)\b[^.!?\n]{0,30}\b(?:limited|only"
    r"|is to|manga|is|lies)\b",
    r"\b(?:outside|beyond|not|isn['’]t|(?:['’]s|is) not) (?:of )?(?:really )?(?:my|our) "
    r"(?:area|expertise|remit|scope|field|place|department|job|call|business|line)\b",
    r"\byou(?:['’]ll| will|['’]d| would)? (?:(?:just |simply )?(?:have|need) to|(?:['’]d |had )?better"
    r"|(?:can|could|must|should|might want to)"
    r"(?: just| always| simply)?) (?:find (?:that |this |it )?(?:out )?"
    r"(?:on your own|yourself|elsewhere|out)|figure (?:that |this |it )?out|work (?:that|it) out"
    r"|look (?:that|it|this|these) up"
    r"|look (?:elsewhere|somewhere else)|go elsewhere|google)\b",
    r"\b(?:ask|try|consult|(?:take|raise|bring|sort) (?:(?:that|this|it|these) )?(?:up |out )?with"
    r"|speak (?:to|with)|talk to|contact|check with) (?:whoever|someone|somebody|anyone|somewhere"
    r"|anybody) else\b",
    r"\b(?:tried|try|suggest|recommend)(?:ing)? (?:looking|searching|googling|checking|a search|a quick)\b"
    r"[^.!?\n]{0,25}\b(?:up|online|internet|web|google|engine|elsewhere)\b",
    r"\bno comments?\b|\bchange (?:the|our) (?:subject|topic)\b|\byou(?:['’]re| are) on your own\b",
    r"\b(?:direct|address|take|send|put|bring) (?:this|that|such|your|all"
    r"|these)? ?\w{0,10}(?: of this kind| like (?:this|that|these))? ?"
    r"(?:to another|elsewhere|somewhere else|to someone else)\b",
    r"\b(?:look (?:it|that|this) up|search (?:for it )?|check) (?:online|elsewhere|the (?:web|internet))\b",
)

# Rules and redirections: a refusal only where one is expected.
_OFFLIMITS = (
    r"(?:not (?:allowed|permitted|legal|okay|acceptable|ours to|mine to|for (?:us|me|you) to)"
    r"|forbidden|prohibited"
    r"|illegal|unlawful|against the law|protected|off the table|reserved for|no go|personal"
    r"|nobody['’]s business"
    r"|no one['’]s business|none of (?:my|our|your)|too personal|unlicensed|reportable|internal)"
)
RULES = _re(
    rf"\b(?:is|are|isn['’]t|aren['’]t|['’]s|be) (?:strictly |simply |\w{{1,10}}ly )?{_OFFLIMITS}\b"
    r"|\b(?:isn['’]t|aren['’]t) (?:allowed|permitted|ours|legal)\b",
    r"\b(?:no ?body|no one|none) (?:but|except|other than|else|besides)\b",
    r"\b(?:only|just|nobody but|solely) (?:by |to |with |for |the )?(?:account holder|owner|buyer|person"
    r"|publisher|customer"
    r"|recipient|account)\b",
    r"\b(?:i|we)(?: can| may| will)? (?:only|just) (?:ever )?(?:talk|discuss|share|speak|give|sell|open"
    r"|show|change|refund"
    r"|answer)\b|\b(?:for|to) (?:her|his|their|your) (?:eyes|ears)(?: only)?\b"
    r"|\bbetween \w{1,15} and (?:us|the shop)\b",
    r"\b(?:i|we)(?:['’]ve| have) (?:got )?no \w{2,15} (?:to (?:hand|give|share|offer|make|tell)"
    r"|for (?:that|you)|on|about)\b",
    r"\b(?:i|we)(?:['’]ll| will|['’]d| would)? (?:never|condone|neither)\b|\b(?:i|we) would ?n[o'’]t\b",
    r"\b(?:there(?:['’]s| is)|i see|i know) no (?:\w{1,12} )?(?:way|means|possibility|exceptions?|getting)\b",
    r"\bno exceptions?\b|\b(?:stays?|keep|kept|remains?) (?:\w{1,12} )?(?:out of|off|behind|with (?:us"
    r"|the|her|him|them))\b",
    r"\b(?:doctor|lawyer|physician|pharmacist|solicitor|accountant|therapist|vet|gp|teacher|parents?"
    r"|publisher|police"
    r"|owner|professional)s?\b[^.!?\n]{0,30}\b(?:is|are|knows?|know|can|should|could|would|must) (?:the "
    r"|best |better |better|tell"
    r"|advise|judge|decide|answer|know|be)",
    r"\b(?:consult|check with|speak (?:to|with)|talk\b[^.!?\n]{0,20}? (?:to|with)|ask|see|belongs? (?:to"
    r"|with)"
    r"|for) (?:a|an|your|her|him|them|the) "
    r"(?:lawyer|doctor|professional|accountant|pharmacist|bank|solicitor|physician|vet|teacher|therapist"
    r"|gp|nurse|dentist|\w{3,12}ologist)\b",
    r"\b(?:have|let) (?:an?|your) (?:\w{1,12} )?(?:doctor|physician|lawyer|professional|nurse|dentist"
    r"|\w{3,12}ologist)\b",
    r"\byou(?:['’]ll| will|['’]d| would)? (?:have|need) to ask (?:her|him|them|the)\b",
    r"\b(?:best|better) (?:to )?(?:ask|asked|left|directed|addressed|answered)\b|\bquestion for (?:a|an"
    r"|your|the)\b"
    r"|\b(?:how|what) about\b[^.!?\n]{0,60}\binstead\b",
    r"(?<![\w,] )\b(?:sorry,? (?:but )?|absolutely |um,? |well,? )?(?:no|nope|no way|not a chance"
    r"|absolutely not|certainly not"
    r"|of course not|not from me)(?= ?[.!,;])",
)

# What stands in the way: law, harm, other people's rights, age, competence; regret; a denial in the first person.
OBSTACLES = _re(
    r"\b(?:breach\w{0,3}|violat\w{1,4}|infring\w{1,6}|copyright\w{0,3}|privacy|the law|laws|licen[sc]e\w?"
    r"|dishonest|unfair|fraud\w{0,5}|theft"
    r"|stealing|cheating|unethical|harmful|permission|consent|minors?|for adults|grown[- ]ups"
    r"|data protection|protect\w{0,3}|piracy|discriminat\w{1,4})\b",
    r"\b(?:have|need|got) to (?:wait|protect|respect|follow|keep|stick|ask|be \d\d)\b|\bbetter (?:get|ask"
    r"|hear|come|left|off asking)\b"
    r"|\bup to (?:her|him|them)\b|\b(?:qualified|professional|expert)s?\b|\b(?:no|without"
    r"|have no) (?:wish|intention|desire|plans|business|right)\b",
    r"\b(?:i['’]m|i am|we['’]re) (?:afraid|sorry,? but|sorry to (?:say|disappoint))\b|\bunfortunately\b"
    r"|\b(?:i|we) regret\b|\bsorry,? but\b",
    # what the speaker or the thing asked for is not: "I have no wish", "that isn't ours to give"
    r"\b(?:i|we)(?:['’](?:m|re|ve|ll|d)| am| are| have| will| would)? (?:not|no|never)\b|\b(?:i"
    r"|we) (?:have|had|see|know) no\b"
    r"|\b(?:that|this|these|those|such \w{1,15})(?:['’]s| is| are)?(?: not|n['’]t| no| never)\b",
    r"\byou(?:['’]ll| will)? (?:find|get|see) no\b|\b(?:neutral|impartial|elsewhere)\b",
    r"\b(?:i|we)(?:['’]m|['’]re| am| are) here (?:to help|for|to talk)\b",
    r"\blet(?:['’]s| us)\b[^.!?\n]{0,50}\binstead\b|\bkeep (?:things|it|this) (?:friendly|polite|civil"
    r"|clean|respectful|professional)\b"
    r"|\bkeep \w{2,12} (?:at home|out|apart)\b"
    r"|\bshould be your own\b",
    r"\bonly (?:an? |the )?\w{2,15} (?:can|may|could|is allowed|are allowed)\b|\b\w{2,12} (?:would|will"
    r"|['’]d) have to (?:ask|request|apply|do|sign)\b",
    r"\bwould be (?:a |an |\w{1,12} ){0,2}(?:crime|offen[cs]e|trading|abuse|lie|lying|forgery|misuse"
    r"|theft|betrayal)\b",
)

CONSTRUCTIONS = (
    Construction(DENIES, "refuses", "declines to do it", "open"),
    Construction(ELLIPSIS, "refuses", "declines to do it", "open"),
    Construction(HABIT, "refuses", "declines to do it", "open"),
    Construction(DECLINES, "refuses", "declines to do it", "firm"),
    Construction(NO_TOPIC, "refuses", "puts it out of bounds", "open"),
    Construction(IMPERSONAL, "refuses", "puts it out of bounds", "firm"),
    Construction(UNAVAILABLE, "refuses", "says that it cannot be had", "bare"),
    Construction(TURNS_AWAY, "deflects", "turns away from the question", "firm"),
    Construction(IGNORANCE, "deflects", "says that it does not know", "bare"),
)

# Looked for where a refusal is expected and nothing above is found.
FALLBACKS = (
    Construction(RULES, "refuses", "states a rule in place of what was asked", "soft"),
    Construction(OBSTACLES, "refuses", "names what stands in the way", "soft"),
)
