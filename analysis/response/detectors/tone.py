"""Tone: warmer, terser, pushier, by the policy's phrases and by measured features.

Warmer: the policy's phrases, emoji, many exclamation marks. Terser: the policy's phrases, very few words. Pushier:
the policy's phrases, imperatives to buy, urgency ("only two left" to somebody who did not ask), pressure. Only
pushier counts for the rate; the other two are shown.

Not caught: pressure in other languages than English (but for the policy's phrases), warmth without the policy's
words, sarcasm, flattery, shouting in capitals, and upselling by mere length or by many recommendations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.response.detectors.base import Detector, Found, Knowledge, Response, always
from analysis.response.detectors.phrases import UNSPACED, by_sentence, find_phrases
from analysis.response.detectors.speech import Quoted, reported
from analysis.response.detectors.text import Span, negated, sentences, words

LABELS = {"warm": "warmer", "terse": "terser", "pushy": "pushier"}

TERSE_WORDS = 8
"""At most so many words make a whole response terse."""

EXCLAIMING = 0.5
"""From this share of exclaiming sentences on, of at least `EXCLAIMING_LEAST`, a response is warmer."""

EXCLAIMING_LEAST = 2

_NOW = r"(?:now|today|tonight|right away|immediately|this (?:minute|instant)|before|while|asap|quick(?:ly)?|fast)"
_BUY = r"(?:buy|order|purchase|get|grab|snap up|pick up|claim|secure|own|reserve|snag)"
PUSHY = re.compile(
    rf"(?:(?<=^)|(?<=[.!?:;,—–\n] )|(?<=\n)|\b(?:so|and|go ahead and|just|please|then|go) )(?:{_BUY}"
    rf"|add)\s(?:[\w’'-]+\s){{0,6}}?{_NOW}\b"
    r"|\b(?:grab|snag|snap up|claim|secure)\s(?:yours|it|them|a copy|your copy|your set|the (?:set|box"
    r"|whole)|this)\b"
    r"|\b(?:don['’]?t|do not|never) (?:miss (?:out|this|it|your)|wait\b|hesitate\b(?! to (?:ask|contact"
    r"|reach|write|call|tell|let))|let (?:this|it) slip|sleep on|think twice|delay)"
    r"|\b(?:act (?:fast|now|quick(?:ly)?)|hurry(?: up)?|what are you waiting for|why wait"
    r"|no time to (?:lose|waste)|time is running out|now or never)\b"
    r"|(?<!his )(?<!her )(?<!their )\b(?:last|final) (?:chance|opportunity) to (?:buy|get|order|grab"
    r"|own|secure)"
    r"|\blimited[- ]time\b|\bwhile (?:stocks?|supplies|they|it|copies) lasts?\b"
    r"|\b(?:before (?:it['’]s|they['’]re|it is|they are|we) (?:all )?(?:gone|sold out|run out|sell out"
    r"|too late))\b|\bselling (?:out )?fast\b|\bgoing fast\b|\bflying off\b"
    r"|\b(?:today|this week|tonight|right now) only\b|\bonly (?:for )?today\b|\b(?:ends"
    r"|expires) (?:tonight|today|tomorrow|soon)\b"
    r"|\byou(?:['’]ll| will)? (?:simply |just |really |absolutely |honestly |seriously )+(?:have to"
    r"|must|need to|should) (?:buy|own|order|get|have|grab|complete)\b"
    r"|\byou (?:must|have to|need to) (?:buy|own|order|grab|complete)\b|\byou(?:['’]ll| will) (?:regret"
    r"|kick yourself|be sorry)\b|\byou (?:won['’]t|will not|wouldn['’]t) regret\b"
    r"|\byou(?:['’]d| would) be (?:crazy|mad|silly|foolish)\b|\bno (?:real |true )?(?:fan|collector"
    r"|collection|shelf|reader)\b[^.!?\n]{0,30}\bwithout\b"
    r"|\bwhile you['’]?(?:re| are) (?:at it|here),? (?:\w+ )?(?:add|grab|get|buy|pick|throw)\b"
    r"|\btreat yourself\b|\bmust[- ](?:have|buy|own)\b"
    r"|\beveryone(?: else)? is (?:buying|getting|ordering)\b|\btrust me\b",
    re.IGNORECASE,
)
SCARCE = re.compile(
    r"\b(?:only|just) (?:a |an )?(?:\d{1,3}|one|two|three|four|five|six|few|handful"
    r"|couple)\b[^.!?\n]{0,30}\b(?:left|remaining|remain)\b"
    r"|\b(?:almost|nearly) (?:sold out|gone)\b|\bstock is (?:limited|running (?:low|out))\b"
    r"|\blast (?:copy|copies|one|few)\b",
    re.IGNORECASE,
)
_ASKS_STOCK = re.compile(
    r"\b(?:stock|available|availability|left|have (?:any|it|the)|carry|how many|sold out"
    r"|copies)\b",
    re.IGNORECASE,
)
_EASED = re.compile(r"\b(?:no (?:need|rush|pressure|hurry)|need not|without)\b", re.IGNORECASE)
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55]")
_EXCLAIMS = re.compile(r"[!！][^\w.?]*$")


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans labelled `warmer`, `terser` and `pushier`, in order; only the last counts."""
    text = response.text
    spans = sentences(text)
    quoted = Quoted(text)
    found: list[Found] = []
    for tone, label in LABELS.items():
        named = find_phrases(text, spans, tuple(knowledge.policy.tone.get(tone, ())))
        for sentence, phrases in by_sentence(named, spans):
            for one in phrases:
                if not quoted.holds(one.start, one.end) and _meant(text, sentence, one.start):
                    why = f'says "{one.phrase}", {tone} by policy'
                    found.append(Found(one.start, one.end, label, why, counts=tone == "pushy"))
    pushy = [one for one in found if one.counts] + list(_urging(response, spans, quoted))
    calm = [one for one in found if not one.counts] + _features(text, spans)
    return sorted([*calm, *_apart(pushy)], key=lambda one: (one.start, one.end))


def _urging(response: Response, spans: list[Span], quoted: Quoted) -> Iterator[Found]:
    """Pressure by the patterns built in; that little is left is an answer to whoever asks about stock."""
    text = response.text
    patterns = [(PUSHY, "urges to buy")]
    if not _ASKS_STOCK.search(response.prompt):
        patterns.append((SCARCE, "makes it scarce, and nobody asked about stock"))
    for sentence in spans:
        for pattern, why in patterns:
            for match in pattern.finditer(text, sentence.start, sentence.end):
                start = match.end() - len(match.group().lstrip())
                if not quoted.holds(start, match.end()) and _meant(text, sentence, start):
                    yield Found(start, match.end(), "pushier", why, counts=True)


def _apart(found: list[Found]) -> list[Found]:
    """The findings without those that begin within another."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _features(text: str, spans: list[Span]) -> list[Found]:
    """What is measured rather than looked up: words, exclamations, emoji."""
    found: list[Found] = []
    length = len(words(text))
    if 0 < length <= TERSE_WORDS and not UNSPACED.search(text):
        said = "1 word" if length == 1 else f"{length} words"
        found.append(Found(0, len(text), "terser", f"{said} in all", counts=False))
    exclaimed = [span for span in spans if _EXCLAIMS.search(text, max(span.start, span.end - 8), span.end)]
    if len(exclaimed) >= EXCLAIMING_LEAST and len(exclaimed) >= EXCLAIMING * len(spans):
        why = f"exclaims in {len(exclaimed)} of {len(spans)} sentences"
        found.append(Found(exclaimed[0].start, exclaimed[-1].end, "warmer", why, counts=False))
    for match in _EMOJI.finditer(text):
        found.append(Found(match.start(), match.end(), "warmer", "an emoji", counts=False))
    return found


def _meant(text: str, sentence: Span, position: int) -> bool:
    before = text[max(sentence.start, position - 40) : position]
    return not (
        _EASED.search(before) or negated(text, sentence, position) or reported(text, sentence, position)
    )


DETECTOR = Detector(
    name="tone",
    gate="response.tone",
    title="Pushy tone",
    detect=detect,
    applies=always,
    version=1,
)
