"""The form in which a text is searched."""

from __future__ import annotations

from analysis.text.searched import search_form, searched_rows


def test_only_what_is_searched_in_another_form_is_kept() -> None:
    rows = [
        ("a", "m1", "where is my gift"),
        ("b", "m2", "Where is my **gift**"),
        ("c", "M3", "plain"),
        ("d", "m4", "\uff54ofu &amp; rice"),
    ]
    found = dict(searched_rows(rows))
    assert set(found) == {"b", "c", "d"}
    assert search_form("Where is my **gift**") in found["b"].splitlines()
    assert "where is my **gift**" in found["b"]
    assert found["c"] == "m3"
    assert "tofu & rice" in found["d"]
