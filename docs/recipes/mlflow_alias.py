"""Tags a registered model version of MLflow 3 with what a verified report decides, and moves an alias to it.

    python mlflow_alias.py MODEL VERSION REPORT --allowed-signers FILE [--models DIR ...] [--alias NAME]

Nothing is tagged by a report that does not verify, and the alias moves only to what was signed as `promote`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

LONGEST_TAG = 5000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("version")
    parser.add_argument("report", type=Path)
    parser.add_argument("--allowed-signers", required=True)
    parser.add_argument("--models", nargs="+", default=[])
    parser.add_argument("--alias")
    given = parser.parse_args()
    content = (given.report / "report.json").read_bytes()
    predicate = json.loads(content)["predicate"]
    decision = predicate["decision"]["decision"]
    verify = ["assay", "verify", str(given.report), "--allowed-signers", given.allowed_signers]
    verify += ["--models", *given.models] if given.models else []
    verify += ["--require", "promote"] if decision == "promote" else []
    if subprocess.run(verify, stdout=sys.stderr, check=False).returncode:
        print("not verified: nothing was tagged", file=sys.stderr)
        return 1
    signatures = sorted(path.name for path in given.report.glob("SHA256SUMS.?*.sig"))
    tags = {
        "assay.decision": decision,
        "assay.reason": predicate["decision"]["reason"],
        "assay.run": predicate["run"]["id"],
        "assay.report_sha256": hashlib.sha256(content).hexdigest(),
        "assay.signers": ", ".join(
            name.removeprefix("SHA256SUMS.").removesuffix(".sig") for name in signatures
        ),
        "validation_status": "approved"
        if decision == "promote"
        else "rejected"
        if decision == "reject"
        else "pending",
    }
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    for key, value in tags.items():
        client.set_model_version_tag(given.model, given.version, key, value[:LONGEST_TAG])
    if given.alias and decision == "promote":
        client.set_registered_model_alias(given.model, given.alias, given.version)
    return 0 if decision == "promote" else 1


if __name__ == "__main__":
    raise SystemExit(main())
