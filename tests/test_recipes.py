"""The recipes for pipelines are run: their commands in order, in a folder as a stranger has it, as far as that goes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from analysis.report.build import export
from analysis.report.sign import sign
from analysis.review.session import ReviewSession
from tests.analysis.layouts import separated
from tests.analysis.report_fixture import make_key, signer_line
from tests.conftest import MakeClassifier, messages, write_sample_review
from tests.sample.honest_reviewer import judge_what_must_be
from tests.tui.test_pipeline_formats import check_junit, check_markdown
from tui.cli import command_parser
from tui.commands.status_format import format_names

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "docs" / "recipes"
GITHUB, GITLAB = RECIPES / "github-review.yml", RECIPES / "gitlab-review.yml"
MLFLOW, SAGEMAKER = RECIPES / "mlflow_alias.py", RECIPES / "sagemaker_approval.py"
SIGNER = "alice@example.org"
LINES = 33
"""Lines of a workflow; it is read before it is copied."""

# The interface of MLflow 3 as its documentation has it; where MLflow is installed, this stands before it all the same,
# since there is no server to ask.
CLIENT = """
import json, os

class MlflowClient:
    def _said(self, *what):
        with open(os.environ["MLFLOW_SAID"], "a") as file:
            file.write(json.dumps(what) + "\\n")
    def set_model_version_tag(self, name, version, key, value):
        self._said("tag", name, version, key, value)
    def set_registered_model_alias(self, name, alias, version):
        self._said("alias", name, alias, version)
"""


def github(job: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(GITHUB.read_text("utf-8"))["jobs"][job]["steps"]
    return steps


def lines_of(job: str) -> dict[str, list[str]]:
    """The shell lines of a job in both recipes."""
    steps = [step["run"] for step in github(job) if "run" in step]
    script = yaml.safe_load(GITLAB.read_text("utf-8"))[job]["script"]
    return {"github": steps, "gitlab": script}


class Runner:
    """A machine of a pipeline: a folder as it was checked out, with `assay` of this tree on its path."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder = folder
        tools = folder.parent / "tools"
        (tools / "mlflow").mkdir(parents=True)
        (tools / "mlflow" / "__init__.py").write_text("", "utf-8")
        (tools / "mlflow" / "tracking.py").write_text(CLIENT, "utf-8")
        for name, command in (("assay", "-m tui.cli"), ("python", "")):
            (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n', "utf-8")
            (tools / name).chmod(0o755)
        (tools / "cosign").write_text("#!/bin/sh\necho {} > attestation.json\n", "utf-8")
        (tools / "cosign").chmod(0o755)
        self.said = folder.parent / "said.jsonl"
        self.summary, self.outputs = folder.parent / "summary.md", folder.parent / "outputs"
        self.env = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, (tools, ROOT))),
            "STORE": store,
            "REPORT": "reports/intent-v4",
            "MODELS": "models",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.outputs),
            "MLFLOW_SAID": str(self.said),
        }
        (folder / "ci").mkdir(exist_ok=True)
        for script in (MLFLOW, SAGEMAKER):
            shutil.copy(script, folder / "ci")

    def run(self, lines: list[str]) -> subprocess.CompletedProcess[str]:
        """Line by line, as a pipeline does, until one fails."""
        for line in lines:
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", line],
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                break
        return done

    def shell(self, line: str) -> str:
        done = self.run([line])
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def clean(self) -> None:
        """As a checkout of the same commit leaves the folder."""
        for name in ("draft.review", "draft", "junit.xml", "metrics.txt", "review.env", "summary.md"):
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def test_the_recipes_are_what_they_claim_to_be() -> None:
    known = {"cp", "jq", "python", "cosign"}
    workflow = yaml.safe_load(GITHUB.read_text("utf-8"))
    page = (ROOT / "docs" / "pipelines.md").read_text("utf-8")
    for path in RECIPES.iterdir():
        assert f"recipes/{path.name})" in page, "the page on pipelines names every recipe"
    for line in page.splitlines():
        if line.startswith("    assay "):
            assert callable(command_parser().parse_args(shlex.split(line)[1:]).command)
    for name in format_names():
        assert f"| `{name}` |" in page
    for path in (GITHUB, GITLAB):
        assert len(path.read_text("utf-8").splitlines()) <= LINES
    for job in ("analyze", "promote"):
        for lines in lines_of(job).values():
            for line in lines:
                words = shlex.split(line)
                if words[0] != "assay":
                    assert words[0] in known
                    continue
                end = next((place for place, word in enumerate(words) if word in ("||", ">>")), None)
                assert callable(command_parser().parse_args(words[1:end]).command)
                assert "${{" not in line, "an expression in a shell line runs what it is given"
    # What both do in the same order; GitLab reads more files.
    first = {
        name: [line for line in lines if "status" not in line] for name, lines in lines_of("analyze").items()
    }
    assert first["github"] == first["gitlab"]
    assert workflow["jobs"]["promote"]["environment"] == "production"
    assert workflow["jobs"]["promote"]["needs"] == "analyze"
    assert workflow["jobs"]["promote"]["if"] == "github.ref == 'refs/heads/main'"
    assert yaml.safe_load(GITLAB.read_text("utf-8"))["promote"]["rules"] == [
        {"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", "when": "manual"}
    ]
    for step in (*github("analyze"), *github("promote")):
        assert "run" in step or "@v" in step["uses"]
    uploaded = next(step for step in github("analyze") if "upload" in step.get("uses", ""))
    assert uploaded["if"] == "always()", "what a red run says is kept"
    attest = next(step for step in github("promote") if "attest" in step.get("uses", ""))
    assert attest["with"]["predicate-path"] == "predicate.json"


def signed_report(root: Path, store: Path, decision: str) -> Path:
    """A report of a copy of a store, signed by somebody in `ci/allowed_signers`."""
    copy = Path(shutil.copytree(store, root / "copy.review"))
    with ReviewSession.open(copy, reviewer="alice") as session:
        report = export(session, root / "report", decision, "two lines\nof reason, " + "long " * 400)  # type: ignore[arg-type]
    key = make_key(root / "key", SIGNER)
    sign(report, key, SIGNER)
    (root / "allowed_signers").write_text(signer_line(SIGNER, key), "utf-8")
    return report


def test_the_approval_of_a_model_package_is_what_was_signed(tiny_analysed: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    runner = Runner(tmp_path / "work", "unused")
    report = signed_report(tmp_path, tiny_analysed, "hold")
    command = f"python ci/sagemaker_approval.py ARN {report} --allowed-signers {tmp_path}/allowed_signers"
    approval = json.loads(runner.shell(command))
    assert approval["ModelPackageArn"] == "ARN"
    assert approval["ModelApprovalStatus"] == "PendingManualApproval"
    description = approval["ApprovalDescription"]
    assert len(description) == 1024
    assert description.isprintable()
    assert "hold by alice; report sha256 " in description
    assert all(len(value) <= 256 for value in approval["CustomerMetadataProperties"].values())
    # One byte of the report is changed: there is no approval, and no tag.
    text = (report / "report.json").read_text("utf-8").replace('"hold"', '"reject"')
    (report / "report.json").write_text(text, "utf-8")
    done = runner.run([command])
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no approval was written" in done.stderr


@pytest.mark.soak
def test_a_hold_is_tagged_and_moves_no_alias(tiny_analysed: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    runner = Runner(tmp_path / "work", "unused")
    report = signed_report(tmp_path, tiny_analysed, "hold")
    listed = f"--allowed-signers {tmp_path}/allowed_signers"
    command = f"python ci/mlflow_alias.py intent 4 {report} {listed} --alias champion"
    assert runner.run([command]).returncode == 1
    said = [json.loads(line) for line in runner.said.read_text("utf-8").splitlines()]
    tags = {key: value for _, _, _, key, value in said}
    assert tags["assay.decision"] == "hold"
    assert tags["validation_status"] == "pending"
    assert tags["assay.signers"] == SIGNER
    runner.said.unlink()
    (report / f"SHA256SUMS.{SIGNER}.sig").unlink()
    assert runner.run([command]).returncode == 1
    assert not runner.said.exists(), "a report that nobody signed says nothing of a model"


def write_stranger(root: Path, make: MakeClassifier, candidate: int) -> Runner:
    """Two model folders and a table, and the review that `assay init` makes of them."""
    work = root / "work"
    make(work / "models" / "intent-v3", seed=0)
    make(work / "models" / "intent-v4", seed=candidate)
    rows = [{"text": row["text"], "label": row["label"]} for row in messages()]
    (work / "messages.csv").write_bytes(separated(rows))
    runner = Runner(work, str(root / "intent.review"))
    runner.shell("assay init .")
    text = (work / "review.toml").read_text("utf-8")
    assert text.count("[review]\n") == text.count('"escalation" = ["punctuation"]\n') == 1
    # Of 72 messages too few are without the class to probe what must not matter: its gate would wait for more data.
    text = text.replace('"escalation" = ["punctuation"]\n', "")
    (work / "review.toml").write_text(
        text.replace("[review]\n", f'[review]\nstore = "{root}/intent.review"\n'), "utf-8"
    )
    return runner


def judge_decide_and_sign(runner: Runner, store: Path) -> None:
    """What people do between the two jobs: look at what must be looked at, decide, export into the repository, sign."""
    with ReviewSession.open(store, reviewer="alice") as session:
        judge_what_must_be(session, "looked at")
    key = make_key(runner.folder.parent / "key", SIGNER)
    runner.shell('assay export "$STORE" "$REPORT" --decision promote --reason "as good as the base"')
    runner.shell(f'assay sign "$REPORT" --key {key} --as {SIGNER} --yes')
    (runner.folder / "ci" / "allowed_signers").write_text(signer_line(SIGNER, key), "utf-8")


def check_green(runner: Runner, hosts: Mapping[str, list[str]]) -> None:
    """Both jobs of each pipeline end green: verified, attested as far as that goes here, the alias moved."""
    for host in hosts:
        runner.clean()
        runner.said.unlink(missing_ok=True)
        done = runner.run([*lines_of("analyze")[host], *lines_of("promote")[host]])
        assert done.returncode == 0, f"{host}: {done.args[-1]}\n{done.stdout}{done.stderr}"
        said = [json.loads(line) for line in runner.said.read_text("utf-8").splitlines()]
        assert ["alias", "intent", "champion", "4"] in said
        assert ["tag", "intent", "4", "assay.decision", "promote"] in said
        predicate = json.loads((runner.folder / "predicate.json").read_text("utf-8"))
        assert predicate["decision"]["decision"] == "promote"
        subjects = (runner.folder / "subjects.sha256").read_text("utf-8").splitlines()
        assert subjects
        assert all(len(line.split("  ")[0]) == 64 for line in subjects)


@pytest.mark.soak
def test_a_stranger_ends_red_and_knows_why(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    """A table and two models, and nobody who looked: red, with JUnit, summary and report."""
    worse = write_stranger(tmp_path, tiny_classifier, candidate=1)
    for host, lines in lines_of("analyze").items():
        worse.clean()
        worse.outputs.unlink(missing_ok=True)
        done = worse.run(lines)
        assert done.returncode == 1, done.stderr
        assert done.args[-1] == lines[-1], "only the last line is red"
        root = check_junit((worse.folder / "junit.xml").read_text("utf-8"))
        assert int(root.attrib["failures"]) + int(root.attrib["errors"]) > 0
        summary = worse.summary if host == "github" else worse.folder / "summary.md"
        check_markdown(summary.read_text("utf-8"))
        assert (worse.folder / "draft" / "report.md").is_file()
        told = worse.outputs if host == "github" else worse.folder / "review.env"
        assert "promotable=false" in told.read_text("utf-8").splitlines()
    assert len(worse.summary.read_text("utf-8").splitlines()) <= 40


@pytest.mark.soak
def test_a_healthy_candidate_that_was_judged_ends_green(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    healthy = write_stranger(tmp_path, tiny_classifier, candidate=0)
    healthy.shell("assay plan review.toml --unsigned")
    assert healthy.run(lines_of("analyze")["github"]).returncode == 1, "nobody has looked yet"
    assert "state=waiting" in healthy.outputs.read_text("utf-8").splitlines()
    judge_decide_and_sign(healthy, Path(healthy.env["STORE"]))
    check_green(healthy, lines_of("analyze"))
    assert "nothing of the plan was changed since" in (
        healthy.folder / "reports" / "intent-v4" / "report.md"
    ).read_text("utf-8")
    # Another model than the one that was signed is not promoted.
    shutil.rmtree(healthy.folder / "models" / "intent-v4")
    tiny_classifier(healthy.folder / "models" / "intent-v4", seed=2)
    healthy.said.unlink()
    assert healthy.run(lines_of("promote")["github"]).returncode == 1
    assert not healthy.said.exists()


@pytest.mark.soak
def test_the_healthy_candidate_of_the_sample_ends_green(
    tmp_path: Path, sample_store: Callable[[str], Path]
) -> None:
    work = tmp_path / "work"
    review = write_sample_review(work, "rc2")
    store = sample_store("rc2")
    runner = Runner(work, str(store))
    text = review.read_text("utf-8")
    review.write_text(text.replace("[review]\n", f'[review]\nstore = "{store}"\n', 1), "utf-8")
    assert runner.run(lines_of("analyze")["github"]).returncode == 1
    judge_decide_and_sign(runner, store)
    check_green(runner, {"github": []})
