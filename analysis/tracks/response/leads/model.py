"""Kind `model`: a Transformers folder of the user's reads each answer. Weights are data, nothing of theirs is run.

Tasks: `nli` (how far a premise entails a hypothesis), `classifier` (one label), `tokens` (labels of tokens, which are
spans), `reward` (one number, compared between the sides), `judge` (a causal model's yes or no, or which of two).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import SIDES, Side
from analysis.models.digest import folder_digest
from analysis.models.generator_config import inspect_generator
from analysis.models.load_head import HeadKind, LoadedHead, TaskHead, inspect_head, load_head, run_head
from analysis.models.threads import tune_threads
from analysis.tracks.response.detectors.contract import Found, Knowledge, Response
from analysis.tracks.response.english.sentences import Span
from analysis.tracks.response.leads.fill import PLACES, check_places, filled, places, values_of, windows
from analysis.tracks.response.leads.heads import sigmoid
from analysis.tracks.response.leads.judge import PAIR, judged, judged_pairs
from analysis.tracks.response.leads.settings import ModelSection, Task

HIT = 0.5
"""Score from which an answer counts as one that has what is looked for."""
_NOTHING = frozenset(("o", "0", "label_0", "none", "supported"))
"""Names of the label of tokens that have nothing, in small letters."""


@dataclass(frozen=True)
class ModelLead:
    """What reads the answers, and what it is given.

    Args:
        name: of the detector.
        task: what kind of model it is.
        folder: with safetensors.
        premise: template; for `nli` the text that entails, for `tokens` and `reward` what stands before the answer.
        hypothesis: template of what `nli` asks of the premise.
        label: name of the output that counts; for `nli` entailment if empty.
        template: what a `classifier` reads, the answer if empty; what a `judge` is asked.
    """

    name: str
    task: Task
    folder: Path
    premise: str = ""
    hypothesis: str = ""
    label: str = ""
    template: str = ""

    @property
    def given(self) -> tuple[str, str]:
        """Templates of the first and the second text; the second is empty where there is one."""
        if self.task == "nli":
            return self.premise or "{response}", self.hypothesis
        if self.task == "tokens":
            return (self.premise, "{response}") if self.premise else ("{response}", "")
        if self.task == "reward":
            return self.premise or "{prompt}", "{response}"
        return self.template or "{response}", ""

    @property
    def compares(self) -> bool:
        """Whether the score of an answer depends on that of the other side."""
        return self.task == "reward" or (
            self.task == "judge" and bool(set(PAIR) & set(places(self.template)))
        )


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


def model_lead(name: str, section: ModelSection) -> ModelLead:
    """The lead that a section of the review file declares."""
    texts = {key: getattr(section, key) or "" for key in ("premise", "hypothesis", "label", "template")}
    return ModelLead(name, section.task, section.folder, **texts)


def lead_key(spec: ModelLead) -> dict[str, Any]:
    """What the scores are determined by beside the answers, as plain data. Raises AssayError."""
    texts = [spec.premise, spec.hypothesis, spec.label, spec.template]
    return {"task": spec.task, "folder": folder_digest(spec.folder), "texts": texts}


def check_model_lead(spec: ModelLead, answers: int = 0, where: str | None = None) -> list[str]:
    """Check the folder and the templates without loading a model, and say what it is and what it costs.

    Args:
        spec: of the lead.
        answers: how many will be read, of both sides; 0 where that is not known.
        where: place of the section that declares it.

    Raises:
        AssayError: a folder that is not safe or of another kind of model, a label that it does not have, a template
            with an unknown name, or without the answer.
    """
    _check_templates(spec, where)
    if spec.task == "judge":
        generator = inspect_generator(spec.folder)
        size, longest, outputs = generator.parameters, generator.max_positions, list(generator.notes)
    else:
        head = inspect_head(spec.folder, _kind(spec))
        size, longest = head.parameters, head.max_length
        outputs = [] if spec.task == "reward" else [f"labels {', '.join(head.labels)}"]
        outputs += _read_as(spec, head, where)
    reach = "no limit of length" if longest is None else f"up to {longest:,} tokens at once"
    asked = "each pair is read in both orders" if spec.task == "judge" and spec.compares else "one an answer"
    passes = f"about {answers:,} forward passes" if answers else "forward passes"
    return [
        f"{spec.name}: {spec.task}, {size:,} parameters, {reach}",
        *(f"{spec.name}: {one}" for one in outputs),
        f"{spec.name}: {passes}, {asked}, and more where answers are longer than it reads",
    ]


def _check_templates(spec: ModelLead, where: str | None) -> None:
    known = (*PLACES, *PAIR) if spec.task == "judge" else PLACES
    for key in ("premise", "hypothesis", "template"):
        check_places(f"{spec.name}: {key}", getattr(spec, key), known, where)
    needs = {"nli": "hypothesis", "classifier": "label", "judge": "template"}.get(spec.task)
    if needs and not getattr(spec, needs).strip():
        raise AssayError(
            f"{spec.name}: {spec.task} needs {needs}", where=where, hint=f"add {needs} = ... to its section"
        )
    used = {name for text in spec.given for name in places(text)}
    pair = used & set(PAIR)
    if pair and (len(pair) < 2 or "response" in used):
        raise AssayError(
            f"{spec.name}: template must hold {{first}} and {{second}}, or {{response}} alone", where=where
        )
    if not pair and "response" not in used:
        raise AssayError(
            f"{spec.name}: nothing in its templates is the answer",
            where=where,
            hint="write {response} where it belongs",
        )
    if all("response" in places(text) for text in spec.given):
        raise AssayError(f"{spec.name}: premise and hypothesis both hold {{response}}", where=where)


def _kind(spec: ModelLead) -> HeadKind:
    return "tokens" if spec.task == "tokens" else "text"


def _read_as(spec: ModelLead, head: TaskHead, where: str | None) -> list[str]:
    """Which outputs count, in words. Raises AssayError."""
    if spec.task == "reward":
        if len(head.labels) != 1:
            raise AssayError(
                f"{spec.name}: a reward model has one output, and this one has {len(head.labels)}",
                where=where or str(spec.folder),
                hint='use task = "classifier" with one of its labels',
            )
        return ["one number, compared between the sides of a prompt"]
    if spec.task != "tokens" and len(head.labels) == 1 and not head.independent:
        raise AssayError(
            f"{spec.name}: the model has one output, which is no probability of a label",
            where=where or str(spec.folder),
            hint='use task = "reward"',
        )
    named = [head.labels[index] for index in chosen_outputs(spec, head.labels, where)]
    return [f"{' and '.join(named)} counts"]


def chosen_outputs(spec: ModelLead, labels: Sequence[str], where: str | None = None) -> list[int]:
    """The outputs whose probability is the score, by `label` or by what their names say. Raises AssayError."""
    low = [name.casefold() for name in labels]
    wanted = spec.label.casefold()
    if spec.task == "tokens":
        # Spans are often labelled in two parts, B- for where one begins and I- for the rest of it.
        low = [name[2:] if name[:2] in ("b-", "i-") else name for name in low]
        found = [
            index for index, name in enumerate(low) if (name == wanted if wanted else name not in _NOTHING)
        ]
        if not wanted and len(found) == len(labels):
            found = []
    elif spec.task == "nli" and not wanted:
        found = [index for index, name in enumerate(low) if name in ("entailment", "entail", "entails")]
    else:
        found = [index for index, name in enumerate(low) if name == wanted]
    if found and (spec.task == "tokens" or len(found) == 1):
        return found
    said = f"has no label {spec.label!r}" if wanted else "has no label that says which output counts"
    raise AssayError(
        f"{spec.name}: the model {said}",
        where=where or str(spec.folder / "config.json"),
        hint=suggest(spec.label, labels)
        if wanted
        else f"name it with label = ...; labels: {', '.join(labels)}",
    )


def model_scores(
    spec: ModelLead,
    responses: Sequence[Response],
    knowledge: Knowledge,
    device: str,
    batch: int | None = None,
) -> list[Reading]:
    """What the model says of each answer, in their order; the offsets of spans are into the answers given.

    A long answer is read in windows that overlap and has the score of its highest; what does not fit even so, or lacks
    what a template asks for, is not read and says why. A `reward` or a `judge` of pairs reads only answers whose other
    side is there.

    Args:
        spec: of the lead.
        responses: as they are read, of both sides.
        knowledge: with the policy.
        device: `cpu`, `cuda` or `cuda:N`.
        batch: tokens that the model is given at once; by the device if not given.

    Raises:
        AssayError: what `check_model_lead` raises, weights that do not fit, or a device that is not there.
    """
    _check_templates(spec, None)
    missing = [_missing(spec, one, knowledge) for one in responses]
    rows = [row for row, why in enumerate(missing) if not why]
    some = [responses[row] for row in rows]
    if not some:
        read: list[Reading] = []
    elif spec.task == "judge":
        read = _judged(spec, some, knowledge, device, batch)
    else:
        head = inspect_head(spec.folder, _kind(spec))
        _read_as(spec, head, None)
        tune_threads(head.parameters)
        loaded = load_head(head, spec.folder, _kind(spec), device)
        read = _Reader(spec, loaded, batch).read(some, knowledge)
    readings = [Reading(None, (), why) for why in missing]
    for row, reading in zip(rows, read, strict=True):
        readings[row] = reading
    return readings


def _missing(spec: ModelLead, response: Response, knowledge: Knowledge) -> str:
    """Why the answer cannot be read for want of something, or nothing."""
    values = values_of(response, knowledge)
    if not values["response"].strip():
        return "the answer is empty"
    absent = [name for text in spec.given for name in places(text) if not values.get(name, "-").strip()]
    return f"no {absent[0]} to read it with" if absent else ""


def other_sides(responses: Sequence[Response]) -> dict[int, int]:
    """Place of each answer -> place of the other side's answer to the same prompt, where both are there."""
    at: dict[tuple[str, Side], int] = {(one.ref, one.side): row for row, one in enumerate(responses)}
    base, candidate = SIDES
    pairs = [
        (row, at[ref, candidate])
        for (ref, side), row in at.items()
        if side == base and (ref, candidate) in at
    ]
    return {**dict(pairs), **{second: first for first, second in pairs}}


_ALONE = Reading(None, (), "the other side's answer is missing or was not read")


def _judged(
    spec: ModelLead, responses: Sequence[Response], knowledge: Knowledge, device: str, batch: int | None
) -> list[Reading]:
    head = inspect_generator(spec.folder)
    tune_threads(head.parameters)
    values = [values_of(one, knowledge) for one in responses]
    if not spec.compares:
        return [
            _window_reading(spec, responses[row].text, told)
            for row, told in enumerate(judged(head, spec.folder, spec.template, values, device, batch))
        ]
    others = other_sides(responses)
    pairs = [
        (row, others[row]) for row, one in enumerate(responses) if one.side == SIDES[0] and row in others
    ]
    given = [
        ({**values[base], "first": values[base]["response"], "second": values[candidate]["response"]})
        for base, candidate in pairs
    ]
    readings = [_ALONE] * len(responses)
    for (base, candidate), score in zip(
        pairs, judged_pairs(head, spec.folder, spec.template, given, device, batch), strict=True
    ):
        unread = "prompt and both answers are longer than the model reads"
        readings[base] = Reading(score, (), "" if score is not None else unread)
        readings[candidate] = Reading(None if score is None else 1 - score, (), readings[base].why)
    return readings


def _window_reading(spec: ModelLead, text: str, told: Sequence[tuple[Span, float]] | None) -> Reading:
    """The highest window's score, with the window as a span where it counts."""
    if told is None:
        return Reading(None, (), "what stands beside the answer leaves no room for it")
    span, score = max(told, key=lambda one: one[1])
    said = spec.label or ("yes" if spec.task == "judge" else "entailment")
    why = f"{spec.name} says {said!r} of this with {score:.2f}"
    found = Found(span.start, span.end, spec.label or spec.name, why, counts=True)
    return Reading(score, (found,) if score >= HIT and text else ())


@dataclass(frozen=True)
class _Reader:
    """A loaded model with a head, and what it is given."""

    spec: ModelLead
    loaded: LoadedHead
    batch: int | None

    def read(self, responses: Sequence[Response], knowledge: Knowledge) -> list[Reading]:
        cut = [self._windows(one.text, values_of(one, knowledge)) for one in responses]
        parts: list[tuple[int, Span, Any]] = []
        for row, (one, spans) in enumerate(zip(responses, cut, strict=True)):
            values = values_of(one, knowledge)
            parts += [
                (row, span, self._encoded({**values, "response": span.of(one.text)})) for span in spans or ()
            ]
        names = self.loaded.tokenizer.model_input_names
        inputs = [{name: list(one[name]) for name in names if name in one} for _, _, one in parts]
        logits = run_head(self.loaded, inputs, self.batch)
        by_row: dict[int, list[tuple[Span, Any, NDArray[np.float32]]]] = {}
        for (row, span, encoded), said in zip(parts, logits, strict=True):
            by_row.setdefault(row, []).append((span, encoded, said))
        return self._readings(responses, by_row)

    def _windows(self, text: str, values: Mapping[str, str]) -> list[Span] | None:
        def length(part: str) -> int:
            return len(self._encoded({**values, "response": part})["input_ids"])

        found = windows(self.loaded.tokenizer, text, length, self.loaded.head.max_length)
        # The answers of a reward are compared as wholes.
        return None if self.spec.task == "reward" and found and len(found) > 1 else found

    def _encoded(self, values: Mapping[str, str]) -> Any:
        texts = [filled(text, values) for text in self.spec.given if text]
        tokenizer: Any = self.loaded.tokenizer
        return tokenizer(*texts, return_offsets_mapping=True)

    def _readings(
        self, responses: Sequence[Response], by_row: Mapping[int, list[tuple[Span, Any, NDArray[np.float32]]]]
    ) -> list[Reading]:
        spec, head = self.spec, self.loaded.head
        if spec.task == "reward":
            return _rewarded(responses, {row: float(parts[0][2][0]) for row, parts in by_row.items()})
        outputs = chosen_outputs(spec, head.labels)
        share = partial(_share, outputs=outputs, independent=head.independent)
        if spec.task == "tokens":
            unread = _window_reading(spec, "", None)
            return [
                _marked(spec, responses[row].text, by_row[row], share) if row in by_row else unread
                for row in range(len(responses))
            ]
        told = {row: [(span, float(share(said))) for span, _, said in parts] for row, parts in by_row.items()}
        named = replace(spec, label=head.labels[outputs[0]])
        return [_window_reading(named, one.text, told.get(row)) for row, one in enumerate(responses)]


def _share(logits: NDArray[np.float32], outputs: list[int], independent: bool) -> Any:
    """Probability of the outputs that count, float64 over all but the last axis; the highest of independent ones."""
    exact = logits.astype(np.float64)
    if independent:
        return sigmoid(exact[..., outputs]).max(axis=-1)
    grown = np.exp(exact - exact.max(axis=-1, keepdims=True))
    return (grown / grown.sum(axis=-1, keepdims=True))[..., outputs].sum(axis=-1)


def _rewarded(responses: Sequence[Response], rewards: Mapping[int, float]) -> list[Reading]:
    others = other_sides(responses)
    readings = [_ALONE] * len(responses)
    for row, reward in rewards.items():
        if others.get(row) in rewards:
            readings[row] = Reading(float(sigmoid(np.array(reward - rewards[others[row]]))))
    return readings


def _marked(
    spec: ModelLead, text: str, parts: Sequence[tuple[Span, Any, NDArray[np.float32]]], share: Any
) -> Reading:
    """Runs of tokens whose label counts, as spans of the answer; the score is that of the surest token."""
    answer = 1 if spec.premise else 0
    sure = np.zeros(len(text))
    for window, encoded, said in parts:
        places_of = zip(encoded.sequence_ids(0), encoded["offset_mapping"], share(said).tolist(), strict=True)
        for sequence, (start, end), chance in places_of:
            if sequence == answer and end > start:
                here = slice(window.start + start, window.start + end)
                # Read in two windows, a token is what the surer of them says.
                sure[here] = np.maximum(sure[here], chance)
    spans = _runs(text, sure >= HIT)
    label = spec.label or spec.name
    found = tuple(
        Found(start, end, label, f"{spec.name} marks this with {sure[start:end].max():.2f}", counts=True)
        for start, end in spans
    )
    return Reading(float(sure.max(initial=0.0)), found)


def _runs(text: str, marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Spans of marked characters, white space between two of them marked too."""
    spans: list[tuple[int, int]] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    for start, end in edges.reshape(-1, 2).tolist():
        if spans and not text[spans[-1][1] : start].strip():
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
