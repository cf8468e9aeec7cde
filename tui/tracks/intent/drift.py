"""Drift of the layers and where the change lives: a strip beside a message, and the tables behind it.

They say where to look. Nothing here is good or bad, and nothing is drawn as if it were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui.draw.lines import Line, rule, text_line
from tui.draw.number_text import figure, with_interval
from tui.plugin.change_lines import GRAFT, change_lines, graft_words, short_parts
from tui.plugin.common import INDENT

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence

BLOCKS = "▁▂▃▄▅▆▇█"
WIDE = 110
"""Cells from which the numbers of a slice stand with their intervals."""
MEASURES = (("cosine", "cosine"), ("cka", "likeness"), ("overlap", "kept"))
"""Measures of drift, and what heads their columns."""
DEFINITIONS = (
    (
        "drift",
        "how far a layer's states moved from base to candidate: it says where to look, and judges nothing",
    ),
    (
        "cosine",
        "of a message's state (the mean over its tokens) in base and candidate; 1 is the same direction",
    ),
    (
        "likeness",
        "debiased linear CKA: whether messages lie to each other as before; blind to rotation and scale",
    ),
    (
        "kept",
        "share of a message's 5 nearest messages that are the same on both sides; like likeness, of a sample of the "
        "slice (up to 256 of all, 64 of others): compare it between layers, not between slices of other sizes",
    ),
    (
        "noise",
        "what rounding the base to half precision does to the same number; ▾ marks what is clear of it",
    ),
    GRAFT,
    ("probe", "accuracy of a linear classifier on a layer's states; dealt: on labels dealt at random"),
)


def layer_name(layer: int) -> str:
    """`layer 3`; what the first layer is given is called the embeddings."""
    return f"layer {layer}" if layer else "embeddings"


def strip_sentence(evidence: ExampleEvidence) -> tuple[str, str]:
    """A block for each layer of the message, and in words which layer moved most and from where it is beyond noise."""
    rows = [row for row in evidence.context.get("shift", ()) if row["cosine"] is not None]
    if not rows:
        return "", ""
    beyond = [row for row in rows if row["floor"] is not None and row["cosine"] < row["floor"]]
    most = max(1 - row["cosine"] for row in rows)
    blocks = "".join(
        BLOCKS[min(7, int(8 * (1 - row["cosine"]) / most))] if row in beyond and most > 0 else BLOCKS[0]
        for row in rows
    )
    if all(row["floor"] is None for row in rows):
        least = min(rows, key=lambda row: float(row["cosine"]))
        return blocks, f"cosine {figure(least['cosine'], 2)} at {layer_name(least['layer'])}; noise not known"
    if not beyond:
        return blocks, "the states moved no more than noise does"
    least = min(beyond, key=lambda row: float(row["cosine"]))
    said = f"cosine {figure(least['cosine'], 2)} at {layer_name(least['layer'])}"
    return blocks, f"{said}, above noise from {layer_name(beyond[0]['layer'])}"


def strip_lines(evidence: ExampleEvidence, width: int) -> list[Line]:
    """One line: the layers of the message, and where the change lives if that is known and there is room."""
    blocks, words = strip_sentence(evidence)
    if not words:
        return []
    line = Line().column(" drift", INDENT, "dim")
    if len(blocks) <= width // 3:
        line.add(blocks, "number").add("  ")
    grafted = graft_words(evidence.context.get("change", ()))
    words += f" · {grafted}" if grafted else ""
    spare = max(width - line.width - 1, 8)
    words = words if len(words) <= spare else short_parts(words).replace(" restores ", ": ")
    return [line.column(words, min(len(words), spare), "text")]


def drift_lines(evidence: ExampleEvidence, width: int) -> list[Line]:
    """The layers of the message and of all messages, its slices, where the change lives, and the probes."""
    lines: list[Line] = []
    rows = evidence.context.get("drift", ())
    if rows:
        lines += [rule(width), text_line(" DRIFT: WHERE TO LOOK, NO VERDICT", "title")]
        lines += [*_layers(evidence, rows), *_slices(rows, width)]
    lines += change_lines(evidence.context.get("change", ()), width)
    probes = evidence.context.get("layer_probes", ())
    if probes:
        lines += [rule(width), text_line(" WHAT A PROBE READS OF THE LABEL", "title"), *_probes(probes)]
    return lines


def _layers(evidence: ExampleEvidence, rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Each layer: the message's cosine beside what noise leaves of it, and the three measures over all messages."""
    cells = (11, *(10 for _ in MEASURES[1:]))
    head = Line().add("  ").column("layer", 11, "dim").column("this", 7, "dim", right=True)
    head.column("noise", 8, "dim", right=True)
    for place, (_, title) in enumerate(MEASURES):
        head.column(title if place else f"all {title}", cells[place], "dim", right=True)
    lines = [head]
    mine = {row["layer"]: row for row in evidence.context.get("shift", ())}
    whole = [row for row in rows if row["slice"] == rows[0]["slice"]]
    for layer in sorted({row["layer"] for row in whole}):
        own = mine.get(layer, {})
        line = Line().add("  ").column(layer_name(layer), 11, "text")
        line.column(figure(own.get("cosine"), 3), 7, "number", right=True)
        line.column(figure(own.get("floor"), 4), 8, "dim", right=True)
        for place, (measure, _) in enumerate(MEASURES):
            one = next((row for row in whole if row["layer"] == layer and row["measure"] == measure), None)
            line.column(_value(one), cells[place], "number", right=True)
        lines.append(line)
    return lines


def _slices(rows: Sequence[Mapping[str, Any]], width: int) -> list[Line]:
    """The last layer on each slice of the message."""
    cells = 24 if width >= WIDE else 10
    name = max(16, min(40, width - 8 - 3 * cells))
    last = max(row["layer"] for row in rows)
    head = (
        Line()
        .add("  ")
        .column(f"{layer_name(last)}, by slice", name, "dim")
        .column("n", 6, "dim", right=True)
    )
    for _, title in MEASURES:
        head.column(title, cells, "dim", right=True)
    lines = [head]
    for slice_name in dict.fromkeys(row["slice"] for row in rows):
        own = {row["measure"]: row for row in rows if row["slice"] == slice_name and row["layer"] == last}
        n = max((row["n"] or 0 for row in own.values()), default=0)
        line = (
            Line()
            .add("  ")
            .column(slice_name, name, "text")
            .column(f"{n:,}" if n else "–", 6, "dim", right=True)
        )
        whys = {row["why"] for row in own.values() if row["why"]}
        if all(row["value"] is None for row in own.values()):
            lines.append(
                line.add("  ").column("; ".join(sorted(whys)), max(width - line.width - 3, 8), "dim")
            )
            continue
        for measure, _ in MEASURES:
            line.column(_value(own.get(measure), wide=width >= WIDE), cells, "number", right=True)
        lines.append(line)
    return lines


def _value(row: Mapping[str, Any] | None, *, wide: bool = False) -> str:
    """A measure, marked where it is clear of the noise."""
    if row is None or row["value"] is None:
        return "–"
    said = with_interval(row["value"], row["low"], row["high"]) if wide else figure(row["value"])
    return f"{said} ▾" if row["moved"] else f"{said}  "


def _probes(rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Accuracy of each layer's probe on both sides, the base's on the candidate's states, and on dealt labels."""
    head = Line().add("  ").column(f"layer, n {rows[0]['n']}", 14, "dim")
    for title in ("base", "cand", "base→cand", "dealt"):
        head.column(title, 10, "dim", right=True)
    lines = [head]
    for layer in dict.fromkeys(row["layer"] for row in rows):
        own = {row["side"]: row for row in rows if row["layer"] == layer}
        base, candidate = own["base"], own["candidate"]
        line = Line().add("  ").column(layer_name(layer), 14, "text")
        for value in (
            base["accuracy"],
            candidate["accuracy"],
            candidate["transferred"],
            candidate["shuffled"],
        ):
            line.column(figure(value, 2), 10, "number", right=True)
        lines.append(line)
    return lines
