"""What each metric of the response track is; those of a behaviour are made of its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analysis.base.records import MetricSpec
from analysis.plugin.metric import BOTH, CANDIDATE, ONE, MetricRows

TRACK = "response"


def words_of(behaviour: str) -> str:
    """A behaviour's name as people read it: `hands over`."""
    return behaviour.replace("_", " ")


def behaviour_specs(behaviour: str) -> Iterator[MetricSpec]:
    """The metrics of one behaviour: what its leads point at, which is no rate of the behaviour itself."""
    name, said = behaviour, words_of(behaviour)
    yield MetricSpec(
        f"{name}_leads",
        f"{said} (leads)",
        f"{said}: share of the prompts on whose answer its leads see a fault, among those whose two answers they read; "
        "how often answers really do it, people's labels say",
        "share",
        "level",
        "down",
    )
    yield MetricSpec(
        f"{name}_new",
        f"{said}: new leads",
        f"{said}: prompts where its leads see a fault of the candidate's answer only",
        "prompts",
        "count",
        "down",
        ONE,
    )
    yield MetricSpec(
        f"{name}_gone",
        f"{said}: leads gone",
        f"{said}: prompts where its leads see a fault of the base's answer only",
        "prompts",
        "count",
        "up",
        ONE,
    )
    yield MetricSpec(
        f"{name}_leads_matched",
        f"{said} (leads) at like length",
        f"{said}: what its leads point at where the two answers differ in length by at most 20 % of the longer one",
        "share",
        "level",
        "down",
    )
    yield MetricSpec(
        f"{name}_leads_sampled",
        f"{said} (leads) in samples",
        f"{said}: share of the sampled answers that its leads point at, over all samples of a prompt",
        "share",
        "level",
        "down",
    )
    yield MetricSpec(
        f"{name}_unread",
        f"{said}: not read",
        f"{said}: answers that none of its leads reads, for their language or what a model lacks; they are in none of "
        "its shares",
        "answers",
        "count",
        "down",
        CANDIDATE,
    )


NET_RISE = MetricSpec(
    "net_rise",
    "net rise",
    "candidate minus base: share of the prompts whose answer is at fault, estimated from the labels of people and the "
    "leads on all prompts",
    "share",
    "change",
    "down",
    ONE,
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
    NET_RISE,
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


def specs_for(behaviours: Iterable[str]) -> tuple[MetricSpec, ...]:
    """Every metric of a review of some behaviours."""
    return (*(spec for name in behaviours for spec in behaviour_specs(name)), *SPECS)


def rows_for(behaviours: Iterable[str]) -> MetricRows:
    """What makes rows of the metrics of some behaviours."""
    return MetricRows(TRACK, [spec for name in behaviours for spec in behaviour_specs(name)])
