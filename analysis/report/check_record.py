"""What a report says of its record, held against its events: losses that were accepted, streams that were merged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.review_records import Event
from analysis.report import canonical
from analysis.review.record import record_sentences
from analysis.store.losses import accepted_by, accepted_plain


def check_record(record: Mapping[str, Any], events: Sequence[Event]) -> str:
    """The losses are those that events accept, and merged are the streams that events merged.

    An acceptance that is left out would hide that something is gone. A stream that is not called merged would count as
    one of the store's own, unsigned; and one that is called merged and not counted would be nobody's word.

    Args:
        record: what the report says of its record.
        events: of `annotations.jsonl`, checked.

    Raises:
        AssayError: something differs.
    """
    told = {str(one["stream_id"]): one for one in record["merged"]}
    # In their order, and those of other machines accept and merge nothing.
    own = sorted(
        (one for one in events if one.stream_id not in told),
        key=lambda one: (one.lamport, one.stream_id, one.seq),
    )
    signed: dict[str, bool] = {}
    for body in (json.loads(one.body) for one in own if one.kind == "merge"):
        name = body["stream_id"]
        signed[name] = signed.get(name, False) or body["signed_by"] is not None
    for name in sorted({one.stream_id for one in events} & {*signed} - {*told}):
        raise AssayError(f"{name} was merged by an event of the report, and its record does not tell of it")
    for name, one in told.items():
        if name not in signed:
            raise AssayError(f"no event of the report merged {name}: `assay merge` records one")
        if signed[name] and not one["counts"]:
            raise AssayError(f"{name} counted when it was merged, and counts for nothing in the report")
    accepted = [
        lost
        for one in own
        if one.kind == "accept_loss"
        for lost in accepted_by(one.actor, one.reviewer, one.ts, one.body)
    ]
    if canonical.plain(accepted_plain(accepted)) != record["accepted"]:
        raise AssayError("the losses in the record are not those that events of the report accept")
    said = record_sentences(record)
    return "; ".join(said) if said else "nothing is missing or set aside, and no loss was accepted"
