"""Where a reviewer was, and what they had half written: small private files in `drafts/`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.review_records import DECISIONS, Decision
from analysis.review.scope import Scope
from analysis.store.files import make_directory, read_small, safe_name, system_error, write_atomic
from analysis.store.streams import Account

DRAFT_LIMIT = 1 << 20
DECISION = "decision.json"
"""Name of the file of a decision that is not recorded yet; those of notes are digests."""


class Drafts:
    """Drafts and the last place of one reviewer of one account in one store."""

    def __init__(self, store: PathLike[str], account: Account, reviewer: str) -> None:
        self._account = Path(store) / "drafts" / account.folder
        self._folder = self._account / safe_name(reviewer)

    def save_draft(self, ref: str, text: str) -> None:
        """Keep a half-written note. Raises AssayError where it cannot be kept."""
        self._write(self._draft_path(ref), {"ref": ref, "text": text})

    def draft(self, ref: str) -> str | None:
        """The half-written note on an example, or None."""
        content = self._read(self._draft_path(ref))
        return content["text"] if content.get("ref") == ref and isinstance(content.get("text"), str) else None

    def clear_draft(self, ref: str) -> None:
        """Forget the half-written note on an example. Raises AssayError where it cannot be removed."""
        path = self._draft_path(ref)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise system_error(error, "remove this file", path) from error

    def save_decision(self, run: str, decision: Decision | None, reason: str) -> None:
        """Keep a decision that is not recorded yet, and its reason. Raises AssayError where it cannot be kept."""
        self._write(self._folder / DECISION, {"run": run, "decision": decision, "reason": reason})

    def decision(self, run: str) -> tuple[Decision | None, str]:
        """The decision on a run that is not recorded yet, and its reason; None and nothing where there is none."""
        content = self._read(self._folder / DECISION)
        if content.get("run") != run or not isinstance(content.get("reason"), str):
            return None, ""
        return next((one for one in DECISIONS if one == content.get("decision")), None), content["reason"]

    def clear_decision(self) -> None:
        """Forget it: it was recorded."""
        (self._folder / DECISION).unlink(missing_ok=True)

    def bookmark(self, ref: str, scope: Scope) -> None:
        """Remember where the reviewer is."""
        self._write(self._folder / "place.json", {"ref": ref, "scope": asdict(scope)})

    def last_place(self) -> tuple[str, Scope] | None:
        """The remembered example and scope, or None; a scope of another version becomes the whole queue."""
        content = self._read(self._folder / "place.json")
        ref, plain = content.get("ref"), content.get("scope")
        if not isinstance(ref, str) or not isinstance(plain, dict):
            return None
        refs = plain.get("refs")
        scope = (
            Scope(**{**plain, "refs": None if refs is None else tuple(refs)}) if _is_scope(plain) else Scope()
        )
        return ref, scope

    def _draft_path(self, ref: str) -> Path:
        name = hashlib.sha256(ref.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._folder / f"{name}.json"

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        for folder in (self._account, self._folder):
            if not folder.is_dir():
                make_directory(folder, own=True)
        # Not synced: a draft has to outlive this process, and is written while somebody types.
        write_atomic(path, json.dumps(content).encode("ascii"), durable=False)

    def _read(self, path: Path) -> dict[str, Any]:
        content = read_small(path, DRAFT_LIMIT)
        if not content:
            return {}
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise AssayError(
                "this draft is damaged",
                where=str(path),
                hint="delete this file: drafts are not part of the record",
            ) from error
        return found if isinstance(found, dict) else {}


def _is_scope(plain: dict[str, Any]) -> bool:
    """Whether plain JSON has the fields of a scope, each of its type."""
    for name, value in plain.items():
        if name in ("must", "undecided", "everything"):
            good = isinstance(value, bool)
        elif name == "refs":
            good = value is None or (isinstance(value, list) and all(isinstance(ref, str) for ref in value))
        else:
            good = name in asdict(Scope()) and (value is None or isinstance(value, str))
        if not good:
            return False
    return True
