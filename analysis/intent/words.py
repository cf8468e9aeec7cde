"""Words of a text, and which tokens of a model belong to which word, by character offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from analysis.models.load import LoadedClassifier

_WORD = re.compile(r"\w+(?:['’\-]\w+)*|[^\w\s]+")


class Word(NamedTuple):
    """A word, or a run of punctuation, with the positions of its tokens."""

    start: int
    end: int
    tokens: tuple[int, ...]


class Tokenised(NamedTuple):
    """A text as one side's model reads it; `words` keep the order of the text."""

    ids: list[int]
    words: list[Word]


def tokenise(classifier: LoadedClassifier, texts: Sequence[str], max_length: int) -> list[Tokenised]:
    """Tokenise texts and merge subwords into words by offsets, keyed by position.

    Special tokens (as the tokenizer marks them) belong to no word; a word beyond the model's limit has
    no tokens and is left out.
    """
    encoded = classifier.tokenizer(
        list(texts),
        truncation=True,
        max_length=max_length,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    kept = [classifier.readable(ids) for ids in encoded["input_ids"]]
    return [
        Tokenised(ids, _words(text, offsets[: len(ids)], special[: len(ids)]))
        for text, ids, offsets, special in zip(
            texts,
            kept,
            encoded["offset_mapping"],
            encoded["special_tokens_mask"],
            strict=True,
        )
    ]


def _words(text: str, offsets: Sequence[tuple[int, int]], special: Sequence[int]) -> list[Word]:
    spans = [match.span() for match in _WORD.finditer(text)]
    tokens: list[list[int]] = [[] for _ in spans]
    current = 0
    for position, ((start, end), is_special) in enumerate(zip(offsets, special, strict=True)):
        if is_special or end <= start:
            continue
        while current < len(spans) and spans[current][1] <= start:
            current += 1
        # One token over several words, as an unknown "€20" is, makes one word of them.
        while current + 1 < len(spans) and spans[current][0] < end and spans[current + 1][0] < end:
            spans[current] = (spans[current][0], spans[current + 1][1])
            del spans[current + 1], tokens[current + 1]
        if current < len(spans) and spans[current][0] < end:
            tokens[current].append(position)
    return [
        Word(start, end, tuple(positions))
        for (start, end), positions in zip(spans, tokens, strict=True)
        if positions
    ]


def delete_words(text: Tokenised, deleted: Iterable[int]) -> list[int]:
    """Token ids of the text without the words of those positions; never tokenised again."""
    gone = {position for index in deleted for position in text.words[index].tokens}
    return [token for position, token in enumerate(text.ids) if position not in gone]
