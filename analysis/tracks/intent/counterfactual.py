"""Counterfactual probes: a cue that must not matter is inserted, removed or swapped, and both sides answer.

An evaluation set that shares a shortcut makes a defective model look like an upgrade, so the probes are
generated, not hoped for. A variant is an example of kind `variant`, predicted like any other. Beside the
lexicon's own terms stand terms held out of it and neutral phrases; phrases that ought to support a class
are deleted in the same way. Cues that nobody declared and the search found stand in the texts that confirmed them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import pyarrow as pa

from analysis.base.records import ALL
from analysis.base.seeds import draw
from analysis.base.sql import queries
from analysis.data.examples import content_sha256
from analysis.models.classifier_pair import classifiers
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.text.lexicon import BUILT_IN, Lexicon, Span, insert_term, remove_spans
from analysis.tracks.intent.cue_insertions import put
from analysis.tracks.intent.insertable import Cue
from analysis.tracks.intent.neutral_phrases import NEUTRAL, PHRASES, held_out_terms
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    from analysis.plugin.settings import Review
    from analysis.text.lexicon import Finder
    from analysis.tracks.intent.settings import IntentSettings

_SQL = queries(__package__, "stages.sql")
_FOUND = queries(__package__, "found.sql")

MAX_TEXTS = 300
"""Texts per class, cue and population that are probed; drawn at random from the seed where there are more."""
DRAWS = {"critical": 4, "other": 2}
"""Random terms of the lexicon drawn for each text."""
DRAWS_BESIDE = {"critical": 2, "other": 1}
"""Random terms drawn for each text from what stands beside: terms held out, and neutral phrases."""

FOUND_TERMS = 4
"""Cues of a group that was found whose texts are kept as examples: the strongest."""

Operation = Literal["insert", "remove", "swap", "signal"]
Source = Literal["lexicon", "held out", "neutral", "found"]
Row = tuple[str, str, str, str]
"""Ref, id, text and gold of an evaluation example."""


class Plan(NamedTuple):
    """How one variant was made; `start` and `end` mark the cue in the variant's text, where it holds one."""

    ref: str
    parent_ref: str
    id: str
    text: str
    cue: str
    operation: Operation
    term: str
    source: Source
    target: str
    population: str
    start: int | None
    end: int | None


@dataclass(frozen=True)
class Probe:
    """What is probed: a class, the name of a cue or the phrase, the track (prefix of the refs) and the seed."""

    target: str
    cue: str
    track: str
    seed: int


class Swapped(NamedTuple):
    """A text in which another term stands in the place of a cue's mention."""

    text: str
    term: str


def swapped(text: str, span: Span, terms: Sequence[str], seed: int) -> Swapped | None:
    """The text with another of the cue's terms in the place of one mention; None where there is no other."""
    term = text[span.start : span.end]
    others = [other for other in terms if other.casefold() != term.casefold()]
    if not others:
        return None
    other = others[seed % len(others)]
    return Swapped(text[: span.start] + other + text[span.end :], other)


def mentions(rows: Iterable[Row], finder: Finder) -> dict[str, list[Span]]:
    """Where a cue stands, by ref, for the texts that hold it."""
    return {ref: spans for ref, _, text, _ in rows if (spans := finder.find(text))}


def plans(
    rows: Sequence[Row], spans_of: Mapping[str, Sequence[Span]], finder: Finder, probe: Probe
) -> Iterator[Plan]:
    """The variants of one class and one cue.

    Args:
        rows: the evaluation examples.
        spans_of: where the cue stands, by ref (`mentions`).
        finder: finds the cue in a text and has the terms to insert.
        probe: the class that must not depend on the cue, and the cue's name.
    """
    held_out = held_out_terms(finder, probe.seed)
    for population, members in _populations(rows, probe.target):
        # A declared cue is inserted where none is yet; built-in classes such as punctuation are nearly everywhere.
        without = [row for row in members if probe.cue in BUILT_IN or row[0] not in spans_of]
        for row in _sample(without, probe):
            yield from _insertions(row, probe, population, "lexicon", finder.cues)
            yield from _insertions(row, probe, population, "held out", held_out)
        having = [row for row in members if row[0] in spans_of]
        for row in _sample(having, probe):
            yield from _edits(row, probe, population, spans_of[row[0]], finder.cues)


def neutral_plans(rows: Sequence[Row], target: str, track: str, seed: int) -> Iterator[Plan]:
    """The variants of one class with a neutral phrase inserted: once for the class, whatever its cues."""
    probe = Probe(target, NEUTRAL, track, seed)
    for population, members in _populations(rows, target):
        for row in _sample(members, probe):
            yield from _insertions(row, probe, population, "neutral", PHRASES)


def signal_plans(
    rows: Sequence[Row], spans_of: Mapping[str, Sequence[Span]], number: int, probe: Probe
) -> Iterator[Plan]:
    """The variants of one class without a phrase that ought to support it.

    Only texts of the class that hold the phrase, and say something without it. `number` stands in the refs,
    because a phrase may be long.
    """
    having = [row for row in rows if row[3] == probe.target and row[0] in spans_of]
    for row in _sample(having, probe):
        spans = spans_of[row[0]]
        without = remove_spans(row[2], spans)
        if without.strip():
            term = row[2][spans[0].start : spans[0].end]
            yield _plan(
                row,
                probe,
                "critical",
                f"signal{number}",
                how=("signal", "lexicon", term),
                made=(without, None, None),
            )


def found_plans(
    rows: Mapping[str, Row], found: Iterable[tuple[str, str, str, Cue, Sequence[str]]], track: str, seed: int
) -> Iterator[Plan]:
    """The variants of the cues that the search confirmed: each in the texts that confirmed it, as it stood there.

    Args:
        rows: the evaluation examples, by ref.
        found: class, name of the group, direction, cue and refs of its texts.
        track: prefix of the refs.
        seed: of the review; it draws the places.
    """
    terms: dict[tuple[str, str], int] = {}
    for target, name, direction, cue, refs in found:
        number = terms[target, name] = terms.get((target, name), 0) + 1
        if number > FOUND_TERMS:
            continue
        population = "critical" if direction == "fall" else "other"
        for ref in refs:
            yield _plan(
                rows[ref],
                Probe(target, name, track, seed),
                population,
                f"{name.replace(' ', '')}.{number}",
                how=("insert", "found", cue.text),
                made=put(cue, ref, rows[ref][2], seed),
            )


def _populations(rows: Sequence[Row], target: str) -> Iterator[tuple[str, list[Row]]]:
    for population in DRAWS:
        yield population, [row for row in rows if (row[3] == target) == (population == "critical")]


def _insertions(
    row: Row, probe: Probe, population: str, source: Source, terms: Sequence[str]
) -> Iterator[Plan]:
    draws = (DRAWS if source == "lexicon" else DRAWS_BESIDE)[population]
    # The draws of the lexicon's terms are as they were before there were other sources: the same variants as ever.
    salt: tuple[object, ...] = () if source == "lexicon" else (source,)
    label = {"lexicon": f"{probe.cue}~insert", "held out": f"{probe.cue}~heldout", "neutral": "neutral"}[
        source
    ]
    for number in range(draws if terms else 0):
        chosen = draw(probe.seed, row[0], probe.target, probe.cue, number, *salt)
        term = terms[chosen % len(terms)]
        changed = insert_term(row[2], term, chosen >> 16)
        yield _plan(
            row, probe, population, f"{label}{number + 1}", how=("insert", source, term), made=changed
        )


def _edits(
    row: Row, probe: Probe, population: str, spans: Sequence[Span], terms: Sequence[str]
) -> Iterator[Plan]:
    """The text without the cue, and with another term in the place of its first mention."""
    text, first = row[2], spans[0]
    term = text[first.start : first.end]
    removed = remove_spans(text, spans)
    if removed.strip():
        made = (removed, None, None)
        yield _plan(row, probe, population, f"{probe.cue}~remove", how=("remove", "lexicon", term), made=made)
    swap = swapped(text, first, terms, draw(probe.seed, row[0], probe.target, probe.cue, "swap"))
    if swap is not None:
        how: tuple[Operation, Source, str] = ("swap", "lexicon", swap.term)
        placed = (swap.text, first.start, first.start + len(swap.term))
        yield _plan(row, probe, population, f"{probe.cue}~swap", how=how, made=placed)


def _plan(
    row: Row,
    probe: Probe,
    population: str,
    label: str,
    *,
    how: tuple[Operation, Source, str],
    made: tuple[str, int | None, int | None],
) -> Plan:
    ref, id_, _, _ = row
    operation, source, term = how
    text, start, end = made
    name = f"{id_}~{probe.target}~{label}"
    return Plan(
        ref=f"{probe.track}/variant:{name}",
        parent_ref=ref,
        id=name,
        text=text,
        cue=probe.cue,
        operation=operation,
        term=term,
        source=source,
        target=probe.target,
        population=population,
        start=start,
        end=end,
    )


def _sample(rows: Iterable[Row], probe: Probe) -> list[Row]:
    return sorted(rows, key=lambda row: draw(probe.seed, probe.target, probe.cue, row[0]))[:MAX_TEXTS]


def _declared(settings: IntentSettings) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What is declared of classes: (class, irrelevant cue) and (class, expected phrase)."""
    pairs = [(target, cue) for target, cues in settings.irrelevant.items() for cue in cues]
    signals = [(target, phrase) for target, phrases in settings.signals.items() for phrase in phrases]
    return pairs, signals


class Mentioned(NamedTuple):
    """Where what is declared stands, by name and ref: irrelevant cues, and phrases that ought to support a class."""

    cues: dict[str, dict[str, list[Span]]]
    signals: dict[str, dict[str, list[Span]]]


def declared_mentions(rows: Sequence[Row], settings: IntentSettings, review: Review) -> Mentioned:
    """Where what is declared stands in the evaluation examples."""
    pairs, signals = _declared(settings)
    return Mentioned(
        {cue: mentions(rows, review.lexicon(cue)) for cue in dict.fromkeys(cue for _, cue in pairs)},
        {
            phrase: mentions(rows, Lexicon(phrase, (phrase,)))
            for phrase in dict.fromkeys(phrase for _, phrase in signals)
        },
    )


def declared_plans(
    rows: Sequence[Row], mentioned: Mentioned, settings: IntentSettings, review: Review, track: str
) -> Iterator[Plan]:
    """The variants of everything that is declared; `mentioned` says where it stands in the evaluation examples."""
    seed = review.review.seed
    pairs, signals = _declared(settings)
    for target, cue in pairs:
        yield from plans(rows, mentioned.cues[cue], review.lexicon(cue), Probe(target, cue, track, seed))
    for target in dict.fromkeys(target for target, _ in pairs):
        yield from neutral_plans(rows, target, track, seed)
    for number, (target, phrase) in enumerate(signals, start=1):
        probe = Probe(target, phrase, track, seed)
        yield from signal_plans(rows, mentioned.signals[phrase], number, probe)


def _found(context: PlanContext) -> list[tuple[str, str, str, Cue, list[str]]]:
    """What the search found: class, name of the group, direction, cue and refs of the texts that confirmed it."""
    rows = context.workbench.execute(_FOUND["found"]).fetchall()
    return [
        (target, name, direction, Cue(cue_kind, term), refs)
        for target, name, direction, _, cue_kind, term, refs in rows
    ]


def _size(context: PlanContext) -> int:
    return sum(map(len, _declared(intent_settings(context.settings)))) + len(_found(context))


def _make_variants(context: PlanContext) -> dict[str, pa.Table]:
    rows: list[Row] = context.workbench.execute(
        _SQL["evaluation_messages"], {"track": context.track, "all": ALL}
    ).fetchall()
    settings = intent_settings(context.settings)
    found = declared_mentions(rows, settings, context.review)
    mentioned = _mention_table({"cue": found.cues, "signal": found.signals})
    if not context.models:
        # Where cues stand is known without a model, and may be what broken messages share.
        return {"intent_mention": mentioned}
    made = list(declared_plans(rows, found, settings, context.review, context.track))
    made += found_plans({row[0]: row for row in rows}, _found(context), context.track, context.seed)
    planned = plan_table(made)
    context.workbench.register("incoming_plan", planned)
    context.workbench.execute(_SQL["keep_plan"])
    context.workbench.unregister("incoming_plan")
    example = pa.table(
        {
            "ref": planned["ref"],
            "track": pa.array([context.track] * len(made), pa.string()),
            "kind": pa.array(["variant"] * len(made), pa.string()),
            "id": planned["id"],
            "parent_ref": planned["parent_ref"],
            "text": planned["text"],
            "gold": pa.nulls(len(made), pa.string()),
            "sha256": pa.array([content_sha256(plan.text, None) for plan in made], pa.string()),
        }
    )
    return {"example": example, "intent_mention": mentioned}


def plan_table(made: Sequence[Plan]) -> pa.Table:
    """The plans as an Arrow table, a column for each of their fields."""
    kinds = {"start": pa.int32(), "end": pa.int32()}
    return pa.table(
        {
            name: pa.array([getattr(plan, name) for plan in made], kinds.get(name, pa.string()))
            for name in Plan._fields
        }
    )


def _mention_table(found: Mapping[str, Mapping[str, Mapping[str, Sequence[Span]]]]) -> pa.Table:
    """Rows of `intent_mention`, from kind -> name -> ref -> spans."""
    rows = [
        (ref, kind, name, [span.start for span in spans], [span.end for span in spans])
        for kind, names in found.items()
        for name, refs in names.items()
        for ref, spans in refs.items()
    ]
    kinds = [pa.string(), pa.string(), pa.string(), pa.list_(pa.int32()), pa.list_(pa.int32())]
    names = ["ref", "kind", "name", "starts", "ends"]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table(
        {name: pa.array(list(values), kind) for name, values, kind in zip(names, columns, kinds, strict=True)}
    )


def _measure_effects(context: PlanContext) -> dict[str, pa.Table]:
    labels = list(classifiers(context.models).labels)
    context.workbench.execute(_SQL["log_odds_of_targets"], {"labels": labels})
    return {
        "intent_variant": context.workbench.execute(_SQL["variant_effects"]).to_arrow_table(),
        "intent_signal_probe": context.workbench.execute(_SQL["signal_effects"]).to_arrow_table(),
    }


VARIANTS = Aggregate("intent.variants", 4, _make_variants, _size)
EFFECTS = Aggregate("intent.effects", 3, _measure_effects, _size, asks_models=True)
