"""The retrieval track in the console: its examples are neighbour lists, and its items have maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.plugin.action import Action
from tui.plugin.view import TrackScreen, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from analysis.attribution.licences import FindingEvidence
    from analysis.base.records import Side
    from analysis.review.queries import ExampleEvidence
    from tui.draw.lines import Line
    from tui.plugin.console import Place
    from tui.plugin.live_lines import Outputs
    from tui.plugin.options import ViewOptions

MAPS = "maps"
"""The screen of the maps."""
_ON_MAPS = (MAPS,)


class RetrievalView(View):
    """One query, item or pair: what base and candidate bring near it."""

    track = "retrieval"
    key = "3"
    name = "Neighbours"
    tooltip = "The queries, items and pairs of the retrieval track, one by one."
    answer_meaning = "Score: cosine of the text's vector with the item's. "

    def example(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        from tui.tracks.retrieval.view import example_lines

        return example_lines(evidence, options)

    def numbers(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        from tui.tracks.retrieval.numbers import number_lines

        return number_lines(evidence, options)

    def summary(self, evidence: ExampleEvidence) -> list[str]:
        from tui.tracks.retrieval.summary import summary

        return summary(evidence)

    def shown(self, evidence: ExampleEvidence, options: ViewOptions) -> list[FindingEvidence]:
        """None: neighbour lists are no attribution."""
        return []

    def actions(self) -> tuple[Action, ...]:
        """What opens the maps, and the keys on them."""
        return (
            Action(
                "maps.open",
                ("M",),
                "maps",
                "The items as two maps, base and candidate, with how far these can be believed.",
                ("overview", "review", "gates"),
                23,
            ),
            Action("map.open", ("enter",), "open", "Open the item under the cursor.", _ON_MAPS, 1),
            Action("map.left", ("left",), "left", "Cursor to the nearest item at the left.", _ON_MAPS),
            Action(
                "map.down", ("down", "j"), "down", "Cursor to the nearest item below.", _ON_MAPS, means="next"
            ),
            Action(
                "map.up", ("up", "k"), "up", "Cursor to the nearest item above.", _ON_MAPS, means="previous"
            ),
            Action("map.right", ("right",), "right", "Cursor to the nearest item at the right.", _ON_MAPS),
            Action(
                "map.attribute",
                ("G",),
                "group by",
                "Mark and colour the items by the next attribute.",
                _ON_MAPS,
                2,
            ),
            Action(
                "map.side",
                ("V",),
                "side",
                "Walk on the other side's map; on a narrow screen, show it.",
                _ON_MAPS,
                3,
            ),
            Action(
                "map.method",
                ("v",),
                "t-SNE/UMAP",
                "The maps of the next method.",
                _ON_MAPS,
                4,
                means="method",
            ),
        )

    def screens(self) -> tuple[TrackScreen, ...]:
        where = "tui.tracks.retrieval.maps_screen:MapsScreen"
        return (TrackScreen(MAPS, "Maps", where, takes=("view.numbers",)),)

    def answer_lines(
        self,
        outputs: Outputs,
        before: Outputs | None,
        evidence: ExampleEvidence,
        reply: Mapping[str, Any],
        width: int,
    ) -> list[Line]:
        from tui.tracks.retrieval.live_answer import neighbour_answer_lines

        return neighbour_answer_lines(evidence, outputs, before, reply, width)

    def change_sentence(self, before: Outputs, after: Outputs) -> tuple[str, str]:
        from tui.tracks.retrieval.live_answer import change_sentence

        return change_sentence(before, after)

    def output_text(self, output: Mapping[str, Any]) -> str:
        nearest: list[str] = output["neighbours"]
        return nearest[0].partition(":")[2] if nearest else "nothing"

    def answer_numbers(self, reply: Mapping[str, Any], side: Side) -> Sequence[str]:
        from tui.tracks.retrieval.live_answer import list_sentences

        return list_sentences(reply, side)

    def do_maps_open(self, here: Place) -> None:
        """Show the item, or the neighbours of the query, on the maps; the place where they were left without one."""
        evidence = here.evidence
        own = evidence is not None and evidence.example.track == self.track
        here.console_app.open(MAPS, evidence.example.ref if evidence is not None and own else None)


VIEW = RetrievalView()
