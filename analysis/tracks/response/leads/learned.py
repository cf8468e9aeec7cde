"""Kind `learned`: what people's labels of both sides teach about an answer, or, before that, likeness to examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from analysis.tracks.response.english.sentences import Span, sentences
from analysis.tracks.response.leads.heads import (
    NEEDED,
    Floats,
    Numbers,
    fold_of,
    held_out,
    known_groups,
    logits_of,
    own_or_mean,
)
from analysis.tracks.response.leads.settings import Unit
from analysis.tracks.response.leads.vectors import Encode, Place, Rows, cosines, rows_of, spanned

OPENING = 200
"""Characters of an opening; the sentence in which it ends is cut."""
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
    shown = [one for one in examples if one.strip()]
    yes = sum(labels.values())
    no = len(labels) - yes
    if min(yes, no) >= NEEDED:
        return _by_labels(texts, prompts, rows_of(texts, encode, seed), unit, labels, seed)
    if shown and texts:
        return _by_examples(texts, rows_of(texts, encode, seed), unit, shown)
    why = f"nothing learned yet: labels so far {yes} yes, {no} no, and {NEEDED} of each are needed"
    return Learned(None, (None,) * len(texts), f"{why}; there are no examples of it either")


def _by_labels(
    texts: Sequence[str],
    prompts: Sequence[str],
    rows: Rows,
    unit: Unit,
    labels: Mapping[int, bool],
    seed: int,
) -> Learned:
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    labelled, fold = np.array(sorted(labels), dtype=np.intp), fold_of(prompts, seed)
    truth = np.array([labels[row] for row in sorted(labels)], dtype=np.bool_)
    cut = [pieces(text, unit) for text in texts]
    said, owner = _said([texts[row] for row in sorted(labels)], [cut[row] for row in sorted(labels)])
    # A label is of a whole answer, so an answer is taught as the mean of its pieces, of length 1.
    shares = csr_matrix((np.ones(len(owner)), (owner, np.arange(len(owner)))))
    place, taught = spanned(rows, shares @ rows(said))
    points = place(said)

    def teach(chosen: Numbers) -> Floats:
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
    yes, no = int(truth.sum()), int((~truth).sum())
    why = f"the sentence that most speaks for it, by {yes} answers with it and {no} without"
    return Learned(scores, _sentences_that_speak(texts, scores, place, heads, fold), why)


def _sentences_that_speak(
    texts: Sequence[str], scores: Floats, place: Place, heads: Floats, fold: Numbers
) -> tuple[Span | None, ...]:
    """The top sentence of each answer that has a high score, by the head that saw nothing of its fold."""
    spans: list[Span | None] = [None] * len(texts)
    high = np.flatnonzero(scores >= SPEAKS)
    some = [texts[row] for row in high.tolist()]
    cut = [pieces(text, "sentence") for text in some]
    done = 0
    for said, owner, count in _portions(some, cut):
        own = fold[high[done : done + count]][owner]
        values = logits_of(place(said), heads)[np.arange(len(said)), own]
        for row, (_, span) in zip(high[done:], _best(values, cut[done : done + count]), strict=False):
            spans[row] = span
        done += count
    return tuple(spans)


def _by_examples(texts: Sequence[str], rows: Rows, unit: Unit, examples: Sequence[str]) -> Learned:
    """The cosine of the likest piece with the likest example: 0 for what any piece has, 1 for what examples have
    with each other.

    An example is a sentence, so it is compared with sentences, or with the opening.
    """
    cut = [pieces(text, "opening" if unit == "opening" else "sentence") for text in texts]
    shown = rows(examples)
    likeness = np.concatenate([cosines(rows(said), shown).max(axis=1) for said, *_ in _portions(texts, cut)])
    usual = float(np.median(likeness))
    among = cosines(shown, shown) - 2 * np.eye(len(examples))
    alike = float(np.median(among.max(axis=1))) if len(examples) > 1 else 1.0
    raised = np.clip((likeness - usual) / max(alike - usual, LEAST_APART), 0.0, 1.0)
    best = list(_best(raised, cut))
    spans = tuple(span if value >= SPEAKS else None for value, span in best)
    why = "the sentence most like the examples; there are too few labels to learn from"
    return Learned(np.array([value for value, _ in best]), spans, why)


def _best(values: Floats, cut: Sequence[Sequence[Span]]) -> Iterator[tuple[float, Span]]:
    """The highest value of each answer's pieces, with the piece."""
    ends = np.cumsum([len(spans) for spans in cut])[:-1]
    for own, spans in zip(np.split(values, ends), cut, strict=True):
        yield float(own.max()), spans[int(own.argmax())]


def _said(texts: Sequence[str], cut: Sequence[Sequence[Span]]) -> tuple[list[str], Numbers]:
    """The pieces of some answers, and whose they are, counted from 0."""
    owner = np.repeat(np.arange(len(texts)), [len(spans) for spans in cut])
    return [span.of(text) for text, spans in zip(texts, cut, strict=True) for span in spans], owner


def _portions(
    texts: Sequence[str], cut: Sequence[Sequence[Span]]
) -> Iterator[tuple[list[str], Numbers, int]]:
    """Pieces and owners of so many answers at a time."""
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        yield *_said(some, cut[start : start + AT_ONCE]), len(some)


def _top(logits: Floats, owner: Numbers, count: int) -> Floats:
    """The largest logit of each answer's pieces by each head, float64 [count, heads]."""
    top = np.full((count, logits.shape[1]), -np.inf)
    np.maximum.at(top, owner, logits)
    return top


def pieces(text: str, unit: Unit) -> list[Span]:
    """The pieces of a text as spans, at least one."""
    if unit == "answer":
        return [Span(0, len(text))]
    if unit == "opening":
        start = len(text) - len(text.lstrip())
        return [Span(start, min(len(text), start + OPENING))]
    return sentences(text) or [Span(0, len(text))]
