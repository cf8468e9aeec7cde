"""`[response]` of a new review file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.plugin.init.find_models import Pair
from analysis.plugin.init.folder import Folder
from analysis.plugin.init.pair_lines import guesses, pair_lines
from analysis.plugin.init.tables import Table
from analysis.plugin.init.toml_text import InitSection, Paths, commented, entry, identifier, quoted
from analysis.plugin.toml_sections import read_toml
from analysis.tracks.response.find_records import Answers, Asked, find_answers, find_prompts
from analysis.tracks.response.init_behaviours import behaviour_lines
from analysis.tracks.response.policy import PolicyFile
from analysis.tracks.response.votes import WINNERS

FACTS = ("aliases", "author", "volumes", "price", "in_stock", "spoilers")
"""Columns by which a table of titles is a catalogue that claims can be checked against."""


def response_section(folder: Folder) -> InitSection:
    """The lines for recorded responses, or for two generators and their prompts."""
    pair, paths = folder.models.generators, folder.paths
    answers = find_answers(folder)
    recorded = list(answers.tables.values())
    left = [one for one in folder.tables if one not in recorded]
    asked = find_prompts(left, asked=pair.there and not recorded)
    voted = [
        one
        for one in folder.tables
        if one.has("id", "winner") and all(value in WINNERS for value in one.values("winner"))
    ]
    prompts = next(iter(asked), None)
    folder.take(*recorded, *(one.table for one in asked), *voted)
    catalogues = [
        one for one in folder.tables if one.has("id", "title") and any(one.has(fact) for fact in FACTS)
    ]
    preferences, catalogue = (next(iter(one), None) for one in (voted, catalogues))
    folder.share(*catalogues)
    folder.share(catalogue, needed=bool(recorded) or prompts is not None)
    policy = find_policy(folder.files)
    asked_table = prompts.table if prompts is not None else None
    columns = answers.columns or (prompts.columns if prompts is not None else {})

    def table_line(key: str, table: Table | None, example: str, comment: str) -> str:
        return entry(key, paths.quoted(table.path) if table else None, example, comment)

    lines = [
        "[response]",
        *_record_lines(answers, paths),
        "# Or prompts, and the models that answer them; with records, the models say why they answered as they did.",
        *_model_lines(pair, bool(recorded), paths),
        _deployed_line(folder.models.deployed, paths),
        *([] if "prompts" in answers.tables else _prompt_lines(bool(recorded), prompts, paths)),
        table_line(
            "catalogue",
            catalogue,
            "catalogue.jsonl",
            "id, title, and the facts that claims are checked against",
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
        f'# "asks for a refund" = "{_sql_name(columns)} ilike \'%refund%\'"',
        *behaviour_lines(
            answers.tables.get("records") or asked_table, catalogue, policy is not None, columns
        ),
    ]
    own = (next(iter(recorded), None), asked_table, preferences, policy, pair.candidate, *pair.choices)
    told = guesses("response", pair, paths)
    if answers.guessed:
        told.append(
            "response: which answers are the base's and which the candidate's is guessed; swap if wrong"
        )
    found = any(one is not None for one in own)
    return InitSection(lines, found, pair.base, pair.candidate, told)


def _model_lines(pair: Pair, recorded: bool, paths: Paths) -> list[str]:
    """Both models; of one alone nothing can be said beside records, which do without."""
    base, *others = pair_lines(
        pair,
        paths,
        "causal language model folder",
        "causal language model folder, or PEFT adapter folder over base",
    )
    if recorded and pair.candidate is None and pair.base is not None:
        base = f"# {base}"
    return [base, *others]


def _deployed_line(deployed: Path | None, paths: Paths) -> str:
    """The folder that will be served; a comment where none says that it is one."""
    line = f"deployed = {paths.quoted(deployed)}" if deployed else f"# deployed = {quoted('models/MERGED')}"
    return commented(line, "the merged or exported candidate, where that will be served")


def _record_lines(answers: Answers, paths: Paths) -> list[str]:
    """The files of recorded answers, and the columns that are not called as their keys."""
    guess = "which side is which is guessed: swap if wrong" if answers.guessed else ""
    if "base_records" not in answers.tables:
        table = answers.tables.get("records")
        comment = (
            guess or "id, prompt, base_response, candidate_response, passages, expected, further columns"
        )
        lines = [entry("records", paths.quoted(table.path) if table else None, "responses.jsonl", comment)]
        if table is None:
            lines.append(
                "# Or a file of each side, joined by id, else by prompt: base_records and candidate_records."
            )
    else:
        comments = {"base_records": guess or "joined by id, else by prompt"}
        lines = [
            entry(key, paths.quoted(table.path), "", comments.get(key, ""))
            for key, table in answers.tables.items()
        ]
    return lines + [entry(key, quoted(name), "") for key, name in answers.named().items()]


def _sql_name(columns: Mapping[str, str]) -> str:
    """The prompt as slices call it, inside a TOML string."""
    name = columns.get("prompt", "prompt")
    return identifier("prompt" if "." in name else name).replace('"', '\\"')


def _prompt_lines(recorded: bool, prompts: Asked | None, paths: Paths) -> list[str]:
    """Prompts and their columns, which are a comment where there are records, for these hold their own."""
    found = paths.quoted(prompts.table.path) if prompts else None
    if recorded:
        line = f"# prompts = {found or quoted('prompts.jsonl')}"
        return [commented(line, "instead of records, which hold their own")]
    told = "id, prompt, passages, expected, further columns"
    named = prompts.named() if prompts else {}
    return [entry("prompts", found, "prompts.jsonl", told)] + [
        entry(key, quoted(name), "") for key, name in named.items()
    ]


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
