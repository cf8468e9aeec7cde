"""Authors the catalogue, the probes and the hard negatives of the sample, deterministically by seed.

Run as `python -m sample_data.author_retrieval` to write `retrieval/*.jsonl`. The fragments lie in
`banks/catalogue/`. A title is about a *motif*, one of five of its theme; a probe asks for a motif, for a theme in
a tone, for a title or for help with a topic, and what is relevant follows from that alone.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from sample_data.author import ROOT, bank, expand, key, titles

TITLES = 440
MISSION_PROBE = "Recommend manga like Monster but no spoilers."
MISSION_MOTIF = "manhunt"
ALIKE = 50
"""Hard negatives of each kind."""

_REGULAR_TEMPLATE = 0.65
_REGULAR_PUBLISHER = 0.22
_REGULAR_TONE = 0.45
_REGULAR_READERS = 0.5
_CONTRARY = ({"dark", "gentle"}, {"dark", "hopeful"}, {"dark", "funny"}, {"tense", "gentle"})
_TONE_PROBES = 3
_TITLE_PROBES = 30


@dataclass(frozen=True)
class Item:
    """One title, or one help article, of the catalogue; what an article does not have is None.

    Attributes:
        description: the text that an encoder sees.
        motif: what the story is about, finer than the theme; not written to the catalogue.
    """

    id: str
    title: str
    description: str
    theme: str | None = None
    tone: tuple[str, ...] | None = None
    demographic: str | None = None
    publisher: str | None = None
    template: str | None = None
    popularity: int | None = None
    volumes: int | None = None
    price: float | None = None
    author: str | None = None
    aliases: tuple[str, ...] = ()
    in_stock: bool | None = None
    spoilers: tuple[str, ...] = ()
    user_intent: tuple[str, ...] | None = None
    support_topic: str | None = None
    motif: str = field(default="", compare=False)


@dataclass(frozen=True)
class Probe:
    """One query and the ids of the items that answer it."""

    id: str
    query: str
    relevant: tuple[str, ...]
    family: str


def section(name: str) -> tuple[str, ...]:
    """The fragments of a section of `copy.txt`; none where there is no such section."""
    return bank("catalogue/copy").get(name, ())


def _rows(lines: Sequence[str]) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(";")] for line in lines]


@cache
def themes() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...], float]]:
    """Theme -> the tones that suit it, the readers that it mostly has, the weight of its popularity."""
    return {
        name: (tuple(tones.split(", ")), tuple(readers.split(", ")), float(weight))
        for name, tones, readers, weight in _rows(section("theme"))
    }


@cache
def publishers() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Publisher -> the template of its house, and the themes that it prefers."""
    rows = _rows(section("publisher"))
    return {name: (template, tuple(liked.split(", "))) for name, template, liked in rows}


@cache
def labels(kind: str) -> tuple[str, ...]:
    """The values of a part of `copy.txt`: `tone`, `demographic` or `template`."""
    names = [name.split(".")[1] for name in bank("catalogue/copy") if name.startswith(f"{kind}.")]
    return tuple(dict.fromkeys(names))


@cache
def motifs() -> Mapping[str, str]:
    """Motif -> its theme."""
    return {
        name.split(".")[0]: theme
        for theme in themes()
        for name in bank(f"catalogue/{theme.replace(' ', '_')}")
        if name.endswith(".premise")
    }


def of_motif(motif: str, part: str) -> tuple[str, ...]:
    """The fragments of a motif: its `premise`, or how it is asked for (`known`, `new`, `probe`)."""
    return bank(f"catalogue/{motifs()[motif].replace(' ', '_')}")[f"{motif}.{part}"]


@cache
def topics() -> tuple[str, ...]:
    """The topics of the help articles."""
    return tuple(name.split(".")[0] for name in bank("catalogue/support") if name.endswith(".article"))


def fill(text: str, **values: str) -> str:
    """Replaces `{name}` by its value."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def preferring(rng: random.Random, liked: Sequence[str], others: Sequence[str], share: float) -> str:
    """One of the liked with the given probability, and otherwise any."""
    return rng.choice(liked if rng.random() < share else others)


def new_title(rng: random.Random) -> str:
    """An invented title of one to fourteen words; it says nothing about theme or tone."""
    words = bank("catalogue/names")
    text = rng.choice(words["pattern"])
    while slot := re.search(r"\{(\w+)\}", text):
        text = text[: slot.start()] + rng.choice(words[slot[1]]) + text[slot.end() :]
    return text


@cache
def _listed_words() -> tuple[str, ...]:
    return tuple(sorted({word for title in titles() for word in title.split() if len(word) > 2}))


def mixed_title(rng: random.Random) -> str:
    """A title of two to four words of the shop's listed titles, in another order than theirs."""
    return " ".join(rng.sample(_listed_words(), rng.randint(2, 4)))


def described(rng: random.Random, item: Item) -> str:
    """The description of a title: the copy of its template around premise, tone, readers and publisher."""
    text = fill(
        rng.choice(section(f"template.{item.template}")),
        premise=expand(rng, rng.choice(of_motif(item.motif, "premise")), None),
        tone=" ".join(rng.choice(section(f"tone.{tone}.text")) for tone in item.tone or ()),
        readers=rng.choice(section(f"demographic.{item.demographic}.text")),
        publisher=str(item.publisher),
    )
    # The title goes in last, so that a title is never taken for a slot or the start of a sentence.
    text = re.sub(r"(^|[.?!:] )([a-z])", lambda found: found[1] + found[2].upper(), text)
    return fill(text, title=item.title)


def short_names(title: str) -> tuple[str, ...]:
    """What readers call a title: without its article, and by its initials."""
    words = title.split()
    bare = " ".join(words[1:]) if words[0] in ("The", "A") and len(words) > 2 else ""
    initials = "".join(word[0].upper() for word in words) if len(words) > 3 else ""
    return tuple(name for name in (bare, initials) if name)


def draw(rng: random.Random, title: str, motif: str) -> Item:
    """A title about a motif, with everything that a catalogue says of it."""
    theme = motifs()[motif]
    tones, readers, weight = themes()[theme]
    first = preferring(rng, tones, labels("tone"), _REGULAR_TONE)
    second = rng.choice(labels("tone"))
    both = rng.random() < 0.5 and second != first and {first, second} not in _CONTRARY
    tone = (first, second) if both else (first,)
    houses = [name for name, (_, liked) in publishers().items() if theme in liked]
    publisher = preferring(rng, houses, tuple(publishers()), _REGULAR_PUBLISHER)
    house = publishers()[publisher][0]
    names = bank("catalogue/names")
    endings = rng.sample(bank(f"catalogue/{theme.replace(' ', '_')}")["spoiler"], 2)
    item = Item(
        id="",
        title=title,
        description="",
        theme=theme,
        tone=tone,
        demographic=preferring(rng, readers, labels("demographic"), _REGULAR_READERS),
        publisher=publisher,
        template=preferring(rng, (house,), labels("template"), _REGULAR_TEMPLATE),
        popularity=round(weight * rng.lognormvariate(5.5, 0.9)),
        volumes=min(round(rng.lognormvariate(1.9, 0.8)) + 1, 60),
        price=rng.randint(6, 15) + 0.99,
        author=f"{rng.choice(names['given'])} {rng.choice(names['family'])}",
        aliases=short_names(title),
        in_stock=rng.random() < 0.8,
        spoilers=tuple(expand(rng, ending, None) for ending in endings),
        motif=motif,
    )
    return replace(item, description=described(rng, item))


@cache
def articles() -> tuple[Item, ...]:
    """The help articles."""
    found: list[Item] = []
    for topic in topics():
        for title, wants, text in _rows(bank("catalogue/support")[f"{topic}.article"]):
            identity = f"s{len(found) + 1:03d}"
            wanted = tuple(wants.split("+"))
            found.append(
                Item(
                    identity, title, f"{title}. {text}", user_intent=wanted, support_topic=topic, motif=topic
                )
            )
    return tuple(found)


def _fresh(rng: random.Random, seen: set[str], make: Callable[[random.Random], str]) -> str:
    """A text that is not in `seen` yet, and is then."""
    while key(text := make(rng)) in seen:
        continue
    seen.add(key(text))
    return text


@cache
def catalogue() -> tuple[Item, ...]:
    """All titles, evenly over the motifs, and after them the help articles."""
    rng = random.Random("catalogue")
    named = [(title, motif) for title, motif in _rows(bank("catalogue/titles")["known"])]
    left = {motif: -sum(motif == other for _, other in named) for motif in motifs()}
    seen = {key(title) for title, _ in named}
    while len(named) < TITLES:
        motif = max(left, key=lambda name: (left[name], name))
        left[motif] -= 1
        named.append((_fresh(rng, seen, new_title), motif))
    items = [draw(rng, title, motif) for title, motif in named]
    rng.shuffle(items)
    return tuple(replace(item, id=f"t{n:04d}") for n, item in enumerate(items, start=1)) + articles()


@cache
def stock(name: str, count: int, mixed: float) -> tuple[Item, ...]:
    """Titles for training: of the same kinds as those of the catalogue, none of them in it, and its articles.

    Args:
        name: seeds the draw.
        count: how many titles.
        mixed: share of titles that are made of the words of the listed ones.
    """
    rng = random.Random(f"stock {name}")
    seen = {key(item.title) for item in catalogue()}
    about = list(motifs())
    items = []
    for n in range(count):
        make = mixed_title if n < mixed * count else new_title
        items.append(draw(rng, _fresh(rng, seen, make), about[n % len(about)]))
    return (*items, *articles())


def ask(rng: random.Random, wish: str, pool: str, kind: str = "ask") -> str:
    """A shopper's words for a wish, in the phrasing of a pool."""
    return expand(rng, fill(rng.choice(section(f"{kind}.{pool}")), what=wish, title=wish), None)


def _having(**wanted: str) -> tuple[str, ...]:
    """Ids of the items with these values; of several tones, any."""

    def fits(item: Item) -> bool:
        values = {name: getattr(item, name) for name in wanted}
        return all(
            value in values[name] if isinstance(values[name], tuple) else value == values[name]
            for name, value in wanted.items()
        )

    return tuple(item.id for item in catalogue() if fits(item))


def _probes(rng: random.Random) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(query, relevant, family) of every probe."""
    yield MISSION_PROBE, _having(motif=MISSION_MOTIF), "no-spoiler"
    for motif in motifs():
        plain, guarded = of_motif(motif, "probe")
        yield ask(rng, plain, "probe"), _having(motif=motif), "theme"
        yield ask(rng, guarded, "probe", "ask.no_spoiler"), _having(motif=motif), "no-spoiler"
    for theme in themes():
        moods = {tone: _having(theme=theme, tone=tone) for tone in labels("tone")}
        rarest = sorted((len(ids), tone) for tone, ids in moods.items() if len(ids) > 2)[:_TONE_PROBES]
        for _, tone in rarest:
            wish = f"{section(f'tone.{tone}.probe')[0]} {rng.choice(section(f'theme.{theme}.new'))}"
            yield ask(rng, wish, "probe", "ask.mood"), moods[tone], "tone"
    listed = [title for title, _ in _rows(bank("catalogue/titles")["known"])]
    for title in dict.fromkeys([*listed[-6:], *rng.sample(listed, _TITLE_PROBES - 6)]):
        yield ask(rng, title, "probe", "ask.title"), _having(title=title), "title-like"
    for topic in topics():
        for words in bank("catalogue/support")[f"{topic}.probe"]:
            yield words, _having(support_topic=topic), "support"


@cache
def probes() -> tuple[Probe, ...]:
    """All probes; none is a training text."""
    found = list(_probes(random.Random("probes")))
    return tuple(
        Probe(f"q{n:03d}", query, relevant, family)
        for n, (query, relevant, family) in enumerate(found, start=1)
    )


def _words(title: str) -> set[str]:
    return set(key(title).split()) - {"the", "a", "of", "and", "in"}


def hard_negatives() -> list[dict[str, str]]:
    """Pairs of an item that answers a probe and one that does not and is easily confused with it.

    Three kinds: the same template and publisher with another theme; the same publisher and theme with
    another motif; a title that shares a word, with another theme.
    """
    rng = random.Random("hard negatives")
    items = {item.id: item for item in catalogue()}

    def confusable(kind: str, right: Item, wrong: Item) -> bool:
        if kind == "same template":
            same = (right.publisher, right.template) == (wrong.publisher, wrong.template)
            return same and right.theme != wrong.theme and bool(set(right.tone or ()) & set(wrong.tone or ()))
        if kind == "same publisher":
            same = (right.publisher, right.theme) == (wrong.publisher, wrong.theme)
            return same and right.motif != wrong.motif
        return right.theme != wrong.theme and bool(_words(right.title) & _words(wrong.title))

    families = {
        "same template": ("theme", "no-spoiler", "tone"),
        "same publisher": ("theme", "no-spoiler"),
        "similar name": ("theme", "no-spoiler", "title-like"),
    }
    rows: list[dict[str, str]] = []
    for kind, asked in families.items():
        found: list[tuple[str, str, str]] = []
        for probe in probes():
            if probe.family in asked:
                rights = [items[identity] for identity in probe.relevant]
                pairs = [
                    (probe.query, right.id, wrong.id)
                    for right in rights
                    for wrong in items.values()
                    if wrong.theme and wrong.id not in probe.relevant and confusable(kind, right, wrong)
                ]
                found += rng.sample(pairs, min(1, len(pairs)))
        for query, positive, negative in rng.sample(found, min(ALIKE, len(found))):
            row = {"id": f"h{len(rows) + 1:03d}", "query": query, "positive": positive}
            rows.append(row | {"negative": negative, "kind": kind})
    return rows


def _public(item: Item) -> dict[str, Any]:
    return {name: value for name, value in asdict(item).items() if name != "motif"}


def write(folder: Path = ROOT / "retrieval") -> None:
    """Writes `catalogue.jsonl`, `probes.jsonl` and `hard_negatives.jsonl` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, Any]]] = {
        "catalogue": [_public(item) for item in catalogue()],
        "probes": [asdict(probe) for probe in probes()],
        "hard_negatives": [dict(row) for row in hard_negatives()],
    }
    for name, part in rows.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
