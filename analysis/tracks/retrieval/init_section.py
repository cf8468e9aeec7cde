"""`[retrieval]` of a new review file."""

from __future__ import annotations

from analysis.plugin.init.find_models import Pair
from analysis.plugin.init.sort_tables import Items, Tables
from analysis.plugin.init.toml_text import Paths, Section, commented, entry, quoted, quoted_list
from analysis.tracks.retrieval.settings import COMPUTED


def retrieval_section(pair: Pair, tables: Tables, paths: Paths) -> Section:
    """The lines for two encoders or their vectors.

    Items alone speak for a retrieval review only where no responses are checked against the same table.
    """
    items, probes, pairs = tables.items, tables.probes, tables.hard_negatives
    kind = "Sentence-Transformers or Transformers folder"
    vectors = "or .parquet: id, vector"
    lines = [
        "[retrieval]",
        entry("base", paths.quoted(pair.base), "models/BASE", f"{kind}, {vectors}"),
        entry("candidate", paths.quoted(pair.candidate), "models/CANDIDATE", f"{kind}, adapter, {vectors}"),
        entry("items", paths.quoted(items.table.path) if items else None, "catalogue.jsonl"),
        entry("id", quoted(items.id) if items else None, "id"),
        entry("text", quoted(items.text) if items else None, "description", "what is encoded"),
        entry("title", quoted(items.title) if items and items.title else None, "title", "for people to read"),
        *_attribute_lines(items),
        entry(
            "probes",
            paths.quoted(probes.path) if probes else None,
            "probes.jsonl",
            "id, query, relevant (item ids); every further column is metadata for slices",
        ),
        entry(
            "hard_negatives",
            paths.quoted(pairs.path) if pairs else None,
            "hard_negatives.jsonl",
            "query, positive, negative (item ids)",
        ),
        commented("# k = 10", "neighbours of an item that are compared"),
        commented("critical_slices = []", "names from [retrieval.slices]"),
        "",
        "# Boolean SQL over the columns of the probes.",
        "[retrieval.slices]",
        '# "no-spoiler queries" = "query ilike \'%spoiler%\'"',
    ]
    answers = tables.records or tables.prompts
    alone = items is not None and (items.table != tables.catalogue or answers is None)
    found = pair.telling or probes is not None or pairs is not None or alone
    return Section(lines, found, pair.base, pair.candidate)


def _attribute_lines(items: Items | None) -> list[str]:
    """What people must decide: which attributes are wanted as grounds of similarity."""
    names = list(items.attributes) if items else ["theme", "tone", "publisher", "popularity"]
    computed = [
        name
        for name in COMPUTED
        if name not in names and (items is None or items.title or "title" not in name)
    ]
    return [
        "# Nobody but you knows which attributes ought to bring items together. Each of these belongs into one of the",
        "# two lists, or into none: group_by for what is wanted (in must_keep too, if it may not be given up), not_by",
        "# for what must not make items similar. Lists are multi-valued, numbers numeric.",
        f"# group_by = {quoted_list(names)}",
        "# must_keep = []",
        f"# not_by = {quoted_list([*names, *computed])}",
    ]
