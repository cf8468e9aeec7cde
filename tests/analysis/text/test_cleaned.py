"""The form in which texts are read, and the way back from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.text.cleaned import cleaned
from analysis.text.thoughts import thought_spans

MARKS = ("<think>", "</think>", "**", "*", "_", "||", "`", "|", "# ", "> ", "<b>", "&amp;", "&#39;")
LETTERS = ("a", "12", " ", "\n", "\n\n", "é", "e\u0301", "２", "¹", "각", "\u200b", "👩\u200d👧")
PIECES = st.sampled_from([*MARKS, *LETTERS])


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("<think>They said no spoilers.</think>\nTry Cold Harbor.", "\nTry Cold Harbor."),
        ("<seed:think>hm</seed:think>Yes.", "Yes."),
        ("[THINK]hm[/THINK]Yes.", "Yes."),
        ("<|channel|>analysis<|message|>hm<|end|>Yes.", "Yes."),
        ("The template opened it.</think>Yes.", "Yes."),
        ("Yes. <think>It was cut here", "Yes. "),
        ("It has **25** volumes, *all* of ~~them~~ `here`.", "It has 25 volumes, all of them here."),
        ("5*3 is 15, and 2 ** 3 is 8; snake_case_name stays", "5*3 is 15, and 2 ** 3 is 8; snake_case_name stays"),
        ("__bold__ and _slanted_", "bold and slanted"),
        ("||The keeper did it.||", "The keeper did it."),
        ("| a || b |\n|---|---|---|", "| a || b |\n|---|---|---|"),
        ("* one\n* two", "* one\n* two"),
        ("2 * 3 * 4 is x ** y ** z", "2 * 3 * 4 is x ** y ** z"),
        ("Choose:\n* one\n* two", "Choose:\n* one\n* two"),
        ("## Title\n> quoted", "Title\nquoted"),
        ("the keeper&#39;s &amp;lt; caf&eacute;", "the keeper's &lt; café"),
        ("kil\u200bler light\u00adhouse", "killer lighthouse"),
        ("Cold\u00a0Harbor, 1\u202f200, 全２５巻 ［t1］", "Cold Harbor, 1 200, 全25巻 [t1]"),
        ("12¹ volumes, ½ of them", "12¹ volumes, ½ of them"),
        ("cafe\u0301", "café"),
        ("<b>bold</b><br>3 < 5 > 2", "bold3 < 5 > 2"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_read(raw: str, read: str) -> None:
    assert cleaned(raw).text == read


def test_a_span_leads_back_to_what_was_written() -> None:
    raw = "<think>hm</think>It has **25** vol\u200bumes."
    text = cleaned(raw)
    start = text.text.index("25 volumes")
    found = text.place(start, start + len("25 volumes"))
    assert raw[slice(*found)] == "25** vol\u200bumes"
    assert text.place(0, len(text.text)) == (0, len(raw)), "all of it is all of it"
    assert [raw[start:end] for start, end in thought_spans(raw)] == ["<think>hm</think>"]


@given(st.lists(PIECES, max_size=30).map("".join))
def test_places_are_in_order_and_inside(raw: str) -> None:
    text = cleaned(raw)
    assert len(text.starts) == len(text.ends) == len(text.text)
    assert (text.starts < text.ends).all()
    assert (text.starts[1:] >= text.starts[:-1]).all()
    assert (text.ends[1:] >= text.ends[:-1]).all()
    assert not len(text.text) or (text.starts[0] >= 0 and text.ends[-1] <= len(raw))
    for start, end in thought_spans(raw):
        assert not ((text.starts < end) & (text.ends > start)).any(), "nothing is read of a thought"


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="<>[]&*_`~|#"), max_size=60))
def test_plain_text_is_read_as_it_is(raw: str) -> None:
    assert cleaned(raw).text == raw
