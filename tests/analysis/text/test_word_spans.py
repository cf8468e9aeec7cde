"""Which tokens belong to which word, with tokens over several words, parts of characters, and many scripts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from analysis.text.units import units
from analysis.text.word_spans import words_of_tokens

JAPANESE = ("担当者と話したいのですが荷物が届きません", "荷物はどこにありますか", "静かな容疑者が届きません")
TEXTS = (
    *JAPANESE,
    "क्या कोई असली व्यक्ति मदद कर सकता है",
    "พัสดุของฉันอยู่ที่ไหน",
    "Cafe\u0301 Résumé 👨\u200d👩\u200d👧!!",
    "บ้าน と 家, ok?",
)


def unigram(texts: Sequence[str]) -> Any:
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.train_from_iterator(
        texts * 20, trainers.UnigramTrainer(vocab_size=90, unk_token="?", special_tokens=["?"])
    )
    return made


def byte_pairs(texts: Sequence[str]) -> Any:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet))
    return made


def parts(text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[str, tuple[int, ...]]]:
    words = words_of_tokens(text, offsets, [0] * len(offsets))
    return [(text[word.start : word.end], word.tokens) for word in words]


@pytest.mark.parametrize(
    ("text", "offsets", "expected"),
    [
        ("荷物は", [(0, 2), (2, 3)], [("荷物", (0,)), ("は", (1,))]),
        ("荷物は", [(0, 1), (1, 3)], [("荷", (0,)), ("物は", (1,))]),
        ("荷物は", [(0, 2), (1, 3)], [("荷物は", (0, 1))]),
        # Three tokens for the bytes of one character, and one over the end of a character.
        ("荷物", [(0, 1), (0, 1), (0, 1), (1, 2)], [("荷", (0, 1, 2)), ("物", (3,))]),
        ("荷物は", [(0, 1), (0, 2), (2, 3)], [("荷物", (0, 1)), ("は", (2,))]),
        ("e\u0301a b", [(0, 1), (1, 2), (2, 3), (3, 5)], [("e\u0301a", (0, 1, 2)), ("b", (3,))]),
        ("a b", [(0, 3)], [("a b", (0,))]),
        ("a  b", [(0, 1), (1, 3), (3, 4)], [("a", (0,)), ("b", (2,))]),
        ("กำ", [(0, 1), (1, 2)], [("กำ", (0, 1))]),
    ],
)
def test_each_token_is_of_one_word(
    text: str, offsets: list[tuple[int, int]], expected: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert parts(text, offsets) == expected


@pytest.mark.parametrize("train", [unigram, byte_pairs])
@pytest.mark.parametrize("text", TEXTS)
def test_words_of_real_tokenizers(train: Any, text: str) -> None:
    encoding = train(list(TEXTS)).encode(text)
    words = words_of_tokens(text, encoding.offsets, [0] * len(encoding.ids))
    known = units(text)
    starts, ends = ({one[at] for one in known} for at in (0, 1))
    assert all(word.start in starts and word.end in ends for word in words)
    tokens = [token for word in words for token in word.tokens]
    assert tokens == sorted(set(tokens))
    left = set(range(len(encoding.ids))) - set(tokens)
    assert all(not text[slice(*encoding.offsets[token])].strip() for token in left)
    if train is byte_pairs:
        # Bytes that are never merged over a character leave the units as they are.
        assert len(words) > 3


def test_a_japanese_sentence_is_many_words() -> None:
    tokenizer = unigram(list(TEXTS))
    for text in JAPANESE:
        offsets = tokenizer.encode(text).offsets
        assert len(words_of_tokens(text, offsets, [0] * len(offsets))) > 3


SCRIPTS = "ab 漢かカー👨\u200d👩\u0301\u3099กำลเ한ᄒ\u1161क्या\u200cא\u05b0!。'-"


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(SCRIPTS), max_size=14), st.data())
def test_random_tokens_are_shared_out_without_loss(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)) | {0, len(text)})
    offsets = list(itertools.pairwise(cuts))
    words = words_of_tokens(text, offsets, [0] * len(offsets))
    assert all(one.end <= other.start for one, other in itertools.pairwise(words))
    owners = [token for word in words for token in word.tokens]
    assert owners == sorted(set(owners))
    known = units(text)
    touched = {
        number
        for number, (start, end) in enumerate(offsets)
        if any(start < unit[1] and end > unit[0] for unit in known)
    }
    assert set(owners) == touched
    for word in words:
        for token in word.tokens:
            start, end = offsets[token]
            assert start < word.end
            assert end > word.start
