"""The one error that a user may see: what went wrong, where, and what to do about it."""

from __future__ import annotations


class AssayError(Exception):
    """A failure that its user can mend.

    Args:
        message: what is wrong, in one sentence.
        where: the place: a file, with line, key or column where known.
        hint: what to do next.
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n  {self.hint}" if self.hint else head
