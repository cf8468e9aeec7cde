"""What a report says of its run, held against what determined the run: `determined_by`, whose digest is its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput
from analysis.base.records import ALL
from analysis.plugin.alpha import declared_for_gates
from analysis.plugin.metric import spec_by_name
from analysis.plugin.registry import get
from analysis.report import canonical
from analysis.report.model_files import entries_of_run, model_sums, subject_entries
from analysis.review.evaluate import own_specs
from analysis.store.run import run_id
from analysis.store.shown import models_digest


def dataset_entries(determined: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Number of examples and digests of content and metadata, by track."""
    return [
        {"track": name, "examples": one["examples"], "data": one["data"], "metadata": one["metadata"]}
        for name, one in determined["tracks"].items()
    ]


def signers_required(review: Mapping[str, Any]) -> int:
    """How many must sign, by the section `[review]`."""
    return int(review.get("signers_required") or 1)


def check_run(predicate: Mapping[str, Any], given: GateInput) -> str:
    """The run is named by what determined it; review file, data sets, thresholds and signers are those of the run.

    Args:
        predicate: of `report.json`.
        given: what the report's own files make of the gates' input.

    Raises:
        AssayError: something differs.
    """
    told = predicate["run"]
    determined = told["determined_by"]
    if not told["id"] == given.run == run_id(told):
        raise AssayError("the run's name is not the digest of what determined it")
    review = determined["review"]
    of_the_run = {
        "the review file": (predicate["review"], review),
        "the number of signers": (predicate["signers_required"], signers_required(review)),
        "the data sets": (predicate["datasets"], dataset_entries(determined)),
        "the rows that were left out": (
            {track: len(rows) for track, rows in told["skipped_rows"].items()},
            {track: one["skipped"] for track, one in determined["tracks"].items() if one["skipped"]},
        ),
    }
    of_the_gates = {
        "the thresholds": (given.rules, determined["rules"]),
        "the owner": (given.owner, review.get("owner") or ""),
        "the number of reviewers": (given.reviewers_required, review.get("reviewers_required") or 1),
        "the tracks": (sorted(given.tracks), sorted(determined["tracks"])),
        "the declared changes": (given.expected, determined["expected"]),
        "the aliases": (given.aliases, review.get("aliases") or {}),
        "what has settings": (sorted(given.settings), sorted([*determined["tracks"], "review"])),
        "what has metrics": (sorted(given.specs), sorted({*determined["tracks"], *own_specs()})),
        "the models": (given.settings["review"]["models_sha256"], models_digest(told)),
    }
    _hold("report.json", of_the_run)
    _hold("rules.json", of_the_gates)
    _hold(
        "rules.json", _of_tracks(given, {name: one["settings"] for name, one in determined["tracks"].items()})
    )
    return (
        f"run {told['id']}, named by what determined it; review file, data sets, thresholds, gate settings and signers "
        "are its own"
    )


def _of_tracks(
    given: GateInput, sections: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[object, object]]:
    """What gates and metrics are declared by: as it is said, and as track or Assay makes it of the section."""
    found: dict[str, tuple[object, object]] = {}
    for track, declared in declared_for_gates(given.rules, sections).items():
        said = given.settings.get(track, {})
        for name, wanted in declared.items():
            found[f"the settings of the gates of {track}, {name}"] = (said.get(name), wanted)
        specs = spec_by_name(get(track).metrics_for(sections[track]))
        found[f"the metrics of {track}"] = (given.specs.get(track), specs)
    for name, own in own_specs().items():
        found[f"the metrics of {name}"] = (given.specs.get(name), own)
    return found


def _hold(where: str, pairs: Mapping[str, tuple[object, object]]) -> None:
    for name, (said, wanted) in pairs.items():
        if canonical.plain(said) != canonical.plain(wanted):
            raise AssayError(f"{name}: not as in what determined the run", where=where)


def check_models(statement: Mapping[str, Any], listed: Mapping[str, str]) -> str:
    """The models are those of the run, file by file, and the subject is its candidates.

    Args:
        statement: of `report.json`.
        listed: `model.sha256`, name -> SHA-256.

    Raises:
        AssayError: something differs.
    """
    predicate = statement["predicate"]
    models = entries_of_run(predicate["run"]["determined_by"], predicate["models"])
    if predicate["models"] != models:
        raise AssayError("the models in report.json are not those of the run")
    if statement["subject"] != subject_entries(models):
        raise AssayError("the subject of report.json is not the candidates of the run")
    if model_sums(models) != listed:
        raise AssayError("model.sha256 and report.json name different model files")
    return f"{len(listed)} files of {len(models)} models, as they determined the run"


def check_queue(predicate: Mapping[str, Any], given: GateInput) -> str:
    """The queue holds as many random controls as the review file demands, of each track and each critical slice.

    Raises:
        AssayError: there are fewer, an example is of no track of the run, or a slice that was declared critical is not.
    """
    determined = predicate["run"]["determined_by"]
    wanted = int(determined["queue"]["controls"])
    _check_slices(determined["tracks"], given)
    strange = [one.ref for one in given.queue if one.ref.split("/", 1)[0] not in given.tracks]
    if strange:
        raise AssayError(f"{strange[0]} is of no track of the run", where="rules.json")
    controls = {one.ref: one.critical_slices for one in given.queue if one.control}
    for track in given.tracks:
        inside = {ref: slices for ref, slices in controls.items() if ref.split("/", 1)[0] == track}
        for one in given.slices:
            if one.track != track or not (one.critical or one.slice == ALL):
                continue
            drawn = (
                len(inside) if one.slice == ALL else sum(one.slice in slices for slices in inside.values())
            )
            if drawn < min(wanted, one.n):
                raise AssayError(
                    f"{drawn} random controls of {one.slice} ({track}), {min(wanted, one.n)} were to be drawn",
                    where="rules.json",
                )
    return f"{len(given.queue)} examples, {len(controls)} random controls as the review file demands"


def _check_slices(tracks: Mapping[str, Any], given: GateInput) -> None:
    """Each track has its slice of all examples, and the critical slices and classes that its section declares."""
    for track, one in tracks.items():
        slices = [each for each in given.slices if each.track == track]
        whole = [each.n for each in slices if each.slice == ALL]
        if len(whole) != 1:
            raise AssayError(f"the slice of all examples of {track} is not there once", where="rules.json")
        section = one["settings"]
        critical = {each.slice for each in slices if each.critical}
        classes = {each.slice.partition("=")[2] for each in slices if each.critical and each.kind == "class"}
        # As its track reads the section; the folders that it lacks here say nothing of classes.
        named = get(track).settings().model_construct(**section).critical_classes()
        lost = [*({*section["critical_slices"]} - critical), *({*named} - classes)]
        if lost:
            raise AssayError(f"{min(lost)} of {track} was declared critical, and is not", where="rules.json")
