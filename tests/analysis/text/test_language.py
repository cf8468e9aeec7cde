"""Telling languages that a detector does not read from those that it does."""

from __future__ import annotations

import pytest

from analysis.text.language import unread_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Le prometemos el reembolso en 3 días.", "es"),
        ("Sie bekommen Ihr Geld garantiert innerhalb von 3 Tagen zurück.", "de"),
        ("申し訳ありませんが、お答えできません。", "ja"),
        ("Je vous mets en relation avec un conseiller.", "fr"),
        ("Извините, не могу помочь.", "ru"),
        ("We will refund you within three days, I promise.", None),
        ("I'm sorry, but I can't help with that.", None),
        ("Sure!", None),
        ("No. Festival is by Haruka Kurosato [t0097], Cathedral by Itsuki Natsukawa [t0127].", None),
        ("👩‍👩‍👧‍👦🙂", None),
        ("12.99", None),
        ("", None),
    ],
)
def test_what_is_not_english(text: str, language: str | None) -> None:
    found = unread_language(text, ("en",))
    assert (found is None) == (language is None)
    if language != "ru":  # Its script is that of others, too.
        assert found == language


def test_a_detector_reads_what_it_says() -> None:
    german = "Sie bekommen Ihr Geld garantiert innerhalb von 3 Tagen zurück."
    assert unread_language(german, ("en", "de-AT")) is None
    assert unread_language(german, ()) is None
