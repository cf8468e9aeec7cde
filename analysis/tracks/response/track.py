"""The response track: a base and a candidate text generator, or what was recorded of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.plugin.track import Track

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.gate_records import GateInput, Trigger
    from analysis.base.problems import Problem
    from analysis.base.records import Flag, MethodSpec, MetricSpec, Slice
    from analysis.base.review_records import SaidOfAnswer
    from analysis.data.examples import Examples
    from analysis.models.sides import Sides
    from analysis.plots.figure import Figure
    from analysis.plugin.change import Change
    from analysis.plugin.expected import ExpectedSteps
    from analysis.plugin.gate import Gate
    from analysis.plugin.init.folder import Folder
    from analysis.plugin.init.toml_text import InitSection
    from analysis.plugin.live import LiveRequest
    from analysis.plugin.question import Fact, KnownAnswer, Question
    from analysis.plugin.settings import Review, TrackSettings
    from analysis.plugin.stage import Step


class ResponseTrack(Track):
    """Two text generators, the prompts that they answer, and what their answers are held to."""

    name: ClassVar[str] = "response"
    title: ClassVar[str] = "Response model"
    question: ClassVar[str] = "Which answer may be sent?"
    task: ClassVar[str] = "text-generation"
    package: ClassVar[str] = __package__ or ""
    live_output: ClassVar[tuple[str, ...]] = ("text", "ended", "words")
    init_rank: ClassVar[int] = 10

    def settings(self) -> type[TrackSettings]:
        from analysis.tracks.response.settings import ResponseSettings

        return ResponseSettings

    def init_section(self, folder: Folder) -> InitSection | None:
        from analysis.tracks.response.init_section import response_section

        return response_section(folder)

    def read(self, settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
        """The prompts, with recorded responses where there are any, and what answers are checked against.

        Raises:
            AssayError: a file, row or policy that cannot be read.
        """
        from analysis.tracks.response.load_data import read_response
        from analysis.tracks.response.settings import response_settings

        return read_response(response_settings(settings), skip_bad_rows)

    def model_paths(self, settings: TrackSettings) -> Mapping[str, Path]:
        """The model folder of each side, or its file of recorded responses where no models are given."""
        from analysis.models.sides import with_over
        from analysis.tracks.response.settings import response_settings

        response = response_settings(settings)
        if response.base is not None and response.candidate is not None:
            return with_over({"base": response.base, "candidate": response.candidate}, response.over)
        return with_over(response.recorded, None)

    def runs_models(self, settings: TrackSettings) -> bool:
        """Whether answers are made or explained here, or read by an encoder or model."""
        from analysis.tracks.response.settings import response_settings

        response = response_settings(settings)
        read_by = [one for one in response.detector.values() if one.kind in ("learned", "model")]
        return response.has_models or any(one.kind == "model" or one.encoder is not None for one in read_by)

    def deployed_forms(self, settings: TrackSettings) -> Mapping[str, Path]:
        """The merged or exported folder, where one is given; answers of a served system are data."""
        from analysis.tracks.response.settings import response_settings

        folder = response_settings(settings).deployed
        return {} if folder is None else {"deployed": folder}

    def files_read(self, settings: TrackSettings) -> Mapping[str, Path]:
        """What leads read answers with: files of patterns, encoders and models."""
        from analysis.tracks.response.behaviour_leads import lead_files
        from analysis.tracks.response.settings import response_settings

        return lead_files(response_settings(settings))

    def pair(self, folders: Mapping[str, Path], device: str) -> Sides:
        """Both generators, loaded when first asked for; what was recorded where there are none."""
        from analysis.models.generator import GeneratorPair
        from analysis.models.sides import Recorded

        if any(path.is_file() for path in folders.values()):
            return Recorded(folders, device)
        return GeneratorPair(folders, device)

    def check_models(self, models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
        from analysis.tracks.response.preflight import (
            check_deployed,
            check_engine,
            check_generators,
            check_leads,
        )
        from analysis.tracks.response.settings import response_settings

        return [
            *check_generators(models, problems),
            *check_engine(models, response_settings(settings), problems),
            *check_deployed(models, response_settings(settings), problems),
            *check_leads(response_settings(settings), problems),
        ]

    def fit(
        self, examples: Examples, models: Sides, settings: TrackSettings, skip_bad_rows: bool
    ) -> Examples:
        """All prompts. Raises AssayError for turns that a chat template refuses."""
        from analysis.tracks.response.preflight import check_turns

        check_turns(examples, models)
        return examples

    def decidable(
        self, settings: TrackSettings, slices: Sequence[Slice], levels: Mapping[str, float]
    ) -> Sequence[str]:
        """How many labelled prompts exclude a rise, and where all of them would not."""
        from analysis.tracks.response.decidable import decidable_notes
        from analysis.tracks.response.settings import response_settings

        return list(decidable_notes(response_settings(settings), slices))

    def trial(self, models: Sides, examples: Examples, settings: TrackSettings, review: Review) -> None:
        from analysis.tracks.response.trial import try_generators

        try_generators(models, examples)

    def expected(
        self, models: Sides, examples: Examples, settings: TrackSettings, review: Review
    ) -> ExpectedSteps:
        from analysis.tracks.response.expected import expected_steps

        return expected_steps(models, examples, settings, review)

    def foretell(
        self, models: Sides, examples: Examples, settings: TrackSettings, review: Review
    ) -> Sequence[str]:
        from analysis.tracks.response.expected import foretell

        return foretell(models, examples, settings, review)

    def metrics(self) -> tuple[MetricSpec, ...]:
        from analysis.tracks.response.metric_specs import SPECS

        return SPECS

    def metrics_for(self, declared: Mapping[str, Any]) -> tuple[MetricSpec, ...]:
        from analysis.tracks.response.metric_specs import specs_for

        return specs_for(one["name"] for one in declared["behaviour"])

    def methods(self) -> tuple[MethodSpec, ...]:
        from analysis.tracks.response.span_attribution import METHODS

        return METHODS

    def stages(self) -> tuple[Step, ...]:
        """Answers are made first; what is found in them is counted before any is explained."""
        from analysis.tracks.response.adapter_scaling import DOSE_RESPONSE, DOSE_RESPONSE_METRICS
        from analysis.tracks.response.artefact import ARTEFACT, ARTEFACT_METRICS
        from analysis.tracks.response.causes import CAUSES
        from analysis.tracks.response.detect import DECLARE, DETECT
        from analysis.tracks.response.generate import ENDINGS, GENERATE
        from analysis.tracks.response.labelled_sample import DRAW
        from analysis.tracks.response.learned_leads import LEARN
        from analysis.tracks.response.model_leads import READ_BY_MODELS
        from analysis.tracks.response.rates import RATES
        from analysis.tracks.response.scores import SCORES
        from analysis.tracks.response.shift import SHIFT, SHIFT_METRICS
        from analysis.tracks.response.span_attribution import SPAN_ATTRIBUTION
        from analysis.tracks.response.upweighted_tokens import UPWEIGHTED_TOKENS

        return (
            GENERATE,
            ENDINGS,
            ARTEFACT,
            ARTEFACT_METRICS,
            DRAW,
            DECLARE,
            DETECT,
            READ_BY_MODELS,
            LEARN,
            SCORES,
            RATES,
            CAUSES,
            SHIFT,
            SPAN_ATTRIBUTION,
            SHIFT_METRICS,
            UPWEIGHTED_TOKENS,
            DOSE_RESPONSE,
            DOSE_RESPONSE_METRICS,
        )

    def flags(self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
        from analysis.tracks.response.flags import flags

        return flags(workbench, settings)

    def gates(self) -> tuple[Gate, ...]:
        from analysis.plugin.gate import gates_in

        return gates_in(f"{__package__}.gates", self.name)

    def declared_for_gates(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """The behaviours, whether people voted, the forms that are served, and the metric that leads."""
        from analysis.tracks.response.heard import BEHAVIOUR_FIELDS
        from analysis.tracks.response.settings import FORMS

        behaviours = [{name: one[name] for name in BEHAVIOUR_FIELDS} for one in declared["behaviour"]]
        return {
            "behaviours": behaviours,
            "preferences": declared["preferences"] is not None,
            "forms": [form for form, key in FORMS.items() if declared[key] is not None],
            "main": f"{behaviours[0]['name']}_leads" if behaviours else "",
        }

    def measured_for_gates(
        self, settings: TrackSettings, workbench: duckdb.DuckDBPyConnection
    ) -> dict[str, Any]:
        """What is needed to estimate how far behaviours rose, and how the served forms answer otherwise."""
        from analysis.tracks.response.artefact import answers_otherwise
        from analysis.tracks.response.behaviour_data import behaviour_data
        from analysis.tracks.response.settings import response_settings

        return {
            "deployed": answers_otherwise(response_settings(settings), workbench),
            **behaviour_data(workbench),
        }

    def said_of_answers(
        self, given: GateInput, connection: duckdb.DuckDBPyConnection
    ) -> Sequence[SaidOfAnswer]:
        from analysis.tracks.response.taught import said_of_answers

        return said_of_answers(given, connection)

    def triggers(self, given: GateInput) -> list[Trigger]:
        from analysis.tracks.response.triggers import triggers

        return triggers(given)

    def changes(self, given: GateInput) -> list[Change]:
        from analysis.tracks.response.plain_changes import changes

        return changes(given)

    def report_fields(self) -> tuple[str, ...]:
        from analysis.tracks.response.report_sections import FIELD

        return (FIELD,)

    def report_sections(
        self, connection: duckdb.DuckDBPyConnection, given: GateInput
    ) -> dict[str, list[str]]:
        from analysis.tracks.response.report_sections import report_sections

        return report_sections(connection, given)

    def figures(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
        from analysis.tracks.response.figures import figures

        return figures(connection)

    def ask(self, connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
        from analysis.tracks.response.questions import question

        return question(connection, ref, self.question)

    def facts(
        self, connection: duckdb.DuckDBPyConnection, ref: str, answers: Sequence[str]
    ) -> tuple[Fact, ...]:
        from analysis.tracks.response.reference_facts import reference_facts

        return reference_facts(connection, ref, answers)

    def known_answers(
        self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings
    ) -> list[KnownAnswer]:
        from analysis.tracks.response.questions import known_answers

        return known_answers(workbench)

    def example_context(
        self, connection: duckdb.DuckDBPyConnection, ref: str
    ) -> dict[str, tuple[dict[str, Any], ...]]:
        from analysis.tracks.response.example_context import example_context

        return example_context(connection, ref)

    def live(
        self,
        models: Sides,
        settings: Mapping[str, Any],
        evidence: duckdb.DuckDBPyConnection,
        request: LiveRequest,
    ) -> dict[str, Any]:
        """What both models answer to one prompt. Raises AssayError."""
        from analysis.tracks.response.live import answer

        return answer(models, evidence, request)


TRACK = ResponseTrack()
