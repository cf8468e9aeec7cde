"""Colours of attributions at every colour depth, marks that carry the sign without colour, and the legend.

Orange supports the predicted class, blue opposes it. Hue is decoration: the sign is also a mark or an
attribute, the size is also a digit. The ramps use colours of the 256-colour cube, so that nothing is
rounded there; both halves match in lightness and stay apart under the common colour vision deficiencies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from rich.color import Color
from rich.style import Style

Depth = Literal["truecolor", "256", "16", "none"]
Step = Literal["zero", "weak", "mid", "strong"]

WEAK_FROM = 0.05
"""|value| / scale from which a token is coloured and marked at all."""
MID_FROM = 1 / 3
STRONG_FROM = 2 / 3

MINUS = "\u2212"


class Paint(NamedTuple):
    """Colours by number of the 256-colour palette, and attributes.

    Numbers 0 to 15 are the terminal's own colours, None is its default.
    """

    foreground: int | None = None
    background: int | None = None
    bold: bool = False
    underline: bool = False


_BLACK, _WHITE = 16, 231
_CUBE: Mapping[tuple[bool, int, Step], Paint] = {
    (True, 1, "weak"): Paint(_WHITE, 94),
    (True, 1, "mid"): Paint(_BLACK, 208),
    (True, 1, "strong"): Paint(_BLACK, 221),
    (True, -1, "weak"): Paint(_WHITE, 26),
    (True, -1, "mid"): Paint(_BLACK, 75),
    (True, -1, "strong"): Paint(_BLACK, 153),
    (False, 1, "weak"): Paint(_BLACK, 216),
    (False, 1, "mid"): Paint(_BLACK, 172),
    (False, 1, "strong"): Paint(_WHITE, 94),
    (False, -1, "weak"): Paint(_BLACK, 117),
    (False, -1, "mid"): Paint(_BLACK, 69),
    (False, -1, "strong"): Paint(_WHITE, 25),
}
"""By (dark background, sign, step)."""

_ANSI: Mapping[tuple[int, Step], Paint] = {
    (1, "weak"): Paint(0, 3),
    (1, "mid"): Paint(0, 11),
    (1, "strong"): Paint(0, 11, bold=True),
    (-1, "weak"): Paint(15, 12),
    (-1, "mid"): Paint(7, 4),
    (-1, "strong"): Paint(7, 4, bold=True),
}
"""Chosen for 16 colours, because rounding the ramp would turn a positive step red. Both colours are always
set, so the background of the terminal does not matter."""

_DEPTH_OF_TERM: Mapping[str, Depth] = {"256color": "256", "kitty": "256"}


def step_of(value: float, scale: float) -> tuple[int, Step]:
    """Sign (-1, 0, 1) and step of a score by |value| / scale: weak from .05, mid from 1/3, strong from 2/3.

    `scale` is the |value| of full strength. A score or scale that is not finite, or no scale, is zero.
    """
    share = _share(value, scale)
    if share < WEAK_FROM:
        return 0, "zero"
    sign = 1 if value > 0 else -1
    if share < MID_FROM:
        return sign, "weak"
    return sign, "mid" if share < STRONG_FROM else "strong"


def attribution_paint(value: float, scale: float, depth: Depth, dark: bool) -> Paint:
    """Colours and attributes for a token with score `value`.

    Without colour, bold supports and underline opposes; the size is left to `sign_mark`.
    """
    sign, step = step_of(value, scale)
    if sign == 0:
        return Paint()
    if depth == "none":
        return Paint(bold=sign > 0, underline=sign < 0)
    return _ANSI[sign, step] if depth == "16" else _CUBE[dark, sign, step]


def attribution_style(value: float, scale: float, depth: Depth, dark: bool) -> Style:
    """`attribution_paint` as a Rich style: 24-bit colours, palette numbers, the terminal's own, or none."""
    return _style(attribution_paint(value, scale, depth, dark), depth)


def sign_mark(value: float, scale: float) -> str:
    """Sign and size in two cells ("+3"): tenths of |value| / scale, at most 9; "" below .05.

    The minus sign is U+2212, as wide as the plus.
    """
    share = _share(value, scale)
    if share < WEAK_FROM:
        return ""
    return f"{'+' if value > 0 else MINUS}{min(9, math.floor(share * 10 + 0.5))}"


def detect_depth(environ: Mapping[str, str], flag: Depth | Literal["auto"] = "auto") -> Depth:
    """The colour depth of this terminal; `flag` settles it unless it is "auto".

    NO_COLOR (not empty) and TERM dumb or unknown: none. COLORTERM truecolor or 24bit: truecolor. TERM
    that ends in -256color or -kitty: 256. Everything else: 16. These are Rich's rules, so what is chosen
    is also drawn.
    """
    if flag != "auto":
        return flag
    term = environ.get("TERM", "").strip().lower()
    if environ.get("NO_COLOR", "") != "" or term in {"dumb", "unknown"}:
        return "none"
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return "truecolor"
    return _DEPTH_OF_TERM.get(term.rpartition("-")[2], "16")


def _share(value: float, scale: float) -> float:
    if not (math.isfinite(value) and math.isfinite(scale) and scale > 0):
        return 0.0
    return abs(value) / scale


@lru_cache(maxsize=256)
def _style(paint: Paint, depth: Depth) -> Style:
    return Style(
        color=_color(paint.foreground, depth),
        bgcolor=_color(paint.background, depth),
        bold=paint.bold or None,
        underline=paint.underline or None,
    )


def _color(number: int | None, depth: Depth) -> Color | None:
    if number is None:
        return None
    color = Color.from_ansi(number)
    return Color.from_triplet(color.get_truecolor()) if depth == "truecolor" else color
