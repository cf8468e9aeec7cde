"""The pictures of README.md: the console itself on the sample's first candidate, drawn by Textual as SVG.

python -m sample_data.pictures              # analyses the sample first, in a folder of its own
python -m sample_data.pictures STORE        # a copy of a review that is analysed already
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot

from analysis.review.session import ReviewSession
from tui import cli
from tui.console.app import AssayApp
from tui.draw.theme import Colours

DOCS = Path(__file__).parents[1] / "docs"
SAMPLE = Path(__file__).parent
REVIEW = "review-rc1.toml"
MISROUTED = "intent/message:m0412"
"""A message that names a title, and that the candidate sends to people."""
SIZE = (120, 36)
RESTS = 0.5
"""Seconds after which what stands beside a line is drawn."""
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""References to fonts of other machines: a picture loads nothing."""


def main() -> None:
    """Draw both pictures into `docs`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", metavar="STORE", type=Path, nargs="?")
    given: Path | None = parser.parse_args().store
    with TemporaryDirectory() as folder:
        store = Path(folder) / "pictures.review"
        shutil.copytree(given or analysed(Path(folder) / "sample"), store)
        asyncio.run(draw(store))


def analysed(folder: Path) -> Path:
    """Analyse a copy of the sample; returns the store."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("*.review", "*.py", "__pycache__"))
    if cli.main(["analyze", str(folder / REVIEW)]):
        raise SystemExit("the sample cannot be analysed")
    return next(folder.glob("*.review"))


async def draw(store: Path) -> None:
    """Overview, and the message that is misrouted, judged and open."""
    with ReviewSession.open(store, "reviewer") as session:
        app = AssayApp(session, Colours("truecolor"))
        asked = session.asked(MISROUTED)
        letter = "ab"[(asked.order or ()).index("base")] if asked is not None and asked.order else "e"
        async with app.run_test(size=SIZE) as pilot:
            await keep(pilot, "overview")
            app.show_example(MISROUTED)
            await pilot.pause(RESTS)
            await pilot.press(letter)
            await keep(pilot, "review")


async def keep(pilot: Pilot[int], name: str) -> None:
    """Write the screen to `docs`, once it is drawn whole."""
    await pilot.pause(RESTS)
    await pilot.pause()
    picture = _FONTS.sub("", pilot.app.export_screenshot(title="assay review intent-v4-rc1.review"))
    path = DOCS / f"{name}.svg"
    path.write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", "utf-8")
    print(path)


if __name__ == "__main__":
    main()
