"""Times in digits, words, ranges and moments."""

from __future__ import annotations

import pytest

from analysis.tracks.response.english.times import spoken, times


@pytest.mark.parametrize(
    ("text", "words", "low", "high"),
    [
        ("It takes 3-5 days.", "3-5 days", 3, 5),
        ("between three and five business days", "three and five business days", 3, 5),
        ("within 48 hours", "48 hours", 2, 2),
        ("in a week", "a week", 7, 7),
        ("within a dozen days", "a dozen days", 12, 12),
        ("a couple of weeks", "a couple of weeks", 14, 14),
        ("within half an hour", "half an hour", 1 / 48, 1 / 48),
        ("twenty-one days", "twenty-one days", 21, 21),
        ("the day after tomorrow", "the day after tomorrow", 2, 2),
        ("within the hour", "within the hour", 1 / 24, 1 / 24),
        ("you get it tomorrow", "tomorrow", 1, 1),
        ("right away", "right away", 0, 0),
        ("before the weekend", "before the weekend", None, None),
        ("🎉🎉 by Friday", "by Friday", None, None),
    ],
)
def test_a_time_is_read_at_its_offsets(text: str, words: str, low: float | None, high: float | None) -> None:
    (one,) = times(text, 0, len(text))
    assert text[one.start : one.end] == words
    assert one.days == (None if low is None else pytest.approx((low, high)))


@pytest.mark.parametrize(
    "text",
    [
        "two days ago",
        "in the last 3 days",
        "order today",
        "three hours a day",
        "a day in the life",
        "volume 3",
        "$5 days",
    ],
)
def test_what_is_no_time_ahead_is_left_out(text: str) -> None:
    assert list(times(text, 0, len(text))) == []


def test_a_number_of_days_is_spoken() -> None:
    assert [spoken(days) for days in (0, 1 / 24, 0.5, 1, 14)] == [
        "the same day",
        "1 hour",
        "12 hours",
        "1 day",
        "14 days",
    ]


@pytest.mark.parametrize(
    ("text", "words", "high"),
    [
        ("It is there by noon.", "by noon", None),
        ("by the end of the week", "by the end of the week", None),
        ("by 5 pm", "by 5 pm", None),
        ("within minutes", "within minutes", 0),
        ("the same afternoon", "the same afternoon", 0),
        ("half a year", "half a year", 182.5),
        ("you have a reply by tomorrow", "tomorrow", 1),
        ("it arrives next week", "next week", None),
    ],
)
def test_moments_of_the_day_and_the_week_are_times(text: str, words: str, high: float | None) -> None:
    (one,) = times(text, 0, len(text))
    assert (text[one.start : one.end], one.days and one.days[1]) == (words, high)


@pytest.mark.parametrize("text", ["Order it before noon.", "Please reply by tomorrow.", "order by 5 pm"])
def test_the_hour_of_the_customers_own_act_is_left_out(text: str) -> None:
    assert list(times(text, 0, len(text))) == []
