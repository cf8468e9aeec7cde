"""Small real models and a small real review, made once and copied where a test changes them."""

from __future__ import annotations

import gc
import json
import os
import random
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from analysis.base import seeds
from analysis.base.sql import without_pandas
from analysis.live.client import LiveProbes
from tests.analysis.store_fixture import SHELF
from tests.idle_loop import until_idle

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# As the program itself sets it: a process that holds torch walks over a million objects each time.
gc.set_threshold(100_000)
without_pandas()

LABELS = ("escalation", "order_tracking", "recommendation")
MESSAGES = {
    "escalation": (
        "can a real person help with my {}",
        "let me talk to a human about the {}",
        "i asked twice {}",
    ),
    "order_tracking": ("where is my {}", "the {} has not arrived yet", "track the {} order please"),
    "recommendation": (
        "recommend manga like {} but no spoilers",
        "what should i read after {}",
        "more like {}",
    ),
}
THINGS = (
    "parcel",
    "box set",
    "Quiet Suspect",
    "Cold Harbor",
    "second volume",
    "Tofu Wars",
    "gift",
    "preorder",
)
TITLES = ("Quiet Suspect", "Cold Harbor", "Tofu Wars")

MakeClassifier = Callable[..., Path]


class _Kept:
    """How many modules were loaded when the collection of garbage was last told to pass over what there is."""

    modules = 0


def keep_what_is_loaded() -> None:
    """Take what libraries made out of every later collection of garbage, once many more of them are loaded."""
    if len(sys.modules) > _Kept.modules + 400:
        gc.collect()
        gc.freeze()
        _Kept.modules = len(sys.modules)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--remake-snapshots` keeps the screens of the console as they are drawn now."""
    parser.addoption("--remake-snapshots", action="store_true", help="keep the screens as they are drawn now")


def pytest_collection_finish() -> None:
    """Thousands of tests stay as they were collected, as modules do."""
    keep_what_is_loaded()


def pytest_runtest_logfinish() -> None:
    """What a test was the first to load stays: a million objects and more of torch and Transformers."""
    keep_what_is_loaded()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests go first, so that no process ends the suite alone with one of them."""
    items.sort(
        key=lambda item: (
            item.get_closest_marker("terminal") is None and not item.nodeid.startswith("tests/sample/")
        )
    )


@pytest.fixture(scope="session", autouse=True)
def review_shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where finished reviews are kept for all test processes, and for the processes that tests start."""
    shelf = shared_folder(tmp_path_factory) / "reviews"
    shelf.mkdir(exist_ok=True)
    os.environ[SHELF] = str(shelf)
    return shelf


@pytest.fixture(scope="session", autouse=True)
def databases_of_one_thread() -> Iterator[None]:
    """Databases that this process opens run one thread: a second one has nothing to do for so few rows but to look
    for work, a quarter of the time of small queries. The processes that tests start run as many as they like."""
    with pytest.MonkeyPatch.context() as patch:
        connect = duckdb.connect

        def one_thread(
            database: str = ":memory:", read_only: bool = False, config: dict[str, Any] | None = None
        ) -> duckdb.DuckDBPyConnection:
            return connect(database, read_only=read_only, config={"threads": 1, **(config or {})})

        patch.setattr(duckdb, "connect", one_thread)
        yield


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session", autouse=True)
def consoles_wait_for_their_loop() -> Iterator[None]:
    """A pilot that presses keys waits until the console has nothing to do, and not for some time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("textual.app", "textual.pilot"):
            patch.setattr(f"{module}.wait_for_idle", until_idle)
        yield


class SharedProbes(LiveProbes):
    """A worker that many consoles ask, and none of them ends."""

    def cancel(self) -> None:
        """A console that closes leaves the worker to the next one."""

    def close(self) -> None:
        """As above."""

    def end(self) -> None:
        """End the worker."""
        super().cancel()
        super().close()


def messages() -> list[dict[str, object]]:
    """72 labelled messages with metadata, the same on every call."""
    rows: list[dict[str, object]] = []
    for label, patterns in MESSAGES.items():
        for pattern in patterns:
            for thing in THINGS:
                text = pattern.format(thing)
                number = len(rows) + 1
                rows.append(
                    {
                        "id": f"m{number:03d}",
                        "text": text,
                        "label": label,
                        "channel": ("app", "web", "email")[number % 3],
                        "contains_title": thing in TITLES,
                        "word_count": len(text.split()),
                    }
                )
    return rows


def write_jsonl(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def word_pieces() -> dict[str, int]:
    """A WordPiece vocabulary: the words of the messages, and single characters for everything else."""
    words = sorted({word for row in messages() for word in re.findall(r"\w+", str(row["text"]).lower())})
    signs = [chr(code) for code in range(33, 127)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *signs, *[f"##{sign}" for sign in signs]]
    return {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}


def make_classifier(folder: Path, labels: Sequence[str] = LABELS, seed: int = 0, positions: int = 64) -> Path:
    """A random two-layer BERT classifier with a small WordPiece tokenizer, saved as safetensors."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    vocabulary = word_pieces()
    tokenizer = BertTokenizerFast(vocab=vocabulary, model_max_length=positions)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=positions,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        initializer_range=0.4,
    )
    model = BertForSequenceClassification(config)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model_shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[tuple[str, ...], int, int], Path]:
    """Classifiers made so far, by labels, seed and number of positions."""
    return {}


@pytest.fixture(scope="session")
def tiny_classifier(
    model_shelf: dict[tuple[tuple[str, ...], int, int], Path], tmp_path_factory: pytest.TempPathFactory
) -> MakeClassifier:
    """`tiny_classifier(folder, labels=..., seed=0, positions=64)` puts a random classifier into `folder`."""

    def make(folder: Path, labels: Sequence[str] = LABELS, seed: int = 0, positions: int = 64) -> Path:
        key = (tuple(labels), seed, positions)
        if key not in model_shelf:
            model_shelf[key] = make_classifier(tmp_path_factory.mktemp("model"), labels, seed, positions)
        shutil.copytree(model_shelf[key], folder, dirs_exist_ok=True)
        return folder

    return make


REVIEW = """\
[review]
name = "tiny"
owner = "mangaassist"
base_version = "v1"
candidate_version = "v2"
training_change = "another seed"
device = "cpu"

[queue]
budget = 12
controls = 4

[lexicons]
titles = { file = "titles.txt" }

[intent]
base = "models/base"
candidate = "models/candidate"
examples = "eval.jsonl"
out_of_scope = "oos.jsonl"
critical = ["escalation"]
critical_slices = ["names a title"]
max_length = 32

[intent.signals]
escalation = ["real person", "human"]

[intent.irrelevant]
escalation = ["titles", "punctuation"]

[intent.slices]
"names a title" = "contains_title"
"very short" = "word_count <= 3"
"""


def write_tiny_review(root: Path, tiny_classifier: MakeClassifier) -> Path:
    """A whole small review: two random models, 72 messages of 3 classes, texts out of scope, titles."""
    root.mkdir(exist_ok=True)
    tiny_classifier(root / "models" / "base", seed=0)
    tiny_classifier(root / "models" / "candidate", seed=1)
    write_jsonl(root / "eval.jsonl", messages())
    outside = random.Random(0).sample(THINGS, 6)
    write_jsonl(
        root / "oos.jsonl",
        [{"id": f"o{number}", "text": f"how do i cook a {thing}"} for number, thing in enumerate(outside)],
    )
    (root / "titles.txt").write_text("\n".join(TITLES) + "\n", "utf-8")
    (root / "review.toml").write_text(REVIEW, "utf-8")
    return root / "review.toml"


@pytest.fixture
def tiny_review(tmp_path: Path, tiny_classifier: MakeClassifier) -> Path:
    """A whole small review, not analysed yet."""
    return write_tiny_review(tmp_path / "review", tiny_classifier)


@pytest.fixture(scope="session")
def tiny_analysed(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: MakeClassifier) -> Path:
    """The store of the small review, analysed once for all test processes; only to be read."""
    from analysis.run.pipeline import analyze

    shared = shared_folder(tmp_path_factory)
    with FileLock(shared / "tiny.lock"):
        # Analysed a second time, it is the same run, and nothing is computed.
        return analyze(write_tiny_review(shared / "tiny", tiny_classifier)).store


@pytest.fixture
def tiny_store(tiny_review: Path, tiny_analysed: Path) -> Path:
    """The store of `tiny_review`, beside it, as `analyze` leaves it there."""
    return Path(shutil.copytree(tiny_analysed, tiny_review.parent / tiny_analysed.name))


@pytest.fixture(scope="session")
def live_review(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: MakeClassifier) -> Path:
    """Half of the small review, for tests that ask its models; analysed once, as `live_run`."""
    root = tmp_path_factory.mktemp("live") / "review"
    root.mkdir()
    tiny_classifier(root / "models" / "base", seed=0)
    tiny_classifier(root / "models" / "candidate", seed=1)
    write_jsonl(root / "eval.jsonl", messages()[::2])
    (root / "titles.txt").write_text("\n".join(TITLES) + "\n", "utf-8")
    (root / "review.toml").write_text(REVIEW.replace('out_of_scope = "oos.jsonl"\n', ""), "utf-8")
    return root / "review.toml"


@pytest.fixture(scope="session")
def live_run(live_review: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Store and run of `live_review`; copies of the store know the same models.

    Each process has models of its own, for some tests change them; what is computed of them is computed once.
    """
    from analysis.run.pipeline import analyze
    from analysis.run.review_file import load_review
    from analysis.store.run import create_store

    finished = shared_folder(tmp_path_factory) / "live-shards"
    with FileLock(f"{finished}.lock"):
        cache = create_store(load_review(live_review).store_path) / "cache"
        if finished.exists():
            shutil.copytree(finished, cache, dirs_exist_ok=True)
        published = analyze(live_review)
        if not finished.exists():
            shutil.copytree(cache, finished)
    return published.store, published.run


@pytest.fixture(scope="session")
def live_probes(live_run: tuple[Path, str]) -> Iterator[SharedProbes]:
    """One worker for all tests that only ask; consoles that close leave it alone."""
    shared = SharedProbes(*live_run)
    yield shared
    shared.end()


SAMPLE = Path(__file__).parents[1] / "sample_data"


def write_sample_review(folder: Path, candidate: str, *, responders: bool = True) -> Path:
    """The review of one candidate of the sample in a folder of its own; `base` reviews the base itself.

    Without responders its recorded answers are looked at, and no model is asked about them.
    """
    folder.mkdir()
    for name in ("titles.txt", "intent", "retrieval", "response", "models"):
        (folder / name).symlink_to(SAMPLE / name)
    source = "rc1" if candidate == "base" else candidate
    text = (SAMPLE / f"review-{source}.toml").read_text("utf-8")
    if candidate == "base":
        text = text.replace("models/intent-v4-rc1", "models/intent-v3")
        text = text.replace("models/encoder-v4-rc1", "models/encoder-v3")
        text = text.replace("models/responder-v4-rc1", "models/responder-v3")
        text = text.replace("response/responses-rc1.jsonl", "responses.jsonl")
        text = re.sub(r"preferences = .*\n", "", text)
        text = text.replace("budget = 360", "budget = 90")
        rows = [
            json.loads(line) for line in (SAMPLE / "response" / "responses-rc1.jsonl").open(encoding="utf-8")
        ]
        # Its own answers on both sides, and what was recorded of them.
        as_base = [
            {key: row[key.replace("candidate", "base")] if "candidate" in key else row[key] for key in row}
            for row in rows
        ]
        write_jsonl(folder / "responses.jsonl", as_base)
        # The change declared for the candidate does not happen to the base.
        text = re.sub(r"\[\[expected\]\].*?\n(?=\[)", "", text, flags=re.DOTALL)
    if not responders:
        head, section, rest = text.partition("[response]\n")
        text = head + section + re.sub(r"^(base|candidate) = .*\n", "", rest, flags=re.MULTILINE)
    (folder / "review.toml").write_text(text, "utf-8")
    return folder / "review.toml"


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`sample_store("rc1")` is a store of its own, copied from one that all test processes share.

    Its answers are looked at as they were recorded; `responders=True` asks the models about them, which takes as long
    as all the rest.
    """
    shared = shared_folder(tmp_path_factory)

    @cache
    def analysed(candidate: str, responders: bool) -> Path:
        from analysis.run.pipeline import analyze

        folder = shared / f"sample-{candidate}{'-responders' if responders else ''}"
        with FileLock(f"{folder}.lock"), pytest.MonkeyPatch.context() as patch:
            review = folder / "review.toml"
            if candidate == "base":
                # Texts that were chosen for their cues would be explained, and there is nothing to explain.
                patch.setattr(seeds, "STANDING", 10)
            if not review.exists():
                write_sample_review(folder, candidate, responders=responders)
            return analyze(review).store

    def store(candidate: str, *, responders: bool = False) -> Path:
        made = analysed(candidate, responders)
        return Path(shutil.copytree(made, tmp_path_factory.mktemp("store") / made.name))

    return store
