"""The search for what reverts a flip: the smallest change after which the candidate predicts the base's class.

First the word is deleted whose attribution changed most from base to candidate, then single words by that rank, then
pairs and triples; the deletions of single words are measured by then, so that pairs and triples are ranked by what
their words did alone. Last, declared cues are removed and swapped. The search ends at the first change that reverts the
flip. As many words chosen at random tell what that is worth (the rate that a random change of this size has anyway).

A search is a generator that asks for rows of token ids and is given their logits, so that the rows of many flips share
batches. Words are deleted from the token ids, which are not made from a changed text again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.attribution.interventions import CUE, DELETION, MOST_WORDS, RANDOM, Intervention
from analysis.tracks.intent.faithfulness import TOKENS_AT_ONCE
from analysis.tracks.intent.predict import NOT_A_NUMBER, logits_of_ids
from analysis.tracks.intent.tokenised import delete_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.tokenised import Tokenised

SETS = 32
"""Deletions of as many words that are tried, at most: of single words, of pairs, and so on up to `MOST_WORDS`."""
RANKED = 12
"""Words, the worthiest first, that pairs and larger sets are made of."""
ROWS_AT_ONCE = 16
"""Changes that a search asks for before it looks at any: beyond the first that reverts they are for nothing."""

Rows = list[list[int]]
Asked = Generator[Rows, "NDArray[np.float32]", "Intervention"]
Search = Generator[Rows, "NDArray[np.float32]", list["Intervention"]]
Draws = Generator[Rows, "NDArray[np.float32]", tuple[int, int]]


@dataclass(frozen=True)
class Edit:
    """A declared cue removed from a text or swapped in it.

    Args:
        cue: its name.
        operation: `remove` or `swap`.
        term: what stands in its place; None for a removal.
        spans: its mentions that are changed.
        words: how many words of the text they touch.
        ids: the changed text as the candidate reads it.
        elsewhere: the same done to other words of the text, drawn at random, as the candidate reads it.
    """

    cue: str
    operation: str
    term: str | None
    spans: tuple[tuple[int, int], ...]
    words: int
    ids: list[int]
    elsewhere: tuple[list[int], ...] = ()


@dataclass(frozen=True)
class Flip:
    """One flip to revert.

    Args:
        ref: its example.
        text: as the candidate reads it.
        order: positions of its words, the one whose attribution changed most first.
        method: whose attributions; None where the order is that of the text.
        base_class: position of the class that the base predicts.
        candidate_class: of the class that the candidate predicts.
        edits: what is tried after the deletions.
        seed: of the random changes.
    """

    ref: str
    text: Tokenised
    order: tuple[int, ...]
    method: str | None
    base_class: int
    candidate_class: int
    edits: tuple[Edit, ...]
    seed: int


@dataclass(frozen=True)
class _Outcome:
    """What the candidate says after a change, of the base's class: its log-odds, and whether it predicts it."""

    log_odds: float
    reverts: bool
    label: str

    @property
    def p(self) -> float | None:
        return 1 / (1 + math.exp(-max(self.log_odds, -700.0))) if math.isfinite(self.log_odds) else None


def revert(candidate: LoadedClassifier, flips: Sequence[Flip]) -> list[list[Intervention]]:
    """Search for what reverts each flip.

    Args:
        candidate: the candidate's classifier.
        flips: on which both sides' logits are numbers.

    Returns:
        The interventions of each flip in the order of the search: the deletion, and where no deletion reverts it and a
        declared cue stands in the text, the edit of a cue. No more than `TOKENS_AT_ONCE` tokens of changed texts are
        held at a time.
    """
    found: list[list[Intervention]] = []
    for group in _groups(flips):
        found += _together(candidate, [_search(candidate, flip) for flip in group])
    return found


def _groups(flips: Sequence[Flip]) -> Iterator[list[Flip]]:
    """Flips whose rows of one round fit into memory."""
    group: list[Flip] = []
    tokens = 0
    for flip in flips:
        size = ROWS_AT_ONCE * len(flip.text.ids)
        if group and tokens + size > TOKENS_AT_ONCE:
            yield group
            group, tokens = [], 0
        group.append(flip)
        tokens += size
    if group:
        yield group


def _together(candidate: LoadedClassifier, searches: Sequence[Search]) -> list[list[Intervention]]:
    """What the searches return; what they ask for at the same time is computed at once."""
    results: list[list[Intervention]] = [[] for _ in searches]
    asked: dict[int, Rows] = {}

    def go_on(index: int, answer: NDArray[np.float32] | None) -> None:
        try:
            # A generator is started by sending None.
            asked[index] = searches[index].send(answer)  # type: ignore[arg-type]
        except StopIteration as end:
            results[index] = end.value

    for index in range(len(searches)):
        go_on(index, None)
    while asked:
        rows, asked = asked, {}
        logits = logits_of_ids(candidate, [row for some in rows.values() for row in some])
        start = 0
        for index, some in rows.items():
            go_on(index, logits[start : start + len(some)])
            start += len(some)
    return results


def _search(candidate: LoadedClassifier, flip: Flip) -> Search:
    (logits,) = yield [flip.text.ids]
    before = _outcome(candidate, flip.base_class, logits)
    deletion = yield from _deletions(candidate, flip, before)
    if deletion.reverts or not flip.edits:
        return [deletion]
    return [deletion, (yield from _edits(candidate, flip, before))]


def _deletions(candidate: LoadedClassifier, flip: Flip, before: _Outcome) -> Asked:
    """Delete single words, pairs and triples, until the flip is reverted or enough were tried."""
    words = len(flip.text.words)
    if words < 2:
        why = "the text has one word" if words else "the text has no words"
        return _intervention(candidate, flip, before, kind=DELETION, why=why)
    worth = {word: float(-place) for place, word in enumerate(flip.order)}
    tried = 0
    nearest: tuple[frozenset[int], _Outcome] | None = None
    for size in range(1, MOST_WORDS + 1):
        # What leaves no word is not a change of the text but its end.
        if size >= words:
            break
        gained = dict.fromkeys(worth, -math.inf)
        for part in _parts(_sets(worth, size), 1 if size == 1 else ROWS_AT_ONCE):
            logits = yield [delete_words(flip.text, gone) for gone in part]
            for gone, row in zip(part, logits, strict=True):
                tried += 1
                after = _outcome(candidate, flip.base_class, row)
                if size == 1:
                    gained[min(gone)] = after.log_odds
                if nearest is None or after.reverts or after.log_odds > nearest[1].log_odds:
                    nearest = gone, after
                if after.reverts:
                    drawn = yield from _at_random(candidate, flip, random_deletions(flip, size))
                    return _deletion(candidate, flip, before, nearest, tried, drawn)
        if size == 1:
            worth = gained
    assert nearest is not None
    return _deletion(candidate, flip, before, nearest, tried, (0, 0))


def _sets(worth: dict[int, float], size: int) -> list[frozenset[int]]:
    """Sets of words to delete, the worthiest first: what their words are worth is added up."""
    best = sorted(worth, key=lambda word: (-worth[word], word))[: SETS if size == 1 else RANKED]
    sets = sorted(
        itertools.combinations(best, size), key=lambda some: -math.fsum(worth[word] for word in some)
    )
    return [frozenset(some) for some in sets[:SETS]]


def _parts(sets: Sequence[frozenset[int]], first: int) -> Iterator[Sequence[frozenset[int]]]:
    """The sets in their order, `first` of them and then `ROWS_AT_ONCE` at a time."""
    yield sets[:first]
    for start in range(first, len(sets), ROWS_AT_ONCE):
        yield sets[start : start + ROWS_AT_ONCE]


def _edits(candidate: LoadedClassifier, flip: Flip, before: _Outcome) -> Asked:
    """Remove or swap the declared cues, the fewest words first."""
    edits = sorted(flip.edits, key=lambda edit: edit.words)
    logits = yield [edit.ids for edit in edits]
    outcomes = [_outcome(candidate, flip.base_class, row) for row in logits]
    tried = next((place for place, one in enumerate(outcomes, start=1) if one.reverts), len(edits))
    place = max(range(tried), key=lambda index: (outcomes[index].reverts, outcomes[index].log_odds))
    edit, after = edits[place], outcomes[place]
    drawn = (0, 0)
    if after.reverts:
        removal = edit.operation == "remove"
        rows = random_deletions(flip, edit.words) if removal else list(edit.elsewhere)
        drawn = yield from _at_random(candidate, flip, rows)
    starts, ends = [start for start, _ in edit.spans], [end for _, end in edit.spans]
    return _intervention(
        candidate, flip, before, kind=CUE, after=after, tried=tried, drawn=drawn, operation=edit.operation,
        cue=edit.cue, term=edit.term, words=edit.words, starts=starts, ends=ends,
    )  # fmt: skip


def random_deletions(flip: Flip, size: int) -> Rows:
    """The text without `size` words: `RANDOM` such deletions that leave a word, or all where there are fewer."""
    words = len(flip.text.words)
    if size >= words:
        return []
    if math.comb(words, size) < RANDOM:
        drawn = list(itertools.combinations(range(words), size))
    else:
        rng = np.random.default_rng(flip.seed)
        kept: dict[tuple[int, ...], None] = {}
        while len(kept) < RANDOM:
            kept[tuple(sorted(map(int, rng.choice(words, size, replace=False))))] = None
        drawn = list(kept)
    return [delete_words(flip.text, gone) for gone in drawn]


def _at_random(candidate: LoadedClassifier, flip: Flip, rows: Rows) -> Draws:
    """How many of some random changes revert the flip, and how many there are."""
    reverted = 0
    for start in range(0, len(rows), ROWS_AT_ONCE):
        logits = yield rows[start : start + ROWS_AT_ONCE]
        reverted += sum(_outcome(candidate, flip.base_class, row).reverts for row in logits)
    return reverted, len(rows)


def _outcome(candidate: LoadedClassifier, base_class: int, logits: NDArray[np.float32]) -> _Outcome:
    if not np.isfinite(logits).all():
        return _Outcome(-math.inf, False, NOT_A_NUMBER)
    predicted = int(logits.argmax())
    others = np.delete(logits, base_class).astype(np.float64)
    top = float(others.max())
    rest = top + math.log(float(np.exp(others - top).sum()))
    return _Outcome(float(logits[base_class]) - rest, predicted == base_class, candidate.labels[predicted])


def _deletion(
    candidate: LoadedClassifier,
    flip: Flip,
    before: _Outcome,
    chosen: tuple[frozenset[int], _Outcome],
    tried: int,
    drawn: tuple[int, int],
) -> Intervention:
    gone, after = chosen
    words = [flip.text.words[index] for index in sorted(gone)]
    return _intervention(
        candidate, flip, before, kind=DELETION, after=after, tried=tried, drawn=drawn, operation="delete",
        words=len(words), starts=[word.start for word in words], ends=[word.end for word in words],
    )  # fmt: skip


def _intervention(
    candidate: LoadedClassifier,
    flip: Flip,
    before: _Outcome,
    *,
    kind: str,
    after: _Outcome | None = None,
    tried: int = 0,
    drawn: tuple[int, int] = (0, 0),
    operation: str | None = None,
    cue: str | None = None,
    term: str | None = None,
    words: int | None = None,
    starts: Sequence[int] = (),
    ends: Sequence[int] = (),
    why: str = "",
) -> Intervention:
    return Intervention(
        kind=kind,
        method=flip.method,
        base_label=candidate.labels[flip.base_class],
        candidate_label=candidate.labels[flip.candidate_class],
        reverts=after is not None and after.reverts,
        operation=operation,
        cue=cue,
        term=term,
        words=words,
        starts=list(starts),
        ends=list(ends),
        tried=tried,
        label_after=None if after is None else after.label,
        p_before=before.p,
        p_after=None if after is None else after.p,
        random_reverted=drawn[0],
        random_tried=drawn[1],
        why=why,
    )
