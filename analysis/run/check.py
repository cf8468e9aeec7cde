"""`assay check`: everything about a review that can be known before it is analysed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from analysis.base.problems import Problem, attempt, raise_problems, suggest
from analysis.base.records import Slice
from analysis.data.examples import Examples
from analysis.models.threads import tune_threads
from analysis.plugin.alpha import planned
from analysis.plugin.registry import get, plug_ins
from analysis.plugin.settings import Review, TrackSettings
from analysis.plugin.track import Track
from analysis.review.reuse import labels_teach
from analysis.run.device import device_of
from analysis.run.mix import check_mix
from analysis.run.predecessors import check_previous
from analysis.run.prepared import Prepared
from analysis.run.review_file import load_review
from analysis.run.slices import build_slices
from analysis.run.taught import Taught, taught_by
from analysis.store.streams import has_account
from analysis.text.units import without_spaces

FEW = 20
"""Below this many examples a critical class can hardly be judged by a test."""


@dataclass(frozen=True)
class CheckReport:
    """A review without mistakes; `notes` say what its run will do and what it cannot decide.

    `prepared` are its tracks with the data that was read, `taught` is what people said of answers in its store.
    """

    review: Review
    notes: list[str]
    prepared: list[Prepared]
    taught: Taught


def check_review(path: Path, *, skip_bad_rows: bool = False, trial: bool = True) -> CheckReport:
    """Validate a review file, its data, its models, and how they fit together.

    Args:
        path: the review file.
        skip_bad_rows: go on without rows that cannot be read.
        trial: run one example through both models of each track; `analyze` does so with models that it keeps.

    Raises:
        AssayError: every mistake that was found, with its place and remedy.
    """
    review = load_review(path)
    problems: list[Problem] = []
    notes = [
        f"review    {review.review.name}: base {review.review.base_version}, "
        f"candidate {review.review.candidate_version}, by {review.review.owner}",
        f"store     {review.store_path}" + (" (exists)" if review.store_path.exists() else " (will be made)"),
    ]
    if not has_account(review.review.owner, review.review.aliases):
        notes.append(
            f"owner     no account of this machine is named {review.review.owner!r}: whoever made the candidate can "
            "waive its gates unless the owner, or one of [review] aliases, is their account"
        )
    prepared: list[Prepared] = []
    device = attempt(lambda: device_of(review), problems) or "cpu"
    for name, settings in review.tracks.items():
        one, track_notes = _check_track(get(name), settings, review, device, skip_bad_rows, trial, problems)
        prepared += [one] if one else []
        notes += track_notes
    problems += _check_expected_metrics(review)
    problems += check_previous(review, {one.track.name: one.examples for one in prepared})
    if not problems:
        slices = [part for one in prepared for part in one.slices]
        problems += _check_expected_slices(review, slices)
        problems += check_mix(review, slices)
    raise_problems(problems, review.path)
    for lexicon in review.lexicons:
        notes.append(f"lexicon   {lexicon}: {len(review.lexicon(lexicon).cues)} terms")
    queue = review.queue
    attributed = "queue and controls" if queue.attribute == "queue" else "every example"
    controls = f"{queue.controls} random controls"
    runs = any(get(name).runs_models(settings) for name, settings in review.tracks.items())
    explained = f"; attribution: {attributed}" if runs else ""
    notes.append(f"queue     up to {queue.budget}, and {controls}{explained}")
    changed = [rule for rule in review.rules.values() if rule.off or rule.loosened]
    notes += [
        f"gate      {rule.gate}: "
        + (f"off ({rule.off})" if rule.off else f"{'; '.join(rule.loosened)} ({rule.reason})")
        for rule in changed
    ]
    notes += [f"plug-in   {one}" for one in plug_ins() if not one.built_in]
    taught = taught_by(review.store_path, review.tracks)
    notes += [f"labels    {labels_teach(count)} of {track}" for track, count in taught.counts().items()]
    return CheckReport(review, notes, prepared, taught)


def _check_track(
    track: Track,
    settings: TrackSettings,
    review: Review,
    device: str,
    skip_bad_rows: bool,
    trial: bool,
    problems: list[Problem],
) -> tuple[Prepared | None, list[str]]:
    """A track with its data read, where they can be, and what is to be said of it."""
    notes: list[str] = []
    examples = attempt(lambda: track.read(settings, review, skip_bad_rows), problems)
    models = track.pair(track.model_paths(settings), device)
    before = len(problems)
    notes += track.check_models(models, settings, problems)
    if examples is not None and len(problems) == before:
        read = examples
        examples = attempt(lambda: track.fit(read, models, settings, skip_bad_rows), problems)
    if examples is None:
        return None, notes
    notes.insert(0, _data_note(track, examples))
    notes[1:1] = [*examples.notes, *_script_notes(examples)]
    checked = examples
    built = attempt(lambda: build_slices(track.name, settings, checked), problems)
    slices, members = built or ([], {})
    notes += _slice_notes(slices)
    notes += track.decidable(settings, slices, planned(review.rules, review.as_recorded()))
    if trial and len(problems) == before:
        attempt(lambda: tune_threads(models.parameters), problems)
        attempt(lambda: track.trial(models, checked, settings, review), problems)
    if trial and len(problems) == before:
        notes += attempt(lambda: track.foretell(models, checked, settings, review), problems) or []
    return Prepared(track, settings, examples, slices, members, models), notes


def _check_expected_metrics(review: Review) -> list[Problem]:
    changes: dict[str, bool] = {}
    for name in review.tracks:
        for spec in get(name).metrics_for(review.tracks[name].as_recorded()):
            changes[spec.name] = changes.get(spec.name, False) or "difference" in spec.sides
    problems = []
    for index, expected in enumerate(review.expected):
        if not changes.get(expected.metric, False):
            what = "has no change" if expected.metric in changes else "is measured by no track of this review"
            problems.append(
                Problem(
                    f"expected a change of {expected.metric!r}, which {what}",
                    review.where("expected", index, "metric"),
                    suggest(expected.metric, sorted(name for name, moves in changes.items() if moves)),
                )
            )
    return problems


def _check_expected_slices(review: Review, slices: list[Slice]) -> list[Problem]:
    known = [one.slice for one in slices]
    problems = []
    for index, expected in enumerate(review.expected):
        # Confusion pairs and class/cue pairs are named by the run, not by the data.
        named_later = "→" in expected.slice or "/" in expected.slice
        if expected.slice not in known and not named_later:
            problems.append(
                Problem(
                    f"expected a change in {expected.slice!r}, and there is no such slice",
                    review.where("expected", index, "slice"),
                    suggest(expected.slice, known),
                )
            )
    return problems


def _data_note(track: Track, examples: Examples) -> str:
    parts = [f"{len(examples.evaluation_rows()):,} examples"]
    parts += [f"{len(refs):,} {name}" for name, refs in examples.memberships.items()]
    parts += [f"{len(examples.skipped):,} bad rows skipped"] if examples.skipped else []
    columns = examples.metadata.column_names[1:]
    parts += [f"metadata: {', '.join(columns)}"] if columns else []
    return f"{track.name:<10}{'; '.join(parts)}"


def _script_notes(examples: Examples) -> list[str]:
    """What a word is where scripts are written without spaces, and how many texts that concerns."""
    count = sum(without_spaces(row.text) for row in examples.evaluation_rows())
    if not count:
        return []
    those = "1 text is" if count == 1 else f"{count:,} texts are"
    return [f"words     {those} in a script without spaces: words are characters"]


def _slice_notes(slices: list[Slice]) -> list[str]:
    kinds = Counter(one.kind for one in slices if one.kind != "all")
    notes = ["slices    " + ", ".join(f"{count} {kind}" for kind, count in kinds.items())]
    for one in slices:
        if one.critical:
            few = f"; fewer than {FEW}: every one will be looked at" if 0 < one.n < FEW else ""
            none = "; matches nothing: its gate will be unknown" if one.n == 0 else ""
            notes.append(f"critical  {one.slice}: {one.n} examples{few}{none}")
        elif one.kind == "declared" and one.n == 0:
            notes.append(f"empty     {one.slice} matches nothing: its gate will be unknown")
    return notes
