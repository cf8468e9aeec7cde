"""`[intent]` of a new review file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.plugin.init.columns import LABEL
from analysis.plugin.init.folder import Folder
from analysis.plugin.init.pair_lines import guesses, pair_lines
from analysis.plugin.init.tables import Table
from analysis.plugin.init.toml_text import (
    InitSection,
    commented,
    entry,
    id_entry,
    identifier,
    quoted,
    quoted_list,
)

CRITICAL = ("escalation", "emergency", "fraud", "safety", "complaint")
"""Names of classes that stand on their own in most houses: declared where the models have them."""
TEXT = (
    "text",
    "message",
    "utterance",
    "sentence",
    "query",
    "content",
    "question",
    "comment",
    "review",
    "tweet",
    "body",
)


@dataclass(frozen=True)
class Messages:
    """A table of texts, with a class each or without."""

    table: Table
    id: str | None
    text: str
    label: str | None


def messages(table: Table, classes: Sequence[str]) -> Messages | None:
    """The table as messages, where it has a column of texts.

    Of several columns that may be the label, the one whose values the models know; where they know those of a column of
    whatever name, that one, and the longest texts beside it.
    """
    known = set(classes)
    named = [one for name in LABEL if (one := table.first((name,))) is not None]
    labelled = [one for one in [*named, *table.columns] if known and _all_in(table, one, known)]
    label = next(iter([*labelled, *named]), None)
    text = table.first(TEXT)
    if text is None and labelled:
        longest = max(table.columns, key=table.mean_length)
        text = longest if longest != label and table.mean_length(longest) > 0 else None
    return None if text is None or text == label else Messages(table, table.named_by(), text, label)


def _all_in(table: Table, column: str, known: set[str]) -> bool:
    values = table.values(column)
    return bool(values) and all(isinstance(value, str) and value in known for value in values)


def intent_section(folder: Folder) -> InitSection:
    """The lines for two classifiers, from the tables of texts that no other track has a use for."""
    pair, paths = folder.models.classifiers, folder.paths
    found_messages = [one for table in folder.texts if (one := messages(table, pair.labels)) is not None]
    examples = _first(sorted((one for one in found_messages if one.label), key=lambda one: one.id is None))
    aside = _first([one for one in found_messages if one.label is None and one.id is not None])
    folder.take(*(one.table for one in (examples, aside) if one is not None))
    critical = [label for label in pair.labels if label.casefold() in CRITICAL]
    lines = [
        "[intent]",
        *pair_lines(pair, paths, "Transformers folder", "Transformers folder, or PEFT adapter folder"),
        entry(
            "examples",
            paths.quoted(examples.table.path) if examples else None,
            "eval.jsonl",
            "every further column is metadata for slices",
        ),
        id_entry(examples.id if examples else None, "rows", table=examples is not None),
        entry("text", quoted(examples.text) if examples else None, "text"),
        entry("label", quoted(examples.label) if examples and examples.label else None, "label"),
        commented('# group = "template"', "column whose equal values mark messages that are not independent"),
        entry(
            "out_of_scope",
            paths.quoted(aside.table.path) if aside else None,
            "oos.jsonl",
            "messages of no class",
        ),
        commented(
            f"critical = {quoted_list(critical)}", "classes that stand on their own, never averaged away"
        ),
        commented("critical_slices = []", "names from [intent.slices]"),
        commented(
            "# margins = { all = 0.02 }", "losses that must be excluded, by class, critical slice or all"
        ),
        commented("# threshold = 0.8", "confidence from which the assistant acts on a prediction"),
        commented("# max_length = 128", "in tokens; default: the model's own limit"),
    ]
    if pair.labels:
        lines.append(f"# classes: {', '.join(map(quoted, pair.labels))}")
    # Examples speak of a class that there is.
    label = next(iter([*critical, *pair.labels]), "CLASS")
    lines += [
        "",
        "# Phrases that ought to support a class.",
        "[intent.signals]",
        f'# {quoted(label)} = ["a phrase", "another one"]',
        "",
        "# Lexicons that must not matter for a class; built in: punctuation, numbers, stopwords.",
        "[intent.irrelevant]",
        *(f"{quoted(one)} = {quoted_list([*folder.lexicons, 'punctuation'])}" for one in critical),
        *([] if critical else [f'# {quoted(label)} = ["punctuation"]']),
        "",
        "# Boolean SQL over the columns of the examples.",
        "[intent.slices]",
    ]
    if examples:
        column = identifier("text" if "." in examples.text else examples.text)
        lines.append(f'"very short" = {quoted(f"length({column}) < 20")}')
    found = pair.there or examples is not None
    return InitSection(lines, found, pair.base, pair.candidate, guesses("intent", pair, paths))


def _first(found: Sequence[Messages]) -> Messages | None:
    return next(iter(found), None)
