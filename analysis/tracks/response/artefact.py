"""Whether what will be served is what was reviewed: a merged or exported form of the candidate, or a served system.

An adapter can be merged with a wrong factor, into another base, or not at all; an export can lose its chat template or
its settings; a server can do either. That shows in the greedy answers to some prompts and in the log-probabilities of
their tokens. Exactly equal these never are, for sums are rounded in another order. How far rounding alone moves them
is measured on the same prompts:

- base against base: each prompt alone, and in a batch of eight that is read in other chunks;
- the candidate against its own merge, made here, with its weights in the type of the deployed folder. Of a server the
  type is not known: that merge then runs in bfloat16, weights and arithmetic, as servers commonly do.

The noise of a prompt is the sum of the two. Every model but that one runs in float32 here, whatever it is stored in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.base.records import SIDES, Metric, MetricSide, Side
from analysis.base.seeds import shuffled
from analysis.base.sql import queries
from analysis.models.classifier_pair import tokenizer_rules
from analysis.models.digest import folder_digest
from analysis.models.files import stored_dtype
from analysis.models.generator import generators
from analysis.models.generator_config import GeneratorHead, inspect_generator
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.stats import clopper_pearson, paired_mean_interval, tango_interval
from analysis.tracks.response.likelihood import POSITIONS, Continued, along, response_tokens
from analysis.tracks.response.metric_specs import metric, of_interval
from analysis.tracks.response.settings import DEPLOYED, SERVED, ResponseSettings, response_settings
from analysis.tracks.response.shift import digest

if TYPE_CHECKING:
    import duckdb

    from analysis.models.generation import Answer, LoadedGenerator
    from analysis.models.sides import Sides

PROMPTS = 64
"""Prompts that are compared, drawn by the seed of the review."""
BATCH = 8
"""Rows of the batch in which the base answers again."""
CHUNK = 32
"""Positions that it is given at once in that batch."""
WORST = 12
"""Prompts that are named where a form differs."""
"""The forms: a folder, and the answers of a served system."""
SERVED_DTYPE = "bfloat16"
"""Arithmetic that a served system is taken to run in: the coarsest that is common."""
NO_NUMBER = "a model's forecasts are not numbers"

_SQL = queries(__package__, "stages.sql")
_METRICS = queries(__package__, "metrics.sql")
_SCHEMA = pa.schema(
    [
        ("ref", pa.string()),
        ("form", pa.string()),
        ("candidate", pa.string()),
        ("deployed", pa.string()),
        ("differs", pa.bool_()),
        ("gap", pa.float64()),
        ("largest", pa.float64()),
        ("noise_differs", pa.bool_()),
        ("noise_gap", pa.float64()),
        ("noise_largest", pa.float64()),
    ]
)


def deployed_head(settings: ResponseSettings) -> GeneratorHead:
    """What the deployed folder says of itself. Raises AssayError; it must be a whole model."""
    if settings.deployed is None:
        raise ValueError("no deployed folder is declared")
    return inspect_generator(settings.deployed)


def why_not(models: Sides, settings: ResponseSettings) -> str:
    """Why the deployed folder cannot be compared with the candidate; '' where it can."""
    candidate, deployed = generators(models).heads["candidate"].tokens, deployed_head(settings).tokens
    if candidate != deployed and tokenizer_rules(candidate) != tokenizer_rules(deployed):
        return (
            "the deployed folder has another tokenizer than the candidate, so no token of the two is the same"
        )
    return ""


def unlike(candidate: GeneratorHead, deployed: GeneratorHead) -> list[str]:
    """How the deployed folder answers otherwise than the candidate, before any weight is looked at.

    Sampling counts as well: the check compares greedy answers, and people are sent sampled ones.
    """
    found = []
    if candidate.template != deployed.template:
        found.append("has a chat template" if deployed.template else "has no chat template")
    one, other = candidate.settings.as_data(), deployed.settings.as_data()
    # No model reads what it fills rows with.
    found += [
        f"{name} {one[name]} → {other[name]}"
        for name in one
        if one[name] != other[name] and name != "padding"
    ]
    return found


def answers_otherwise(
    settings: ResponseSettings, workbench: duckdb.DuckDBPyConnection
) -> dict[str, dict[str, list[str]]]:
    """By declared form: how it is set up otherwise than the candidate, and the prompts whose answers differ first."""
    found: dict[str, dict[str, list[str]]] = {}
    for form in settings.forms:
        worst = workbench.execute(_METRICS["worst"], {"form": form, "most": WORST}).fetchall()
        found[form] = {"unlike": [], "worst": [ref for (ref,) in worst]}
    if settings.deployed is not None and settings.candidate is not None:
        candidate = inspect_generator(settings.candidate, settings.base)
        found[DEPLOYED]["unlike"] = unlike(candidate, deployed_head(settings))
    return found


@dataclass(frozen=True)
class Compared:
    """How far apart two generators are on one prompt.

    Args:
        differs: whether the greedy answers differ.
        gaps: absolute differences of the log-probability of each token of one of the answers, in nats, (tokens,).
    """

    differs: bool
    gaps: np.ndarray[Any, np.dtype[np.float64]]

    @property
    def mean(self) -> float | None:
        """Mean over the tokens; None without any."""
        return float(self.gaps.mean()) if len(self.gaps) else None

    @property
    def largest(self) -> float | None:
        """The largest one; None without any token."""
        return float(self.gaps.max()) if len(self.gaps) else None


def _plan(context: PlanContext) -> list[Shard]:
    """One shard a form, over prompts drawn by the seed; none where nothing is declared or can be compared."""
    settings = response_settings(context.settings)
    if not context.models:
        return []
    rows = context.workbench.execute(_SQL["prompts_with_text"], {"track": context.track}).fetchall()
    texts = {ref: (text, sha256) for ref, text, sha256 in rows}
    shards = []
    for form in settings.forms:
        answers: Mapping[str, tuple[str, list[float] | None]] = {}
        if form == SERVED:
            answers = {
                ref: (text, logp) for ref, text, logp in context.workbench.execute(_SQL["served"]).fetchall()
            }
            made = digest(repr(sorted(answers.items())))
        elif settings.deployed is None or why_not(context.models, settings):
            continue
        else:
            made = folder_digest(settings.deployed)
        asked = [ref for ref in texts if form != SERVED or ref in answers]
        refs = sorted(shuffled(asked, f"{context.seed}/artefact")[:PROMPTS])
        key = {"form": form, "deployed": made, "prompts": [[ref, texts[ref][1]] for ref in refs]}
        payload = (form, [(ref, texts[ref][0], *answers.get(ref, ("", None))) for ref in refs])
        shards.append(Shard(key, payload, len(refs)))
    return shards


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    form, asked = shard.payload
    settings = response_settings(context.settings)
    pair = generators(context.models)
    prompts = [prompt for _, prompt, *_ in asked]
    candidate = pair.generator("candidate")
    written = _greedy(candidate, prompts)
    if form == DEPLOYED:
        texts, found = _deployed(settings, candidate, prompts, written, context.models.device)
    else:
        served = [(text, logp) for _, _, text, logp in asked]
        texts, found = [text for text, _ in served], _served(candidate, prompts, written, served)
    noise = _noise(
        pair.generator("base"), candidate, settings if form == DEPLOYED else None, prompts, written
    )
    rows = [
        {
            "ref": ref,
            "form": form,
            "candidate": answer.text,
            "deployed": text,
            "differs": one.differs,
            "gap": one.mean,
            "largest": one.largest,
            "noise_differs": any(part.differs for part in parts),
            # Prompts without a token, whose answer is empty on both sides, have no noise either.
            "noise_gap": sum(part.mean or 0.0 for part in parts),
            "noise_largest": sum(part.largest or 0.0 for part in parts),
        }
        for (ref, *_), answer, text, one, parts in zip(asked, written, texts, found, noise, strict=True)
    ]
    return {"response_artefact": pa.Table.from_pylist(rows, _SCHEMA)}


def _greedy(generator: LoadedGenerator, prompts: Sequence[str]) -> list[Answer]:
    from analysis.models.generation import generate_answers

    return generate_answers(generator, [generator.prompt_ids(prompt) for prompt in prompts])


def compare(
    first: LoadedGenerator, second: LoadedGenerator, prompts: Sequence[str], written: Sequence[Answer]
) -> tuple[list[Answer], list[Compared]]:
    """The greedy answers of `second`, and how far it is from `first` on each prompt, along the answers of `first`.

    Each answers in its own template and with its own settings, as it does when it is deployed.
    """
    answers = _greedy(second, prompts)
    sides: dict[Side, LoadedGenerator] = {"base": first, "candidate": second}
    rows = [
        Continued({side: sides[side].prompt_ids(prompt) for side in SIDES}, answer.ids)
        for prompt, answer in zip(prompts, written, strict=True)
    ]
    found = [
        Compared(
            one.ids != other.ids or one.ended != other.ended, _apart(both.base_logp, both.candidate_logp)
        )
        for one, other, both in zip(written, answers, along(sides, rows), strict=True)
    ]
    return answers, found


def rerun(generator: LoadedGenerator, prompts: Sequence[str]) -> list[Compared]:
    """How far a generator is from itself: each prompt alone, and in a batch of copies that is read in other chunks."""
    from analysis.models.generation import generate_answers

    sides: dict[Side, LoadedGenerator] = dict.fromkeys(SIDES, generator)
    found = []
    for prompt in prompts:
        ids = generator.prompt_ids(prompt)
        (alone,) = generate_answers(generator, [ids])
        among = generate_answers(generator, [ids] * BATCH)[0]
        row = Continued(dict.fromkeys(SIDES, ids), alone.ids)
        (first,) = along(sides, [row], positions=POSITIONS)
        second = along(sides, [row] * BATCH, positions=CHUNK)[0]
        found.append(Compared(alone.ids != among.ids, _apart(first.base_logp, second.base_logp)))
    return found


def _apart(first: Any, second: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Absolute differences; two tokens that both models rule out are no apart."""
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(one == other, 0.0, np.abs(one - other))


def _deployed(
    settings: ResponseSettings,
    candidate: LoadedGenerator,
    prompts: Sequence[str],
    written: Sequence[Answer],
    device: str,
) -> tuple[list[str], list[Compared]]:
    from analysis.models.generation import load_generator

    folder = settings.deployed
    if folder is None:
        raise ValueError("no deployed folder is declared")
    # Loaded for this alone, so that it is gone before the copy for the noise is made.
    answers, found = compare(
        candidate, load_generator(deployed_head(settings), folder, device), prompts, written
    )
    return [one.text for one in answers], found


def _served(
    candidate: LoadedGenerator,
    prompts: Sequence[str],
    written: Sequence[Answer],
    served: Sequence[tuple[str, list[float] | None]],
) -> list[Compared]:
    """What the candidate says along the recorded answers, against what was recorded of their tokens."""
    sides: dict[Side, LoadedGenerator] = dict.fromkeys(SIDES, candidate)
    tokens = [response_tokens(candidate, text).ids for text, _ in served]
    rows = [
        Continued(dict.fromkeys(SIDES, candidate.prompt_ids(prompt)), ids if logp is not None else [])
        for prompt, ids, (_, logp) in zip(prompts, tokens, served, strict=True)
    ]
    found = []
    for answer, (text, logp), ids, own in zip(written, served, tokens, along(sides, rows), strict=True):
        count = len(own.base_logp)
        # A server may count the token that ends an answer; any other number is of other tokens.
        fits = logp is not None and len(logp) - len(ids) in (0, 1)
        gaps = _apart(own.base_logp, (logp or [])[:count]) if fits else np.zeros(0)
        found.append(Compared(not same_text(answer, text), gaps))
    return found


def same_text(answer: Answer, recorded: str) -> bool:
    """Whether a recorded text is an answer; of one that a limit cut, as far as both go."""
    own, other = answer.text.strip(), recorded.strip()
    if answer.ended == "length" and own and other:
        return own.startswith(other) or other.startswith(own)
    return own == other


def _noise(
    base: LoadedGenerator,
    candidate: LoadedGenerator,
    settings: ResponseSettings | None,
    prompts: Sequence[str],
    written: Sequence[Answer],
) -> list[tuple[Compared, Compared]]:
    """Base against base, and the candidate against its own merge, rounded as the form is."""
    from analysis.models.merged import merged_copy

    if settings is None or settings.deployed is None:
        copy = merged_copy(candidate, served=SERVED_DTYPE)
    else:
        copy = merged_copy(candidate, stored=stored_dtype(settings.deployed))
    _, rounded = compare(candidate, copy, prompts, written)
    return list(zip(rerun(base, prompts), rounded, strict=True))


def _summarise(context: PlanContext) -> dict[str, pa.Table]:
    settings = response_settings(context.settings)
    rows: list[Metric] = []
    for form in settings.forms:
        found = context.workbench.execute(_METRICS["artefact"], {"form": form}).fetchall()
        if found:
            rows += artefact_metrics(form, found)
        else:
            why = "no prompt of the review was answered by the served system"
            rows += _unknown(form, why if form == SERVED else why_not(context.models, settings))
    return {"metric": metric_table(rows)}


def _unknown(form: str, why: str) -> list[Metric]:
    names = ("artefact_answers", "artefact_logp", "artefact_largest")
    return [metric(name, form, "candidate", None, None, 0, "greedy answers", why=why) for name in names]


def artefact_metrics(form: str, rows: Sequence[tuple[Any, ...]]) -> list[Metric]:
    """The metrics of a form; the base's side is the noise, the difference what is beyond it.

    Args:
        form: `deployed` or `served`; it stands in the place of a slice.
        rows: of each prompt: differs, gap, largest, noise_differs, noise_gap, noise_largest; a gap is None where no
            log-probability is known.
    """
    n = len(rows)
    differs, noisy = (np.array([row[place] for row in rows], dtype=bool) for place in (0, 3))
    more, fewer = int((differs & ~noisy).sum()), int((noisy & ~differs).sum())
    method = f"greedy answers to {n} prompts drawn by the seed"
    found = [
        metric(
            "artefact_answers", form, side, hits / n, clopper_pearson(hits, n), n, f"{method}; exact interval"
        )
        for side, hits in zip(SIDES, (int(noisy.sum()), int(differs.sum())), strict=True)
    ]
    bounds = tango_interval(fewer, more, n)
    text = f"{method}; paired difference, Tango 95 %"
    found.append(metric("artefact_answers", form, "difference", (more - fewer) / n, bounds, n, text))
    sized = np.array([row[1:3] + row[4:6] for row in rows if row[1] is not None], dtype=np.float64)
    if not len(sized):
        why = "no log-probability of a token is known on both sides"
        return found + [one for one in _unknown(form, why) if one.name != "artefact_answers"]
    gap, largest, noise, noise_largest = sized.T
    text = "mean over the tokens of an answer, then over prompts; Student 95 %"
    means: dict[MetricSide, Any] = {"base": noise, "candidate": gap, "difference": gap - noise}
    for side, values in means.items():
        if np.isfinite(values).all():
            found.append(of_interval("artefact_logp", form, side, paired_mean_interval(values), text))
        else:
            found.append(metric("artefact_logp", form, side, None, None, len(values), text, why=NO_NUMBER))
    for side, values in zip(SIDES, (noise_largest, largest), strict=True):
        worst, why = float(values.max()), "" if np.isfinite(values).all() else NO_NUMBER
        found.append(
            metric("artefact_largest", form, side, worst, None, len(values), "over all tokens", why=why)
        )
    return found


ARTEFACT = Stage("response.artefact", 1, _plan, _run)
ARTEFACT_METRICS = Aggregate("response.artefact_metrics", 1, _summarise)
