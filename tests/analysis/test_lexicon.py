"""Terms found in texts, term files, and edits of texts."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.base.errors import AssayError
from analysis.text.lexicon import (
    BUILT_IN,
    MAX_FILE_BYTES,
    Lexicon,
    Span,
    insert_term,
    load_terms,
    remove_spans,
)
from analysis.text.units import without_unseen

TITLES = Lexicon(
    "titles",
    (
        "Monster",
        "Monster Academy",
        "Attack on Clouds",
        "C++",
        "Pokémon",
        "進撃",
        "Who's There?",
        "マ",
        "ポケモン",
        "มังงะ",
        "می\u200cخواهم",
        "हिंदी",
        "❤",
        "👨",
    ),
)


def found(text: str, lexicon: Lexicon = TITLES) -> list[str]:
    return [text[span.start : span.end] for span in lexicon.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Recommend manga like Monster but no spoilers.", ["Monster"]),
        ("MONSTER academy, then monster.", ["MONSTER academy", "monster"]),
        ("Monsters are monstrous; premonster", []),
        ("Monster's art, \u201cMonster\u201d", ["Monster", "Monster"]),
        ("attack  on\nclouds", ["attack  on\nclouds"]),
        ("attack on cloud", []),
        ("I read C++ and C + +", ["C++"]),
        ("Ｍｏｎｓｔｅｒ", ["Ｍｏｎｓｔｅｒ"]),
        ("Poke\u0301mon and POKÉMON", ["Poke\u0301mon", "POKÉMON"]),
        ("Pokemon", []),
        ("昨日進撃を読んだ", ["進撃"]),
        ("who\u2019s there?", ["who\u2019s there?"]),
        ("ローマのロー", ["マ"]),
        ("ポケモ\u00adン と ﾎﾟｹﾓﾝ", ["ポケモ\u00adン", "ﾎﾟｹﾓﾝ"]),
        ("ถึง มังงะดี", ["มังงะ"]),
        ("کتاب را می\u200cخواهم؛ میخواهم", ["می\u200cخواهم", "میخواهم"]),
        ("हिंदी, हिंदीवाला", ["हिंदी"]),
        ("I ❤\ufe0f it, ❤ it", ["❤\ufe0f", "❤"]),
        ("👨\u200d👩\u200d👧", []),
        ("Mon\u00adster を", ["Mon\u00adster"]),
        ("", []),
    ],
)
def test_find_whole_words_in_any_spelling(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_spans_carry_offsets_and_the_name() -> None:
    assert TITLES.find("x Monster Academy y") == [Span(2, 17, "titles")]
    text = "\ufb01ne \U0001f600 Monster"  # a ligature that folds to two letters, and an astral character
    assert [text[s.start : s.end] for s in TITLES.find(text)] == ["Monster"]


def test_empty_terms_match_nothing() -> None:
    assert Lexicon("x", (" ", "", "a")).find("a b a") == [Span(0, 1, "x"), Span(4, 5, "x")]


def test_a_prefix_does_not_match_before_a_combining_mark() -> None:
    assert found("caf cafe\u0301", Lexicon("x", ("cafe",))) == []
    assert found("caf cafe\u0301", Lexicon("x", ("café",))) == ["cafe\u0301"]


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=8), max_size=5))
def test_spans_are_ordered_disjoint_and_equal_a_term(text: str, terms: list[str]) -> None:
    spans = Lexicon("any", tuple(terms)).find(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))

    def folded(part: str) -> str:
        plain = without_unseen(part).translate({0x2018: "'", 0x2019: "'", 0x2BC: "'"})
        return "".join(unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", plain).casefold()).split())

    assert {folded(text[s.start : s.end]) for s in spans} <= {folded(term) for term in terms}


@given(
    st.text(alphabet=st.characters(max_codepoint=127), max_size=30),
    st.lists(st.text(alphabet="aB1_!' ", min_size=1, max_size=4), max_size=4),
)
def test_plain_ascii_is_treated_as_any_text(text: str, terms: list[str]) -> None:
    lexicon = Lexicon("any", tuple(terms))
    assert lexicon.find(text) == lexicon.find(text + " \u00e9")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("punctuation", "Help!! I don't, real-time... $3.50 (1,200)?!", ["!!", ",", "...", "$", "(", ")?!"]),
        ("punctuation", "\u00bfQu\u00e9? \u300cMonster\u300d", ["\u00bf", "?", "\u300c", "\u300d"]),
        (
            "numbers",
            "Order A1234: 2 of 1,200 on 24/12, 3.50 the 2nd, 7a.",
            ["2", "1,200", "24/12", "3.50", "2nd"],
        ),
        ("stopwords", "The cat is not THERE, I think", ["The", "is", "THERE", "I"]),
    ],
)
def test_built_in_classes(name: str, text: str, expected: list[str]) -> None:
    spans = BUILT_IN[name].find(text)
    assert [text[s.start : s.end] for s in spans] == expected
    assert {s.label for s in spans} == {name}


def test_built_in_cues_belong_to_their_class() -> None:
    assert set(BUILT_IN) == {"punctuation", "numbers", "stopwords"}
    for finder in BUILT_IN.values():
        assert finder.cues
        for cue in finder.cues:
            assert finder.find(cue) == [Span(0, len(cue), finder.name)]


def test_load_terms(tmp_path: Path) -> None:
    path = tmp_path / "titles.txt"
    lines = (
        "\ufeff# invented titles",
        "",
        "Monster",
        "  Attack on Clouds  ",
        "\u00a0",
        "MONSTER",
        "C# Nights",
    )
    path.write_bytes("\r\n".join(lines).encode())
    assert load_terms(path) == ("Monster", "Attack on Clouds", "C# Nights")


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        (b"Monster\nbad\x1b]52;c;aGk=\x07\n", ":2", "U+001B"),
        (b"Monster\ntab\tbed\n", ":2", "U+0009"),
        ("a\n\nb\u202ec\n".encode(), ":3", "U+202E"),
        ("a\nb\u2028c\n".encode(), ":2", "U+2028"),
        (b"a\nb\rc\n", ":2", "U+000D"),
        (b"ok\nok\n\xff\xfe\n", ":3", "not UTF-8"),
        (b"# only a comment\n\n", "terms.txt", "no term"),
        (b"", "terms.txt", "no term"),
        (b"x" * 201, ":1", "201 characters"),
        (b"x\n" * (MAX_FILE_BYTES // 2 + 1), "terms.txt", "larger than"),
    ],
)
def test_bad_term_files_name_the_line(tmp_path: Path, content: bytes, where: str, message: str) -> None:
    path = tmp_path / "terms.txt"
    path.write_bytes(content)
    with pytest.raises(AssayError) as caught:
        load_terms(path)
    assert caught.value.where is not None
    assert caught.value.where.endswith(where)
    assert message in caught.value.message


@pytest.mark.parametrize("name", ["missing.txt", "folder", "nul\0byte"])
def test_unreadable_term_files(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(AssayError) as caught:
        load_terms(tmp_path / name)
    assert name in str(caught.value)


def test_insert_visits_every_boundary() -> None:
    assert [insert_term("help me now?", "Monster", seed).text for seed in range(5)] == [
        "Monster help me now?",
        "help Monster me now?",
        "help me Monster now?",
        "help me now? Monster",
        "Monster help me now?",
    ]
    assert [insert_term("help me", "!!", seed).text for seed in range(3)] == [
        "help!! me",
        "help me!!",
        "help!! me",
    ]
    assert insert_term("", "Monster", 3).text == "Monster"
    assert insert_term("  ", "!!", 3).text == "!!"
    assert insert_term("a\nb", "x", 1).text == "a\nx b"
    assert insert_term("a b  ", "x", 2).text == "a b x"


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("荷物は？", "港", ["港荷物は？", "荷港物は？", "荷物港は？", "荷物は？港"]),
        ("荷物は", "Tofu Wars", ["Tofu Wars荷物は", "荷Tofu Wars物は", "荷物Tofu Warsは", "荷物はTofu Wars"]),
        ("荷iPhoneを", "Tofu", ["Tofu荷iPhoneを", "荷Tofu iPhoneを", "荷iPhone Tofuを", "荷iPhoneをTofu"]),
        ("荷「物」。", "!!", ["荷!!「物」。", "荷「物」。!!"]),
        ("ไป ok", "มา", ["มาไป ok", "ไมาป ok", "ไป มา ok", "ไป ok มา"]),
        ("cafe\u0301を", "X", ["X cafe\u0301を", "cafe\u0301 Xを", "cafe\u0301をX"]),
        ("help me", "港", ["港 help me", "help 港 me", "help me 港"]),
        ("क्या है", "शांत", ["शांत क्या है", "क्या शांत है", "क्या है शांत"]),
    ],
)
def test_insert_visits_every_boundary_of_scripts_without_spaces(
    text: str, term: str, expected: list[str]
) -> None:
    made = [insert_term(text, term, seed) for seed in range(len(expected))]
    assert [one.text for one in made] == expected
    assert {one.text[one.start : one.end] for one in made} == {term}
    assert insert_term(text, term, len(expected)).text == expected[0]


def test_punctuation_and_numbers_are_whole_in_every_script() -> None:
    text = "なに！？ café's cafe\u0301's क्या-नहीं 👨\u200d👩\u200d👧 第2巻 2kg"
    assert found(text, BUILT_IN["punctuation"]) == ["！？", "👨\u200d👩\u200d👧"]
    assert found(text, BUILT_IN["numbers"]) == ["2"]


@given(
    st.lists(st.from_regex(r"[a-z]{1,6}[?,]?", fullmatch=True), min_size=1, max_size=8).map(" ".join),
    st.sampled_from(["Xylophone Days", "??!", "..."]),
    st.integers(min_value=0, max_value=10**9),
)
def test_removing_what_was_inserted_gives_the_text_back(text: str, term: str, seed: int) -> None:
    changed = insert_term(text, term, seed).text
    candidates = [i for i in range(len(changed)) if changed.startswith(term, i)]
    assert text in {remove_spans(changed, [(i, i + len(term))]) for i in candidates}
    assert len(changed) - len(text) in {len(term), len(term) + 1}


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("like Monster but", [(5, 12)], "like but"),
        ("like Monster.", [(5, 12)], "like."),
        ("Monster is good", [(0, 7)], "is good"),
        ("good Monster", [(5, 12)], "good"),
        ("a  b Monster c", [(5, 12)], "a  b c"),
        ("a b c d", [(2, 3), (4, 5)], "a d"),
        ("abcdef", [(1, 4), (2, 5)], "af"),
        ("wait!!", [(4, 6)], "wait"),
        ("all", [(0, 3)], ""),
        ("keep  as is ", [], "keep  as is "),
        ("", [], ""),
        ("a\nMonster b", [(2, 9)], "a\nb"),
    ],
)
def test_remove_spans_tidies_its_own_gaps_only(
    text: str, spans: list[tuple[int, int]], expected: str
) -> None:
    assert remove_spans(text, spans) == expected


def test_remove_spans_takes_found_spans_and_refuses_foreign_ones() -> None:
    text = "Is Monster like Monster Academy?"
    assert remove_spans(text, TITLES.find(text)) == "Is like?"
    with pytest.raises(ValueError, match="does not lie within"):
        remove_spans("abc", [(2, 4)])
