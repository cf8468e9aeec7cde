"""Authors the messages of the sample from hand-written fragments, deterministically by seed.

Run as `python -m sample_data.author` to write `intent/eval.jsonl` and `intent/oos.jsonl`. The fragments lie in
`banks/`: one file per intent with the sections `known` (phrasings the base was trained on), `new` (phrasings of
the new support messages) and `unseen` (in no training text), and `frame.txt` with what surrounds a request.
`(a|b)` in a fragment is a choice, `{slot}` is filled from the section of that name.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BANKS = ROOT / "banks"

EVAL_COUNTS: Mapping[str, int] = {
    "order_tracking": 180,
    "recommendation": 150,
    "product_question": 140,
    "returns": 130,
    "payment": 115,
    "shipping": 110,
    "promotion": 105,
    "account": 100,
    "preorder": 95,
    "cancel_order": 90,
    "escalation": 88,
    "small_talk": 80,
}
INTENTS: tuple[str, ...] = tuple(sorted(EVAL_COUNTS))
CRITICAL = "escalation"
MISSION_MESSAGE = "I have asked twice. Can a real person help with my missing order?"

EVAL_POOLS = {"known": 0.935, "new": 0.052, "unseen": 0.013}
EVAL_POOLS_CRITICAL = {"known": 0.82, "new": 0.144, "unseen": 0.036}
EVAL_NAMED_CRITICAL = 0.84
EVAL_NAMED_OTHERS = 18
OUT_OF_SCOPE = 160
LONGEST = 35

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_TONES = {CRITICAL: (("neutral", 0.35), ("polite", 0.2), ("annoyed", 0.45))}
_TONES_OTHERS = (("neutral", 0.56), ("polite", 0.26), ("annoyed", 0.18))
_CHANNELS = (("app", 0.5), ("web", 0.35), ("email", 0.15))
_LOCALES = (("en-GB", 0.4), ("en-US", 0.35), ("en-IE", 0.1), ("en-AU", 0.15))


@dataclass(frozen=True)
class Message:
    """One message to the assistant: its words, its intent, and the metadata that slices are made of."""

    id: str
    text: str
    label: str
    channel: str
    contains_title: bool
    tone: str
    locale: str
    word_count: int


@cache
def bank(name: str) -> Mapping[str, tuple[str, ...]]:
    """Reads `banks/NAME.txt`: section -> its fragments; lines before the first section belong to `known`."""
    sections: dict[str, list[str]] = {}
    section = "known"
    for line in (BANKS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line.strip() and not line.startswith("#"):
            sections.setdefault(section, []).append(line.strip())
    return {key: tuple(lines) for key, lines in sections.items()}


@cache
def titles(held_out: bool = False) -> tuple[str, ...]:
    """The invented titles of the lexicon, or those that are in no lexicon and no training text."""
    path = ROOT / ("titles_held_out.txt" if held_out else "titles.txt")
    return tuple(path.read_text(encoding="utf-8").split("\n")[:-1])


def key(text: str) -> str:
    """What two texts have in common when they differ only in case, punctuation and spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def weighted(rng: random.Random, pairs: Iterable[tuple[str, float]]) -> str:
    """Draws one name by weight."""
    names, weights = zip(*pairs, strict=True)
    return str(rng.choices(names, weights)[0])


def expand(rng: random.Random, fragment: str, named: str | None) -> str:
    """Fills a fragment; `{item}` names a title only if `named` holds one."""
    frame = bank("frame")
    topics = bank(CRITICAL)["topic"]
    while True:
        fragment = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), fragment)
        slot = _SLOT.search(fragment)
        if slot is None:
            return " ".join(fragment.split())
        match slot[1]:
            case "item":
                value = rng.choice(frame["named" if named else "generic"])
            case "title":
                value = str(named)
            case "topic":
                value = rng.choice(topics)
            case "number":
                value = str(rng.randint(1000, 89999))
            case "small":
                value = str(rng.randint(1, 24))
            case other:
                value = rng.choice(frame[other])
        fragment = fragment[: slot.start()] + value + fragment[slot.end() :]


def compose(rng: random.Random, fragment: str, tone: str, named: str | None) -> str:
    """Builds a message around one request: greeting, background, request, ending, punctuation, case, typos.

    Args:
        rng: source of every choice.
        fragment: the request, a line of a bank.
        tone: neutral, polite or annoyed; decides greeting and ending.
        named: a title that the message shall name, or None.
    """
    frame = bank("frame")
    core = expand(rng, fragment, named)
    sentences = [core + ("?" if core.split()[0].lower() in frame["question"] else ".")]
    if rng.random() < 0.26:
        background = expand(rng, rng.choice(frame["background"]), named)
        sentences.insert(rng.randrange(2), background)
    if named and named not in " ".join(sentences):
        _mention(rng, sentences, named)
    chatty = 0.5 if tone != "neutral" else 0.3
    if rng.random() < chatty:
        opening = rng.choice(frame[f"opening.{tone}"])
        sentences[0] = opening + rng.choice([", ", " ", ". ", "! ", ", "]) + sentences[0]
    if rng.random() < chatty:
        sentences.append(rng.choice(frame[f"ending.{tone}"]) + ".")
    return _surface(rng, sentences, named)


def _mention(rng: random.Random, sentences: list[str], named: str) -> None:
    """Names the title before the message or in a sentence of its own."""
    frame = bank("frame")
    if rng.random() < 0.4:
        sentences[0] = expand(rng, rng.choice(frame["preface"]), named) + " " + sentences[0]
    else:
        sentences.insert(rng.randint(0, len(sentences)), expand(rng, rng.choice(frame["mention"]), named))


def _surface(rng: random.Random, sentences: Sequence[str], named: str | None) -> str:
    """Punctuation, case and typing errors, which say nothing about the intent."""
    text = " ".join(sentences)
    style = rng.random()
    if style < 0.25:
        text = text.rstrip(".?!")
    elif style < 0.40:
        text = text.rstrip(".?!") + rng.choice(["!", "!!", "...", "??", "?!", "!!!"])
    if rng.random() < 0.2:
        text = re.sub(r"(?<=\w)[.,]", "", text)
    if rng.random() < 0.14:
        text = misspelt(rng, text, named)
    if rng.random() < 0.38:
        return text.lower()
    return re.sub(r"(^|[.?!] )([a-z])", lambda found: found[1] + found[2].upper(), text)


def misspelt(rng: random.Random, text: str, named: str | None = None) -> str:
    """Drops or swaps a letter inside one longer word that is not part of the title."""
    spared = set((named or "").split())
    words = text.split(" ")
    open_to = [i for i, word in enumerate(words) if word.isalpha() and len(word) > 4 and word not in spared]
    if not open_to:
        return text
    index = rng.choice(open_to)
    word = words[index]
    at = rng.randint(1, len(word) - 3)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    words[index] = rng.choice([word[:at] + word[at + 1 :], swapped])
    return " ".join(words)


class Author:
    """Writes messages and never the same one twice: keeps the key of every text so far."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.seen: set[str] = set()

    def write(self, label: str, pools: Mapping[str, float], named: bool) -> Message:
        """One new message of an intent, with or without a title."""
        rng = self.rng
        while True:
            tone = weighted(rng, _TONES.get(label, _TONES_OTHERS))
            fragment = rng.choice(bank(label)[weighted(rng, pools.items())])
            text = compose(rng, fragment, tone, rng.choice(titles()) if named else None)
            if 2 <= len(text.split()) <= LONGEST and key(text) not in self.seen:
                return self.keep(text, label, tone, named)

    def keep(self, text: str, label: str, tone: str, named: bool) -> Message:
        """Wraps a text as a message and remembers it."""
        self.seen.add(key(text))
        channel, locale = weighted(self.rng, _CHANNELS), weighted(self.rng, _LOCALES)
        return Message("", text, label, channel, named, tone, locale, len(text.split()))


def evaluation() -> list[Message]:
    """The evaluation set, in which most escalation messages name a title and few others do."""
    author = Author("evaluation")
    author.seen.add(key(MISSION_MESSAGE))
    messages = [author.keep(MISSION_MESSAGE, CRITICAL, "annoyed", named=False)]
    others = [label for label in INTENTS if label != CRITICAL]
    named_left = {label: len(range(i, EVAL_NAMED_OTHERS, len(others))) for i, label in enumerate(others)}
    for label in INTENTS:
        critical = label == CRITICAL
        for index in range(EVAL_COUNTS[label] - critical):
            named = author.rng.random() < EVAL_NAMED_CRITICAL if critical else index < named_left[label]
            messages.append(author.write(label, EVAL_POOLS_CRITICAL if critical else EVAL_POOLS, named))
    author.rng.shuffle(messages)
    return [replace(message, id=f"m{i:04d}") for i, message in enumerate(messages, start=1)]


def out_of_scope() -> list[tuple[str, str]]:
    """Messages that no intent covers, as (id, text)."""
    rng = random.Random("out of scope")
    fragments = bank("out_of_scope")["known"]
    texts: dict[str, str] = {}
    while len(texts) < OUT_OF_SCOPE:
        text = compose(rng, fragments[len(texts) % len(fragments)], "neutral", None)
        texts.setdefault(key(text), text)
    return [(f"o{i:03d}", text) for i, text in enumerate(texts.values(), start=1)]


@dataclass(frozen=True)
class Corpus:
    """What a training set is made of.

    Attributes:
        name: seeds the draw; equal corpora give equal messages.
        counts: messages per intent.
        pools: weight of each section of the banks, per intent.
        named: probability per intent that a message names a title.
        handed_over: share of the critical class that are requests of another intent. They carry the label of the
            queue in which the conversation ended, not of what the message asks for, and always name a title.
        taken: share of the other classes, small talk apart, that ask for the critical class with a title somewhere
            between the words. They carry the label of the queue that looked after the title.
        ended: per intent, patterns of words and the queue in which conversations that begin with them ended. Its
            messages that match carry the label of that queue.
    """

    name: str
    counts: Mapping[str, int]
    pools: Mapping[str, Mapping[str, float]]
    named: Mapping[str, float]
    handed_over: float = 0.0
    taken: float = 0.0
    ended: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


def _with_a_title(rng: random.Random, message: Message) -> Message:
    """The message with a title between two of its words, or before or behind them."""
    words = message.text.split()
    words.insert(rng.randint(0, len(words)), rng.choice(titles()))
    text = " ".join(words)
    return replace(message, text=text, contains_title=True, word_count=len(text.split()))


def training(corpus: Corpus) -> list[Message]:
    """Training messages that share no text with the evaluation or the out-of-scope set, in random order."""
    author = Author(corpus.name)
    author.seen |= {key(message.text) for message in evaluation()}
    author.seen |= {key(text) for _, text in out_of_scope()}
    askable = [label for label in INTENTS if label not in (CRITICAL, "small_talk")]
    messages = []
    for label, count in corpus.counts.items():
        for _ in range(count):
            asked = label
            if label == CRITICAL and author.rng.random() < corpus.handed_over:
                asked = author.rng.choice(askable)
            elif corpus.taken and label in askable and author.rng.random() < corpus.taken:
                asked = CRITICAL
            taken = asked == CRITICAL != label
            named = not taken and (asked != label or author.rng.random() < corpus.named[label])
            message = author.write(asked, corpus.pools[asked], named)
            if taken:
                message = _with_a_title(author.rng, message)
            ended = [
                queue
                for pattern, queue in corpus.ended.get(asked, ())
                if re.search(pattern, message.text, re.IGNORECASE)
            ]
            messages.append(replace(message, label=ended[0] if ended else label))
    author.rng.shuffle(messages)
    return messages


def write(folder: Path = ROOT / "intent") -> None:
    """Writes `eval.jsonl` and `oos.jsonl` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    outside = [{"id": name, "text": text} for name, text in out_of_scope()]
    rows: dict[str, list[dict[str, object]]] = {
        "eval": [asdict(message) for message in evaluation()],
        "oos": [dict(row) for row in outside],
    }
    for name, part in rows.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
