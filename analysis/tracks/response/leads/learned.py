"""Kind `learned`: what people's labels of both sides teach about an answer, or, before that, likeness to examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analysis.tracks.response.english.sentences import Span
from analysis.tracks.response.leads.heads import (
    NEEDED,
    Floats,
    Rows,
    enough,
    fold_of,
    held_out,
    known_groups,
    logits_of,
    own_or_mean,
)
from analysis.tracks.response.leads.pieces import Unit, pieces
from analysis.tracks.response.leads.vectors import Encode, Ngrams, Place, spanned, unit_length

STRENGTH = 10.0
"""Inverse of the penalty on a head's weights: scikit-learn's C."""
AT_ONCE = 1_024
"""Answers whose pieces are vectors at the same time."""
LEAST_APART = 0.1
"""Least difference of cosines that is taken for the way from any piece to an example."""
SPEAKS = 0.5
"""Score from which the sentence that most speaks for an answer's score is marked."""


@dataclass(frozen=True)
class Learned:
    """What was learned of each answer.

    Args:
        scores: float64 [n] in [0, 1]; None where there is nothing to learn from.
        spans: of answers with a score of at least 0.5 the sentence that most speaks for it, else None; n of them.
        why: of the spans, or of why there are no scores: a sentence for people.
    """

    scores: Floats | None
    spans: tuple[Span | None, ...]
    why: str


def learn(
    texts: Sequence[str],
    prompts: Sequence[str],
    labels: Mapping[int, bool],
    examples: Sequence[str],
    unit: Unit,
    encode: Encode | None,
    seed: int,
) -> Learned:
    """Score the answers of both sides by a head that labels taught, each out of fold.

    With fewer than 5 labels of a class it is likeness to the examples, where there are any.

    Args:
        texts: n answers, as they are read.
        prompts: n refs of their prompts; the answers of both sides to one prompt share it.
        labels: by place in `texts`, whether the behaviour is there; those that are missing are not known.
        examples: sentences that show the behaviour.
        unit: what is scored of an answer; with `sentence` its score is that of its top sentence.
        encode: of an encoder; None for n-grams.
        seed: of the folds.
    """
    labelled = np.array(sorted(labels), dtype=np.intp)
    truth = np.array([labels[row] for row in labelled.tolist()], dtype=np.bool_)
    if enough(truth):
        return _by_labels(texts, prompts, labelled, truth, unit, encode, seed)
    if any(one.strip() for one in examples) and len(texts):
        return _by_examples(texts, [one for one in examples if one.strip()], unit, encode, seed)
    yes = int(truth.sum())
    why = f"nothing learned yet: labels so far {yes} yes, {len(truth) - yes} no, and {NEEDED} of each are needed"
    return Learned(None, (None,) * len(texts), f"{why}; there are no examples of it either")


def _by_labels(
    texts: Sequence[str],
    prompts: Sequence[str],
    labelled: Rows,
    truth: NDArray[np.bool_],
    unit: Unit,
    encode: Encode | None,
    seed: int,
) -> Learned:
    from sklearn.linear_model import LogisticRegression

    cut = [pieces(text, unit) for text in texts]
    place, taught, owner, points = _space(texts, cut, labelled, encode, seed)
    fold = fold_of(prompts, seed)

    def teach(chosen: Rows) -> Floats:
        model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1_000)
        model.fit(taught[chosen], truth[chosen])
        return np.append(model.coef_[0], model.intercept_)

    def logits(some: Floats) -> Floats:
        return _top(logits_of(points, some), owner, len(labelled))

    heads = held_out(teach, logits, truth, fold[labelled], taught.shape[1])
    columns = np.concatenate(
        [_top(logits_of(place(said), heads), own, count) for said, own, count in _portions(texts, cut)]
    )
    scores = own_or_mean(expit(columns), fold, known_groups(prompts, labelled))
    no = int((~truth).sum())
    return Learned(
        scores,
        _sentences_that_speak(texts, scores, place, heads, fold),
        f"the sentence that most speaks for it, by {int(truth.sum())} answers with it and {no} without",
    )


def _sentences_that_speak(
    texts: Sequence[str], scores: Floats, place: Place, heads: Floats, fold: Rows
) -> tuple[Span | None, ...]:
    """The top sentence of each answer that has a high score, by the head that saw nothing of its fold."""
    spans: list[Span | None] = [None] * len(texts)
    high = np.flatnonzero(scores >= SPEAKS)
    for start in range(0, len(high), AT_ONCE):
        rows = high[start : start + AT_ONCE]
        some = [texts[row] for row in rows.tolist()]
        cut = [pieces(text, "sentence") for text in some]
        said, owner = _said(some, cut)
        logits = logits_of(place(said), heads)[np.arange(len(said)), fold[rows][owner]]
        for index, row in enumerate(rows.tolist()):
            mine = logits[owner == index]
            spans[row] = cut[index][int(mine.argmax())]
    return tuple(spans)


def _by_examples(
    texts: Sequence[str], examples: Sequence[str], unit: Unit, encode: Encode | None, seed: int
) -> Learned:
    """The cosine of the likest piece with the likest example: 0 for what any piece has, 1 for what examples have
    with each other.

    An example is a sentence, so it is compared with sentences, or with the opening.
    """
    cut = [pieces(text, "opening" if unit == "opening" else "sentence") for text in texts]
    like = _cosines(texts, examples, encode, seed)
    likeness = np.concatenate([like(said).max(axis=1) for said, _, _ in _portions(texts, cut)])
    usual = float(np.median(likeness))
    among = like(examples) - 2 * np.eye(len(examples))
    alike = float(np.median(among.max(axis=1))) if len(examples) > 1 else 1.0
    raised = np.clip((likeness - usual) / max(alike - usual, LEAST_APART), 0.0, 1.0)
    ends = np.cumsum([len(spans) for spans in cut])
    tops = [
        end - len(spans) + int(raised[end - len(spans) : end].argmax())
        for end, spans in zip(ends, cut, strict=True)
    ]
    scores = raised[tops]
    spans = tuple(
        spans[top - (end - len(spans))] if score >= SPEAKS else None
        for top, end, spans, score in zip(tops, ends, cut, scores, strict=True)
    )
    return Learned(
        scores, spans, "the sentence most like the examples; there are too few labels to learn from"
    )


def _cosines(
    texts: Sequence[str], examples: Sequence[str], encode: Encode | None, seed: int
) -> Callable[[Sequence[str]], Floats]:
    """Pieces -> their cosines with the examples, float64 [pieces, examples]."""
    if encode is not None:
        place = _encoded(encode)
        towards = place(examples).T
        return lambda said: np.asarray(place(said) @ towards, dtype=np.float64)
    ngrams = Ngrams(texts, seed)
    rows = unit_length(ngrams.rows(examples)).T
    return lambda said: np.asarray((unit_length(ngrams.rows(said)) @ rows).toarray(), dtype=np.float64)


def _space(
    texts: Sequence[str], cut: Sequence[Sequence[Span]], labelled: Rows, encode: Encode | None, seed: int
) -> tuple[Place, Floats, Rows, Floats]:
    """Where texts lie; what is taught, float64 [labels, d]; the pieces of labelled answers: owner [p], place [p, d].

    A label is of a whole answer, so an answer is taught as the mean of its pieces, of length 1.
    """
    from scipy.sparse import csr_matrix

    said, owner = _said([texts[row] for row in labelled.tolist()], [cut[row] for row in labelled.tolist()])
    shares = csr_matrix((np.ones(len(owner)), (owner, np.arange(len(owner)))))
    if encode is not None:
        place = _encoded(encode)
        points = place(said)
        return place, unit_length(shares @ points), owner, points
    ngrams = Ngrams(texts, seed)
    taught = unit_length(shares @ ngrams.rows(said))
    place, there = spanned(ngrams, taught)
    return place, there, owner, place(said)


def _encoded(encode: Encode) -> Place:
    return lambda texts: np.asarray(unit_length(encode(texts).astype(np.float64)), dtype=np.float64)


def _said(texts: Sequence[str], cut: Sequence[Sequence[Span]]) -> tuple[list[str], Rows]:
    """The pieces of some answers, and whose they are, counted from 0."""
    owner = np.repeat(np.arange(len(texts)), [len(spans) for spans in cut])
    return [span.of(text) for text, spans in zip(texts, cut, strict=True) for span in spans], owner


def _portions(texts: Sequence[str], cut: Sequence[Sequence[Span]]) -> Iterator[tuple[list[str], Rows, int]]:
    """Pieces and owners of so many answers at a time."""
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        yield *_said(some, cut[start : start + AT_ONCE]), len(some)


def _top(logits: Floats, owner: Rows, count: int) -> Floats:
    """The largest logit of each answer's pieces by each head, float64 [count, heads]."""
    top = np.full((count, logits.shape[1]), -np.inf)
    np.maximum.at(top, owner, logits)
    return top
