"""The intent track: a base and a candidate text classifier."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.base.seeds import shuffled
from analysis.base.sql import column, queries
from analysis.plugin.gate import gates_in
from analysis.plugin.track import Track
from analysis.tracks.intent.names import LIVE_OUTPUT

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.gate_records import GateInput, Trigger
    from analysis.base.problems import Problem
    from analysis.base.records import Flag, MethodSpec, MetricSpec, Slice
    from analysis.data.examples import Examples
    from analysis.models.sides import Sides
    from analysis.plots.figure import Figure
    from analysis.plugin.change import Change
    from analysis.plugin.expected import ExpectedSteps
    from analysis.plugin.gate import Gate
    from analysis.plugin.init.folder import Folder
    from analysis.plugin.init.toml_text import InitSection
    from analysis.plugin.live import LiveRequest
    from analysis.plugin.question import KnownAnswer, Question
    from analysis.plugin.settings import Review, TrackSettings
    from analysis.plugin.stage import Step


class IntentTrack(Track):
    """Two text classifiers, and the messages that they tell apart."""

    name: ClassVar[str] = "intent"
    title: ClassVar[str] = "Intent classifier"
    question: ClassVar[str] = "Which label is right for this message?"
    task: ClassVar[str] = "text-classification"
    main: ClassVar[str] = "accuracy"
    package: ClassVar[str] = __package__
    live_output: ClassVar[tuple[str, ...]] = LIVE_OUTPUT
    live_explained: ClassVar[bool] = True
    weighs: ClassVar[bool] = True
    init_rank: ClassVar[int] = 30

    def settings(self) -> type[TrackSettings]:
        from analysis.tracks.intent.settings import IntentSettings

        return IntentSettings

    def init_section(self, folder: Folder) -> InitSection | None:
        from analysis.tracks.intent.init_section import intent_section

        return intent_section(folder)

    def read(self, settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
        """The labelled messages, with the out-of-scope texts as a set beside them.

        Raises:
            AssayError: a file or row that cannot be read, a label that the models do not know.
        """
        from analysis.tracks.intent.load_data import read_messages
        from analysis.tracks.intent.settings import intent_settings

        return read_messages(intent_settings(settings), skip_bad_rows)

    def model_paths(self, settings: TrackSettings) -> Mapping[str, Path]:
        """The model folder of each side, or the table of what both predicted."""
        from analysis.models.sides import with_over
        from analysis.tracks.intent.settings import intent_settings

        intent = intent_settings(settings)
        base, candidate = intent.base or intent.predictions, intent.candidate or intent.predictions
        if base is None or candidate is None:
            return {}
        return with_over({"base": base, "candidate": candidate}, intent.over)

    def runs_models(self, settings: TrackSettings) -> bool:
        from analysis.tracks.intent.settings import intent_settings

        return intent_settings(settings).predictions is None

    def pair(self, folders: Mapping[str, Path], device: str) -> Sides:
        """Both classifiers, loaded when first asked for; what was recorded where there are none."""
        from analysis.data.arrow_rows import is_dataset
        from analysis.models.classifier_pair import ClassifierPair
        from analysis.models.sides import OVER, Recorded

        if folders["base"].is_file() or is_dataset(folders["base"]):
            return Recorded(folders, device)
        return ClassifierPair(folders["base"], folders["candidate"], device, folders.get(OVER))

    def check_models(self, models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
        from analysis.tracks.intent.preflight import check_classifiers, check_recorded

        if not models:
            return check_recorded(models, problems)
        return check_classifiers(models, settings, problems)

    def fit(
        self, examples: Examples, models: Sides, settings: TrackSettings, skip_bad_rows: bool
    ) -> Examples:
        """The messages whose gold label both classifiers know, and which are cut. Raises AssayError for the others.

        Recorded predictions were read with the messages, and are fitted already.
        """
        if not models:
            return examples
        from analysis.data.labels import check_labels
        from analysis.models.classifier_pair import classifiers
        from analysis.tracks.intent.cut_texts import with_cut_texts
        from analysis.tracks.intent.settings import intent_settings

        pair = classifiers(models)
        known = check_labels(examples, pair.labels, skip_bad_rows)
        return with_cut_texts(known, pair, intent_settings(settings).max_length)

    def trial(self, models: Sides, examples: Examples, settings: TrackSettings, review: Review) -> None:
        if not models:
            return
        from analysis.tracks.intent.trial import try_classifiers

        try_classifiers(models, examples, settings, review)

    def expected(
        self, models: Sides, examples: Examples, settings: TrackSettings, review: Review
    ) -> ExpectedSteps:
        if not models:
            return {}
        from analysis.tracks.intent.expected import expected_steps

        return expected_steps(models, examples, settings, review)

    def foretell(
        self, models: Sides, examples: Examples, settings: TrackSettings, review: Review
    ) -> Sequence[str]:
        if not models:
            return ()
        from analysis.tracks.intent.expected import foretell

        return foretell(models, examples, settings, review)

    def clusters(self, examples: Examples, settings: TrackSettings) -> Mapping[str, str]:
        from analysis.tracks.intent.load_data import message_clusters
        from analysis.tracks.intent.settings import intent_settings

        return message_clusters(examples, intent_settings(settings))

    def decidable(
        self, settings: TrackSettings, slices: Sequence[Slice], levels: Mapping[str, float]
    ) -> Sequence[str]:
        """The smallest losses that counting would find, and the examples that declared margins take."""
        from analysis.tracks.intent.decidable import decidable_notes
        from analysis.tracks.intent.settings import intent_settings

        return list(decidable_notes(intent_settings(settings), slices, levels))

    def metrics(self) -> tuple[MetricSpec, ...]:
        from analysis.tracks.intent.metric_specs import SPECS

        return SPECS

    def methods(self) -> tuple[MethodSpec, ...]:
        from analysis.tracks.intent.known_methods import METHODS

        return tuple(method.spec for method in METHODS)

    def stages(self) -> tuple[Step, ...]:
        """Cues are searched for and probes made first, so that variants are predicted with everything else."""
        from analysis.tracks.intent.attribution import ATTRIBUTE, QUEUED
        from analysis.tracks.intent.calibration import CALIBRATION
        from analysis.tracks.intent.causes import CAUSES
        from analysis.tracks.intent.change import CHANGE, CHANGE_METRICS
        from analysis.tracks.intent.choose_options import options_stage
        from analysis.tracks.intent.contested import CONTESTED
        from analysis.tracks.intent.counterfactual import EFFECTS, VARIANTS
        from analysis.tracks.intent.drift import DRIFT, DRIFT_FLOOR
        from analysis.tracks.intent.enrichment import ENRICH
        from analysis.tracks.intent.found_cues import CONFIRM, SEARCH
        from analysis.tracks.intent.intervention_metrics import REVERTED
        from analysis.tracks.intent.intervention_stage import INTERVENE
        from analysis.tracks.intent.layer_probes import LAYER_PROBES
        from analysis.tracks.intent.leading import LEADING
        from analysis.tracks.intent.licence_metrics import LICENCE
        from analysis.tracks.intent.metrics import METRICS
        from analysis.tracks.intent.predict import PREDICT
        from analysis.tracks.intent.production import PRODUCTION
        from analysis.tracks.intent.randomisation import RANDOMISE
        from analysis.tracks.intent.selective import SELECTIVE

        return (
            SEARCH,
            CONFIRM,
            VARIANTS,
            PREDICT,
            DRIFT_FLOOR,
            DRIFT,
            EFFECTS,
            CONTESTED,
            METRICS,
            CALIBRATION,
            SELECTIVE,
            PRODUCTION,
            LEADING,
            options_stage(QUEUED),
            ATTRIBUTE,
            INTERVENE,
            ENRICH,
            RANDOMISE,
            LICENCE,
            REVERTED,
            CHANGE,
            CHANGE_METRICS,
            LAYER_PROBES,
            CAUSES,
        )

    def also_costly(
        self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings, seed: int
    ) -> list[list[str]]:
        """For each class and cue that must not support it, the texts that hold the cue: those of the class first."""
        from analysis.tracks.intent.settings import intent_settings

        sets = []
        for target, cues in intent_settings(settings).irrelevant.items():
            for cue in cues:
                rows = workbench.execute(
                    queries(__package__, "stages.sql")["texts_with_cue"], {"target": target, "cue": cue}
                ).fetchall()
                of_class = shuffled([ref for ref, concerned in rows if concerned], seed)
                sets.append(of_class + shuffled([ref for ref, concerned in rows if not concerned], seed))
        return sets

    def flags(self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
        from analysis.tracks.intent.flags import flags

        return flags(workbench, settings)

    def gates(self) -> tuple[Gate, ...]:
        return gates_in(f"{__package__}.gates", self.name)

    def untested(self, declared: Mapping[str, Any]) -> Collection[str]:
        """Gates of critical classes, cues, signals and the threshold where none is declared, or there is no model."""
        from analysis.tracks.intent.names import RELEVANCE, SIGNALS, THRESHOLD

        models = declared["predictions"] is None
        tested = {
            "intent.critical_recall": declared["critical"],
            "intent.critical_routing": declared["critical"],
            RELEVANCE: declared["irrelevant"] and models,
            SIGNALS: declared["signals"] and models,
            THRESHOLD: declared["threshold"] is not None,
        }
        return [name for name, given in tested.items() if not given]

    def declared_for_gates(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """Cues, signals, threshold and margins; of recorded predictions, why gates that ask models are n/a."""
        from analysis.tracks.intent.names import NO_MODEL

        return {
            **{name: declared[name] for name in ("irrelevant", "signals", "threshold", "margins")},
            "no_model": None if declared["predictions"] is None else NO_MODEL,
        }

    def measured_for_gates(
        self, settings: TrackSettings, workbench: duckdb.DuckDBPyConnection
    ) -> dict[str, Any]:
        """Terms inserted, cues found, where messages went, and why gates of confidence are n/a, where they are."""
        from analysis.tracks.intent.contested import destinations
        from analysis.tracks.intent.found_queries import found_cues, not_searched
        from analysis.tracks.intent.names import NO_PROBABILITIES
        from analysis.tracks.intent.settings import intent_settings

        intent = intent_settings(settings)
        stages = queries(__package__, "stages.sql")
        unsure = intent.predictions is not None and any(column(workbench, stages["without_probabilities"]))
        return {
            "terms": dict(workbench.execute(stages["inserted_terms"]).fetchall()),
            "found": found_cues(workbench),
            "not_searched": not_searched(workbench),
            "destinations": destinations(workbench, intent.label),
            "no_probabilities": NO_PROBABILITIES if unsure else None,
        }

    def triggers(self, given: GateInput) -> list[Trigger]:
        from analysis.tracks.intent.triggers import triggers

        return triggers(given)

    def changes(self, given: GateInput) -> list[Change]:
        from analysis.tracks.intent.plain_changes import changes

        return changes(given)

    def report_sections(
        self, connection: duckdb.DuckDBPyConnection, given: GateInput
    ) -> dict[str, list[str]]:
        from analysis.tracks.intent.report_sections import report_sections

        return report_sections(connection, given)

    def figures(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
        from analysis.tracks.intent.figures import figures

        return figures(connection)

    def ask(self, connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
        from analysis.tracks.intent.questions import question

        return question(connection, ref, self.question)

    def known_answers(
        self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings
    ) -> list[KnownAnswer]:
        from analysis.tracks.intent.questions import known_answers

        return known_answers(workbench)

    def run_context(self, connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[dict[str, Any], ...]]:
        from analysis.tracks.intent.example_context import run_context

        return run_context(connection)

    def example_context(
        self, connection: duckdb.DuckDBPyConnection, ref: str
    ) -> dict[str, tuple[dict[str, Any], ...]]:
        from analysis.tracks.intent.example_context import example_context

        return example_context(connection, ref)

    def live(
        self,
        models: Sides,
        settings: Mapping[str, Any],
        evidence: duckdb.DuckDBPyConnection,
        request: LiveRequest,
    ) -> dict[str, Any]:
        """What both classifiers say of one text, and why. Raises AssayError."""
        from analysis.models.classifier_pair import classifiers
        from analysis.tracks.intent.live import answer

        return answer(classifiers(models), settings, evidence, request)


TRACK = IntentTrack()
