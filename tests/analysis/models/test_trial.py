"""One example before all of them: what fails is placed, and what all take is foretold."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.models.trial import duration, longest_that_runs, of_one_length, seconds_per_token, trying


@pytest.mark.parametrize(
    "raised", [IndexError("index 34"), RuntimeError("size"), KeyError("x"), TypeError("t")]
)
def test_what_a_model_raises_becomes_a_mistake_with_its_place(tmp_path: Path, raised: Exception) -> None:
    with (
        pytest.raises(AssayError, match="cannot read a text") as caught,
        trying(tmp_path, "read a text", "mend it"),
    ):
        raise raised
    assert caught.value.where == str(tmp_path)
    assert caught.value.hint == "mend it"


def test_a_mistake_that_is_said_already_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="said before"), trying(tmp_path, "read a text"):
        raise AssayError("said before")


@pytest.mark.parametrize("limit", [0, 1, 31, 32, 100])
def test_the_longest_that_runs_is_found(limit: int) -> None:
    def run(count: int) -> None:
        if count > limit:
            raise IndexError(count)

    assert longest_that_runs(run, 64) == min(limit, 64)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3.0, "less than a minute"), (90.0, "2 min"), (3540.0, "59 min"), (9000.0, "2.5 h")],
)
def test_a_duration_has_one_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_time_of_a_token_is_measured_over_what_the_model_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    passed = [100.0]

    class Slow(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            passed[0] += 0.05
            return input_ids

    monkeypatch.setattr("analysis.models.trial.time.monotonic", lambda: passed[0])
    model = Slow()
    with torch.inference_mode():
        rate = seconds_per_token([model], lambda: [model(input_ids=torch.zeros(2, 5)) for _ in range(2)])  # type: ignore[list-item]
    assert rate == pytest.approx(0.1 / 20)


def test_texts_of_one_length_are_the_words_of_one_in_another_order() -> None:
    assert of_one_length("where is it") == ["where is it", "is it where", "it where is"]
    assert of_one_length("no no") == ["no no"]
    assert of_one_length("") == [""]
    assert len(of_one_length(" ".join(map(str, range(99))))) == 16
