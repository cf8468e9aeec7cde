"""What is to arrive, and what a promise of it sounds like: goods that leave, goods that come, an answer."""

from __future__ import annotations

from analysis.tracks.response.detectors.promises.wording import CARRY, PARCEL, TO_COME, Kind
from analysis.tracks.response.detectors.promises.wording import pattern as _r

_THING = r"(?:it|them|your|the|that|those|this|these|both|all|everything)"

DISPATCH = Kind(
    "dispatch",
    _r(r"dispatch|shipping|ship\b|handling"),
    _r(
        r"\bships?\b(?! (?:free|for free))|\bship (?:it|them|your|the)\b|\bd[ei]spatch(?:es|ed|ing)?\b"
        r"|\bre-?s(?:ent|end)\b"
        r"|\bleaves? (?:our|the) (?:warehouse|shop|store)\b"
        r"|\b(?:goes|go|send|sending|sent|going|get) (?:it |them |this |your \w+ )?out\b"
        r"|\bin the (?:mail|post)\b|\bleav(?:e|es|ing) (?:our|the) (?:warehouse|shop|store|shelf)\b"
        rf"|\b(?:{TO_COME}|is|are) (?:\w+ )?(?:posted|mailed|packed|shipped|handed to the courier)\b"
    ),
)
DELIVERY = Kind(
    "delivery",
    _r(r"deliver|shipping|courier|arriv|^express$"),
    _r(
        r"\barriv(?:e|es|ing|al)\b|\bdeliver(?:y|ies|ed|s|ing)?\b|\bshipping\b|\bshipment\b|\b(?:be|is"
        r"|are|gets?) (?:with|to|at) you(?:r door)?\b"
        r"|\breach(?:es)? you\b|\bdoorstep\b|\byour (?:front )?door\b|\bin your (?:hands|mailbox"
        r"|letterbox)\b|\bturns? up\b|\bshows? up\b"
        rf"|\byou(?:['’]ll| will|['’]re going to|['’]d| can)\s(?:\w+\s)?(?:have|get|receive|hold"
        rf"|be (?:reading|holding))\s{_THING}\b"
        r"|\bon (?:its|their) way to you\b|\bexpect (?:it|them|your \w+)\b|\bin time for\b"
        r"|\bcomes? (?=tomorrow|today|within)"
        # goods at a place of the customer's; somebody carries them there; the customer already reads them
        r"|\b(?:on|at|in|to|through|hits?|reach(?:es)?) your (?:\w+ )?(?:doormat|mat|porch|letter ?box"
        r"|mail ?box|post ?box|lap|house|home|table|place|address|desk|hands?|hand|office|shelf"
        r"|local pickup point)\b"
        rf"|\b{CARRY} (?:it|them|this|these|your \w+|the \w+) (?:over |round |out |straight |all )?to you\b"
        # waiting, or what it takes, denied: "you won't have to wait past Friday", "it never takes more than a day"
        r"|\b(?:won['’]t|never|not|needn['’]t|nobody|no one) (?:\w+ ){0,3}?waits?\b"
        rf"|\b(?:courier|driver|delivery|shipping|it|they|{PARCEL}) (?:never|doesn['’]t|don['’]t"
        rf"|won['’]t) (?:needs?|takes?)"
        r"(?: \w+)? (?:more|longer) than\b|\b(?:round|over) (?:at|to) (?:yours|your)\b"
        rf"|\b{CARRY} the (?:\w+ ){{1,3}}(?:over |round |out )?to you\b|\b{PARCEL} will be (?:waiting"
        rf"|outside)\b"
        rf"|\b{PARCEL} (?:\w+ ){{0,4}}?(?:takes?|taken|needs?)\b"
        rf"|\byou(?:['’]ll| will| can| could be| are going to) (?:already |soon "
        rf"|easily )?(?:be (?:\w+ )?)?(?:read|turn|hold|start|open"
        r"|unpack|unbox|enjoy|flip|leaf|own|see)(?:n?ing)?\b(?= (?:it|them|the|volume|your|that|this"
        r"|through|every|all)\b)"
        r"|\b(?:postman|postie|mailman|mail carrier|courier|driver|delivery man|van)\s(?:\w+\s){0,2}?"
        r"(?:drops?|brings?|rings?|knocks?|comes?|calls?|hands?|will|arrives?)\b|\bknock (?:on"
        r"|at) (?:the|your) door\b"
        rf"|\b(?:it|they|that|everything|{PARCEL}|order)(?:['’]ll| will| should|['’]s going to"
        rf"| is going to)? (?:\w+ )?"
        rf"(?:be|is|are) (?:there|here|yours|home)\b|\b{TO_COME} (?:\w+ )?(?:land|make it to you"
        rf"|get (?:there|to you))\b"
        rf"|\b(?:make sure|see to it that|ensure|so that) (?:that )?you(?:['’]ll| will)? (?:have|get"
        rf"|receive) {_THING}\b"
    ),
)
CONTACT = Kind(
    "reply",
    _r(r"repl(?:y|ies)|response|respond|call ?back|contact|answer"),
    _r(
        r"\b(?:gets? back to|calls?|rings?|phones?|emails?|contacts?|writes? to|reach(?:es)? out to"
        r"|repl(?:y|ies) to|answers?|texts?"
        r"|messages?) you\b|\b(?:have|get|receive|expect) (?:an?|our|the) (?:reply|answer|response|call"
        r"|e?mail)\b"
        r"|\bcall you back\b|\b(?:you(?:['’]ll| will)|to) hear (?:back )?from\b|\bgive you a (?:call"
        r"|ring|bell)\b"
        rf"|\b{TO_COME} (?:\w+ )?(?:reply|respond|answer|be in touch|get in touch|call back)\b"
        r"|\b(?:replies|responds|answers) within\b|\bon the phone (?:to|with) you\b"
        r"|\byour (?:\w+ )?call-?back\b"
        r"|\b(?:we|they|team|staff|colleagues?|supervisor|manager|everyone) (?:always )?(?:repl(?:y"
        r"|ies)|responds?|answers?)\b"
    ),
)
