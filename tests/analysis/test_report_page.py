"""Blocks of a page, written as Markdown and as HTML: the same words, and text that is never markup."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from markdown_it import MarkdownIt

from analysis.plots.figure import Figure, Plot
from analysis.plots.figure_svg import figure_svg
from analysis.plugin.change import Change, ranked
from analysis.report.cause_words import cause_sentence
from analysis.report.first_page import reasons
from analysis.report.number_words import sentence, shortened
from analysis.report.page import (
    Commands,
    Fold,
    Heading,
    Paragraph,
    Picture,
    code,
    items,
    link,
    listed,
    strong,
    table,
    words,
)
from analysis.report.write_html import write_html
from analysis.report.write_markdown import write_markdown
from tests.analysis.report_fixture import HOSTILE
from tests.analysis.test_report_content import check_html, unseen


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_is_no_markup_wherever_it_stands(text: str) -> None:
    line = words(text, " and ", code(text), strong(text), link(text, "Here"), text)
    blocks = [
        Heading(2, text),
        Paragraph(line),
        items([line, text]),
        table([text], [[line], [text]]),
        Picture("map", text),
        Fold(text, (Paragraph(line), Commands("sha256sum -c SHA256SUMS"))),
        Heading(2, "Here"),
    ]
    page = write_markdown(blocks)
    assert unseen(page) == set()
    kinds = {
        child.type
        for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(page)
        for child in token.children or ()
    }
    assert kinds <= {"text", "code_inline", "strong_open", "strong_close", "link_open", "link_close", "image"}
    picture = figure_svg(Figure(text, [Plot(text, [(text, 0.0, 1.0, None)])]))
    check_html(write_html(text, blocks, {"map": picture}))


def test_both_pages_say_the_same_words() -> None:
    blocks = [Heading(1, "A title"), items([words("first ", code("k[x]")), "a | b < c"]), Fold("more", ())]
    assert write_markdown(blocks) == (
        "# A title\n\n- first `k[x]`\n- a \\| b \\< c\n\n<details>\n<summary>more</summary>\n\n\n\n</details>\n"
    )
    page = write_html("t", blocks, {})
    assert '<h1 id="a-title">A title</h1>' in page
    assert "<li>first <code>k<wbr>[x]</code></li>\n<li>a | b &lt; c</li>" in page
    assert "<details>\n<summary>more</summary>" in page
    assert listed(["a", code("b")]) == ("a", ", ", code("b"))


def test_a_row_that_begins_with_a_name_is_read_cell_by_cell_where_a_phone_has_no_room_for_its_table() -> None:
    header = ["gate", "verdict", "value", "needed"]
    page = write_html("t", [table(header, [[code("a.b_c[d]"), "fail", "1", '" onload=x']])], {})
    assert '<table class="named">' in page
    assert "<td><code>a.<wbr>b_<wbr>c<wbr>[d]</code></td>" in page
    assert '<td data-label="needed">&quot; onload=x</td>' in page
    numbers = write_html("t", [table(header, [["1", "2", "3", "4"]])], {})
    assert "data-label=" not in numbers.partition("<body>")[2]


def test_sentences_begin_end_and_are_cut_as_people_write_them() -> None:
    assert sentence("it spoils (36 prompts)") == "It spoils (36 prompts)."
    assert sentence("Why not?") == "Why not?"
    assert shortened("one two three four", 12) == "one two…"
    assert shortened("short") == "short"


def change(text: str, size: float, track: str = "a", **further: object) -> Change:
    given = {"way": "worse", "critical": False, "clear": True, **further}
    return Change(track=track, text=text, size=size, **given)  # type: ignore[arg-type]


def test_changes_of_all_tracks_are_ranked_together() -> None:
    found = ranked(
        [
            change("large, noise", 0.9, clear=False),
            change("small, clear", 0.1),
            change("critical, noise", 0.3, track="b", critical=True, clear=False),
            change("large, clear", 0.5, track="b"),
            change("critical, clear", 0.2, critical=True),
        ]
    )
    assert [one.text for one in found] == [
        "critical, clear",
        "critical, noise",
        "large, clear",
        "small, clear",
        "large, noise",
    ]


def gate(key: str, verdict: str = "fail", track: str = "a") -> dict[str, object]:
    told = {"why": f"{key} is why", "protects": f"{key} holds", "needs": ""}
    return {"key": key, "verdict": verdict, "track": track, "blocking": True, **told}


CAUSE = {
    "kind": "cue",
    "shared": "titles",
    "outcome": "sent to escalation",
    "base": 0.0,
    "candidate": 0.46,
    "neutral": 0.01,
    "intervened": 14,
    "reverted": 13,
    "intervention": "removing titles",
    "track": "a",
    "gates": ["a.cue", "a.signal", "a.passed"],
    "sentence": "as the track says it",
}


def test_each_failing_gate_stands_under_one_reason_the_worst_of_each_track_first() -> None:
    changes = [
        change("a is larger", 0.8, gates=("a.slice",)),
        change("cue", 0.3, critical=True, gates=("a.cue",)),
        change("b is worst", 0.2, track="b", gates=("b.x", "b.y")),
        change("better", 0.9, way="better", gates=("a.better",)),
    ]
    gates = [gate(key) for key in ("a.cue", "a.signal", "a.slice", "a.better")]
    gates += [
        gate("b.x", track="b"),
        gate("b.y", "unknown", "b"),
        gate("c.x", track="c"),
        gate("a.passed", "pass"),
    ]
    found = reasons({"gates": gates, "causes": [CAUSE], "changes": [asdict(one) for one in changes]})
    assert [(one.text[:12], [gate["key"] for gate in one.gates]) for one in found] == [
        ("Titles sway ", ["a.cue", "a.signal"]),
        ("B is worst.", ["b.x"]),
        ("It does not ", ["c.x"]),
        ("A is larger.", ["a.slice"]),
        ("It does not ", ["a.better"]),
    ]


def test_a_cause_is_told_by_its_experiment_else_by_what_is_shared() -> None:
    assert cause_sentence(CAUSE) == (
        "Titles sway it, and messages are sent to escalation because of them: put into a message, they move the "
        "probability by +46 points (in the base by +0, a phrase that means nothing in their place by +1); removing "
        "titles takes 13 of 14 changed answers back."
    )
    assert cause_sentence({**CAUSE, "candidate": None}) == "As the track says it."
