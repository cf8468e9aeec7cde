"""What each metric of the response track is; those of a detector are made of its own words."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.base.records import MetricSpec
from analysis.plugin.metric import BOTH, CANDIDATE, ONE, MetricRows
from analysis.tracks.response.detectors.contract import Detector
from analysis.tracks.response.hallucination import HALLUCINATION, TITLE
from analysis.tracks.response.known_detectors import RATED

TRACK = "response"


def _of_rate(name: str, what: str) -> Iterator[MetricSpec]:
    """The metrics of one answer to each prompt, for one detector or for several together."""
    yield MetricSpec(
        f"{name}_rate",
        f"{name} rate",
        f"{what}: share of the prompts with a hit, among those that both sides answered and that it applies to",
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
        f"{what}: one-sided exact McNemar, P(Bin(new + gone, 1/2) ≥ new)",
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


def _of_detector(detector: Detector) -> Iterator[MetricSpec]:
    yield from _of_rate(detector.name, detector.title)
    yield MetricSpec(
        f"{detector.name}_rate_sampled",
        f"{detector.name} rate in samples",
        f"{detector.title}: share of the answers with a hit, over all samples of the prompts that it applies to",
        "share",
        "level",
        "down",
    )
    yield MetricSpec(
        f"{detector.name}_unread",
        f"not read for {detector.name}",
        f"{detector.title}: answers in a language that the detector does not read; they are in none of its rates",
        "answers",
        "count",
        "down",
        CANDIDATE,
    )
    for label in detector.shares:
        yield MetricSpec(
            f"{detector.name}_{label}_rate",
            f"{label} answers",
            f"share of the prompts whose answer the detector of {detector.name} calls {label}, among those that both "
            "sides answered",
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
        yield MetricSpec(
            f"answers_{name}", title, f"{meaning}, as a share of all prompts", "share", "level", "down", BOTH
        )


SPECS: tuple[MetricSpec, ...] = (
    *(spec for detector in RATED for spec in _of_detector(detector)),
    *_of_rate(HALLUCINATION, TITLE),
    *_of_endings(),
    MetricSpec("length", "mean length", "mean number of words of an answer", "words", "level", "neither"),
    MetricSpec(
        "length_p50", "median length", "median number of words of an answer", "words", "level", "neither"
    ),
    MetricSpec(
        "length_p90",
        "length of the longest tenth",
        "90th percentile of the number of words of an answer",
        "words",
        "level",
        "neither",
    ),
    MetricSpec(
        "kl",
        "divergence",
        "Kullback-Leibler divergence of the candidate from the base over the whole vocabulary, mean over the tokens of "
        "a side's answer, then over the selected prompts",
        "nats",
        "level",
        "neither",
        BOTH,
    ),
    MetricSpec(
        "logp_change",
        "log-probability",
        "candidate minus base log-probability of a token, mean over the tokens of a side's answer, then over the "
        "selected prompts; its difference is that along the candidate's answers minus that along the base's",
        "nats",
        "change",
        "neither",
    ),
    MetricSpec(
        "win_rate",
        "preferred",
        "share of the judges' votes on a prompt that are for the candidate, a tie as half, mean over prompts",
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
        "judge_agreement",
        "agreement with people",
        "Gwet's AC1 of one judge's votes with those of the people among the judges, on the prompts that both judged",
        "coefficient",
        "level",
        "up",
        CANDIDATE,
    ),
    MetricSpec(
        "judge_first",
        "votes for the first answer",
        "share of one judge's votes for the answer that was shown first, among those that prefer one and say which was "
        "first",
        "share",
        "level",
        "neither",
        CANDIDATE,
    ),
    MetricSpec(
        "artefact_answers",
        "answers that differ once deployed",
        "share of the prompts to which the form that will be served answers otherwise than the candidate, greedily; "
        "the base's number is the noise: base against base, and the candidate against its own rounded merge",
        "share",
        "level",
        "down",
    ),
    MetricSpec(
        "artefact_logp",
        "log-probability apart once deployed",
        "absolute difference of a token's log-probability between the form that will be served and the candidate, mean "
        "over the tokens of an answer, then over prompts; the base's number is the noise",
        "nats",
        "level",
        "down",
    ),
    MetricSpec(
        "artefact_largest",
        "furthest token once deployed",
        "largest absolute difference of a token's log-probability between the form that will be served and the "
        "candidate; the base's number is the noise",
        "nats",
        "level",
        "down",
        BOTH,
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
metric, of_interval, reads, criterion = ROWS.metric, ROWS.of_interval, ROWS.specs, ROWS.criterion
