"""Files of the two sides put together: by id where both have one, else by prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Side
from analysis.base.turns import prompt_key, prompt_text
from analysis.data.faults import shown
from analysis.data.row_types import BadRow
from analysis.tracks.response.record_file import BESIDE, Record, RecordFile, no_column, read_record_file
from analysis.tracks.response.settings import ResponseSettings

Key = Callable[[Record], str]
Pair = tuple[Record | None, Record | None]


@dataclass(frozen=True)
class Joined:
    """Records with the responses of both sides, in order: those of the base's file, then what only the candidate has.

    Args:
        file: as if they had been one file.
        notes: what was joined, and what was not, a line each.
    """

    file: RecordFile
    notes: tuple[str, ...]


def read_joined(settings: ResponseSettings) -> Joined:
    """Read both files, and that of the prompts where they leave these to one, and join them.

    Raises:
        AssayError: a file or column that cannot be read; ids or prompts of which none is in both files.
    """
    apart = settings.prompts is not None
    files: dict[Side, RecordFile] = {
        side: read_record_file(path, settings, {side: settings.response_column(side)}, prompts=not apart)
        for side, path in settings.recorded.items()
    }
    if settings.prompts is not None:
        asked = read_record_file(settings.prompts, settings, {})
        _require_beside((asked, *files.values()), settings)
        return _with_prompts(asked, files, settings)
    _require_beside(tuple(files.values()), settings)
    by_id = _joined_by_id(files, settings)
    key: Key = _id if by_id else _prompt
    bad = [row for file in files.values() for row in file.bad]
    rows = {side: _keyed(file, key, by_id, settings, bad) for side, file in files.items()}
    _drop_halves(rows, files, settings, bad)
    base, candidate = (rows[side] for side in SIDES)
    if base and candidate and not base.keys() & candidate.keys():
        raise _nothing_joined(files, "id" if by_id else "prompt", settings)
    pairs: list[Pair] = [(one, candidate.get(name)) for name, one in base.items()]
    pairs += [(None, one) for name, one in candidate.items() if name not in base]
    file, left_out = _as_one(pairs, files, by_id, settings, bad)
    return Joined(file, (_told(rows, files, "id" if by_id else "prompt"), *left_out))


def _require_beside(files: Sequence[RecordFile], settings: ResponseSettings) -> None:
    """Raise AssayError where no file has a column that the review file names beside prompts and responses."""
    for key in BESIDE:
        if key in settings.model_fields_set and not any(key in file.keys for file in files):
            columns = dict.fromkeys(name for file in files for name in file.further)
            raise no_column("no file has one", settings, key, columns, settings.where(key))


def _id(record: Record) -> str:
    return record.id or ""


def _prompt(record: Record) -> str:
    return prompt_key(record.prompt or "").strip()


def _joined_by_id(files: Mapping[Side, RecordFile], settings: ResponseSettings) -> bool:
    """Whether ids join the files; ids that are each file's own join nothing, unless the review file names them."""
    if not all(file.named for file in files.values()):
        return False
    base, candidate = ({one.id for one in files[side].records} for side in SIDES)
    if base & candidate or "id" in settings.model_fields_set or not base or not candidate:
        return True
    prompts = [{_prompt(one) for one in files[side].records} for side in SIDES]
    return not prompts[0] & prompts[1]


def _keyed(
    file: RecordFile, key: Key, by_id: bool, settings: ResponseSettings, bad: list[BadRow]
) -> dict[str, Record]:
    """The records of a file by what joins them; the second of two equal prompts cannot be joined."""
    found: dict[str, Record] = {}
    for record in file.records:
        name = key(record)
        if name in found:
            fault = f"is the prompt of line {found[name].line} already, and rows are joined by it"
            bad.append(record.bad(settings.prompt, f"{fault}; an id in both files tells them apart"))
            continue
        # What a file has of its own would name a row that the other one cannot name.
        found[name] = record if by_id else replace(record, id=None)
    return found


def _drop_halves(
    rows: Mapping[Side, dict[str, Record]],
    files: Mapping[Side, RecordFile],
    settings: ResponseSettings,
    bad: list[BadRow],
) -> None:
    """Leave out what the other side cannot be used of: a row that was skipped is no missing answer."""
    for side, other in (SIDES, SIDES[::-1]):
        for name in files[other].unusable & rows[side].keys() - rows[other].keys():
            half = rows[side].pop(name)
            column = str(getattr(settings, settings.response_column(side)))
            bad.append(half.bad(column, f"its other half in {files[other].path.name} cannot be used"))


def _as_one(
    pairs: Sequence[Pair],
    files: Mapping[Side, RecordFile],
    named: bool,
    settings: ResponseSettings,
    bad: list[BadRow],
) -> tuple[RecordFile, list[str]]:
    columns, left_out = _shared_columns(pairs, files)
    records: list[Record] = []
    for base, candidate in pairs:
        first = base or candidate
        if first is None:
            continue
        fault = _fault(base, candidate, settings)
        if fault is not None:
            bad.append(fault)
            continue
        given: dict[Side, str | None] = {
            side: None if one is None else one.responses[side]
            for side, one in zip(SIDES, (base, candidate), strict=True)
        }
        own = [one for one in (base, candidate) if one is not None]
        records.append(
            replace(
                first,
                responses=given,
                passages=next((one.passages for one in own if one.passages), ()),
                expected=next((one.expected for one in own if one.expected), ()),
                further={name: _first_value(own, name) for name in columns},
            )
        )
    text_only = all(file.text_only for file in files.values())
    keys = frozenset[str]().union(*(file.keys for file in files.values()))
    file = RecordFile(files["base"].path, records, bad, tuple(columns), text_only, named, keys)
    return file, left_out


def _first_value(records: Sequence[Record], name: str) -> Any:
    return next((one.further[name] for one in records if one.further.get(name) is not None), None)


def _fault(base: Record | None, candidate: Record | None, settings: ResponseSettings) -> BadRow | None:
    """What keeps two records from being one, or a lone one from having any answer; None where nothing does."""
    one = candidate or base
    if one is None:
        return None
    side: Side = "base" if candidate is None else "candidate"
    column = str(getattr(settings, settings.response_column(side)))
    texts = [record.responses[own] for own, record in zip(SIDES, (base, candidate), strict=True) if record]
    if all(text is None for text in texts):
        return one.bad(column, "is missing, and so is the other side's response")
    if base is None or candidate is None:
        return None
    if base.prompt is not None and _prompt(base) != _prompt(candidate):
        said = shown(prompt_text(candidate.prompt or ""))
        other = shown(prompt_text(base.prompt))
        return candidate.bad(
            settings.prompt,
            f"{said} is another prompt than that of {shown(base.id)} on {base.where}: {other}",
        )
    for column, own, others in (
        (settings.passages, base.passages, candidate.passages),
        (settings.expected, base.expected, candidate.expected),
    ):
        if own and others and own != others:
            return candidate.bad(column, f"differs from {base.where}, and both sides have them in common")
    return None


def _shared_columns(pairs: Sequence[Pair], files: Mapping[Side, RecordFile]) -> tuple[list[str], list[str]]:
    """The further columns that are of the prompt: those of one file, and those that never differ between both."""
    names = list(dict.fromkeys(name for side in SIDES for name in files[side].further))
    folded = {name.casefold(): name for name in reversed(names)}
    common = set(files["base"].further) & set(files["candidate"].further)
    both = [(base, candidate) for base, candidate in pairs if base is not None and candidate is not None]
    differ = [
        name
        for name in names
        if name in common
        and any(base.further.get(name) != candidate.further.get(name) for base, candidate in both)
    ]
    kept = [name for name in names if name not in differ and folded[name.casefold()] == name]
    told = f"left out  columns that differ between the files: {', '.join(differ)}; they define no slice"
    return kept, [told] if differ else []


def _told(rows: Mapping[Side, Mapping[str, Record]], files: Mapping[Side, RecordFile], by: str) -> str:
    """How many were joined, and how many are of one side alone."""
    base, candidate = (set(rows[side]) for side in SIDES)
    parts = [f"{len(base & candidate):,} joined by {by}"]
    for own, other, file, missing in (
        (base, candidate, files["base"], "candidate"),
        (candidate, base, files["candidate"], "base"),
    ):
        if own - other:
            parts.append(
                f"{len(own - other):,} in {file.path.name} only: missing on the side of the {missing}"
            )
    return f"records   {'; '.join(parts)}"


def _nothing_joined(files: Mapping[Side, RecordFile], by: str, settings: ResponseSettings) -> AssayError:
    base, candidate = (files[side] for side in SIDES)
    samples = [
        shown(one.id if by == "id" else prompt_text(one.prompt or ""))
        for one in (base.records[0], candidate.records[0])
    ]
    hint = "without the key id they are joined by prompt" if by == "id" else "both must hold the same prompts"
    return AssayError(
        f"no {by} is in both {base.path.name} and {candidate.path.name}, which begin with "
        f"{samples[0]} and {samples[1]}",
        where=settings.where("id" if by == "id" else "candidate_records"),
        hint=hint,
    )


def _with_prompts(asked: RecordFile, files: Mapping[Side, RecordFile], settings: ResponseSettings) -> Joined:
    """The prompts of one file with the responses of two others, by id."""
    for file in (asked, *files.values()):
        if not file.named:
            raise AssayError(
                f"has no column {settings.id!r}, and only an id can join responses and prompts",
                where=str(file.path),
                hint='id = "COLUMN" in [response] names another',
            )
    prompts = {one.id: one for one in asked.records}
    bad = [row for file in (asked, *files.values()) for row in file.bad]
    rows: dict[Side, dict[str, Record]] = {}
    for side, file in files.items():
        rows[side] = {}
        for one in file.records:
            prompt = prompts.get(one.id)
            if prompt is None:
                bad.append(one.bad(settings.id, f"{shown(one.id)} is no id of {asked.path.name}"))
            else:
                own = {**one.further, **prompt.further}
                rows[side][_id(one)] = replace(
                    one,
                    prompt=prompt.prompt,
                    passages=prompt.passages or one.passages,
                    expected=prompt.expected or one.expected,
                    further=own,
                )
    answered = [
        name for one in asked.records for name in [_id(one)] if any(name in own for own in rows.values())
    ]
    pairs = [(rows["base"].get(name), rows["candidate"].get(name)) for name in answered]
    sides = {
        side: replace(file, further=(*file.further, *asked.further), keys=file.keys | asked.keys)
        for side, file in files.items()
    }
    file, left_out = _as_one(pairs, sides, True, settings, bad)
    silent = len(asked.records) - len(answered)
    if silent:
        left_out.insert(
            0, f"left out  {silent:,} of {len(asked.records):,} prompts, which neither file answers"
        )
    return Joined(file, (_told(rows, files, "id"), *left_out))
