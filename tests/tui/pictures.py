"""Pictures of the whole screen as text, and the colours that they are drawn in."""

from __future__ import annotations

import re
from pathlib import Path

from rich.color import Color, ColorType
from textual.app import App

from tui.draw.theme import DARK_THEME, LIGHT_THEME

FOLDER = Path(__file__).parent / "snapshots"
WHO = re.compile(r"run [0-9a-f]{6} · .*")
"""What the head says of the run and of who looks at it: of each machine its own."""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""One for each way in which text is written on a screen."""
GRAPHICS = re.compile(r"[─│█▉▊▋▌▍▎▏▁▂▃▄▅▆▇░▒▓▔▕╷╵┃▐▀ ]+")
"""Rules, bars and scroll bars, which nobody reads as text."""
LEAST_CONTRAST = 4.5
"""Of text and its background (WCAG 2.1, AA)."""


def picture(app: App[int]) -> str:
    """The screen as it is composed, row by row; who looks at it is left out."""
    rows = [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
    return "\n".join(WHO.sub("run", row) for row in rows)


def painted(app: App[int]) -> str:
    """The screen with its colours: below each row a letter for how each character is written, and what they mean.

    A blank stands for the terminal's own colours, and for characters that show nothing of theirs.
    """
    known: dict[str, str] = {}
    rows: list[str] = []
    for strip in app.screen._compositor.render_strips():
        text, letters = "", ""
        for segment in strip:
            style, said = segment.style, ""
            if style is not None:
                marks = [name for name in ("bold", "dim", "underline", "reverse") if getattr(style, name)]
                colours = [one.name if one is not None else "default" for one in (style.color, style.bgcolor)]
                said = " ".join([" on ".join(colours), *marks])
            own = said in ("", "default on default")
            letter = " " if own else known.setdefault(said, LETTERS[len(known)])
            text += segment.text
            letters += "".join(
                letter if one.strip() or (style and style.bgcolor) else " " for one in segment.text
            )
        rows.append(WHO.sub("run", text.rstrip()))
        if letters.strip():
            rows.append(letters.rstrip())
    return "\n".join([*rows, *(f"{letter} = {said}" for said, letter in known.items())])


def told_apart(name: str) -> str:
    """The name of a screen as that of a file."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def differences(pictures: dict[str, dict[str, str]], *, remake: bool) -> list[str]:
    """Which screens no longer look as they are kept, with the first row that differs.

    Args:
        pictures: by screen and size.
        remake: keep these instead.
    """
    told: list[str] = []
    if remake:
        FOLDER.mkdir(exist_ok=True)
    for name, sizes in pictures.items():
        path = FOLDER / f"{told_apart(name)}.txt"
        drawn = "\n".join(f"==== {size}\n{text}" for size, text in sizes.items()) + "\n"
        if remake:
            path.write_text(drawn, "utf-8")
        kept = path.read_text("utf-8") if path.is_file() else ""
        if drawn != kept:
            rows = zip(f"{drawn}\n".split("\n"), f"{kept}\n".split("\n"), strict=False)
            told.append(next((f"{name}: {new!r}, was {old!r}" for new, old in rows if new != old), name))
    return told


def pairs(app: App[int]) -> set[tuple[Color | None, Color | None, str]]:
    """Foreground, background and one example of each pair of colours in which text is written."""
    found: dict[tuple[Color | None, Color | None], str] = {}
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if style is not None and segment.text.strip() and not GRAPHICS.fullmatch(segment.text):
                swapped = bool(style.reverse)
                colours = (style.bgcolor, style.color) if swapped else (style.color, style.bgcolor)
                found.setdefault(colours, segment.text)
    return {(*colours, text) for colours, text in found.items()}


def faint(app: App[int], *, dark: bool) -> list[str]:
    """Texts whose contrast with their background is too small."""
    theme = DARK_THEME if dark else LIGHT_THEME
    usual = tuple(Color.parse(str(one)) for one in (theme.foreground, theme.background))
    told = []
    for ink, paper, text in pairs(app):
        contrast = _contrast(*(one or other for one, other in zip((ink, paper), usual, strict=True)))
        if contrast < LEAST_CONTRAST:
            told.append(f"{text.strip()!r}: {contrast:.2f}, {ink} on {paper}")
    return told


def _contrast(one: Color, two: Color) -> float:
    light, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    parts = [value / 255 for value in colour.get_truecolor()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def foreign(app: App[int], depth: str) -> list[str]:
    """Colours that a terminal of this depth does not have: with none, any; with 16, what is not in its palette."""
    allowed = {ColorType.DEFAULT} if depth == "none" else {ColorType.DEFAULT, ColorType.STANDARD}
    return [
        f"{text.strip()!r}: {colour}"
        for ink, paper, text in pairs(app)
        for colour in (ink, paper)
        if colour is not None and colour.type not in allowed
    ]
