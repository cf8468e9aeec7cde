"""`assay status --format openmetrics`: state, gates and queue as metrics, for GitLab and for Prometheus.

OpenMetrics 1.0 text: states are state sets, numbers are gauges, and the document ends with `# EOF`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from analysis.review.evaluate import State
from tui.commands.status_format import StatusFormat
from tui.commands.status_words import ORDER, counts, keeps_back, only_once
from tui.draw.safe_text import printable

NUMBERS = {
    "value": "Number that a gate is judged by, in the unit that its metric declares",
    "low": "Lower bound of that number",
    "high": "Upper bound of that number",
    "n": "Examples behind that number",
}


@dataclass(frozen=True)
class _Family:
    """One metric family: its samples have labels of data, which are escaped when it is written."""

    name: str
    kind: str
    help: str
    samples: list[tuple[dict[str, str], float]] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        yield f"# TYPE {self.name} {self.kind}"
        yield f"# HELP {self.name} {self.help}."
        name = f"{self.name}_info" if self.kind == "info" else self.name
        for labels, value in self.samples:
            told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            yield f"{name}{{{told}}} {float(value)!r}"


def write(status: Mapping[str, Any]) -> str:
    """The status as one OpenMetrics exposition."""
    families = [_review(status), _state(status), *_gates(status["gates"]), _queue(status["queue"])]
    return "\n".join([line for family in families if family.samples for line in family.lines()] + ["# EOF"])


def _review(status: Mapping[str, Any]) -> _Family:
    told = {name: str(status[name] or "") for name in ("review", "run", "evidence_sha256", "decision")}
    return _Family("assay_review", "info", "Review and run that the metrics are of", [(told, 1)])


def _state(status: Mapping[str, Any]) -> _Family:
    samples = [({"assay_state": one}, float(one == status["state"])) for one in get_args(State)]
    return _Family("assay_state", "stateset", "What may be done with the candidate", samples)


def _gates(gates: Sequence[Mapping[str, Any]]) -> list[_Family]:
    named = dict(zip(only_once([str(gate["key"]) for gate in gates]), gates, strict=True))
    labels = {name: {"gate": name, "track": str(gate["track"])} for name, gate in named.items()}
    tally = _Family("assay_gates", "gauge", "Gates by verdict")
    tally.samples.extend(({"verdict": one}, count) for one, count in counts(gates).items())
    allows = _Family("assay_gate_allows", "gauge", "1 where a gate lets the candidate through, 0 where not")
    allows.samples.extend((labels[name], float(not keeps_back(gate))) for name, gate in named.items())
    verdicts = _Family("assay_gate_verdict", "stateset", "Verdict of each gate")
    verdicts.samples.extend(
        ({**labels[name], "assay_gate_verdict": one}, float(one == gate["verdict"]))
        for name, gate in named.items()
        for one in ORDER
    )
    numbers = []
    for key, says in NUMBERS.items():
        family = _Family(f"assay_gate_{key}", "gauge", says)
        family.samples.extend(
            (labels[name], float(gate[key])) for name, gate in named.items() if gate[key] is not None
        )
        numbers.append(family)
    return [tally, allows, verdicts, *numbers]


def _queue(queue: Mapping[str, int]) -> _Family:
    samples = [({"part": part}, float(count)) for part, count in queue.items()]
    return _Family("assay_queue", "gauge", "Examples of the queue by part", samples)


def _escaped(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


FORMAT = StatusFormat("openmetrics", write)
