"""The response track from its answers to its gates, as a run has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from analysis.pipeline import analyze
from analysis.response.detect import DETECT
from analysis.response.flags import flags
from analysis.response.gates import GATES
from analysis.response.generate import ENDINGS, GENERATE
from analysis.response.headlines import headlines
from analysis.response.judged import new_hit_spans
from analysis.response.rates import RATES
from analysis.response.settings import response_settings
from analysis.response.triggers import triggers
from analysis.review import ReviewSession
from analysis.tracks import Track, registered
from tests.analysis.response.tiny import core_track


def counting_track() -> Track:
    """The track without what needs a model's inside."""

    def gate_settings(given, workbench):  # type: ignore[no-untyped-def]
        response = response_settings(given)
        inputs = {
            name: getattr(response, name) is not None for name in ("catalogue", "policy", "preferences")
        }
        return {**inputs, "new_hits": new_hit_spans(workbench)}

    return replace(
        core_track(),
        stages=lambda: (GENERATE, ENDINGS, DETECT, RATES),
        flags=flags,
        gates=GATES,
        gate_settings=gate_settings,
        triggers=triggers,
        headlines=headlines,
    )


@contextmanager
def reviewed(path: Path) -> Iterator[ReviewSession]:
    """The session of a review file's run."""
    with registered(counting_track()):
        session = ReviewSession.open(analyze(path).store, reviewer="alice")
        try:
            yield session
        finally:
            session.close()
