"""The retrieval track: a base and a candidate text encoder."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.plugin.track import Track

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.gate_records import GateInput, Trigger
    from analysis.base.problems import Problem
    from analysis.base.records import Flag, MetricSpec
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


class RetrievalTrack(Track):
    """Two text encoders, the items that they bring near each other, and the queries that find them."""

    name: ClassVar[str] = "retrieval"
    title: ClassVar[str] = "Retrieval encoder"
    question: ClassVar[str] = "Which side brings the right things near?"
    task: ClassVar[str] = "sentence-similarity"
    main: ClassVar[str] = "recall"
    package: ClassVar[str] = __package__ or ""
    live_output: ClassVar[tuple[str, ...]] = ("neighbours", "scores")
    init_rank: ClassVar[int] = 20

    def settings(self) -> type[TrackSettings]:
        from analysis.tracks.retrieval.settings import RetrievalSettings

        return RetrievalSettings

    def init_section(self, folder: Folder) -> InitSection | None:
        from analysis.tracks.retrieval.init_section import retrieval_section

        return retrieval_section(folder)

    def read(self, settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
        """Probes, items and hard negatives, with what the data says of how they belong together.

        Raises:
            AssayError: a file or row that cannot be read, a name that nothing has.
        """
        from analysis.tracks.retrieval.load_data import read_retrieval
        from analysis.tracks.retrieval.settings import retrieval_settings

        return read_retrieval(retrieval_settings(settings), skip_bad_rows)

    def model_paths(self, settings: TrackSettings) -> Mapping[str, Path]:
        """The model folder, or the file of vectors, of each side."""
        from analysis.models.sides import with_over
        from analysis.tracks.retrieval.settings import retrieval_settings

        retrieval = retrieval_settings(settings)
        return with_over({"base": retrieval.base, "candidate": retrieval.candidate}, retrieval.over)

    def pair(self, folders: Mapping[str, Path], device: str) -> Sides:
        from analysis.models.encoder import EncoderPair

        return EncoderPair(folders, device)

    def check_models(self, models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
        from analysis.tracks.retrieval.preflight import check_encoders

        return check_encoders(models, settings, problems)

    def fit(
        self, examples: Examples, models: Sides, settings: TrackSettings, skip_bad_rows: bool
    ) -> Examples:
        """The examples, all of which stored vectors must cover. Raises AssayError."""
        from analysis.tracks.retrieval.preflight import fit_vectors

        return fit_vectors(examples, models, skip_bad_rows)

    def trial(self, models: Sides, examples: Examples, settings: TrackSettings, review: Review) -> None:
        from analysis.tracks.retrieval.trial import try_encoders

        try_encoders(models, examples)

    def expected(
        self, models: Sides, examples: Examples, settings: TrackSettings, review: Review
    ) -> ExpectedSteps:
        from analysis.tracks.retrieval.expected import expected_steps

        return expected_steps(models, examples, settings)

    def foretell(
        self, models: Sides, examples: Examples, settings: TrackSettings, review: Review
    ) -> Sequence[str]:
        from analysis.tracks.retrieval.expected import foretell

        return foretell(models, examples, settings)

    def clusters(self, examples: Examples, settings: TrackSettings) -> Mapping[str, str]:
        """Probes by near-duplicate queries, and hard negatives by theirs; items are a catalogue, and no sample."""
        from analysis.tracks.retrieval.load_data import query_clusters

        return query_clusters(examples)

    def metrics(self) -> tuple[MetricSpec, ...]:
        from analysis.tracks.retrieval.metric_specs import SPECS

        return SPECS

    def stages(self) -> tuple[Step, ...]:
        """Counterfactual items are made first, so that they are encoded with everything else."""
        from analysis.tracks.retrieval.causes import CAUSES
        from analysis.tracks.retrieval.change import CHANGE, CHANGE_METRICS
        from analysis.tracks.retrieval.contested import CONTESTED
        from analysis.tracks.retrieval.counterfactual import COUNTERFACTUAL, VARIANTS
        from analysis.tracks.retrieval.drift import DRIFT
        from analysis.tracks.retrieval.encode import ENCODE
        from analysis.tracks.retrieval.geometry import GEOMETRY
        from analysis.tracks.retrieval.grouping import GROUP
        from analysis.tracks.retrieval.map_stage import MAPS
        from analysis.tracks.retrieval.negatives import NEGATIVES
        from analysis.tracks.retrieval.neighbours import NEIGHBOURS
        from analysis.tracks.retrieval.probes import PROBES

        return (
            VARIANTS,
            ENCODE,
            NEIGHBOURS,
            GROUP,
            GEOMETRY,
            COUNTERFACTUAL,
            PROBES,
            NEGATIVES,
            CONTESTED,
            DRIFT,
            CAUSES,
            CHANGE,
            CHANGE_METRICS,
            MAPS,
        )

    def flags(self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
        from analysis.tracks.retrieval.flags import flags

        return flags(workbench, settings)

    def gates(self) -> tuple[Gate, ...]:
        from analysis.plugin.gate import gates_in

        return gates_in(f"{__package__}.gates", self.name)

    def untested(self, declared: Mapping[str, Any]) -> Collection[str]:
        """Gates of attributes, probes and hard negatives where none is declared."""
        needed = {
            "retrieval.grouping": "group_by",
            "retrieval.confounds": "not_by",
            "retrieval.hard_negatives": "hard_negatives",
            "retrieval.probes": "probes",
        }
        return [name for name, key in needed.items() if not declared[key]]

    def declared_for_gates(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """The declared attributes, the cut-off, and which inputs there are."""
        return {
            **{name: declared[name] for name in ("group_by", "must_keep", "not_by", "k")},
            **{name: declared[name] is not None for name in ("probes", "hard_negatives")},
        }

    def triggers(self, given: GateInput) -> list[Trigger]:
        from analysis.tracks.retrieval.triggers import triggers

        return triggers(given)

    def changes(self, given: GateInput) -> list[Change]:
        from analysis.tracks.retrieval.plain_changes import changes

        return changes(given)

    def report_sections(
        self, connection: duckdb.DuckDBPyConnection, given: GateInput
    ) -> dict[str, list[str]]:
        from analysis.tracks.retrieval.report_sections import report_sections

        return report_sections(connection, given)

    def figures(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
        from analysis.plugin.change_evidence import dose_figure
        from analysis.tracks.retrieval.map_figures import figures

        dose = dose_figure(connection, self.name, "queries", "result")
        return figures(connection) | ({} if dose is None else {"retrieval-dose": dose})

    def ask(self, connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
        from analysis.tracks.retrieval.questions import question

        return question(connection, ref)

    def facts(
        self, connection: duckdb.DuckDBPyConnection, ref: str, answers: Sequence[str]
    ) -> tuple[Fact, ...]:
        from analysis.tracks.retrieval.questions import facts

        return facts(connection, [title for answer in answers for title in answer.split("\n")])

    def known_answers(
        self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings
    ) -> list[KnownAnswer]:
        from analysis.tracks.retrieval.questions import known_answers

        return known_answers(workbench)

    def example_context(
        self, connection: duckdb.DuckDBPyConnection, ref: str
    ) -> dict[str, tuple[dict[str, Any], ...]]:
        from analysis.tracks.retrieval.example_context import example_context

        return example_context(connection, ref)

    def live(
        self,
        models: Sides,
        settings: Mapping[str, Any],
        evidence: duckdb.DuckDBPyConnection,
        request: LiveRequest,
    ) -> dict[str, Any]:
        """What both encoders bring near one text. Raises AssayError."""
        from analysis.tracks.retrieval.live import answer

        return answer(models, settings, evidence, request)


TRACK = RetrievalTrack()
