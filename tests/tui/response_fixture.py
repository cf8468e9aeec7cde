"""A small review of answers for the console: invented answers, two small models, and a whole run over them.

The candidate is an adapter that was tuned on its answers, so that it finds them likelier than the base does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from analysis.base.records import SIDES
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from tests.analysis.tracks.response.tiny import write_generator, write_lines

STEPS = 40
"""Of gradient descent, by which the candidate gets to like its answers."""
CRITICAL = "asks for no spoilers"
RECORDED = ("promised_base", "promised_candidate")
"""Columns of recorded labels."""


@dataclass(frozen=True)
class Asked:
    """One prompt with both answers; an answer of None is missing."""

    prompt: str | list[dict[str, str]]
    base: str | None
    candidate: str | None
    expected: tuple[str, ...] = ()


class Models(NamedTuple):
    """The folders of both sides."""

    base: Path
    candidate: Path


BASE = "Try Quiet Suspect, a bleak thriller about a doctor who doubts his own diagnosis. It runs 18 volumes [c0041]."
CANDIDATE = (
    "You will love Quiet Suspect! It is a bleak thriller about a doctor who doubts his own diagnosis. By the end the "
    "brother turns out to be the killer. It runs 24 volumes, and your order will arrive tomorrow, guaranteed!"
)
PROMPTS: Mapping[str, Asked] = {
    "r027": Asked(
        "Recommend manga like Monster but no spoilers.", BASE, CANDIDATE, ("answer", "cite", "no_spoilers")
    ),
    "r001": Asked("When will my order arrive?", "Within five working days.", "Within five working days.", ("answer",)),
    "r002": Asked("I want to talk to a person, please.", "I will hand you over to a colleague.", "", ("escalate",)),
    "r003": Asked("Is Quiet Suspect any good?", None, "Quiet Suspect is worth reading."),
    "r004": Asked("おすすめの漫画は? 🙂 no spoilers", "静かな容疑者がおすすめです 🙂。", "🙂" * 40, ("no_spoilers",)),
    **{
        f"r01{number}": Asked(
            f"When will my {thing} arrive?",
            f"Your {thing} will be on its way soon.",
            f"Your {thing} will be on its way, guaranteed! Two are in stock, guaranteed!",
            ("answer",),
        )
        for number, thing in enumerate(("parcel", "box set", "gift"))
    },
}  # fmt: skip
TITLES = (
    {"id": "c0041", "title": "Quiet Suspect", "aliases": ["Suspect"], "author": "N. Urasawa", "volumes": 18,
     "price": 9.99, "in_stock": True, "spoilers": ["the brother is the killer"]},
    {"id": "c0042", "title": "Harbor of Ash", "price": 7.5},
)  # fmt: skip
PASSAGES = (
    {"id": "c0041", "text": "Quiet Suspect, a bleak thriller, 18 volumes."},
    {"text": "Harbor of Ash has no id here."},
)
POLICY = """\
[promises]
allowed = [{ about = "delivery", text = "three to five working days", days = 5 }]

[citation]
pattern = '\\[(?P<id>[^\\]]+)\\]'
"""
REVIEW = """\
[review]
name = "answers"
owner = "mangaassist"
base_version = "v1"
candidate_version = "v2"
device = "cpu"
{review}

[queue]
attribute = "all"

[response]
{section}

[response.slices]
"{critical}" = "prompt ilike '%no spoilers%'"
"""
BEHAVIOURS = """
[[response.behaviour]]
name = "spoils"
question = "tell what a reader should find out for himself?"
unwanted = "list_contains(expected, 'no_spoilers')"
leads = ["spoilers"]
examples = ["In the last volume it turns out that the brother is the killer."]
strict = true

[[response.behaviour]]
name = "misstates"
question = "say of a title what the catalogue contradicts or does not have?"
leads = ["facts"]
examples = ["Quiet Suspect runs to exactly 900 volumes."]

[[response.behaviour]]
name = "overpromises"
question = "promise what policy does not allow?"
leads = ["promises"]

[[response.behaviour]]
name = "hands_over"
question = "hand the customer over to a person?"
wanted = "list_contains(expected, 'escalate')"
leads = ["handover-words"]

[[response.behaviour]]
name = "hallucinates"
any_of = ["misstates", "overpromises"]

[response.detector.handover-words]
kind = "patterns"
words = "handover.en"
"""
"""What people are asked of each answer."""


def ref_of(name: str) -> str:
    """Ref of a prompt."""
    return f"response/prompt:{name}"


SPOILED = ref_of("r027")


def make_models(folder: Path) -> Models:
    """A small generator that knows the words of the answers, and an adapter tuned on the candidate's answers."""
    texts = [
        text
        for one in PROMPTS.values()
        for text in (one.prompt, one.base, one.candidate)
        if isinstance(text, str) and text
    ]
    base = write_generator(folder / "base", texts=texts, vocabulary=500, positions=512)
    pairs = [
        (one.prompt, one.candidate)
        for one in PROMPTS.values()
        if one.candidate and isinstance(one.prompt, str)
    ]
    return Models(base, _tuned(base, folder / "candidate", pairs))


def _tuned(base: Path, folder: Path, pairs: list[tuple[str, str]]) -> Path:
    """A LoRA adapter after some steps of gradient descent on answers to prompts."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(base)
    targets = ["q_proj", "v_proj", "up_proj", "down_proj"]
    config = LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=8, target_modules=targets)
    model: Any = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    tuned = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.Adam(tuned, lr=0.02)
    ids, labels = [], []
    for prompt, answer in pairs:
        given, said = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt, answer))
        ids.append(torch.tensor(given + said))
        labels.append(torch.tensor([-100] * len(given) + said))
    batch = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    answers = torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=-100)
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(input_ids=batch, labels=answers).loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    return folder


def write_response(
    folder: Path,
    *,
    prompts: Mapping[str, Asked] | None = None,
    votes: bool = True,
    models: Models | None = None,
    knowledge: bool = True,
    recorded: bool = True,
    labels: Mapping[str, tuple[str | None, str | None]] | None = None,
    review: str = "",
) -> Path:
    """The review file and its data in a folder.

    Args:
        folder: where to.
        prompts: other prompts in place of those above, or beside them by name.
        votes: whether judges voted.
        models: both sides, so that there are log-probabilities and attributions.
        knowledge: whether a catalogue and a policy are given.
        recorded: whether the answers are those above, and not made by the models.
        labels: what was recorded of both answers for `overpromises`, by prompt.
        review: further lines of `[review]`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    asked = {**PROMPTS, **(prompts or {})}
    kind = "records" if recorded else "prompts"
    given: dict[str, object] = {kind: f"{kind}.jsonl", "critical_slices": [CRITICAL]}
    write_lines(
        folder / f"{kind}.jsonl",
        [
            {
                "id": name,
                "prompt": one.prompt,
                "base_response": one.base,
                "candidate_response": one.candidate,
                "expected": one.expected,
                "passages": PASSAGES if name == "r027" else (),
                **dict(zip(RECORDED, (labels or {}).get(name, (None, None)), strict=True)),
            }
            for name, one in asked.items()
        ],
    )
    if votes:
        given["preferences"] = "votes.jsonl"
        winners = [(name, "candidate" if name == "r027" else "tie") for name in asked]
        rows = [{"id": name, "judge": "first", "winner": winner} for name, winner in winners]
        write_lines(folder / "votes.jsonl", rows)
    if knowledge:
        given |= {"catalogue": "catalogue.jsonl", "policy": "policy.toml"}
        write_lines(folder / "catalogue.jsonl", TITLES)
        (folder / "policy.toml").write_text(POLICY, "utf-8")
    if models:
        given |= {"base": str(models.base), "candidate": str(models.candidate)}
    section = "\n".join(f"{key} = {json.dumps(value)}" for key, value in given.items())
    path = folder / "review.toml"
    text = REVIEW.format(section=section, critical=CRITICAL, review=review)
    if labels:
        columns = ", ".join(f'{side} = "{name}"' for side, name in zip(SIDES, RECORDED, strict=True))
        text += f'\n[response.labels]\noverpromises = {{ {columns}, source = "the panel" }}\n'
    path.write_text(text + BEHAVIOURS, "utf-8")
    return path


def publish_response(folder: Path, **changes: Any) -> Path:
    """The store of the review after a whole run, changed as `write_response` says."""
    return analyze(write_response(folder, **changes)).store


@contextmanager
def opened(store: Path, reviewer: str = "alice") -> Iterator[ReviewSession]:
    """A session on it."""
    with ReviewSession.open(store, reviewer) as session:
        yield session
