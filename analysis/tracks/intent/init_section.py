"""`[intent]` of a new review file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.plugin.init.columns import ID, LABEL
from analysis.plugin.init.folder import Folder, Table
from analysis.plugin.init.toml_text import InitSection, commented, entry, identifier, quoted, quoted_list

CRITICAL = ("escalation", "emergency", "fraud", "safety", "complaint")
TEXT = ("text", "message", "utterance", "sentence", "query", "content")


@dataclass(frozen=True)
class Messages:
    """A table of texts, with a class each or without."""

    table: Table
    id: str | None
    text: str
    label: str | None


def messages(table: Table) -> Messages | None:
    """The table as messages, where it has a column of texts."""
    text = table.first(TEXT)
    return None if text is None else Messages(table, table.first(ID), text, table.first(LABEL))


def intent_section(folder: Folder) -> InitSection:
    """The lines for two classifiers, from the tables of texts that no other track has a use for."""
    pair, paths = folder.models.classifiers, folder.paths
    found_messages = [one for table in folder.texts if (one := messages(table)) is not None]
    examples = _first(sorted((one for one in found_messages if one.label), key=lambda one: one.id is None))
    aside = _first([one for one in found_messages if one.label is None and one.id is not None])
    folder.take(*(one.table for one in (examples, aside) if one is not None))
    critical = [label for label in pair.labels if label.casefold() in CRITICAL]
    lines = [
        "[intent]",
        entry("base", paths.quoted(pair.base), "models/BASE", "Transformers folder"),
        entry(
            "candidate",
            paths.quoted(pair.candidate),
            "models/CANDIDATE",
            "Transformers folder, or PEFT adapter folder over base",
        ),
        entry(
            "examples",
            paths.quoted(examples.table.path) if examples else None,
            "eval.jsonl",
            "every further column is metadata for slices",
        ),
        entry("id", quoted(examples.id) if examples and examples.id else None, "id"),
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
    lines += [
        "",
        "# Phrases that ought to support a class.",
        "[intent.signals]",
        '# escalation = ["real person", "human", "asked twice"]',
        "",
        "# Lexicons that must not matter for a class; built in: punctuation, numbers, stopwords.",
        "[intent.irrelevant]",
        *(f"{quoted(label)} = {quoted_list([*folder.lexicons, 'punctuation'])}" for label in critical),
        "",
        "# Boolean SQL over the columns of the examples.",
        "[intent.slices]",
    ]
    if examples:
        lines.append(f'"very short" = {quoted(f"length({identifier(examples.text)}) < 20")}')
    found = pair.base is not None or examples is not None
    return InitSection(lines, found, pair.base, pair.candidate)


def _first(found: Sequence[Messages]) -> Messages | None:
    return next(iter(found), None)
