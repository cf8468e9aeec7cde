"""What each metric of the response track is; those of a detector are made of its own words."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.base.records import MetricSpec
from analysis.plugin.metric import BOTH, CANDIDATE, ONE, MetricRows
from analysis.tracks.response.detectors import RATED
from analysis.tracks.response.detectors.contract import Detector

TRACK = "response"
HALLUCINATION = "hallucination"
"""Facts, promises and citations of what does not exist, together."""
HALLUCINATES = "says what nothing supports (facts, promises, citations of what does not exist) in"
"""What an answer does that hallucinates, as the verb of a detector."""


def _of_rate(name: str, what: str) -> Iterator[MetricSpec]:
    """The metrics of one detector, or of several together."""
    yield MetricSpec(
        f"{name}_rate",
        f"{name} rate",
        f"{what}: share of the prompts with a hit, of those that both sides answered and that it applies to",
        "share",
        "level",
        "down",
    )
    yield MetricSpec(
        f"{name}_broken",
        f"new {name}",
        f"{what}: prompts where only the candidate has a hit",
        "prompts",
        "count",
        "down",
        ONE,
    )
    yield MetricSpec(
        f"{name}_fixed",
        f"{name} gone",
        f"{what}: prompts where only the base has a hit",
        "prompts",
        "count",
        "up",
        ONE,
    )
    yield MetricSpec(
        f"{name}_p",
        f"p, more new {name} than gone",
        "one-sided exact McNemar: P(Bin(new + gone, 1/2) ≥ new)",
        "probability",
        "p",
        "up",
        ONE,
    )
    yield MetricSpec(
        f"{name}_rate_matched",
        f"{name} rate at like length",
        f"{what}: the rate where the two answers differ in length by at most 20 % of the longer one",
        "share",
        "level",
        "down",
    )
    yield MetricSpec(
        f"{name}_rate_sampled",
        f"{name} rate in samples",
        f"{what}: the rate over all sampled answers",
        "share",
        "level",
        "down",
    )


def _of_detector(detector: Detector) -> Iterator[MetricSpec]:
    yield from _of_rate(detector.name, detector.title)
    for label in detector.shares:
        yield MetricSpec(
            f"{detector.name}_{label}_rate",
            f"{label} answers",
            f"share of the answers that the detector of {detector.name} calls {label}",
            "share",
            "level",
            "neither",
        )


def _of_endings() -> Iterator[MetricSpec]:
    for name, title, meaning in (
        ("missing", "no answer", "prompts without an answer"),
        ("empty", "empty answers", "answers without a word"),
        ("cut", "answers cut", "answers that the token limit cut off"),
    ):
        yield MetricSpec(f"answers_{name}", title, f"share of {meaning}", "share", "level", "down", BOTH)


SPECS: tuple[MetricSpec, ...] = (
    *(spec for detector in RATED for spec in _of_detector(detector)),
    *_of_rate(HALLUCINATION, "Facts, promises and citations that nothing supports"),
    *_of_endings(),
    MetricSpec("length", "length", "mean number of words of an answer", "words", "level", "neither"),
    MetricSpec(
        "length_p50", "median length", "median number of words of an answer", "words", "level", "neither"
    ),
    MetricSpec(
        "length_p90",
        "long answers",
        "90th percentile of the number of words of an answer",
        "words",
        "level",
        "neither",
    ),
    MetricSpec(
        "kl",
        "divergence",
        "divergence of the candidate from the base over the whole vocabulary, mean over the tokens of a side's answers",
        "nats",
        "level",
        "neither",
        BOTH,
    ),
    MetricSpec(
        "logp_change",
        "log-probability",
        "candidate minus base log-probability of a token, mean over the tokens of a side's answers",
        "nats",
        "change",
        "neither",
    ),
    MetricSpec(
        "win_rate",
        "preferred",
        "share of the judges' votes for the candidate, a tie as half, mean over prompts",
        "share",
        "level",
        "up",
        CANDIDATE,
    ),
    MetricSpec(
        "win_rate_length_controlled",
        "preferred at equal length",
        "what a logistic regression on the difference in length says of the votes where there is none",
        "share",
        "level",
        "up",
        CANDIDATE,
    ),
    MetricSpec(
        "win_rate_judge",
        "preferred by one judge",
        "share of one judge's votes for the candidate, a tie as half",
        "share",
        "level",
        "up",
        CANDIDATE,
    ),
    MetricSpec(
        "dose_prompts",
        "prompts of the dose response",
        "prompts that were answered again with the adapter scaled",
        "prompts",
        "count",
        "neither",
        CANDIDATE,
    ),
)
ROWS = MetricRows(TRACK, SPECS)
metric, of_interval, reads = ROWS.metric, ROWS.of_interval, ROWS.specs

__all__ = ["HALLUCINATES", "HALLUCINATION", "SPECS", "TRACK", "metric", "of_interval", "reads"]
