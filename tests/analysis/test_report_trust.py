"""What a signed report can be made to say by one listed signer, what a signer is shown, and who takes it for what."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.base.review_records import Event
from analysis.models.digest import file_digests
from analysis.plugin.registry import registered
from analysis.plugin.report_fields import ATTRIBUTION, DECISION, MODEL
from analysis.report import canonical
from analysis.report.attest import PROMOTED, SVR_TYPE, TEST_RESULT_TYPE
from analysis.report.build import export, heads
from analysis.report.check_signatures import check_signatures
from analysis.report.field import NOTHING
from analysis.report.model_files import MatchedModel, missing_candidates
from analysis.report.recompute import parse_events
from analysis.report.sign import page_to_sign, sign
from analysis.report.sums import parse_sums
from analysis.report.verify import CLAIMED, verify
from analysis.review.session import ReviewSession
from analysis.store.events import new_event_id, seal
from analysis.store.journal import Journal
from analysis.store.signatures import SUMS
from analysis.store.streams import this_account
from tests.analysis.make_signed_bundle import BUNDLE, SIGNERS
from tests.analysis.report_fixture import (
    HOSTILE,
    TOY,
    forge_rules,
    inspect_all,
    make_key,
    sign_anything,
    signer_line,
    sum_again,
    toy_store,
    verified_by_stock,
    write_statement,
)

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")

SAMPLED = 14
"""Fields that are changed in the suite; the soak changes every one."""
HELD_BY_STORE = (*CLAIMED, "run.evidence_sha256", "run.skipped_rows", "supersedes")
"""What a lone signer may write without another file of the bundle contradicting it."""


@dataclass(frozen=True)
class Reviewed:
    """One review: its hold, its promotion (signed by alice), its models, its store, and the team's list."""

    folder: Path
    hold: Path
    promotion: Path
    models: Path
    store: Path
    allowed: Path

    @property
    def candidate(self) -> Path:
        return self.models / "toy-candidate"

    @property
    def alice(self) -> Path:
        return self.folder / "alice"


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    folder = tmp_path_factory.mktemp("trust")
    with registered(TOY):
        made = toy_store(folder)
        with ReviewSession.open(made.store, reviewer="carol") as session:
            hold = export(session, None, "hold", f"wait {HOSTILE[4]}\n{HOSTILE[0]}", attest=True)
            inspect_all(session)
            promotion = export(session, None, "promote", "inspected", attest=True)
        for who in ("alice", "bob"):
            make_key(folder / who, f"{who}@x")
        allowed = folder / "allowed_signers"
        allowed.write_text(signer_line("alice@x", folder / "alice") + signer_line("bob@x", folder / "bob"))
        sign(hold, folder / "alice")
        sign(promotion, folder / "alice")
        yield Reviewed(folder, hold, promotion, made.models, made.store, allowed)


@pytest.fixture
def report(reviewed: Reviewed, tmp_path: Path) -> Path:
    """A copy of the promotion that a test may change."""
    return Path(shutil.copytree(reviewed.promotion, tmp_path / "report"))


def statement_of(report: Path) -> dict[str, Any]:
    return dict(canonical.loads((report / "report.json").read_bytes(), "report.json"))


def failed(report: Path, reviewed: Reviewed, **asked: Any) -> dict[str, str]:
    """The checks that fail, with what they say, of a report that must be a promotion of the candidate."""
    found = verify(report, reviewed.allowed, [reviewed.candidate], "promote", **asked)
    return {check.name: check.detail for check in found.checks if not check.ok}


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every field of a JSON value that holds no others, empty lists and objects among them."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    deeper = [leaf for key, item in items for leaf in leaves(item, (*path, key))]
    yield from deeper or [path]


def changed(statement: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """The statement with one field changed, in a way that fits its type."""
    copy = json.loads(json.dumps(statement))
    parent = copy
    for key in path[:-1]:
        parent = parent[key]
    old = parent[path[-1]]
    match old:
        case bool():
            new: Any = not old
        case int() | float():
            new = old + 1
        case str():
            new = f"{old}x" if not old or not old[-1].isdigit() else f"{old[:-1]}{(int(old[-1]) + 1) % 10}"
        case None:
            new = 1
        case _:
            new = ["x"] if isinstance(old, list) else {"x": 1}
    parent[path[-1]] = new
    return dict(copy)


def is_claim(path: tuple[str | int, ...]) -> bool:
    named = ".".join(map(str, path[1:]))
    return path[0] == "predicate" and any(
        named == one or named.startswith(f"{one}.") for one in HELD_BY_STORE
    )


def try_every_field(report: Path, reviewed: Reviewed, paths: list[tuple[str | int, ...]]) -> None:
    """Change each field, let alice sign the result, and see that nobody takes it."""
    statement = statement_of(report)
    for path in paths:
        write_statement(report, changed(statement, path))
        sign_anything(report, reviewed.alice, "alice@x")
        found = failed(report, reviewed, signers=2)
        assert found, path
        beside = {*found} - {"signatures"}
        assert beside or is_claim(path), f"{path}: only the number of signers keeps it back"


def test_a_field_that_one_signer_changed_is_found(report: Path, reviewed: Reviewed) -> None:
    paths = list(leaves(statement_of(report)))
    random.Random(1).shuffle(paths)
    by_part: dict[object, tuple[str | int, ...]] = {path[:2]: path for path in paths}
    try_every_field(report, reviewed, [*by_part.values()][:SAMPLED])


@pytest.mark.soak
def test_every_field_that_one_signer_changed_is_found(report: Path, reviewed: Reviewed) -> None:
    paths = list(leaves(statement_of(report)))
    assert len(paths) > 300
    try_every_field(report, reviewed, paths)


def test_the_store_holds_what_is_else_the_word_of_who_signed(report: Path, reviewed: Reviewed) -> None:
    assert failed(reviewed.promotion, reviewed, store=reviewed.store) == {}
    intact = statement_of(report)
    told = {
        one["field"]: ["leans on nothing"] if one["field"] == ATTRIBUTION else one["sentences"]
        for one in intact["predicate"]["fields"]
    }
    for part, forged in (
        ("fields", [{**one, "sentences": told[one["field"]]} for one in intact["predicate"]["fields"]]),
        ("run", {**intact["predicate"]["run"], "evidence_sha256": "0" * 64}),
    ):
        write_statement(report, {**intact, "predicate": {**intact["predicate"], part: forged}})
        sign_anything(report, reviewed.alice, "alice@x")
        assert failed(report, reviewed) == {}, "no file of the bundle contradicts it"
        found = failed(report, reviewed, store=reviewed.store)
        assert found == {"evidence": f"{part} in report.json is not what the evidence of the store gives"}


def test_what_fields_and_slices_must_say_needs_no_store(report: Path, reviewed: Reviewed) -> None:
    intact = statement_of(report)
    cases: list[tuple[str, str, Callable[[dict[str, Any]], None]]] = [
        ("fields", f"{DECISION} in report.json lacks", lambda told: told["fields"][8]["sentences"].pop()),
        ("fields", f"{MODEL} in report.json lacks", lambda told: told["fields"][0].update(sentences=["m"])),
        (
            "fields",
            "there is something to tell",
            lambda told: told["fields"][5]["sentences"].append(NOTHING),
        ),
        ("fields", "the nine fields", lambda told: told["fields"].pop(3)),
        ("fields", "folds other sentences", lambda told: told["fields"][5]["more"].append("also")),
        ("slices", "moves of the slice", lambda told: told["slices"][0].update(moves="0 broken")),
        ("slices", "controls_inspected", lambda told: told["slices"][0].update(controls_inspected=9)),
        ("slices", "not the critical slices", lambda told: told["slices"].clear()),
    ]
    for check, says, change in cases:
        statement = json.loads(json.dumps(intact))
        change(statement["predicate"])
        write_statement(report, statement)
        sign_anything(report, reviewed.alice, "alice@x")
        found = failed(report, reviewed)
        assert check in found, says
        assert says in found[check]


def _settings_but(rules: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {"settings": {**rules["settings"], "toy": {**rules["settings"]["toy"], **changed}}}


def _every_rise_is_good(specs: dict[str, Any]) -> dict[str, Any]:
    return {
        track: {name: {**one, "better": "up"} for name, one in some.items()} for track, some in specs.items()
    }


def test_rules_that_one_signer_changed_are_held_against_the_run(report: Path, reviewed: Reviewed) -> None:
    rules = canonical.loads((report / "rules.json").read_bytes(), "rules.json")
    intact = {path.name: path.read_bytes() for path in report.iterdir()}
    for change, check, says in (
        ({"owner": "nobody"}, "run", "the owner"),
        ({"more": 1}, "gates", "says more, or otherwise"),
        ({"reviewers_required": 0}, "run", "the number of reviewers"),
        (
            {"rules": {**rules["rules"], "toy.broken": {**rules["rules"]["toy.broken"], "off": "x"}}},
            "run",
            "thresholds",
        ),
        ({"queue": [one for one in rules["queue"] if not one["control"]]}, "queue", "random controls of"),
        # What the gates of a track judge by follows from its section, and so do its metrics.
        (_settings_but(rules, alpha={"toy.broken": 0.02}), "run", "gates of toy, alpha"),
        ({"specs": _every_rise_is_good(rules["specs"])}, "run", "metrics of toy"),
        # And what belongs to no track of the run, people that the review file does not make one, and critical slices.
        ({"specs": {**rules["specs"], "ghost": rules["specs"]["toy"]}}, "run", "what has metrics"),
        (
            {"settings": {**rules["settings"], "ghost": {"alpha": {"toy.broken": 1}}}},
            "run",
            "what has settings",
        ),
        ({"aliases": {"carol": ["owner"]}}, "run", "the aliases"),
        (
            {"slices": [{**one, "critical": False} for one in rules["slices"]]},
            "queue",
            "was declared critical",
        ),
        ({"slices": []}, "queue", "slice of all examples"),
    ):
        for name, data in intact.items():
            (report / name).write_bytes(data)
        forge_rules(report, change)
        sign_anything(report, reviewed.alice, "alice@x")
        found = failed(report, reviewed)
        assert {*found} >= {check}, change
        assert says in found[check]


def test_a_hold_is_shown_as_a_hold_whatever_its_page_says(reviewed: Reviewed, tmp_path: Path) -> None:
    page = page_to_sign(reviewed.hold)
    assert page.decision == "hold"
    assert page.sentences[0] == "HOLD is what you sign."
    assert all(line.isprintable() for line in page.sentences)
    assert "wait ⟨U+202E⟩evil⟨U+202C⟩␊␛]52;c;ZXZpbA==␇" in page.sentences[1]
    root = statement_of(reviewed.hold)["subject"][0]["digest"]["dirHash"]
    assert f"candidate toy/toy-candidate: {root}" in page.sentences
    assert any("the gates DO NOT allow promotion" in line for line in page.sentences)
    assert page.sums == (reviewed.hold / SUMS).read_bytes()
    # A promotion whose page reads as a hold, summed and of a format that nobody knows.
    forged = Path(shutil.copytree(reviewed.promotion, tmp_path / "forged"))
    statement = statement_of(forged)
    statement["predicate"]["render_format"] = 999
    write_statement(forged, statement)
    (forged / "report.md").write_text("**HOLD** · the gates do not allow promotion\n")
    sum_again(forged)
    with pytest.raises(AssayError, match=r"will not be signed: report\.md: .*the pages may say anything"):
        sign(forged, reviewed.folder / "bob")
    assert not list(forged.glob("*bob*"))


def test_nothing_is_signed_that_was_not_agreed_to(report: Path, reviewed: Reviewed) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    def refuse(decision: str, sentences: Any) -> bool:
        asked.append((decision, tuple(sentences)))
        return False

    assert sign(report, reviewed.folder / "bob", None, refuse) is None
    assert not list(report.glob("*bob*"))
    ((decision, sentences),) = asked
    assert decision == "promote"
    assert sentences[-1] == "you sign as bob@x"
    assert "signatures required: 1; there are those of: alice@x" in sentences


def answer(report: Path, key: Path, typed: bytes) -> tuple[int, str]:
    """Run `assay sign` in a terminal of its own and type something; its status and what it wrote."""
    program = (
        "import sys\n"
        "from analysis.plugin.registry import registered\n"
        "from tests.analysis.report_fixture import TOY\n"
        "from tui.cli import main\n"
        "with registered(TOY):\n    sys.exit(main(sys.argv[1:]))"
    )
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", program, "sign", str(report), "--key", str(key)])
    written, sent = b"", False
    while True:
        try:
            written += os.read(terminal, 4096)
        except OSError:
            break
        if not sent and b"type promote:" in written:
            os.write(terminal, typed)
            sent = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), written.decode()


def test_a_person_types_the_decision(report: Path, reviewed: Reviewed) -> None:
    status, written = answer(report, reviewed.folder / "bob", b"y\n")
    assert (status, list(report.glob("*bob*"))) == (1, [])
    assert "PROMOTE is what you sign." in written
    assert "not signed" in written
    assert answer(report, reviewed.folder / "bob", b"promote\n")[0] == 0
    assert failed(report, reviewed, signers=2) == {}


def test_a_promotion_is_of_what_the_verifier_asks_for(reviewed: Reviewed) -> None:
    assert failed(reviewed.promotion, reviewed, candidate_version="v2", reviewers=1) == {}
    found = failed(reviewed.promotion, reviewed, candidate_version="v3", reviewers=2, signers=2)
    assert {*found} == {"candidate version", "2 reviewers", "signatures"}
    assert found["candidate version"] == "the candidate is v2, not v3"
    assert "examples that must be judged are judged by 2 reviewers each; only" in found["2 reviewers"]
    with pytest.raises(AssayError, match="that there are none"):
        verify(reviewed.promotion, reviewed.allowed, [reviewed.candidate], no_models=True)


def test_every_track_needs_its_candidate() -> None:
    models = [
        {"track": track, "side": side, "folder": f"{track}-{side}"}
        for track in ("intent", "retrieval")
        for side in ("base", "candidate", "over")
    ]
    intent = MatchedModel("a", "intent", "candidate")
    assert missing_candidates([intent], models) == ["retrieval"]
    assert missing_candidates([intent, MatchedModel("b", "retrieval", "base")], models) == ["retrieval"]
    assert missing_candidates([intent, MatchedModel("b", "retrieval", "over")], models) == ["retrieval"]
    assert missing_candidates([intent, MatchedModel("b", "retrieval", "deployed")], models) == []


def test_a_report_that_was_superseded_is_no_promotion(reviewed: Reviewed, tmp_path: Path) -> None:
    store = Path(shutil.copytree(reviewed.store, tmp_path / "store"))
    planted = Path(shutil.copytree(reviewed.hold, tmp_path / "planted"))
    statement = statement_of(planted)
    statement["predicate"]["exported_at"] = "2999-01-01T00:00:00Z"
    write_statement(planted, statement)
    with ReviewSession.open(store, reviewer="carol") as session:
        beside = export(session, tmp_path / "beside", "promote", "again")
    sign(beside, reviewed.alice)
    told = statement_of(beside)["predicate"]["supersedes"]
    assert told["report"] == reviewed.promotion.name, "what lies beside it, and not in the store, is nobody's"
    assert failed(beside, reviewed, store=store) == {}
    with ReviewSession.open(store, reviewer="carol") as session:
        named = export(session, tmp_path / "named", "promote", "once more", supersedes=beside)
    sign(named, reviewed.alice)
    assert {*failed(named, reviewed, store=store)} == {"supersedes"}
    assert failed(named, reviewed, store=store, supersedes=beside) == {}
    with ReviewSession.open(store, reviewer="carol") as session:
        last = export(session, None, "hold", "a doubt")
    sign(last, reviewed.alice)
    found = failed(named, reviewed, store=store, supersedes=beside)
    assert {*found} == {"require promote"}
    assert found["require promote"].startswith("the decision of the store is another one: hold, by ")
    assert {*failed(named, reviewed, supersedes=planted)} == {"supersedes"}
    doubted = verified_by_stock(last, reviewed.allowed, "-p", "-c", str(reviewed.candidate))
    assert (doubted.returncode, doubted.stderr) == (1, "NOT VERIFIED: the decision is hold, not promote\n")
    found = failed(reviewed.promotion, reviewed, store=store)
    assert found == {"require promote": f"it was superseded by {last.name}, which is in the store"}


def test_a_promotion_stands_on_all_that_the_store_knows(reviewed: Reviewed, tmp_path: Path) -> None:
    """Also on what was said after it, or on another copy of the store before it."""
    store = Path(shutil.copytree(reviewed.store, tmp_path / "store"))
    with ReviewSession.open(store, reviewer="dave") as session:
        session.finding("it tells the end", "toy.broken", ["toy/message:m0"], "blocker")
    found = failed(reviewed.promotion, reviewed, store=store)
    assert {*found} == {"require promote"}
    assert found["require promote"].endswith("the gates do not allow it: review.findings")


def test_what_somebody_said_cannot_be_left_out_nor_evidence_changed(
    reviewed: Reviewed, tmp_path: Path
) -> None:
    store = Path(shutil.copytree(reviewed.store, tmp_path / "store"))
    events = parse_events((reviewed.promotion / "annotations.jsonl").read_bytes(), "annotations.jsonl")
    journal = Journal(store, this_account(), "dave")
    journal.append("note", run=events[0].run, ref="toy/message:m0", body={"note": "it breaks"})
    journal.close()
    evidence = next(store.glob("runs/*/evidence.duckdb"))
    content = bytearray(evidence.read_bytes())
    content[-1] ^= 1
    evidence.write_bytes(content)
    found = failed(reviewed.promotion, reviewed, store=store)
    assert {*found} == {"journals", "evidence"}
    assert found["evidence"].endswith("was changed since it was published")
    assert "1 events of the store came before the decision and are not in the report" in found["journals"]
    # And what nobody said is not in the journals.
    report = Path(shutil.copytree(reviewed.promotion, tmp_path / "report"))
    invented = seal(
        replace(
            events[-1],
            seq=events[-1].seq + 1,
            lamport=events[-1].lamport + 1,
            prev=events[-1].hash,
            event_id=new_event_id(events[-1].stream_id),
            kind="note",
            ref="toy/message:m0",
            body='{"note":"fine"}',
        )
    )
    write_events(report, [*events, invented])
    sign_anything(report, reviewed.alice, "alice@x")
    assert failed(report, reviewed) == {}
    assert "journals" in failed(report, reviewed, store=reviewed.store)


def write_events(report: Path, events: list[Event]) -> None:
    (report / "annotations.jsonl").write_bytes(canonical.lines(events, "annotations.jsonl"))
    statement = statement_of(report)
    statement["predicate"]["annotations"] = {"events": len(events), "heads": heads(events)}
    write_statement(report, statement)
    sums = parse_sums((report / SUMS).read_bytes(), SUMS)
    statement["predicate"]["files"]["annotations.jsonl"] = sums["annotations.jsonl"]
    write_statement(report, statement)


# What somebody accepts who knows nothing of Assay: in-toto's rule of matching, and stock tools for digests.


def stock_digests(folder: Path) -> list[dict[str, str]]:
    """What a foreign consumer may call a model: the folder as a whole, and each of its files."""
    command = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '"
    whole = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
    root = whole.stdout.strip()
    return [{"dirHash": root}, {"sha256": root}, *({"sha256": one} for one in file_digests(folder).values())]


def matches(subject: dict[str, Any], artefact: dict[str, str]) -> bool:
    """In-toto Attestation Framework, DigestSet: they match where any algorithm that both have gives the same value."""
    return any(subject["digest"].get(algorithm) == value for algorithm, value in artefact.items())


def accepted(attestation: Path, kind: str, model: Path) -> bool:
    """A policy: an attestation of that type, about the artefact, that says it passed."""
    if not attestation.exists():
        return False
    statement = json.loads(attestation.read_bytes())
    about = any(matches(one, artefact) for one in statement["subject"] for artefact in stock_digests(model))
    predicate = statement["predicate"]
    passed = PROMOTED in predicate.get("properties", ()) or predicate.get("result") in ("PASSED", "WARNED")
    return bool(
        statement["_type"] == "https://in-toto.io/Statement/v1" and statement["predicateType"] == kind
    ) and (about and passed)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("svr.json", SVR_TYPE), ("test-result.json", TEST_RESULT_TYPE)],
    ids=["svr", "test-result"],
)
def test_a_foreign_policy_takes_the_candidate_and_nothing_else(
    reviewed: Reviewed, tmp_path: Path, name: str, kind: str
) -> None:
    promoted, held = reviewed.promotion / name, reviewed.hold / name
    assert accepted(promoted, kind, reviewed.candidate)
    assert not accepted(held, kind, reviewed.candidate), "a hold"
    assert not accepted(promoted, kind, reviewed.models / "toy-base"), "the base"
    shares = Path(shutil.copytree(reviewed.candidate, tmp_path / "shares"))
    (shares / "model.safetensors").write_bytes(b"others" * 100)
    assert {*file_digests(shares).values()} & {*file_digests(reviewed.candidate).values()}
    assert not accepted(promoted, kind, shares), "a model that shares a file with the candidate"
    added = Path(shutil.copytree(reviewed.candidate, tmp_path / "added"))
    (added / "deep" / "code.py").write_text("print('run')\n")
    assert not accepted(promoted, kind, added), "a file was added"


def test_attestations_follow_from_the_report(report: Path, reviewed: Reviewed) -> None:
    assert not (reviewed.hold / "svr.json").exists()
    svr = json.loads((report / "svr.json").read_bytes())["predicate"]
    assert svr["properties"] == [PROMOTED]
    assert [one["name"] for one in svr["verifier"]["policies"]] == ["rules.json"]
    tests = json.loads((reviewed.hold / "test-result.json").read_bytes())["predicate"]
    assert (tests["result"], "decision" in tests["failedTests"]) == ("FAILED", True)
    (report / "svr.json").write_bytes((report / "svr.json").read_bytes().replace(b"PROMOTED", b"PERFECT"))
    sum_again(report)
    sign_anything(report, reviewed.alice, "alice@x")
    assert {*failed(report, reviewed)} == {"attestations"}
    held = Path(shutil.copytree(reviewed.hold, report.parent / "held"))
    shutil.copy(reviewed.promotion / "svr.json", held)
    sum_again(held)
    with pytest.raises(AssayError, match="the report is no promotion"):
        sign(held, reviewed.folder / "bob")


def test_stock_tools_fail_on_a_signed_hold(reviewed: Reviewed, tmp_path: Path) -> None:
    def status(report: Path, *options: str) -> int:
        return verified_by_stock(report, reviewed.allowed, *options).returncode

    candidate = ("-c", str(reviewed.candidate))
    assert status(reviewed.hold) == 0
    assert status(reviewed.hold, "-p", *candidate) == 1
    assert status(reviewed.promotion, "-p", *candidate) == 0
    assert status(reviewed.promotion, "-p") == 1, "nothing was compared"
    assert status(reviewed.promotion, "-p", "-c", str(reviewed.models / "toy-base")) == 1
    assert status(reviewed.promotion, "-p", "-n", "2", *candidate) == 1
    assert status(reviewed.promotion, "-n", "none") == 2
    forged = Path(shutil.copytree(reviewed.hold, tmp_path / "forged"))
    write_statement(forged, statement_of(forged))
    (forged / "report.md").write_text('"gates_allow":true,"decision":{"actor":"x","decision":"promote",')
    sum_again(forged)
    sign_anything(forged, reviewed.alice, "alice@x")
    assert status(forged, "-p", *candidate) == 1


def mutated(dice: random.Random, data: bytes) -> bytes:
    """One small change: a bit, a byte put in or taken out, a part cut off or doubled."""
    place = dice.randrange(len(data))
    match dice.randrange(5):
        case 0:
            return data[:place] + bytes([data[place] ^ (1 << dice.randrange(8))]) + data[place + 1 :]
        case 1:
            return data[:place] + dice.randbytes(1) + data[place:]
        case 2:
            return data[:place] + data[place + 1 :]
        case 3:
            return data[:place]
        case _:
            return data + data[place:]


def try_mutations(report: Path, reviewed: Reviewed, number: int) -> None:
    """Mutate the signature, what it signs, and the list: none is good but by a list that still names the whole key."""
    dice, allowed = random.Random(number), report.parent / "mutated_signers"
    signature, sums, listed = (
        report / f"{SUMS}.alice@x.sig",
        (report / SUMS).read_bytes(),
        reviewed.allowed.read_bytes(),
    )
    intact, whole_key = signature.read_bytes(), signer_line("alice@x", reviewed.alice).encode().rstrip(b"\n")
    allowed.write_bytes(listed)
    assert check_signatures(report, allowed, sums)[0].principal == "alice@x"
    for turn in range(number):
        given = {"signature": intact, "sums": sums, "list": listed}
        name = ("signature", "sums", "list")[turn % 3]
        given[name] = mutated(dice, given[name])
        signature.write_bytes(given["signature"])
        allowed.write_bytes(given["list"])
        try:
            found = check_signatures(report, allowed, given["sums"])
        except AssayError:
            continue
        if any(one.problem is None for one in found) and given[name] not in (intact, sums, listed):
            assert name == "list", (name, given[name])
            kind_and_key = whole_key.split(b" ", 1)[1]
            # A carriage return or the like within the key is none of it to ssh-keygen.
            assert kind_and_key in re.sub(rb"[\r\v\f\t]", b"", given["list"]), given["list"]


def test_mutated_signatures_sums_and_lists_are_not_taken(report: Path, reviewed: Reviewed) -> None:
    try_mutations(report, reviewed, 200)


@pytest.mark.soak
def test_ten_thousand_mutations_are_not_taken(report: Path, reviewed: Reviewed) -> None:
    try_mutations(report, reviewed, 10_000)


def test_a_bundle_that_was_kept_verifies() -> None:
    candidate = BUNDLE / "models" / "toy-candidate"
    with registered(TOY):
        found = verify(
            BUNDLE / "report", BUNDLE / "allowed_signers", [candidate], "promote", signers=len(SIGNERS)
        )
    assert [check for check in found.checks if not check.ok] == []
    assert found.signers == tuple(f"{who}@example.org" for who in SIGNERS)
    done = verified_by_stock(
        BUNDLE / "report", BUNDLE / "allowed_signers", "-p", "-n", str(len(SIGNERS)), "-c", str(candidate)
    )
    assert done.returncode == 0, done.stderr
