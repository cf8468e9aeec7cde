"""Kind `model`: a Transformers folder of the user's reads each answer. Weights are data, nothing of theirs is run.

Tasks: `nli` (how far a premise entails a hypothesis), `classifier` (one label), `tokens` (labels of tokens, which are
spans), `reward` (one number, compared between the sides), `judge` (a causal model's yes or no, or which of two).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import SIDES
from analysis.models.digest import folder_digest
from analysis.models.generation import load_generator
from analysis.models.generator_config import inspect_generator
from analysis.models.load_head import HeadKind, TaskHead, inspect_head, load_head, run_head
from analysis.models.threads import tune_threads
from analysis.tracks.response.detectors.contract import Found, Knowledge, Response
from analysis.tracks.response.english.sentences import Span
from analysis.tracks.response.leads.fill import PLACES, check_places, filled, places, values_of, windowed
from analysis.tracks.response.leads.judge import PAIR, judged, judged_pairs
from analysis.tracks.response.leads.settings import ModelSection

HIT = 0.5
"""Score from which an answer counts as one that has what is looked for."""
_NOTHING = frozenset(("o", "0", "label_0", "none", "supported"))
"""Names of the label of tokens that have nothing, in small letters."""
_ENTAILS = ("entailment", "entail", "entails")
_NO_ROOM = "what stands beside the answer leaves no room for it"
_TOO_LONG = "prompt and both answers are longer than the model reads"
_ALONE = "the other side's answer is missing or was not read"


@dataclass(frozen=True)
class ModelLead:
    """What reads the answers: the name of the detector, the section that declares it, and where that stands."""

    name: str
    section: ModelSection
    where: str | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """Templates of the text, or of the two texts, that the model is given."""
        one = self.section
        texts = {
            "nli": (one.premise or "{response}", one.hypothesis),
            "tokens": (one.premise, "{response}"),
            "reward": (one.premise or "{prompt}", "{response}"),
        }.get(one.task, (one.template or "{response}",))
        return tuple(text for text in texts if text)

    @property
    def compares(self) -> bool:
        """Whether the score of an answer depends on that of the other side."""
        return self.section.task == "reward" or bool(set(PAIR) & self.named)

    @property
    def named(self) -> set[str]:
        """The names that are filled in."""
        return {name for text in self.given for name in places(text)}

    @property
    def head_kind(self) -> HeadKind:
        return "tokens" if self.section.task == "tokens" else "text"

    def wrong(self, message: str, hint: str | None = None, file: str = "") -> AssayError:
        """What is wrong, at the section that declares the lead or else in a file of its folder."""
        where = self.where or str(self.section.folder / file)
        return AssayError(f"{self.name}: {message}", where=where, hint=hint)


@dataclass(frozen=True)
class Reading:
    """What a model says of one answer.

    Args:
        score: in [0, 1]; None where it could not read it.
        found: spans, or the window that the score is of.
        why: it could not, for people; empty where it could.
    """

    score: float | None
    found: tuple[Found, ...] = ()
    why: str = ""


def lead_key(lead: ModelLead) -> dict[str, Any]:
    """What the scores are determined by beside the answers, as plain data. Raises AssayError."""
    one = lead.section
    texts = [text or "" for text in (one.premise, one.hypothesis, one.label, one.template)]
    return {"task": one.task, "folder": folder_digest(one.folder), "texts": texts}


def check_model_lead(lead: ModelLead) -> list[str]:
    """Check the folder and the templates without loading a model, and say what it is and what it costs.

    Raises:
        AssayError: a folder that is not safe or of another kind of model, a label that it does not have, a template
            with an unknown name, or without the answer.
    """
    _check_templates(lead)
    task = lead.section.task
    if task == "judge":
        generator = inspect_generator(lead.section.folder)
        size, longest, notes = generator.parameters, generator.max_positions, list(generator.notes)
    else:
        head = inspect_head(lead.section.folder, lead.head_kind)
        size, longest = head.parameters, head.max_length
        counting = [head.labels[index] for index in counting_outputs(lead, head)]
        notes = [f"labels {', '.join(head.labels)}", f"{' and '.join(counting)} counts"]
        if task == "reward":
            notes = ["one number, compared between the sides of a prompt"]
    reach = "no limit of length" if longest is None else f"up to {longest:,} tokens at once"
    asked = "each pair is read in both orders" if task == "judge" and lead.compares else "one an answer"
    notes = [f"{task}, {size:,} parameters, {reach}", *notes]
    notes.append(f"forward passes: {asked}, and more where answers are longer than it reads")
    return [f"{lead.name}: {note}" for note in notes]


def _check_templates(lead: ModelLead) -> None:
    known = (*PLACES, *PAIR) if lead.section.task == "judge" else PLACES
    for key in ("premise", "hypothesis", "template"):
        check_places(f"{lead.name}: {key}", getattr(lead.section, key) or "", known, lead.where)
    pair = lead.named & set(PAIR)
    if pair and (len(pair) < 2 or "response" in lead.named):
        raise lead.wrong("template must hold {first} and {second}, or {response} alone")
    if not pair and "response" not in lead.named:
        raise lead.wrong("nothing in its templates is the answer", "write {response} where it belongs")
    if sum("response" in places(text) for text in lead.given) > 1:
        raise lead.wrong("premise and hypothesis both hold {response}")


def counting_outputs(lead: ModelLead, head: TaskHead) -> list[int]:
    """The outputs whose probability is the score, by `label` or by what their names say. Raises AssayError."""
    task, label, labels = lead.section.task, lead.section.label, head.labels
    if task == "reward":
        if len(labels) == 1:
            return [0]
        hint = 'use task = "classifier" with one of its labels'
        raise lead.wrong(f"a reward model has one output, and this one has {len(labels)}", hint)
    if task != "tokens" and len(labels) == 1 and not head.independent:
        message = "the model has one output, which is no probability of a label"
        raise lead.wrong(message, 'use task = "reward"')
    low = [name.casefold() for name in labels]
    if task == "tokens":
        # Spans are often labelled in two parts, B- for where one begins and I- for the rest of it.
        low = [name[2:] if name[:2] in ("b-", "i-") else name for name in low]
    if label or task != "tokens":
        wanted = (label.casefold(),) if label else _ENTAILS
        found = [index for index, name in enumerate(low) if name in wanted]
    else:
        found = [index for index, name in enumerate(low) if name not in _NOTHING]
        found = found if len(found) < len(labels) else []
    if len(found) == 1 or (found and task == "tokens"):
        return found
    if label:
        raise lead.wrong(f"the model has no label {label!r}", suggest(label, labels), "config.json")
    hint = f"name it with label = ...; labels: {', '.join(labels)}"
    raise lead.wrong("the model has no label that says which output counts", hint, "config.json")


def model_scores(
    lead: ModelLead, responses: Sequence[Response], knowledge: Knowledge, device: str
) -> list[Reading]:
    """What the model says of each answer, in their order; the offsets of spans are into the answers given.

    A long answer is read in windows that overlap and has the score of its highest; what does not fit even so, or lacks
    what a template asks for, is not read and says why. A `reward` or a `judge` of pairs reads only answers whose other
    side is there.

    Args:
        lead: what reads.
        responses: as they are read, of both sides.
        knowledge: with the policy.
        device: `cpu`, `cuda` or `cuda:N`.

    Raises:
        AssayError: what `check_model_lead` raises, weights that do not fit, or a device that is not there.
    """
    _check_templates(lead)
    values = [values_of(one, knowledge) for one in responses]
    readings = [Reading(None, (), _missing(lead, one)) for one in values]
    rows = [row for row, one in enumerate(readings) if not one.why]
    if rows:
        read = _judged if lead.section.task == "judge" else _read_by_head
        some, given = [responses[row] for row in rows], [values[row] for row in rows]
        for row, reading in zip(rows, read(lead, some, given, device), strict=True):
            readings[row] = reading
    return readings


def _missing(lead: ModelLead, values: Mapping[str, str]) -> str:
    """Why an answer cannot be read for want of something, or nothing."""
    if not values["response"].strip():
        return "the answer is empty"
    absent = sorted(name for name in lead.named if not values.get(name, "-").strip())
    return f"no {absent[0]} to read it with" if absent else ""


def _judged(
    lead: ModelLead, responses: Sequence[Response], values: Sequence[Mapping[str, str]], device: str
) -> list[Reading]:
    head = inspect_generator(lead.section.folder)
    tune_threads(head.parameters)
    judge, template = load_generator(head, lead.section.folder, device), lead.section.template or ""
    if not lead.compares:
        return [_top_window(lead, told) for told in judged(judge, template, values)]
    pairs = pairs_of(responses)
    given = [
        {**values[base], "first": values[base]["response"], "second": values[candidate]["response"]}
        for base, candidate in pairs
    ]
    scores = dict(zip(pairs, judged_pairs(judge, template, given), strict=True))
    return _compared(len(responses), scores)


def _read_by_head(
    lead: ModelLead, responses: Sequence[Response], values: Sequence[Mapping[str, str]], device: str
) -> list[Reading]:
    head = inspect_head(lead.section.folder, lead.head_kind)
    outputs = counting_outputs(lead, head)
    tune_threads(head.parameters)
    loaded = load_head(head, lead.section.folder, lead.head_kind, device)
    tokenizer: Any = loaded.tokenizer

    def encode(one: Mapping[str, str]) -> Any:
        return tokenizer(*(filled(text, one) for text in lead.given), return_offsets_mapping=True)

    def logits(given: Sequence[Any]) -> list[NDArray[np.float32]]:
        names = tokenizer.model_input_names
        return run_head(loaded, [{name: list(one[name]) for name in names if name in one} for one in given])

    told = windowed(tokenizer, values, encode, logits, head.max_length)
    if lead.section.task == "reward":
        # The answers of a reward are compared as wholes.
        rewards = {row: float(one[0][2][0]) for row, one in enumerate(told) if len(one) == 1}
        read = [(base, other) for base, other in pairs_of(responses) if {base, other} <= set(rewards)]
        return _compared(
            len(responses),
            {(base, other): float(expit(rewards[base] - rewards[other])) for base, other in read},
        )
    share = partial(_share, outputs=outputs, independent=head.independent)
    if lead.section.task == "tokens":
        return [_marked(lead, one.text, some, share) for one, some in zip(responses, told, strict=True)]
    label = head.labels[outputs[0]]
    return [_top_window(lead, [(span, float(share(said))) for span, _, said in some], label) for some in told]


def pairs_of(responses: Sequence[Response]) -> list[tuple[int, int]]:
    """The places of the base's and the candidate's answer to each prompt, where both are there."""
    at = {(one.ref, one.side): row for row, one in enumerate(responses)}
    base, candidate = SIDES
    return [
        (row, at[ref, candidate])
        for (ref, side), row in at.items()
        if side == base and (ref, candidate) in at
    ]


def _compared(answers: int, scores: Mapping[tuple[int, int], float | None]) -> list[Reading]:
    """How far each answer of a pair is preferred to the other; what is in no pair is not read."""
    readings = [Reading(None, (), _ALONE)] * answers
    for (base, candidate), score in scores.items():
        both = (None, None) if score is None else (score, 1 - score)
        for row, own in zip((base, candidate), both, strict=True):
            readings[row] = Reading(own, (), _TOO_LONG if own is None else "")
    return readings


def _top_window(lead: ModelLead, told: Sequence[tuple[Span, float]], label: str = "") -> Reading:
    """The highest window's score, with the window as a span where it counts."""
    if not told:
        return Reading(None, (), _NO_ROOM)
    span, score = max(told, key=lambda one: one[1])
    why = f"{lead.name} says {label or 'yes'!r} of this with {score:.2f}"
    found = Found(span.start, span.end, label or lead.name, why, counts=True)
    return Reading(score, (found,) if score >= HIT else ())


def _share(logits: NDArray[np.float32], outputs: list[int], independent: bool) -> Any:
    """Probability of the outputs that count, float64 over all but the last axis; the highest of independent ones."""
    exact = logits.astype(np.float64)
    if independent:
        return expit(exact[..., outputs]).max(axis=-1)
    return softmax(exact, axis=-1)[..., outputs].sum(axis=-1)


def _marked(
    lead: ModelLead, text: str, told: Sequence[tuple[Span, Any, NDArray[np.float32]]], share: Any
) -> Reading:
    """Runs of tokens whose label counts, as spans of the answer; the score is that of the surest token."""
    if not told:
        return Reading(None, (), _NO_ROOM)
    sure = np.zeros(len(text))
    for window, encoded, said in told:
        tokens = zip(encoded.sequence_ids(0), encoded["offset_mapping"], share(said).tolist(), strict=True)
        for sequence, (start, end), chance in tokens:
            # The answer is the last of the texts that the model is given.
            if sequence == len(lead.given) - 1 and end > start:
                here = slice(window.start + start, window.start + end)
                # Read in two windows, a token is what the surer of them says.
                sure[here] = np.maximum(sure[here], chance)
    found = []
    for start, end in _runs(text, sure >= HIT):
        why = f"{lead.name} marks this with {sure[start:end].max():.2f}"
        found.append(Found(start, end, lead.section.label or lead.name, why, counts=True))
    return Reading(float(sure.max(initial=0.0)), tuple(found))


def _runs(text: str, marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Spans of marked characters, white space between two of them marked too."""
    shown = "".join(
        "x" if on else " " if char.isspace() else "." for char, on in zip(text, marked, strict=True)
    )
    return [match.span() for match in re.finditer(r"x(?:[x ]*x)?", shown)]
