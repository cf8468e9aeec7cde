"""The messages of an intent review: the labelled ones, and out-of-scope texts as a set beside them."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import OUT_OF_SCOPE
from analysis.data.examples import Examples, read_examples, with_named_set
from analysis.text.near_duplicates import joined, shared_clusters
from analysis.tracks.intent.settings import IntentSettings


def read_messages(settings: IntentSettings, skip_bad_rows: bool) -> Examples:
    """Read both files of messages.

    Raises:
        AssayError: a file or row that cannot be read, an id that both files have, a `group` that is no further column.
    """
    examples = read_examples(
        settings.examples,
        track="intent",
        kind="message",
        id=settings.id,
        text=settings.text,
        label=settings.label,
        id_needed="id" in settings.model_fields_set,
        skip_bad_rows=skip_bad_rows,
    )
    _require_group(examples, settings)
    if settings.out_of_scope is None:
        return examples
    outside = read_examples(
        settings.out_of_scope,
        track="intent",
        kind="message",
        id=settings.id,
        text=settings.text,
        label=None,
        or_by_role=True,
        skip_bad_rows=skip_bad_rows,
    )
    return with_named_set(examples, OUT_OF_SCOPE, outside)


def _require_group(examples: Examples, settings: IntentSettings) -> None:
    further = examples.metadata.column_names[1:]
    if settings.group is not None and settings.group not in further:
        raise AssayError(
            f"group names {settings.group!r}, and the examples have no such further column",
            where=settings.where("group"),
            hint=suggest(settings.group, further),
        )


def message_clusters(examples: Examples, settings: IntentSettings) -> Mapping[str, str]:
    """Messages that are not independent: of one group, or near-duplicates; what either connects is one cluster."""
    texts = {row.ref: row.text for row in examples.evaluation_rows()}
    near = shared_clusters(texts)
    if settings.group is None:
        return near
    values = zip(
        examples.metadata["ref"].to_pylist(), examples.metadata[settings.group].to_pylist(), strict=True
    )
    return joined(list(texts), near, {ref: str(value) for ref, value in values if value is not None})
