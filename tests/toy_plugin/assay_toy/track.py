"""The track, as Assay finds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.plugin.track import Track

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.gate_records import GateInput, Trigger
    from analysis.base.problems import Problem
    from analysis.base.records import Flag, MethodSpec, MetricSpec, Side
    from analysis.data.examples import Examples
    from analysis.models.sides import Sides
    from analysis.plots.figure import Figure
    from analysis.plugin.gate import Gate
    from analysis.plugin.init.folder import Folder
    from analysis.plugin.init.toml_text import InitSection
    from analysis.plugin.live import LiveRequest
    from analysis.plugin.question import KnownAnswer, Question
    from analysis.plugin.settings import Review, TrackSettings
    from analysis.plugin.stage import Step


class ToyTrack(Track):
    """Two estimators of the hours until a reply, and the texts with the hours in which each was due."""

    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "Hours until a reply"
    main: ClassVar[str] = "error"
    package: ClassVar[str] = "assay_toy"
    live_output: ClassVar[tuple[str, ...]] = ("hours", "word")
    init_rank: ClassVar[int] = 5

    def settings(self) -> type[TrackSettings]:
        from assay_toy.settings import ToySettings

        return ToySettings

    def init_section(self, folder: Folder) -> InitSection | None:
        from assay_toy.init_section import toy_section

        return toy_section(folder)

    def read(self, settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
        from assay_toy.load_data import read_texts
        from assay_toy.settings import toy_settings

        return read_texts(toy_settings(settings), skip_bad_rows)

    def model_paths(self, settings: TrackSettings) -> Mapping[Side, Path]:
        from assay_toy.settings import toy_settings

        toy = toy_settings(settings)
        return {"base": toy.base, "candidate": toy.candidate}

    def pair(self, folders: Mapping[Side, Path], device: str) -> Sides:
        from assay_toy.model import EstimatorPair

        return EstimatorPair(folders, device)

    def check_models(self, models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
        from assay_toy.model import check_estimators

        return check_estimators(models, problems)

    def metrics(self) -> tuple[MetricSpec, ...]:
        from assay_toy.metric_specs import SPECS

        return SPECS

    def methods(self) -> tuple[MethodSpec, ...]:
        from assay_toy.methods import METHODS

        return METHODS

    def stages(self) -> tuple[Step, ...]:
        from assay_toy.stages import ESTIMATE, MEASURE

        return (ESTIMATE, MEASURE)

    def flags(self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
        from assay_toy.flags import flags

        return flags(workbench)

    def gates(self) -> tuple[Gate, ...]:
        from analysis.plugin.gate import gates_in

        return gates_in("assay_toy.gates", self.name)

    def declared_for_gates(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        return {"tolerance": declared["tolerance"]}

    def triggers(self, given: GateInput) -> list[Trigger]:
        from assay_toy.report import triggers

        return triggers(given)

    def report_fields(self) -> tuple[str, ...]:
        from assay_toy.report import FIELD

        return (FIELD,)

    def report_sections(
        self, connection: duckdb.DuckDBPyConnection, given: GateInput
    ) -> dict[str, list[str]]:
        from assay_toy.report import report_sections

        return report_sections(connection, given)

    def figures(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
        from assay_toy.report import figures

        return figures(connection)

    def ask(self, connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
        from assay_toy.questions import question

        return question(connection, ref)

    def known_answers(
        self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings
    ) -> list[KnownAnswer]:
        from assay_toy.questions import known_answers

        return known_answers(workbench)

    def example_context(
        self, connection: duckdb.DuckDBPyConnection, ref: str
    ) -> dict[str, tuple[dict[str, Any], ...]]:
        """The words of the text that a model knows: rows of a table that has no side."""
        from analysis.base.sql import queries

        found = connection.execute(queries(self.package, "queries.sql")["words_of_example"], {"ref": ref})
        names = [column[0] for column in found.description or ()]
        return {"words": tuple(dict(zip(names, row, strict=True)) for row in found.fetchall())}

    def live(
        self,
        models: Sides,
        settings: Mapping[str, Any],
        evidence: duckdb.DuckDBPyConnection,
        request: LiveRequest,
    ) -> dict[str, Any]:
        from assay_toy.live import answer

        return answer(models, request)


TRACK = ToyTrack()
