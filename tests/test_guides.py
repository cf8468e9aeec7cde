"""Every page of docs/guides does what it says: its commands, in a folder as it describes it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.analysis.layouts import separated
from tests.analysis.models.adapters import make_adapter
from tests.analysis.result_files import classified, write_inspect
from tests.analysis.tracks.retrieval.tiny import items, probes, write_encoder, write_lines
from tests.conftest import LABELS, MakeClassifier, messages, write_jsonl
from tui import cli

GUIDES = Path(__file__).parents[1] / "docs" / "guides"
Prepare = Callable[[Path, MakeClassifier], None]


def without_ids(root: Path, make: MakeClassifier) -> None:
    for seed, name in enumerate(("prod", "finetuned")):
        make(root / "models" / name, seed=seed)
    rows = [{"text": row["text"], "label": LABELS.index(str(row["label"]))} for row in messages()]
    (root / "messages.csv").write_bytes(separated(rows, ";", start="\ufeff", index=range(len(rows))))


def beir(root: Path, _: MakeClassifier) -> None:
    for seed, name in enumerate(("prod", "finetuned")):
        write_encoder(root / "models" / name, seed=seed)
    corpus = [
        {
            "_id": row["id"],
            "title": row["title"],
            "text": row["text"],
            "topic": row["theme"],
            "source": row["publisher"],
        }
        for row in items()
    ]
    write_lines(root / "corpus.jsonl", corpus)
    write_lines(root / "queries.jsonl", [{"_id": row["id"], "text": row["query"]} for row in probes()])
    judged = [f"{row['id']}\t{item}\t1" for row in probes() for item in row["relevant"]]
    (root / "qrels").mkdir()
    (root / "qrels" / "test.tsv").write_text(
        "\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n", "utf-8"
    )


def adapters(root: Path, make: MakeClassifier) -> None:
    make(root / "models" / "base")
    (root / "adapters").mkdir()
    make_adapter(root / "models" / "base", root / "adapters" / "v2")
    (root / "messages.csv").write_bytes(
        separated([{"text": row["text"], "label": row["label"]} for row in messages()])
    )


def result_files(root: Path, _: MakeClassifier) -> None:
    for name, seed in (("base", 1), ("candidate", 2)):
        write_inspect(root / f"{name}.eval", classified(seed), f"openai/{name}")


def heads_on_encoders(root: Path, _: MakeClassifier) -> None:
    """Bodies of Sentence-Transformers with heads of scikit-learn, each as its own training would have left it."""
    import joblib
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression

    rows = messages()[::2]
    for seed, name in enumerate(("prod", "finetuned")):
        folder = write_encoder(root / "models" / name, seed=seed)
        vectors = SentenceTransformer(str(folder), device="cpu").encode([str(row["text"]) for row in rows])
        head = LogisticRegression(max_iter=50).fit(vectors, [str(row["label"]) for row in rows])
        joblib.dump(head, folder / "head.joblib")
    write_jsonl(root / "messages.jsonl", rows)


PAGES: dict[str, tuple[Prepare, str, tuple[str, ...]]] = {
    "data-without-ids": (without_ids, "intent.accuracy", ("places of the models' classes",)),
    "retrieval-got-worse": (beir, "retrieval.probes", ("12 examples; 40 items",)),
    "lora-adapters": (adapters, "intent.accuracy", ("LORA adapter over BertForSequenceClassification",)),
    "two-result-files": (result_files, "intent.accuracy", ("60 items are in both files, joined by id",)),
    "recorded-predictions": (
        heads_on_encoders,
        "intent.accuracy",
        ("36 examples", "there is no model to ask"),
    ),
}


def test_every_guide_is_tried() -> None:
    assert {path.stem for path in GUIDES.glob("*.md")} == PAGES.keys()
    readme = (GUIDES.parents[1] / "README.md").read_text("utf-8")
    assert all(f"docs/guides/{name}.md" in readme for name in PAGES)


LONG = ("data-without-ids", "lora-adapters")
"""Pages whose commands take a quarter of a minute each."""


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.soak if page in LONG else ()) for page in PAGES]
)
def test_a_guide_does_what_it_says(
    page: str,
    tmp_path: Path,
    tiny_classifier: MakeClassifier,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prepare, gate, said = PAGES[page]
    prepare(tmp_path, tiny_classifier)
    monkeypatch.chdir(tmp_path)
    text = (GUIDES / f"{page}.md").read_text("utf-8")
    named = re.findall(r"^    ((?:\S+  )+\S+)$", text, re.MULTILINE)[0].split("  ")
    assert all((tmp_path / name).exists() for name in named)
    edits = [
        line for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    # What a page asks to be run in one's own program comes before its commands.
    for program in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(program, page, "exec"), {})
    commands = [line.strip() for line in text.splitlines() if line.startswith("    assay ")]
    assert commands[0].startswith("assay init ")
    out = ""
    for command in commands:
        store = next(iter(tmp_path.glob("*.review")), None)
        arguments = shlex.split(command.replace("NAME.review", store.name if store else "NAME.review"))[1:]
        # A review in which gates wait for people is no failure of the page.
        assert cli.main(arguments) in ((0, 1) if arguments[0] == "status" else (0,)), command
        out += capsys.readouterr().out
        if arguments[0] == "init":
            take_over(next(tmp_path.rglob("review.toml")), edits)
    assert gate in out
    assert all(one in out for one in said)


def take_over(path: Path, edits: list[str]) -> None:
    """Write the lines of a page in place of those of the same keys."""
    text = path.read_text("utf-8")
    for line in edits:
        key = line.partition(" = ")[0]
        text, count = re.subn(rf"^(# )?{key} = .*$", line, text, count=1, flags=re.MULTILINE)
        assert count == 1, key
    path.write_text(text, "utf-8")
