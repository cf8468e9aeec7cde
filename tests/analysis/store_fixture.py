"""A small review for tests, made by the product: thirty messages of three classes, analysed with two real classifiers.

Ten `escalation`, ten `returns`, ten `small_talk`. What each side says is planned in the words that its classifier
knows: the candidate breaks the first three escalations and one message of `returns`, and fixes four others; every
second message names a title, which the candidate takes for a sign of `returns`. Everything else (metrics, queue,
counterfactuals, attributions, licences) is what `analyze` makes of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from filelock import FileLock

from analysis.base.gate_records import GateResult
from analysis.base.records import QueuePart
from analysis.base.review_records import Right
from analysis.base.sql import column
from analysis.review.scope import Scope
from analysis.review.session import CORRECTNESS, ReviewSession
from analysis.store.files import write_atomic
from analysis.store.heads import NAMESPACE, Head, head_bytes, write_head
from analysis.store.journal import Journal
from analysis.store.merge import merge
from analysis.store.replay import Replay
from analysis.store.run import create_store, current_run
from analysis.store.streams import Account, read_stream
from tests.analysis.linear_classifier import save_classifier

CLASSES = ("escalation", "returns", "small_talk")
MESSAGES = 30
BROKEN = (0, 1, 2, 14)
FIXED = (10, 11, 12, 13)
TITLE = "Iron Orchard"
RECALL = "intent.critical_recall[escalation]"
PEOPLE = ("bob", "carol", "dave", "mallory")
"""Who is listed as a signer where something was said elsewhere."""
SHELF = "ASSAY_TEST_SHELF"
"""Environment variable: the folder in which finished reviews are kept, also for the processes that a test starts."""

_PLAIN = {
    "escalation": {"escalation": 1.0},
    "returns": {"returns": 1.0},
    "small": {"small_talk": 0.5},
    "talk": {"small_talk": 0.5},
}
_LEANING = {"iron": {"returns": 0.3}, "orchard": {"returns": 0.3}}
_WORDS = ("message", "about", "of", "the", "unused", *_PLAIN, *_LEANING, *map(str, range(MESSAGES)))


def ref_of(number: int) -> str:
    """Ref of the n-th message."""
    return f"intent/message:m{number:02}"


def gate(session: ReviewSession, key: str) -> GateResult:
    """The result of one gate key as it stands."""
    return next(one for one in session.gates() if one.key == key)


def text_of(number: int) -> str:
    """The n-th message: seven or eight words with a title, four or five without one."""
    about = f"message {number} about {CLASSES[number // 10].replace('_', ' ')}"
    return about if number % 2 else f"{about} of {TITLE}"


DECIDES = tuple(map(ref_of, (0, 1, 2)))
"""What decides a gate: broken in the critical class."""
LOOK = tuple(map(ref_of, (14, 11, 13, 10, 12)))
"""What is worth a look, in its order: flips outside the critical class."""
CONTROLS = 3
KNOWN = 8
"""How many random controls and known-answer items there are: which they are follows from the candidate's digest."""
NEEDED = len(DECIDES) + CONTROLS + KNOWN
"""How many examples one reviewer must answer."""
VARIANT = "intent/variant:m00~escalation~titles~remove"
"""Message 0 without its title."""


def write_review(
    folder: Path,
    *,
    texts: Mapping[int, str] | None = None,
    scale: float = 1.0,
    spare: float = 0.0,
    columns: bool = True,
    irrelevant: bool = True,
    **review: Any,
) -> Path:
    """Write models, messages and review file; returns the latter. Arguments as `publish_review`."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong = {str(number): {CLASSES[(number // 10 + 1) % 3]: 2.0} for number in range(MESSAGES)}
    base = {**_PLAIN, **{str(number): wrong[str(number)] for number in FIXED}}
    candidate = {**_PLAIN, **_LEANING, **{str(number): wrong[str(number)] for number in BROKEN}}
    candidate["unused"] = {"small_talk": spare}
    for side, weights in (("intent-v3", base), ("intent-v4", candidate)):
        save_classifier(
            folder / "models" / side, CLASSES, _WORDS, weights, home="small_talk", scale=scale, positions=64
        )
    rows = [
        {
            "id": f"m{number:02}",
            "text": (texts or {}).get(number, text_of(number)),
            "label": CLASSES[number // 10],
            **({"channel": "web", "urgent": False, "number": number} if columns else {}),
        }
        for number in range(MESSAGES)
    ]
    (folder / "eval.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    settings = {
        "name": "intent-v4-rc1",
        "owner": "mangaassist",
        "base_version": "v3",
        "candidate_version": "v4-rc1",
        "training_change": "fine-tuned on new messages",
        "seed": 48,
        "device": "cpu",
        **review,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    named = "number % 2 = 0" if columns else f"contains(text, '{TITLE}')"
    probed = '[intent.irrelevant]\nescalation = ["titles"]' if irrelevant else ""
    text = "\n".join(["[review]", *lines, _REST.format(named=named, irrelevant=probed)])
    (folder / "review.toml").write_text(text, "utf-8")
    return folder / "review.toml"


_REST = f"""
[queue]
budget = 14
controls = 3
known_answers = {KNOWN}

[lexicons]
titles = {{{{ terms = ["{TITLE}", "Cold Harbor"] }}}}

[intent]
base = "models/intent-v3"
candidate = "models/intent-v4"
examples = "eval.jsonl"
critical = ["escalation"]

{{irrelevant}}

[intent.slices]
"names a title" = "{{named}}"
"matches nothing" = "false"
"""


def publish_review(store: Path, **changes: Any) -> Path:
    """Publish the review in a folder; called again with other settings, another run of it.

    Each different review is analysed once and kept; tests work on copies.

    Args:
        store: the folder of the store.
        changes: `texts`, other texts for some messages; `scale`, a factor on all logits, and so other predictions;
            `spare`, a weight that no message meets: another candidate that predicts the same; `columns`, whether
            messages have metadata; `irrelevant`, whether titles are said to be no sign of an escalation, and are
            probed; what is left are keys of `[review]`.
    """
    made = _analysed(json.dumps(changes, sort_keys=True))
    if not store.exists():
        shutil.copytree(made, store)
        return store
    run = current_run(made)
    if not (store / "runs" / run).exists():
        shutil.copytree(made / "runs" / run, store / "runs" / run)
    write_atomic(store / "current", f"{run}\n".encode())
    return store


@cache
def _analysed(changes: str) -> Path:
    """The store of a review, analysed by whichever process asks first."""
    from analysis.run.pipeline import analyze
    from analysis.run.review_file import load_review

    folder = Path(os.environ[SHELF]) / hashlib.sha256(changes.encode()).hexdigest()[:16]
    given = json.loads(changes)
    texts = {int(number): text for number, text in (given.pop("texts", None) or {}).items()}
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            review = write_review(folder, texts=texts, **given)
            store = create_store(load_review(review).store_path)
            _lend_shards(store / "cache")
            analyze(review)
            # A copy is there to be read; finished shards are of use only where something is analysed again.
            _keep_shards(store / "cache")
            (store / "cache").mkdir(mode=0o700)
            (folder / "done").write_text(store.name)
        return folder / (folder / "done").read_text()


def _shards() -> Path:
    """Finished shards of all reviews on the shelf: most differ in a setting that no model is asked for."""
    return Path(os.environ[SHELF]) / "shards"


def _lend_shards(cache: Path) -> None:
    """Put all shards that are finished into the cache of a store, so that only what is new is computed."""
    if _shards().exists():
        shutil.copytree(_shards(), cache, copy_function=os.link, dirs_exist_ok=True)


def _keep_shards(cache: Path) -> None:
    """Take what was finished out of the cache of a store, and remove it."""
    for stage in sorted(cache.iterdir()):
        (_shards() / stage.name).mkdir(parents=True, exist_ok=True)
        for shard in sorted(stage.iterdir()):
            # Another process may have finished the same one: each has a folder of its own name, whole or not at all.
            with suppress(OSError):
                shard.rename(_shards() / stage.name / shard.name)
    shutil.rmtree(cache)


def verdict_body(right: Right, **more: Any) -> dict[str, Any]:
    """The body of a verdict, as a session writes it."""
    return {**CORRECTNESS[right], "blind": False, "seconds": None, "critical_slices": [], **more}


def unlock(store: Path) -> Path:
    """Let the runs of a store be written, which are published read-only, so that a test can damage them."""
    for path in (store / "runs").rglob("*"):
        path.chmod(path.stat().st_mode | 0o200)
    return store


def part(session: ReviewSession, name: QueuePart) -> list[str]:
    """The refs of one part of the queue, in its order."""
    return [row.ref for row in session.queue_page(Scope(part=name), 0, 100)]


def controls(session: ReviewSession) -> list[str]:
    """The refs of the random controls, also of those that decide a gate."""
    return [entry.ref for entry in session.gate_input().queue if entry.control]


def answer_known(session: ReviewSession, *, wrong: int = 0) -> None:
    """Answer every known-answer item, the first few of them wrongly."""
    for number, ref in enumerate(part(session, "known answer")):
        asked = session.asked(ref)
        assert asked is not None
        session.answer(ref, "first" if asked.true_first == (number >= wrong) else "second")


def _last_clock(store: Path, reviewer: str) -> int:
    """The clock of the last event of a reviewer; 0 before the first."""
    replay = Replay(store)
    replay.tail()
    asked = "SELECT coalesce(max(lamport), 0) FROM event WHERE reviewer = $reviewer"
    return int(column(replay.connection, asked, {"reviewer": reviewer})[0])


def key_of(name: str) -> Path:
    """A person's private key, made once for all tests; the public half lies beside it."""
    key = Path(os.environ[SHELF]) / f"key-{name}"
    with FileLock(f"{key}.lock"):
        if not key.exists():
            made = [
                "ssh-keygen",
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-C",
                f"{name}@corp.example",
                "-f",
                str(key),
            ]
            subprocess.run(made, check=True)
    return key


def list_signers(folder: Path, *names: str) -> Path:
    """A list of signers with some people in it, each by their address."""
    path = folder / "allowed_signers"
    keys = {name: key_of(name).with_suffix(".pub").read_text("utf-8").split() for name in names}
    lines = [f"{name}@corp.example {kind} {key}\n" for name, (kind, key, *_) in keys.items()]
    path.write_text("".join(lines), "utf-8")
    return path


def sign_stream(store: Path, stream_id: str, name: str) -> None:
    """Note the end of a stream, signed with a person's key."""
    events = read_stream(Path(store) / "events" / f"{stream_id}.jsonl").events
    head = Head(stream_id, len(events), events[-1].hash)
    made = ["ssh-keygen", "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key_of(name))]
    done = subprocess.run(made, input=head_bytes(head), capture_output=True, check=True)
    write_head(store, head, done.stdout)


def said_elsewhere(
    store: Path,
    name: str,
    *said: tuple[str, str | None, dict[str, Any]],
    target: str | None = None,
    signed: bool = True,
) -> None:
    """Events (kind, ref, body) that another account recorded and signed on another machine, merged into the store.

    Without `signed` they are shown there and count for nothing.
    """
    with TemporaryDirectory() as scratch:
        (Path(scratch) / "events").mkdir()
        journal = Journal(scratch, Account(4242, name, "elsewhere"), name)
        # Whoever goes on speaking knows what he said before.
        journal.observe(_last_clock(store, name))
        for kind, ref, body in said:
            journal.append(kind, run=current_run(store), ref=ref, body=body, target=target)
        path = journal.path
        journal.close()
        assert path is not None
        listed = None
        if signed:
            (Path(scratch) / "heads").mkdir()
            sign_stream(Path(scratch), journal.stream_id, name)
            listed = list_signers(Path(scratch), *PEOPLE)
        merge(store, [path], listed)
