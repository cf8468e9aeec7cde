"""THE CONTRACT: what a track is. One kind of model under review, and everything that is particular to it.

The frame (run, review, report, live, init, the console) knows this class and no track. A track is one folder, with
its SQL beside it; what it does not say for itself has a default here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.base.sql import sql_text
from analysis.models.sides import Sides

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.gate_records import GateInput, Trigger
    from analysis.base.problems import Problem
    from analysis.base.records import Flag, MethodSpec, MetricSpec, Slice
    from analysis.base.review_records import SaidOfAnswer
    from analysis.data.examples import Examples
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


class Track:
    """One kind of model under review. A track's own class overrides what it has; one value of it is the track.

    Nothing heavy may be imported with the module of a track: the console opens a review through it.

    Attributes:
        name: the name of its section in `review.toml` and the prefix of its refs and gates.
        title: what a reviewer reads.
        question: what a reviewer is asked of an example where `ask` has no question of its own.
        task: the kind of task as model hubs name it, for the metadata of a model card.
        main: the metric that stands for a slice where there is room for one; empty where none does.
        package: the package of its SQL, `schema.sql` being its payload tables.
        live_output: names of the numbers and labels of one side's live answer that are kept when it is saved; empty
            where its models answer no live questions.
        live_explained: whether a live answer can bring attributions.
        weighs: whether it weighs its numbers by the `[traffic]` and `[costs]` of the review, which name its slices
            and classes.
        init_rank: `assay init` offers what lies in a folder to tracks in this order, so that a table with telling
            columns goes to the track that they tell of before one that takes any text.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str] = "Which side is right?"
    task: ClassVar[str] = "other"
    main: ClassVar[str] = ""
    package: ClassVar[str] = ""
    live_output: ClassVar[tuple[str, ...]] = ()
    live_explained: ClassVar[bool] = False
    weighs: ClassVar[bool] = False
    init_rank: ClassVar[int] = 100

    # What a review file and a folder say

    def settings(self) -> type[TrackSettings]:
        """The pydantic model of its section of the review file."""
        raise NotImplementedError

    def init_section(self, folder: Folder) -> InitSection | None:
        """Its section of a new review file, from what lies in a folder; None leaves it out."""
        return None

    # What is compared

    def read(self, settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
        """Its evaluation data. Raises AssayError for a file or row that cannot be read."""
        raise NotImplementedError

    def model_paths(self, settings: TrackSettings) -> Mapping[str, Path]:
        """The model folder of each side, or the file of what was recorded of it; empty where all is in the examples.

        Under `over` stands the whole model that adapters were trained over, where the review file names one.
        """
        return {}

    def runs_models(self, settings: TrackSettings) -> bool:
        """Whether anything of its part of a review runs a model; where nothing of any does, no device is looked for."""
        return True

    def deployed_forms(self, settings: TrackSettings) -> Mapping[str, Path]:
        """Further folders that the run is bound to by their content, by name: forms in which the candidate is served.

        Report and signature name their files beside those of the sides; no stage runs anew because one of them changed,
        unless its shards say so.
        """
        return {}

    def files_read(self, settings: TrackSettings) -> Mapping[str, Path]:
        """Further files and folders that stages read, by name: what they hold is part of the run's name.

        What `read` puts into the examples and their payload is in it already, and so are the sides.
        """
        return {}

    def pair(self, folders: Mapping[str, Path], device: str) -> Sides:
        """The two sides, loaded when first asked for."""
        return Sides(folders, device)

    def check_models(self, models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
        """Look at the sides without running them: add what is wrong, return what a reader should know."""
        return []

    def fit(
        self, examples: Examples, models: Sides, settings: TrackSettings, skip_bad_rows: bool
    ) -> Examples:
        """Leave out, or refuse, the examples that the sides cannot answer for; say which are cut. Raises AssayError."""
        return examples

    def trial(self, models: Sides, examples: Examples, settings: TrackSettings, review: Review) -> None:
        """Run one example through both sides as the stages will: what passes here, they finish. Raises AssayError."""

    def expected(
        self, models: Sides, examples: Examples, settings: TrackSettings, review: Review
    ) -> ExpectedSteps | None:
        """What each of its steps will take on this machine, by running some examples; None where it cannot say.

        The time left of the whole run goes by it, and what `foretell` says. Steps that are not named take no time
        that is worth telling.

        Raises:
            AssayError: a model fails on one of them.
        """
        return None

    def foretell(
        self, models: Sides, examples: Examples, settings: TrackSettings, review: Review
    ) -> Sequence[str]:
        """What a run of all examples will take on this machine, a line each, by running some. Raises AssayError."""
        return ()

    def clusters(self, examples: Examples, settings: TrackSettings) -> Mapping[str, str]:
        """Which examples are not independent of each other: ref -> cluster, of those that share one.

        By default the evaluation examples whose texts are nearly the same. Tests and intervals count a cluster once.
        """
        from analysis.text.near_duplicates import shared_clusters

        return shared_clusters({row.ref: row.text for row in examples.evaluation_rows()})

    def decidable(
        self, settings: TrackSettings, slices: Sequence[Slice], levels: Mapping[str, float]
    ) -> Sequence[str]:
        """What its data can decide, a line each, said before any model runs.

        Args:
            settings: its section.
            slices: of its data.
            levels: the part of the review's false-alarm level of each gate that will test something, by name.
        """
        return ()

    # What is measured

    def schema(self) -> str:
        """SQL of its payload tables and views; empty where it has none."""
        return sql_text(self.package, "schema.sql") if self.package else ""

    def metrics(self) -> tuple[MetricSpec, ...]:
        """Every metric that its stages may write, whatever the review file says."""
        return ()

    def metrics_for(self, declared: Mapping[str, Any]) -> tuple[MetricSpec, ...]:
        """Every metric that its stages may write in a review: where the review file names some, those as well.

        Args:
            declared: its section as the run records it (`TrackSettings.as_recorded`).
        """
        return self.metrics()

    def methods(self) -> tuple[MethodSpec, ...]:
        """Its attribution methods, in the order in which they are shown."""
        return ()

    def stages(self) -> tuple[Step, ...]:
        """Its stages and aggregates, in order."""
        raise NotImplementedError

    def also_costly(
        self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings, seed: int
    ) -> Sequence[Sequence[str]]:
        """Sets of refs, most telling first, of which some get the costly stages beside the queue."""
        return ()

    def flags(self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
        """Reasons why examples need a person, without rank, most decision-relevant first."""
        return []

    # What follows from it

    def gates(self) -> tuple[Gate, ...]:
        """Its gates, in the order in which they are judged."""
        return ()

    def untested(self, declared: Mapping[str, Any]) -> Collection[str]:
        """Names of its gates that test nothing in this review, for want of a declared input; they spend no alpha.

        Args:
            declared: its section as the run records it (`TrackSettings.as_recorded`).
        """
        return ()

    def declared_for_gates(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """What its gates read of its section, as plain data, under the same names in every review.

        A pure function of what determined the run: a report's reader computes it again, so that nobody who signs can
        have a gate judge by something else than was declared.

        Args:
            declared: its section as the run records it (`TrackSettings.as_recorded`).
        """
        return {}

    def measured_for_gates(
        self, settings: TrackSettings, workbench: duckdb.DuckDBPyConnection
    ) -> dict[str, Any]:
        """What its gates need of the evidence beside metrics, as plain data; no name is one of what is declared."""
        return {}

    def said_of_answers(
        self, given: GateInput, connection: duckdb.DuckDBPyConnection
    ) -> Sequence[SaidOfAnswer]:
        """What people agree on of single answers of a run: it teaches the stages of the store's next run.

        The rows lie in the table `taught` of that run's workbench, and are part of its name.

        Args:
            given: of the run, without those who are not heard.
            connection: has the run attached as `evidence`.
        """
        return ()

    def triggers(self, given: GateInput) -> list[Trigger]:
        """The occasions on which a review of such models matters, computed."""
        return []

    def changes(self, given: GateInput) -> list[Change]:
        """What got better and what got worse, in sentences for people who know nothing of models.

        A pure function of the gate input, as gates are: a report's reader can compute it again. The first page of the
        report, and its fields of changes and slices, are ranked from what all tracks say here.
        """
        return []

    def report_fields(self) -> tuple[str, ...]:
        """Titles of the fields that it adds to the nine of every report (`analysis.plugin.report_fields`)."""
        return ()

    def report_sections(
        self, connection: duckdb.DuckDBPyConnection, given: GateInput
    ) -> dict[str, list[str]]:
        """Field of the inspection report -> sentences; `connection` has the run attached as `evidence`.

        A field is one of the nine, or one of the track's own.
        """
        return {}

    def figures(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
        """Figures for the report, each with its numbers, by name (`a-z`, `0-9` and `-`).

        `connection` has the run attached as `evidence`.
        """
        return {}

    # What a person sees and asks

    def ask(self, connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
        """What a reviewer is asked of an example, with the answer of each side; None where it can only be shown whole.

        Args:
            connection: has the run attached as `evidence`.
            ref: the example.
        """
        return None

    def facts(
        self, connection: duckdb.DuckDBPyConnection, ref: str, answers: Sequence[str]
    ) -> tuple[Fact, ...]:
        """What the answers of an example are to be held against while nobody may know whose they are.

        It depends on the texts as they are shown and on nothing else of either side, so that it tells none.

        Args:
            connection: has the run attached as `evidence`.
            ref: the example.
            answers: the texts that are shown, in no order of sides.
        """
        return ()

    def known_answers(
        self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings
    ) -> list[KnownAnswer]:
        """Examples that both sides have right, each with a wrong answer beside: some are drawn to measure reviewers."""
        return []

    def run_context(self, connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[dict[str, Any], ...]]:
        """What of the run (attached as `evidence`) is shown with every example, as rows by name; it is read once."""
        return {}

    def example_context(
        self, connection: duckdb.DuckDBPyConnection, ref: str
    ) -> dict[str, tuple[dict[str, Any], ...]]:
        """What else of the evidence (attached as `evidence`) is shown with an example, as rows by name."""
        return {}

    def live(
        self,
        models: Sides,
        settings: Mapping[str, Any],
        evidence: duckdb.DuckDBPyConnection,
        request: LiveRequest,
    ) -> dict[str, Any]:
        """What both models say of one text, in the worker.

        Args:
            models: the two sides.
            settings: the run's settings of the track, as plain data.
            evidence: has the run attached as `evidence`.
            request: the text, and what is asked of it.

        Returns:
            `sides`: for each side its `output` (by the names of `live_output`), `attributions` and `licences`, and
            what else its view draws.

        Raises:
            AssayError: a text that cannot be read.
        """
        raise NotImplementedError
