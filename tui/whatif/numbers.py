"""Every number behind a what-if: predictions, attributions and licences of the text before and after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from tui.draw.lines import Line, text_line, wrapped
from tui.draw.number_text import figure, signed
from tui.plugin.attributions import method_title
from tui.plugin.licence import licence_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.base.records import MethodSpec
    from tui.plugin.view import View
    from tui.whatif.answer import Answer

SAID = ("steps", "samples", "seed", "fidelity")
"""Parameters of an attribution that the numbers name."""


def number_lines(
    before: Answer | None,
    after: Answer | None,
    view: View,
    methods: Mapping[str, MethodSpec],
    width: int,
) -> list[Line]:
    """Every number behind both answers.

    Args:
        before: what is known of the example's own text.
        after: what is known of the changed text.
        view: of the track.
        methods: what the run says of its attribution methods, by name.
        width: cells there are.
    """
    lines: list[Line] = []
    for name, answer in (("before", before), ("after", after)):
        if answer is None:
            continue
        source = "answered by the worker" if answer.reply else "from the run"
        if answer.asked:
            more = ", ".join(method_title(methods, one) for one in sorted(answer.asked))
            source += f"; {more} by the worker"
        lines += [text_line(f" {name}, {source}", "title"), *wrapped(" text", answer.text, width, indent=14)]
        for side in SIDES:
            row = answer.outputs[side]
            said = ", ".join(
                f"{key} {value if isinstance(value, str) else figure(value, 4)}" for key, value in row.items()
            )
            lines += wrapped(f" {side}", said, width, indent=14)
            if answer.reply:
                for sentence in view.answer_numbers(answer.reply, side):
                    lines += wrapped("", sentence, width, indent=14)
        for entry in answer.attributions:
            about = f"{method_title(methods, entry.method)} of {entry.target}: {entry.status}"
            about += f", baseline {entry.baseline}" if entry.baseline else ""
            about += "".join(
                f", {key} {value if isinstance(value, str | int) else figure(value, 4)}"
                for key, value in json.loads(entry.parameters).items()
                if key in SAID and value is not None
            )
            if entry.completeness_delta is not None:
                about += f", completeness delta {figure(entry.completeness_delta, 4)}"
            scored = ", ".join(
                f"{answer.text[start:end]} {signed(score, 4)}"
                for start, end, score in zip(entry.starts, entry.ends, entry.scores, strict=True)
            )
            lines += wrapped(f" {entry.side}", f"{about}; {scored}", width, indent=14, style="dim")
            lines += licence_numbers(entry, answer.licences, width)
    lines += wrapped(
        " definitions",
        f"{view.answer_meaning}Attribution: signed part of a word in the score of its target. Completeness delta: "
        "|sum − (F(x) − F(x′))| over |F(x) − F(x′)|, where x′ is the baseline, or for kernel SHAP the text without "
        "words. Fidelity: R² of LIME's local model on its "
        "own samples, with their weights; 1 is a perfect fit. Licence: tested as in a run, with as many "
        "random rankings as it needs, whose seed the text gives. A what-if is your own question: it may support a "
        "finding and enters no statistic and no gate.",
        width,
        indent=14,
        style="dim",
    )
    return lines
