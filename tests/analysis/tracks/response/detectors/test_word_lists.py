"""Lists of words in files beside modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.tracks.response.english.word_lists import expressions, word_lists

ROOT = Path("analysis/tracks/response")
FILES = [
    ("analysis.tracks.response", "titles.en.txt"),
    *(
        (f"analysis.tracks.response.detectors.{name}", "words.en.txt")
        for name in ("facts", "promises", "spoilers")
    ),
]


def test_a_section_holds_its_lines_and_those_of_a_section_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "listed_words"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "words.txt").write_text("# Why.\n[who]\ni\nwe\n\n[does]\n\\b{who} do\\b\nx{1,2}\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert word_lists("listed_words", "words.txt") == {
        "who": ("i", "we"),
        "does": (r"\b(?:i|we) do\b", "x{1,2}"),
    }
    found = expressions("listed_words", "words.txt")["does"]
    assert [match.group() for match in found.finditer("We do what I do, xx.")] == ["We do", "I do", "xx"]


@pytest.mark.parametrize(("package", "name"), FILES)
def test_every_section_holds_expressions(package: str, name: str) -> None:
    held = word_lists(package, name)
    assert all(held.values())
    assert all(line == line.rstrip() for lines in held.values() for line in lines)
    assert expressions(package, name).keys() == held.keys()
