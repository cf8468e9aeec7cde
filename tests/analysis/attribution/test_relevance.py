"""The rules of relevance: by hand, against a slow reference, conserved, and without a trace on the model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from analysis.attribution import relevance_check
from analysis.attribution.relevance import Rule, relevance_rules
from analysis.attribution.relevance_check import probe, refusal
from tests.analysis.attribution.relevance_by_layer import relevance_by_layer

SIZE: dict[str, Any] = {
    "vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24,
    "max_position_embeddings": 32, "num_labels": 3, "pad_token_id": 0,
}  # fmt: skip
IDS = torch.tensor([[1, 7, 3, 20, 59]])
RULES: tuple[Rule, ...] = ("cp", "attn")


def config_of(family: str) -> Any:
    import transformers as made

    wide = {**SIZE, "num_key_value_heads": 2, "bos_token_id": 1, "eos_token_id": 2}
    known: dict[str, Callable[[], Any]] = {
        "bert": lambda: made.BertConfig(**SIZE),
        "roberta": lambda: made.RobertaConfig(**SIZE),
        "xlm-roberta": lambda: made.XLMRobertaConfig(**SIZE),
        "distilbert": lambda: made.DistilBertConfig(
            vocab_size=60, dim=16, n_layers=2, n_heads=4, hidden_dim=24, num_labels=3
        ),
        "albert": lambda: made.AlbertConfig(**SIZE, embedding_size=8, bos_token_id=1, eos_token_id=2),
        "modernbert": lambda: made.ModernBertConfig(
            **SIZE, local_attention=4, global_attn_every_n_layers=2, bos_token_id=1, eos_token_id=2,
            cls_token_id=1, sep_token_id=2,
        ),
        "gpt2": lambda: made.GPT2Config(
            vocab_size=60, n_embd=16, n_layer=2, n_head=4, num_labels=3, pad_token_id=0, bos_token_id=1, eos_token_id=2
        ),
        "llama": lambda: made.LlamaConfig(**wide),
        "qwen2": lambda: made.Qwen2Config(**wide),
        "gemma": lambda: made.GemmaConfig(**wide, head_dim=4),
        "deberta": lambda: made.DebertaV2Config(**SIZE),
        "mpnet": lambda: made.MPNetConfig(**SIZE),
    }  # fmt: skip
    return known[family]()


def model_of(family: str, implementation: str = "eager", seed: int = 0, **changes: Any) -> Any:
    """A random classifier whose weights, biases and norms are so large that no step of it is nearly linear."""
    from transformers import AutoModelForSequenceClassification

    architectures: Any = AutoModelForSequenceClassification
    config = config_of(family)
    config.update(changes)
    torch.manual_seed(seed)
    model = architectures.from_config(config, attn_implementation=implementation).eval().requires_grad_(False)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.mul_(10)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.3)
            else:
                parameter.add_(torch.randn_like(parameter) * 0.2)
    return model


def propagate(model: Any, rule: Rule, target: int = 1, ids: torch.Tensor = IDS) -> torch.Tensor:
    """Relevance of each number of the input embeddings, (tokens, width)."""
    given = model.get_input_embeddings()(ids).detach().requires_grad_()
    with relevance_rules(model, rule):
        logits = model(inputs_embeds=given, attention_mask=torch.ones_like(ids)).logits
        (gradient,) = torch.autograd.grad(logits[0, target], given)
    return (given.detach() * gradient)[0]


def plain_gradient(model: Any) -> torch.Tensor:
    given = model.get_input_embeddings()(IDS).detach().requires_grad_()
    logits = model(inputs_embeds=given, attention_mask=torch.ones_like(IDS)).logits
    return torch.autograd.grad(logits[0, 1], given)[0]


def test_two_layers_by_hand() -> None:
    net: Any = torch.nn.Sequential(
        torch.nn.Linear(2, 2, bias=False), torch.nn.Tanh(), torch.nn.Linear(2, 1, bias=False)
    )
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 1.0], [3.0, -1.0]]))
        net[2].weight.copy_(torch.tensor([[1.0, 2.0]]))
    given = torch.tensor([[1.0, 2.0]], requires_grad=True)
    with relevance_rules(net, "cp"):
        output = net(given)
        (gradient,) = torch.autograd.grad(output.sum(), given)
    # Hidden: 1 + 2 = 3 and 3 - 2 = 1. The output's parts are tanh(3) and 2 tanh(1); the first input has a third of the
    # first and three times the second, the other two thirds and minus two times.
    three, one = 0.9950548, 2 * 0.7615942
    expected = [three / 3 + 3 * one, three * 2 / 3 - 2 * one]
    assert (given * gradient)[0].tolist() == pytest.approx(expected, abs=1e-6)
    assert float(output.detach()) == pytest.approx(sum(expected), abs=1e-6)


def test_a_gate_and_what_it_lets_through_share_by_hand() -> None:
    class Gated(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = torch.nn.SiLU()

        def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
            return self.act(2 * one) * (3 * other)

    net: Any = Gated()
    one, other = (torch.tensor(value, requires_grad=True) for value in (1.0, 0.5))
    with relevance_rules(net, "cp"):
        output = net(one, other)
        gradients = torch.autograd.grad(output, (one, other))
    # silu(2) = 2 / (1 + exp(-2)) = 1.7615942, times 1.5: each factor has half of it.
    assert float(output.detach()) == pytest.approx(2.6423912, abs=1e-6)
    assert [
        float(value * gradient) for value, gradient in zip((one, other), gradients, strict=True)
    ] == pytest.approx([1.3211956] * 2, abs=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("target", [0, 2])
def test_one_layer_agrees_with_propagation_layer_by_layer(rule: Rule, target: int) -> None:
    model = model_of("bert", num_hidden_layers=1)
    embeddings = model.get_input_embeddings()(IDS)[0].double().numpy()
    expected = relevance_by_layer(model, embeddings, target, rule)
    np.testing.assert_allclose(propagate(model, rule, target).numpy(), expected, rtol=2e-3, atol=1e-5)
    assert np.abs(expected).max() > 0.05


@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_without_biases_the_relevance_of_the_tokens_is_the_logit(family: str) -> None:
    # No bias, no position table and no pooled activation: all relevance ends in the embeddings. (Qwen2 has biases of
    # query, key and value, BERT and its kin of nearly everything.) By AttnLRP softmax keeps some for itself.
    model = model_of(family)
    with torch.no_grad():
        logits = model(input_ids=IDS).logits[0]
    for target in range(3):
        assert float(propagate(model, "cp", target).sum()) == pytest.approx(
            float(logits[target]), rel=1e-3, abs=1e-4
        )


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
@pytest.mark.parametrize(
    "family",
    [
        "bert",
        "roberta",
        "xlm-roberta",
        "distilbert",
        "albert",
        "modernbert",
        "gpt2",
        "llama",
        "qwen2",
        "gemma",
    ],
)
def test_every_family_keeps_its_logits_and_its_relevance(family: str, implementation: str) -> None:
    model = model_of(family, implementation)
    assert refusal(model) == ""
    found = probe(model)
    assert found.attentions == 2
    assert found.difference <= 1e-6
    assert found.leak <= 1e-5
    for rule in RULES:
        relevance = propagate(model, rule)
        assert torch.isfinite(relevance).all()
        assert float(relevance.abs().max()) > 0
    assert not torch.allclose(propagate(model, "cp"), propagate(model, "attn"), rtol=1e-2)


@pytest.mark.parametrize("family", ["deberta", "mpnet"])
def test_attention_outside_the_interface_is_refused_in_words(family: str) -> None:
    why = refusal(model_of(family))
    assert "0 of 2 layers go through the attention interface" in why


def test_a_step_that_no_rule_covers_is_refused() -> None:
    model = model_of("bert")

    class Bent(torch.nn.Module):
        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return given + torch.sin(given)

    model.dropout = torch.nn.Sequential(Bent(), torch.nn.Identity())
    assert refusal(model) == ""  # An elementwise function with f(0) = 0 is an activation, whatever its name.

    class Mixed(torch.nn.Module):
        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return torch.logsumexp(given, dim=-1, keepdim=True) + given

    other = model_of("bert")
    other.dropout = Mixed()
    assert "a step that no rule covers" in refusal(other)


def test_attention_that_was_replaced_or_compiled_is_refused() -> None:
    model = model_of("bert")
    own = model.bert.encoder.layer[0].attention.self

    def replaced(given: torch.Tensor, *rest: Any, **named: Any) -> tuple[torch.Tensor, None]:
        return own.value(given), None

    own.forward = replaced
    assert "1 of 2 layers go through the attention interface" in refusal(model)
    compiled = model_of("bert")
    compiled.bert.encoder.layer[1].attention.compile(backend="eager")
    assert "is compiled" in refusal(compiled)


def test_logits_that_are_no_numbers_are_refused() -> None:
    model = model_of("bert")
    with torch.no_grad():
        model.classifier.bias[0] = float("nan")
    assert "not numbers" in refusal(model)


def test_the_test_of_a_model_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of("bert")
    asked: list[Any] = []
    tested = relevance_check.probe
    monkeypatch.setattr(relevance_check, "probe", lambda one: (asked.append(one), tested(one))[1])
    assert [refusal(model) for _ in range(3)] == [""] * 3
    assert len(asked) == 1


def hooks(model: Any) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def fail_inside(model: Any, during: list[bool]) -> None:
    with relevance_rules(model, "cp"):
        during.append(hooks(model) > 0)
        raise ZeroDivisionError


def test_the_model_is_as_it_was_afterwards_and_after_an_error() -> None:
    model = model_of("modernbert")
    before = plain_gradient(model)
    parts = {name: (one.data_ptr(), one.requires_grad) for name, one in model.named_parameters()}
    refusal(model)
    propagate(model, "attn")
    during = []
    with pytest.raises(ZeroDivisionError):
        fail_inside(model, during)
    assert during == [True]
    assert hooks(model) == 0
    assert model.config._attn_implementation == "eager"
    assert {name: (one.data_ptr(), one.requires_grad) for name, one in model.named_parameters()} == parts
    torch.testing.assert_close(plain_gradient(model), before, rtol=0, atol=0)


def test_another_thread_has_plain_gradients_meanwhile() -> None:
    model = model_of("bert")
    expected = plain_gradient(model)
    found: list[torch.Tensor] = []
    with relevance_rules(model, "cp"):
        thread = threading.Thread(target=lambda: found.append(plain_gradient(model)))
        thread.start()
        thread.join(timeout=60)
        inside = plain_gradient(model)
    torch.testing.assert_close(found[0], expected)
    assert not torch.allclose(inside, expected, rtol=1e-2)
