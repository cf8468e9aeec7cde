"""Themes and named styles, for each colour depth, dark and light.

Every colour is an exact value of the xterm-256 cube or grey ramp, so that a 256-colour terminal shows what
a truecolor terminal shows. With 16 colours the terminal's own palette is used, and with none only bold,
underline and reverse; meaning then rests on words and marks, which are there in every mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rich.style import Style
from textual.theme import Theme

from tui.draw.palette import Depth

_DARK = {
    "text": "#d0d0d0",
    "dim": "#a8a8a8",
    "faint": "#9e9e9e",
    "strong": "bold #eeeeee",
    "title": "bold #afd7ff",
    "rule": "#444444",
    "good": "#87d787",
    "bad": "bold #ff8787",
    "warn": "#ffd75f",
    "key": "bold #ffd787",
    "number": "#afd7ff",
    "critical": "#ffaf5f",
    "mark": "bold underline #eeeeee",
    "hit": "bold #ffffff on #5f005f",
    "bar.base": "#5f87af",
    "bar.candidate": "#d7af87",
    "banner.bad": "bold #ffffff on #870000",
    "banner.good": "bold #ffffff on #005f00",
    "banner.warn": "bold #000000 on #d7af5f",
    "saved": "bold #87d787",
    "cursor": "on #303030",
}
_LIGHT = {
    "text": "#262626",
    "dim": "#585858",
    "faint": "#626262",
    "strong": "bold #080808",
    "title": "bold #005f87",
    "rule": "#bcbcbc",
    "good": "#005f00",
    "bad": "bold #af0000",
    "warn": "#875f00",
    "key": "bold #870087",
    "number": "#005f87",
    "critical": "#af005f",
    "mark": "bold underline #080808",
    "hit": "bold #080808 on #ffd7ff",
    "bar.base": "#005f87",
    "bar.candidate": "#875f00",
    "banner.bad": "bold #ffffff on #af0000",
    "banner.good": "bold #ffffff on #005f00",
    "banner.warn": "bold #000000 on #ffd787",
    "saved": "bold #005f00",
    "cursor": "on #e4e4e4",
}
_ANSI = {
    "text": "",
    "dim": "dim",
    "faint": "dim",
    "strong": "bold",
    "title": "bold",
    "rule": "dim",
    "good": "green",
    "bad": "bold red",
    "warn": "yellow",
    "key": "bold",
    "number": "cyan",
    "critical": "magenta",
    "mark": "bold underline",
    "hit": "bold white on magenta",
    "bar.base": "blue",
    "bar.candidate": "yellow",
    "banner.bad": "bold white on red",
    "banner.good": "bold black on green",
    "banner.warn": "bold black on yellow",
    "saved": "bold green",
    "cursor": "reverse",
}
_NONE = {
    "text": "",
    "dim": "",
    "faint": "",
    "strong": "bold",
    "title": "bold",
    "rule": "",
    "good": "",
    "bad": "bold",
    "warn": "bold",
    "key": "bold",
    "number": "",
    "critical": "bold",
    "mark": "bold underline",
    "hit": "bold reverse underline",
    "bar.base": "",
    "bar.candidate": "",
    "banner.bad": "bold reverse",
    "banner.good": "bold reverse",
    "banner.warn": "bold reverse",
    "saved": "bold",
    "cursor": "reverse",
}

DARK_THEME = Theme(
    name="assay-dark",
    primary="#5f87af",
    secondary="#d7af87",
    warning="#ffd75f",
    error="#ff8787",
    success="#87d787",
    accent="#ffd787",
    foreground="#d0d0d0",
    background="#1c1c1c",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
)
LIGHT_THEME = Theme(
    name="assay-light",
    primary="#005f87",
    secondary="#875f00",
    warning="#875f00",
    error="#af0000",
    success="#005f00",
    accent="#870087",
    foreground="#262626",
    background="#ffffff",
    surface="#ffffff",
    panel="#eeeeee",
    dark=False,
)


@dataclass(frozen=True)
class Colours:
    """A colour depth and a background, with the style of each name in them."""

    depth: Depth = "256"
    dark: bool = True

    @cached_property
    def _styles(self) -> dict[str, Style]:
        if self.depth == "none":
            table = _NONE
        elif self.depth == "16":
            table = _ANSI
        else:
            table = _DARK if self.dark else _LIGHT
        return {name: Style.parse(text) if text else Style() for name, text in table.items()}

    def style(self, name: str) -> Style:
        """The style of that name. Raises KeyError."""
        return self._styles[name]

    @property
    def native(self) -> bool:
        """Whether the terminal's own colours are used instead of ours."""
        return self.depth in ("16", "none")
