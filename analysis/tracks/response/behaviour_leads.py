"""Which detectors a review reads answers with: those that its behaviours name as leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.tracks.response.behaviour_settings import BehaviourSection
from analysis.tracks.response.detectors.patterns import patterns_detector, read_patterns, shipped
from analysis.tracks.response.known_detectors import BY_NAME
from analysis.tracks.response.leads.settings import LearnedSection, ModelSection, PatternsSection

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.tracks.response.detectors.contract import Detector
    from analysis.tracks.response.settings import ResponseSettings


@dataclass(frozen=True)
class LeadRow:
    """A lead that is no detector of single answers, as the run lists it."""

    name: str
    place: int
    kind: str
    title: str
    languages: tuple[str, ...] = ()
    against: str = ""
    version: int = 1


def check_names(settings: ResponseSettings) -> None:
    """See that every lead of a behaviour is a detector.

    Raises:
        AssayError: a lead of a name that no detector has, or a detector with the name of one that is built in.
    """
    for name in settings.detector:
        if name in BY_NAME:
            raise AssayError(
                f"{name!r} is the name of a detector that is built in",
                where=settings.where("detector", name),
                hint="choose another name",
            )
    known = [*settings.detector, *BY_NAME]
    for place, behaviour in enumerate(settings.behaviour):
        for index, name in enumerate(behaviour.leads):
            if name not in known:
                raise AssayError(
                    f"the behaviour {behaviour.name!r} names the lead {name!r}, and no detector is called so",
                    where=settings.where("behaviour", place, "leads", index),
                    hint=suggest(name, known),
                )


def leads_of(settings: ResponseSettings) -> tuple[Detector, ...]:
    """The detectors that read one answer at a time, in their order: checks, plug-ins and pattern files.

    Raises:
        AssayError: as `check_names`, or a pattern file that cannot be read.
    """
    check_names(settings)
    named = {name for behaviour in settings.behaviour for name in behaviour.leads}
    built_in = [one for name, one in BY_NAME.items() if name in named]
    return (
        *built_in,
        *(_of_patterns(settings, name) for name in settings.detector if _patterns(settings, name)),
    )


def _patterns(settings: ResponseSettings, name: str) -> bool:
    return isinstance(settings.detector[name], PatternsSection)


def _of_patterns(settings: ResponseSettings, name: str) -> Detector:
    section = settings.detector[name]
    assert isinstance(section, PatternsSection)
    try:
        path = section.file or shipped(section.words or "")
    except AssayError as error:
        raise AssayError(
            error.message, where=settings.where("detector", name, "words"), hint=error.hint
        ) from None
    # What an answer with a hit does is said by the name of the lead.
    return patterns_detector(name, name.replace("-", " ").replace("_", " "), read_patterns(path))


def other_leads(settings: ResponseSettings) -> tuple[LeadRow, ...]:
    """The leads that look at all answers together, or at none, as the run lists them."""
    titles = {
        "learned": "what labels taught",
        "model": "what a model says",
        "recorded": "what was recorded",
    }
    return tuple(
        LeadRow(name, 200 + place, section.kind, titles[section.kind])
        for place, (name, section) in enumerate(settings.detector.items())
        if section.kind in titles
    )


def learned_leads(settings: ResponseSettings) -> dict[str, tuple[LearnedSection, BehaviourSection]]:
    """The leads that labels teach, each with the behaviour whose labels they are."""
    return {
        name: (section, next(one for one in settings.behaviour if name in one.leads))
        for name, section in settings.detector.items()
        if isinstance(section, LearnedSection)
    }


def model_leads(settings: ResponseSettings) -> dict[str, ModelSection]:
    """The leads that are models of the user's."""
    return {name: one for name, one in settings.detector.items() if isinstance(one, ModelSection)}


def lead_files(settings: ResponseSettings) -> dict[str, Path]:
    """The file or folder of each detector that reads with one."""
    found = {}
    for name, section in settings.detector.items():
        path = None
        if isinstance(section, PatternsSection):
            path = section.file
        elif isinstance(section, LearnedSection):
            path = section.encoder
        elif isinstance(section, ModelSection):
            path = section.folder
        if path is not None:
            found[name] = path
    return found
