"""The attribution stage: every method on both sides, and the tests of each attribution.

Each side's predicted class is explained by every method, and for a flip also the contrast, candidate's class
less base's class, on both sides. Nothing here depends on what a text is batched with.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.attribution.licences import Licence
from analysis.attribution.stored_scores import in_steps
from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Attribution, Side
from analysis.base.seeds import draw
from analysis.base.sql import queries
from analysis.models.classifier_pair import classifiers
from analysis.models.passes import counted
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.text.token_estimate import tokens_of
from analysis.text.units import word_count
from analysis.tracks.intent.baseline import Baselines, Choice
from analysis.tracks.intent.chance import AGAINST_CHANCE
from analysis.tracks.intent.cost import explanation_tokens, licence_tokens
from analysis.tracks.intent.crossfit import half_of, used_by
from analysis.tracks.intent.known_methods import METHODS
from analysis.tracks.intent.leading import leading_method
from analysis.tracks.intent.licence import Candidate, licences
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.integrated_gradients import MAX_DELTA, STEPS
from analysis.tracks.intent.methods.request import Explained, Request
from analysis.tracks.intent.names import INTEGRATED_GRADIENTS
from analysis.tracks.intent.phases import Phase, Phases
from analysis.tracks.intent.predict import logits_of_ids, remembered, token_limit
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import Tokenised, tokenise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier

_SQL = queries(__package__, "stages.sql")

REFS_PER_SHARD = 64
NOT_NEUTRAL = "the run's baseline is not neutral for it on both sides"
NONE_NEUTRAL = "no baseline is neutral for it on both sides"
QUEUED = tuple(method for method in METHODS if not method.on_demand)
"""The methods of every selected example."""


@dataclass(frozen=True)
class Case:
    """One text with one target a side: its predicted class, or for a flip the same contrast on both.

    `options` are what was chosen for the text by the other half of the run's, by method.
    """

    row: int
    targets: dict[Side, Target]
    choice: Choice
    options: Mapping[str, str]

    @property
    def contrast(self) -> bool:
        return self.targets["base"].minus is not None


@dataclass(frozen=True)
class Answer:
    """One attribution with its status; `refused` where the method cannot answer for the model at all."""

    case: Case
    method: Method
    explained: Explained
    status: str
    why: str
    refused: bool = False

    @property
    def from_baseline(self) -> bool:
        """Whether it starts from the baseline that was chosen."""
        return self.method.starts_from_baseline(self.method.option_of(self.case.options))

    @property
    def neutral(self) -> bool | None:
        """Whether its baseline is neutral on both sides, or one of those that it averages over; None without any."""
        if self.from_baseline:
            return self.case.choice.neutral
        return any(self.case.choice.neutral_ones.values()) if self.method.baselines else None


def _plan(context: PlanContext, methods: Sequence[Method]) -> list[Shard]:
    rows = context.workbench.execute(_SQL["messages_to_attribute"], {"track": context.track}).fetchall()
    options = used_by(context.workbench.execute(_SQL["chosen_options"]).fetchall())
    shards = []
    for start in range(0, len(rows), REFS_PER_SHARD):
        part = rows[start : start + REFS_PER_SHARD]
        key = {
            "max_length": token_limit(context),
            "options": options,
            "steps": list(STEPS),
            "rankings": [list(look) for look in AGAINST_CHANCE.looks],
            "methods": [method.name for method in methods],
            "rows": [[ref, sha256] for ref, _, sha256, _ in part],
        }
        limit = token_limit(context)
        cost = sum(text_cost(text, flipped, limit, methods) for _, text, _, flipped in part)
        shards.append(Shard(key, (part, options), len(part), cost))
    return shards


def text_cost(text: str, flipped: bool, limit: int, methods: Sequence[Method]) -> float:
    """About how many tokens one side reads to explain a text, and to test what explains it; `limit` are read of it."""
    tokens = tokens_of(text, limit)
    words = min(tokens, word_count(text))
    explained = sum(explanation_tokens(one, words, tokens, 2 if flipped else 1) for one in methods)
    return explained + licence_tokens(words, tokens)


def _run(context: RunContext, shard: Shard, methods: Sequence[Method]) -> dict[str, pa.Table]:
    """Explain the examples of a shard by the methods, and test what they answer."""
    rows, options = shard.payload
    refs = [row[0] for row in rows]
    texts = [row[1] for row in rows]
    models = {side: classifiers(context.models).side(side) for side in SIDES}
    lead = leading_method(models)
    words = {side: tokenise(models[side], texts, token_limit(context)) for side in SIDES}
    logits = {side: logits_of_ids(models[side], [one.ids for one in words[side]]) for side in SIDES}
    halves = [half_of(context.models.digests["candidate"], ref) for ref in refs]
    cases = cases_of(models, words, logits, [options.get(half, {}) for half in halves])
    seeds = [draw("attribution", ref) for ref in refs]
    attributions: list[Attribution] = []
    tested: list[dict[str, Any]] = []
    phases = Phases(context, [one for side in SIDES for one in _phases(words[side], cases, methods)])
    with remembered(), counted((one.model for one in models.values()), phases.hear):
        for side in SIDES:
            answers: list[Answer] = []
            for method in methods:
                answers += explain(models[side], side, words[side], logits[side], cases, seeds, [method])
                phases.next()
            for answer in answers:
                row = answer.case.row
                attributions.append(attribution_row(refs[row], side, models[side], words[side][row], answer))
            tested += licence_rows(models[side], side, refs, words[side], answers, seeds, lead)
            phases.next()
    return {
        "attribution": _attribution_table(attributions),
        "intent_licence": pa.Table.from_pylist(tested, LICENCE_SCHEMA),
    }


def _phases(words: Sequence[Tokenised], cases: Sequence[Case], methods: Sequence[Method]) -> list[Phase]:
    """What one side of a shard goes through: each method, then the licences."""
    targets = Counter(case.row for case in cases)
    sizes = [(len(text.words), len(text.ids), targets[row]) for row, text in enumerate(words)]
    explained = [Phase(one.name, sum(explanation_tokens(one, *size) for size in sizes)) for one in methods]
    return [*explained, Phase("licences", sum(licence_tokens(*size[:2]) for size in sizes))]


def cases_of(
    models: Mapping[Side, LoadedClassifier],
    words: Mapping[Side, Sequence[Tokenised]],
    logits: Mapping[Side, NDArray[np.float32]],
    options: Sequence[Mapping[str, str]],
) -> list[Case]:
    """The predicted class of each side for every text, and the contrast for every flip.

    Args:
        models: of both sides.
        words: the texts as each side reads them.
        logits: of each side, (texts, classes).
        options: what was chosen for each text, by method.
    """
    baselines = Baselines(models)
    cases = []
    for row in range(len(words["base"])):
        predicted = {side: int(logits[side][row].argmax()) for side in SIDES}
        asked = [{side: Target(predicted[side]) for side in SIDES}]
        finite = all(np.isfinite(logits[side][row]).all() for side in SIDES)
        if finite and predicted["base"] != predicted["candidate"]:
            asked.append(dict.fromkeys(SIDES, Target(predicted["candidate"], predicted["base"])))
        here = {side: words[side][row] for side in SIDES}
        own = {side: logits[side][row] for side in SIDES}
        cases += [case_of(row, here, targets, own, baselines, options[row]) for targets in asked]
    return cases


def case_of(
    row: int,
    texts: Mapping[Side, Tokenised],
    targets: dict[Side, Target],
    logits: Mapping[Side, NDArray[np.float32]],
    baselines: Baselines,
    options: Mapping[str, str],
) -> Case:
    """One text with its targets, and its baseline of the kind that was chosen; the first kind where none was."""
    kind = options.get(INTEGRATED_GRADIENTS, baselines.kinds[0])
    return Case(row, targets, baselines.choice(kind, texts, targets, logits), options)


def explain(
    classifier: LoadedClassifier,
    side: Side,
    words: Sequence[Tokenised],
    logits: NDArray[np.float32],
    cases: Sequence[Case],
    seeds: Sequence[int],
    methods: Sequence[Method] = QUEUED,
) -> list[Answer]:
    """What the methods answer for one side of the cases.

    Args:
        classifier: the side's model.
        side: which.
        words: the texts as it reads them.
        logits: of each text, (texts, classes).
        cases: what is explained of which text.
        seeds: of each text, for methods that draw samples.
        methods: which are asked.

    Returns:
        One answer for each method and case, the contrasts only by methods that explain them.
    """
    answers = []
    for method in methods:
        asked = [case for case in cases if method.contrastive or not case.contrast]
        targets = [case.targets[side] for case in asked]
        request = Request(
            classifier,
            [words[case.row] for case in asked],
            targets,
            [float(target.output(logits[case.row])) for case, target in zip(asked, targets, strict=True)],
            [case.choice.baseline[side] for case in asked],
            [case.choice.neutral_ones[side] for case in asked],
            [seeds[case.row] for case in asked],
            [option for case in asked if (option := method.option_of(case.options)) is not None],
        )
        try:
            found, refusal = method.explain(request), ""
        except AssayError as error:
            # A model may be unable to answer one method; the others still explain it.
            found = [Explained(np.zeros(len(text.words), dtype=np.float32)) for text in request.texts]
            refusal = str(error)
        for case, explained in zip(asked, found, strict=True):
            answer = Answer(case, method, explained, "not interpretable", refusal, refused=bool(refusal))
            finite = bool(np.isfinite(logits[case.row]).all())
            answers.append(answer if refusal and finite else _with_status(answer, finite=finite))
    return answers


def _with_status(answer: Answer, *, finite: bool) -> Answer:
    method, explained = answer.method, answer.explained
    status, why = "not interpretable", ""
    if not finite:
        why = "the logits are not numbers"
    elif not len(explained.scores):
        why = "the text has no words"
    elif answer.neutral is False:
        why = NOT_NEUTRAL if answer.from_baseline else NONE_NEUTRAL
    elif _converged(explained) is False:
        status, why = (
            "not converged",
            f"completeness delta {explained.delta:.3f} after {explained.steps} steps",
        )
    else:
        status, why = "ok", "" if method.licensable else "context only: never licensed"
    return replace(answer, status=status, why=why)


def _converged(explained: Explained) -> bool | None:
    return None if explained.delta is None else explained.delta <= MAX_DELTA


def licence_rows(
    classifier: LoadedClassifier,
    side: Side,
    refs: Sequence[str],
    words: Sequence[Tokenised],
    answers: Iterable[Answer],
    seeds: Sequence[int],
    lead: str,
) -> list[dict[str, Any]]:
    """Rows of the table `intent_licence` for one side; `refs`, `words` and `seeds` are by row of the answers.

    `lead` is the gradient method that leads. What a method refused to explain has no licence to be tested.
    """
    by_row: dict[int, list[Candidate]] = defaultdict(list)
    for answer in answers:
        if answer.method.licensable and not answer.refused:
            by_row[answer.case.row].append(
                Candidate(
                    answer.method.name,
                    answer.case.targets[side],
                    answer.explained.scores,
                    answer.neutral,
                    _converged(answer.explained),
                )
            )
    order = sorted(by_row)
    candidates = [by_row[row] for row in order]
    texts, own = [words[row] for row in order], [seeds[row] for row in order]
    found = licences(classifier, texts, candidates, own, lead)
    rows = []
    for row, asked, granted in zip(order, candidates, found, strict=True):
        for one, licence in zip(asked, granted, strict=True):
            named = {"ref": refs[row], "side": side, "method": one.method}
            rows.append({**named, "target": one.target.name(classifier.labels), **asdict(licence)})
    return rows


def attribution_row(
    ref: str, side: Side, classifier: LoadedClassifier, words: Tokenised, answer: Answer
) -> Attribution:
    """The row of the table `attribution` for one answer."""
    explained, choice = answer.explained, answer.case.choice
    parameters = {**explained.parameters, "output": "logit"}
    kind = predicted = p = None
    if answer.from_baseline:
        baseline, target = choice.baseline[side], answer.case.targets[side]
        top = int(baseline.p.argmax())
        kind, predicted, p = baseline.kind, classifier.labels[top], float(baseline.p[top])
        parameters["p_target"] = choice.p_targets[side]
        parameters["p_target_at_baseline"] = choice.p_targets[side][kind]
        parameters["output"] = "logit" if target.minus is None else "difference of logits"
    if explained.fidelity is not None:
        parameters["fidelity"] = explained.fidelity
    delta = explained.delta
    return Attribution(
        ref, side, answer.method.name, answer.case.targets[side].name(classifier.labels),
        [word.start for word in words.words], [word.end for word in words.words], in_steps(explained.scores).tolist(),
        kind, predicted, p, None if delta is None or not np.isfinite(delta) else float(delta), explained.steps,
        answer.status, answer.why, json.dumps(parameters, sort_keys=True),
    )  # fmt: skip


def _attribution_table(rows: Sequence[Attribution]) -> pa.Table:
    columns = {name: [getattr(row, name) for row in rows] for name in Attribution.__slots__}
    types = {"starts": pa.list_(pa.int32()), "ends": pa.list_(pa.int32()), "scores": pa.list_(pa.float32())}
    nullable = {"baseline": pa.string(), "baseline_class": pa.string(), "baseline_p": pa.float64(),
                "completeness_delta": pa.float64(), "steps": pa.int32()}  # fmt: skip
    kinds = {**types, **nullable}
    return pa.table({name: pa.array(values, kinds.get(name)) for name, values in columns.items()})


def _schema(fields: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Schema:
    """Arrow types of a row type's fields: as given, else a number."""
    return pa.schema([(name, types.get(name, pa.float64())) for name in fields])


_TEXT, _FLAG, _COUNT = pa.string(), pa.bool_(), pa.int32()
LICENCE_SCHEMA = _schema(
    {**dict.fromkeys(("ref", "side", "method", "target")), **Licence.__annotations__},
    {"ref": _TEXT, "side": _TEXT, "method": _TEXT, "target": _TEXT, "neutral": _FLAG, "converged": _FLAG,
     "words": _COUNT, "decidable": _FLAG, "rankings": _COUNT},
)  # fmt: skip


def attribution_stage(methods: Sequence[Method]) -> Stage:
    """The stage that explains the selected examples by some methods."""
    plan, run = partial(_plan, methods=methods), partial(_run, methods=methods)
    return Stage("intent.attribution", 7, plan, run, costly=True, asks_models=True)


ATTRIBUTE = attribution_stage(QUEUED)
