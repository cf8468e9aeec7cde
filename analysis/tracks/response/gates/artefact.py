"""What was reviewed is what will be served: the deployed form against the candidate, beyond what rounding does."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import Metric
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.tracks.response.gate_keys import ARTEFACT
from analysis.tracks.response.metric_specs import TRACK, criterion, reads

TIMES = Threshold(3.0, "lower", "times the noise that must be exceeded to fail")
ANSWERS = Threshold(0.05, "lower", "share of other greedy answers that passes whatever the noise")
MEAN = Threshold(
    0.001, "lower", "mean difference of log-probability, in nats, that passes whatever the noise"
)
LARGEST = Threshold(0.05, "lower", "the same of the furthest token")
_NAMED = 3
"""Prompts that the sentence names."""
_WORST: tuple[GateVerdict, ...] = ("fail", "unknown", "warn")
_ROWS = {
    "artefact_answers": ("max_answers", "prompts answered otherwise"),
    "artefact_logp": ("max_mean", "log-probability apart, mean"),
    "artefact_largest": ("max_largest", "log-probability apart, furthest token"),
}
"""Metric -> the threshold that it is held against, and what it is."""


def judge_artefact(given: GateInput, rule: Rule) -> list[GateResult]:
    """One key a form. It fails where the form is apart from the candidate by more than so many times the noise.

    The noise is measured on the same prompts, so that this tests nothing and spends no part of the review's level: it
    says of these prompts that they are answered otherwise, by more than rounding in another order and type does.
    """
    settings = given.settings.get(TRACK, {})
    if not settings.get("forms"):
        return [result(GATE, "n/a", "no deployed form is declared")]
    found = settings["deployed"]
    return [
        _judge(given, rule, form, found[form]["unlike"], found[form]["worst"]) for form in settings["forms"]
    ]


def _judge(given: GateInput, rule: Rule, form: str, unlike: list[str], worst: list[str]) -> GateResult:
    rows, said = [], []
    for name in _ROWS:
        more, sentence = _held(given, rule, form, name)
        rows += more
        said.append(sentence)
    if form == "deployed":
        own = f"settings of its own: {'; '.join(unlike) or 'none'}"
        rows.append(number_row(own, len(unlike), "count", "0", "warn" if unlike else "pass"))
    verdicts = {one.verdict for one in rows}
    verdict: GateVerdict = next((one for one in _WORST if one in verdicts), "pass")
    refs = worst if verdict == "fail" else []
    if refs:
        said.append(f"worst: {', '.join(ref.partition(':')[2] for ref in refs[:_NAMED])}")
    found = (
        metric_of(given, TRACK, name, form, "candidate") for name in ("artefact_logp", "artefact_answers")
    )
    return result(
        GATE,
        verdict,
        "; ".join([*dict.fromkeys(said), *unlike]),
        slice_name=form,
        metric=next((one for one in found if one is not None and one.value is not None), None),
        threshold=f"{rule.thresholds['max_times_noise']:g} times the noise",
        criteria=rows,
        refs=refs,
    )


def _held(given: GateInput, rule: Rule, form: str, name: str) -> tuple[list[Criterion], str]:
    """A number against the noise: its rows, and what is said of it."""
    threshold, what = _ROWS[name]
    found, noise = (metric_of(given, TRACK, name, form, side) for side in ("candidate", "base"))
    least, times = rule.thresholds[threshold], rule.thresholds["max_times_noise"]
    if found is None or found.value is None:
        why = found.why if found is not None else "the run has no answers of it"
        # Of log-probabilities that a server keeps to itself its answers speak.
        answered = metric_of(given, TRACK, "artefact_answers", form, "candidate")
        kept = form == "served" and answered is not None and answered.value is not None
        verdict: GateVerdict = "undecided" if kept and found is not None and not found.n else "unknown"
        return [criterion(f"{what}: {why}", found, f"at most {least:g}", verdict)], why
    level = noise.value if noise is not None and noise.value is not None else 0.0
    if name == "artefact_answers":
        # An answer stays where none of so many roundings moves it; 64 prompts tell their share within an interval only.
        most = noise.high if noise is not None and noise.high is not None else 0.0
        limit = max(least, 1 - (1 - most) ** times)
    else:
        limit = max(least, times * level)
    verdict = "fail" if found.value > limit else "pass"
    return [
        criterion(f"{what}, {form} against candidate", found, f"at most {limit:.3g}", verdict),
        criterion(f"{what}, by rounding alone", noise, f"{times:g} times this is allowed", "pass"),
    ], _said(name, found, level)


def _said(name: str, found: Metric, noise: float) -> str:
    value = found.value or 0.0
    if name == "artefact_answers":
        n = found.n or 0
        by_rounding = f"{round(noise * n)} by rounding alone"
        return f"of {n} prompts {round(value * n)} answered otherwise than by the candidate ({by_rounding})"
    where = "on average" if name == "artefact_logp" else "at the furthest token"
    return f"log-probability {value:.2g} apart {where} ({noise:.2g})"


GATE = Gate(
    ARTEFACT,
    "what was reviewed is what will be served",
    {"max_times_noise": TIMES, "max_answers": ANSWERS, "max_mean": MEAN, "max_largest": LARGEST},
    judge_artefact,
    reads=reads("artefact_logp", "artefact_answers", "artefact_largest"),
    place=905,
    needs="what will be served must answer as what was reviewed did",
)
GATES = (GATE,)
