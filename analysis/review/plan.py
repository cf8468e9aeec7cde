"""Criteria that were fixed before a run: the plan in a store, and what a run says of it.

A plan holds what will determine a run (gates, thresholds, slices, data, seeds) before there is one. It lies in the
store as `plans/plan-N.json`, with SSH signatures beside it, and is never changed: a later one has the next number. A
run takes the newest plan into its name. A plan proves that the criteria stood before that run of that store, not that
nobody looked elsewhere; its time is what the clock of its author said.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import rfc8785

from analysis.base.errors import AssayError
from analysis.review.reuse import differences
from analysis.store.files import make_directory, modes_in, read_small, write_new
from analysis.store.run import run_names
from analysis.store.ssh_signatures import claims_beside
from analysis.store.streams import Account

FOLDER = "plans"
NAMESPACE = "inspection-plan@assay"
"""SSHSIG namespace: a signature on a plan is none on a report."""
FORMAT = 1
LIMIT = 64 << 20
"""Largest plan that is read, in bytes."""
RESTORE = "restore it from a copy: a plan is never changed"
_NAME = re.compile(r"plan-([1-9][0-9]{0,8})\.json")


@dataclass(frozen=True)
class Plan:
    """One plan of a store; `content` is what its file says."""

    path: Path
    number: int
    sha256: str
    content: Mapping[str, Any]


def newest_plan(store: PathLike[str]) -> Plan | None:
    """The plan in force; None where a store has none.

    Raises:
        AssayError: it cannot be read, or is none of this version's.
    """
    numbers = _numbers(Path(store))
    if not numbers:
        return None
    path = Path(store) / FOLDER / f"plan-{numbers[-1]}.json"
    content = read_small(path, LIMIT)
    if content is None:
        raise AssayError("this plan is gone", where=str(path), hint=RESTORE)
    try:
        told = json.loads(content)
        known = told["format"] == FORMAT and {"fixed_at", "actor"} <= told.keys()
        known = known and isinstance(told["runs"], list) and isinstance(told["determined_by"], dict)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known = False
    if not known:
        raise _damaged(path)
    return Plan(path, numbers[-1], hashlib.sha256(content).hexdigest(), told)


def _damaged(path: Path) -> AssayError:
    return AssayError("this plan is damaged, or of another version", where=str(path), hint=RESTORE)


def fix_plan(
    store: PathLike[str],
    determined: Mapping[str, Any],
    details: Mapping[str, Any],
    account: Account,
    now: str,
) -> tuple[Plan, bool]:
    """Write down what will determine the next run; where the plan in force says the same, that one stays.

    Args:
        store: the review's folder.
        determined: what would determine a run now, as `run.json` has it.
        details: what readers of the plan want beside it: the slices and the shares of the error level.
        account: who fixes it.
        now: the time, RFC 3339.

    Returns:
        The plan in force, and whether it was written now.

    Raises:
        AssayError: the store cannot be written, or the plan before cannot be read.
    """
    before = newest_plan(store)
    runs = run_names(store)
    determined = _as_read(determined)
    if (
        before is not None
        and before.content["determined_by"] == determined
        and before.content["runs"] == runs
    ):
        return before, False
    content = {
        "format": FORMAT,
        "fixed_at": now,
        "actor": account.actor,
        "host": account.host,
        "runs": runs,
        "replaces": None if before is None else before.sha256,
        "determined_by": determined,
        **details,
    }
    folder = Path(store) / FOLDER
    make_directory(folder)
    path = folder / f"plan-{1 if before is None else before.number + 1}.json"
    write_new(path, rfc8785.dumps(content) + b"\n", mode=modes_in(folder)[1])
    made = newest_plan(store)
    assert made is not None
    return made, True


def plan_note(plan: Plan, determined: Mapping[str, Any], before: Iterable[str]) -> dict[str, Any]:
    """What a run writes down of the plan that stood before it.

    Args:
        plan: the plan in force when the run began.
        determined: what determines the run.
        before: the runs of the store when it began.

    Raises:
        AssayError: the plan is damaged.
    """
    planned, determined = plan.content["determined_by"], _as_read(determined)
    try:
        changed = differences(_criteria(planned), _criteria(determined))
        models = [one for one in differences(planned, determined) if one not in changed]
    except (KeyError, TypeError, AttributeError):
        raise _damaged(plan.path) from None
    return {
        "number": plan.number,
        "sha256": plan.sha256,
        "fixed_at": str(plan.content["fixed_at"]),
        "actor": str(plan.content["actor"]),
        "host": str(plan.content.get("host", "")),
        "runs_before": len(plan.content["runs"]),
        "runs_since": len({*before} - {*map(str, plan.content["runs"])}),
        "changed": list(changed),
        "models": models,
        "signatures": signatures_of(plan.path),
    }


def _as_read(determined: Mapping[str, Any]) -> dict[str, Any]:
    """As a file has it, so that what was read can be compared with what was not written yet."""
    return dict(json.loads(rfc8785.dumps(dict(determined))))


def _criteria(determined: Mapping[str, Any]) -> dict[str, Any]:
    """What determines a run, but for the models that are judged by it, and what the candidate is called."""
    called = ("candidate_version", "training_change")
    review = {name: value for name, value in determined["review"].items() if name not in called}
    return {**determined, "review": review, "models": {}, "deployed": {}}


def signatures_of(path: Path) -> list[dict[str, Any]]:
    """The signatures beside a plan: `who` by the name of the file, and `key`, the fingerprint of the key that made it.

    `key` is None where the file is no signature of that plan, or where there is no `ssh-keygen` to tell.
    """
    return [one._asdict() for one in claims_beside(path, LIMIT, NAMESPACE)]


def plan_content(description: Mapping[str, Any]) -> dict[str, Any]:
    """What status and report say of the plan of a run, as plain data.

    Args:
        description: its `run.json`.

    Returns:
        `stood`, and `sentences`; where a plan stood also what the run wrote down of it.
    """
    note = description.get("plan")
    if note is None:
        none = "no plan was fixed before this run: its criteria may have been chosen with results in view"
        return {"stood": False, "sentences": [none]}
    return {"stood": True, **note, "sentences": _sentences(note)}


def _sentences(note: Mapping[str, Any]) -> list[str]:
    at = f" on {note['host']}" if note["host"] else ""
    who = f"fixed before this run by {note['actor']}{at} on {note['fixed_at']}, {_signed(note['signatures'])}"
    changed = "; ".join(note["changed"])
    sentences = [
        f"gates, thresholds, slices, data and seeds were {who}",
        f"changed since the plan: {changed}" if changed else "nothing of the plan was changed since",
    ]
    if note["models"]:
        sentences.append(f"other than when the plan was written: {'; '.join(note['models'])}")
    for name, told in (
        ("runs_before", "the plan was written after {}, whose results could be known"),
        ("runs_since", "{} stood when this run began that the plan does not know of"),
    ):
        if note[name]:
            runs = "1 run of this store" if note[name] == 1 else f"{note[name]} runs of this store"
            sentences.append(told.format(runs))
    if note["number"] > 1:
        earlier = "one earlier plan" if note["number"] == 2 else f"{note['number'] - 1} earlier plans"
        sentences.append(f"it took the place of {earlier}")
    return sentences


def _signed(signatures: Sequence[Mapping[str, Any]]) -> str:
    good = [f"{one['key']}, named for {one['who']}" for one in signatures if one["key"]]
    bad = [str(one["who"]) for one in signatures if not one["key"]]
    # Who has that key is for the reader's own list of signers to tell: the name is that of a file.
    told = f"signed with the key {' and the key '.join(good)}" if good else "not signed"
    return f"{told}; of no use is the signature named for {', '.join(bad)}" if bad else told


def _numbers(store: Path) -> list[int]:
    folder = store / FOLDER
    if not folder.is_dir():
        return []
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(match.group(1)) for match in found if match)
