"""Favours that a policy seldom names: gifts, held copies, frozen prices, waived fees, extras, exceptions."""

from __future__ import annotations

from analysis.tracks.response.detectors.promises.wording import (
    ANYTHING,
    GIVE,
    GOODS,
    GRATIS,
    PARCEL,
    TO_COME,
    WE,
    Kind,
)
from analysis.tracks.response.detectors.promises.wording import pattern as _r

_WE_DO = rf"\b{WE}\s(?:\w+\s){{0,4}}?"

GIFT = Kind(
    "gift",
    _r(
        r"\b(?:free|complimentary) (?:gift|copy|volume|sample|bookmark|poster|upgrade)|\bbonus"
        r"|\bgift\b(?! card| voucher)"
    ),
    # goods as a subject that costs nothing; goods handed over by the shop for nothing, or thrown in; an upgrade
    _r(
        rf"\b(?:{GOODS}|next one|(?:first|second|third|fourth|fifth|other) one|third"
        rf"|second)\s(?:\w+\s){{0,2}}?"
        rf"(?:(?:is|are|comes?|will be|goes)\s)?(?:(?:all|completely|totally|entirely"
        rf"|yours)\s){{0,2}}{GRATIS}"
        rf"|\b{GOODS} (?:is|are|comes?|will be) (?:all |completely |entirely )?free\b(?! (?:of|from|to"
        rf"|for all)\b)"
        rf"|\b{GIVE} (?:\w+ ){{1,4}}?{GOODS}\b.{{0,30}}?[ ,](?:free|gratis|for nothing|no charge)(?! of)\b"
        rf"|\b(?:no|without) (?:extra )?charge (?:for|on) (?:the |your )?{GOODS}\b"
        r"|\bwith (?:our|my) compliments\b|\b(?:present|surprise|something (?:extra|special)) in (?:the"
        r"|your) (?:parcel|box|package|order)\b"
        r"|\b(?:has|have|is) been upgraded to\b|\bis upgraded to\b"
        r"|\b(?:our|my|a) (?:little |small )?gift (?:to|from) (?:you|us|me)\b"
        rf"|\b(?:is|are) yours (?:free|to keep|{GRATIS})"
        rf"|\b(?:throw|slip|tuck|pop|sneak|chuck|toss|slot)(?:s|p?ing|ped)? in (?:an? |some |the |your "
        rf"|another )?"
        rf"(?:\w+ ){{0,2}}?{GOODS}\b|\b(?:throw|slip|tuck|pop|sneak|chuck|toss)(?:p?ing|ped)? (?:an? "
        rf"|some |another )"
        rf"(?:\w+ ){{0,2}}?{GOODS} in\b"
        rf"|\b(?:free|complimentary) (?:\w+ )?{GOODS}\b|\btreat you to\b"
        r"|\b(?:upgrad|bump|mov|push)\w* (?:you|it|them|this|your \w+) (?:up |straight )?"
        r"(?:to (?:express|overnight|priority|the (?:front|top))|up the queue)\b"
        r"|\bbuy one,? get one\b|\b(?:two|three)(?: \w+)? for the price of (?:one|two)\b"
    ),
    firm=_r(
        rf"{_WE_DO}(?:{GIVE}|upgrad\w*|bump\w*|mov\w*|push\w*|chuck\w*|toss\w*|treat\w*)\b"
        rf"|\byou(?:['’]ll| will| get)\b"
        r"|\byours\b|\bon (?:me|us|the house)\b|\bcost you\b|\bcomes? with\b|\b(?:please accept|enjoy"
        r"|here(?:['’]s| is| are)|there(?:['’]s| is|['’]ll| will)|take|charge for|for free)\b"
        r"|\bevery\b|\b(?:is|are|comes?) (?:all )?free\b|\bgift (?:to|from)\b|\bcompliments\b"
        r"|\bupgraded\b|\bbuy one|\bfor the price of\b"
    ),
    timed=False,
    unless=_r(
        r"\b(?:pre-?orders?|preordered|exchang\w*|replac\w*|return\w*|postage|shipping|delivery|fault"
        r"|mistake)\b"
    ),
)
HOLD = Kind(
    "held copy",
    _r(r"reserv|set aside|\bhold\b|held"),
    # to keep a thing back: "set one aside", "hold it for you", "is being held in your name"
    _r(
        rf"\b(?:set|sets|setting|put|putting|lay|laid|keep|keeping|kept)\s(?:\w+\s){{1,4}}?(?:aside"
        rf"|to one side|by for you)\b"
        rf"|\b(?:hold|held|holding|reserv(?:e|ed|ing)|sav(?:e|ed|ing)|keep|kept|keeping)\s(?:it|them"
        rf"|(?:\w+ ){{0,3}}?{PARCEL}|one)\s"
        r"(?:\w+\s){0,3}?(?:for you|back|(?:in|under) your name|until|(?<!the )till|under the counter|for (?:a"
        r"|two|three|another) \w+)\b"
        rf"|\b(?:hold|reserve|save|keep) you (?:one|it|an?|the) ?(?:\w+ )?(?:{PARCEL})?"
        r"|\bput\s(?:\w+\s){1,3}?under the counter\b|\bwith your name on it\b|\bhas your name on it\b"
        r"|\byour name is down for\b"
        r"|\b(?:waiting|kept|stays?) (?:behind|under) the counter\b|\b(?:is|are|been|being|be) (?:held"
        r"|reserved|set aside|put aside|kept back) (?:for you"
        r"|in your name)\b"
    ),
    firm=_r(
        rf"{_WE_DO}(?:set|put|lay|laid|hold|reserv|sav|keep)\w*|\byour name (?:on it|is down)\b"
        rf"|\bcounter for you\b"
        rf"|\b(?:held|reserved|aside|back) (?:for you|in your)"
    ),
    timed=False,
    unless=_r(r"\bpre-?order\w*|\blockers?\b|\bpickup\b|\bdelay\b|\bprice\b"),
)
RESTOCK = Kind(
    "new stock",
    _r(r"restock|back in stock|reprint"),
    _r(
        r"\bback (?:in(?:to)? stock|on (?:the|our) shel(?:f|ves)|in (?:the|our) (?:shop|warehouse))\b"
        r"|\brestock\w*"
        r"|\b(?:new|fresh|next|more) (?:stock|copies|batch|supply) (?:\w+ )?(?:com\w+|arriv\w+|due"
        r"|lands?|expected|in)\b|\b(?:in stock|available) again\b|\b(?:getting|expecting) (?:some "
        r"|a few )?more (?:of it |copies )?(?:in|by|on)\b"
        rf"|\b{TO_COME} (?:be |have )?(?:\w+ ){{0,2}}in stock\b"
    ),
)
FROZEN_PRICE = Kind(
    "frozen price",
    _r(r"price (?:lock|freeze|promise)|lock\w* (?:\w+ ){0,2}price"),
    _r(
        r"\b(?:lock|freez|fix|hold|hono[u]?r|keep)\w*\s(?:in\s)?(?:you\s)?(?:\w+\s){0,3}?(?:price|rate"
        r"|offer)\b(?! is)"
        r"|\bprice\b\s(?:\w+\s){0,2}?(?:is|stays|remains|will be|stay|remain|['’]s)\s(?:\w+\s)?"
        r"(?:locked|frozen|held|the same for you|put for you)\b"
        r"|\bprices? (?:(?:will|['’]ll) never|won['’]t|will not) (?:rise|go up|increase|change)\b"
    ),
    firm=_r(
        rf"{_WE_DO}(?:lock|freez|fix|hold|hono|keep)\w*|\b(?:for you|until|locked|frozen|never|won['’]t"
        rf"|will not)\b"
    ),
    timed=False,
)
POINTS = Kind(
    "bonus points",
    _r(r"(?:bonus|extra|double) points"),
    _r(
        r"\b(?:bonus|extra|double|triple|additional) points\b|\bpoints (?:will be|are"
        r"|have been) (?:doubled|tripled|raised)\b|\b(?:doubl|tripl|rais|boost|increas"
        r"|top)\w* (?:up )?your points\b"
        rf"|\b{GIVE} (?:you )?(?:\w+ ){{0,3}}?points\b"
    ),
    firm=_r(
        rf"{_WE_DO}(?:{GIVE}|(?:doubl|tripl|rais|boost|increas|top)\w*)|\bpoints (?:will|are|have)\b"
        rf"|\byou(?:['’]ll| will) (?:get"
        rf"|have|receive|earn)\b"
    ),
    timed=False,
)
FEES = Kind(
    "fees and duties",
    _r(r"\bfees?\b|dut(?:y|ies)\b|customs|surcharge"),
    _r(
        r"\b(?:waiv|cover|absorb|refund|swallow|tak(?:e|ing) care of|pay|drop|skip"
        r"|cancel)\w*\s(?:for\s)?(?:\w+\s){0,3}?"
        r"(?:fees?|duty|duties|customs(?: charges)?|surcharges?|taxes|import (?:tax|charges))\b"
        r"|\b(?:won['’]t|don['’]t|never|not) charge (?:you )?(?:any |for )?(?:\w+ )?(?:fees?|duty"
        r"|duties|customs|taxes)\b"
        r"|\bpay no (?:\w+ )?(?:fees?|duty|duties|customs|taxes)\b"
        r"|\b(?:fees?|duties|customs(?: charges)?|surcharges?|taxes) (?:is|are|will be) (?:on us"
        r"|on the house|waived|covered|ours)\b"
    ),
    firm=_r(
        rf"{_WE_DO}(?:\w+\s){{0,6}}?(?:waiv|cover|absorb|refund|swallow|tak|pay|drop|skip|cancel)\w*"
        r"|\bcharge\b|\bpay no\b|\b(?:is|are|will be) (?:on|waived|covered|ours)\b"
    ),
    timed=False,
)
EXTRA = Kind(
    "extra service",
    _r(r"gift.?wrap|\bsigned\b|\bengrav|personali[sz]"),
    _r(
        r"\bgift[- ]?wrap\w*|\bwrap(?:ped)? (?:it|them) (?:up )?(?:as a|for)\b"
        r"|\b(?:get|have|ask)\s(?:the |its )?(?:author|artist|mangaka|creator)\s(?:to\s)?(?:sign"
        r"|dedicat|draw)\w*"
        r"|\b(?:import|reprint|source|special[- ]order)\w* (?:it|them|one|a copy|the \w+|that \w+)\b"
        r"|\b(?:collect|fetch|pick)\w* (?:it|them|the \w+|your \w+) (?:up )?(?:from|at) your\b"
        r"|\b(?:get|have)\s(?:it|them|a copy|one|your \w+)\s(?:signed|dedicated|personali[sz]ed)\b"
    ),
    firm=_r(
        rf"{_WE_DO}(?:get|gift|wrap|have|ask|send|collect|fetch|pick|import|reprint|source|special"
        rf"|arrang|sign|do|pop|add|includ|throw)\w*"
        r"|\b(?:free|no (?:extra )?c(?:ost|harge))\b"
    ),
)
VALIDITY = Kind(
    "validity",
    _r(r"\bvalid\b|expir"),
    _r(
        r"\b(?:vouchers?|points?|codes?|credits?|coupons?)\s(?:\w+\s){0,2}?(?:never|don['’]t|won['’]t"
        r"|doesn['’]t|do not"
        r"|will not)\s(?:ever\s)?(?:expires?|lapses?|runs? out)\b"
        r"|\b(?:vouchers?|points?|codes?|credits?|coupons?)\s(?:\w+\s){0,2}?no expiry\b|\b(?:valid|good"
        r"|yours) for ?ever\b"
    ),
    firm=ANYTHING,
    timed=False,
)
EXCEPTION = Kind(
    "exception",
    _r(r"exception"),
    _r(
        r"\b(?:mak(?:e|ing)|made) an exception\b|\bbend(?:ing)? (?:the|a|our) rules?\b"
        r"|\blook the other way\b"
        r"|\b(?:waiv|ignor|skip|overlook|forget|set aside)\w* (?:about )?(?:the|our|that"
        r"|this) (?:\w+[ -]){0,2}?"
        r"(?:rules?|polic(?:y|ies)|limit|deadline|condition|window|requirement|days)\b"
        r"|\b(?:days|limit|deadline|rules?|policy|conditions?)\s(?:don['’]t|doesn['’]t|do not|does not"
        r"|won['’]t|will not) "
        r"(?:apply|count|bind)\b"
    ),
    firm=_r(
        rf"{_WE_DO}(?:\w+\s){{0,3}}?(?:mak|made|bend|look|waiv|ignor|skip|overlook|forget|set)\w*"
        r"|\b(?:forget|ignore|skip) (?:about )?the\b|\b(?:apply|count|bind)\b"
    ),
    timed=False,
)
SEARCH = Kind(
    "parcel search",
    _r(r"parcel search|searched for"),
    _r(rf"\b(?:find|locate|trace|track down|search for|look for) (?:your|the|that) {PARCEL}\b"),
)
FAVOURS = (GIFT, HOLD, RESTOCK, FROZEN_PRICE, POINTS, FEES, EXTRA, VALIDITY, EXCEPTION, SEARCH)
