"""`[response]` of a new review file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.plugin.init.find_models import Pair
from analysis.plugin.init.folder import Folder, Table
from analysis.plugin.init.toml_text import InitSection, Paths, commented, entry, quoted
from analysis.plugin.toml_sections import read_toml
from analysis.tracks.response.load_data import PROMPT, RESPONSES
from analysis.tracks.response.policy import PolicyFile
from analysis.tracks.response.votes import WINNERS

FACTS = ("aliases", "author", "volumes", "price", "in_stock", "spoilers")
"""Columns by which a table of titles is a catalogue that claims can be checked against."""


def response_section(folder: Folder) -> InitSection:
    """The lines for recorded responses, or for two generators and their prompts."""
    pair, paths = folder.models.generators, folder.paths
    recorded = [one for one in folder.tables if one.has("id", PROMPT, *RESPONSES.values())]
    asked = [one for one in folder.tables if one.has("id", PROMPT) and one not in recorded]
    voted = [
        one
        for one in folder.tables
        if one.has("id", "winner") and all(value in WINNERS for value in one.values("winner"))
    ]
    folder.take(*recorded, *asked, *voted)
    catalogues = [
        one for one in folder.tables if one.has("id", "title") and any(one.has(fact) for fact in FACTS)
    ]
    records, prompts, preferences, catalogue = (
        next(iter(one), None) for one in (recorded, asked, voted, catalogues)
    )
    folder.share(*catalogues)
    folder.share(catalogue, needed=records is not None or prompts is not None)
    policy = find_policy(folder.files)

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
        _deployed_line(folder.models.deployed, paths),
        _prompt_line(records, prompts, paths),
        table_line(
            "catalogue",
            catalogue,
            "catalogue.jsonl",
            "id, title, aliases, author, volumes, price, in_stock, spoilers: what claims are checked against",
        ),
        entry(
            "policy", paths.quoted(policy), "policy.toml", "what may be promised, and the words of the house"
        ),
        table_line(
            "preferences", preferences, "preferences.jsonl", "id, winner (base, candidate, tie), judge"
        ),
        commented("critical_slices = []", "names from [response.slices]"),
        "",
        "# Boolean SQL over the columns of the records or prompts.",
        "[response.slices]",
        '# "asks for no spoilers" = "prompt ilike \'%spoiler%\'"',
    ]
    own = (records, prompts, preferences, policy, pair.candidate)
    return InitSection(lines, any(one is not None for one in own), pair.base, pair.candidate)


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


def _deployed_line(deployed: Path | None, paths: Paths) -> str:
    """The folder that will be served; a comment where none says that it is one."""
    line = f"deployed = {paths.quoted(deployed)}" if deployed else f"# deployed = {quoted('models/MERGED')}"
    return commented(line, "the merged or exported candidate, where that will be served")


def _prompt_line(records: Table | None, prompts: Table | None, paths: Paths) -> str:
    """Prompts, which are a comment where there are records, for these hold their own."""
    found = paths.quoted(prompts.path) if prompts else None
    if records is None:
        return entry("prompts", found, "prompts.jsonl", "id, prompt, passages, expected, further columns")
    return commented(
        f"# prompts = {found or quoted('prompts.jsonl')}", "instead of records, which hold their own"
    )


def find_policy(files: Sequence[Path]) -> Path | None:
    """The first file that calls itself a policy, else the first with nothing but tables of a policy."""
    written = [path for path in files if path.suffix.lower() == ".toml"]
    named = [path for path in written if path.stem.casefold() == "policy"]
    return next(iter(named or [path for path in written if _is_policy(path)]), None)


def _is_policy(path: Path) -> bool:
    try:
        tree, _ = read_toml(path)
    except AssayError:
        return False
    return bool(tree) and tree.keys() <= PolicyFile.model_fields.keys()
