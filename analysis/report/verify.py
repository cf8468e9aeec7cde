"""Checks a report: that nothing was edited, who signed, and that its verdicts follow from its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.escape import printable
from analysis.base.review_records import DECISIONS
from analysis.plots.scatter_svg import check_svg
from analysis.report import canonical, render
from analysis.report.build import PREDICATE_TYPE, SCHEMA, STATEMENT_TYPE, heads, subject_entries
from analysis.report.check_signatures import check_signatures, listed_principals, wildcards
from analysis.report.model_files import compare_models
from analysis.report.recompute import Recomputed, parse_events, recompute
from analysis.report.sums import SUMMED, SUMS, is_figure_name, parse_sums, read_limited, sums_problems
from analysis.store.run import run_id

_RECOMPUTED = ("gates", "numbers", "gates_allow", "weakened", "rules", "changes", "causes")


@dataclass(frozen=True)
class Check:
    """One check with its outcome; `detail` is printable and says what was found."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verification:
    """Every check that was made; `decision` and `signers` are what the report says, where it can be read."""

    checks: list[Check]
    decision: str | None
    signers: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


def verify(
    directory: Path,
    allowed_signers: Path,
    models: Sequence[Path] = (),
    require: str | None = None,
    today: str | None = None,
) -> Verification:
    """Check a report folder.

    Every check runs as far as it can, whatever the others found.

    Args:
        directory: the report folder.
        allowed_signers: the team's list of signers, kept outside the folder; keys in a file
            `revoked_keys` beside it do not count.
        models: model folders, or a folder that holds them, to compare with `model.sha256`.
        require: a decision that the report must carry; `promote` also needs gates that allow it, no
            waiver past its expiry, and the candidate among `models` where these are given.
        today: ISO date for expiries; the current day (UTC) by default.

    Raises:
        AssayError: no such folder, no list of signers, no `ssh-keygen`, an unknown `require`.
    """
    if not directory.is_dir():
        raise AssayError(
            "there is no report folder", where=str(directory), hint="give the folder of an export"
        )
    if require is not None and require not in DECISIONS:
        raise AssayError(
            f"unknown decision {require!r}", where="--require", hint=f"one of {', '.join(DECISIONS)}"
        )
    listed_principals(allowed_signers)
    return _Run(
        directory, allowed_signers, tuple(models), require, today or f"{datetime.now(UTC):%Y-%m-%d}"
    ).all()


class _Run:
    """One verification: what could be read so far, for the checks that come after."""

    def __init__(
        self, directory: Path, allowed: Path, models: tuple[Path, ...], require: str | None, today: str
    ) -> None:
        self.directory, self.allowed, self.models = directory, allowed, models
        self.require, self.today = require, today
        self.checks: list[Check] = []
        self.signers: tuple[str, ...] = ()
        self.statement: dict[str, Any] | None = None
        self.recomputed: Recomputed | AssayError | None = None
        self.sides: tuple[str, ...] = ()

    def all(self) -> Verification:
        steps: list[tuple[str, Callable[[], str]]] = [
            ("sums", self._sums),
            ("report.json", self._report_json),
            ("signers list", self._signers_list),
            ("signatures", self._signatures),
            ("model list", self._model_list),
            ("report.md", self._rendered),
            ("events", self._events),
            ("run", self._run),
            ("gates", self._gates),
            ("waivers", lambda: self._said("waivers")),
            ("findings", lambda: self._said("findings")),
            ("reviewers", lambda: self._said("reviewers", "agreement", "disagreements")),
            ("coverage", self._coverage),
            ("decision", lambda: self._said("decision")),
        ]
        if self.models:
            steps.append(("models", self._models))
        if self.require is not None:
            steps.append((f"require {self.require}", self._require))
        for name, step in steps:
            self._check(name, step)
        return Verification(self.checks, self._decision(), self.signers)

    def _check(self, name: str, step: Callable[[], str]) -> None:
        try:
            self.checks.append(Check(name, True, printable(step())))
        except AssayError as problem:
            where = f"{problem.where}: " if problem.where else ""
            self.checks.append(Check(name, False, printable(f"{where}{problem.message}")))
        except Exception as problem:
            # A report is hostile until proven otherwise: whatever it breaks in a check is a failed check.
            said = str(problem).splitlines()[0] if str(problem) else ""
            detail = f"cannot be checked ({type(problem).__name__}): {said}"
            self.checks.append(Check(name, False, printable(detail, 300)))

    def _read(self, name: str) -> bytes:
        return read_limited(self.directory / name)

    def _sums(self) -> str:
        problems = sums_problems(self.directory)
        if problems:
            raise AssayError("; ".join(problems[:8]))
        figures = self._figures()
        also = f" and {len(figures)} figures" if figures else ""
        return f"{len(SUMMED)} files{also} as they were summed, nothing added"

    def _figures(self) -> list[str]:
        """Names of the figures that were summed; each must be a picture and nothing else."""
        names = sorted(filter(is_figure_name, parse_sums(self._read(SUMS), SUMS)))
        for name in names:
            check_svg(self._read(name), name)
        return names

    def _report_json(self) -> str:
        parsed = canonical.loads(self._read("report.json"), "report.json")
        if not isinstance(parsed, dict) or parsed.get("_type") != STATEMENT_TYPE:
            raise AssayError("is not an in-toto statement", where="report.json")
        if parsed.get("predicateType") != PREDICATE_TYPE or parsed["predicate"].get("schema") != SCHEMA:
            raise AssayError("is not an inspection report that this version knows", where="report.json")
        self.statement = parsed
        files = self._predicate()["files"]
        named = (set(SUMMED) | set(self._figures())) - {"report.json", *render.PAGES}
        if set(files) != named:
            raise AssayError("names other files than were summed", where="report.json")
        for name in sorted(named):
            if files.get(name) != hashlib.sha256(self._read(name)).hexdigest():
                raise AssayError(f"{name} is not the file that report.json names", where="report.json")
        return "canonical, and names the files beside it"

    def _predicate(self) -> Mapping[str, Any]:
        if self.statement is None:
            raise AssayError("report.json cannot be read")
        return dict(self.statement["predicate"])

    def _signers_list(self) -> str:
        principals = listed_principals(self.allowed)
        broad = wildcards(principals)
        if broad:
            raise AssayError(f"lists everyone who fits {broad[0]!r}: name people", where=str(self.allowed))
        if self.allowed.resolve().is_relative_to(self.directory.resolve()):
            raise AssayError(
                "lies in the report folder: it must come from elsewhere", where=str(self.allowed)
            )
        return f"{len(set(principals))} names, no wildcard"

    def _signatures(self) -> str:
        found = check_signatures(self.directory, self.allowed)
        good = {one.key: str(one.principal) for one in found if one.problem is None}
        self.signers = tuple(dict.fromkeys(good.values()))
        if not found:
            raise AssayError(f"UNSIGNED: there is no {SUMS}.WHO.sig")
        bad = [f"{one.name}: {one.problem}" for one in found if one.problem is not None]
        if bad:
            raise AssayError("; ".join(bad))
        required = self._predicate()["signers_required"]
        if min(len(good), len(self.signers)) < required:
            raise AssayError(
                f"{required} different signers with different keys are required, "
                f"there are {len(good)} keys of {len(self.signers)} signers"
            )
        return f"signed by {', '.join(self.signers)}"

    def _model_list(self) -> str:
        listed = parse_sums(self._read("model.sha256"), "model.sha256")
        entries: dict[str, str] = {}
        for one in self._predicate()["models"]:
            entries.update({f"{one['prefix']}/{name}": digest for name, digest in one["files"].items()})
        if (
            self.statement is None
            or self.statement["subject"] != subject_entries(listed)
            or entries != listed
        ):
            raise AssayError("model.sha256 and report.json name different model files")
        return f"{len(listed)} model files in model.sha256 and in report.json"

    def _rendered(self) -> str:
        known = self._predicate()["render_format"]
        if known != render.RENDER_FORMAT:
            return f"not re-rendered: made with format {known}, this version knows {render.RENDER_FORMAT}"
        pages = render.rendered(self.statement or {})
        for name, content in pages.items():
            if content != self._read(name):
                raise AssayError("does not say what report.json says", where=name)
        if len(pages) - len(render.PAGES) != len(self._figures()):
            raise AssayError("holds other figures than were summed", where="report.json")
        return f"{len(pages)} files rendered again from report.json: the same"

    def _events(self) -> str:
        events = parse_events(self._read("annotations.jsonl"), "annotations.jsonl")
        told = self._predicate()["annotations"]
        if told != {"events": len(events), "heads": heads(events)}:
            raise AssayError("number of events or heads differ from report.json", where="annotations.jsonl")
        return f"{len(events)} events in {len(told['heads'])} whole chains"

    def _again(self) -> Recomputed:
        """The gates from the report's own files; what fails once is not tried for every check anew."""
        if self.recomputed is None:
            try:
                events = parse_events(self._read("annotations.jsonl"), "annotations.jsonl")
                self.recomputed = recompute(self._read("rules.json"), self._read("metrics.jsonl"), events)
            except AssayError as problem:
                self.recomputed = problem
        if isinstance(self.recomputed, AssayError):
            raise self.recomputed
        return self.recomputed

    def _run(self) -> str:
        told, given = self._predicate()["run"], self._again().given
        if not told["id"] == given.run == run_id(told):
            raise AssayError("the run's name is not the digest of what determined it")
        if canonical.plain(given.rules) != told["determined_by"]["rules"]:
            raise AssayError("the thresholds are not those of the run", where="rules.json")
        return f"run {told['id']}, named by what determined it"

    def _gates(self) -> str:
        mine, predicate = self._again().entries, self._predicate()
        told = {one["key"]: one for one in predicate["gates"]}
        for one in mine["gates"]:
            if told.get(one["key"]) != one:
                said = told.get(one["key"], {}).get("verdict", "nothing")
                raise AssayError(f"{one['key']}: computed {one['verdict']}, the report says {said}")
        for name in _RECOMPUTED:
            if mine[name] != predicate[name]:
                raise AssayError(f"{name} in report.json does not follow from rules, metrics and events")
        return f"{len(mine['gates'])} gates computed again: the same"

    def _said(self, *names: str) -> str:
        mine, predicate = self._again().entries, self._predicate()
        for name in names:
            if mine[name] != predicate[name]:
                raise AssayError(f"{name} in report.json is not what the events say")
        listed = mine[names[0]]
        if listed is None:
            raise AssayError(f"no event backs the {names[0]} in report.json")
        if not isinstance(listed, list):
            return "backed by a standing event"
        return (
            f"{len(listed)}, each backed by a standing event"
            if listed
            else "none, and no event says otherwise"
        )

    def _coverage(self) -> str:
        mine, predicate = self._again().entries["coverage"], self._predicate()
        if mine != predicate["coverage"]:
            raise AssayError("coverage in report.json does not follow from queue, gates and events")
        return f"{mine['inspected']} of {mine['total']} that must be judged are, counted again"

    def _models(self) -> str:
        found = compare_models(self.models, self._predicate()["models"])
        self.sides = tuple(one.side for one in found)
        return "; ".join(f"{one.folder} is the {one.track} {one.side}" for one in found)

    def _decision(self) -> str | None:
        try:
            decision = self._predicate()["decision"]["decision"]
        except (AssayError, KeyError, TypeError):
            return None
        return str(decision) if decision in DECISIONS else None

    def _require(self) -> str:
        predicate = self._predicate()
        decision = predicate["decision"]["decision"]
        if decision != self.require:
            raise AssayError(f"the decision is {decision}, not {self.require}")
        if self.require != "promote":
            return f"the decision is {decision}"
        if predicate["gates_allow"] is not True:
            raise AssayError("the decision is promote, but the gates do not allow it")
        late = [one for one in predicate["waivers"] if one["in_force"] and one["expires"] < self.today]
        if late:
            raise AssayError(f"the waiver of {late[0]['key']} expired on {late[0]['expires']}")
        if self.models and set(self.sides) <= {"base"}:
            raise AssayError("none of the folders given is the candidate of this report")
        return "the decision is promote, and the gates allow it"
