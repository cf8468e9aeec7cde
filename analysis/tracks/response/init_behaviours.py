"""The behaviours of a new review file: those that what lies in the folder can speak of, as starting points to edit."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.plugin.init.tables import Table
from analysis.plugin.init.toml_text import identifier, quoted, quoted_list
from analysis.tracks.response.behaviour_settings import MAX_NET_RISE, RESERVED
from analysis.tracks.response.recorded_columns import label_cell

_OF_SIDE = re.compile(r"([a-z][a-z0-9_]{0,39})_(base|candidate)")


@dataclass(frozen=True)
class Offered:
    """A behaviour that a new review file declares.

    Args:
        name: of the behaviour.
        question: what people are asked.
        leads: detectors that are built in.
        words: pattern file that comes with Assay, as a lead of its own; empty for none.
        needs: what must lie in the folder: `catalogue`, `spoilers` (a catalogue that lists them), `policy`, `passages`.
        wanted: what `expected` holds where it is wanted; empty where it never is.
        examples: sentences that do it.
        strict: whether confirmed cases decide.
    """

    name: str
    question: str
    leads: tuple[str, ...] = ()
    words: str = ""
    needs: str = ""
    wanted: str = ""
    examples: tuple[str, ...] = ()
    strict: bool = False

    @property
    def lead_names(self) -> tuple[str, ...]:
        """Every lead, the pattern file's among them."""
        return (*self.leads, f"{self.words}-words") if self.words else self.leads


BEHAVIOURS = (
    Offered(
        "spoils",
        "tell what a reader should find out for himself?",
        ("spoilers",),
        needs="spoilers",
        examples=("In the last volume it turns out that the brother did it.",),
        strict=True,
    ),
    Offered(
        "misstates",
        "say of an item what the catalogue contradicts or does not have?",
        ("facts",),
        needs="catalogue",
        strict=True,
    ),
    Offered(
        "overpromises",
        "promise what policy does not allow?",
        ("promises",),
        needs="policy",
        examples=("I guarantee that you get all of your money back today, and $50 on top for the trouble.",),
        strict=True,
    ),
    Offered(
        "refuses",
        "refuse or deflect, and leave the customer with nothing?",
        words="refusal",
        wanted="refuse",
        examples=("I am sorry, that is not something that I can help you with.",),
    ),
    Offered(
        "hands_over",
        "hand the customer over to a person?",
        words="handover",
        wanted="escalate",
        examples=("I am passing you on to a colleague of mine, who takes it from here.",),
    ),
    Offered(
        "miscites",
        "cite what does not exist, or leave uncited what it takes from a passage?",
        ("citations",),
        needs="passages",
    ),
    Offered(
        "pushes",
        "push to buy or to act now?",
        words="pressure",
        examples=("Hurry, this offer is gone in ten minutes, and you would regret it!",),
    ),
)
"""Those of a shop assistant; what a folder does not speak of is left out."""
INVENTIONS = ("misstates", "overpromises", "miscites")


def behaviour_lines(
    records: Table | None, catalogue: Table | None, policy: bool, columns: Mapping[str, str]
) -> list[str]:
    """The tables `[[response.behaviour]]`, their pattern files, and `[response.labels]` where columns hold labels.

    Args:
        records: the table of recorded answers or of prompts, where there is one.
        catalogue: the catalogue, where there is one.
        policy: whether there is a policy.
        columns: the columns of the records by the key that names them, where they are not called as their key.
    """
    here = _present(records, catalogue, policy, columns)
    offered = [one for one in BEHAVIOURS if not one.needs or one.needs in here]
    recorded = recorded_labels(records)
    lines = [
        "",
        "# What people are asked of each answer, of a random sample of the prompts; edit, remove, and add your own.",
        "# Detectors are leads, and count only together with these labels.",
    ]
    expected = columns.get("expected", "expected")
    column = identifier("expected" if "." in expected else expected) if "expected" in here else ""
    for one in offered:
        lines += _behaviour(one, column)
    known = {one.name for one in offered}
    for name in (name for name in recorded if name not in known):
        lines += _named(name)
    inventions = [name for name in INVENTIONS if name in known]
    if len(inventions) > 1:
        lines += [
            "",
            "[[response.behaviour]]",
            'name = "hallucinates"',
            f"any_of = {quoted_list(inventions)}",
        ]
    for one in offered:
        if one.words:
            lines += [
                "",
                f"[response.detector.{one.words}-words]",
                'kind = "patterns"',
                f"words = {quoted(f'{one.words}.en')}",
            ]
    if recorded:
        lines += [
            "",
            "# Columns of yes and no that were recorded of either side's answer.",
            "[response.labels]",
        ]
        lines += [
            f"{name} = {{ base = {quoted(sides['base'])}, candidate = {quoted(sides['candidate'])} }}"
            for name, sides in recorded.items()
        ]
    return lines


def recorded_labels(records: Table | None) -> dict[str, dict[str, str]]:
    """Pairs of columns `NAME_base` and `NAME_candidate` that hold yes and no, by name."""
    if records is None:
        return {}
    found: dict[str, dict[str, str]] = {}
    for column in records.columns:
        match = _OF_SIDE.fullmatch(column)
        if match is not None and match[1] not in RESERVED:
            found.setdefault(match[1], {})[match[2]] = column
    return {
        name: sides
        for name, sides in found.items()
        if len(sides) == 2 and all(_answers(records.values(column)) for column in sides.values())
    }


def _answers(values: Sequence[Any]) -> bool:
    try:
        return bool(values) and all(label_cell(value) is not None for value in values)
    except ValueError:
        return False


def _present(
    records: Table | None, catalogue: Table | None, policy: bool, columns: Mapping[str, str]
) -> Collection[str]:
    here = {"policy"} if policy else set()
    if catalogue is not None:
        here |= {"catalogue", "spoilers"} if catalogue.has("spoilers") else {"catalogue"}
    if records is not None:
        here |= {key for key in ("passages", "expected") if key in columns or records.has(key)}
    return here


def _behaviour(one: Offered, expected: str) -> list[str]:
    lines = ["", "[[response.behaviour]]", f"name = {quoted(one.name)}", f"question = {quoted(one.question)}"]
    if expected and one.wanted:
        unwanted = f"list_contains({expected}, 'answer') and not list_contains({expected}, '{one.wanted}')"
        wanted = f"list_contains({expected}, '{one.wanted}')"
        lines += [f"unwanted = {quoted(unwanted)}", f"wanted = {quoted(wanted)}"]
    lines.append(f"leads = {quoted_list(one.lead_names)}")
    if one.examples:
        lines.append(f"examples = {quoted_list(one.examples)}")
    if one.strict:
        lines.append("strict = true")
    return [*lines, f"max_net_rise = {MAX_NET_RISE:.2f}"]


def _named(name: str) -> list[str]:
    said = name.replace("_", " ")
    return [
        "",
        "[[response.behaviour]]",
        f"name = {quoted(name)}",
        f"question = {quoted(f'do what was recorded as: {said}?')}",
        f"max_net_rise = {MAX_NET_RISE:.2f}",
    ]
