"""`[response]` of a new review file."""

from __future__ import annotations

from pathlib import Path

from analysis.plugin.init.find_models import Pair
from analysis.plugin.init.folder import Table
from analysis.plugin.init.sort_tables import Tables
from analysis.plugin.init.toml_text import Paths, Section, commented, entry, quoted


def response_section(pair: Pair, tables: Tables, policy: Path | None, paths: Paths) -> Section:
    """The lines for recorded responses, or for two generators and their prompts."""
    records = tables.records

    def table_line(key: str, table: Table | None, example: str, comment: str) -> str:
        return entry(key, paths.quoted(table.path) if table else None, example, comment)

    lines = [
        "[response]",
        table_line(
            "records",
            records,
            "responses.jsonl",
            "id, prompt, base_response, candidate_response, passages, expected, further columns",
        ),
        "# Or prompts, and the models that answer them; with records, the models say why they answered as they did.",
        *_model_lines(pair, records is not None, paths),
        _prompt_line(tables, paths),
        table_line(
            "catalogue",
            tables.catalogue,
            "catalogue.jsonl",
            "id, title, aliases, author, volumes, price, in_stock, spoilers: what claims are checked against",
        ),
        entry(
            "policy", paths.quoted(policy), "policy.toml", "what may be promised, and the words of the house"
        ),
        table_line(
            "preferences", tables.preferences, "preferences.jsonl", "id, winner (base, candidate, tie), judge"
        ),
        commented("critical_slices = []", "names from [response.slices]"),
        "",
        "# Boolean SQL over the columns of the records or prompts.",
        "[response.slices]",
        '# "asks for no spoilers" = "prompt ilike \'%spoiler%\'"',
    ]
    own = (records, tables.prompts, tables.preferences, policy, pair.candidate)
    return Section(lines, any(one is not None for one in own), pair.base, pair.candidate)


def _model_lines(pair: Pair, recorded: bool, paths: Paths) -> list[str]:
    """Both models; of one alone nothing can be said beside records, which do without."""
    base = entry("base", paths.quoted(pair.base), "models/BASE", "causal language model folder")
    if recorded and pair.candidate is None:
        base = base if pair.base is None else f"# {base}"
    candidate = entry(
        "candidate",
        paths.quoted(pair.candidate),
        "models/CANDIDATE",
        "causal language model folder, or PEFT adapter folder over base",
    )
    return [base, candidate]


def _prompt_line(tables: Tables, paths: Paths) -> str:
    """Prompts, which are a comment where there are records, for these hold their own."""
    found = paths.quoted(tables.prompts.path) if tables.prompts else None
    if tables.records is None:
        return entry("prompts", found, "prompts.jsonl", "id, prompt, passages, expected, further columns")
    return commented(
        f"# prompts = {found or quoted('prompts.jsonl')}", "instead of records, which hold their own"
    )
