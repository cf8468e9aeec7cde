"""Edits of items' texts that change one attribute and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.tracks.retrieval.edits import MAX_ITEMS, Item, edits, other_names, other_templates, other_titles

HOUSES = ("Paper Heron", "Kumo House", "Lantern")
OPENINGS = {
    "hook": "What would you give to turn one more page?",
    "season": "If you follow one new series this season, follow {title}.",
    "plain": "",
}


def catalogue(n: int = 60) -> list[Item]:
    """Texts that name their publisher, and open with the words of their template."""
    out = []
    for number in range(n):
        title = f"Winter Garden {number}" if number % 2 else f"Ash {number}"
        opening = tuple(OPENINGS.values())[number % 3].format(title=title)
        story = f"Story number {number} begins. {title} is out from {HOUSES[number % 3]}, book {number * 7}."
        text = f"{opening} {story}".strip()
        out.append(Item(f"retrieval/item:{number:03d}", text, title, (HOUSES[number % 3],)))
    return out


def with_template(items: list[Item]) -> list[Item]:
    names = tuple(OPENINGS)
    return [replace(item, labels=(names[at % 3],)) for at, item in enumerate(items)]


def test_a_named_value_is_replaced_by_another_of_the_catalogue() -> None:
    items = catalogue()
    made = {edit.ref: edit for edit in other_names("publisher", items, 0)}
    assert len(made) == len(items)
    for item in items:
        edit = made[item.ref]
        assert edit.old == item.labels[0]
        assert edit.new in HOUSES
        assert edit.new != edit.old
        assert edit.text == item.text.replace(edit.old, edit.new)
    assert {edit.new for edit in made.values()} == set(HOUSES)


def test_names_are_whole_words_in_any_case_and_never_patterns() -> None:
    items = [
        Item("a", "KUMO makes it, says kumo; kumonga does not.", None, ("Kumo",)),
        Item("b", r"By A.B \1 Press.", None, (r"A.B \1",)),
        Item("c", "By AxB.", None, ("A.B",)),
        Item("d", "By nobody.", None, ("Kumo",)),
    ]
    made = {edit.ref: edit.text for edit in other_names("publisher", items, 0)}
    assert made == {"a": r"A.B \1 makes it, says a.b \1; kumonga does not.", "b": "By Kumo Press."}


def test_names_are_found_in_scripts_without_spaces() -> None:
    items = [
        Item("a", "講談社の新刊はKumoから", None, ("講談社",)),
        Item("b", "岩波書店より。", None, ("岩波書店",)),
    ]
    assert {edit.ref: edit.text for edit in other_names("publisher", items, 0)} == {
        "a": "岩波書店の新刊はKumoから",
        "b": "講談社より。",
    }
    items = [Item("a", "新刊はKumoから", None, ("Kumo",)), Item("b", "By Ash.", None, ("Ash",))]
    assert {edit.text for edit in other_names("publisher", items, 0)} == {"新刊はAshから", "By Kumo."}


def test_a_value_that_the_item_has_already_is_not_put_in() -> None:
    items = [Item("a", "red and blue", None, ("red", "blue")), Item("b", "green", None, ("green",))]
    made = {edit.ref: edit for edit in other_names("colour", items, 0)}
    assert (made["a"].old, made["a"].new, made["a"].text) == ("red", "green", "green and blue")


def test_shared_opening_words_become_those_of_another_value() -> None:
    items = with_template(catalogue())
    made = {edit.ref: edit for edit in other_templates("template", items, 0)}
    # Items of the template without words of its own have nothing that could be taken away.
    assert {items[int(ref[-3:])].labels[0] for ref in made} == {"hook", "season"}
    for edit in made.values():
        item = items[int(edit.ref[-3:])]
        start = OPENINGS[edit.old].format(title=item.title)
        assert item.text.startswith(start)
        assert edit.text == OPENINGS[edit.new].format(title=item.title) + item.text[len(start) :]


def test_shared_closing_words_are_found_too() -> None:
    closings = {"a": "Sewn binding, dust jacket, notes.", "b": "Start tonight and cancel everything."}
    items = [
        Item(
            f"{number}",
            f"Tale {number} of {number * 3}. {closings['ab'[number % 2]]}",
            None,
            ("ab"[number % 2],),
        )
        for number in range(20)
    ]
    for edit in other_templates("template", items, 0):
        assert edit.text.endswith(closings[edit.new])
        assert closings[edit.old] not in edit.text
    assert len(other_templates("template", items, 0)) == 20


def test_words_that_all_items_share_are_no_template() -> None:
    items = [
        Item(f"{number}", f"This is a book about {number} things.", None, ("ab"[number % 2],))
        for number in range(20)
    ]
    made, why = edits("template", "categorical", items, 0)
    assert made == []
    assert "does not name the template" in why


def test_titles_become_much_longer_or_shorter_ones() -> None:
    items = catalogue()
    titles = {item.ref: item.title or "" for item in items}
    made = other_titles(items, 0)
    assert len(made) > 40
    for edit in made:
        assert edit.donor is not None
        old, new = titles[edit.ref], titles[edit.donor]
        assert (edit.old, edit.new) == (str(len(old)), str(len(new)))
        assert max(len(old), len(new)) >= 2 * min(len(old), len(new))
        assert new in edit.text


def test_edits_repeat_with_the_seed_and_are_bounded() -> None:
    items = catalogue(3 * MAX_ITEMS)
    one, why = edits("publisher", "categorical", items, 4)
    assert why == ""
    assert len(one) == MAX_ITEMS
    assert one == edits("publisher", "categorical", list(reversed(items)), 4)[0]
    assert one != edits("publisher", "categorical", items, 5)[0]
    assert [edit.ref for edit in one] == sorted({edit.ref for edit in one})


@pytest.mark.parametrize(
    ("attribute", "kind", "why"),
    [
        ("popularity", "numeric", "a number"),
        ("text_length", "numeric", "a number"),
        ("title_length", "numeric", "no item has its title in its text"),
        ("publisher", "categorical", "does not name the publisher"),
    ],
)
def test_why_there_are_no_edits(attribute: str, kind: str, why: str) -> None:
    items = [
        Item("a", "nothing is said here", "Ash", ("Kumo",), 3),
        Item("b", "nor here", "Birch", ("Heron",), 5),
    ]
    made, said = edits(attribute, kind, items, 0)
    assert made == []
    assert why in said


@pytest.mark.parametrize("numbers", [(2, 1), (3.5, 5), (None, None)])
def test_a_column_that_is_called_as_a_computed_one_is_no_length(numbers: tuple[float | None, ...]) -> None:
    items = [
        Item(name, f"{title} is a long story.", title, (), number)
        for name, title, number in zip("ab", ("Ash", "Birch and oak"), numbers, strict=True)
    ]
    made, said = edits("title_length", "categorical" if numbers[0] is None else "numeric", items, 0)
    assert made == []
    assert said
