"""Makes `tests/analysis/signed_bundle`: a small signed report that later versions must go on verifying.

Run it only where the format of reports changes: `python -m tests.analysis.make_signed_bundle`. The private keys are
thrown away; the public halves stand in the list of signers beside the report.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from analysis.plugin.registry import registered
from analysis.report.build import export
from analysis.report.sign import sign
from analysis.review.session import ReviewSession
from tests.analysis.report_fixture import TOY, inspect_all, make_key, signer_line, toy_store

BUNDLE = Path(__file__).parent / "signed_bundle"
SIGNERS = ("alice", "bob")


def main() -> None:
    """Analyse a toy review, inspect it, promote it with attestations, and let two people sign."""
    shutil.rmtree(BUNDLE, ignore_errors=True)
    BUNDLE.mkdir()
    # The bundle names the machine that it was made on.
    with (
        TemporaryDirectory() as scratch,
        registered(TOY),
        patch.object(socket, "gethostname", lambda: "reviews"),
    ):
        made = toy_store(Path(scratch), signers=len(SIGNERS))
        with ReviewSession.open(made.store, reviewer="carol") as session:
            inspect_all(session)
            report = export(session, BUNDLE / "report", "promote", "inspected, nothing broke", attest=True)
        keys = [make_key(Path(scratch) / who, f"{who}@example.org") for who in SIGNERS]
        lines = [signer_line(f"{who}@example.org", key) for who, key in zip(SIGNERS, keys, strict=True)]
        (BUNDLE / "allowed_signers").write_text("".join(lines), "utf-8")
        for key in keys:
            sign(report, key)
        shutil.copytree(made.models, BUNDLE / "models")
    subprocess.run(["chmod", "-R", "u=rwX,go=rX", str(BUNDLE)], check=True)


if __name__ == "__main__":
    main()
