"""What a promise can be about: how each kind is worded in an answer, and how policy names it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from analysis.tracks.response.detectors.contract import Policy, Promise
from analysis.tracks.response.detectors.promises.arrivals import CONTACT, DELIVERY, DISPATCH
from analysis.tracks.response.detectors.promises.favours import FAVOURS
from analysis.tracks.response.detectors.promises.wording import (
    ANYTHING,
    GIVE,
    GOODS,
    GRATIS,
    WE,
    Kind,
    Rules,
)
from analysis.tracks.response.detectors.promises.wording import pattern as _r
from analysis.tracks.response.english.sentences import Span, negated

FREE_SHIPPING = Kind(
    "free shipping",
    _r(
        r"free (?:\w+ )?(?:shipping|delivery|postage)|ship\w* (?:for )?free|without (?:further|extra"
        r"|any) (?:postage|shipping)"
        r"|postage|(?:shipping|delivery)\b[^.]{0,30}\b(?:free|nothing|on us)\b"
    ),
    _r(
        r"\bfree (?:\w+ )?(?:shipping|delivery|postage)\b|\bfree of (?:shipping|delivery)\b"
        r"|\b(?:ships?|shipped|delivered|delivers?|deliver|shipping|delivery"
        r"|postage)\s(?:\w+\s){0,4}?(?:for free|free)\b"
        r"|\bno (?:shipping|delivery|postage)(?: (?:fees?|costs?|charges?))?\b|\bwithout (?:shipping"
        r"|delivery) (?:fees?|costs?)"
        r"|\b(?:shipping|delivery|postage)\s(?:is |are |costs? (?:is |are )?|fees? (?:is "
        r"|are )?)?(?:on us|on the house|waived|costs (?:you )?nothing)"
        r"|\b(?:waive|waiving|cover|covering|pay for|absorb)\s(?:\w+\s){0,2}?(?:shipping|delivery"
        r"|postage)\b"
        r"|\bwithout (?:any |further )?postage\b|\bprepaid (?:label|postage)\b|\blabel (?:\w+ )?(?:is"
        r"|['’]s) (?:\w+ )?prepaid"
        rf"|\b(?:shipping|delivery|postage)(?:['’]s)?\s(?:\w+\s){{0,3}}?{GRATIS}"
        rf"|\b(?:send|ship|deliver|post|mail)\w*\s(?:\w+\s){{0,4}}?(?:postage[- ]free|{GRATIS})"
        r"|\b(?:pay|owe|charge|charged) (?:you )?(?:nothing|not a (?:cent|penny|thing)) (?:for|in"
        r"|to) (?:the )?"
        r"(?:shipping|delivery|postage|send)\b"
        # a cost denied: "we never charge for postage", "postage won't cost you a cent"
        r"|\b(?:never|don['’]t|doesn['’]t|won['’]t|needn['’]t|no need to|not|nobody"
        r"|no one) (?:\w+ ){0,2}?(?:pays?|charged?)"
        r"(?: \w+){0,3}? (?:shipping|delivery|postage|the (?:return )?label)\b"
        r"|\b(?:cover|pay for|paying|take care of) (?:the|that|your) (?:return )?label\b"
        r"|\b(?:delivery|shipping|postage) (?:is|comes) (?:always )?(?:included|as standard)\b"
        r"|\bfree of postage\b|\bpostage[- ]free\b"
    ),
    firm=_r(
        rf"\b{WE}\s(?:\w+\s){{0,3}}?(?:waive|waiving|cover|covering|pay for|paying for|absorb|{GIVE})\b"
        r"|\byour?s?\s(?:\w+\s){0,3}ships?\b|\bon us\b|\bon the house\b"
        r"|\bpostage[- ]free\b|\bprepaid\b|\bcosts? you\b|\bno (?:shipping|delivery|postage) (?:fee"
        r"|cost|charge)s?\b|\b(?:pays?|charged?|included)\b|\blabel\b|\bfor nothing\b|\bgratis\b"
        r"|\b(?:is|are|goes?|ships?|delivers?|sends?|posts?)\b.{0,25}\bfree\b"
        r"|\b(?:free|nothing|without)\b.{0,20}\b(?:always|postage)\b|\balways\b"
        r"|\b(?:all|every|any|each) orders?\b|\bno minimum\b|\bwhatever (?:you|the)\b"
        r"|\bhowever (?:small|little)\b"
    ),
    timed=False,
    money="floor",
)
PRICE_MATCH = Kind(
    "price match",
    _r(r"price[- ]match|match\w* (?:\w+ ){0,3}?price"),
    _r(
        r"\bprice[- ]match\w*|\bmatch(?:ing|es)?\s(?:\w+\s){0,3}?(?:price|prices|offer|quote|deal)\b"
        r"|\b(?:beat|beats|undercut)\s(?:\w+\s){0,3}?(?:price|prices|offer|quote|deal|shop|store"
        r"|competitor)s?\b"
        r"|\b(?:match|beat|undercut)(?:ing|es|s)? (?:every|it|them|that|theirs|whatever|anyone|anybody"
        r"|anything|any)\b"
        r"|\b(?:match|beat|undercut|honou?r|equal|meet)(?:ing)? (?:[\w'’]+ ){0,3}?(?:prices?|offers?)\b"
        r"|\bpay (?:you )?the gap\b|\b(?:go|sell it) (?:even )?(?:lower|cheaper) than (?:them|any|the)\b"
    ),
    firm=_r(
        rf"\b{WE}\s(?:\w+\s){{0,3}}?(?:match|beat|undercut|refund|pay|equal|meet|honou?r|do|price)"
        rf"|\bany (?:\w+ )?(?:price|offer|shop|store)"
    ),
    bound="window",
)
PRICE_DROP = Kind(
    "price drop",
    _r(r"difference|price (?:drop|protection|cut)"),
    _r(
        r"\b(?:refund|pay|credit|get|give|return|keep|receive)(?:ed|s)? (?:you )?"
        r"(?:back )?(?:twice |double )?the difference\b"
        r"|\bthe difference (?:becomes|is|as|back|will|goes)\b"
    ),
    firm=ANYTHING,
    bound="window",
)
REFUND = Kind(
    "refund",
    _r(r"refund|money[- ]back|reimburs"),
    _r(
        r"\brefund\w*|\bmoney[- ]back\b|\breimburs\w*|\b(?:your|the) money\s(?:\w+\s){0,2}?back\b"
        r"|\breturn(?:ed|ing)? your money\b"
        # the money or what was paid comes back, is handed back, credited, reversed; nothing is lost
        r"|\bmoney(?:['’]s| is| will be| comes?)?\s(?:\w+\s){0,2}?(?:back|returned)\b"
        r"|\b(?:get|have|want|for) (?:all |every \w+ of )?(?:your|the) money\b"
        r"|\b(?:hand|give|send|pay|put|transfer)\w* (?:you )?back (?:everything|all|more|what"
        r"|the (?:full|whole|money|sum"
        r"|amount|price))\b|\b(?:give|hand|pay|send|get) you (?:\w+ ){0,3}?(?:money|payment|everything"
        r"|price) back\b"
        r"|\b(?:paid|payment|money|price|sum|amount) (?:\w+ ){0,3}?returned\b|\b(?:the|your"
        r"|that) (?:cash|money|payment|sum)\b"
        r"|\brevers(?:e|ed|ing) (?:the|your|that) (?:charge|payment|transaction)\b"
        r"|\bcredit(?:ed|ing)? (?:you|your (?:card|account|bank)|it back|the \w+ (?:back )?to)\b"
        r"|\b(?:not|n['’]t|never) (?:be )?(?:a (?:penny|cent) )?out of pocket\b|\bmake you whole\b"
        r"|\bpay(?:ing)? you back\b|\bpayment (?:back|returned)\b|\bback (?:on|in|into|to) your (?:card"
        r"|account|bank|wallet)\b"
    ),
    firm=_r(
        rf"\b{WE}\s(?:\w+\s){{0,4}}?(?:refund|reimburs|return|pay|issu|give|process|send|credit|hand"
        rf"|revers)\w*"
        r"|\byou(?:['’]ll| will| get| can (?:get|have|claim)| are entitled to| receive)\b"
        r"|\b(?:full|complete|entire|100 ?%) (?:\w+ )?(?:refund|reimbursement)|\bmoney[- ]back\b"
        r"|\brefund\w* (?:in full|is on its way|has been|will be)|\bevery (?:cent|penny)\b"
    ),
    bound="unclear",
    money="ceiling",
)
REPLACEMENT = Kind(
    "replacement",
    _r(r"replac|(?:new|another) copy|exchang"),
    _r(
        r"\breplacements?\b|\breplac(?:e|es|ed|ing) (?:it|them|the|your|any|that|this|those)\b"
        r"|\b(?:is|are|be|gets?) replaced\b"
        r"|\bswap(?:ped|ping)? (?:it|them|your|the)\b"
        r"|\bexchang(?:e|ed|es|ing)\b|\b(?:send|ship|mail|post|get|dispatch|sending|shipping) (?:you "
        r"|out ){0,2}(?:an? )?"
        r"(?:(?:brand[- ])?new|another|fresh|second|spare|replacement) (?:copy|one|volume|set|book|box)\b"
        rf"|\b(?:send|ship|post|mail) (?:you )?(?:two|three|both|another|{GOODS}) (?:\w+ )?in (?:its"
        rf"|their) place\b"
        r"|\b(?:new|fresh|second|another) (?:copy|one|volume|set|book) (?:is|will be|has been|goes)\b"
    ),
    firm=_r(
        rf"\b{WE}\s(?:\w+\s){{0,4}}?(?:replac|send|ship|mail|post|get|dispatch|swap|exchang|arrang|put)\w*"
        r"|\bfree replacement|\breplacement (?:is on its way|will be|has been)|\byou(?:['’]ll"
        r"| will) (?:get|receive|have)\b"
    ),
    bound="unclear",
)
RETURNS = Kind(
    "returns",
    _r(r"return|send\w* back|cancel"),
    _r(
        r"\breturns\b|\breturn (?:it|them|this|that|the|any|your|window|period|policy|within|unopened"
        r"|unread|for|an)\b|\breturned\b"
        r"|\b(?:send|bring|give|ship) (?:it|them|this|that|the \w+|any \w+|your \w+) back\b|\bto return\b"
        r"|\bcancel (?:it|them|your|the|any|an)\b|\bchange your mind\b|\breturn(?= )"
        # to give back, seen from the shop: it is taken back, comes back; the deadline of it
        r"|\b(?:take|takes|taking|accept|accepts|have|welcome) (?:\w+ ){1,4}?back\b"
        r"|\baccepts? (?:\w+ ){0,3}?returns?\b"
        r"|\bsending (?:\w+ ){1,2}back\b|\bcancel\b|\b(?:can|may) come back\b|\b(?:go|sent|handed"
        r"|brought|taken) back\b(?! (?:in stock|to us|on|in)\b)|\bsend back\b|\bbring back\b"
        r"|\bto (?:think it over|make up your mind|decide)\b|\bcancel (?:a|this|that|any) \w+\b"
    ),
    bound="window",
)
GUARANTEE = Kind(
    "guarantee",
    _r(r"guarant|warrant"),
    _r(
        r"\bguarantee[ds]?\b|\bguaranteeing\b|\bwarrant(?:y|ies)\b|\b(?:i|we) (?:can |do "
        r"|hereby )?(?:promise|swear|vow|pledge|assure you)\b"
        r"|\byou have (?:my|our) word\b|\b(?:my|our) (?:word on|promise)\b|\bwithout fail\b"
        r"|\b(?:can|may) (?:count|bank|rely|depend) on (?:it|us|me|that|this)\b|\b(?:give"
        r"|gave) you (?:my|our) word\b"
        r"|\bcross my heart\b|\byou have (?:my|our) (?:solemn )?promise\b|\bi(?:['’]ll)? stake my\b"
        r"|\bi(?:['’]ll| will)? (?:personally )?vouch for\b|\b(?:never|not|won['’]t) happen(?:s)? again\b"
        r"|\brest assured,? (?:that )?nothing\b"
    ),
    firm=ANYTHING,
    bound="window",
    unless=_r(
        r"\bguarantee of (?!delivery|quality|satisf|service|refund|return)"
        r"|\bpromise of (?:a )?(?!refund|delivery)"
    ),
)
DISCOUNT = Kind(
    "discount",
    _r(r"discount|% ?off|percent off|(?:tenth|fifth|quarter|third|half) off|rebate|sale|promo"),
    _r(
        r"\bdiscount\w*|\b(?:\d{1,3} ?%|percent|per cent) (?:off|less|cheaper)\b|\brebate\b|\b(?:tenth"
        r"|fifth|quarter|third|half) off\b"
        r"|\bpromo(?:tion)?(?: code)?\b|\bhalf[- ]price\b"
        r"|\b(?:price|bill|total|order) (?:reduced|cut|down) by\b|\b(?:knock|take|taking"
        r"|knocking) (?:\S+ ){1,4}?off\b|\boff (?:your|any|every|all|the (?:price|total|bill|order|set"
        r"|next|whole))\b"
        r"|(?:dollars?|bucks|euros?|pounds|quid|tenner|fiver|[$€£]\d{1,4}(?:\.\d\d)?) off\b"
        r"|\bfor (?:only |just )?(?:\S{1,12} ){1,2}instead of\b"
        r"|\b(?:\d{1,3} ?%|percent|per cent) (?:reduction|rebate|saving)\b|\b(?:tenth|fifth|quarter"
        r"|third|half) (?:less|cheaper)\b"
        r"|\bhalf (?:the|its|their) (?:usual )?(?:price|money|cost)\b|\b(?:reduc|lower|slash|drop"
        r"|cut)\w* (?:the|your) (?:price|total|bill)\b"
        r"|\b(?:price|bill|total) (?:down|drops|falls|comes down) (?:by|to)\b|\b(?:trade|staff"
        r"|friends?) (?:price|rate)\b"
    ),
    firm=_r(
        rf"\b{WE}\s(?:\w+\s){{0,4}}?(?:{GIVE}|(?:cut|reduc|drop|lower|let)\w*)|\byou(?:['’]ll"
        rf"| will) (?:get|have"
        rf"|receive|pay)\b"
    ),
    timed=False,
    money="ceiling",
    unless=_r(r"\bsets? off\b|\bpoints? off\b"),
)
CREDIT = Kind(
    "credit or gift",
    _r(r"voucher|store credit|coupon|gift (?:card|voucher|certificate)|compensat|goodwill|credit note"),
    _r(
        r"\bvouchers?\b|\b(?:store|shop) credit\b|\bcoupons?\b|\bgift (?:card|certificate)s?\b"
        r"|\bcompensat(?:e|ion)\b|\bgoodwill\b"
        r"|\bcompensating\b"
        r"|\bcredit(?:ed|ing)? [$€£]\d{1,4}|\b(?:code|card|token) worth\b|\b(?:waiting|sitting) (?:in"
        r"|on) your (?:account|basket)\b"
        r"|\bpoints (?:\w+ ){0,2}?(?:get you|buy you|are worth|give you)\b|\bpay(?:ing)? out (?:your"
        r"|the) points\b"
    ),
    firm=_r(
        rf"\b{WE}\s(?:\w+\s){{0,4}}?(?:{GIVE}|compensat|slip|pop)\w*|\byou(?:['’]ll| will) (?:get"
        rf"|have|receive|find)\b"
    ),
    timed=False,
    money="ceiling",
)
KINDS = (
    FREE_SHIPPING,
    PRICE_MATCH,
    PRICE_DROP,
    REFUND,
    REPLACEMENT,
    RETURNS,
    GUARANTEE,
    DISCOUNT,
    CREDIT,
    DISPATCH,
    DELIVERY,
    CONTACT,
    *FAVOURS,
)

_FILLER = frozenset(
    {"time", "times", "the", "of", "and", "for", "policy", "window", "period", "our", "free", "standard"}
)


@lru_cache(maxsize=8)
def allowed(policy: Policy) -> Rules:
    """What policy allows by kind; a matter that no kind fits is a kind of its own, found by its words.

    `days` say nothing about a delivery or dispatch that the text of another matter mentions ("within 30 days of
    delivery"), and are left out there.
    """
    sorted_in: dict[Kind, list[Promise]] = {kind: [] for kind in KINDS}
    for promise in policy.promises:
        for kind in _kinds_of(promise) or [_own_kind(promise.about)]:
            aside = kind in (DELIVERY, DISPATCH) and not kind.names.search(promise.about)
            sorted_in.setdefault(kind, []).append(replace(promise, days=None) if aside else promise)
    return {kind: tuple(promises) for kind, promises in sorted_in.items()}


def _kinds_of(promise: Promise) -> list[Kind]:
    """By what it is about; what its text mentions counts too, unless denied ("store credit, never a refund")."""
    about = [kind for kind in KINDS if kind.names.search(promise.about)]
    if FREE_SHIPPING in about:
        about = [kind for kind in about if kind not in (DELIVERY, DISPATCH)]
    sentence = Span(0, len(promise.text))
    for kind in KINDS:
        if kind in about or (about and kind in (CONTACT, DISCOUNT)):
            continue
        match = kind.names.search(promise.text)
        if match and (match[0].startswith("without") or not negated(promise.text, sentence, match.start())):
            about.append(kind)
    return about


@lru_cache(maxsize=64)
def _own_kind(about: str) -> Kind:
    words = [word for word in re.findall(r"\w+", about.lower()) if word not in _FILLER] or [about]
    spaced = r"[\s-]+".join(re.escape(word) for word in words)
    pattern = _r(rf"(?<!\w){spaced}")
    return Kind(about, pattern, pattern, bound="unclear", money="ceiling", known_only=True)
