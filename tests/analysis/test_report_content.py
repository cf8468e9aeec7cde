"""What a report says: its fields, its refusals, and that text from data stays text."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from markdown_it import MarkdownIt

from analysis.base.errors import AssayError
from analysis.base.escape import code, inline, printable
from analysis.base.gate_records import GateInput
from analysis.base.people import shown_as
from analysis.models.digest import file_digests, root_digest
from analysis.plugin.registry import registered
from analysis.report import canonical
from analysis.report.build import export, statement
from analysis.report.field import NOT_HERE
from analysis.report.model_files import model_entries
from analysis.report.number_words import interval, number
from analysis.report.render import PAGES
from analysis.report.sums import SUMMED, parse_sums
from analysis.review.plan import plan_content
from analysis.review.session import ReviewSession
from analysis.store.streams import this_account
from tests.analysis.report_fixture import HOSTILE, TOY, ToyTrack, inspect_all, toy_store
from tests.analysis.store_fixture import unlock

FIELDS = [
    "Model",
    "Candidate version",
    "Changed behavior",
    "Top improved slices",
    "Top regressed slices",
    "Critical examples inspected",
    "Attribution findings",
    "Embedding neighborhood findings",
    "Release decision",
]


@pytest.fixture(autouse=True)
def toy_track() -> Iterator[None]:
    with registered(TOY):
        yield


def predicate_of(report: Path) -> dict[str, object]:
    statement = canonical.loads((report / "report.json").read_bytes(), "report.json")
    return dict(statement["predicate"])


def sentences(report: Path) -> dict[str, list[str]]:
    entries = predicate_of(report)["fields"]
    return {entry["field"]: entry["sentences"] for entry in entries}  # type: ignore[attr-defined]


def test_the_nine_fields_stand_in_their_order(tmp_path: Path) -> None:
    made = toy_store(tmp_path, broken=2)
    with ReviewSession.open(made.store, reviewer="alice") as session:
        session.verdict("toy/message:m0", "base", cause="leans on the title")
        session.finding("titles decide", "toy.broken", ["toy/message:m0"], "blocker")
        session.finding("reads well", None, ["toy/message:m4"], "minor")
        report = export(session, tmp_path / "report", "reject", "leans on titles")
    said = sentences(report)
    alice = shown_as(this_account().actor, "alice")
    assert list(said) == FIELDS
    assert said["Model"][0] == "toy-rc1: Toy classifier; owner owner@example.org"
    assert "trained as: trained <b>more</b>" in said["Candidate version"]
    assert said["Changed behavior"] == [f"“titles decide” ({alice}, blocker finding)", "2 examples broke."]
    assert said["Top regressed slices"][0].startswith("label=escalation (critical) accuracy 1.000 to 0.333")
    assert said["Top improved slices"] == [
        "label=other accuracy 0.667 to 1.000 (+0.333): 0 broken, 1 fixed of 3"
    ]
    assert said["Critical examples inspected"] == [
        "1 of 3 examples that must be judged are judged: what decides a gate, and random controls (0 of 1)",
        "1 of 3 queued examples of critical slices have a verdict",
        "verdicts on 1 examples: 1 for the base",
        "the candidate was judged wrong in critical slices on toy/message:m0",
    ]
    assert said["Attribution findings"] == [
        "leans on message 0",
        f"“titles decide” ({alice}, blocker finding on toy.broken)",
    ]
    assert said["Embedding neighborhood findings"] == [NOT_HERE]
    assert said["Release decision"][0].startswith("reject, by account uid:")
    assert "toy.broken (fail)" in said["Release decision"][1]
    predicate = predicate_of(report)
    fixed, response = predicate["further"]
    assert (fixed["field"], fixed["sentences"]) == (
        "Criteria fixed beforehand",
        plan_content({})["sentences"],
    )
    assert response == {"field": "Response findings", "sentences": ["none"], "more": []}
    assert [(one["text"], one["moves"]) for one in predicate["findings"]] == [  # type: ignore[attr-defined]
        ("titles decide", True),
        ("reads well", False),
    ]
    page = (report / "report.md").read_text("utf-8")
    places = [page.index(f"### {field}\n") for field in FIELDS]
    assert places == sorted(places)


class Misspelt(ToyTrack):
    """Reports under a title that no report has."""

    def report_sections(
        self, connection: duckdb.DuckDBPyConnection, given: GateInput
    ) -> dict[str, list[str]]:
        return {"Top regresed slices": ["all of them"]}


def test_a_title_that_no_report_has_is_refused_before_the_decision(tmp_path: Path) -> None:
    made = toy_store(tmp_path)
    with registered(Misspelt()), ReviewSession.open(made.store) as session:
        with pytest.raises(AssayError, match="there is no such field") as told:
            export(session, None, "hold", "later")
        assert "did you mean 'Top regressed slices'?" in (told.value.hint or "")
        assert session.gate_input().state.decision is None


def test_a_gate_says_what_its_number_is_and_what_it_looked_at(tmp_path: Path) -> None:
    made = toy_store(tmp_path, broken=2)
    with ReviewSession.open(made.store) as session:
        report = export(session, tmp_path / "report", "reject", "broken")
    predicate = predicate_of(report)
    gate = next(one for one in predicate["gates"] if one["key"] == "toy.broken")  # type: ignore[attr-defined]
    assert (gate["measures"], gate["unit"], gate["better"]) == ("count", "messages", "down")
    assert gate["criteria"] == [
        {
            "what": "broken messages",
            "value": 2,
            "low": None,
            "high": None,
            "limit": "at most 0",
            "verdict": "fail",
            "measures": "count",
        }
    ]
    assert [(one["track"], one["name"]) for one in predicate["numbers"]] == [  # type: ignore[attr-defined]
        ("review", "candidates"),
        ("review", "inspected"),
        ("toy", "broken"),
    ]
    rules = canonical.loads((report / "rules.json").read_bytes(), "rules.json")
    assert rules["specs"]["toy"]["accuracy"]["meaning"] == "share of messages that a side gets right"
    page = (report / "report.md").read_text("utf-8")
    assert "| `toy.broken` | **fail** | broken messages | 2 | at most 0 |" in page
    assert "- `toy.broken` protects: what worked goes on working. Why: 2 broken; n 6. Examples: " in page
    assert "| `toy.broken` | broken messages | 2 | at most 0 | fail |" in page
    assert "- `broken` (toy), broken: messages that only the base gets right; count, messages, down" in page


def test_every_digest_is_on_the_page_and_true(tmp_path: Path) -> None:
    made = toy_store(tmp_path)
    with ReviewSession.open(made.store) as session:
        report = export(session, tmp_path / "report", "hold", "later")
    page = (report / "report.md").read_text("utf-8")
    listed = parse_sums((report / "SHA256SUMS").read_bytes(), "SHA256SUMS")
    assert sorted(listed) == sorted(SUMMED)
    assert sorted(path.name for path in report.iterdir()) == sorted([*SUMMED, "SHA256SUMS"])
    for name, digest in listed.items():
        assert hashlib.sha256((report / name).read_bytes()).hexdigest() == digest
        if name not in ("report.json", *PAGES):
            assert digest in page
    for name, digest in parse_sums((report / "model.sha256").read_bytes(), "model.sha256").items():
        assert hashlib.sha256((made.models / name).read_bytes()).hexdigest() == digest
        assert digest in page


def test_promote_is_refused_while_a_gate_blocks(tmp_path: Path) -> None:
    made = toy_store(tmp_path, broken=3)
    with ReviewSession.open(made.store) as session:
        with pytest.raises(
            AssayError, match=r"toy\.broken \(fail\), toy\.critical \(unknown\), review\.coverage"
        ):
            export(session, tmp_path / "report", "promote", "hurry")
        assert session.gate_input().state.decision is None
        assert not (tmp_path / "report").exists()
        for decision in ("hold", "reject"):
            assert export(session, None, decision, "not like this").is_dir()


def test_a_decision_needs_a_reason_and_a_name(tmp_path: Path) -> None:
    made = toy_store(tmp_path)
    with ReviewSession.open(made.store) as session:
        with pytest.raises(AssayError, match="reason"):
            export(session, None, "hold", "  ")
        with pytest.raises(AssayError, match="unknown decision"):
            export(session, None, "ship it", "now")  # type: ignore[arg-type]
        assert session.gate_input().state.decision is None


def test_evidence_that_was_changed_is_not_reported(tmp_path: Path) -> None:
    made = toy_store(tmp_path)
    with ReviewSession.open(made.store) as session:
        evidence = unlock(made.store) / "runs" / session.run / "evidence.duckdb"
        content = bytearray(evidence.read_bytes())
        content[-1] ^= 1
        evidence.write_bytes(content)
        with pytest.raises(AssayError, match="was changed since it was published"):
            export(session, None, "hold", "later")
        assert session.gate_input().state.decision is None


def test_a_statement_records_nothing(tmp_path: Path) -> None:
    made = toy_store(tmp_path)
    with ReviewSession.open(made.store) as session:
        said = statement(session, "hold", "a look ahead")
        assert said["predicate"]["decision"]["decision"] == "hold"
        assert session.gate_input().state.decision is None
    assert list((made.store / "events").rglob("*.jsonl")) == []


def test_a_later_report_supersedes_the_one_before(tmp_path: Path) -> None:
    made = toy_store(tmp_path)
    with ReviewSession.open(made.store) as session:
        first = export(session, None, "hold", "wait for the second reviewer")
        inspect_all(session)
        second = export(session, None, "promote", "inspected")
        with pytest.raises(AssayError, match="is there already"):
            export(session, second, "hold", "again")
    assert predicate_of(first)["supersedes"] is None
    digest = hashlib.sha256((first / "report.json").read_bytes()).hexdigest()
    assert predicate_of(second)["supersedes"] == {"report": first.name, "sha256": digest}
    assert first.name in (second / "report.md").read_text("utf-8")
    assert first.parent == made.store / "report"
    assert stat.S_IMODE(second.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in second.iterdir()} == {0o600}
    assert [path for path in second.parent.iterdir() if path.name.startswith(".tmp")] == []


def test_loosened_and_switched_off_gates_are_told_on_the_first_page(tmp_path: Path) -> None:
    gates = {
        "toy.broken": {"max_broken": 5, "reason": "a <small> loss is fine"},
        **{name: {"off": "a dry run"} for name in ("toy.critical", "review.coverage", "review.reviewers")},
    }
    made = toy_store(tmp_path, broken=3, gates=gates)
    with ReviewSession.open(made.store) as session:
        report = export(session, tmp_path / "report", "promote", "a dry run")
    page = (report / "report.md").read_text("utf-8")
    assert "**4 gates loosened or off** ([which](#loosened-or-switched-off))" in page[: page.index("## Why")]
    assert "- `toy.broken` is **loosened**: max\\_broken 0 -\\> 5. a \\<small\\> loss is fine" in page
    assert "- `review.coverage` is **off**: a dry run" in page


def test_a_waiver_is_printed_with_who_and_until_when(tmp_path: Path) -> None:
    made = toy_store(tmp_path, broken=1)
    with ReviewSession.open(made.store, reviewer="bob") as session:
        inspect_all(session)
        session.waive("toy.broken", "one known case, fixed by routing", "2099-12-31")
        report = export(session, tmp_path / "report", "promote", "waived")
    predicate = predicate_of(report)
    assert predicate["gates_allow"] is True
    assert [(one["key"], one["in_force"]) for one in predicate["waivers"]] == [("toy.broken", True)]  # type: ignore[attr-defined]
    page = (report / "report.md").read_text("utf-8")
    first = page[: page.index("## Inspection")]
    assert "none is against it. **1 gate waived.**" in first
    bob = shown_as(this_account().actor, "bob")
    accepted = f"`toy.broken` does not pass, and {bob} accepts that: “one known case, fixed by routing”."
    assert accepted in first
    assert "The waiver of `toy.broken` ends on 2099-12-31." in first
    assert "`toy.broken` at 1 (0) by account uid:" in page
    assert "until 2099-12-31: one known case, fixed by routing" in page


def test_three_sentences_per_critical_slice(tmp_path: Path) -> None:
    made = toy_store(tmp_path)
    with ReviewSession.open(made.store) as session:
        inspect_all(session)
        wanted = session.slice_sentences("label=escalation", "toy")
        report = export(session, tmp_path / "report", "promote", "inspected")
    slices = list(predicate_of(report)["slices"])  # type: ignore[call-overload]
    assert [one["slice"] for one in slices] == ["label=escalation"]
    assert tuple(slices[0][key] for key in ("known", "this_slice", "future_traffic")) == tuple(wanted)
    assert (slices[0]["controls_inspected"], slices[0]["controls"]) == (1, 1)


def test_a_number_that_is_not_finite_is_refused_before_the_decision(tmp_path: Path) -> None:
    made = toy_store(tmp_path, odd=float("nan"))
    with ReviewSession.open(made.store) as session:
        with pytest.raises(AssayError, match="not finite"):
            export(session, None, "hold", "no number")
        assert session.gate_input().state.decision is None


def test_numbers_are_printed_in_the_digits_that_are_worth_reading() -> None:
    assert interval(0.25, -0.5, 0.5, signed=True) == "+0.25 [-0.5, +0.5]"
    assert interval(2.0, None, None, signed=True) == "+2"
    assert number(0.0, signed=True) == "0"
    assert interval(0.25, -4.9e-18, 0.5) == "0.25 [0, 0.5]"
    assert number(-3e-10) == "-3e-10"


def test_folders_of_the_same_name_get_their_side() -> None:
    def described(base: str, candidate: str) -> dict[str, object]:
        sides = {"base": {"folder": "m", "digest": base}, "candidate": {"folder": "m", "digest": candidate}}
        files = {"base": {"f": base}, "candidate": {"f": candidate}}
        return {"determined_by": {"models": {"toy": sides}}, "model_files": {"toy": files}}

    assert [one["prefix"] for one in model_entries(described("a", "b"))] == ["base/m", "candidate/m"]
    assert [one["prefix"] for one in model_entries(described("a", "a"))] == ["m", "m"]


def unseen(text: str) -> set[str]:
    return {
        character
        for character in text
        if character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    }


TAGS = frozenset(
    {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "ol",
        "li",
        "a",
        "code",
    }
    | {
        "strong",
        "wbr",
        "pre",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "figure",
        "details",
        "summary",
    }
    | {"svg", "g", "rect", "path", "text"}
)
"""Every element that a page may have."""


class Tags(HTMLParser):
    """Every element of a page, with its attributes; each is closed in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check_html(page: str) -> None:
    """A page that is whole, loads nothing, runs nothing, and shows no character that nobody sees."""
    assert unseen(page) == set()
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    assert {tag for tag, _ in tags.found} <= TAGS
    for _, attributes in tags.found:
        assert not any(name.startswith("on") or name in ("src", "style", "action") for name in attributes)
        assert str(attributes.get("href", "#")).startswith("#")
    targets = {attributes["id"] for _, attributes in tags.found if "id" in attributes}
    assert {str(one["href"])[1:] for _, one in tags.found if "href" in one} <= targets


@pytest.mark.parametrize(
    "payload",
    [pytest.param(one, marks=() if place < 3 else pytest.mark.soak) for place, one in enumerate(HOSTILE)],
    ids=range(len(HOSTILE)),
)
def test_hostile_text_stays_text(tmp_path: Path, payload: str) -> None:
    made = toy_store(tmp_path, broken=1, texts=(payload,), training_change=payload[:500])
    short = payload[:3000]
    with ReviewSession.open(made.store, reviewer="r" + payload) as session:
        session.verdict("toy/message:m0", "base", cause=short, note=short)
        session.finding(short, "toy.broken", ["toy/message:m0"], "blocker")
        session.waive("toy.broken", short, "2099-12-31")
        report = export(session, None, "reject", short)
    assert report.parent == made.store / "report"
    page = (report / "report.md").read_text("utf-8")
    assert unseen(page) == set()
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(page)
    kinds = [token.type for token in tokens] + [c.type for token in tokens for c in token.children or ()]
    assert not {"html_inline", "image", "blockquote_open", "hr"} & set(kinds)
    for token in tokens:
        # What folds is all the HTML there is; its title is none of the data.
        if token.type == "html_block":
            assert re.fullmatch(r"<details>\n<summary>[^<>]*</summary>\n|</details>\n", token.content)
        for child in token.children or ():
            assert child.type != "link_open" or str(child.attrGet("href")).startswith("#")
    check_html((report / "report.html").read_text("utf-8"))
    plain_root = tmp_path / "plain"
    plain_root.mkdir()
    # Of the same length, so that the same sentences are too long for their place.
    same = "p" * len(payload)
    plain_store = toy_store(plain_root, broken=1, texts=(same,), training_change=same[:500])
    with ReviewSession.open(plain_store.store, reviewer="r") as session:
        session.verdict("toy/message:m0", "base", cause=same[:3000], note=same[:3000])
        session.finding(same[:3000], "toy.broken", ["toy/message:m0"], "blocker")
        session.waive("toy.broken", same[:3000], "2099-12-31")
        plain = export(session, None, "reject", same[:3000])
    expected = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .parse((plain / "report.md").read_text("utf-8"))
    )
    blocks = [token.type for token in expected if token.block]
    assert [token.type for token in tokens if token.block] == blocks


@pytest.mark.parametrize(
    "payload",
    [pytest.param(one, marks=() if place < 3 else pytest.mark.soak) for place, one in enumerate(HOSTILE)],
    ids=range(len(HOSTILE)),
)
def test_escapes(payload: str) -> None:
    assert len(printable(payload)) < 2_500 * 10
    assert unseen(printable(payload)) == set()
    for escape in (inline, code):
        tokens = MarkdownIt("commonmark", {"html": True}).parse(f"- {escape(payload)}")
        kinds = {child.type for token in tokens for child in token.children or ()}
        assert kinds <= {"text", "code_inline", "text_special"}
    shown = MarkdownIt("commonmark").parseInline(f"x{inline(payload)}")[0].children or []
    assert "".join(child.content for child in shown) == "x" + printable(payload).rstrip(" ")


def test_canonical_form_refuses_what_cannot_be_trusted() -> None:
    assert canonical.loads(canonical.dumps({"b": 1.0, "a": [1e300, 1e17, True, None, "é"]}), "x") == {
        "a": [1e300, 1e17, True, None, "é"],
        "b": 1,
    }
    assert (
        canonical.dumps({"big": 2**60, "odd": "\ud800"}) == b'{"big":"1152921504606846976","odd":"\\\\ud800"}'
    )
    for bad in (
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b"[NaN]",
        b"[1.0]",
        b"[" * 100_000,
        b"9" * 5_000,
        b'"\xff"',
        b'"\\ud800"',
        b"",
    ):
        with pytest.raises(AssayError):
            canonical.loads(bad, "x")
    with pytest.raises(AssayError, match="not finite"):
        canonical.dumps({"a": [1.0, float("inf")]})
    with pytest.raises(AssayError, match="cut off"):
        canonical.load_lines(b'{"a":1}', "x")


def test_report_json_is_an_in_toto_statement(tmp_path: Path) -> None:
    made = toy_store(tmp_path)
    with ReviewSession.open(made.store) as session:
        report = export(session, tmp_path / "report", "hold", "later")
    said = json.loads((report / "report.json").read_bytes())
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://assay.review/inspection-report/v1"
    root = root_digest(file_digests(made.models / "toy-candidate"))
    assert said["subject"] == [{"name": "toy/toy-candidate", "digest": {"dirHash": root, "sha256": root}}], (
        "the candidate as a whole, and nothing that another model could share with it"
    )
