"""What `check` passes `analyze` finishes, and what `check` refuses `analyze` refuses: over the fixtures of all tests.

Families of classifiers are in `models/test_odd_families.py`. Most of it is a soak: each case is a whole run.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.init import init_review
from analysis.init.from_results import import_results
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from tests.analysis.fuzzed import mutate, write_folder
from tests.analysis.models.adapters import make_adapter
from tests.analysis.result_files import classified
from tests.analysis.test_from_results import WRITTEN
from tests.analysis.test_tables_as_they_lie import LAYOUTS as TABLES
from tests.analysis.tracks.intent.recorded import changed, predicted, without, write_recorded
from tests.analysis.tracks.response import tiny as response
from tests.analysis.tracks.response.test_init import LAYOUTS as ANSWERS
from tests.analysis.tracks.retrieval import tiny as retrieval
from tests.analysis.tracks.retrieval.test_beir import QRELS, beir
from tests.conftest import LABELS, MakeClassifier, messages, write_jsonl, write_tiny_review

HEAD = """\
[review]
name = "r"
owner = "o"
base_version = "1"
candidate_version = "2"

[queue]
budget = 2
controls = 1

"""
Write = Callable[[Path, MakeClassifier], Path]
FUZZED = 40


def agrees(path: Path, *, skip_bad_rows: bool = False) -> bool:
    """Whether check passed, and analyze finished; where check refuses, analyze does so in the same words."""
    try:
        check_review(path, skip_bad_rows=skip_bad_rows)
    except AssayError as error:
        refused: AssayError | None = error
    else:
        refused = None
    if refused is not None:
        with pytest.raises(AssayError) as caught:
            analyze(path, skip_bad_rows=skip_bad_rows)
        # Analyze stops at the first mistake, check names them all.
        assert caught.value.message.split("\n")[0] in str(refused)
        return False
    assert analyze(path, skip_bad_rows=skip_bad_rows).created
    return True


def put(root: Path, text: str) -> Path:
    (root / "review.toml").write_text(HEAD + text, "utf-8")
    return root / "review.toml"


def table(layout: str) -> Write:
    """A table as the tools write it; its columns stand for what both sides predicted."""

    def write(root: Path, _: MakeClassifier) -> Path:
        name = TABLES[layout](root).name
        return put(
            root, f'[intent]\npredictions = "{name}"\nbase_label = "label"\ncandidate_label = "channel"\n'
        )

    return write


def answers(make: Callable[[Path], None]) -> Write:
    def write(root: Path, _: MakeClassifier) -> Path:
        make(root)
        return init_review(root)

    return write


def judged(form: str) -> Write:
    def write(root: Path, _: MakeClassifier) -> Path:
        qrels = beir(root, form).relative_to(root)
        names = [f"{kind}{number}" for kind in "dq" for number in range(1, 7)]
        for seed, side in enumerate(("base", "candidate")):
            vectors = retrieval.random_vectors(seed=seed).values()
            retrieval.write_vectors(root / f"{side}.parquet", dict(zip(names, vectors, strict=False)))
        keys = 'items = "corpus.jsonl"\nid = "_id"\ntext = "text"\nqueries = "queries.jsonl"'
        sides = 'base = "base.parquet"\ncandidate = "candidate.parquet"'
        return put(root, f'[retrieval]\n{sides}\n{keys}\nqrels = "{qrels}"\n')

    return write


def results(layout: str) -> Write:
    def write(root: Path, _: MakeClassifier) -> Path:
        tool, name, make = WRITTEN[layout]
        files = [make(root / name.format(side), classified(seed, count=24)) for seed, side in enumerate("bc")]
        made = import_results(tool, *files, root / "review")
        path = root / "review" / "review.toml"
        path.write_text(made.look.text, "utf-8")
        return path

    return write


def recorded(rows: Sequence[dict[str, Any]], more: str = "") -> Write:
    return lambda root, _: write_recorded(root, rows, more)


DATA: dict[str, Write] = {
    **{f"table: {one}": table(one) for one in TABLES},
    **{f"answers: {one.__name__}": answers(one) for one, _, _ in ANSWERS},
    **{f"judgements: {one}": judged(one) for one in QRELS},
    **{f"results: {one}": results(one) for one in WRITTEN},
    "predictions: labels and probabilities": recorded(predicted(count=36)),
    "predictions: labels alone": recorded(without(predicted(count=36), "base_p", "candidate_p")),
    "predictions: one class on one side": recorded(
        [{**one, "candidate": LABELS[0]} for one in predicted(count=36)]
    ),
    "predictions: one row": recorded(predicted(count=1)),
    "predictions: a missing answer": recorded(changed(predicted(count=36), 3, candidate=None)),
    "answers: recorded": lambda root, _: response.write_review(root),
    "vectors: recorded": lambda root, _: _vectors(root),
}
OFTEN = ("table: semicolons", "answers: _chats", "predictions: one row")


def _vectors(root: Path) -> Path:
    for seed, side in enumerate(("base", "candidate")):
        retrieval.write_vectors(root / f"{side}.parquet", retrieval.random_vectors(seed=seed))
    return retrieval.write_review(root, base="base.parquet", candidate="candidate.parquet")


def encoders(**options: Any) -> Write:
    def write(root: Path, _: MakeClassifier) -> Path:
        retrieval.write_encoder(root / "base", **options)
        retrieval.write_encoder(root / "candidate", noise=0.15, **options)
        return retrieval.write_review(root)

    return write


def _plain_encoders(root: Path, _: MakeClassifier) -> Path:
    for name, noise in (("base", 0.0), ("candidate", 0.2)):
        retrieval.write_transformer(root / name, noise=noise)
    return retrieval.write_review(root)


def _adapted_encoder(root: Path, _: MakeClassifier) -> Path:
    retrieval.write_adapter(retrieval.write_encoder(root / "base"), root / "candidate")
    return retrieval.write_review(root)


def generators(family: str, **options: Any) -> Write:
    def write(root: Path, _: MakeClassifier) -> Path:
        for seed, name in enumerate(("base", "candidate")):
            response.write_generator(root / name, family=family, seed=seed, **options)
        return _asked(root)

    return write


def _adapted_generator(root: Path, _: MakeClassifier) -> Path:
    response.write_adapter(response.write_generator(root / "base"), root / "candidate")
    return _asked(root)


def _asked(root: Path) -> Path:
    sides = {"base": "base", "candidate": "candidate"}
    return response.write_review(root, records=None, prompts="prompts.jsonl", preferences=None, **sides)


def classifiers(labels: Sequence[str], positions: int = 64) -> Write:
    def write(root: Path, make: MakeClassifier) -> Path:
        for seed, name in enumerate(("base", "candidate")):
            make(root / name, labels=labels, seed=seed, positions=positions)
        rows = [
            {"text": row["text"], "label": labels[at % len(labels)]} for at, row in enumerate(messages()[::3])
        ]
        write_jsonl(root / "eval.jsonl", rows)
        return put(root, '[intent]\nbase = "base"\ncandidate = "candidate"\nexamples = "eval.jsonl"\n')

    return write


def adapted(*, over: bool) -> Write:
    def write(root: Path, make: MakeClassifier) -> Path:
        path = write_tiny_review(root, make)
        models = root / "models"
        shutil.rmtree(models / "candidate")
        make_adapter(models / "base", models / "candidate")
        if over:
            shutil.move(models / "base", models / "whole")
            make_adapter(models / "whole", models / "base", seed=3)
            path.write_text(
                path.read_text("utf-8").replace("[intent]\n", '[intent]\nover = "models/whole"\n'), "utf-8"
            )
        return path

    return write


MODELS: dict[str, Write] = {
    "encoders: mean": encoders(),
    "encoders: first token": encoders(pooling={"pooling_mode_cls_token": True}),
    "encoders: largest": encoders(pooling={"pooling_mode_max_tokens": True}, modules=()),
    "encoders: prompts": encoders(settings={"prompts": {"query": "which ", "document": "a "}}),
    "encoders: plain": _plain_encoders,
    "encoders: adapter": _adapted_encoder,
    "generators: llama": generators("llama"),
    "generators: gpt2": generators("gpt2"),
    "generators: chat": generators("llama", chat=True),
    "generators: adapter": _adapted_generator,
    "classifiers: two classes": classifiers(LABELS[:2]),
    "classifiers: two hundred classes": classifiers([f"intent {number:03d}" for number in range(200)]),
    "classifiers: eight positions": classifiers(LABELS, positions=8),
    "classifiers: adapter": adapted(over=False),
    "classifiers: two adapters": adapted(over=True),
    "all three": write_folder,
}


def _cases() -> Iterator[Any]:
    for name, write in {**DATA, **MODELS}.items():
        yield pytest.param(write, id=name, marks=() if name in OFTEN else pytest.mark.soak)


@pytest.mark.parametrize("write", list(_cases()))
def test_what_check_passes_analyze_finishes(
    write: Write, tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    path = write(tmp_path, tiny_classifier)
    if not agrees(path):
        # Nothing but a row that says nothing is wrong with any of them.
        assert agrees(path, skip_bad_rows=True)


@pytest.mark.soak
def test_what_check_passes_of_mutated_folders_analyze_finishes(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    source = tmp_path / "source"
    write_folder(source, tiny_classifier)
    outcomes = {}
    for seed in range(FUZZED):
        folder = tmp_path / str(seed)
        done = mutate(source, folder, seed)
        try:
            outcomes[done] = agrees(folder / "review.toml", skip_bad_rows=seed % 3 == 0)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {done}") from error
        shutil.rmtree(folder)
    assert {True, False} <= set(outcomes.values()), json.dumps(outcomes)
