"""One review of a candidate against its base, as a reviewer would declare it, and what its gates say."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.shortcut_texts import CUES, LEXICONS, Dataset, Split

if TYPE_CHECKING:
    from analysis.plugin.stage import Step
    from analysis.plugin.track import Track
    from benchmarks.reviewers import Reviewer

DEPTHS = ("causal", "whole")
"""`causal` leaves the stages of attribution out: the gates stand on predictions and counterfactuals, which take
half a minute of a core where attribution of encoders of this size takes many. Licences, enrichment and the gate of
explanations are judged in `whole` reviews only, which attribute by the methods that gates read."""
QUEUE = {"causal": {"budget": 30, "controls": 10}, "whole": {"budget": 10, "controls": 0}}
"""In a whole review the critical texts and those with a declared cue are attributed beside the queue; a small one
saves half the time, and no verdict before inspection depends on it."""
KEPT = (
    "enrichment", "flips", "flips_reverted", "flips_reverted_random", "licence_overlap", "licence_percentile",
    "licence_randomisation", "licence_share", "relevance_own_critical", "relevance_own_other", "signal_effect",
)  # fmt: skip
"""Metrics that are kept beside the gates."""
ERRS = 0.03
"""Share of pages that the honest reviewer gets wrong."""
TRUTHS = """
SELECT e.ref, coalesce(e.gold, p.gold) FROM evidence.example e LEFT JOIN evidence.example p ON p.ref = e.parent_ref
UNION ALL
SELECT ref, "true"[1] FROM evidence.known_answer
"""
"""The label that is right, of examples, of messages with a cue inserted (the message's own), and of known answers."""
SOURCES = Path(__file__).parents[1] / "analysis"


@dataclass(frozen=True)
class Case:
    """One candidate to review: its data set, how it was trained, its seed, how deep the review goes, and its models.

    `condition` is what its evaluation set holds; `base` and `candidate` are folders of models. Without `cues` none is
    declared.
    """

    dataset: Dataset
    condition: str
    seed: int
    depth: str
    base: Path
    candidate: Path
    cues: bool = True


def write_review(folder: Path, sets: Split, case: Case) -> Path:
    """A review file with its evaluation set and lexicons in `folder`; the models stay where they are.

    Two of the cues are declared: the planted one with another that is null data, or two that take turns.
    """
    dataset, condition, seed = case.dataset, case.condition, case.seed
    first = CUES.index(condition) if condition in CUES else seed
    cues = [CUES[(first + step) % len(CUES)] for step in (0, 1 + seed % 2 if condition in CUES else 1)]
    declared = f"[intent.irrelevant]\n{dataset.critical} = {json.dumps(cues)}\n" if case.cues else ""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = [{"id": one.id, "text": one.text, "label": one.label} for one in sets.evaluation[condition]]
    (folder / "eval.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8"
    )
    for name, terms in LEXICONS.items():
        (folder / f"{name}.txt").write_text("\n".join(terms) + "\n", "utf-8")
    review = folder / "review.toml"
    review.write_text(
        f"""\
[review]
name = "{dataset.name}-{seed}-{condition}"
owner = "benchmark"
base_version = "{case.base.name}"
candidate_version = "{case.candidate.name}"
training_change = "more texts of every class, four times those of the critical one"
seed = {seed}
device = "cpu"

[queue]
budget = {QUEUE[case.depth]["budget"]}
controls = {QUEUE[case.depth]["controls"]}

[lexicons]
titles = {{ file = "titles.txt" }}
template = {{ file = "template.txt" }}

[intent]
base = {json.dumps(str(case.base))}
candidate = {json.dumps(str(case.candidate))}
examples = "eval.jsonl"
critical = ["{dataset.critical}"]
max_length = 64

[intent.signals]
{dataset.critical} = {json.dumps(list(dataset.signals))}

{declared}""",
        "utf-8",
    )
    return review


def sources_sha256() -> str:
    """Digest of the code under test, so that results of different versions are never mixed unseen."""
    digest = hashlib.sha256()
    for path in sorted([*SOURCES.rglob("*.py"), *SOURCES.rglob("*.sql")]):
        digest.update(f"{path.relative_to(SOURCES)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def track_of(depth: str) -> Track:
    """The intent track with the stages of that depth."""
    from analysis.tracks.intent.attribution import ATTRIBUTE, QUEUED, attribution_stage
    from analysis.tracks.intent.names import LRP, OCCLUSION
    from analysis.tracks.intent.track import IntentTrack

    fewer = attribution_stage(tuple(one for one in QUEUED if one.name in (OCCLUSION, LRP)))

    class OfDepth(IntentTrack):
        def stages(self) -> tuple[Step, ...]:
            return tuple(
                fewer if one is ATTRIBUTE else one
                for one in super().stages()
                if depth == "whole" or not (one.costly or one.after_queue)
            )

    return OfDepth()


def run_review(review: Path, depth: str, sources: str) -> dict[str, Any]:
    """Analyses a review and reads its gates, before anybody has inspected anything and after scripted reviewers have.

    Returns:
        `gates`, the verdict with value, interval and reason of each key of the intent track; `metrics`, the
        values behind them; `reviewers`, what each leaves (see `reviewed`); `cpu_seconds` of the analysis, and
        `sources_sha256`, the digest of the code given as `sources`.
    """
    from analysis.plugin.registry import registered
    from analysis.review.session import ReviewSession
    from analysis.run.pipeline import analyze

    began = time.process_time()
    with registered(track_of(depth)):
        published = analyze(review)
    spent = time.process_time() - began
    with ReviewSession.open(published.store, read_only=True) as session:
        gates = {
            one.key: {"verdict": one.verdict, "value": one.value, "low": one.low, "n": one.n, "why": one.why}
            for one in session.gates()
            if one.track == "intent"
        }
        metrics = [
            {"name": one.name, "slice": one.slice, "side": one.side, "value": one.value, "low": one.low,
             "high": one.high, "n": one.n, "method": one.method, "why": one.why}
            for one in session.gate_input().metrics
            if one.track == "intent" and one.name in KEPT
        ]  # fmt: skip
    return {
        "gates": gates, "metrics": metrics, "reviewers": reviewed(published.store), "cpu_seconds": spent,
        "sources_sha256": sources,
    }  # fmt: skip


def reviewed(store: Path) -> dict[str, dict[str, Any]]:
    """What scripted reviewers make of a run, each in a store of their own.

    The honest one answers by the labels of the data set and errs on `ERRS` of the pages; the other presses the first
    key.

    Returns:
        By reviewer: whether the gates allow the candidate then, how many pages were answered, and the names of
        the gates that keep it back.
    """
    from benchmarks.reviewers import always_first, honest

    people = {"honest": honest(0, ERRS), "always first": always_first}
    return {name: _judged(store, name, reviewer) for name, reviewer in people.items()}


def _judged(store: Path, name: str, reviewer: Reviewer) -> dict[str, Any]:
    from analysis.review.evaluate import allow, blocking
    from analysis.review.session import ReviewSession
    from benchmarks.reviewers import answer_all

    own = store.with_name(f"{store.name}-{name.replace(' ', '-')}")
    shutil.copytree(store, own)
    with ReviewSession.open(own, reviewer=name) as session:
        truths = dict(session.connection.execute(TRUTHS).fetchall())
        answered = answer_all(
            session, lambda ref, asked: reviewer(asked, truths[ref]), "what the request says"
        )
        gates = session.gates()
    shutil.rmtree(own)
    against = list(dict.fromkeys(one.name for one in blocking(gates)))
    return {"allowed": allow(gates), "answered": answered, "against": against}
