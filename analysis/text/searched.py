"""A text as it is searched: what is typed finds what is read, however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MARKS = re.compile(r"[^ -~\s]|[&<>*_`~#|]")
"""What could be a mark, an entity or a character that is written in several ways."""


def search_form(text: str) -> str:
    """A text as it is searched: cleaned (marks, entities and invisible characters aside, NFKC), and in one case."""
    # It brings numpy, which a console needs only once somebody searches.
    from analysis.text.cleaned import cleaned

    return cleaned(text).text.casefold()


def searched_rows(rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """What has to be kept of some texts so that they are found by what they are read as.

    Args:
        rows: ref, id and text of each example.

    Returns:
        Ref and form of those whose form is not their text, or whose id has capitals: the text in its search form, in
        lower case as it is written where that is another, and the id in lower case, a line each. The others are
        found as they are.
    """
    found = []
    for ref, name, text in rows:
        forms = dict.fromkeys(
            (search_form(text) if _MARKS.search(text) else text.casefold(), text.casefold(), name.casefold())
        )
        new = [form for form in forms if form not in (text, name)]
        if new:
            found.append((ref, "\n".join(new)))
    return found
