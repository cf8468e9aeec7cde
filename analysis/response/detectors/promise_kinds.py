"""What a promise can be about: how each kind is worded in an answer, and how policy names it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from analysis.response.detectors.base import Policy, Promise
from analysis.response.detectors.text import Span, negated

Bound = Literal["service", "window", "unclear"]
"""What a time bounds: the shop (`service`: fewer days promise more), the customer (`window`: more days do)."""


@dataclass(frozen=True)
class Kind:
    """One kind of promise.

    `names` finds it in policy, `anchor` in an answer; `firm` in an answer is a promise even without a time or an
    amount. `timed` says whether times bind to it, `money` whether amounts do (`floor`: the amount is a least order,
    so that less promises more). `known_only`: silent unless policy names it.
    """

    name: str
    names: re.Pattern[str]
    anchor: re.Pattern[str]
    firm: re.Pattern[str] | None = None
    bound: Bound = "service"
    timed: bool = True
    money: Literal["none", "ceiling", "floor"] = "none"
    known_only: bool = False


def _r(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_THING = r"(?:it|them|your|the|that|those|this|these|both|all|everything)"
_GIVE = (
    r"(?:get|offer|give|send|apply|add|knock|take|throw in|put|have|issue|credit|waive|cover|extend"
    r"|arrange|do"
    r"|include)"
)
_WE = r"(?:i|we)(?:['’](?:ll|ve|m|re|d))?"

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
        r"|\b(?:waive|waiving|cover|covering|pay for|absorb)\s(?:\w+\s){0,2}?(?:shipping|delivery|postage)\b"
    ),
    firm=_r(
        rf"\b{_WE}\s(?:\w+\s){{0,3}}?(?:waive|waiving|cover|covering|pay for|paying for|absorb|{_GIVE})\b"
        r"|\byour?s?\s(?:\w+\s){0,3}ships?\b|\bon us\b|\bon the house\b"
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
    ),
    firm=_r(
        rf"\b{_WE}\s(?:\w+\s){{0,3}}?(?:match|beat|undercut|refund|pay|honou?r|do|price)"
        rf"|\bany (?:\w+ )?(?:price|offer|shop|store)"
    ),
    bound="window",
)
PRICE_DROP = Kind(
    "price drop",
    _r(r"difference|price (?:drop|protection|cut)"),
    _r(
        r"\b(?:refund|pay|credit|get|give|return|keep|receive)(?:ed|s)? (?:you )?(?:back )?the difference\b"
        r"|\bthe difference (?:becomes|is|as|back|will|goes)\b"
    ),
    firm=_r(r"."),
    bound="window",
)
REFUND = Kind(
    "refund",
    _r(r"refund|money[- ]back|reimburs"),
    _r(
        r"\brefund\w*|\bmoney[- ]back\b|\breimburs\w*|\b(?:your|the) money\s(?:\w+\s){0,2}?back\b"
        r"|\breturn(?:ed|ing)? your money\b"
        r"|\bpay(?:ing)? you back\b|\bpayment (?:back|returned)\b|\bback (?:on|in|into|to) your (?:card"
        r"|account|bank|wallet)\b"
    ),
    firm=_r(
        rf"\b{_WE}\s(?:\w+\s){{0,4}}?(?:refund|reimburs|return|pay|issu|give|process|send|credit)\w*"
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
        r"|\bswap(?:ped|ping)? (?:it|them|your|the)\b"
        r"|\bexchang(?:e|ed|es|ing)\b|\b(?:send|ship|mail|post|get|dispatch|sending|shipping) (?:you "
        r"|out ){0,2}(?:an? )?"
        r"(?:(?:brand[- ])?new|another|fresh|second|spare|replacement) (?:copy|one|volume|set|book|box)\b"
    ),
    firm=_r(
        rf"\b{_WE}\s(?:\w+\s){{0,4}}?(?:replac|send|ship|mail|post|get|dispatch|swap|exchang|arrang|put)\w*"
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
    ),
    bound="window",
)
GUARANTEE = Kind(
    "guarantee",
    _r(r"guarant|warrant"),
    _r(
        r"\bguarantee[ds]?\b|\bguaranteeing\b|\bwarrant(?:y|ies)\b|\b(?:i|we) (?:can |do "
        r"|hereby )?(?:promise|swear|vow|assure you)\b"
        r"|\byou have (?:my|our) word\b|\b(?:my|our) (?:word on|promise)\b|\bwithout fail\b"
        r"|\bcan count on (?:it|us|me)\b"
    ),
    firm=_r(r"."),
    bound="window",
)
DISCOUNT = Kind(
    "discount",
    _r(r"discount|% ?off|percent off|(?:tenth|fifth|quarter|third|half) off|rebate|sale|promo"),
    _r(
        r"\bdiscount\w*|\b(?:\d{1,3} ?%|percent|per cent) (?:off|less|cheaper)\b|\brebate\b|\b(?:tenth"
        r"|fifth|quarter|third|half) off\b"
        r"|\bpromo(?:tion)?(?: code)?\b|\bhalf[- ]price\b"
        r"|\b(?:price|bill|total|order) (?:reduced|cut|down) by\b|\b(?:knock|take|taking"
        r"|knocking) (?:\S+ ){1,4}?off\b|\boff (?:your|the|any|every|all)\b"
    ),
    firm=_r(
        rf"\b{_WE}\s(?:\w+\s){{0,4}}?(?:{_GIVE}|cut|reduc|drop)\w*|\byou(?:['’]ll| will) (?:get|have"
        rf"|receive|pay)\b"
    ),
    timed=False,
    money="ceiling",
)
CREDIT = Kind(
    "credit or gift",
    _r(r"voucher|store credit|coupon|gift (?:card|voucher|certificate)|compensat|goodwill|credit note"),
    _r(
        r"\bvouchers?\b|\b(?:store|shop) credit\b|\bcoupons?\b|\bgift (?:card|certificate)s?\b"
        r"|\bcompensat(?:e|ion)\b|\bgoodwill\b"
        r"|\b(?:free|complimentary) (?:copy|volume|book|gift|bookmark|poster|sample)\b|\bon the house\b"
    ),
    firm=_r(
        rf"\b{_WE}\s(?:\w+\s){{0,4}}?(?:{_GIVE}|compensat|slip|pop)\w*|\byou(?:['’]ll| will) (?:get"
        rf"|have|receive|find)\b|\bon the house\b"
    ),
    timed=False,
    money="ceiling",
)
DISPATCH = Kind(
    "dispatch",
    _r(r"dispatch|shipping|ship\b|handling"),
    _r(
        r"\bships?\b(?! (?:free|for free))|\bship (?:it|them|your|the)\b|\bdispatch(?:es|ed|ing)?\b"
        r"|\bleaves? (?:our|the) (?:warehouse|shop|store)\b"
        r"|\b(?:goes|go|send|sending|sent|going|get) (?:it |them |this |your \w+ )?out\b"
        r"|\bin the (?:mail|post)\b"
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
    ),
)
CONTACT = Kind(
    "reply",
    _r(r"repl(?:y|ies)|response|respond|call ?back|contact|answer"),
    _r(
        r"\b(?:get back to|call|ring|phone|email|contact|write to|reach out to|reply to|answer) you\b"
        r"|\bcall you back\b|\bhear (?:back )?from\b"
        r"|\b(?:replies|reply|responds|respond|answers) within\b|\bin touch\b"
    ),
    known_only=True,
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
)

_FILLER = frozenset(
    {"time", "times", "the", "of", "and", "for", "policy", "window", "period", "our", "free", "standard"}
)


@lru_cache(maxsize=8)
def allowed(policy: Policy) -> dict[Kind, tuple[Promise, ...]]:
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
        if match and not negated(promise.text, sentence, match.start()):
            about.append(kind)
    return about


@lru_cache(maxsize=64)
def _own_kind(about: str) -> Kind:
    words = [word for word in re.findall(r"\w+", about.lower()) if word not in _FILLER] or [about]
    spaced = r"[\s-]+".join(re.escape(word) for word in words)
    pattern = _r(rf"(?<!\w){spaced}")
    return Kind(about, pattern, pattern, bound="unclear", money="ceiling", known_only=True)
