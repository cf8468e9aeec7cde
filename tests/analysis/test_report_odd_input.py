"""Odd, truncated and hostile reports: every one is a failed check or an AssayError, never a crash."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.plugin.registry import registered
from analysis.report import canonical
from analysis.report.build import export
from analysis.report.sign import sign
from analysis.report.sums import SUMMED, format_sums, parse_sums
from analysis.report.verify import verify
from analysis.review.session import ReviewSession
from analysis.store.signatures import SUMS
from tests.analysis.report_fixture import TOY, inspect_all, make_key, signer_line, sum_again, toy_store

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("odd")
    with registered(TOY):
        made = toy_store(folder)
        with ReviewSession.open(made.store) as session:
            inspect_all(session)
            report = export(session, folder / "report", "promote", "inspected")
        key = make_key(folder / "key", "alice@x")
        (folder / "allowed_signers").write_text(signer_line("alice@x", key))
        sign(report, key)
        yield folder


@pytest.fixture
def report(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original / "report", tmp_path / "report"))


def odd_contents(data: bytes) -> list[bytes]:
    dice = random.Random(len(data))
    place = dice.randrange(len(data))
    return [
        b"",
        b"\n",
        data[: len(data) // 2],
        data[:-1],
        data + data,
        data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :],
        dice.randbytes(4_000),
        b"[" * 200_000,
        b"9" * 6_000 + b"\n",
        b'{"a":' * 50_000,
        b"x" * 2_000_000 + b"\n",
        "\u202e\x00\x1b[2J\n".encode(),
    ]


@pytest.mark.parametrize("name", [*SUMMED, SUMS, "SHA256SUMS.alice@x.sig"])
def test_odd_files_fail_their_checks(original: Path, report: Path, name: str) -> None:
    intact = {path.name: path.read_bytes() for path in report.iterdir()}
    for content in odd_contents(intact[name]):
        for other, data in intact.items():
            (report / other).write_bytes(data)
        (report / name).write_bytes(content)
        if name in SUMMED:
            sum_again(report)
        verification = verify(report, original / "allowed_signers", require="promote")
        assert not verification.ok
        assert all(check.detail.isprintable() for check in verification.checks)


ODD_VALUES: tuple[Any, ...] = (None, 7, "text", [], {}, [{}], [None], {"a": "b"}, -1, 1e308)


def test_a_statement_of_another_shape_fails_its_checks(original: Path, report: Path) -> None:
    intact = canonical.loads((report / "report.json").read_bytes(), "report.json")
    dice = random.Random(0)
    for number, key in enumerate(intact["predicate"]):
        statement = {**intact, "predicate": dict(intact["predicate"])}
        if number % 2:
            del statement["predicate"][key]
        else:
            statement["predicate"][key] = dice.choice(ODD_VALUES)
        (report / "report.json").write_bytes(canonical.dumps(statement))
        sum_again(report)
        assert not verify(report, original / "allowed_signers", [report], "promote").ok


def test_rules_of_another_shape_fail_their_checks(original: Path, report: Path) -> None:
    intact = canonical.loads((report / "rules.json").read_bytes(), "rules.json")
    for number, key in enumerate(intact):
        rules = dict(intact)
        odd = ODD_VALUES[number % len(ODD_VALUES)]
        rules[key] = 7 if odd == intact[key] else odd
        (report / "rules.json").write_bytes(canonical.dumps(rules))
        sum_again(report)
        assert not verify(report, original / "allowed_signers").ok


def test_links_and_folders_are_no_files_of_a_report(original: Path, report: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    shutil.move(report / "report.md", outside)
    (report / "report.md").symlink_to(outside)
    failed = {check.name for check in verify(report, original / "allowed_signers").checks if not check.ok}
    assert {"sums", "report.md"} <= failed
    (report / "report.md").unlink()
    (report / "report.md").mkdir()
    assert not verify(report, original / "allowed_signers").ok


def test_a_whole_folder_that_is_something_else(original: Path, tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="no report folder"):
        verify(tmp_path / "nowhere", original / "allowed_signers")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert not any(check.ok for check in verify(empty, original / "allowed_signers").checks[:2])
    with pytest.raises(AssayError, match="missing"):
        sign(empty, original / "key")


def test_a_list_of_signers_that_is_none(original: Path, report: Path, tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="list of signers cannot be read"):
        verify(report, tmp_path / "nowhere")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AssayError, match="not UTF-8"):
        verify(report, tmp_path / "binary")
    (tmp_path / "prose").write_text("everyone we trust\n")
    assert not verify(report, tmp_path / "prose").ok


def test_unknown_requirements_are_refused(original: Path, report: Path) -> None:
    with pytest.raises(AssayError, match="unknown decision"):
        verify(report, original / "allowed_signers", require="ship")


@pytest.mark.parametrize(
    "line",
    [
        "xyz  report.md\n",
        f"{'0' * 64} report.md\n",
        f"{'0' * 64}  ../report.md\n",
        f"{'0' * 64}  /etc/passwd\n",
        f"{'0' * 64}  report.md",
        f"{'0' * 64}  report.md\n" * 2,
        f"{'A' * 64}  report.md\n",
    ],
)
def test_sums_take_one_form_only(line: str) -> None:
    with pytest.raises(AssayError):
        parse_sums(line.encode(), SUMS)


def test_names_that_sha256sum_would_escape_are_refused() -> None:
    with pytest.raises(AssayError, match="control character"):
        format_sums({"a\nb": "0" * 64})
    with pytest.raises(AssayError, match="backslash"):
        format_sums({"a\\b": "0" * 64})


def test_an_expired_waiver_does_not_deploy(tmp_path: Path, original: Path) -> None:
    made = toy_store(tmp_path, broken=1)
    with ReviewSession.open(made.store) as session:
        inspect_all(session)
        session.waive("toy.broken", "known", "2099-06-30")
        report = export(session, tmp_path / "report", "promote", "waived")
    sign(report, original / "key")
    allowed = original / "allowed_signers"
    assert verify(report, allowed, require="promote", today="2099-06-30", no_models=True).ok
    assert verify(report, allowed, today="2099-07-01").ok
    late = verify(report, allowed, require="promote", today="2099-07-01", no_models=True)
    assert [check.detail for check in late.checks if not check.ok] == [
        "the waiver of toy.broken expired on 2099-06-30"
    ]
