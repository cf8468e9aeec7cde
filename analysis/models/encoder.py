"""Base and candidate encoder as one object: models, or vectors that were made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Side
from analysis.data.faults import shown
from analysis.models.encoder_config import EncoderHead, inspect_encoder
from analysis.models.sides import Sides
from analysis.models.stored import StoredHead, inspect_stored, read_stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.encoding import LoadedEncoder, TextKind


class EncoderPair(Sides):
    """The two encoders of a review, loaded when first asked for and kept.

    Args:
        folders: the model folder of each side, or the Parquet file with its vectors. The candidate may be a
            PEFT adapter over the base, and both may be over `over`.
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, folders: Mapping[str, Path], device: str) -> None:
        super().__init__(folders, device)
        self._loaded: dict[Side, LoadedEncoder] = {}
        self._below: LoadedEncoder | None = None
        self._stored: dict[Side, NDArray[np.float32]] = {}

    @cached_property
    def heads(self) -> dict[Side, EncoderHead | StoredHead]:
        """What each side says of itself, read without loading it."""
        return {side: self.head(side) for side in self.folders}

    def head(self, side: Side) -> EncoderHead | StoredHead:
        """What one side says of itself. Raises AssayError."""
        path = self.folders[side]
        if path.is_file():
            return inspect_stored(path)
        return inspect_encoder(path, self.below(side))

    @property
    def parameters(self) -> int:
        """Parameters of the larger model, read without loading it; 0 where both sides are stored vectors."""
        return max(head.parameters if isinstance(head, EncoderHead) else 0 for head in self.heads.values())

    @property
    def encodes(self) -> bool:
        """Whether both sides can be given new texts."""
        return all(isinstance(head, EncoderHead) for head in self.heads.values())

    def load(self) -> None:
        """Load the models of both sides. Raises AssayError."""
        for side in SIDES:
            if isinstance(self.heads[side], EncoderHead):
                self.encoder(side)

    def encoder(self, side: Side) -> LoadedEncoder:
        """The loaded model of one side, which must not be stored vectors. Raises AssayError."""
        from analysis.models.encoding import load_adapted, load_encoder

        if side not in self._loaded:
            head = self.heads[side]
            if not isinstance(head, EncoderHead):
                raise AssayError(
                    "holds vectors and no model, so nothing new can be encoded", where=str(self.folders[side])
                )
            if head.adapter:
                loaded = load_adapted(head, self.folders[side], self._whole_below())
            else:
                loaded = load_encoder(head, self.device)
            self._loaded[side] = loaded
        return self._loaded[side]

    def _whole_below(self) -> LoadedEncoder:
        """What adapters go over: the base, or the model that is named."""
        from analysis.models.encoding import load_encoder

        if self.over is None:
            return self.encoder("base")
        if self._below is None:
            self._below = load_encoder(inspect_encoder(self.over), self.device)
        return self._below

    def vectors(
        self, side: Side, kind: str, names: Sequence[str], texts: Sequence[str], text_kind: TextKind
    ) -> NDArray[np.float32]:
        """Vectors (n, dimension) of examples of one kind, float32, as the encoder gives them.

        Args:
            side: whose vectors.
            kind: kind of the examples, for a file of stored vectors.
            names: ids of the examples.
            texts: what they say.
            text_kind: whether they are encoded as queries or as documents.

        Raises:
            AssayError: an id that a file does not have; a vector that is not finite or has no length.
        """
        from analysis.models.encoding import encode_texts

        head = self.heads[side]
        if isinstance(head, StoredHead):
            vectors = self._rows(side, head)[[_row(head, kind, name) for name in names]]
        else:
            vectors = encode_texts(self.encoder(side), texts, text_kind)
        self._refuse_unusable(side, kind, names, vectors)
        return vectors

    def stored_faults(self, side: Side, examples: Sequence[tuple[str, str]]) -> dict[int, str]:
        """What is wrong with the stored vector of examples, by their place; nothing of a side that is a model.

        Args:
            side: whose vectors.
            examples: kind and id of each; the file has all of them.

        Raises:
            AssayError: a file whose vectors cannot be read, or have different lengths.
        """
        head = self.heads[side]
        if not isinstance(head, StoredHead):
            return {}
        return vector_faults(self._rows(side, head)[[_row(head, kind, name) for kind, name in examples]])

    def _rows(self, side: Side, head: StoredHead) -> NDArray[np.float32]:
        if side not in self._stored:
            self._stored[side] = read_stored(head)
        return self._stored[side]

    def _refuse_unusable(
        self, side: Side, kind: str, names: Sequence[str], vectors: NDArray[np.float32]
    ) -> None:
        """Raises AssayError for the first vector that cannot be used, and counts the others."""
        faults = vector_faults(vectors)
        if not faults:
            return
        first = min(faults)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise AssayError(
            f"the {side}'s vector of {kind} {shown(names[first])} {faults[first]}{more}",
            where=str(self.folders[side]),
            hint="mend the encoder, or leave the example out of the data",
        )


def vector_faults(vectors: NDArray[np.float32]) -> dict[int, str]:
    """Rows of a matrix (n, dimension) that have no cosine with anything, each with what is wrong with it."""
    finite: NDArray[np.bool_] = np.isfinite(vectors).min(axis=1, initial=True)
    with np.errstate(over="ignore", invalid="ignore"):
        long = np.linalg.norm(vectors.astype(np.float64), axis=1) > 0
    return {
        int(row): "has no direction: all its numbers are 0"
        if finite[row]
        else "holds what is not a finite number"
        for row in np.flatnonzero(~(finite & long))
    }


def encoders(models: Sides) -> EncoderPair:
    """The sides of a track that is known to compare encoders."""
    return cast(EncoderPair, models)


def _row(head: StoredHead, kind: str, name: str) -> int:
    row = head.row(kind, name)
    if row is None:
        raise missing_vector(head, kind, name, 0)
    return row


def missing_vector(head: StoredHead, kind: str, name: str, more: int) -> AssayError:
    """What is said of an example that a file of vectors does not have, and of `more` others."""
    others = f" (and {more} more)" if more else ""
    return AssayError(
        f"has no vector for the {kind} {shown(name)}{others}",
        where=str(head.path),
        hint=f"write a row with the id {name!r}, or {kind + ':' + name!r} where the id alone is not unique",
    )
