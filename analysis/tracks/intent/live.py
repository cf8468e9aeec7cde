"""What both classifiers say of one text, for the live worker: as a run would have measured it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from analysis.attribution.licences import AttributionLicence
from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Side
from analysis.base.seeds import draw
from analysis.base.sql import dictionaries, queries, sql_text
from analysis.store.run import SCHEMA
from analysis.tracks.intent.attribution import (
    LICENCE_SCHEMA,
    Case,
    attribution_row,
    case_of,
    explain,
    licence_rows,
)
from analysis.tracks.intent.baseline import Baselines
from analysis.tracks.intent.crossfit import half_of, used_by
from analysis.tracks.intent.cut_texts import token_counts
from analysis.tracks.intent.known_methods import METHODS
from analysis.tracks.intent.leading import leading_method
from analysis.tracks.intent.licence import peer_of
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.names import LIVE_OUTPUT, OCCLUSION
from analysis.tracks.intent.predict import logits_of_ids, side_rows, softmax, tokens_read
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import Tokenised, tokenise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.classifier_pair import ClassifierPair
    from analysis.models.load_classifier import LoadedClassifier
    from analysis.plugin.live import LiveRequest

_SQL = queries(__package__, "live.sql")


def answer(
    models: ClassifierPair,
    settings: Mapping[str, Any],
    evidence: duckdb.DuckDBPyConnection,
    request: LiveRequest,
) -> dict[str, Any]:
    """Prediction and attributions of both sides for one text.

    A text that was made from an example is also explained for the flip that this example had in the run,
    so that before and after can be compared; any other text for the flip that it shows itself. Every
    attribution brings its licence, tested as in a run: an example's own text with the seed of the run, any
    other with a seed that its digest gives.

    Args:
        models: both sides, whose digests were compared with the run's.
        settings: the run's settings of the track.
        evidence: holds the run, attached as `evidence`.
        request: the text, the example that it comes from, and the methods; one of each family if it names none.

    Returns:
        JSON-able: `device`, `labels`, `contrast` (the target of the flip, or None), `options` (what the run chose by
        cross-fitting for such a text, by method; a kind of baseline at integrated gradients) and `sides`, each with
        `output` (`LIVE_OUTPUT`), `probabilities` (in the order of `labels`, None where they are not numbers),
        `tokens`, `cut`, `attributions`, which have the columns of the table `attribution` without ref and side,
        and `licences`, which have those of the view `intent_licensed`.

    Raises:
        AssayError: a method or example that is not there.
    """
    classifiers = {side: models.side(side) for side in SIDES}
    lead = leading_method(classifiers)
    methods = _methods((lead, OCCLUSION) if request.methods is None else request.methods)
    known = None if request.ref is None else _example(evidence, request.ref)
    limit = tokens_read(models, settings.get("max_length"))
    words = {side: tokenise(classifiers[side], [request.text], limit) for side in SIDES}
    logits = {side: logits_of_ids(classifiers[side], [words[side][0].ids]) for side in SIDES}
    flip = _flip(known, models.labels, logits)
    # A text that was made from an example is explained as that is, so that before and after can be compared.
    half = half_of(models.digests["candidate"], request.ref if known and request.ref else request.text)
    options = used_by(evidence.execute(_SQL["chosen_options"]).fetchall())[half]
    cases = _cases(classifiers, words, logits, flip, options) if methods else []
    seed = draw("attribution", request.ref if known and known.text == request.text else request.text)
    sides = {}
    for side in SIDES:
        attributions, licences = _explained(
            classifiers[side], side, words[side], logits[side], cases, seed, methods, lead
        )
        sides[side] = {
            **_prediction(classifiers[side], logits[side]),
            "tokens": len(words[side][0].ids),
            "cut": token_counts(classifiers[side].tokenizer, [request.text])[0] > limit,
            "attributions": attributions,
            "licences": licences,
        }
    return {
        "device": classifiers["base"].device,
        "labels": list(models.labels),
        "contrast": None if flip is None else flip.name(models.labels),
        "options": options,
        "sides": sides,
    }


def _cases(
    classifiers: Mapping[Side, LoadedClassifier],
    words: Mapping[Side, Sequence[Tokenised]],
    logits: Mapping[Side, NDArray[np.float32]],
    flip: Target | None,
    options: Mapping[str, str],
) -> list[Case]:
    """Each side's predicted class, and the flip on both."""
    asked = [{side: Target(int(logits[side][0].argmax())) for side in SIDES}]
    if flip is not None:
        asked.append(dict.fromkeys(SIDES, flip))
    baselines = Baselines(classifiers)
    here = {side: words[side][0] for side in SIDES}
    own = {side: logits[side][0] for side in SIDES}
    return [case_of(0, here, targets, own, baselines, options) for targets in asked]


def _explained(
    classifier: LoadedClassifier,
    side: Side,
    words: Sequence[Tokenised],
    logits: NDArray[np.float32],
    cases: Sequence[Case],
    seed: int,
    methods: Sequence[Method],
    lead: str,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Attributions and licences of one side; a licence also needs the method of the other family."""
    if not methods:
        return [], []
    peers = {peer_of(method.spec.family, lead) for method in methods if method.licensable}
    unasked = sorted(peers - {method.name for method in methods})
    answers = explain(classifier, side, words, logits, cases, [seed], [*methods, *_methods(unasked)])
    tested = licence_rows(classifier, side, [""], words, answers, [seed], lead)
    names = {method.name for method in methods}
    rows = [
        asdict(attribution_row("", side, classifier, words[0], one))
        for one in answers
        if one.method.name in names
    ]
    judged = _judged([row for row in tested if row["method"] in names])
    return [_plain(row) for row in rows], judged


def _judged(tested: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Licences with their verdict and reasons, by the view of a run."""
    names = [field.name for field in fields(AttributionLicence)]
    with duckdb.connect(":memory:") as connection:
        for package, name in ((SCHEMA, "evidence.sql"), (__package__, "schema.sql")):
            connection.execute(sql_text(package, name))
        connection.register("incoming", pa.Table.from_pylist(list(tested), LICENCE_SCHEMA))
        connection.execute(_SQL["take_tests"])
        rows = dictionaries(connection, _SQL["licences"])
    return [{name: row[name] for name in names} for row in rows]


def _methods(names: Sequence[str]) -> list[Method]:
    known = {method.name: method for method in METHODS}
    for name in names:
        if name not in known:
            raise AssayError(
                f"there is no attribution method {name!r}", where="method", hint=f"known: {', '.join(known)}"
            )
    return [known[name] for name in names]


@dataclass(frozen=True)
class _Known:
    """An example of the run: its text, and what each side predicts for it."""

    text: str
    labels: Mapping[str, str]


def _example(evidence: duckdb.DuckDBPyConnection, ref: str) -> _Known:
    found = evidence.execute(_SQL["example"], {"ref": ref}).fetchall()
    labels = {side: label for side, label, _ in found}
    if set(labels) != set(SIDES):
        raise AssayError(f"the run has no example {ref!r}", where="ref", hint="give a ref of this run")
    return _Known(found[0][2], labels)


def _flip(
    known: _Known | None, labels: Sequence[str], logits: Mapping[Side, NDArray[np.float32]]
) -> Target | None:
    """Candidate's class against base's: of the example in the run, else of the text itself; None without a flip."""
    if not all(np.isfinite(logits[side]).all() for side in SIDES):
        return None
    if known is not None and known.labels["base"] != known.labels["candidate"]:
        if set(known.labels.values()) <= set(labels):
            return Target(labels.index(known.labels["candidate"]), labels.index(known.labels["base"]))
        return None
    base, candidate = (int(logits[side][0].argmax()) for side in SIDES)
    return None if base == candidate else Target(candidate, base)


def _prediction(classifier: LoadedClassifier, logits: NDArray[np.float32]) -> dict[str, Any]:
    row = side_rows([""], "base", logits, classifier.labels, [None]).to_pylist()[0]
    probabilities = softmax(logits)[0]
    return {
        "output": {name: row[name] for name in LIVE_OUTPUT},
        "probabilities": [float(p) if np.isfinite(p) else None for p in probabilities],
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """An attribution as JSON has it: no number is None."""
    kept = {name: value for name, value in row.items() if name not in ("ref", "side")}
    if kept["baseline_p"] is not None and not np.isfinite(kept["baseline_p"]):
        kept["baseline_p"] = None
    return kept | {"parameters": json.loads(kept["parameters"], parse_constant=lambda name: None)}
