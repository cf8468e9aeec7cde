"""Colour ramps: the published steps, contrast, marks without colour, detection as Rich does it."""

from __future__ import annotations

import io
import math
from typing import get_args

import pytest
from rich.color import Color, ColorSystem, ColorType
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tui.draw.palette import (
    MINUS,
    Depth,
    attribution_paint,
    attribution_style,
    detect_depth,
    sign_mark,
    step_of,
)

SHARES = (-1.0, -0.5, -0.1, 0.1, 0.5, 1.0)
DEPTHS: tuple[Depth, ...] = get_args(Depth)

_XTERM = [(0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)]
_XTERM += [(229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)]
_XTERM += [(255, 0, 255), (0, 255, 255), (255, 255, 255)]
_VGA = [(0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170)]
_VGA += [(170, 170, 170), (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255)]
_VGA += [(255, 85, 255), (85, 255, 255), (255, 255, 255)]


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in rgb)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Contrast ratio (WCAG 2.2), 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def rgb(color: Color | None, ansi: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    assert color is not None
    theme = TerminalTheme((0, 0, 0), (255, 255, 255), ansi[:8], ansi[8:])
    return tuple(color.get_truecolor(theme))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("dark", "numbers", "hexes"),
    [
        (
            True,
            [153, 75, 26, 94, 208, 221],
            ["#afd7ff", "#5fafff", "#005fd7", "#875f00", "#ff8700", "#ffd75f"],
        ),
        (
            False,
            [25, 69, 117, 216, 172, 94],
            ["#005faf", "#5f87ff", "#87d7ff", "#ffaf87", "#d78700", "#875f00"],
        ),
    ],
)
def test_ramps_are_exact_cube_colours(dark: bool, numbers: list[int], hexes: list[str]) -> None:
    assert [attribution_paint(share, 1, "256", dark).background for share in SHARES] == numbers
    backgrounds = [attribution_style(share, 1, "truecolor", dark).bgcolor for share in SHARES]
    assert [color.get_truecolor().hex for color in backgrounds if color] == hexes
    # A 24-bit style on a 256-colour terminal arrives at the same palette entry.
    assert [color.downgrade(ColorSystem.EIGHT_BIT).number for color in backgrounds if color] == numbers


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("depth", ["truecolor", "256", "16"])
@pytest.mark.parametrize("ansi", [_XTERM, _VGA], ids=["xterm", "vga"])
def test_text_contrast(depth: Depth, dark: bool, ansi: list[tuple[int, int, int]]) -> None:
    for share in SHARES:
        style = attribution_style(share, 1, depth, dark)
        ratio = contrast(rgb(style.color, ansi), rgb(style.bgcolor, ansi))
        # VGA consoles draw yellow as brown, where no colour that also suits a true yellow reaches 4.5.
        brown = ansi is _VGA and depth == "16" and share == 0.1
        assert ratio >= (4.0 if brown else 4.5), share


def test_contrast_formula_on_known_pairs() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("depth", DEPTHS)
def test_signs_differ_and_zero_is_plain(depth: Depth, dark: bool) -> None:
    assert attribution_style(0.04, 1, depth, dark).null
    for share in (0.1, 0.5, 1.0):
        assert attribution_style(share, 1, depth, dark) != attribution_style(-share, 1, depth, dark)
    if depth != "none":
        for sign in (1, -1):
            assert len({attribution_style(sign * share, 1, depth, dark) for share in (0.1, 0.5, 1.0)}) == 3


def test_sixteen_colours_are_the_terminals_own() -> None:
    for share in SHARES:
        style = attribution_style(share, 1, "16", dark=True)
        assert style.color is not None
        assert style.bgcolor is not None
        assert style.color.type is ColorType.STANDARD
        assert style.bgcolor.type is ColorType.STANDARD
        assert (style.bgcolor.number in {3, 11}) == (share > 0)
        assert bool(style.bold) == (abs(share) == 1)


def test_without_colour_no_colour_code_is_written() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system="truecolor", width=80)
    text = Text()
    for share in SHARES:
        text.append("x", attribution_style(share, 1, "none", dark=True))
    console.print(text)
    assert stream.getvalue() == "\x1b[4mx\x1b[0m" * 3 + "\x1b[1mx\x1b[0m" * 3 + "\n"


@pytest.mark.parametrize(
    ("value", "scale", "mark", "step"),
    [
        (0.3, 1, "+3", (1, "weak")),
        (-0.126, 0.42, f"{MINUS}3", (-1, "weak")),
        (0.049, 1, "", (0, "zero")),
        (0.05, 1, "+1", (1, "weak")),
        (-1 / 3, 1, f"{MINUS}3", (-1, "mid")),
        (2 / 3, 1, "+7", (1, "strong")),
        (0.949, 1, "+9", (1, "strong")),
        (7, 1, "+9", (1, "strong")),
        (-7, 1, f"{MINUS}9", (-1, "strong")),
        (math.nan, 1, "", (0, "zero")),
        (1, 0, "", (0, "zero")),
        (1, math.inf, "", (0, "zero")),
        (math.inf, 1, "", (0, "zero")),
    ],
)
def test_marks_and_steps(value: float, scale: float, mark: str, step: tuple[int, str]) -> None:
    assert sign_mark(value, scale) == mark
    assert step_of(value, scale) == step


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "tmux"}, "16"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "xterm-16color"}, "16"),
        ({"TERM": "xterm-ghostty"}, "16"),
        ({"TERM": "screen-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm", "COLORTERM": " 24BIT "}, "truecolor"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "unknown"}, "none"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({}, "16"),
    ],
)
def test_detection_agrees_with_rich(environ: dict[str, str], depth: Depth) -> None:
    assert detect_depth(environ) == depth
    console = Console(file=io.StringIO(), force_terminal=True, _environ=environ)
    rich_depth = {"standard": "16", "256": "256", "truecolor": "truecolor", None: "none"}[
        console.color_system
    ]
    assert ("none" if console.no_color else rich_depth) == depth


def test_flag_settles_the_depth() -> None:
    assert detect_depth({"NO_COLOR": "1", "TERM": "dumb"}, "256") == "256"
    assert detect_depth({"COLORTERM": "truecolor"}, "none") == "none"
