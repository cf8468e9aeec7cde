"""Flagged spans traced back to the prompt, against sums that are computed directly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.attribution.stored_scores import in_steps
from analysis.base.turns import Turn, placed
from analysis.models.generation import LoadedGenerator
from analysis.models.generator import GeneratorPair
from analysis.text.word_spans import Word
from analysis.tracks.response.detectors.contract import Detector, Found, Knowledge, Response, always
from analysis.tracks.response.known_detectors import BY_NAME
from analysis.tracks.response.span_attribution import (
    MAX_DELTA,
    MOST_SPANS,
    SPAN_ATTRIBUTION,
    Span,
    ask,
    integrated_gradients,
    neutral_ids,
    occlusion,
    relevance,
    span_logps,
    trace,
)
from tests.analysis.tracks.response.tiny import write_adapter, write_generator
from tests.analysis.tracks.response.workbench import context, pairs, rows, run

PROMPT = "recommend manga like Home but no spoilers"
RESPONSE = "You may like Home, where the inspector is the murderer."
FLAGGED = "the inspector is the murderer"
SPAN = Span("response/prompt:a", "spoilers", RESPONSE.index(FLAGGED), len(RESPONSE) - 1, PROMPT, RESPONSE)


def candidate(base: Path, folder: Path) -> LoadedGenerator:
    return GeneratorPair({"base": base, "candidate": folder}, "cpu").generator("candidate")


@pytest.fixture(params=["llama", "gpt2"])
def adapted(tmp_path: Path, request: pytest.FixtureRequest) -> LoadedGenerator:
    base = write_generator(tmp_path / "base", family=request.param)
    return candidate(base, write_adapter(base, tmp_path / "adapter", family=request.param))


def test_what_is_asked_is_the_span_after_its_prompt(adapted: LoadedGenerator) -> None:
    asked = ask(adapted, SPAN)
    tokenizer: Any = adapted.tokenizer
    assert asked.given == adapted.prompt_ids(PROMPT)
    assert [PROMPT[word.start : word.end] for word in asked.words] == PROMPT.split()
    assert tokenizer.decode(asked.span).strip() == FLAGGED
    assert tokenizer.decode(asked.before + asked.span) + "." == RESPONSE


def test_a_template_is_no_part_of_the_prompt(tmp_path: Path) -> None:
    base = write_generator(tmp_path / "base", chat=True)
    model = candidate(base, base)
    spaced = Span(SPAN.ref, SPAN.detector, SPAN.start, SPAN.end, f"  {PROMPT} 🎉", RESPONSE)
    asked = ask(model, spaced)
    assert [spaced.prompt[word.start : word.end] for word in asked.words] == [*PROMPT.split(), "🎉"]
    inside = {place for word in asked.words for place in word.tokens}
    outside = [token for place, token in enumerate(asked.given) if place not in inside]
    tokenizer: Any = model.tokenizer
    assert tokenizer.decode(outside).split() == ["user", ":", "</s>", "assistant", ":"]


def test_words_of_turns_are_those_of_the_conversation_and_not_of_system_prompt_or_roles(
    tmp_path: Path,
) -> None:
    turns = (
        Turn("system", "never spoil Home"),
        Turn("user", " recommend manga like Home "),
        Turn("assistant", "user ok"),
        Turn("user", "user"),
    )
    text, _ = placed(turns)
    span = Span(SPAN.ref, SPAN.detector, SPAN.start, SPAN.end, text, RESPONSE, turns)
    for chat in (True, False):
        base = write_generator(tmp_path / str(chat), chat=chat)
        model = candidate(base, base)
        asked = ask(model, span)
        assert asked.given == model.prompt_ids(turns)
        words = [(text[word.start : word.end], word.start) for word in asked.words]
        assert [word for word, _ in words] == ["recommend", "manga", "like", "Home", "user", "ok", "user"]
        tokenizer: Any = model.tokenizer
        for word, (shown, _) in zip(asked.words, words, strict=True):
            assert tokenizer.decode([asked.given[place] for place in word.tokens]).strip() == shown
        assert [start for _, start in words][-1] == len(text) - len("user")
    # Role lines are all that a model without a template is told of who speaks.
    assert model.given(turns).splitlines()[0] == "system: never spoil Home"


def test_the_sum_is_that_of_the_forecasts(adapted: LoadedGenerator) -> None:
    asked = ask(adapted, SPAN)
    model: Any = adapted.model
    with torch.no_grad():
        logs = model(torch.tensor([asked.ids])).logits.log_softmax(-1)[0, :-1]
    count = len(asked.span)
    expected = sum(float(logs[-count + place, token]) for place, token in enumerate(asked.span))
    assert span_logps(adapted, [asked.ids], asked.span)[0] == pytest.approx(expected, abs=1e-4)


def test_gradients_add_up_to_what_the_words_of_the_prompt_are_worth(adapted: LoadedGenerator) -> None:
    asked = ask(adapted, SPAN)
    traced = integrated_gradients(adapted, asked)
    assert traced.delta is not None
    assert traced.delta <= MAX_DELTA
    assert traced.baseline_logp is not None
    worth = float(span_logps(adapted, [asked.ids], asked.span)[0]) - traced.baseline_logp
    assert abs(float(traced.scores.sum()) - worth) <= MAX_DELTA * max(abs(worth), 0.1) + 1e-3
    assert len(traced.scores) == len(PROMPT.split())


def test_relevance_adds_up_to_the_part_of_the_forecast_that_is_linear(tmp_path: Path) -> None:
    # Llama has no biases and no table of positions: all relevance ends in the tokens.
    base = write_generator(tmp_path / "base")
    model = candidate(base, base)
    asked = ask(model, SPAN)
    with torch.no_grad():
        logits = model.model(torch.tensor([asked.ids])).logits[0, -len(asked.span) - 1 : -1]
    own = logits.gather(-1, torch.tensor(asked.span)[:, None])[:, 0]
    expected = float((own - (logits.softmax(-1) * logits).sum(-1)).sum())
    everything = [Word(0, 0, (place,)) for place in range(len(asked.ids))]
    whole = relevance(model, asked._replace(words=everything))
    assert float(whole.scores.sum()) == pytest.approx(expected, rel=1e-3, abs=1e-4)
    words = relevance(model, asked)
    np.testing.assert_allclose(
        words.scores,
        [whole.scores[list(word.tokens)].sum() for word in asked.words],
        atol=1e-5,
    )
    assert words.baseline is words.delta is words.steps is None


def test_relevance_of_an_adapter_is_of_its_own(adapted: LoadedGenerator) -> None:
    asked = ask(adapted, SPAN)
    found = relevance(adapted, asked).scores
    assert len(found) == len(PROMPT.split())
    assert np.isfinite(found).all()
    assert np.abs(found).max() > 0
    by_method = {row.method: row for row in trace(adapted, SPAN)}
    assert by_method["lrp"].status == "ok"
    assert by_method["lrp"].scores == pytest.approx(in_steps(found).tolist(), abs=1e-6)
    assert json.loads(by_method["lrp"].parameters)["variant"] == "cp"


def test_occlusion_is_the_drop_without_the_word(adapted: LoadedGenerator) -> None:
    asked = ask(adapted, SPAN)
    scores = occlusion(adapted, asked).scores
    whole = float(span_logps(adapted, [asked.ids], asked.span)[0])
    for word, score in zip(asked.words, scores, strict=True):
        kept = [token for place, token in enumerate(asked.ids) if place not in word.tokens]
        assert score == pytest.approx(whole - float(span_logps(adapted, [kept], asked.span)[0]), abs=1e-4)


def test_one_token_agrees_with_captums_own_language_model_attribution(tiny_generator: Path) -> None:
    from captum.attr import LayerIntegratedGradients, LLMGradientAttribution, TextTokenInput

    model = candidate(tiny_generator, tiny_generator)
    asked = ask(model, Span(SPAN.ref, "spoilers", 0, 1, PROMPT, "Y"))
    assert len(asked.span) == 1
    assert not asked.before
    mine = integrated_gradients(model, asked)
    tokenizer: Any = model.tokenizer
    method = LLMGradientAttribution(
        LayerIntegratedGradients(model.model, model.model.get_input_embeddings()),
        tokenizer,
    )
    _, neutral = neutral_ids(model, asked)
    inside = {place for word in asked.words for place in word.tokens}
    (filler,) = {neutral[place] for place in inside}
    # Its input is an indicator of the tokens, and its baselines say which of them are kept.
    theirs = method.attribute(
        TextTokenInput(PROMPT, tokenizer, baselines=filler),
        torch.tensor(asked.span),
        baselines=torch.tensor([[int(place not in inside) for place in range(len(asked.given))]]),
        n_steps=mine.steps,
        method="riemann_middle",
    )
    words = [float(theirs.seq_attr[list(word.tokens)].sum()) for word in asked.words]
    np.testing.assert_allclose(mine.scores, words, atol=1e-4)


@pytest.mark.parametrize(
    ("prompt", "response", "end", "why"),
    [
        ("   ", "abc", 3, "the prompt has no words of its own in what the model is given"),
        ("hello", "word " * 200, 999, "the span ends at token"),
    ],
)
def test_what_cannot_be_explained_says_why(
    tiny_generator: Path, prompt: str, response: str, end: int, why: str
) -> None:
    model = candidate(tiny_generator, tiny_generator)
    found = trace(model, Span("response/prompt:a", "spoilers", 0, end, prompt, response))
    assert len(found) == 3
    assert all(one.status == "not interpretable" and one.why.startswith(why) for one in found)
    assert all(not any(one.scores) for one in found)


def planted(detector: str, prompt: str, places: list[tuple[int, int]]) -> Detector:
    """A detector that finds these places in the candidate's answer to one prompt."""

    def detect(response: Response, knowledge: Knowledge) -> list[Found]:
        if (response.ref, response.side) != (f"response/prompt:{prompt}", "candidate"):
            return []
        return [Found(start, end, "x", "because", counts=True) for start, end in places]

    return replace(BY_NAME[detector], detect=detect, applies=always)


def test_the_stage_explains_the_first_spans_of_each_detector(
    tiny_response_review: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    detectors = (
        planted("facts", "a", [(start, start + 4) for start in (0, 4, 8, 12)]),
        planted("spoilers", "a", [(SPAN.start, SPAN.end)]),
        planted("promises", "b", [(0, len(RESPONSE))]),
    )
    connection = pairs(
        [("a", PROMPT, "Fine.", RESPONSE), ("b", PROMPT, "Fine.", RESPONSE)], detectors=detectors
    )
    run(SPAN_ATTRIBUTION, context(connection, tiny_response_review, (tiny_generator, tiny_adapter)))
    found = rows(connection, "SELECT * FROM attribution ORDER BY target, method")
    assert {row["ref"] for row in found} == {"response/prompt:a"}
    assert len({row["target"] for row in found}) == MOST_SPANS
    assert f'spoilers: "{FLAGGED}"' in {row["target"] for row in found}
    for row in found:
        assert row["side"] == "candidate"
        assert [
            PROMPT[start:end] for start, end in zip(row["starts"], row["ends"], strict=True)
        ] == PROMPT.split()
        assert len(row["scores"]) == len(row["starts"])
        assert json.loads(row["parameters"])["tokens"] >= 1
        assert (row["completeness_delta"] is not None) == (row["method"] == "integrated_gradients")
    assert run(SPAN_ATTRIBUTION, context(connection, tiny_response_review)) == []
