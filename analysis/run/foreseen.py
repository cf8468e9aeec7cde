"""What a run is foreseen from, and everything that determines it: a review that was read, before any model time."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import io
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.models.digest import content_digest, file_digests, folder_digest
from analysis.plugin import registry
from analysis.review.plan import plan_note
from analysis.review.previous import read_previous
from analysis.review.reuse import CandidateRun, entry_digest, recorded
from analysis.run.check import check_review
from analysis.run.device import device_of
from analysis.store.run import run_id

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from analysis.base.records import Example
    from analysis.plugin.settings import Review
    from analysis.review.plan import Plan
    from analysis.run.prepared import Prepared
    from analysis.run.taught import Taught

FORMAT = 5
"""Version of what a run holds; part of the run's name."""

LIBRARIES = (
    "captum",
    "duckdb",
    "numpy",
    "openTSNE",
    "peft",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "tokenizers",
    "torch",
    "transformers",
)
EXTRAS = ("faiss-cpu", "umap-learn", "vllm")
"""Libraries that take part where they are installed."""


@dataclass(frozen=True)
class Foreseen:
    """A review that was read and checked, before any model time; `description` is what `run.json` would say."""

    review: Review
    prepared: Sequence[Prepared]
    previous: Sequence[CandidateRun]
    taught: Taught
    description: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Of the largest model; 0 where nothing is asked."""
        return max(one.models.parameters for one in self.prepared)

    @property
    def skipped(self) -> int:
        return sum(len(one.examples.skipped) for one in self.prepared)

    @property
    def slices(self) -> dict[str, dict[str, int]]:
        """How many examples each slice has, by track and slice."""
        return {one.track.name: {part.slice: part.n for part in one.slices} for one in self.prepared}


def foresee(path: Path, *, skip_bad_rows: bool = False) -> Foreseen:
    """What would determine a run of a review file now; no model answers anything.

    Raises:
        AssayError: anything wrong with the review file, the data or the models.
    """
    checked = check_review(path, skip_bad_rows=skip_bad_rows, trial=False)
    review = checked.review
    previous = read_previous(review.review.previous)
    description = _describe(review, checked.prepared, device_of(review), previous, checked.taught)
    return Foreseen(review, checked.prepared, previous, checked.taught, description)


def after_plan(description: dict[str, Any], plan: Plan | None) -> dict[str, Any]:
    """The description of a run with the plan that stood before it: its digest is part of the run's name."""
    if plan is None:
        return description
    named = {**description, "determined_by": {**description["determined_by"], "plan": plan.sha256}}
    # A worker asks for the name alone, and knows of no runs before.
    before = {*description.get("after", ())} - {run_id(named)}
    return {**named, "plan": plan_note(plan, description["determined_by"], before)}


def _describe(
    review: Review,
    prepared: Sequence[Prepared],
    device: str,
    previous: Sequence[CandidateRun],
    taught: Taught,
) -> dict[str, Any]:
    """Everything that determines the run, and what people call it.

    Of previous reviews the run takes what failed in them, so that their content is part of its name; where they lie is
    not.
    """
    tracks: dict[str, dict[str, Any]] = {}
    models = {}
    for one in prepared:
        rows = one.examples.rows
        tracks[one.track.name] = {
            "settings": one.settings.as_recorded(),
            "examples": len(rows),
            "data": _rows_digest(rows),
            "metadata": _table_digest(one.examples.metadata),
            "payload": {name: _table_digest(table) for name, table in one.examples.payload.items()},
            "files": {
                name: content_digest(path) for name, path in one.track.files_read(one.settings).items()
            },
            "stages": {step.name: step.version for step in one.steps},
            "plug_in": registry.identity(one.track.name),
            "skipped": len(one.examples.skipped),
        }
        models[one.track.name] = {
            side: {"folder": folder.name, "digest": one.models.digests[side]}
            for side, folder in one.models.places.items()
        }
    forms = {
        one.track.name: {
            name: {"folder": folder.name, "digest": folder_digest(folder)}
            for name, folder in one.track.deployed_forms(one.settings).items()
        }
        for one in prepared
    }
    forms = {name: some for name, some in forms.items() if some}
    before = recorded(previous, {name: one["data"] for name, one in tracks.items()})
    # Who has no further name declares none.
    undeclared = set() if review.review.aliases else {"aliases"}
    section = review.review.model_dump(mode="json", exclude={"store", "previous", *undeclared})
    lexicons = {name: list(review.lexicon(name).cues) for name in review.lexicons}
    versions = {name: importlib.metadata.version(name) for name in (*LIBRARIES, *_installed(EXTRAS))}
    return {
        "format": FORMAT,
        "determined_by": {
            "format": FORMAT,
            "review": section,
            "previous": {one["run"]: entry_digest(one) for one in before},
            "queue": review.queue.model_dump(mode="json"),
            "traffic": review.traffic.model_dump(mode="json"),
            "costs": review.costs.model_dump(mode="json"),
            "lexicons": lexicons,
            "expected": [one.model_dump(mode="json") for one in review.expected],
            "rules": {name: dataclasses.asdict(rule) for name, rule in review.rules.items()},
            "tracks": tracks,
            "plug_ins": registry.extensions(),
            "models": models,
            **({"deployed": forms} if forms else {}),
            **({"taught": taught.digests()} if taught.labels else {}),
            "device": device,
            "dtype": "float32",
            "versions": {"python": platform.python_version(), **versions},
        },
        "review": section,
        "previous": before,
        "taught": taught.counts(),
        "previous_stores": [str(path) for path in review.review.previous],
        "rules": {name: dataclasses.asdict(rule) for name, rule in review.rules.items()},
        "expected": [one.model_dump(mode="json") for one in review.expected],
        "tracks": [one.track.name for one in prepared],
        # Tracks of which no model was run, so that none can be asked.
        "recorded": [one.track.name for one in prepared if not one.models],
        "gate_settings": {},
        "model_files": {
            one.track.name: {
                **one.models.files(),
                **{
                    name: file_digests(folder)
                    for name, folder in one.track.deployed_forms(one.settings).items()
                },
            }
            for one in prepared
        },
        # Where the models were, for live questions; no part of the run's name, for they may be moved.
        "model_folders": {
            one.track.name: {side: str(folder.resolve()) for side, folder in one.models.places.items()}
            for one in prepared
        },
        "skipped_rows": {
            one.track.name: [f"{bad.where}: {bad.message}" for bad in one.examples.skipped]
            for one in prepared
            if one.examples.skipped
        },
    }


def _installed(names: Sequence[str]) -> list[str]:
    return [name for name in names if any(importlib.metadata.distributions(name=name))]


def _rows_digest(rows: Sequence[Example]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{len(row.ref)}:{row.ref}{row.sha256}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _table_digest(table: pa.Table) -> str:
    sink = _Digest()
    with pa.ipc.new_stream(pa.PythonFile(sink, "w"), table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None).combine_chunks())
    return sink.sha256.hexdigest()


class _Digest(io.RawIOBase):
    """A file that keeps nothing but the digest of what is written."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, written: ReadableBuffer) -> int:
        self.sha256.update(written)
        return memoryview(written).nbytes


def drawn_by(one: Prepared, review: Review) -> str:
    """What random examples of a track are drawn by: known only once the candidate is made."""
    return f"{one.models.digests.get('candidate', _rows_digest(one.examples.rows))}/{review.review.seed}"
