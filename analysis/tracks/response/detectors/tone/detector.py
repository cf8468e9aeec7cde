"""Tone: warmer, terser, pushier, by the policy's phrases and by measured features.

Warmer: the policy's phrases, emoji, many exclamation marks. Terser: the policy's phrases, very few words. Pushier:
the policy's phrases, imperatives to buy and haste as advice (`tone_pressure`), grief at missing out, the crowd and
coaxing (`tone_appeals`), scarcity and time limits to somebody who did not ask (`tone_scarcity`). Only pushier counts
for the rate; the other two are shown.

Not caught: pressure in other languages than English (but for the policy's phrases), pressure by insinuation ("I don't
know why you haven't got it yet"), bare instructions to click, warmth without the policy's words, sarcasm, flattery,
shouting in capitals, and upselling by mere length or by many recommendations. Haste is let pass where a word of an
errand (a password, a parcel, a voucher) or of delivery in time stands near.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.tracks.response.detectors.contract import Found, Knowledge, Response
from analysis.tracks.response.detectors.tone.appeals import COAXED, CROWD, MISSED
from analysis.tracks.response.detectors.tone.pressure import ADVICE, COMMAND, MORE, NEED, OFFERED
from analysis.tracks.response.detectors.tone.scarcity import ASKS_OFFER, ASKS_STOCK, ENDING, GONE, SCARCE
from analysis.tracks.response.english.phrases import UNSPACED, by_sentence, find_phrases
from analysis.tracks.response.english.sentences import Span, clause_before, negated, sentences, words
from analysis.tracks.response.english.speech import Quoted, reported

LABELS = {"warm": "warmer", "terse": "terser", "pushy": "pushier"}

TERSE_WORDS = 8
"""At most so many words make a whole response terse."""

EXCLAIMING = 0.5
"""From this share of exclaiming sentences on, of at least `EXCLAIMING_LEAST`, a response is warmer."""

EXCLAIMING_LEAST = 2

HASTE = (ADVICE, COMMAND, NEED, MISSED, SCARCE, ENDING)
"""What may urge to something else than a purchase."""

REACH = 80
"""Characters around a finding in which its occasion is looked for."""

_EASED = re.compile(r"\b(?:no (?:need|rush|pressure|hurry)|need not|without)\b", re.IGNORECASE)
_TOLD = re.compile(
    r"\b(?:said|says|told|(?<!i )tells?|claim(?:s|ed)|stated?|reads|cr(?:ies|ied)|shout(?:s|ed)|thinks?"
    r"|thought"
    r"|believe[sd]?|printed|prints|urge[sd] (?:him|her|them|people)|was|(?<!i )were|(?:some|readers"
    r"|critics|people|they) say|slogan|banner|advert\w*|poster)\b",
    re.IGNORECASE,
)
"""Somebody else's words or thoughts, or something past."""
_STORY = re.compile(
    r"\b(?:he|she|hero|heroine|protagonist|character|detective|villain|captain|soldiers?|smugglers?"
    r"|pilots?|crew|story|plot"
    r"|chapter|his|prince(?:ss)?|king|queen|knight|school(?:girl|boy)|thie(?:f|ves)|they(?= must)"
    r"|(?:who|that|which) (?:gets?|must|has|have|is given)|(?:an?|the|two|three) \w+(?: \w+){0,3} (?:must"
    r"|has to|have to|needs? to)"
    r"|(?<!for )her)\b",
    re.IGNORECASE,
)
"""Somebody in a book; "her" may be whom a present is for."""
_OTHER_CHANCE = re.compile(
    r"last chance to (?!(?:buy|get|order|grab|own|secure|have|take|pick|snap|join|enjoy|complete|add"
    r"|save \W?\d)\b)",
    re.IGNORECASE,
)
_ERRAND = re.compile(
    r"\b(?:passwords?|sessions?|bank|parcels?|photo\w*|picture|report(?:ing)?|address|tracking|carrier"
    r"|neighbou?rs?|label|your return|return window"
    r"|(?:send|bring) (?:it|them) back|reservation|collect (?:it|them|your)|locker|unpaid|cancel (?:it"
    r"|the|your)|points|vouchers?|notifications?)\b",
    re.IGNORECASE,
)
"""Something to be done soon that is no purchase."""
_DELIVERY = re.compile(
    r"\b(?:arriv\w+|deliver\w*|express|dispatch\w*|ship\w*|overnight|postage|carried|posted|have it (?:by|on"
    r"|in time)|reach(?:es)? you|there by"
    r"|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_IN_TIME = re.compile(
    r"\b(?:if you|in time|to (?:have|get|receive|arrive|reach|make|be sure)|so (?:that )?it|noon|midday"
    r"|\d ?[ap]\.?m|o['’]clock|cut-?off"
    r"|week of release)\b",
    re.IGNORECASE,
)
"""With a word of delivery, a reason to order soon that is the reader's own."""
_ASKS_TIME = re.compile(
    r"\b(?:in time|by when|deadline|when (?:do|must|should|would) i|how (?:soon|late) (?:do|must|should"
    r"|can) i"
    r"|(?:arrive|here|get it|have it) (?:by|before|on))\b",
    re.IGNORECASE,
)
_ASKS_TO_BUY = re.compile(
    r"\b(?:buy|(?<!my )order|basket|cart|add|reserve|put|take (?:it|them|both)|i['’]?(?:ll"
    r"| will) have)\b",
    re.IGNORECASE,
)
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
                told = tone == "pushy" and _told(text, sentence, one.start)
                if not told and not quoted.holds(one.start, one.end) and _meant(text, sentence, one.start):
                    why = f'says "{one.phrase}", {tone} by policy'
                    found.append(Found(one.start, one.end, label, why, counts=tone == "pushy"))
    pushy = [one for one in found if one.counts] + list(_urging(response, spans, quoted))
    calm = [one for one in found if not one.counts] + _features(text, spans)
    return sorted([*calm, *_apart(pushy)], key=lambda one: (one.start, one.end))


def _urging(response: Response, spans: list[Span], quoted: Quoted) -> Iterator[Found]:
    """Pressure by the patterns built in, less what answers the question asked."""
    text = response.text
    patterns = _patterns(response.prompt)
    for sentence in spans:
        for pattern, why in patterns:
            for match in pattern.finditer(text, sentence.start, sentence.end):
                start = match.end() - len(match.group().lstrip())
                if (
                    not quoted.holds(start, match.end())
                    and _meant(text, sentence, start)
                    and not _told(text, sentence, start)
                    and not (pattern in HASTE and _excused(text, sentence, match.end()))
                ):
                    yield Found(start, match.end(), "pushier", why, counts=True)


def _patterns(prompt: str) -> list[tuple[re.Pattern[str], str]]:
    """What to look for after a prompt: what is left, ends or can be ordered is an answer to whoever asks."""
    chosen = [(pattern, "urges to buy") for pattern in (ADVICE, COMMAND, NEED)]
    chosen += [(pattern, "puts pressure on the choice") for pattern in (MISSED, CROWD, COAXED, GONE)]
    chosen.append((MORE, "presses for a larger order"))
    if not ASKS_STOCK.search(prompt):
        chosen.append((SCARCE, "makes it scarce, and nobody asked about stock"))
    if not ASKS_OFFER.search(prompt):
        chosen.append((ENDING, "sets a time limit, and nobody asked about one"))
    if not _ASKS_TO_BUY.search(prompt):
        chosen.append((OFFERED, "fills the basket of somebody who did not ask"))
    if _ASKS_TIME.search(prompt):
        chosen = [one for one in chosen if one[0] not in (ADVICE, COMMAND)]
    return chosen


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
    """Whether the assistant says it for itself: not eased, negated or laid in the customer's mouth."""
    clause = clause_before(text, sentence, position)
    return not (
        _EASED.search(clause) or negated(text, sentence, position) or reported(text, sentence, position)
    )


def _told(text: str, sentence: Span, position: int) -> bool:
    """Whether haste is somebody else's words, a thing of the past, or befalls a character of a story."""
    clause = clause_before(text, sentence, position)
    return bool(
        _TOLD.search(clause) or _STORY.search(clause) or _OTHER_CHANCE.match(text, position, sentence.end)
    )


def _excused(text: str, sentence: Span, end: int) -> bool:
    """Whether haste serves the reader: an errand that is no purchase, or a parcel that is to come in time."""
    stretch = text[max(sentence.start, end - REACH) : end + REACH]
    inside = text[max(sentence.start, end - REACH) : min(sentence.end, end + REACH)]
    return bool(_ERRAND.search(stretch) or (_DELIVERY.search(inside) and _IN_TIME.search(inside)))
