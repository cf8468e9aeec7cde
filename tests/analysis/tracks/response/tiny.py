"""A small response review: twenty-four records, a catalogue of six titles, a policy, votes, two random models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.tracks.response.settings import ResponseSettings

TITLES = ("Quiet Suspect", "Cold Harbor", "Tofu Wars", "Lantern Street", "Moss Garden", "Home")
ASKS = (
    ("recommend manga like {} but no spoilers", "recommendation", ["answer", "no_spoilers"]),
    ("how many volumes does {} have", "facts", ["answer"]),
    ("when will my copy of {} arrive", "delivery", ["answer", "cite"]),
    ("can a real person help me with {}", "escalation", ["escalate"]),
)
POLICY = """\
[promises]
allowed = [
    { about = "delivery", text = "Orders arrive within five working days.", days = 5 },
    { about = "refund", text = "A damaged volume is refunded within fourteen days.", days = 14, amount = 50 },
]

[escalation]
phrases = ["hand you over to a colleague"]

[refusal]
phrases = ["I am not able to help with that"]

[citation]
pattern = '\\[(?P<id>[a-z]\\d+)\\]'

[spoilers]
words = ["turns out to be the killer"]

[tone]
warm = ["happy to help"]
terse = ["see above"]
pushy = ["buy now"]
"""
BEHAVIOURS: tuple[dict[str, Any], ...] = (
    {
        "name": "spoils",
        "question": "tell how a story ends?",
        "leads": ["spoilers"],
        "strict": True,
        "examples": ["At the end the teacher is the thief."],
    },
    {"name": "misstates", "question": "say of a title what is not so?", "leads": ["facts"], "strict": True},
    {"name": "overpromises", "question": "promise more than policy allows?", "leads": ["promises"]},
    {"name": "invents", "question": "cite what does not exist?", "leads": ["citations"]},
    {"name": "hallucinates", "any_of": ["misstates", "overpromises", "invents"]},
    {
        "name": "hands_over",
        "question": "hand over to a person?",
        "wanted": "prompt ilike '%real person%'",
        "leads": ["handover"],
    },
)
"""What is asked of the answers of the review."""
DETECTORS: dict[str, dict[str, Any]] = {"handover": {"kind": "patterns", "words": "handover.en"}}
"""The leads of these that are not built in."""
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ' : ' + message['content'] + ' </s> ' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant :' }}{% endif %}"
)


def catalogue() -> list[dict[str, Any]]:
    """Six titles; the last is a common word, and of the fifth nothing but the price is known."""
    rows = [
        {
            "id": f"t{number}",
            "title": title,
            "aliases": [title.split()[0] + " Story"],
            "author": f"Author {number}",
            "volumes": number + 3,
            "price": 7.5 + number,
            "in_stock": number % 2 == 0,
            "spoilers": ["the inspector is the murderer"] if number == 0 else [],
        }
        for number, title in enumerate(TITLES)
    ]
    rows[4] |= {"aliases": [], "author": None, "volumes": None, "in_stock": None}
    return rows


def records() -> list[dict[str, Any]]:
    """Six titles by four kinds of question. The candidate spoils, promises and hands over less than the base."""
    rows = []
    for number, title in enumerate(TITLES):
        facts = catalogue()[number]
        answers = (
            (
                f"You may like {title}, a slow case.",
                f"You may like {title}, where the inspector is the murderer.",
            ),
            (f"It has {facts['volumes']} volumes.", f"{title} has 99 volumes."),
            ("Orders arrive within five working days [d1].", "It arrives tomorrow, guaranteed [d9]."),
            ("I will hand you over to a colleague.", "Happy to help! Buy now."),
        )
        for (ask, family, expected), (base, candidate) in zip(ASKS, answers, strict=True):
            cites = "cite" in expected
            rows.append(
                {
                    "id": f"r{len(rows):03d}",
                    "prompt": ask.format(title),
                    "base_response": base,
                    "candidate_response": candidate,
                    "passages": [{"id": "d1", "text": "Orders arrive within five working days."}]
                    if cites
                    else [],
                    "expected": expected,
                    "family": family,
                }
            )
    return rows


def prompts() -> list[dict[str, Any]]:
    """The records without responses."""
    return [{key: value for key, value in row.items() if not key.endswith("_response")} for row in records()]


def preferences() -> list[dict[str, Any]]:
    """The candidate wins two of three votes; the second judge sees half of the prompts, in a known order."""
    winners = ("candidate", "base", "candidate")
    votes = [
        {"id": row["id"], "winner": winners[number % 3], "judge": "first", "first": None}
        for number, row in enumerate(records())
    ]
    return votes + [
        {"id": row["id"], "winner": "tie", "judge": "second", "first": "base"} for row in records()[::2]
    ]


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def settings(root: Path, **changes: Any) -> ResponseSettings:
    """The section of `write_review` with some keys replaced; None leaves one out. Data must be written already."""
    keys = _keys() | changes
    given = {key: value for key, value in keys.items() if value is not None}
    return ResponseSettings.model_validate(given, context={"root": root})


def _keys() -> dict[str, Any]:
    return {
        "records": "records.jsonl",
        "catalogue": "catalogue.jsonl",
        "policy": "policy.toml",
        "preferences": "preferences.jsonl",
    }


def write_data(root: Path) -> None:
    """The data files of the review."""
    write_lines(root / "records.jsonl", records())
    write_lines(root / "prompts.jsonl", prompts())
    write_lines(root / "catalogue.jsonl", catalogue())
    write_lines(root / "preferences.jsonl", preferences())
    (root / "policy.toml").write_text(POLICY, "utf-8")


def write_review(
    root: Path,
    *,
    behaviours: Sequence[Mapping[str, Any]] = BEHAVIOURS,
    detectors: Mapping[str, Mapping[str, Any]] = DETECTORS,
    **changes: Any,
) -> Path:
    """The review file and its data; `changes` replace keys of `[response]`, None leaves one out."""
    write_data(root)
    keys = _keys() | {"critical_slices": ["asks for no spoilers"]} | changes
    lines = [*_toml(keys)]
    for one in behaviours:
        lines += ["[[response.behaviour]]", *_toml(one)]
    for name, one in detectors.items():
        lines += [f"[response.detector.{name}]", *_toml(one)]
    path = root / "review.toml"
    path.write_text(
        '[review]\nname = "tiny"\nowner = "mangaassist"\nbase_version = "v1"\ncandidate_version = "v2"\n'
        'device = "cpu"\n\n[queue]\nbudget = 10\ncontrols = 3\n\n[response]\n'
        + "\n".join(lines)
        + '\n[response.slices]\n"asks for no spoilers" = "prompt ilike \'%spoiler%\'"\n',
        "utf-8",
    )
    return path


def _toml(keys: Mapping[str, Any]) -> list[str]:
    """Lines of keys; strings, truths, numbers and lists of them are written in JSON as they are in TOML."""
    return [f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None]


def write_tokenizer(
    folder: Path, chat: bool = False, texts: Sequence[str] | None = None, size: int = 300
) -> int:
    """A byte-level tokenizer with a few merges of the words of some texts, by default the prompts; returns its size."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<s>", "</s>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokens.train_from_iterator([row["prompt"] for row in records()] if texts is None else texts, trainer)
    whole = PreTrainedTokenizerFast(
        tokenizer_object=tokens, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    if chat:
        whole.chat_template = CHAT_TEMPLATE
    whole.save_pretrained(folder)
    return len(whole)


def write_generator(
    folder: Path,
    *,
    family: str = "llama",
    seed: int = 0,
    noise: float = 0.0,
    chat: bool = False,
    positions: int = 128,
    texts: Sequence[str] | None = None,
    vocabulary: int = 300,
    **generation: Any,
) -> Path:
    """A causal language model with random weights.

    Args:
        folder: where to.
        family: `llama` or `gpt2`.
        seed: of the weights.
        noise: added to the weights.
        chat: whether the tokenizer has a chat template.
        positions: longest prompt and answer together.
        texts: what the tokenizer knows words of; the prompts of the review where not given.
        vocabulary: size of the tokenizer.
        generation: keys of `generation_config.json`; answers have at most 12 tokens unless it says more.
    """
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    size = write_tokenizer(folder, chat, texts, vocabulary)
    torch.manual_seed(seed)
    common = {
        "vocab_size": size,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 2,
        "initializer_range": 0.35,
    }
    model: Any
    if family == "gpt2":
        model = GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=positions, **common))
    else:
        model = LlamaForCausalLM(
            LlamaConfig(
                hidden_size=32,
                intermediate_size=48,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=1,
                max_position_embeddings=positions,
                **common,
            )
        )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * noise)
    for key, value in ({"max_new_tokens": 12} | generation).items():
        setattr(model.generation_config, key, value)
    model.save_pretrained(folder)
    return folder


def write_adapter(base: Path, folder: Path, family: str = "llama", seed: int = 0, **options: Any) -> Path:
    """A LoRA adapter over the base, whose new weights are all random, made with PEFT."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from tests.analysis.models.adapters import train_at_random

    targets = ["c_attn"] if family == "gpt2" else ["q_proj", "v_proj"]
    torch.manual_seed(seed)
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=4,
        lora_alpha=8,
        target_modules=targets,
        fan_in_fan_out=family == "gpt2",
        **options,
    )
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    train_at_random(model)
    model.save_pretrained(folder)
    return folder


def copy_models(root: Path, base: Path, candidate: Path) -> None:
    """Both models beside the review file."""
    shutil.copytree(base, root / "base")
    shutil.copytree(candidate, root / "candidate")
