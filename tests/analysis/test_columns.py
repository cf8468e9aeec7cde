"""Columns by name and by path."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.data.columns import NowhereError, top_column, value_at
from analysis.data.examples import names_by_content

ROW: dict[str, Any] = {
    "a": {"b": [{"c": 1}, None], "10": "ten"},
    "a.b": "dotted",
    "text": '{"in": ["x", {"y": 2}]}',
    "plain": "no json",
    "none": None,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.b", "dotted"),
        ("a.10", "ten"),
        ("text.in.0", "x"),
        ("text.in.1.y", 2),
        ("none", None),
        ("none.any.thing", None),
        ("absent", None),
        ("a.b.0.c", 1),
        ("a.b.1", None),
    ],
)
def test_a_name_goes_before_a_path_and_null_ends_it(name: str, value: Any) -> None:
    assert value_at(ROW, name, ROW) == value


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.bb", "leads nowhere: 'a' has no 'bb'; did you mean 'b'?"),
        ("a.b.2", "leads nowhere: 'a.b' is a list of 2, and there is no place 2"),
        ("a.b.x", "leads nowhere: 'a.b' is a list of 2, and a place in it is a number from 0"),
        ("a.b.-1", "a place in it is a number from 0"),
        ("plain.x", "leads nowhere: 'plain' is 'no json' and holds no 'x'"),
        ("text.on", "leads nowhere: 'text' has no 'on'; it has in"),
        ("a.zzz", "'a' has no 'zzz'; it has b, 10"),
        ("b.c", "leads nowhere: the row has no 'b'"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ends(name: str, words: str) -> None:
    with pytest.raises(NowhereError, match="leads nowhere") as caught:
        value_at(ROW, name, ROW)
    assert words in str(caught.value)


def test_the_column_of_a_path_is_its_first_part_or_the_whole_name() -> None:
    assert top_column("a.b", ROW) == "a.b"
    assert top_column("a.c", ROW) == "a"
    assert top_column("b.c", ROW) is None
    assert top_column("absent", ROW) is None


def test_names_by_content_depend_on_nothing_else() -> None:
    names = names_by_content(["one", "two", "one", "\ud800"])
    assert names[2] == f"{names[0]}-2"
    assert len({*names}) == 4
    assert names_by_content(["two", "one"]) == [names[1], names[0]]
