"""report.json -> report.md, report.html and figures: functions of the statement alone, so that anyone can redo them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.plots.figure import Figure, figure_of
from analysis.plots.figure_svg import figure_svg
from analysis.report import gate_sections, people_sections, run_sections
from analysis.report.first_page import first_page
from analysis.report.number_words import plural, shortened
from analysis.report.page import Block, Fold, Heading, Paragraph, Picture, Words, items, table
from analysis.report.sums import is_figure_name
from analysis.report.write_html import write_html
from analysis.report.write_markdown import write_markdown

RENDER_FORMAT = 6
"""Version of this template; a report names the one it was rendered with."""

PAGES = ("report.md", "report.html")
"""The pages that are rendered beside the figures."""


def rendered(statement: Mapping[str, Any]) -> dict[str, bytes]:
    """Every file of a report that is rendered from its statement: both pages, and a picture for each figure.

    Args:
        statement: the in-toto statement of `report.json`, as parsed.

    Returns:
        File name -> content. Text of the pages has no control characters other than newlines; data is no markup.

    Raises:
        KeyError, TypeError, ValueError: a statement in another form than this version writes.
    """
    figures = {name: figure_of(content) for name, content in statement["predicate"]["figures"].items()}
    drawn = {name: figure_svg(figure) for name, figure in figures.items()}
    for name in drawn:
        if not is_figure_name(f"{name}.svg"):
            raise ValueError(f"{name!r} cannot be the name of a figure")
    blocks = page(statement, figures)
    title = f"Inspection report: {statement['predicate']['review']['name']}"
    return {
        "report.md": write_markdown(blocks).encode("utf-8"),
        "report.html": write_html(title, blocks, drawn).encode("utf-8"),
        **{f"{name}.svg": picture for name, picture in drawn.items()},
    }


def markdown(statement: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    return rendered(statement)["report.md"].decode("utf-8")


def page(statement: Mapping[str, Any], figures: Mapping[str, Figure]) -> list[Block]:
    """The whole page: the first page, the fields, and what they rest on."""
    predicate = statement["predicate"]
    return [
        *first_page(predicate),
        *_fields(predicate),
        *gate_sections.causes(predicate),
        *gate_sections.gates(predicate),
        *gate_sections.waivers(predicate),
        *gate_sections.weakened(predicate),
        *gate_sections.findings(predicate),
        *gate_sections.occasions(predicate),
        *people_sections.coverage(predicate),
        *people_sections.reviewers(predicate),
        *_pictures(figures),
        *run_sections.run(predicate),
        *run_sections.digests(statement),
        *run_sections.verification(predicate),
    ]


def _fields(predicate: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Inspection"), Paragraph((_left_out(predicate),))]
    for entry in [*predicate["fields"], *predicate["further"]]:
        title = entry["field"]
        blocks.append(Heading(3, title))
        shown, cut = _shown(entry["sentences"])
        blocks.append(items(shown))
        rest = [*cut, *entry["more"]]
        if rest:
            blocks.append(Fold(f"{title}: {len(rest)} more", (items(rest),)))
    return blocks


def _shown(sentences: list[str]) -> tuple[list[Words | str], list[Words | str]]:
    """The sentences as they stand on the page, and whole again those that are cut there."""
    shown: list[Words | str] = [shortened(one, LONGEST) for one in sentences]
    return shown, [one for one in sentences if len(one) > LONGEST]


LONGEST = 160
"""Characters of a field's sentence on the page; longer ones stand whole where they fold."""


def _left_out(predicate: Mapping[str, Any]) -> str:
    """What cannot be told from noise, said once for all fields."""
    unclear = [one for one in predicate["changes"] if not one["clear"]]
    slices = sum(bool(one["slice"]) for one in unclear)
    kept = "At most five sentences a field, what matters most first: critical, then by how far it moved."
    if not unclear:
        return kept
    what = [
        *([plural(slices, "slice")] if slices else []),
        *([plural(len(unclear) - slices, "other change")] if len(unclear) > slices else []),
    ]
    return (
        f"{kept} Left out, as no more than noise: {' and '.join(what)}; their numbers are in metrics.jsonl."
    )


def _pictures(figures: Mapping[str, Figure]) -> list[Block]:
    if not figures:
        return []
    blocks: list[Block] = []
    for name, figure in figures.items():
        blocks += [Heading(3, figure.title), Picture(name, figure.title)]
        if figure.rows:
            blocks.append(table(figure.header, figure.rows))
    return [
        Heading(2, "Figures"),
        Fold(f"{plural(len(figures), 'figure')} with their numbers", tuple(blocks)),
    ]
