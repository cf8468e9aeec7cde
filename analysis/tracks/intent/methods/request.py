"""What every attribution method is asked and answers: texts, targets and baselines in, scores per word out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.tracks.intent.target import Target

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.baseline import Baseline
    from analysis.tracks.intent.tokenised import Tokenised


@dataclass(frozen=True)
class Explained:
    """Scores of one text, per word, signed: positive supports the target.

    `delta` is the completeness delta where the method promises completeness, `steps` the steps or samples
    taken, `parameters` what the method resolved its settings to, and `fidelity` the weighted R² of the local
    model where the method fits one.
    """

    scores: NDArray[np.float32]
    delta: float | None = None
    steps: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fidelity: float | None = None


@dataclass(frozen=True)
class Request:
    """n texts of one side to explain; each sequence has n entries.

    Args:
        classifier: the side's model; its parameters are frozen.
        texts: token ids and words.
        targets: what to explain of each text.
        outputs: the explained number of each text, from the prediction pass.
        baselines: the baseline of each text, of the kind that was chosen for it, for methods that have one.
        references: every neutral baseline of each text, for methods that average over several.
        seeds: of each text, for methods that draw samples; a text's result depends on its seed alone.
        options: the option of the method that was chosen for each text, for methods that have some.
    """

    classifier: LoadedClassifier
    texts: Sequence[Tokenised]
    targets: Sequence[Target]
    outputs: Sequence[float]
    baselines: Sequence[Baseline] = ()
    references: Sequence[Sequence[Baseline]] = ()
    seeds: Sequence[int] = ()
    options: Sequence[str] = ()


def merge_words(text: Tokenised, per_token: NDArray[np.float32]) -> NDArray[np.float32]:
    """Signed sums of token scores over each word, (words,)."""
    return np.array([per_token[list(word.tokens)].sum() for word in text.words], dtype=np.float32)


def target_weights(request: Request, indices: Sequence[int]) -> torch.Tensor:
    """Weights of the logits of those texts, (texts, classes)."""
    import torch

    classes = len(request.classifier.labels)
    rows = [request.targets[index].weights(classes) for index in indices]
    return torch.tensor(rows, device=request.classifier.device)


def forward_of_embeddings(
    classifier: LoadedClassifier,
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """A function of input embeddings (n, length, hidden) and weights (n, classes): the explained numbers (n,)."""
    import torch

    def forward(embeddings: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(embeddings.shape[:2], dtype=torch.long, device=embeddings.device)
        logits: torch.Tensor = classifier.model(inputs_embeds=embeddings, attention_mask=mask).logits
        return (logits.float() * weights).sum(dim=-1)

    return forward


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Captum draws from the global generators of torch and NumPy: seed both, and put them back afterwards."""
    import torch

    numpy_state = np.random.get_state()
    with torch.random.fork_rng():
        torch.manual_seed(seed % 2**63)
        np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)
