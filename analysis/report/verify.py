"""Checks a report: that nothing was edited, who signed, and that what it says follows from its evidence.

What the bundle allows is computed again; the rest is held against what determined the run, and, where the verifier has
it, against the store. What is asked for (signers, reviewers, candidates) comes from the verifier, not from the report.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.escape import printable
from analysis.base.people import persons
from analysis.base.review_records import DECISIONS, Event
from analysis.plots.scatter_svg import check_svg
from analysis.report import canonical, held
from analysis.report.against_store import check_evidence, check_journals, check_standing, check_succession
from analysis.report.attest import attestations
from analysis.report.build import PREDICATE_TYPE, SCHEMA, STATEMENT_TYPE, heads
from analysis.report.check_fields import check_fields, check_slices
from analysis.report.check_record import check_record
from analysis.report.check_signatures import check_signatures
from analysis.report.merged_streams import check_merged
from analysis.report.model_files import MatchedModel, compare_model, missing_candidates
from analysis.report.number_words import judged
from analysis.report.recompute import Recomputed, parse_events, recompute
from analysis.report.render import PAGES, RENDER_FORMAT, rendered
from analysis.report.succession import superseded_by
from analysis.report.sums import ATTESTED, SUMMED, is_figure_name, parse_sums, read_limited, sums_problems
from analysis.review.inspection import judged_words
from analysis.review.point import today as current_day
from analysis.store.signatures import SUMS
from analysis.store.ssh_signatures import listed_lines, unclear_names, wildcards

_RECOMPUTED = ("gates", "numbers", "gates_allow", "weakened", "rules", "alpha", "changes", "causes")
_OF_PEOPLE = (
    "decision",
    "waivers",
    "findings",
    "reviewers",
    "agreement",
    "disagreements",
    "coverage",
    "record",
)
_OF_THE_RUN = ("review", "datasets", "models", "signers_required", "run")
_OF_THE_BUNDLE = ("schema", "render_format", "exported_at", "annotations", "files", "triggers", "supersedes")
_RUN_KEYS = {"id", "determined_by", "evidence_sha256", "skipped_rows"}
_STATEMENT_KEYS = {"_type", "predicateType", "subject", "predicate"}

CLAIMED = ("fields", "further", "slices", "versions", "figures")
"""Parts of the predicate that the bundle does not determine, or not whole: the rest is, without the store, the word of
who signed."""

PREDICATE_KEYS = frozenset((*_RECOMPUTED, *_OF_PEOPLE, *_OF_THE_RUN, *_OF_THE_BUNDLE, *CLAIMED))
"""Everything that a report of this version says; one that says more is of a form that is not known."""


@dataclass(frozen=True)
class Check:
    """One check with its outcome; `detail` is printable and says what was found."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verification:
    """Every check that was made.

    Args:
        checks: in their order.
        decision: what the report says, where it can be read.
        signers: whose signatures are good.
        statement: `report.json` as parsed, where it can be read.
        sums: the bytes of `SHA256SUMS`, or none; everything else was read once, and held against them.
    """

    checks: list[Check]
    decision: str | None
    signers: tuple[str, ...]
    statement: Mapping[str, Any] | None
    sums: bytes

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


@dataclass(frozen=True)
class Demands:
    """What a verifier asks for beyond a whole report (see `verify`)."""

    models: tuple[Path, ...] = ()
    require: str | None = None
    today: str = ""
    signers: int = 1
    reviewers: int = 0
    no_models: bool = False
    candidate_version: str | None = None
    store: Path | None = None
    supersedes: Path | None = None
    allow_unrendered: bool = False


def verify(
    directory: Path,
    allowed_signers: Path,
    models: Sequence[Path] = (),
    require: str | None = None,
    today: str | None = None,
    *,
    signers: int = 1,
    reviewers: int = 0,
    no_models: bool = False,
    candidate_version: str | None = None,
    store: Path | None = None,
    supersedes: Path | None = None,
    allow_unrendered: bool = False,
) -> Verification:
    """Check a report folder.

    Every check runs as far as it can, whatever the others found.

    Args:
        directory: the report folder.
        allowed_signers: the team's list of signers, kept outside the folder; keys in a file
            `revoked_keys` beside it do not count.
        models: model folders, or a folder that holds them, to compare with those of the report.
        require: a decision that the report must carry; `promote` also needs gates that allow it, no waiver past its
            expiry, the candidate of every track among `models` (unless `no_models`), and no later report in `store`.
        today: ISO date for expiries; the current day (UTC) by default.
        signers: how many different people with different keys must have signed; the review may ask for more.
        reviewers: how many accounts must have judged each example that must be judged; the review may ask for more.
        no_models: no model folder is at hand: nothing is said of what is deployed.
        candidate_version: what the candidate must be called.
        store: the store that the report came from: everything in it is held against its evidence and journals.
        supersedes: the folder of the report that this one must take the place of.
        allow_unrendered: take a page of another format as it is.

    Raises:
        AssayError: no such folder, no list of signers, no `ssh-keygen`, demands that make no sense.
    """
    if require is not None and require not in DECISIONS:
        raise AssayError(
            f"unknown decision {require!r}", where="--require", hint=f"one of {', '.join(DECISIONS)}"
        )
    if models and no_models:
        raise AssayError("model folders are given, and that there are none", where="--no-models")
    if signers < 1 or reviewers < 0:
        raise AssayError("must be 1 or more", where="--signers, --reviewers")
    demands = Demands(
        tuple(models),
        require,
        today or current_day(),
        signers,
        reviewers,
        no_models,
        candidate_version,
        store,
        supersedes,
        allow_unrendered,
    )
    _require_folder(directory)
    listed_lines(allowed_signers)
    return _Run(directory, allowed_signers, demands).all()


def check_unsigned(directory: Path) -> Verification:
    """Every check of a report folder that asks nothing of who signed it.

    Raises:
        AssayError: no such folder.
    """
    _require_folder(directory)
    return _Run(directory, None, Demands(today=current_day())).all()


def _require_folder(directory: Path) -> None:
    if not directory.is_dir():
        raise AssayError(
            "there is no report folder", where=str(directory), hint="give the folder of an export"
        )


class _Run:
    """One verification: what could be read so far, for the checks that come after."""

    def __init__(self, directory: Path, allowed: Path | None, demands: Demands) -> None:
        self.directory, self.allowed, self.asked = directory, allowed, demands
        self.checks: list[Check] = []
        self.signers: tuple[str, ...] = ()
        self.statement: dict[str, Any] | None = None
        self.found: list[MatchedModel] = []
        self._bytes: dict[str, bytes] = {}
        self._events_read: list[Event] | None = None
        self._recomputed: Recomputed | AssayError | None = None

    def all(self) -> Verification:
        asked = self.asked
        steps: list[tuple[str, Callable[[], str]]] = [
            ("sums", self._sums),
            ("report.json", self._report_json),
            *(
                [("signers list", self._signers_list), ("signatures", self._signatures)]
                if self.allowed
                else []
            ),
            ("model list", self._model_list),
            ("report.md", self._rendered),
            ("attestations", self._attestations),
            ("events", self._events),
            ("run", lambda: held.check_run(self._predicate(), self._again().given)),
            ("queue", lambda: held.check_queue(self._predicate(), self._again().given)),
            ("gates", self._gates),
            ("waivers", lambda: self._said("waivers")),
            ("findings", lambda: self._said("findings")),
            ("reviewers", lambda: self._said("reviewers", "agreement", "disagreements", "record")),
            ("record", lambda: check_record(self._predicate()["record"], self._parsed_events())),
            ("merged streams", self._merged),
            ("coverage", self._coverage),
            ("triggers", self._triggers),
            ("fields", lambda: check_fields(self._predicate(), self._again())),
            ("slices", lambda: check_slices(self._predicate(), self._again())),
            ("decision", self._decision),
            ("supersedes", self._supersedes),
        ]
        if asked.store is not None:
            steps += [("journals", self._journals), ("evidence", self._evidence)]
        else:
            steps.append(("claims", self._claims))
        if asked.reviewers:
            steps.append((f"{asked.reviewers} reviewers", self._reviewers))
        if asked.candidate_version is not None:
            steps.append(("candidate version", self._version))
        if asked.models:
            steps.append(("models", self._models))
        if asked.require is not None:
            steps.append((f"require {asked.require}", self._require))
        for name, step in steps:
            self._check(name, step)
        return Verification(
            self.checks, self._decided(), self.signers, self.statement, self._bytes.get(SUMS, b"")
        )

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
        """One file of the report, read once: every check is of the same bytes."""
        if name not in self._bytes:
            self._bytes[name] = read_limited(self.directory / name)
        return self._bytes[name]

    def _sums(self) -> str:
        problems = sums_problems(self.directory, self._read)
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
        predicate = self._predicate()
        unknown = (
            {*parsed} - _STATEMENT_KEYS | {*predicate} - PREDICATE_KEYS | {*predicate["run"]} - _RUN_KEYS
        )
        if unknown:
            raise AssayError(f"says what this version does not know: {min(unknown)}", where="report.json")
        named = (set(SUMMED) | set(self._figures())) - {"report.json", *PAGES}
        if set(predicate["files"]) != named:
            raise AssayError("names other files than were summed", where="report.json")
        for name in sorted(named):
            if predicate["files"].get(name) != hashlib.sha256(self._read(name)).hexdigest():
                raise AssayError(f"{name} is not the file that report.json names", where="report.json")
        return "canonical, and names the files beside it"

    def _predicate(self) -> Mapping[str, Any]:
        return dict(self._stated()["predicate"])

    def _stated(self) -> dict[str, Any]:
        if self.statement is None:
            raise AssayError("report.json cannot be read")
        return self.statement

    def _signers_list(self) -> str:
        assert self.allowed is not None
        lines = listed_lines(self.allowed)
        principals = [name for line in lines for name in line]
        broad = wildcards(principals)
        if broad:
            raise AssayError(f"lists everyone who fits {broad[0]!r}: name people", where=str(self.allowed))
        unclear = unclear_names(lines)
        if unclear:
            raise AssayError(unclear[0], where=str(self.allowed))
        if self.allowed.resolve().is_relative_to(self.directory.resolve()):
            raise AssayError(
                "lies in the report folder: it must come from elsewhere", where=str(self.allowed)
            )
        return f"{len(set(principals))} names, no wildcard"

    def _signatures(self) -> str:
        assert self.allowed is not None
        found = check_signatures(self.directory, self.allowed, self._read(SUMS))
        good = {one.key: str(one.principal) for one in found if one.problem is None}
        self.signers = tuple(dict.fromkeys(good.values()))
        if not found:
            raise AssayError(f"UNSIGNED: there is no {SUMS}.WHO.sig")
        bad = [f"{one.name}: {one.problem}" for one in found if one.problem is not None]
        if bad:
            raise AssayError("; ".join(bad))
        required = max(self.asked.signers, self._predicate()["signers_required"])
        people = persons(self.signers)
        if min(len(good), len(people)) < required:
            raise AssayError(
                f"{required} different signers with different keys are required, "
                f"there are {len(good)} keys of {len(people)} signers"
            )
        return f"signed by {', '.join(self.signers)}"

    def _model_list(self) -> str:
        return held.check_models(self._stated(), parse_sums(self._read("model.sha256"), "model.sha256"))

    def _rendered(self) -> str:
        known = self._predicate()["render_format"]
        if known != RENDER_FORMAT:
            if not self.asked.allow_unrendered:
                raise AssayError(
                    f"made with format {known}, this version knows {RENDER_FORMAT}: the pages may say anything "
                    "(--allow-unrendered takes them as they are)"
                )
            return f"not re-rendered: made with format {known}, this version knows {RENDER_FORMAT}"
        made = rendered(self._stated())
        for name, content in made.items():
            if content != self._read(name):
                raise AssayError("does not say what report.json says", where=name)
        if len(made) - len(PAGES) != len(self._figures()):
            raise AssayError("holds other figures than were summed", where="report.json")
        return f"{len(made)} files rendered again from report.json: the same"

    def _attestations(self) -> str:
        there = {name for name in ATTESTED if name in parse_sums(self._read(SUMS), SUMS)}
        if not there:
            return "none"
        made = attestations(self._stated())
        for name in sorted({*there, *made}):
            if name not in made:
                raise AssayError("is there, and the report is no promotion", where=name)
            if name not in there or made[name] != self._read(name):
                raise AssayError("does not follow from report.json", where=name)
        return f"{', '.join(sorted(made))}: made again from report.json: the same"

    def _parsed_events(self) -> list[Event]:
        if self._events_read is None:
            self._events_read = parse_events(self._read("annotations.jsonl"), "annotations.jsonl")
        return self._events_read

    def _events(self) -> str:
        events = self._parsed_events()
        told = self._predicate()["annotations"]
        if told != {"events": len(events), "heads": heads(events)}:
            raise AssayError("number of events or heads differ from report.json", where="annotations.jsonl")
        return f"{len(events)} events in {len(told['heads'])} whole chains"

    def _again(self) -> Recomputed:
        """The gates from the report's own files; what fails once is not tried for every check anew."""
        if self._recomputed is None:
            try:
                self._recomputed = recompute(
                    self._read("rules.json"), self._read("metrics.jsonl"), self._parsed_events()
                )
            except AssayError as problem:
                self._recomputed = problem
        if isinstance(self._recomputed, AssayError):
            raise self._recomputed
        return self._recomputed

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
        return (
            f"{len(listed)}, each backed by a standing event"
            if listed
            else "none, and no event says otherwise"
        )

    def _merged(self) -> str:
        given = self._again().given
        ends = self._predicate()["annotations"]["heads"]
        return check_merged(given.settings["review"]["record"], ends, given.aliases, self.allowed)

    def _decision(self) -> str:
        mine, predicate = self._again().entries["decision"], self._predicate()
        if mine is None:
            raise AssayError("no event backs the decision in report.json")
        if mine != predicate["decision"]:
            raise AssayError("decision in report.json is not what the events say")
        if predicate["exported_at"] != mine["ts"]:
            raise AssayError("the report is not of the time of its decision")
        return f"{mine['decision']}, backed by a standing event of {mine['ts']}"

    def _coverage(self) -> str:
        mine, predicate = self._again().entries["coverage"], self._predicate()
        if mine != predicate["coverage"]:
            raise AssayError("coverage in report.json does not follow from queue, gates and events")
        return f"{judged(mine)}, counted again"

    def _triggers(self) -> str:
        mine = canonical.plain(self._again().triggers)
        if mine != self._predicate()["triggers"]:
            raise AssayError("triggers in report.json do not follow from rules, metrics and events")
        return f"{len(mine)} computed again: the same"

    def _supersedes(self) -> str:
        return check_succession(self._stated(), self.asked.store, self.asked.supersedes)

    def _claims(self) -> str:
        return (
            "the numbers behind the gates, what fields and slices say beyond them, further fields, figures, versions, "
            "what it supersedes and which evidence it comes from are the word of who signed: --store holds them"
        )

    def _journals(self) -> str:
        assert self.asked.store is not None
        return check_journals(self.asked.store, self._parsed_events(), self._again().given)

    def _evidence(self) -> str:
        assert self.asked.store is not None
        return check_evidence(self.asked.store, self._stated(), self._parsed_events(), self._again().given)

    def _reviewers(self) -> str:
        required = max(self.asked.reviewers, self._again().given.reviewers_required)
        found = self._again().covered_by(required)
        if found.open:
            raise AssayError(
                f"{judged_words(found.inspected, found.total, required)}; only verdicts that count are counted; "
                f"first that is not: {found.open[0]}"
            )
        return f"{judged_words(found.inspected, found.total, required)}"

    def _version(self) -> str:
        told = self._predicate()["review"]["candidate_version"]
        if told != self.asked.candidate_version:
            raise AssayError(f"the candidate is {told}, not {self.asked.candidate_version}")
        return f"the candidate is {told}"

    def _models(self) -> str:
        problems = []
        for path in self.asked.models:
            try:
                self.found += compare_model(path, self._predicate()["models"])
            except AssayError as problem:
                problems.append(problem)
        self.found = list(dict.fromkeys(self.found))
        if problems:
            raise problems[0]
        return "; ".join(f"{one.folder} is the {one.track} {one.side}" for one in self.found)

    def _decided(self) -> str | None:
        try:
            decision = self._predicate()["decision"]["decision"]
        except (AssayError, KeyError, TypeError):
            return None
        return str(decision) if decision in DECISIONS else None

    def _require(self) -> str:
        predicate, asked = self._predicate(), self.asked
        decision = predicate["decision"]["decision"]
        if decision != asked.require:
            raise AssayError(f"the decision is {decision}, not {asked.require}")
        if asked.require != "promote":
            return f"the decision is {decision}"
        if predicate["gates_allow"] is not True:
            raise AssayError("the decision is promote, but the gates do not allow it")
        late = [one for one in predicate["waivers"] if one["in_force"] and one["expires"] < asked.today]
        if late:
            raise AssayError(f"the waiver of {late[0]['key']} expired on {late[0]['expires']}")
        if asked.store is not None:
            digest = hashlib.sha256(self._read("report.json")).hexdigest()
            later = superseded_by(asked.store, digest)
            if later:
                raise AssayError(f"it was superseded by {later[0]}, which is in the store")
            check_standing(asked.store, self._stated())
        return f"the decision is promote, and the gates allow it; {self._deployed()}"

    def _deployed(self) -> str:
        """Whether the candidate of every track is among the folders that were given."""
        if self.asked.no_models:
            return "no model was compared (--no-models): this says nothing of what is deployed"
        missing = missing_candidates(self.found, self._predicate()["models"])
        if missing or not self.found:
            raise AssayError(
                f"none of the folders given is the candidate of {', '.join(missing) or 'any track'}: name the "
                "candidate of every track with --models, or say --no-models"
            )
        return "the candidate of every track was compared"
