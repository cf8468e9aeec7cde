"""Runs of the response track in which only some of its steps are taken, and sessions on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.plugin.registry import registered
from analysis.plugin.stage import Step
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.tracks.response.detect import DECLARE, DETECT
from analysis.tracks.response.generate import ENDINGS, GENERATE
from analysis.tracks.response.labelled_sample import DRAW
from analysis.tracks.response.learned_leads import LEARN
from analysis.tracks.response.model_leads import READ_BY_MODELS
from analysis.tracks.response.rates import RATES
from analysis.tracks.response.scores import SCORES
from analysis.tracks.response.track import ResponseTrack

ANSWERS: tuple[Step, ...] = (GENERATE, ENDINGS)
COUNTS: tuple[Step, ...] = (*ANSWERS, DRAW, DECLARE, DETECT, READ_BY_MODELS, LEARN, SCORES, RATES)
"""Without what needs a model's inside."""


class SomeSteps(ResponseTrack):
    """The track with some of its steps."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps

    def stages(self) -> tuple[Step, ...]:
        return self._steps


@contextmanager
def reviewed(path: Path) -> Iterator[ReviewSession]:
    """The session of a review file's run, without what needs a model's inside."""
    with (
        registered(SomeSteps(COUNTS)),
        ReviewSession.open(analyze(path).store, reviewer="alice") as session,
    ):
        yield session
