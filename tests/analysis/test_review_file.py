"""The review file: every mistake is found, with its line, its key and what to do."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.toml_lines import key_lines, nearest_line
from analysis.run.review_file import load_review


def rewrite(path: Path, old: str, new: str) -> Path:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def line_of(path: Path, part: str) -> int:
    return next(number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if part in line)


def failure(path: Path) -> AssayError:
    with pytest.raises(AssayError) as caught:
        load_review(path)
    return caught.value


def test_a_sound_review_is_read_with_its_defaults(tiny_review: Path) -> None:
    review = load_review(tiny_review)
    settings = review.tracks["intent"]
    assert review.review.name == "tiny"
    assert review.review.signers_required == 1
    assert (review.queue.budget, review.queue.controls, review.queue.attribute) == (12, 4, "queue")
    assert review.store_path == tiny_review.parent / "tiny.review"
    assert settings.critical_classes() == ["escalation"]
    assert settings.slices == {"names a title": "contains_title", "very short": "word_count <= 3"}
    assert review.lexicon("titles").cues == ("Quiet Suspect", "Cold Harbor", "Tofu Wars")
    assert review.lexicon("punctuation").find("help!")
    assert all(rule.off is None and not rule.loosened for rule in review.rules.values())
    assert "intent.accuracy" in review.rules


def test_paths_are_relative_to_the_file_and_not_to_the_working_folder(
    tiny_review: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    review = load_review(tiny_review.relative_to(tmp_path))
    assert review.tracks["intent"].model_dump()["examples"] == tiny_review.parent / "eval.jsonl"


def test_recorded_settings_do_not_depend_on_where_the_review_lies(tiny_review: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "review.toml"
    shutil.copytree(tiny_review.parent, moved.parent)
    settings = [load_review(path).tracks["intent"].model_dump(mode="json") for path in (tiny_review, moved)]
    assert settings[0] == settings[1]
    assert settings[0]["examples"] == "eval.jsonl"


@pytest.mark.parametrize(
    ("old", "new", "key", "hint"),
    [
        (
            "max_length = 32",
            "max_lenght = 32",
            "intent.max_lenght: unknown key",
            "did you mean 'max_length'?",
        ),
        ("budget = 12", "bugdet = 12", "queue.bugdet: unknown key", "did you mean 'budget'?"),
        ("[queue]", "[qeue]", "qeue: unknown section", "did you mean 'queue'?"),
        (
            'titles = { file = "titles.txt" }',
            'titles = { flie = "titles.txt" }',
            "lexicons.titles.flie: unknown key",
            "did you mean 'file'?",
        ),
        ('["titles", "punctuation"]', '["titel", "punctuation"]', "no lexicon named 'titel'", "'titles'"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(
    tiny_review: Path, old: str, new: str, key: str, hint: str
) -> None:
    error = failure(rewrite(tiny_review, old, new))
    assert key in str(error)
    assert hint in str(error)
    assert f"{tiny_review}:{line_of(tiny_review, new)}" in str(error)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('owner = "mangaassist"\n', "", "review.owner: is required"),
        ("budget = 12", "budget = -1", "queue.budget: input should be greater than or equal to 0, not -1"),
        ("budget = 12", 'budget = "12"', "queue.budget: must be a whole number, not '12'"),
        ("budget = 12", "budget = true", "queue.budget: must be a whole number, not True"),
        ('device = "cpu"', 'device = "gpu0"', "review.device: string should match pattern"),
        ('device = "cpu"', 'device = "cpu"\nseed = -1', "review.seed: "),
        ('name = "tiny"', 'name = "../tiny"', "review.name: must be usable as a file name"),
        ('name = "tiny"', 'name = "a\\u001b[2J"', "review.name: must not hold control characters"),
        ('base = "models/base"', 'base = "models/none"', "intent.base: there is nothing at "),
        ('base = "models/base"', 'base = "eval.jsonl"', "intent.base: is not a folder"),
        ('"eval.jsonl"', '"models"', "intent.examples: is a folder, and `datasets` saved no table in it"),
        ('"eval.jsonl"', '"eval\\u0000.jsonl"', "intent.examples: must not hold control characters"),
        ('{ file = "titles.txt" }', '{ file = "titles.txt", terms = ["a"] }', "either file or terms"),
        ('{ file = "titles.txt" }', "{}", "needs either file or terms"),
        ('{ file = "titles.txt" }', "{ terms = [] }", "has no terms"),
        ("[lexicons]", "[lexicons]\npunctuation = { terms = ['!'] }", "has the name of a built-in lexicon"),
        ('critical = ["escalation"]', 'critical = "escalation"', "intent.critical: must be a list"),
        ('out_of_scope = "oos.jsonl"', 'label = "text"', "must be three different columns"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(tiny_review: Path, old: str, new: str, message: str) -> None:
    error = failure(rewrite(tiny_review, old, new))
    assert message in error.message
    assert error.where is not None
    assert error.where.startswith(f"{tiny_review}:")


def test_expected_changes_are_checked_by_entry(tiny_review: Path) -> None:
    sound = '[[expected]]\nmetric = "recall"\nslice = "label=escalation"\ndirection = "up"\nlimit = 0.02\n\n'
    rewrite(tiny_review, "[intent]", sound + sound.replace('"up"', '"upwards"') + "[intent]")
    error = failure(tiny_review)
    assert "expected[1].direction: input should be 'up' or 'down', not 'upwards'" in error.message
    assert error.where == f"{tiny_review}:{line_of(tiny_review, 'upwards')}"


def test_a_threshold_is_loosened_only_with_a_reason(tiny_review: Path) -> None:
    gates = '[gates]\n"intent.accuracy" = { %s }\n'
    text = tiny_review.read_text("utf-8")
    tiny_review.write_text(text + gates % 'off = "measured elsewhere"', "utf-8")
    assert load_review(tiny_review).rules["intent.accuracy"].off == "measured elsewhere"
    tiny_review.write_text(text + gates % "no_such_threshold = 1", "utf-8")
    error = failure(tiny_review)
    assert "no threshold 'no_such_threshold'" in error.message
    assert error.where == f"{tiny_review}:{line_of(tiny_review, 'no_such_threshold')}"


def test_an_unknown_gate_is_an_error(tiny_review: Path) -> None:
    with tiny_review.open("a", encoding="utf-8") as stream:
        stream.write('[gates]\n"intent.acuracy" = { off = "x" }\n')
    assert "'intent.accuracy'" in str(failure(tiny_review))


def test_several_mistakes_are_reported_together(tiny_review: Path) -> None:
    rewrite(tiny_review, "budget = 12", "budgett = 12")
    rewrite(tiny_review, "max_length = 32", "max_length = 1")
    rewrite(tiny_review, 'critical = ["escalation"]', "critcal = []")
    error = failure(tiny_review)
    lines = error.message.split("\n")
    assert lines[0] == "3 mistakes"
    assert sum("queue.budgett" in line for line in lines) == 1
    assert sum("intent.max_length" in line for line in lines) == 1
    assert sum("did you mean 'critical'?" in line for line in lines) == 1


def test_a_review_without_a_track_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "review.toml"
    path.write_text(
        '[review]\nname = "a"\nowner = "b"\nbase_version = "1"\ncandidate_version = "2"\n', "utf-8"
    )
    assert failure(path).message == "declares no track"


def test_broken_toml_is_named_by_line_and_column(tiny_review: Path) -> None:
    rewrite(tiny_review, "budget = 12", "budget = = 12")
    error = failure(tiny_review)
    assert error.message.startswith("not valid TOML")
    assert error.where == f"{tiny_review}:{line_of(tiny_review, '= =')}:10"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = 'x", "not valid"),
    ],
)
def test_a_file_that_is_no_review_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "review.toml"
    path.write_bytes(content)
    assert message in failure(path).message


def test_a_missing_file_and_a_huge_one_are_refused(tmp_path: Path) -> None:
    assert "no such file" in failure(tmp_path / "none.toml").message
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * 5_000_000)
    assert "is larger than" in failure(huge).message


def test_lines_of_keys_are_found_in_every_form_of_toml() -> None:
    text = """# comment
top = 1
[a.b]
key = [
  "x", # with a ] bracket
  "[not.a.header]",
]
'quoted key' = '''
[also.not]
'''
dotted.inner = 2
inline = { one = 1, two = { three = 3 } }
[[list]]
x = 1
[[list]]
x = 2
[list.sub]
y = 1
"""
    tomllib.loads(text)
    lines = key_lines(text)
    assert lines[("top",)] == 2
    assert lines[("a", "b")] == 3
    assert lines[("a", "b", "key")] == 4
    assert lines[("a", "b", "quoted key")] == 8
    assert lines[("a", "b", "dotted", "inner")] == 11
    assert lines[("a", "b", "inline", "two", "three")] == 12
    assert lines[("list", 0, "x")] == 14
    assert lines[("list", 1, "x")] == 16
    assert lines[("list", 1, "sub", "y")] == 18
    assert ("also", "not") not in lines
    assert nearest_line(lines, ("a", "b", "key", 1)) == 4
    assert nearest_line(lines, ("none",)) is None
