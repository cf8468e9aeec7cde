"""The live worker: `python -m analysis.live.worker STORE RUN [IDLE_S]` answers for both models of a run.

One JSON object a line in, one a line out. Answers go to a descriptor of their own: whatever a library
prints goes to standard error, which is the log, and cannot garble an answer. The worker ends when its input
is closed, as it is when the console dies, and after some time without a question.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from analysis.base.errors import AssayError
from analysis.base.sql import without_pandas
from analysis.live.client import IDLE_S
from analysis.plugin.live import MAX_TEXT_BYTES, LiveRequest
from analysis.plugin.registry import get
from analysis.store.run import attach, read_description

if TYPE_CHECKING:
    import duckdb

    from analysis.models.sides import Sides

LOG = logging.getLogger(__name__)

MAX_LINE_BYTES = 8 * MAX_TEXT_BYTES
"""A text in JSON, where a character may take twelve bytes for two of UTF-8."""


class Worker:
    """The models and the evidence of one run, opened when first needed.

    Args:
        store: the review's folder.
        run: name of the run.
    """

    def __init__(self, store: Path, run: str) -> None:
        self.store = store
        self.run = run
        self._description: dict[str, Any] | None = None
        self._evidence: duckdb.DuckDBPyConnection | None = None
        self._pairs: dict[str, Sides] = {}

    @property
    def description(self) -> dict[str, Any]:
        """`run.json`. Raises AssayError."""
        if self._description is None:
            self._description = read_description(self.store, self.run)
        return self._description

    def load(self) -> None:
        """Load the models of every track, so that the first question finds them ready. Raises AssayError."""
        for track in self.description["determined_by"]["models"]:
            self.pair(track).load()

    def answer(self, request: LiveRequest) -> dict[str, Any]:
        """The reply of the request's track.

        Raises:
            AssayError: models that are not those of the run, or a text that cannot be read.
        """
        try:
            request.text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise AssayError(
                "this text holds half of a character (a lone surrogate)",
                where=f"character {error.start + 1}",
                hint="delete it",
            ) from None
        pair = self.pair(request.track)
        track = get(request.track)
        if not track.live_output:
            raise AssayError(f"the track {request.track!r} answers no live questions", where=str(self.store))
        settings = self.description["determined_by"]["tracks"][request.track]["settings"]
        return track.live(pair, settings, self.evidence, request)

    @property
    def evidence(self) -> duckdb.DuckDBPyConnection:
        """A connection with the run attached as `evidence`, read-only. Raises AssayError."""
        if self._evidence is None:
            import duckdb

            connection = duckdb.connect(":memory:")
            attach(connection, self.store, self.run)
            self._evidence = connection
        return self._evidence

    def pair(self, track: str) -> Sides:
        """The models of a track, after their digests were compared with the run's. Raises AssayError."""
        if track not in self._pairs:
            self._pairs[track] = self._reviewed_pair(track)
        return self._pairs[track]

    def _reviewed_pair(self, track: str) -> Sides:
        from analysis.models.threads import tune_threads

        described = self.description["determined_by"]["models"].get(track)
        folders = self.description.get("model_folders", {}).get(track)
        if not described or not folders:
            raise AssayError(
                f"the run does not say where the models of {track!r} are",
                where=str(self.store),
                hint="live questions need models that were run here, by this version",
            )
        pair = get(track).pair({side: Path(folder) for side, folder in folders.items()}, self._device())
        for side in pair.places:
            if pair.digests[side] != described[side]["digest"]:
                raise AssayError(
                    f"this is not the {side} that was reviewed: its files were changed",
                    where=folders[side],
                    hint="restore the folder, or analyse the review again",
                )
        tune_threads(pair.parameters)
        return pair

    def _device(self) -> str:
        """The run's device, or the processor where this machine does not have it."""
        import torch

        device = str(self.description["determined_by"]["device"])
        return device if device == "cpu" or torch.cuda.is_available() else "cpu"


def serve(worker: Worker, questions: BinaryIO, replies: BinaryIO, idle_s: float) -> None:
    """Answer until there is no question for `idle_s` seconds; end the process when `questions` is closed."""
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(questions, lines), daemon=True).start()
    try:
        worker.load()
    except AssayError as error:
        # Said again to whoever asks.
        LOG.warning("not loaded: %s", error)
    while True:
        try:
            line = lines.get(timeout=idle_s)
        except queue.Empty:
            LOG.info("no question for %g seconds", idle_s)
            return
        replies.write(json.dumps(_reply(worker, line), allow_nan=False).encode("ascii") + b"\n")
        replies.flush()


def _read(questions: BinaryIO, lines: queue.Queue[bytes]) -> None:
    while True:
        line = questions.readline(MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            # The console is gone, also in the middle of an answer: there is nobody left to compute for.
            os._exit(0)
        lines.put(line)


def _reply(worker: Worker, line: bytes) -> dict[str, Any]:
    number = None
    try:
        question = json.loads(line)
        number = question["id"]
        methods = question.get("methods")
        request = LiveRequest(
            str(question["track"]),
            str(question["text"]),
            question.get("ref"),
            None if methods is None else tuple(methods),
        )
        return {"id": number, **worker.answer(request)}
    except AssayError as error:
        return {
            "id": number,
            "error": {"message": error.message, "where": error.where, "hint": error.hint},
        }
    except Exception as error:
        # One bad question must not end the worker; the log has the whole story, the reviewer its name.
        LOG.exception("no answer")
        message = f"the models could not answer: {type(error).__name__}"
        return {"id": number, "error": {"message": message, "where": None, "hint": "the log tells more"}}


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve standard input; the arguments are store, run and, optionally, the seconds of idleness."""
    # What is imported stays: walking over it every 700 objects cost a seventh of the time of the imports.
    gc.set_threshold(100_000)
    without_pandas()
    # Before anything is imported that might print: file descriptor 1 becomes the log's.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    store, run = arguments[:2]
    idle_s = float(arguments[2]) if len(arguments) > 2 else IDLE_S
    serve(Worker(Path(store), run), sys.stdin.buffer, replies, idle_s)
    # Not a return: the thread that waits for input holds its lock, and an interpreter that ends then aborts.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
