"""`[response.detector.NAME]` by its kind: each mistake is said at its own line, with what was nearest."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from analysis.plugin.settings import Section
from analysis.plugin.toml_sections import SectionReader, read_toml
from analysis.tracks.response.behaviour_settings import LabelColumns
from analysis.tracks.response.leads.model import ModelLead
from analysis.tracks.response.leads.settings import (
    DetectorSection,
    LearnedSection,
    ModelSection,
    PatternsSection,
    RecordedSection,
)


class Whole(Section):
    """What the track's settings are to have."""

    detector: dict[str, DetectorSection] = Field(default_factory=dict)
    labels: dict[str, LabelColumns] = Field(default_factory=dict)


def read(root: Path, text: str) -> tuple[Whole | None, list[str]]:
    """The section and what is wrong with it, with places."""
    path = root / "review.toml"
    path.write_text(text, "utf-8")
    tree, source = read_toml(path)
    reader = SectionReader(source, root)
    whole = reader.section(Whole, tree["response"], ("response",))
    problems = [
        f"{(one.where or '').removeprefix(str(path))} {one.message} [{one.hint or ''}]"
        for one in reader.problems
    ]
    return whole, problems


def test_each_kind_is_read(tmp_path: Path) -> None:
    (tmp_path / "refusal.txt").write_text("i cannot\n", "utf-8")
    (tmp_path / "model").mkdir()
    whole, problems = read(
        tmp_path,
        """
        [response.detector.phrases]
        kind = "patterns"
        file = "refusal.txt"
        [response.detector.shipped]
        kind = "patterns"
        words = "refusal.en"
        [response.detector.taught]
        kind = "learned"
        encoder = "model"
        unit = "sentence"
        like = ["I can't help with that."]
        [response.detector.plain]
        kind = "learned"
        [response.detector.guard]
        kind = "model"
        task = "nli"
        folder = "model"
        premise = "{response}"
        hypothesis = "The speaker declines to help."
        [response.detector.elsewhere]
        kind = "recorded"
        base = "refused_base"
        candidate = "refused_candidate"
        [response.labels]
        refuses = { base = "gold_base", candidate = "gold_candidate" }
        """,
    )
    assert problems == []
    assert whole is not None
    kinds = [type(one) for one in whole.detector.values()]
    assert kinds == [
        PatternsSection, PatternsSection, LearnedSection, LearnedSection, ModelSection, RecordedSection,
    ]  # fmt: skip
    plain = whole.detector["plain"]
    assert isinstance(plain, LearnedSection)
    assert (plain.encoder, plain.unit, plain.like) == (None, "answer", [])
    guard = whole.detector["guard"]
    assert isinstance(guard, ModelSection)
    assert (guard.task, guard.folder) == ("nli", tmp_path / "model")
    assert ModelLead("guard", guard).given == ("{response}", "The speaker declines to help.")
    assert whole.labels["refuses"].candidate == "gold_candidate"
    # What is recorded of a run names the file and not where it lay, and is read back as it was.
    assert whole.model_dump(mode="json")["detector"]["phrases"] == {
        "kind": "patterns", "file": "refusal.txt", "words": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            'words = "refusal.en"',
            ":2 response.detector.x.kind: is required [add kind = ... to [response.detector.x]]",
        ),
        (
            'kind = "pattern"',
            ":3 response.detector.x.kind: there is no kind 'pattern' [did you mean 'patterns'?]",
        ),
        ("kind = 3", ":3 response.detector.x.kind: there is no kind 3 "),
        (
            'kind = "recorded"\nbase = "b"\ncandidat = "c"',
            ":5 response.detector.x.candidat: unknown key for kind 'recorded' [did you mean 'candidate'?]",
        ),
        (
            'kind = "model"\ntask = "nli"\nfoldr = "model"',
            ":5 response.detector.x.foldr: unknown key for kind 'model' [did you mean 'folder'?]",
        ),
        (
            'kind = "learned"\nthreshold = 1',
            ":4 response.detector.x.threshold: unknown key for kind 'learned' [known: kind, encoder, unit, like]",
        ),
        ('kind = "learned"\nunit = "word"', ":4 response.detector.x.unit: "),
        ('kind = "learned"\nencoder = "nowhere"', ":4 response.detector.x.encoder: there is nothing at"),
        ('kind = "learned"\nlike = ["  "]', ":4 response.detector.x.like[0]: must not be empty"),
        ('kind = "patterns"', ":2 response.detector.x: needs either file or words, and not both"),
        ('kind = "patterns"\nfile = "no.txt"', ":4 response.detector.x.file: there is nothing at"),
        ('kind = "patterns"\nwords = "../refusal"', ":4 response.detector.x.words: "),
        ('kind = "recorded"\nbase = "b"', ":2 response.detector.x.candidate: is required"),
        (
            'kind = "model"\ntask = "nli"\nfolder = "model"',
            ":2 response.detector.x: task 'nli' needs hypothesis",
        ),
        (
            'kind = "model"\ntask = "reward"\nfolder = "model"\nlabel = "good"',
            ":2 response.detector.x: task 'reward' has no use for label: it takes premise",
        ),
        ('kind = "model"\ntask = "chat"\nfolder = "model"', ":4 response.detector.x.task: "),
        ('kind = "{said}"', ":3 response.detector.x.kind: there is no kind '{said}'"),
    ],
)
def test_each_mistake_is_said_at_its_line(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "model").mkdir()
    whole, problems = read(tmp_path, "# a review\n[response.detector.x]\n" + table + "\n")
    assert whole is None
    assert len(problems) == 1
    assert problems[0].startswith(said)


def test_a_detector_that_is_no_table(tmp_path: Path) -> None:
    _, problems = read(tmp_path, '[response.detector]\nx = "learned"\n')
    assert problems == [":2 response.detector.x: must be a table with a kind []"]


def test_two_mistakes_are_said_at_once(tmp_path: Path) -> None:
    text = '[response.detector.x]\nkind = "learned"\nunti = 1\nencodr = 2\n[response.labels]\nr = { base = "a" }\n'
    _, problems = read(tmp_path, text)
    assert [one.split(" ")[1] for one in problems] == [
        "response.detector.x.unti:", "response.detector.x.encodr:", "response.labels.r.candidate:",
    ]  # fmt: skip
