"""The intent track in the console: its examples are messages, and its probes have a screen of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.plugin.action import Action
from tui.plugin.view import TrackScreen, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from analysis.base.gate_records import GateResult
    from analysis.base.records import Side
    from analysis.review.queries import ExampleEvidence
    from tui.draw.lines import Line, Target
    from tui.plugin.console import Place
    from tui.plugin.live_lines import Outputs
    from tui.plugin.options import ViewOptions

PROBES = "probes"
"""The screen of the probes, and the kind of target that leads to it."""
PROBED_GATES = ("intent.relevance", "intent.signals")
"""Gates whose slice names what was probed: CLASS/CUE, or a class for its signals."""
LABEL_CELLS = 13


class IntentView(View):
    """One message, base over candidate: what each predicts and why."""

    track = "intent"
    key = "2"
    name = "Examples"
    tooltip = "The messages of the intent track, one by one."
    answer_meaning = "p: softmax share. margin: share of the first class minus that of the second. "

    def example(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        from tui.tracks.intent.view import example_lines

        return example_lines(evidence, options)

    def numbers(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        from tui.tracks.intent.numbers import number_lines

        return number_lines(evidence, options)

    def summary(self, evidence: ExampleEvidence) -> list[str]:
        from tui.tracks.intent.summary import summary

        return summary(evidence)

    def gate_lines(self, gate: GateResult, width: int) -> list[Line]:
        from tui.draw.lines import Line, Target

        if gate.name not in PROBED_GATES or gate.slice is None:
            return []
        line = Line(Target(PROBES, gate.slice)).column(" probes", LABEL_CELLS, "dim")
        return [line.add("base against candidate, worst texts first").end("P ⏎", width - 1, "key")]

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(
                "probes.open",
                ("P",),
                "probe diffs",
                "What each cue does to base and candidate, with the worst texts.",
                ("overview", "review", "gates"),
                22,
            ),
            Action(
                "probes.take",
                ("Y",),
                "take into a lexicon",
                "Write this cue, found by the search, as a term list beside the review, for review.toml to declare.",
                ("probes", "gates"),
                40,
            ),
        )

    def screens(self) -> tuple[TrackScreen, ...]:
        takes = ("list.down", "list.up", "slice.next", "slice.previous", "view.numbers")
        return (
            TrackScreen(PROBES, "Probe diffs", "tui.tracks.intent.probes_screen:ProbesScreen", takes=takes),
        )

    def opened(self, target: Target, here: Place) -> bool:
        if target.kind != PROBES:
            return False
        here.console_app.open(PROBES, target.name)
        return True

    def do_probes_open(self, here: Place) -> None:
        """Show the probes of the gate that is shown, or those that move most."""
        gate = here.gate
        probed = gate is not None and gate.name in PROBED_GATES
        here.console_app.open(PROBES, gate.slice if gate is not None and probed else None)

    def do_probes_take(self, here: Place) -> None:
        """Write the found cue of the gate that is shown as a term list."""
        take_found(here, None if here.gate is None else here.gate.slice)

    def answer_lines(
        self,
        outputs: Outputs,
        before: Outputs | None,
        evidence: ExampleEvidence,
        reply: Mapping[str, Any],
        width: int,
    ) -> list[Line]:
        from tui.tracks.intent.live_answer import prediction_lines

        return prediction_lines(outputs, before, evidence.example.gold, width)

    def change_sentence(self, before: Outputs, after: Outputs) -> tuple[str, str]:
        from tui.tracks.intent.live_answer import change_sentence

        return change_sentence(before, after)

    def output_text(self, output: Mapping[str, Any]) -> str:
        return str(output["label"])

    def answer_numbers(self, reply: Mapping[str, Any], side: Side) -> Sequence[str]:
        from tui.tracks.intent.live_answer import probability_sentences

        return probability_sentences(reply, side)


def take_found(here: Place, key: str | None) -> None:
    """Write the found cue of that key as a term list, and say where; or say that the key is none of a found cue."""
    from analysis.base.errors import AssayError
    from analysis.tracks.intent.found_lexicon import take

    one = here.session.gate_input().settings.get("intent", {}).get("found", {}).get(key)
    if one is None:
        here.notice("only a cue that the search found can be taken into a lexicon", "warn")
        return
    try:
        taken = take(here.session.store, one)
    except AssayError as error:
        here.notice(str(error), "warn")
        return
    here.notice(f"saved  {taken.path}   declare it: {'; '.join(taken.lines)}", "saved")


VIEW = IntentView()
