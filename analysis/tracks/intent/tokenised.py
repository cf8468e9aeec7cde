"""Words of a text as the model of one side reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from analysis.text.word_spans import Word, words_of_tokens

if TYPE_CHECKING:
    from analysis.models.load_classifier import LoadedClassifier


class Tokenised(NamedTuple):
    """A text as one side's model reads it; `words` keep the order of the text."""

    ids: list[int]
    words: list[Word]


def tokenise(classifier: LoadedClassifier, texts: Sequence[str], max_length: int) -> list[Tokenised]:
    """Tokenise texts and merge subwords into words by offsets, keyed by position.

    Special tokens (as the tokenizer marks them) belong to no word; a word beyond the model's limit has
    no tokens and is left out.
    """
    if not texts:
        return []
    encoded = classifier.tokenizer(
        list(texts),
        truncation=True,
        max_length=max_length,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    kept = [classifier.readable(ids) for ids in encoded["input_ids"]]
    return [
        Tokenised(ids, words_of_tokens(text, offsets[: len(ids)], special[: len(ids)]))
        for text, ids, offsets, special in zip(
            texts,
            kept,
            encoded["offset_mapping"],
            encoded["special_tokens_mask"],
            strict=True,
        )
    ]


def delete_words(text: Tokenised, deleted: Iterable[int]) -> list[int]:
    """Token ids of the text without the words of those positions; never tokenised again."""
    gone = {position for index in deleted for position in text.words[index].tokens}
    return [token for position, token in enumerate(text.ids) if position not in gone]
