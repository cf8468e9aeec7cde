"""A report as in-toto statements of stock predicate types, for policy engines that know nothing of Assay.

They follow from `report.json` alone. An engine that asks only whether there is a verification result must not take a
hold for a promotion: `svr.json` is there for a promotion and for nothing else, and `test-result.json` says `FAILED`
wherever it is not one.

Sources: in-toto Attestation Framework, Statement v1; predicates Simple Verification Result v0.2
(https://in-toto.io/attestation/svr) and Test Result v0.1 (https://in-toto.io/attestation/test-result).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.gate_records import ALLOWING
from analysis.report import canonical

SVR_TYPE = "https://in-toto.io/attestation/svr/v0.2"
TEST_RESULT_TYPE = "https://in-toto.io/attestation/test-result/v0.1"

VERIFIER = "https://assay.review/inspection-report/v1"
"""Identity of the verifier: the rules of this version of the report."""

PROMOTED = "ASSAY_PROMOTED"
"""The property that a policy asks for: a person decided to promote, and the gates allow it."""

_PASSED = ("pass", "n/a")


def promotes(statement: Mapping[str, Any]) -> bool:
    """Whether a report is a promotion: decided, and allowed by its gates."""
    predicate = statement["predicate"]
    return predicate["decision"]["decision"] == "promote" and predicate["gates_allow"] is True


def attestations(statement: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of the attestations of a report, by name, in RFC 8785 form.

    Args:
        statement: the in-toto statement of `report.json`.

    Raises:
        AssayError: the report is about no model that can be named.
    """
    if not statement["subject"]:
        raise AssayError(
            "nothing can be attested: no candidate of this review is a folder or file that has a digest",
            hint="export without --attest",
        )
    predicate = statement["predicate"]
    rules = {"name": "rules.json", "digest": {"sha256": predicate["files"]["rules.json"]}}
    found = {"test-result.json": _statement(statement, TEST_RESULT_TYPE, _test_result(statement, rules))}
    if promotes(statement):
        content = {
            "verifier": {"id": VERIFIER, "policies": [rules]},
            "timeCreated": predicate["decision"]["ts"],
            "properties": [PROMOTED],
        }
        found["svr.json"] = _statement(statement, SVR_TYPE, content)
    return found


def _statement(statement: Mapping[str, Any], kind: str, predicate: Mapping[str, Any]) -> bytes:
    return canonical.dumps(
        {
            "_type": statement["_type"],
            "subject": statement["subject"],
            "predicateType": kind,
            "predicate": predicate,
        }
    )


def _test_result(statement: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, Any]:
    """Every gate as a test; advisory gates warn at most. What the people decided is a test as well."""
    by_name: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for gate in statement["predicate"]["gates"]:
        if gate["verdict"] in _PASSED:
            where = "passedTests"
        elif gate["verdict"] in ALLOWING or not gate["blocking"]:
            where = "warnedTests"
        else:
            where = "failedTests"
        by_name[where].append(gate["key"])
    promoted = promotes(statement)
    by_name["passedTests" if promoted else "failedTests"].append("decision")
    passed = "WARNED" if by_name["warnedTests"] else "PASSED"
    return {
        "result": passed if promoted and not by_name["failedTests"] else "FAILED",
        "configuration": [rules],
        **by_name,
    }
