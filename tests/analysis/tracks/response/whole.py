"""The response track from its answers to its gates, as a run has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from analysis.plugin.registry import registered
from analysis.plugin.track import Track
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.tracks.response.detect import DETECT
from analysis.tracks.response.flags import flags
from analysis.tracks.response.gates import GATES
from analysis.tracks.response.generate import ENDINGS, GENERATE
from analysis.tracks.response.judged import new_hit_spans
from analysis.tracks.response.rates import RATES
from analysis.tracks.response.report_sections import headlines
from analysis.tracks.response.settings import response_settings
from analysis.tracks.response.triggers import triggers
from tests.analysis.tracks.response.tiny import core_track


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
