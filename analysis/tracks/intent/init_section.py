"""`[intent]` of a new review file."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.plugin.init.find_models import Pair
from analysis.plugin.init.sort_tables import Tables
from analysis.plugin.init.toml_text import Paths, Section, commented, entry, identifier, quoted, quoted_list

CRITICAL = ("escalation", "emergency", "fraud", "safety", "complaint")


def intent_section(pair: Pair, tables: Tables, paths: Paths, lexicons: Sequence[str]) -> Section:
    """The lines for two classifiers; `lexicons` are the names of the term lists."""
    examples, aside = tables.examples, tables.out_of_scope
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
        *(f"{quoted(label)} = {quoted_list([*lexicons, 'punctuation'])}" for label in critical),
        "",
        "# Boolean SQL over the columns of the examples.",
        "[intent.slices]",
    ]
    if examples:
        lines.append(f'"very short" = {quoted(f"length({identifier(examples.text)}) < 20")}')
    found = pair.base is not None or examples is not None
    return Section(lines, found, pair.base, pair.candidate)
