"""The messages of an intent review: the labelled ones, and out-of-scope texts as a set beside them."""

from __future__ import annotations

from analysis.data.examples import OUT_OF_SCOPE, Examples, read_examples, with_named_set
from analysis.tracks.intent.settings import IntentSettings


def read_messages(settings: IntentSettings, skip_bad_rows: bool) -> Examples:
    """Read both files of messages.

    Raises:
        AssayError: a file or row that cannot be read, an id that both files have.
    """
    examples = read_examples(
        settings.examples,
        track="intent",
        kind="message",
        id=settings.id,
        text=settings.text,
        label=settings.label,
        skip_bad_rows=skip_bad_rows,
    )
    if settings.out_of_scope is None:
        return examples
    outside = read_examples(
        settings.out_of_scope, track="intent", kind="message", label=None, skip_bad_rows=skip_bad_rows
    )
    return with_named_set(examples, OUT_OF_SCOPE, outside)
