"""Words that widen a promise beyond the policy's own: in full, unconditional, for used goods, in every case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis.tracks.response.detectors.contract import Promise
from analysis.tracks.response.detectors.promises.kinds import (
    CREDIT,
    DISCOUNT,
    FREE_SHIPPING,
    PRICE_DROP,
    PRICE_MATCH,
    REFUND,
    REPLACEMENT,
    RETURNS,
)
from analysis.tracks.response.detectors.promises.wording import Kind, Rules
from analysis.tracks.response.detectors.promises.wording import pattern as _r
from analysis.tracks.response.english.sentences import Span

QUOTE = 100
_REACH = 80
_KINDS = (REFUND, RETURNS, REPLACEMENT, PRICE_MATCH, PRICE_DROP, DISCOUNT, CREDIT, FREE_SHIPPING)

_FULL = _r(
    r"\b(?:full|complete|entire|100 ?%)\s(?:\w+\s)?(?:refund|money|amount|price|reimbursement|credit)"
    r"|\bin full\b"
    r"|\bevery (?:last )?(?:cent|penny)\b|\brefund\w*\s(?:\w+\s){0,3}(?:completely|entirely|fully)\b"
    r"|\bfully refund\w*|\ball (?:of )?your money\b"
)
_ABSOLUTE = _r(
    # whatever the cause, however often
    r"\bno questions(?: asked)?\b|\bno matter (?:what|why|how|when)\b|\bin every case\b"
    r"|\bwithout exception\b"
    r"|\bno strings\b|\bregardless\b|\bwhatever the (?:reason|cause|circumstances)\b|\bfor any reason\b"
    r"|\bwho(?:ever|soever)\b|\beven (?:without|with no) (?:a |the |any )?(?:receipt|reason|proof|photo"
    r"|wrapping)\b"
    r"|\bin (?:any|whatever) (?:condition|state)\b|\bmore than (?:you paid|it cost)\b"
    r"|\b(?:books?|cop(?:y|ies)|volumes?) and your money\b"
    r"|\b(?:as often|as many times|however many)\b|\bhowever \w+(?=[.;!]|,? (?:it|they|the|you|your)\b)"
    r"|\b(?:no need|needn['’]t|not have|don['’]t (?:have|need)|without) (?:to )?(?:send|return)(?:ing)?\b"
    r"|\bcancel\b.{0,30}\b(?:after|once) (?:it|the|they)\b"
    # without an end
    r"|\b(?:at )?any ?time(?! within| in| up to| before| until)|\bwhenever(?: you (?:like|want)| suits"
    r"|(?=[.,;!]))"
    r"|\bfor ?ever\b|\bfor life\b|\blifetime\b|\bunlimited\b|\bfor as long as\b"
    r"|\ball the time (?:in the world|you need)\b"
    r"|\bno (?:time )?limits?\b|\bno deadline\b|\beven (?:after|once|weeks|months|years)\b"
    # goods kept, sums multiplied, cash for vouchers
    r"|\b(?:twice|double|triple) the\b|\bin cash\b|\bdifference plus\b"
    r"|\b(?:keep|hang on to|hold on ?to) (?:it|them|both|the (?:old|damaged|torn|wrong|first|book"
    r"|volume|copy)\b)"
    r"(?!(?: \w+)? (?:until|safe|in|for|unread|as|till|while)\b)"
    r"|\beven if (?:you['’]ve|you have|it['’]s|it is|they['’]re|it has been) (?:already |been )?"
    r"(?:read|opened|used|unwrapped|damaged)\b"
)
_UNUSED = _r(r"\bun(?:read|opened|used|wrapped)\b")
_USED = _r(
    r"\bread or unread\b|\bopened or (?:un\w+|not)\b"
    r"|\b(?:already|been|you['’]ve|you have|fully|half|well|even a)[- ](?:already |been )?(?:read"
    r"|opened|used|unwrapped)\b"
    r"|\b(?:opened|well-read|used|dog-eared) (?:books?|volumes?|cop(?:y|ies)|items?|sets?)\b"
    r"|\b(?:a|any|your|the) read (?:books?|volumes?|copy)\b|\b(?:after|once) (?:reading"
    r"|you finish\w*) (?:it|them)\b"
)
_DISLIKE = _r(
    r"\b(?:if|when|should) you (?:don['’]t|do not|didn['’]t|did not) (?:like|love|enjoy) (?:it|them)\b"
    r"|\bnot (?:happy|satisfied|thrilled)\b|\bsatisfaction\b|\b(?:if|when|should) (?:you"
    r"|it) (?:\w+ ){0,4}?(?:hate|dislike|bores?|disappoints?)\b"
    r"|\bunless you (?:like|love|enjoy)\b"
)
_BOUNDED = _r(r"\bdays?\b|\bweeks?\b|\bunread\b|\bunopened\b|\bpolicy\b|\bterms\b")
_UNIVERSAL = _r(r"\b(?:always|every|each|all|never|ever|any)\b")
_CONDITION = _r(
    r"\b(?:if|when|where|whenever|provided|as long as|since|because|unless|otherwise|fault|mistake"
    r"|error|wrong"
    r"|faulty|damaged|torn)\b"
)


@dataclass(frozen=True)
class Verdict:
    """What policy says to a promise; `extra` is a further stretch that the verdict rests on."""

    label: str
    why: str
    counts: bool
    extra: tuple[int, int] | None = None


def strengthened(
    text: str,
    sentence: Span,
    kind: Kind,
    anchor: tuple[int, int],
    promises: tuple[Promise, ...],
    rules: Rules,
) -> Verdict | None:
    """A promise that goes beyond by its wording alone, whatever its time or amount; None where none does."""
    if kind not in _KINDS or not promises:
        return None
    low, high = max(sentence.start, anchor[0] - _REACH), min(sentence.end, anchor[1] + _REACH)
    around = max(sentence.start, low - _REACH), min(sentence.end, high + _REACH)
    says = " ".join(one.text for one in promises)
    said = quote(promises[0])
    if kind is REFUND and not re.search(r"\bfull\b", says, re.IGNORECASE) and not _FULL.search(says):
        full = _FULL.search(text, low, high)
        if full:
            return _beyond(kind, f'promised in full; policy says only "{said}"', full)
    if kind in (REFUND, RETURNS):
        verdict = _unlike_policy(text, kind, (low, high), around, rules)
        if verdict:
            return verdict
    absolute = _ABSOLUTE.search(text, low, high)
    if absolute and absolute.group().lower() not in says.lower():
        return _beyond(kind, f'promised without conditions; policy says "{said}"', absolute)
    if kind is FREE_SHIPPING and all(re.search(r"\bif\b", one.text, re.IGNORECASE) for one in promises):
        universal = _UNIVERSAL.search(text, low, high)
        if universal and not _CONDITION.search(text, *around):
            return _beyond(kind, f'promised in every case; policy says "{said}"', universal)
    return None


def _unlike_policy(
    text: str, kind: Kind, reach: tuple[int, int], around: tuple[int, int], rules: Rules
) -> Verdict | None:
    """Goods that policy does not take back: used ones where it says "unread", or whatever did not please."""
    policy = (*rules[RETURNS], *rules[REFUND])
    terms = next((one for one in policy if _UNUSED.search(one.text)), None)
    used = _USED.search(text, *reach)
    if used and terms:
        return _beyond(kind, f'promised for goods "{used.group()}"; policy says "{quote(terms)}"', used)
    dislike = _DISLIKE.search(text, *reach)
    if (
        dislike
        and not any(_DISLIKE.search(one.text) for one in policy)
        and not _BOUNDED.search(text, *around)
    ):
        return _beyond(kind, f'promised to whoever is not pleased; policy says "{quote(policy[0])}"', dislike)
    return None


def quote(promise: Promise) -> str:
    """The text of a promise, cut where it is long."""
    return promise.text if len(promise.text) <= QUOTE else promise.text[: QUOTE - 1] + "…"


def _beyond(kind: Kind, why: str, where: re.Match[str]) -> Verdict:
    return Verdict("goes beyond", f"{kind.name}: {why}", True, where.span())
