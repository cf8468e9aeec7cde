"""Prints what sets the approval of a SageMaker model package, from a report that verifies.

python sagemaker_approval.py ARN REPORT --allowed-signers FILE [--models DIR ...] > approval.json
aws sagemaker update-model-package --cli-input-json file://approval.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

STATUS = {"promote": "Approved", "reject": "Rejected", "hold": "PendingManualApproval"}
LONGEST_DESCRIPTION = 1024
LONGEST_PROPERTY = 256


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("arn")
    parser.add_argument("report", type=Path)
    parser.add_argument("--allowed-signers", required=True)
    parser.add_argument("--models", nargs="+", default=[])
    given = parser.parse_args()
    content = (given.report / "report.json").read_bytes()
    predicate = json.loads(content)["predicate"]
    made = predicate["decision"]
    verify = ["assay", "verify", str(given.report), "--allowed-signers", given.allowed_signers]
    verify += ["--models", *given.models] if given.models else []
    verify += ["--require", "promote"] if made["decision"] == "promote" else []
    if subprocess.run(verify, stdout=sys.stderr, check=False).returncode:
        print("not verified: no approval was written", file=sys.stderr)
        return 1
    digest = hashlib.sha256(content).hexdigest()
    head = f"{made['decision']} by {made['reviewer']}; report sha256 {digest}; "
    properties = {
        "assay.run": predicate["run"]["id"],
        "assay.report_sha256": digest,
        "assay.reviewer": made["reviewer"],
    }
    approval = {
        "ModelPackageArn": given.arn,
        "ModelApprovalStatus": STATUS[made["decision"]],
        "ApprovalDescription": (head + " ".join(made["reason"].split()))[:LONGEST_DESCRIPTION],
        "CustomerMetadataProperties": {key: value[:LONGEST_PROPERTY] for key, value in properties.items()},
    }
    print(json.dumps(approval, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
