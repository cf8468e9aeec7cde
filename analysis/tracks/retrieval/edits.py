"""The same item with another publisher, template or title: edits of its text, found in the catalogue itself.

Nothing is configured and nothing is invented: a value is replaced by another one that texts of the catalogue
name, words that items of one value begin or end with by those of another, a title by a much longer or shorter one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import regex

from analysis.base.seeds import draw
from analysis.text.units import NO_WORD_AFTER, NO_WORD_BEFORE, runs_on

MAX_ITEMS = 200
"""Items that are edited for one attribute; drawn from the seed where more could be."""
SHARED = 0.6
"""Share of the items of one value that begin or end with the same words, for these to be its template."""
ELSEWHERE = 0.1
"""Share of the other items that may begin or end with them as well."""
MIN_WORDS = 3
"""Words of a template; fewer are shared by accident."""
MIN_SHARING = 5
"""Items of one value from which its template can be read."""
LONGER = 2.0
"""How many times as long as the other one of two titles must be."""
TITLE_LENGTH = "title_length"
_TITLE = "\ufffc"


@dataclass(frozen=True)
class Item:
    """An item as edits see it: its value of the attribute is `labels` or a `number`; `title` is None without one."""

    ref: str
    text: str
    title: str | None
    labels: tuple[str, ...]
    number: float | None = None


@dataclass(frozen=True)
class Edit:
    """An edited text; `donor` is the item whose title was put in, or None."""

    ref: str
    text: str
    old: str
    new: str
    donor: str | None = None


def edits(attribute: str, kind: str, items: Sequence[Item], seed: int) -> tuple[list[Edit], str]:
    """At most MAX_ITEMS edits of one attribute, one an item, and why there are none.

    Of replacing the name and replacing the template, the one that more items allow.

    Args:
        attribute: its name.
        kind: categorical, multi-valued or numeric.
        items: those that have the attribute.
        seed: of the review; the same seed makes the same edits.
    """
    if attribute == TITLE_LENGTH and _counted(items):
        made, why = (
            other_titles(items, seed),
            "no item has its title in its text, and another much longer or shorter",
        )
    elif kind == "numeric":
        made, why = [], "a number: no edit of the text would change it alone"
    else:
        named, shared = other_names(attribute, items, seed), other_templates(attribute, items, seed)
        made = named if len(named) >= len(shared) else shared
        why = (
            f"the text of items does not name the {attribute}, and no words at its start or end belong to one"
        )
    chosen = sorted(made, key=lambda edit: draw(seed, attribute, edit.ref))[:MAX_ITEMS]
    return sorted(chosen, key=lambda edit: edit.ref), "" if chosen else why


def _counted(items: Sequence[Item]) -> bool:
    """Whether the attribute is the characters of each title, and no column of the user's that is called so."""
    return all(item.title is not None and item.number == len(item.title) for item in items)


def other_names(attribute: str, items: Sequence[Item], seed: int) -> list[Edit]:
    """Texts that name a label of theirs, with another label that some text names in its place."""
    found = [(item, label) for item in items if (label := _named(item)) is not None]
    labels = sorted({label for _, label in found})
    out = []
    for item, label in found:
        others = [other for other in labels if other not in item.labels]
        if others:
            new = others[draw(seed, attribute, item.ref, "name") % len(others)]
            out.append(Edit(item.ref, _replaced(item.text, label, new), label, new))
    return out


def other_templates(attribute: str, items: Sequence[Item], seed: int) -> list[Edit]:
    """Texts that begin or end with the words of their value, with those of another value in their place.

    Items with several labels are left out: their words belong to no one label.
    """
    single = [item for item in items if len(item.labels) == 1]
    words = {item.ref: _marked(item) for item in single}
    by_label: dict[str, list[list[str]]] = {}
    for item in single:
        by_label.setdefault(item.labels[0], []).append(words[item.ref])
    starts, ends = _templates(by_label), _templates(_turned(by_label))
    labels = sorted(starts.keys() | ends.keys())
    out = []
    for item in single:
        own, label = words[item.ref], item.labels[0]
        start = starts.get(label, ())
        end = ends.get(label, ())[::-1]
        start = start if start and tuple(own[: len(start)]) == start else ()
        end = end if end and tuple(own[len(own) - len(end) :]) == end else ()
        middle = own[len(start) : len(own) - len(end)]
        others = [other for other in labels if other != label]
        if not (start or end) or not others or not middle or len(start) + len(end) > len(own):
            continue
        new = others[draw(seed, attribute, item.ref, "template") % len(others)]
        changed = " ".join([*starts.get(new, ()), *middle, *ends.get(new, ())[::-1]])
        if item.title is None and _TITLE in changed:
            continue
        out.append(Edit(item.ref, changed.replace(_TITLE, item.title or ""), label, new))
    return out


def other_titles(items: Sequence[Item], seed: int) -> list[Edit]:
    """Texts that hold their title, with the title of an item that is much longer or shorter."""
    titled = [(item, item.title) for item in items if item.title]
    by_length = sorted(
        {title: item.ref for item, title in reversed(titled)}.items(), key=lambda one: len(one[0])
    )
    out = []
    for item, title in titled:
        if not _pattern(title).search(item.text):
            continue
        fitting = [
            (other, ref)
            for other, ref in by_length
            if max(len(other), len(title)) >= LONGER * min(len(other), len(title)) and ref != item.ref
        ]
        if fitting:
            other, ref = fitting[draw(seed, item.ref, "title") % len(fitting)]
            text = _replaced(item.text, title, other)
            out.append(Edit(item.ref, text, str(len(title)), str(len(other)), ref))
    return out


def _pattern(phrase: str) -> regex.Pattern[str]:
    before = "" if runs_on(phrase[0]) else NO_WORD_BEFORE
    after = "" if runs_on(phrase[-1]) else NO_WORD_AFTER
    return regex.compile(f"{before}{regex.escape(phrase)}{after}", regex.IGNORECASE)


def _replaced(text: str, old: str, new: str) -> str:
    """The text with one phrase for another, in small letters where it was."""
    changed: str = _pattern(old).sub(lambda match: new.lower() if match.group().islower() else new, text)
    return changed


def _named(item: Item) -> str | None:
    return next((label for label in item.labels if label and _pattern(label).search(item.text)), None)


def _marked(item: Item) -> list[str]:
    """The words of a text, with a mark for its title, so that a template that holds the title is one template."""
    return (_replaced(item.text, item.title, _TITLE) if item.title else item.text).split()


def _turned(by_label: Mapping[str, Iterable[list[str]]]) -> dict[str, list[list[str]]]:
    return {label: [words[::-1] for words in texts] for label, texts in by_label.items()}


def _templates(by_label: Mapping[str, Sequence[list[str]]]) -> dict[str, tuple[str, ...]]:
    """The longest first words that most texts of a label share and few of the others have."""
    out = {}
    for label, texts in by_label.items():
        shared: tuple[str, ...] = ()
        having = [words for words in texts if words]
        while having and len(texts) >= MIN_SHARING:
            at = len(shared)
            word, _ = Counter(words[at] for words in having).most_common(1)[0]
            matching = [words for words in having if words[at] == word]
            if len(matching) < SHARED * len(texts):
                break
            shared += (word,)
            having = [words for words in matching if len(words) > len(shared)]
        others = [words for other, rest in by_label.items() if other != label for words in rest]
        also = sum(tuple(words[: len(shared)]) == shared for words in others)
        if len(shared) >= MIN_WORDS and also <= ELSEWHERE * len(others):
            out[label] = shared
    return out
