"""Streams of other machines in a report: each that counts is held against the verifier's own list of signers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.people import same_person
from analysis.store.heads import Head, signed_head


def check_merged(
    record: Mapping[str, Any],
    heads: Sequence[Mapping[str, Any]],
    aliases: Mapping[str, Sequence[str]],
    allowed_signers: Path | None,
) -> str:
    """The merged streams that count are signed by their own people.

    Args:
        record: what the report says of its record.
        heads: where each journal ends, as computed from the events.
        aliases: names of one person, as the review declares them.
        allowed_signers: the verifier's list; None where nobody has one yet, as before a signature.

    Raises:
        AssayError: a stream counts that ends elsewhere than was signed, or whose end nobody of the list signed, or
            somebody else than it is by.
    """
    ends = {str(one["stream_id"]): (one["events"], one["head"]) for one in heads}
    counted = [one for one in record["merged"] if one["counts"]]
    for one in counted:
        name = str(one["stream_id"])
        if ends.get(name) != (one["events"], one["head"]):
            raise AssayError(f"the merged stream {name} ends elsewhere than was signed")
        if allowed_signers is None:
            continue
        head = Head(name, int(one["events"]), str(one["head"]))
        try:
            signer = signed_head(head, str(one["signature"]).encode(), allowed_signers)
        except AssayError as error:
            raise AssayError(
                f"the merged stream {name} counts, and its end is not signed: {error.message}"
            ) from None
        if not same_person(
            signer.principal, str(one["actor"]), {name: tuple(more) for name, more in aliases.items()}
        ):
            raise AssayError(
                f"{signer.principal} signed the merged stream {name}, and it is by {one['actor']}"
            )
    others = len(record["merged"]) - len(counted)
    if not record["merged"]:
        return "none"
    return f"{len(counted)} count, each signed by its own person" + (
        f"; {others} count for nothing" if others else ""
    )
