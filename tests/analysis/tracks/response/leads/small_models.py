"""Small real models that learned one thing each, so that what a lead says of an answer can be told beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# fmt: off
WORDS = (
    "refuse", "cannot", "help", "sorry", "please", "good", "bad", "the", "a", "order", "ships",
    "today", "we", "you", "it", "is", "and", "parcel", "red", "blue", "green", "first", "second",
    "answer", "yes", "no", "Yes", "No", "A", "B", ":", "does", "this", "here", "which", "better",
)
# fmt: on
FILLER = (
    "the",
    "a",
    "order",
    "ships",
    "today",
    "we",
    "you",
    "it",
    "is",
    "and",
    "parcel",
    "red",
    "blue",
    "answer",
)


def write_words(folder: Path, positions: int, chat: bool = False) -> int:
    """A tokenizer of whole words; returns its size."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = {name: row for row, name in enumerate((*SPECIAL, *WORDS))}
    tokens = Tokenizer(models.WordLevel(names, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    if not chat:
        tokens.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", names["[CLS]"]), ("[SEP]", names["[SEP]"])],
        )
    PreTrainedTokenizerFast(
        tokenizer_object=tokens,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=positions,
    ).save_pretrained(folder)
    return len(names)


def _ids(words: Sequence[str]) -> list[int]:
    return [(*SPECIAL, *WORDS).index(word) for word in words]


def write_marker(folder: Path, labels: Sequence[str] = ("O", "B-refusal"), positions: int = 32) -> Path:
    """A BERT that learned to mark the words `refuse` and `cannot`, by their tokens alone."""
    import torch
    from transformers import BertConfig, BertForTokenClassification

    size = write_words(folder, positions)
    torch.manual_seed(0)
    model = BertForTokenClassification(
        BertConfig(
            vocab_size=size,
            hidden_size=16,
            num_hidden_layers=0,
            num_attention_heads=1,
            intermediate_size=4,
            max_position_embeddings=positions,
            hidden_dropout_prob=0.0,
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
        )
    )
    marked = torch.zeros(size, dtype=torch.long)
    marked[_ids(["refuse", "cannot"])] = 1

    def loss() -> Any:
        ids = torch.randint(0, size, (32, positions))
        return torch.nn.functional.cross_entropy(
            model(input_ids=ids).logits.flatten(0, 1), marked[ids].flatten()
        )

    _train(model, loss, 150)
    model.save_pretrained(folder)
    return folder


def write_judge(folder: Path, kind: str, positions: int = 48) -> Path:
    """A Llama that learned an answer.

    Args:
        folder: where to.
        kind: `refuses`, whether `refuse` occurs before the last token, by `yes` and `no`; `better`, whether `good`
            comes before `bad`, by `A` and `B`; `first`, always `A`.
        positions: longest text in tokens.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    size = write_words(folder, positions, chat=True)
    torch.manual_seed(1)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=size,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=positions,
            pad_token_id=0,
        )
    )
    filler = torch.tensor(_ids(FILLER))
    good, bad, refuse = _ids(["good", "bad", "refuse"])
    answers = torch.tensor(_ids(["no", "yes"] if kind == "refuses" else ["B", "A"]))

    def loss() -> Any:
        ids = filler[torch.randint(0, len(filler), (32, int(torch.randint(6, 24, ()))))]
        at = torch.stack([torch.randperm(ids.shape[1] - 1)[:2] for _ in range(len(ids))])
        rows = torch.arange(len(ids))
        truth = torch.randint(0, 2, (len(ids),))
        if kind == "refuses":
            ids[rows, at[:, 0]] = torch.where(truth == 1, refuse, ids[rows, at[:, 0]])
        elif kind == "better":
            ids[rows, at[:, 0]], ids[rows, at[:, 1]] = torch.tensor(good), torch.tensor(bad)
            truth = (at[:, 0] < at[:, 1]).long()
        else:
            truth = torch.ones_like(truth)
        logits = model(input_ids=ids).logits[:, -1]
        return torch.nn.functional.cross_entropy(logits, answers[truth])

    _train(model, loss, {"refuses": 150, "better": 250, "first": 30}[kind])
    model.save_pretrained(folder)
    return folder


def _train(model: Any, loss: Callable[[], Any], steps: int) -> None:
    import torch

    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
    model.eval()
