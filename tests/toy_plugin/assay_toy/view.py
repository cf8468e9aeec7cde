"""The track in the console: its hours as sentences, and a key that shows which words make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.plugin.action import Action
from tui.plugin.view import TrackScreen, View

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.draw.lines import Line, Target
    from tui.plugin.console import Place
    from tui.plugin.options import ViewOptions

WORDS = "toy-words"
"""The screen of all words, the kind of target that leads to it, and what its key switches on."""
INDENT = 12


class ToyView(View):
    """One text: the hours that each side gives it beside those in which it was due."""

    track = "toy"
    name = "Tickets"

    def example(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        from tui.draw.lines import Line, Target, wrapped
        from tui.plugin.common import annotation_lines

        lines = wrapped(" ticket", evidence.example.text, options.width, indent=INDENT)
        for sentence in self.summary(evidence)[1:]:
            side, _, said = sentence.partition(": ")
            lines += wrapped(f" {side}", said, options.width, indent=INDENT)
        if WORDS in options.switched:
            known = ", ".join(str(row["word"]) for row in evidence.context["words"])
            lines += wrapped(" words", known or "none that a model knows", options.width, indent=INDENT)
        lines.append(
            Line(Target(WORDS, "all")).column(" all words", INDENT, "dim").add("of every text ⏎", "key")
        )
        return [*lines, *annotation_lines(evidence, options)]

    def summary(self, evidence: ExampleEvidence) -> list[str]:
        sides = [
            f"{row['side']}: {row['hours']:.0f} hours, {row['word'] or 'no word'} moves them most"
            for row in evidence.payload["toy_side"]
        ]
        return [f"ticket: {evidence.example.text}", f"due: {evidence.example.gold} hours", *sides]

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(
                "toy.words",
                ("z",),
                "words",
                "Show which words of this text a model knows.",
                ("review",),
                12,
                about_example=True,
            ),
            Action(
                "toy.all-words",
                ("Z",),
                "all words",
                "Every word that moves an estimate.",
                ("review", "gates"),
                24,
            ),
        )

    def screens(self) -> tuple[TrackScreen, ...]:
        return (
            TrackScreen(WORDS, "Words", "assay_toy.words_screen:WordsScreen", takes=("list.down", "list.up")),
        )

    def opened(self, target: Target, here: Place) -> bool:
        if target.kind != WORDS:
            return False
        here.console_app.open(WORDS)
        return True

    def do_toy_words(self, here: Place) -> None:
        """Switch the words on or off."""
        here.switched = here.switched ^ {WORDS}
        here.show_example()

    def do_toy_all_words(self, here: Place) -> None:
        """Open the screen of all words."""
        here.console_app.open(WORDS)


VIEW = ToyView()
