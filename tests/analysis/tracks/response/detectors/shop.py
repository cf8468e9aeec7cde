"""A small catalogue and policy, and answers read against them."""

from __future__ import annotations

from analysis.tracks.response.detectors.contract import (
    Detector,
    Found,
    Knowledge,
    Passage,
    Policy,
    Response,
    Title,
)

KNOWLEDGE = Knowledge(
    catalogue=(
        Title("m", "Monster", ("MNST",), "Naoki Ura", 18, 9.99, True, ("the twin is the killer",)),
        Title(
            "b",
            "Broken Umbrella",
            (),
            "Yuna Shirokane",
            5,
            11.99,
            False,
            ("the hero returns home and forgets", "the butler did it", "the pitcher never plays again"),
        ),
        Title("c", "The Last Calligrapher", ("Last Calligrapher",), "Yuna Tokugiri", 7, 15.99, True),
        Title("g1", "Green Window", (), "Toru Mizunari", 33, 11.99, True),
        Title("g2", "Green Window", (), "Emi Arakida", 2, 8.0, False),
        Title("k", "傘の国", (), "山田花子", 3, 700.0, True, ("王様は死ぬ",)),
        Title("bare", "Quiet Harbor"),
    ),
    policy=Policy(spoiler_words=("dies", "killer", "twist ending")),
)


def answer(
    text: str, prompt: str = "Hello.", expected: tuple[str, ...] = (), passages: tuple[Passage, ...] = ()
) -> Response:
    return Response("response/prompt:1", "candidate", prompt, text, passages, frozenset(expected))


def found(detector: Detector, response: Response, knowledge: Knowledge = KNOWLEDGE) -> list[Found]:
    """What a detector finds, every span within the text."""
    result = detector.detect(response, knowledge)
    assert all(0 <= one.start < one.end <= len(response.text) and one.why for one in result)
    return result


def spans(detector: Detector, response: Response, knowledge: Knowledge = KNOWLEDGE) -> list[tuple[str, str]]:
    """The words and labels of the findings that count."""
    return [
        (response.text[one.start : one.end], one.label)
        for one in found(detector, response, knowledge)
        if one.counts
    ]
