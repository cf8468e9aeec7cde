"""Which accounts, addresses and names are one person: what is counted by head is counted by these.

An account (`uid:1001/alice`), an account of another machine (`uid:1001/alice on gpubox`), an address
(`alice@corp.example`) and a plain name are of one person where account and local part are the same, or where
`[review] aliases` says so. That errs on the side of one person: who is two must have two names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

Aliases = Mapping[str, Sequence[str]]
"""A person's name -> their further accounts, addresses and names."""
_ACTOR = re.compile(r"uid:\d{1,10}/(.+)", re.DOTALL)


ELSEWHERE = " on "
"""What stands between account and machine where a stream was merged from that machine."""


class NamedAccount(NamedTuple):
    """An account as events name it, in its parts; `host` is empty for one of this machine."""

    name: str
    host: str


def account_of(actor: str) -> NamedAccount:
    """The account that an actor names: `uid:1001/alice on gpubox` is alice of gpubox, whose stream was merged."""
    name = _account_name(actor)
    before, found, host = name.rpartition(ELSEWHERE)
    return NamedAccount(before, host) if found else NamedAccount(name, "")


def shown_as(actor: str, reviewer: str) -> str:
    """Who said something, for people: the account first, then a display name that differs, and where it was merged.

    A display name is what somebody calls themself; the account is who the machine knows.
    """
    name, host = account_of(actor)
    marks = [f"“{reviewer}”"] if reviewer and reviewer != name else []
    marks += [f"merged from {host}"] if host else []
    return f"{name} ({', '.join(marks)})" if marks else name


def person_of(identity: str, aliases: Aliases | None = None) -> str:
    """One name for all accounts, addresses and names of a person, to compare and to count with."""
    plain = _plain(identity)
    for person, others in (aliases or {}).items():
        if plain in {_plain(one) for one in (person, *others)}:
            return _plain(person)
    return plain


def same_person(one: str, other: str, aliases: Aliases | None = None) -> bool:
    """Whether two accounts, addresses or names are of one person."""
    return person_of(one, aliases) == person_of(other, aliases)


def persons(identities: Iterable[str], aliases: Aliases | None = None) -> set[str]:
    """The different persons among some accounts, addresses or names."""
    return {person_of(one, aliases) for one in identities}


def _account_name(actor: str) -> str:
    found = _ACTOR.fullmatch(actor)
    return found[1] if found else actor


def _plain(identity: str) -> str:
    account = account_of(identity).name if _ACTOR.fullmatch(identity) else identity
    local = account.partition("@")[0].partition("+")[0]
    return unicodedata.normalize("NFKC", local).strip().casefold()
