"""What answers are held against on a closed page: found by the words that are shown, and telling no side."""

from __future__ import annotations

import pytest

from analysis.tracks.response.reference_facts import MOST_PROMISES, promises_about, titles_named

TITLES = (
    {"id": "t1", "title": "Lantern", "aliases": []},
    {"id": "t2", "title": "Lantern Waltz", "aliases": ["LW"]},
    {"id": "t3", "title": "Café Noir", "aliases": ["Black Coffee"]},
    {"id": "t4", "title": "Café Noir", "aliases": []},
)
POLICY = (
    {"about": "delivery", "text": "Parcels arrive in two to four working days."},
    {"about": "lost parcel", "text": "What the carrier declares lost is sent again."},
    {"about": "voucher", "text": "A late return may become a voucher."},
    {"about": "exchange", "text": "A damaged copy is exchanged at once, and parcels of it are free."},
    {"about": "preorder", "text": "It can be cancelled until the week of release."},
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Try Lantern Waltz tonight.", ["t2"]),
        ("Try lantern waltz tonight, then Lantern.", ["t2", "t1"]),
        ("Hang a lantern by the door.", []),
        ("black coffee is a fine read", ["t3"]),
        ("Read Café Noir.", ["t3", "t4"]),
        ("Nothing here", []),
    ],
)
def test_titles_are_named_by_the_words_that_are_shown(text: str, found: list[str]) -> None:
    held = [
        row
        for row in TITLES
        if any(name.lower() in text.lower() for name in (str(row["title"]), *row["aliases"]))
    ]
    assert [row["id"] for row in titles_named(text, held, ())] == found


def test_a_title_that_is_spelt_otherwise_comes_after_those_that_are_named() -> None:
    named = titles_named("Lantern Walz and Lantern.", [TITLES[0]], [TITLES[1], TITLES[0]])
    assert [row["id"] for row in named] == ["t1", "t2"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Here is a voucher for you.", ["voucher"]),
        ("The carrier declares nothing.", ["lost parcel"]),
        ("It returns tomorrow.", []),
        ("No word of it.", []),
    ],
)
def test_promises_are_those_that_share_telling_words(text: str, found: list[str]) -> None:
    assert [row["about"] for row in promises_about(text, POLICY, ())] == found


def test_of_few_promises_all_are_shown() -> None:
    assert promises_about("No word of it.", POLICY[:2], POLICY[1:2]) == [POLICY[1], POLICY[0]]


def test_promises_that_claims_name_come_first_and_the_rest_is_bounded() -> None:
    many = tuple({"about": f"voucher{number}", "text": "a voucher"} for number in range(9))
    assert promises_about("a thing", many, many[3:4]) == [many[3]]
    distinct = tuple(
        {"about": word, "text": word} for word in ("return", "voucher", "stock", "points", "label")
    )
    shown = promises_about(" ".join(str(row["about"]) for row in distinct), distinct, distinct[4:])
    assert shown[0] == distinct[4]
    assert len(shown) == MOST_PROMISES
