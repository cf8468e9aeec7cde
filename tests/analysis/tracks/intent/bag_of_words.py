"""A bag-of-words classifier, whose true word weights are known: logits are sums of the words' weights."""

from __future__ import annotations

from typing import Any

import torch
from transformers import BertTokenizerFast, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from analysis.models.load_classifier import LoadedClassifier

CLASSES = ("escalation", "order_tracking", "recommendation", "returns", "small_talk")
WORDS = [
    "arrived",
    "can",
    "cold",
    "gift",
    "has",
    "harbor",
    "help",
    "human",
    "is",
    "like",
    "manga",
    "more",
    "my",
    "no",
    "not",
    "order",
    "parcel",
    "person",
    "preorder",
    "quiet",
    "read",
    "real",
    "recommend",
    "second",
    "set",
    "should",
    "spoilers",
    "suspect",
    "talk",
    "the",
    "to",
    "tofu",
    "track",
    "twice",
    "volume",
    "wars",
    "what",
    "where",
    "with",
    "yet",
]


def word_pieces() -> dict[str, int]:
    """Vocabulary: special tokens and whole words; anything else is unknown."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "about", "asked", "please", *WORDS]
    return {piece: index for index, piece in enumerate(pieces)}


class BagConfig(PretrainedConfig):
    model_type = "bag_of_words"


class BagOfWords(PreTrainedModel):
    """Embeddings of one number per class, summed over the tokens, plus a bias."""

    config_class = BagConfig

    def __init__(self, config: BagConfig) -> None:
        super().__init__(config)
        self.embed = torch.nn.Embedding(config.vocab_size, config.num_labels)
        self.bias = torch.nn.Parameter(torch.zeros(config.num_labels))

    def get_input_embeddings(self) -> torch.nn.Module:
        return self.embed

    def forward(
        self, input_ids: Any = None, attention_mask: Any = None, inputs_embeds: Any = None, **_: Any
    ) -> SequenceClassifierOutput:
        embeddings = self.embed(input_ids) if inputs_embeds is None else inputs_embeds
        return SequenceClassifierOutput(logits=embeddings.sum(dim=1) + self.bias)


def bag_of_words(weights: dict[str, dict[str, float]]) -> LoadedClassifier:
    """A classifier with those weights by word and class; all other tokens weigh nothing.

    Without words it predicts small talk, at p .35.
    """
    vocabulary = word_pieces()
    tokenizer = BertTokenizerFast(vocab=vocabulary, model_max_length=64)
    config = BagConfig(vocab_size=len(vocabulary), num_labels=len(CLASSES))
    model = BagOfWords(config)
    with torch.no_grad():
        model.embed.weight.zero_()
        model.bias[CLASSES.index("small_talk")] = 0.75
        for word, by_class in weights.items():
            for name, value in by_class.items():
                model.embed.weight[vocabulary[word], CLASSES.index(name)] = value
    return LoadedClassifier(model.eval().requires_grad_(False), tokenizer, CLASSES, "cpu")
