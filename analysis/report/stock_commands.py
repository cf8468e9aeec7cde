"""The script that checks a report with stock tools. It comes with Assay, and never with the report."""

from __future__ import annotations

from importlib import resources

from analysis.store.signatures import NAMESPACE
from analysis.store.ssh_signatures import REVOKED_KEYS

SCRIPT = "verify.sh"


def verify_script() -> str:
    """The text of `verify.sh`: signatures, sums, models and decision of a report, by ssh-keygen and sha256sum."""
    text = resources.files(__package__).joinpath(SCRIPT).read_text("utf-8")
    return text.replace("@REVOKED@", REVOKED_KEYS).replace("@NAMESPACE@", NAMESPACE)
