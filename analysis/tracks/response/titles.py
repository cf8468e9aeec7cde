"""Where a text names titles of the catalogue, and title-like names that it offers and the catalogue lacks.

A title is found as written, by an alias, or misspelt (RapidFuzz ratio, word by word). A title that is one
common word counts only where the text treats it as a title: in quotation marks or emphasis, capitalised inside
a sentence, after "the manga", before its author or a volume number, or where the prompt names it so.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex
from rapidfuzz import fuzz, process

from analysis.text.lexicon import Lexicon
from analysis.tracks.response.detectors.contract import Knowledge, Response, Title
from analysis.tracks.response.english.sentences import Span, emphases, folded, quotations, sentences, words
from analysis.tracks.response.english.word_lists import expressions, word_set

FUZZY_RATIO = 86.0
"""Least similarity, 0 to 100, of a misspelt title as a whole."""
FUZZY_WORD_RATIO = 60.0
"""Least similarity of each of its words: `Green Window` is no misspelling of `Green Meadow`."""
FUZZY_LETTERS = 6
"""A shorter name has to be spelt right."""
MOST_NAMES = 400
"""Title-like names of one text that are looked up; a longer list is a hostile one."""
MOST_NAME_WORDS = 16

_SMALL_WORDS = "of the and a an in to for at on with from no wa ga de la & vs"
_CONNECTORS = frozenset(_SMALL_WORDS.split())
_LATER = r"(?:\p{Lu}|\d)\w*+(?:['’]\w+)*+"
_RUN = regex.compile(
    rf"(?<![\w'’])\p{{Lu}}\w*+(?:['’]\w+)*+(?:[ -](?:(?:{'|'.join(_SMALL_WORDS.split())})[ -]){{0,6}}{_LATER}){{0,40}}"
)
"""Capitalised words one space apart, joined by small words as in `The Boat and the Sea`."""
_ARTICLE = re.compile(r"^(?:the|an?) ")
_CREDIT = re.compile(
    r"\s*(?:,? ?\(?(?:written |illustrated |drawn )?by [^\W\d_a-z]"
    r"|,? ?(?i:vol\.?|volumes?|#) ?\d|,? ?\(?(?:\d+|[a-z]+(?:-[a-z]+)?)[ -](?i:volumes?\b))"
)
_CHAIN = re.compile(r"[\"”*_»」』]{0,3}(?:, ?(?:and |or )?| and | or )[\"“*_«「『]{0,3}")
_ITEM = re.compile(r"(?:^|\n)\s*(?:[-•*‣–]|\d{1,3}[.)])\s+$")
_ITEM_AFTER = re.compile(r"\s*(?:[:—–(]|-\s|by\s[^\W\d_a-z])")
_WORDS = expressions("analysis.tracks.response", "titles.en.txt")
_NOT_TITLES, _PREFIXES = (
    word_set("analysis.tracks.response", "titles.en.txt", section) for section in ("shop", "opening")
)


@dataclass(frozen=True)
class Mention:
    """A name of a text: of one title of the catalogue, of several that share it, or of none where it lacks them.

    `similarity` is None for a title spelt as in the catalogue, else how near the spelling is (0 to 100); `offered`
    tells of a name that is no title whether it is set up as one by verb, list or mark-up.
    """

    start: int
    end: int
    name: str
    titles: tuple[Title, ...] = ()
    similarity: float | None = None
    offered: bool = True


class TitleIndex:
    """Titles and aliases of a catalogue, by spelling."""

    def __init__(self, catalogue: Sequence[Title]) -> None:
        titles: dict[str, dict[Title, None]] = {}
        names = dict.fromkeys(name for title in catalogue for name in (title.title, *title.aliases))
        for title in catalogue:
            for name in (title.title, *title.aliases):
                titles.setdefault(folded(name), {})[title] = None
        self._titles = {key: tuple(named) for key, named in titles.items() if key}
        self._acronyms = {folded(name) for name in names if name.isupper() and name.isalpha()}
        self._lexicon = Lexicon("titles", tuple(names))
        authors = dict.fromkeys(title.author or "" for title in catalogue)
        self.people = {part for author in authors for part in folded(author).split()}
        self.authors = Lexicon("authors", tuple(author for author in authors if " " in author))
        self._spellings = {_ARTICLE.sub("", key): key for key in self._titles} | {
            key: key for key in self._titles
        }
        self.keys = [key for key in self._spellings if len(key) >= FUZZY_LETTERS]

    def read(self, text: str, named: frozenset[str] = frozenset()) -> list[Mention]:
        """Titles and names that are none, in order; `named`: ids of titles that the prompt names."""
        page = _Page(text)
        found: list[Mention] = []
        for hit in self._lexicon.find(text):
            titles = self._titles.get(folded(text[hit.start : hit.end]), ())
            if titles and self._is_title(page, hit.start, hit.end, titles, named):
                found.append(Mention(hit.start, hit.end, titles[0].title, titles))
        ends = sorted(one.end for one in found)
        for name in page.names(found)[:MOST_NAMES]:
            before = bisect_right(ends, name.start) - 1
            listed = before >= 0 and bool(_CHAIN.fullmatch(text[ends[before] : name.start][:12]))
            new = self._misspelt(page, name) or self._unknown(page, name, listed)
            if new is not None:
                found.append(new)
                insort(ends, new.end)
        return sorted(found, key=lambda one: one.start)

    def _is_title(
        self, page: _Page, start: int, end: int, titles: tuple[Title, ...], named: frozenset[str]
    ) -> bool:
        surface = page.text[start:end]
        parts = surface.split()
        if folded(surface) in self._acronyms:
            return surface.isupper()
        if page.marked(start, end) or len(parts) >= 3 or page.set_up(start, end):
            return True
        if surface == surface.upper() == surface.lower():
            return len(surface) > 2
        capital = all(part[:1] != part[:1].lower() or part.lower() in _CONNECTORS for part in parts)
        if not capital or page.in_longer_name(start, end):
            return False
        asked = any(title.id in named for title in titles)
        return len(parts) > 1 or asked or start not in page.openings or page.talked_about(start, end)

    def _misspelt(self, page: _Page, name: Span) -> Mention | None:
        for start in page.starts(name):
            key = folded(page.text[start : name.end])
            if len(key) < FUZZY_LETTERS or (
                " " not in key and not (page.marked(start, name.end) or page.set_up(start, name.end))
            ):
                continue
            if (match := _nearest(self, key)) is not None:
                titles = self._titles[self._spellings[match[0]]]
                return Mention(start, name.end, titles[0].title, titles, match[1])
        return None

    def _unknown(self, page: _Page, name: Span, listed: bool) -> Mention | None:
        start = page.starts(name)[-1]
        surface = page.text[start : name.end]
        parts = folded(surface).split()
        marked, single = page.marked(start, name.end), len(parts) == 1
        if (
            not 1 <= len(parts) <= MOST_NAME_WORDS
            or _NOT_TITLES & {parts[0], parts[-1].strip(".,:;!?")}
            or set(parts) <= self.people
            or (single and parts[0] in _PREFIXES)
            or not surface[:1].isalnum()
            or (surface.endswith(("'s", "’s")) and not marked)
            # "Sure, volume 1 is in your basket": one word before a comma only opens the sentence.
            or (single and not marked and start in page.openings and page.text[name.end :][:1] == ",")
        ):
            return None
        offer = "list" if listed else page.offered(start, name.end)
        capital = surface[:1] != surface[:1].lower()
        named = bool(offer) and (marked or (offer != "praise" and not single))
        offered = named or page.set_up(start, name.end)
        if not offered and not (marked and capital):
            return None
        return Mention(start, name.end, surface, offered=offered)


@lru_cache(maxsize=4096)
def _nearest(index: TitleIndex, key: str) -> tuple[str, float] | None:
    """The known spelling nearest to a folded name, where it is near enough."""
    found = process.extractOne(key, index.keys, scorer=fuzz.ratio, score_cutoff=FUZZY_RATIO)
    if found is None:
        return None
    theirs, ours = found[0].split(), key.split()
    words_alike = (fuzz.ratio(a, b) >= FUZZY_WORD_RATIO for a, b in zip(theirs, ours, strict=False))
    return (found[0], found[1]) if len(theirs) == len(ours) and all(words_alike) else None


@lru_cache(maxsize=8)
def title_index(knowledge: Knowledge) -> TitleIndex:
    """The index over a catalogue, built once."""
    return TitleIndex(knowledge.catalogue)


def titles_in(response: Response, knowledge: Knowledge) -> tuple[list[Mention], list[Mention]]:
    """The titles that the prompt names, and every name in the answer, in order."""
    index = title_index(knowledge)
    asked = [one for one in index.read(response.prompt) if one.titles]
    return asked, index.read(response.text, frozenset(title.id for one in asked for title in one.titles))


class _Page:
    """A text with its sentences, marks and capitalised runs."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.openings = {_first_letter(text, span) for span in sentences(text)}
        marks = [*quotations(text), *emphases(text)]
        self._marks = {_trimmed(text, span) for span in marks}
        self.openings.update(span.start for span in self._marks)
        self._runs = [Span(*match.span()) for match in _RUN.finditer(text)]

    def marked(self, start: int, end: int) -> bool:
        return Span(start, end) in self._marks

    def set_up(self, start: int, end: int) -> bool:
        """Whether the words around say that this is a title, whatever the word: "the manga X", "X by A. Author"."""
        before, after = self._outside(start, end)
        return bool(_WORDS["before"].search(before)) or bool(_CREDIT.match(after))

    def talked_about(self, start: int, end: int) -> bool:
        """Whether what follows is said of things for sale; tells a title only from a capitalised name."""
        return bool(_WORDS["talk"].match(self._outside(start, end)[1]))

    def offered(self, start: int, end: int) -> str:
        """How the words before offer it: `list` (an item), `verb` ("try"), `praise` ("enjoy"), or not at all."""
        before, after = self._outside(start, end)
        if _ITEM.search(before) and (_ITEM_AFTER.match(after) or not after.strip()):
            return "list"
        if _WORDS["recommend"].search(before):
            return "verb"
        return "praise" if _WORDS["praise"].search(before) else ""

    def in_longer_name(self, start: int, end: int) -> bool:
        """Whether a neighbouring capitalised word makes this a part of another name; `and` joins two names."""
        run = next((one for one in self._runs if one.start <= start < one.end), None)
        if run is None:
            return False
        before, after = self.text[run.start : start], self.text[end : run.end]
        head = [] if before.endswith((" and ", "'s ", "’s ")) else before.split()
        if len(head) == 1 and (run.start in self.openings or head[0].lower() in _PREFIXES):
            head = []
        tail = [] if after.startswith(" and ") else after.split()
        if tail and tail[0].lower() in _CONNECTORS and not any(word[:1].isupper() for word in tail):
            # "Quiet Suspect in 9 volumes": a number after a small word is no part of a name.
            tail = []
        return bool(head or (tail and tail[0].lower().strip(".") not in {"vol", "volume", "volumes"}))

    def names(self, mentions: Sequence[Mention]) -> list[Span]:
        """Marked spans and capitalised runs, less the mentions in them and an `and` that joins to one."""
        free: list[Span] = []
        for span in sorted({*self._marks, *self._runs}):
            left, pieces = span.start, []
            for mention in mentions[bisect_right(mentions, span.start, key=lambda one: one.end) :]:
                if mention.start >= span.end:
                    break
                pieces.append(
                    Span(left, mention.start - 5 * self.text.endswith(" and ", left, mention.start))
                )
                left = mention.end + 5 if self.text.startswith(" and ", mention.end) else span.end
            for piece in (*pieces, Span(left, span.end)):
                clear = not free or free[-1].end <= piece.start
                if clear and piece.start < piece.end and len(piece.of(self.text).split()) <= MOST_NAME_WORDS:
                    free.append(piece)
        return free

    def starts(self, name: Span) -> list[int]:
        """Where a name may begin: with its first word, or after one that only opens a sentence or an offer."""
        if self.marked(name.start, name.end):
            return [name.start]
        parts = words(name.of(self.text))
        first = parts[0].of(name.of(self.text)).lower() if parts else ""
        if len(parts) > 1 and first in _PREFIXES:
            return [name.start, name.start + parts[1].start]
        return [name.start]

    def _outside(self, start: int, end: int) -> tuple[str, str]:
        """What stands before and after, marks of quotation and emphasis left out."""
        before = self.text[max(0, start - 60) : start].rstrip("\"“„«「『《*_'’‘")
        return before, self.text[end : end + 60].lstrip("\"”“»」』》*_'’")


def _first_letter(text: str, span: Span) -> int:
    """Where the first word of a sentence starts, after bullets, numbers and marks."""
    reach = range(span.start, min(span.end, span.start + 12))
    return next((at for at in reach if text[at].isalpha()), span.start)


def _trimmed(text: str, span: Span) -> Span:
    """A marked span without closing punctuation and nested marks."""
    piece = span.of(text)
    start = span.end - len(piece.lstrip(" \t*_\"“'‘"))
    return Span(start, max(start, span.start + len(piece.rstrip(" \t*_\"”'’.,;:!?"))))
