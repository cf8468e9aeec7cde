"""Records or prompts of a response review, and what the data says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Example
from analysis.base.turns import SYSTEM, placed, prompt_key, prompt_text
from analysis.data.examples import Examples, content_sha256, names_by_content, typed_metadata
from analysis.data.faults import report_bad_rows
from analysis.text.cleaned import cleaned
from analysis.text.units import word_count
from analysis.tracks.response.behaviour_leads import leads_of
from analysis.tracks.response.catalogue import read_catalogue
from analysis.tracks.response.detectors.contract import Policy
from analysis.tracks.response.joined_records import read_joined
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.policy import policy_rows, read_policy
from analysis.tracks.response.record_file import Record, RecordFile, read_record_file
from analysis.tracks.response.recorded_columns import take_recorded
from analysis.tracks.response.roles import behaviour_rows
from analysis.tracks.response.served import read_served
from analysis.tracks.response.settings import ResponseSettings
from analysis.tracks.response.votes import check_people, read_votes

KIND = "prompt"
"""Kind of the examples."""


def read_response(settings: ResponseSettings, skip_bad_rows: bool) -> Examples:
    """Read all data of the track; the prompts are the evaluation rows.

    An empty response is a response. One that the record does not have is missing on that side; in CSV, where
    an empty field is a missing value, so is an empty one.

    Raises:
        AssayError: a file, row or policy that cannot be read, a vote on a prompt that does not exist.
    """
    file, notes = _read_files(settings)
    report_bad_rows(file.bad, skip_bad_rows, file.path, remaining=len(file.records))
    records = _by_ref(file)
    payload = {
        "response_turn": _turn_rows(records),
        "response_passage": _passage_rows(records),
        "response_expected": _expected_rows(records),
        **policy_rows(read_policy(settings.policy) if settings.policy else Policy()),
    }
    if not settings.generates:
        payload["response_side"] = _recorded_rows(records)
    skipped = list(file.bad)
    if settings.catalogue is not None:
        payload["response_catalogue"], bad = read_catalogue(settings.catalogue, skip_bad_rows)
        skipped += bad
    rows = [_example(ref, one) for ref, one in records.items()]
    if settings.preferences is not None:
        known = {row.id: row.ref for row in rows}
        payload["response_preference"], bad = read_votes(settings.preferences, known, skip_bad_rows)
        skipped += bad
        check_people(settings, payload["response_preference"])
    if settings.deployed_records is not None:
        known = {row.id: row.ref for row in rows}
        prompts = {row.ref: row.text for row in rows}
        payload["response_served"], bad = read_served(
            settings.deployed_records, known, prompts, skip_bad_rows
        )
        skipped += bad
    columns = _columns(settings, file)
    examples = Examples(
        rows,
        _metadata(records, file, settings, columns),
        skipped,
        {},
        file.path,
        {ref: one.line for ref, one in records.items()},
        columns,
        payload,
        (*notes, *_told(records, file)),
    )
    # What is wrong with a lead is told before anything is read with it.
    leads_of(settings)
    examples, recorded = take_recorded(examples, settings)
    return replace(examples, payload={**payload, **behaviour_rows(settings, examples), **recorded})


def _read_files(settings: ResponseSettings) -> tuple[RecordFile, tuple[str, ...]]:
    """The records, of one file or joined, with what is to be said of the joining."""
    if settings.base_records is not None:
        joined = read_joined(settings)
        return joined.file, joined.notes
    path = settings.records or settings.prompts
    if path is None:
        raise AssayError("there are neither records nor prompts", where=settings.where())
    sides = {} if settings.generates else {side: settings.response_column(side) for side in SIDES}
    return read_record_file(path, settings, sides), ()


def _by_ref(file: RecordFile) -> dict[str, Record]:
    """The records by ref: by id, or by a digest of the prompt where the file has no ids."""
    if file.named:
        names = [one.id or "" for one in file.records]
    else:
        names = names_by_content(prompt_key(one.prompt or "") for one in file.records)
    return {f"{TRACK}/{KIND}:{name}": one for name, one in zip(names, file.records, strict=True)}


def _example(ref: str, record: Record) -> Example:
    prompt = record.prompt or ""
    sha256 = content_sha256(prompt_key(prompt), None)
    name = ref.partition(":")[2]
    return Example(ref, TRACK, KIND, name, None, prompt_text(prompt), None, sha256)


def _columns(settings: ResponseSettings, file: RecordFile) -> dict[str, str]:
    """What slices call the name and the text of a prompt: as the file does, and a path by its key."""
    taken = {name.casefold() for name in file.further}

    def called(key: str) -> str:
        name = str(getattr(settings, key))
        return key if "." in name and key not in taken else name

    return {"text": called("prompt")} | ({"id": called("id")} if file.named else {})


def _metadata(
    records: Mapping[str, Record], file: RecordFile, settings: ResponseSettings, columns: Mapping[str, str]
) -> pa.Table:
    """The further columns. What was answered defines no slice; what is expected may."""
    expects = "expected" in file.keys
    expected = "expected" if "." in settings.expected else settings.expected
    further = [name for name in file.further if not (expects and name.casefold() == expected.casefold())]
    metadata = typed_metadata(
        list(records),
        lambda name: [one.further.get(name) for one in records.values()],
        further,
        file.text_only,
    )
    if not expects:
        return metadata
    lists = [list(one.expected) for one in records.values()]
    return metadata.append_column(expected, pa.array(lists, pa.list_(pa.string())))


def _told(records: Mapping[str, Record], file: RecordFile) -> list[str]:
    """What a reader should know of names and turns, a line each."""
    notes = []
    if not file.named:
        equal = len(records) - len({prompt_key(one.prompt or "") for one in records.values()})
        more = f"; {equal:,} are equal to an earlier one and numbered in their order" if equal else ""
        notes.append(f"names     there are no ids: a digest of each prompt is its name{more}")
    turns = [one.prompt for one in records.values() if isinstance(one.prompt, tuple)]
    if turns:
        system = sum(any(one.role in SYSTEM for one in prompt) for prompt in turns)
        several = sum(sum(one.role not in SYSTEM for one in prompt) > 1 for prompt in turns)
        kinds = ((several, "of several turns"), (system, "with a system prompt"))
        counts = ", ".join(f"{count:,} {kind}" for count, kind in kinds if count)
        notes.append(f"turns     {len(turns):,} prompts are turns: {counts}")
    return notes


def _turn_rows(records: Mapping[str, Record]) -> pa.Table:
    """Rows of `response_turn`, for prompts that are turns."""
    rows = [
        (ref, position, turn)
        for ref, one in records.items()
        if isinstance(one.prompt, tuple)
        for position, turn in enumerate(placed(one.prompt)[1])
    ]
    return pa.table(
        {
            "ref": pa.array([ref for ref, *_ in rows], pa.string()),
            "position": pa.array([position for _, position, _ in rows], pa.int32()),
            "role": pa.array([turn.role for *_, turn in rows], pa.string()),
            "text": pa.array([turn.content for *_, turn in rows], pa.string()),
            "start": pa.array([turn.start for *_, turn in rows], pa.int32()),
            "end": pa.array([turn.end for *_, turn in rows], pa.int32()),
        }
    )


def _recorded_rows(records: Mapping[str, Record]) -> pa.Table:
    rows = [(ref, side, one.responses.get(side)) for ref, one in records.items() for side in SIDES]
    return side_table(
        [ref for ref, *_ in rows],
        [side for _, side, _ in rows],
        [text or "" for *_, text in rows],
        ["missing" if text is None else "recorded" for *_, text in rows],
    )


def side_table(
    refs: Sequence[str],
    sides: Sequence[str],
    texts: Sequence[str],
    ended: Sequence[str],
    tokens: Sequence[int | None] | None = None,
    logp: Sequence[float | None] | None = None,
) -> pa.Table:
    """Rows of `response_side`; `tokens` and `logp` are known of generated responses only."""
    nothing = [None] * len(refs)
    return pa.table(
        {
            "ref": pa.array(refs, pa.string()),
            "side": pa.array(sides, pa.string()),
            "text": pa.array(texts, pa.string()),
            "words": pa.array([word_count(cleaned(text).text) for text in texts], pa.int32()),
            "tokens": pa.array(nothing if tokens is None else tokens, pa.int32()),
            "logp": pa.array(nothing if logp is None else logp, pa.float64()),
            "ended": pa.array(ended, pa.string()),
        }
    )


def _passage_rows(records: Mapping[str, Record]) -> pa.Table:
    rows = [
        (ref, position, passage)
        for ref, one in records.items()
        for position, passage in enumerate(one.passages)
    ]
    return pa.table(
        {
            "ref": pa.array([ref for ref, *_ in rows], pa.string()),
            "position": pa.array([position for _, position, _ in rows], pa.int32()),
            "passage_id": pa.array([passage.id for *_, passage in rows], pa.string()),
            "text": pa.array([passage.text for *_, passage in rows], pa.string()),
        }
    )


def _expected_rows(records: Mapping[str, Record]) -> pa.Table:
    rows = [(ref, one) for ref, record in records.items() for one in record.expected]
    return pa.table(
        {
            "ref": pa.array([ref for ref, _ in rows], pa.string()),
            "expects": pa.array([one for _, one in rows], pa.string()),
        }
    )
