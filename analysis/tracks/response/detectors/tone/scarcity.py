"""Wordings that make goods or an offer scarce: an answer to whoever asked about them, pressure on everybody else."""

from __future__ import annotations

import re

_COUNT = r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|a dozen|few|a few|handful|couple|pair)"
_WARES = r"(?:stocks?|copies|copy|sets?|supplies|supply|books|boxes|box sets?|slots|pieces|units|inventory|editions?)"
_DEAL = (
    r"(?:price|prices|offer|offers|deal|deals|discount|sale|promotion|promo|bargain|bonus|rate|saving"
    r"|savings|special"
    r"|reduction|pre-?order bonus)"
)
_SOON = (
    r"(?:tonight|today|tomorrow|soon|shortly|any (?:minute|moment|day|time) now|at (?:midnight|noon"
    r"|the end of)|by (?:midnight"
    r"|tomorrow|tonight|the weekend)|in (?:a few|an?|just|\w+) (?:hours?|minutes?|days?)"
    r"|this (?:week(?:end)?|evening|\w+day)"
    r"|(?:on |next |after )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|next week)"
)
_WONT = (
    r"(?:won['’]?t|will not|can(?:['’]?t|not)(?: possibly)?|is(?:n['’]?t| not)|are(?:n['’]?t| not)|not|never)"
)

GONE = re.compile(
    # Pressure whatever was asked: what the reader loses if they wait.
    r"\bbefore (?:it['’]s|they['’]re|it is|they are|this is|these are|we|they|it|stocks?)(?: all)? "
    r"(?:gone|sold out|runs? out|sells? out|disappears?|vanish\w*|too late)\b"
    r"|\b(?:once|when) (?:it['’]s|they['’]re|it is|they are|these are|this is|this one is|(?:the"
    r"|these) \w+ (?:is|are)) "
    r"(?:all )?gone\b"
    r"|\bwhile (?:you|it|we|they)(?: still)? can\b"
    rf"|\b{_WONT} (?:going to |be able to )?(?:last|hang around|stick around|stay (?:on|here|around)"
    r"|sit (?:here|on)|be (?:here"
    r"|around|there|available|in stock|on sale|this (?:cheap|low)|repeated"
    r"|back))\b(?: \w+){0,3}? ?(?:long(?:er)?|forever"
    r"|tomorrow|for ever|next week|much|anymore|again|later|when)\b"
    r"|\bwon['’]?t (?:hang|stick|last) (?:around|about)\b|\bgone (?:for good|for ever|forever"
    r"|by (?:tomorrow|tonight|the weekend))\b"
    r"|\b(?:promise|guarantee|swear|say)(?: that)? (?:it|they|there|we|this)(?:['’]ll"
    r"| will)(?: \w+){0,2}? (?:still )?(?:be|have)"
    r" (?:\w+ ){0,2}?(?:left|here|tomorrow|there|around)\b"
    rf"|\b(?:it|they|this|these|this one|{_WARES}|{_DEAL})(?: \w+)?(?:['’]ll| (?:might|may|could|will"
    r"|likely to|bound to))(?: well| all| already| soon)? be (?:gone|sold(?: out)?(?! separately)|snapped up"
    r"|too late)\b"
    r"|\bnever (?:stays?|lasts?|sits?|remains?|hangs? around)\b(?: \w+){0,4}? (?:long|shel\w+|more than"
    r"|than)\b"
    r"|\b(?:snapped|bought|hoovered|gobbled|cleared) (?:up|out) (?:with)?in\b|\b(?:not"
    r"|n['’]t) wait for ?ever\b"
    r"|\b(?:they|these|those)(?: always| usually| tend to| really| do)? (?:(?:go|sell|disappear"
    r"|vanish) (?:so |very |out |really )?"
    r"(?:fast|quick(?:ly)?|in (?:hours|minutes|days|no time))|(?:sell|disappear|vanish) (?:out )?within)\b"
    r"|\bhold (?:it|one|this|them|a copy) for (?:you for )?(?:only |just )?(?:\w+ ){0,2}?(?:minutes?"
    r"|an hour|hours?|until tonight)\b"
    r"|\bnot for (?:much )?long(?:er)?(?=[.!,;]|$)"
    # A price that does not come back.
    r"|\b(?:never|not|won['’]?t|hardly)(?: ever)? (?:again )?(?:see|find|get"
    r"|be)(?: [\w’']+){0,2}? (?:(?:at )?(?:this|that|such)"
    r"(?: an?)?|so|a better|a lower) ?(?:\w+ )?(?:cheap|price|low|deal|offer|bargain|value)\b"
    rf"|\b{_DEAL}(?: like this| this \w+)?(?: that)? (?:you |it )?{_WONT} (?:\w+ )?(?:see|find|get|come"
    r"|happen|repeat\w*|last|return)"
    r"(?: \w+)? ?(?:again|twice|round|around|by|back|long|elsewhere)?"
    rf"|\b{_DEAL} (?:like this|of this (?:sort|kind))(?: only)? (?:comes?|happens?|turns? up|is rare)\b"
    r"|\b(?:once[- ]in[- ]a[- ]lifetime|never[- ]to[- ]be[- ]repeated|one[- ](?:time|day)[- ]only"
    r"|once in a (?:blue moon|lifetime|while(?= so))"
    r"|(?:nobody|no one) else (?:will|can|has|would)[^.!?\n]{0,20}(?:price|deal|offer|cheap)"
    r"|no other (?:shop|store|seller)[^.!?\n]{0,30}(?:price|deal|cheap\w*))\b"
    r"|\bthere(?:['’]s| is| has|['’]ll| will)? never (?:been |be )?a better (?:time|moment|day|price)\b"
    r"|\b(?:today|now|tonight|this)(?:['’]s| is| really is| would be) (?:definitely |exactly )?(?:the"
    r"|your|an?) (?:perfect |good |great |best |right |ideal |very "
    r"|last |only )?(?:day|time|moment|chance) (?:to (?:buy|order|get|grab|own|secure|start|strike"
    r"|complete|act|commit)|for buying)\b"
    r"|(?<!his )(?<!her )(?<!their )\b(?:last|final|only|one) (?:chance|opportunity|call|shot) (?:to|for"
    r"|at) (?:buy|get|order|grab"
    r"|own|secure|orders|this price|the (?:set|box|deal))",
    re.IGNORECASE,
)
SCARCE = re.compile(
    # What is left, counted or not.
    rf"\b(?:only|just)(?: about| around| got| have)? (?:a |an )?{_COUNT}\b(?!['’]? (?:days?|hours?|weeks?"
    r"|years?|chapters?|pages?))"
    r"[^.!?\n]{0,30}\b(?:left|remaining|remain)\b(?! (?:to be|to (?:read|translate|publish)|untranslated"
    r"|unpublished))"
    rf"|\b(?:an? single|one|two|three|four|five|six|\d{{1,2}})(?: \w+)? {_WARES} (?:left|remaining|to go)\b"
    rf"|(?:^|(?<=[.!?] ))(?:last|final)(?: {_COUNT})? (?:{_WARES}|few|ones)\b(?= (?:left"
    r"|in (?:the )?(?:stock|warehouse|shop)|available|remaining)|[.!,])"
    r"|\blow (?:in|on) stock\b|\bstock (?:alert|warning)\b|\ba (?:real |huge |mad )?(?:rush|run) on (?:it"
    r"|this|these|them)\b"
    rf"|\b(?:down to (?:our|the|its|my)|on (?:our|my)) (?:very )?(?:last|final)(?: {_COUNT})?\b"
    r"|\b(?:almost|nearly|practically|all but) (?:sold out|gone|out of stock)\b(?! at the (?:publisher"
    r"|printer))"
    rf"|\b(?:the|our|my|your|these are)(?: \w+)? (?:very )?(?:last|final)(?: {_COUNT})? (?:copy|copies"
    r"|sets?|ones?(?= (?:left|in stock|we))"
    r"|few(?! (?:chapters?|pages?|volumes?|panels?|years?|days?|weeks?|minutes?)))\b"
    r"(?! (?:of the (?:magazine|journal|print)|carried|was|were|you|that|which|we (?!have|can)))"
    r"|\b(?:already|almost|nearly) (?:half|mostly) (?:sold|gone)\b"
    # Stock in motion, and demand.
    rf"|\b{_WARES}(?: \w+){{0,2}}? (?:is|are|has been|have been)(?: \w+)? (?:limited|low|scarce|dwindling"
    r"|exhausted|depleted|disappearing|vanishing|shrinking"
    r"|thinning|going|flying|running (?:low|out|down)|selling|drying up|tight|in short supply|moving"
    r"|shifting|getting low)\b"
    rf"|\b{_WARES} (?:sell|go|disappear|vanish|fly|shift|run out)(?:s|es)? (?:so |very |out )?(?:fast"
    r"|quick(?:ly)?|off|within|in|by)\b"
    r"|\b(?:selling|going|moving|shifting|disappearing|vanishing)(?: out)?(?: so| very| really)? (?:fast"
    r"|quickly|by the (?:hour|day))\b"
    r"|\bselling like hot\b|\b(?:flying|fly|flew|jumping|walking) (?:off|out of) (?:the|our) (?:shel|door"
    r"|ware)\w*"
    r"|\b(?:limited|small|tiny) (?:number|quantit\w+|supply|supplies|stocks?|copies|availability)\b"
    r"|\bsells? out (?:every|each|in|within|so|fast|quick\w*|almost|instantly|before)\b"
    r"|\bdemand (?:is|has been|for \w+ is) (?:\w+ )?(?:high|huge|through|enormous|outstripping|sky|crazy"
    r"|intense|soaring|massive|strong)\b"
    r"|\bin (?:very |such )?(?:high|huge|hot|great) demand\b|\brunning (?:low|out) (?:on|of) (?:stock"
    r"|copies|them|these|sets)\b"
    r"|\b(?:won['’]?t|will not|never)(?: \w+)? be (?:re-?stock\w*|re-?print\w*|getting (?:any )?more)\b",
    re.IGNORECASE,
)
ENDING = re.compile(
    # An offer about to end or a price about to rise.
    rf"(?<!\ba )\b{_DEAL}(?: [\w’'%$]+){{0,4}}? (?:ends?|expires?|finish(?:es)?|closes?|disappears?"
    r"|vanish(?:es)?"
    r"|stops?|goes|runs? out|(?:is|are)"
    rf" (?:ending|expiring|over|gone|closing)|will (?:end|expire|be (?:over|gone)))(?: \w+)? {_SOON}\b"
    r"|\bprices? (?:\w+ ){0,2}?(?:set|due|bound|likely|going|about) to (?:rise|increase|jump|climb|go up)\b"
    r"|\bprices? (?:\w+ ){0,2}?(?:go(?:es)?|going|about to (?:go|rise|jump)|will (?:go|rise|jump|climb)"
    r"|rises?|jumps?|climbs?) "
    r"(?:back )?(?:up|on|tomorrow|next|soon|again|to)\b"
    r"|\b(?:tomorrow|tonight|next week|on \w+day|soon|after that|then)(?: \w+)? (?:it|they|the price"
    r"|prices)(?:['’]ll| will)?(?: \w+)? "
    r"(?:goes|go|jumps?|rises?|climbs?|return|returns|be)(?: straight)? (?:back |up ){1,2}to\b"
    r"|\b(?:cost|pay|paying)(?: you)? (?:more|full price|extra|double) (?:tomorrow|later|next|after"
    r"|if you wait|soon|then)\b"
    r"|\b(?:who|if you) (?:order|buy)s? (?:\w+ ){0,3}?(?:today|now|tonight|this week|before midnight)\b"
    r"|\b(?:it|this|everything) (?:ends|expires|closes) at midnight\b"
    r"|\b(?:ends|expires) (?:tonight|today|tomorrow|soon)\b|\b(?:today|this week(?:end)?"
    r"|tonight|right now) only\b"
    r"|\bonly (?:for )?(?:today|tonight|until (?:midnight|tonight|tomorrow))\b"
    r"|\bwhile (?:stocks?|supplies|they|it|copies) lasts?\b|\blimited[- ](?:time|offer|deal)\b"
    r"|\bfor a (?:limited|short) (?:time|period)\b|\btime[- ]limited\b"
    rf"|\b(?:only|just) (?:a few |{_COUNT} )?(?:more )?(?:hours?|days?|minutes?) (?:left|to go"
    r"|remain(?:ing)?)\b",
    re.IGNORECASE,
)
ASKS_STOCK = re.compile(
    r"\b(?:stock|available|availability|left|have (?:any|it|the)|carry"
    r"|how many (?!volumes|pages|books|chapters|parts)|sold out|copies|re-?print\w*|re-?stock\w*|out of print"
    r"|print run|limited|rare|do(?:es)? (?:you|the shop) (?:still |also )?(?:have|sell|stock)"
    r"|have you got)\b",
    re.IGNORECASE,
)
ASKS_OFFER = re.compile(
    r"\b(?:sales?|offers?|deals?|promotions?|discount(?:s|ed)?|reduced|expires?|vouchers?|coupons?|codes?"
    r"|prices? (?:going|go|rise|up|change)|until when|how long (?:is|does|will)(?: \w+){1,3} (?:last|run"
    r"|valid|on)"
    r"|when (?:does|will)(?: \w+){1,3} end)\b",
    re.IGNORECASE,
)
