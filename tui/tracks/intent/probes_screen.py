"""Probe diffs: what each cue does to base and candidate, and the worst texts behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.widget import Widget

from analysis.tracks.intent.found_sentences import found_sentence
from analysis.tracks.intent.probe_queries import ProbeCase, ProbeDiff, probe_diffs, worst_cases
from tui.draw.lines import Line, Target, rule, text_line, wrapped
from tui.draw.metric_lines import metric_lines
from tui.draw.number_text import figure, plural, signed, with_interval
from tui.screens.base import BaseScreen
from tui.screens.head import review_head
from tui.tracks.intent.view import cue_line
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from analysis.base.records import Metric
    from tui.plugin.console import Subject

LABEL_CELLS = 18
"""Cells of what a probe did."""
COUNT_CELLS = 4
"""Cells of the number of texts."""
WIDE = 110
"""Cells from which effects have three digits; two before."""
CASES = 4
"""Worst cases listed under each cue; Enter on a probe goes through more of them."""
OPENED = 40
"""Worst cases that Enter on a probe goes through."""
TEXTS_MEANT = (
    "own: terms of the review's list · held out: terms on no list · other: texts of other classes · critical: texts of "
    "the class"
)
"""What the rows name."""
DONE = {"insert": "own", "remove": "removed", "swap": "swapped", "signal": "deleted"}


class ProbesScreen(BaseScreen):
    """Every cue with its probes, the cue that moves the candidate most first; `[` and `]` go by cue."""

    NAME: ClassVar[str] = "probes"

    def __init__(self) -> None:
        super().__init__()
        self.key: str | None = None
        self._diffs: dict[str, list[ProbeDiff]] | None = None
        self._cases: dict[tuple[str, ...], list[ProbeCase]] = {}

    def compose_body(self) -> Iterable[Widget]:
        yield LineView(self.console_app.colours, widget_id="probes")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#probes"))

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self.session, width)

    def show(self, subject: Subject) -> None:
        """Show a cue, named CLASS/CUE, or a class for its first signal; None stays where it was."""
        self.key = subject if isinstance(subject, str) else self.key
        if self.is_mounted:
            self.reload_soon()

    @property
    def diffs(self) -> dict[str, list[ProbeDiff]]:
        """The probes by CLASS/CUE, in order of the largest change; read once, a run never changes."""
        if self._diffs is None:
            self._diffs = {}
            for diff in probe_diffs(self.session.connection):
                self._diffs.setdefault(f"{diff.target}/{diff.cue}", []).append(diff)
        return self._diffs

    def reload(self) -> None:
        keys = list(self.diffs)
        view = self.query_one("#probes", LineView)
        if not keys:
            view.show_lines(
                [
                    text_line(
                        " no cue is declared, so nothing was probed: [intent.irrelevant], signals", "warn"
                    )
                ]
            )
            return
        if self.key not in self.diffs:
            self.key = next((one for one in keys if self._is_signal_of(one)), keys[0])
        view.show_lines(self.cue_lines(self.key, max(self.size.width - 1, 40)), top=True)

    def _is_signal_of(self, key: str) -> bool:
        """Whether a key is an expected signal of the class that was asked for."""
        first = self.diffs[key][0]
        return first.operation == "signal" and first.target == self.key

    def cue_lines(self, key: str, width: int) -> list[Line]:
        """One cue: its probes, and the worst cases."""
        keys, diffs = list(self.diffs), self.diffs[key]
        signal = all(diff.operation == "signal" for diff in diffs)
        what = "log-odds lost by deletion" if signal else "change of p"
        head = Line().add(f" {diffs[0].cue}", "title").add(f"  {diffs[0].target}: {what}", "strong")
        head.end(f"{keys.index(key) + 1} of {len(keys)}  [ ]", width - 1, "key")
        lines = [head]
        found = self.session.gate_input().settings.get("intent", {}).get("found", {}).get(key)
        if found is not None:
            lines += wrapped(
                "", f"{found_sentence(found)}; L takes it into a lexicon", width, indent=1, style="warn"
            )
        lines.append(_columns(width))
        lines += [self._diff_line(diff, width) for diff in diffs]
        for diff in diffs:
            for metric in (diff.base, diff.candidate, diff.change):
                if metric is not None and metric.status != "ok":
                    said = f"{_done(diff)} {metric.side}: unknown, {metric.why}"
                    lines += wrapped("", said, width, indent=2, style="warn")
        lines += wrapped("", TEXTS_MEANT, width, indent=1, style="dim")
        lines.append(rule(width))
        for operation in dict.fromkeys(diff.operation for diff in diffs):
            lines += self._case_lines(diffs, operation, width)
        return lines

    def _worst(self, diff: ProbeDiff) -> list[ProbeCase]:
        key = (diff.target, diff.cue, diff.operation, diff.source, diff.population)
        if key not in self._cases:
            self._cases[key] = worst_cases(
                self.session.connection,
                diff.target,
                diff.cue,
                diff.operation,
                OPENED,
                source=diff.source,
                population=diff.population,
            )
        return self._cases[key]

    def _diff_line(self, diff: ProbeDiff, width: int) -> Line:
        worst = self._worst(diff)
        refs = tuple(case.ref for case in worst)
        line = Line(Target("ref", refs[0], refs)) if refs else Line()
        line.add(" ").column(_done(diff), LABEL_CELLS, "text")
        line.column(f"{diff.texts:,}", COUNT_CELLS, "dim", right=True).add(" ")
        for metric in (diff.base, diff.candidate):
            line.column(_effect(metric, width), _side_cells(width), "number")
        change = diff.change
        clear = change is not None and change.low is not None and change.low > 0
        line.column(_effect(change, width), 24 if width >= WIDE else 20, "bad" if clear else "text")
        return line.end("⏎", width - 1, "key") if refs else line

    def _case_lines(self, diffs: Sequence[ProbeDiff], operation: str, width: int) -> list[Line]:
        """The worst cases of one operation, over its sources and populations as the probes list them."""
        cases = [case for diff in diffs if diff.operation == operation for case in self._worst(diff)[:CASES]]
        cases.sort(key=_worst_first if operation != "remove" else _best_first)
        shown = cases[:CASES]
        if not shown:
            return []
        refs = tuple(case.ref for case in cases)
        head = Line().add(f" {operation}", "title").add(", worst first", "dim")
        head.add(
            f"   {len(shown)} of {plural(sum(d.variants for d in diffs if d.operation == operation), 'text')}",
            "dim",
        )
        lines = [head]
        for case in shown:
            line = (
                Line(Target("ref", case.ref, refs))
                .add("  ")
                .column(case.term or "–", max(width - 56, 12), "text")
            )
            for name, plain, with_cue in (
                ("base", case.base_plain_p, case.base_p),
                ("cand", case.candidate_plain_p, case.candidate_p),
            ):
                line.add(f" {name} ", "dim").column(f"{figure(plain, 2)} → {figure(with_cue, 2)}", 12, "text")
            line.add(f" Δ {signed(case.change, 2)}", "bad" if abs(case.change or 0.0) >= 0.1 else "text")
            lines.append(line.end("⏎", width - 1, "key"))
            lines.append(cue_line(case.text, case.start, case.end, width))
        return lines

    def do_slice_next(self) -> None:
        """The next cue."""
        self._step_cue(1)

    def do_slice_previous(self) -> None:
        """The previous cue."""
        self._step_cue(-1)

    def _step_cue(self, step: int) -> None:
        keys = list(self.diffs)
        if keys:
            here = keys.index(self.key) if self.key in keys else -1
            self.key = keys[(here + step) % len(keys)]
            self.reload()

    def do_probes_take(self) -> None:
        """Write this cue, where the search found it, as a term list."""
        from tui.tracks.intent.plug import take_found

        take_found(self, self.key)

    def do_view_numbers(self) -> None:
        """Every number of this cue."""
        from tui.screens.pick import TextScreen

        key = self.key
        if key is None or key not in self.diffs:
            return
        metrics: list[Metric] = [
            metric
            for diff in self.diffs[key]
            for metric in (diff.base, diff.candidate, diff.change)
            if metric is not None
        ]

        specs = self.session.gate_input().specs.get("intent", {})

        def build(width: int) -> list[Line]:
            return [text_line(f" {key}", "title"), *metric_lines(metrics, specs, width, methods=True)]

        self.app.push_screen(TextScreen(self.console_app.colours, key, build))


def _done(diff: ProbeDiff) -> str:
    """What a probe did and to which texts: `own, other`, `held out, critical`."""
    source = diff.source if diff.operation == "insert" and diff.source != "lexicon" else DONE[diff.operation]
    return f"{source}, {diff.population}"


def _side_cells(width: int) -> int:
    return 24 if width >= WIDE else 18


def _columns(width: int) -> Line:
    line = (
        Line().add(" ").column("probe, texts", LABEL_CELLS, "dim").column("n", COUNT_CELLS, "dim", right=True)
    )
    line.add(" ").column("base", _side_cells(width), "dim").column("candidate", _side_cells(width), "dim")
    return line.column("change", 20, "dim")


def _effect(metric: Metric | None, width: int) -> str:
    """An effect with its interval."""
    if metric is None or metric.value is None:
        return "unknown" if metric is not None else "–"
    return with_interval(metric.value, metric.low, metric.high, change=True, digits=3 if width >= WIDE else 2)


def _worst_first(case: ProbeCase) -> tuple[bool, float]:
    if case.candidate_p is None or case.candidate_plain_p is None:
        return False, 0.0
    return True, case.candidate_plain_p - case.candidate_p


def _best_first(case: ProbeCase) -> tuple[bool, float]:
    known, fall = _worst_first(case)
    return known, -fall
