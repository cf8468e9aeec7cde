"""What a reviewer asks both models: requests in the order in which answers are wanted, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plugin.live import LiveRequest
from tui.plugin.attributions import method_title

if TYPE_CHECKING:
    from analysis.base.records import MethodSpec
    from tui.whatif.answer import Answer


@dataclass(frozen=True)
class Question:
    """Requests that are put to the models one by one.

    Args:
        text: what the reviewer had on the screen when asking.
        requests: at least one.
        methods: the further methods that were asked for.
        specs: what the run says of its attribution methods, by name.
        asked_at: seconds of the monotonic clock.
        done: requests that were answered.
    """

    text: str
    requests: tuple[LiveRequest, ...]
    methods: tuple[str, ...]
    specs: Mapping[str, MethodSpec]
    asked_at: float
    done: int = 0

    def progress(self, now: float) -> str:
        """What the models do at the moment, in words."""
        request = self.requests[self.done]
        if request.methods == ():
            doing = "asking both models"
        elif request.methods is None:
            doing = "explaining"
        else:
            doing = f"explaining by {names_of(request.methods, self.specs)}"
        if len(self.requests) > 1:
            doing += f", {self.done + 1} of {len(self.requests)}"
        return f"{doing}… {int(now - self.asked_at)} s, esc cancels"


def names_of(methods: Sequence[str], specs: Mapping[str, MethodSpec]) -> str:
    """Methods as they are written out."""
    return ", ".join(method_title(specs, one) for one in methods)


def requests_for(
    track: str,
    ref: str,
    known: Mapping[str, Answer | None],
    methods: Sequence[str] = (),
    *,
    explained: bool = True,
) -> tuple[LiveRequest, ...]:
    """The requests that are still open for some texts: predictions first, for they are there at once.

    Args:
        track: whose models.
        ref: the example that the texts were made from.
        known: what is known of each text already, the most wanted text first.
        methods: further attribution methods beside the usual ones.
        explained: whether answers can have attributions.
    """
    predicted = [LiveRequest(track, text, ref, ()) for text, answer in known.items() if answer is None]
    if not explained:
        return tuple(predicted)
    usual = [
        LiveRequest(track, text, ref)
        for text, answer in known.items()
        if answer is None or not answer.attributions
    ]
    further = [
        LiveRequest(track, text, ref, (method,))
        for method in methods
        for text, answer in known.items()
        if answer is None or method not in answer.methods
    ]
    return (*predicted, *usual, *further)
