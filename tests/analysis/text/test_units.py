"""Words, emoji and marks of texts in many scripts."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.text import units as module
from analysis.text.units import (
    characters,
    numbers,
    pieces,
    runs_on,
    segments,
    stands_alone,
    units,
    without_spaces,
    word_count,
    words,
)

ZWJ, ZWNJ = "\u200d", "\u200c"
FAMILY = ZWJ.join("👨👩👧")
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
HEBREW = "בְּרֵאשִׁית"
PERSIAN = f"نمی{ZWNJ}خواهم"
SINHALA = f"ශ්{ZWJ}රී"


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in units(text)]


def forms(text: str) -> tuple[str, str]:
    return unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't re-time it, 3.50 _a_!", ["Don't", "re-time", "it", ",", "3", ".", "50", "_a_", "!"]),
        ("क्या कोई असली व्यक्ति", ["क्या", "कोई", "असली", "व्यक्ति"]),
        ("வணக்கம் நண்பர்களே", ["வணக்கம்", "நண்பர்களே"]),
        (f"{HEBREW} בָּרָא", [HEBREW, "בָּרָא"]),
        ("كِتَابٌ جَدِيدٌ", ["كِتَابٌ", "جَدِيدٌ"]),
        (f"{PERSIAN} بروم", [PERSIAN, "بروم"]),
        (f"{SINHALA} ලංකා", [SINHALA, "ලංකා"]),
        ("Tiếng Việt đẹp", ["Tiếng", "Việt", "đẹp"]),
        ("한국어 텍스트, ㅋㅋㅋ", ["한국어", "텍스트", ",", "ㅋㅋㅋ"]),
        ("担当者、ロード中", ["担", "当", "者", "、", "ロ", "ー", "ド", "中"]),
        ("人々は〇", ["人", "々", "は", "〇"]),
        ("ﾄｳﾌとﾊﾞｰ", ["ﾄ", "ｳ", "ﾌ", "と", "ﾊﾞ", "ｰ"]),
        ("กำลังมา", ["กำ", "ลั", "ง", "ม", "า"]),
        ("ຂ້ອຍ", ["ຂ້", "ອ", "ຍ"]),
        ("မြန်", ["မြ", "န်"]),
        ("བོད་ཡིག", ["བོད", "་", "ཡིག"]),
        ("iPhone 15を2個。OK?", ["iPhone", "15", "を", "2", "個", "。", "OK", "?"]),
        ("ＴＯＦＵ ＷＡＲＳ", ["ＴＯＦＵ", "ＷＡＲＳ"]),
        (f"hi!!{FAMILY}👍🏽 ok", ["hi", "!!", FAMILY, "👍🏽", "ok"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        (f"{ENGLAND}❤️#️⃣1️⃣", [ENGLAND, "❤️", "#️⃣", "1️⃣"]),
        ("© a™ …", ["©", "a", "™", "…"]),
        ("so\u00adft A\u0323\u0307", ["so\u00adft", "A\u0323\u0307"]),
        ("\u0301 \u0301a", ["a"]),
        ("a\u200bb", ["a", "b"]),
        ("", []),
        (" \t\n\u3000", []),
    ],
)
def test_units_of_many_scripts(text: str, expected: list[str]) -> None:
    assert parts(text) == expected
    composed, decomposed = (parts(form) for form in forms(text))
    assert len(composed) == len(decomposed) == len(expected)
    assert [unicodedata.normalize("NFC", one) for one in decomposed] == composed


def test_khmer_letters_below_another_are_one_character() -> None:
    assert parts("ស្រីខ្មែរ") == regex.findall(r"\X", "ស្រីខ្មែរ")


SAMPLES = (
    "abc 'x-y_9, don’t …", "é̈ñ́ ộ", "ÅÅ≠≮", "КирилЙй", "ΑΩ΄ά·;", "אְבּ֑", "عَربِيّ٣", "हिंदीक्षड़", "বাংলা",
    "தமிழ்ொ", "తెలుగు", "ಕೋ", "മലയാളംൊ", "සිංහලෝ", "ไทยำ๑ๆ", "ລາວ", "ខ្មែរ", "မြန်မာ", "བོད་ྦྷ", "ქართული", "አማርኛ",
    "한국각가ㅋ힣", "ひらがなゞゝ", "カタカナーヽヾﾊﾞ", "漢字々〇\uf900\U0002f800", "ᬅᬆᬓ᭄ᬱ",
    "👨👩👧🇩🇪🏽❤🏴☝#*1", "↔↮\u0338",
    f"{ZWJ}{ZWNJ}\ufe0f\u20e3\u00ad\u2060\u200b\ufeff", "\u0301\u0308\u093e\u3099\u0323", "\u1100\u1161\u11a8",
    " \t\n\u3000\x00\x1f", "𝒜𞤀𐍈🀄", "①½²Ⅷ",
)  # fmt: skip
MIXED = st.lists(st.sampled_from("".join(SAMPLES)), max_size=30).map("".join) | st.text(max_size=20)


@settings(max_examples=400, deadline=None)
@given(MIXED)
def test_units_are_ordered_apart_and_begin_with_no_mark(text: str) -> None:
    found = units(text)
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert not [one for one in parts(text) if unicodedata.category(one[0]).startswith("M")]
    assert not [one for one in parts(text) if any(char.isspace() for char in one)]
    # Whatever is a letter, a digit or a visible mark is in a unit, but for marks that stand upon nothing.
    covered = {at for start, end in found for at in range(start, end)}
    bare = {char for at, char in enumerate(text) if at not in covered}
    assert all(
        char.isspace() or unicodedata.category(char)[0] in "MC" or char in "🏻🏼🏽🏾🏿ﾞﾟ" for char in bare
    )


@settings(max_examples=400, deadline=None)
@given(MIXED)
def test_both_normal_forms_have_the_same_units(text: str) -> None:
    composed, decomposed = (parts(form) for form in forms(text))
    assert [unicodedata.normalize("NFC", one) for one in decomposed] == [
        unicodedata.normalize("NFC", one) for one in composed
    ]
    assert word_count(forms(text)[0]) == word_count(forms(text)[1])


def test_no_character_changes_what_it_is_with_its_normal_form() -> None:
    for code in range(0x30000):
        if 0xD800 <= code < 0xE000 or unicodedata.category(chr(code)) == "Cn":
            continue
        text = f"a {chr(code)}.. {chr(code)}b"
        composed, decomposed = (units(form) for form in forms(text))
        assert len(composed) == len(decomposed), hex(code)


@settings(max_examples=300, deadline=None)
@given(MIXED)
@example("'\uff9e")
def test_words_are_the_units_with_a_letter_or_digit(text: str) -> None:
    letter = r"(?V1)[[\p{L}\p{N}_]--[\p{M}\p{WB=Extend}]]"
    lettered = [one for one in units(text) if regex.search(letter, text[slice(*one)])]
    assert words(text) == lettered
    assert word_count(text) == len(lettered)


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_plain_ascii_is_read_alike_by_the_quick_expressions(text: str) -> None:
    every = module._every_script()
    beyond = pieces(f"{text} é")
    assert [*pieces(text), "é"] == beyond
    for name in every._fields:
        quick = [match.span() for match in getattr(module._ASCII, name).finditer(text)]
        assert quick == [match.span() for match in getattr(every, name).finditer(text)]


@settings(max_examples=200, deadline=None)
@given(MIXED)
def test_characters_and_segments_cover_what_is_seen(text: str) -> None:
    found = characters(text)
    assert [place for start, end in found for place in range(start, end)] == list(range(len(text)))
    stretches = segments(text)
    assert "".join(text[start:end] for start, end in stretches) == "".join(text.split())
    assert all(start < end for start, end in stretches)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("help (me) now?", ["help", "(me)", "now?"]),
        ("静か「な港」です。OK", ["静", "か", "「な", "港」", "で", "す。", "OK"]),
        ("「静か」 と", ["「静", "か」", "と"]),
        ("อะไร iPhone", ["อ", "ะ", "ไ", "ร", "iPhone"]),
    ],
)
def test_segments_keep_marks_with_their_word(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in segments(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pay 1,200 or 3.50, 24/12, 2nd b2b x3", ["1,200", "3.50", "24/12", "2nd"]),
        ("第2巻を12冊", ["2", "12"]),
        ("2\u0301 a\u03013 5th", ["2\u0301", "5th"]),
        ("ราคา 500 บาท ๑๒", ["500", "๑๒"]),
    ],
)
def test_numbers(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in numbers(text)] == expected


def test_pieces_are_cut_at_what_joins_words() -> None:
    assert pieces("don't real-time a_b l’été 東京") == [
        "don", "t", "real", "time", "a", "b", "l", "été", "東", "京",
    ]  # fmt: skip


def test_which_letters_stand_alone_and_run_on() -> None:
    assert all(map(stands_alone, "漢かカーไຂខမ々ꀀ"))
    assert not any(map(stands_alone, "aéЖאक한ㅋＡ1。👍"))
    assert all(map(runs_on, "漢かไ한"))
    assert not any(map(runs_on, "aéЖאकＡ1。👍"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("荷物はどこ", True),
        ("พัสดุ", True),
        ("Tofu 戦争 is in stock", False),
        ("मेरा", False),
        ("", False),
        ("👍", False),
    ],
)
def test_texts_without_spaces(text: str, expected: bool) -> None:
    assert without_spaces(text) is expected
