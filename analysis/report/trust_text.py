"""What a report says of itself: what it proves and what not, and how it is verified (`docs/trust.md` has the whole)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from analysis.report.model_files import CANDIDATE
from analysis.store.signatures import NAMESPACE
from analysis.store.ssh_signatures import REVOKED_KEYS


def proof_sentences(predicate: Mapping[str, Any]) -> list[str]:
    """What a signature on this report proves, and what not, as plain sentences."""
    run, journals = predicate["run"], predicate["annotations"]["heads"]
    accounts = sorted({one["stream_id"].split("/")[0] for one in journals})
    return [
        "A good signature proves that the holder of a listed key signed these bytes, and so this decision about these "
        "candidates.",
        "Computed again from the report's own files: gates, waivers, findings, coverage, reviewers and decision. Held "
        "against what determined the run: review file, models, data sets, thresholds, number of signers.",
        f"Not run again: the evidence of run {run['id']} (SHA-256 {run['evidence_sha256']}). With --store, verify "
        "holds numbers, fields and slices against it; without, they are the word of who signed.",
        f"What people said comes from {len(journals)} journals of {', '.join(accounts) or 'nobody'}: whoever owns the "
        "store, and root of its machine, can write them. A claim of two people needs two signatures.",
        "It does not prove when it was signed, that model or data are benign, or that what is deployed is the "
        "candidate.",
    ]


def verification_sentences(predicate: Mapping[str, Any]) -> list[str]:
    """How many must sign, and how it is checked, as plain sentences; the commands are `verification_commands`."""
    required = predicate["signers_required"]
    signatures = f"{required} signature is" if required == 1 else f"{required} signatures are"
    return [
        f"{signatures} required, in the namespace {NAMESPACE}. A valid signature is not a promotion: it says who "
        "signed, the decision says what.",
        "ALLOWED_SIGNERS is the list that your team keeps outside this folder (ssh-keygen, ALLOWED SIGNERS); keys in a "
        f"file {REVOKED_KEYS} beside it no longer count.",
        "Take program and script from Assay (`assay verify-script` prints the script), and never from a report.",
    ]


def verification_commands(predicate: Mapping[str, Any]) -> list[str]:
    """The commands that verify a promotion, one by Assay and one by stock tools; names of folders are placeholders."""
    required = max(1, int(predicate["signers_required"]))
    tracks = [str(one["track"]) for one in predicate["models"] if one["side"] == CANDIDATE]
    # The names stand in a block of commands: nothing of them may be one.
    folders = [re.sub(r"[^A-Z0-9]", "_", track.upper()) + "_CANDIDATE" for track in dict.fromkeys(tracks)]
    whole = f"--models {' '.join(folders)}" if folders else "--no-models"
    stock = "".join(f" -c {one}" for one in folders)
    return [
        f"assay verify REPORT --allowed-signers ALLOWED_SIGNERS --require promote --signers {required} {whole}",
        f"sh verify.sh -p -n {required}{stock} REPORT ALLOWED_SIGNERS",
    ]
