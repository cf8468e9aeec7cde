"""Texts that are hard for careless patterns, through one tokenizer, in a process that `run_limited` starts."""

from __future__ import annotations

import json
import re
import sys

from tokenizers import Tokenizer

from analysis.base.limited import limit

_LENGTH = 4_000
"""Characters of each text; a sound tokenizer takes a thousandth of a second for one."""
_ALWAYS = ("a", "A", "7", " ", "\n", "\t", "-", ".", "é", "字", "😀", "ab", "a ", "a1", ". ")
_MOST = 60
"""Parts of the patterns that are repeated."""


def hard_texts(rules: str) -> list[str]:
    """Texts of one part repeated, with an end that does not match: patterns that try all ways to cut one never end.

    Args:
        rules: a `tokenizer.json`, of whose patterns the words and signs are taken as parts.
    """
    patterns = json.dumps(_patterns(json.loads(rules)), ensure_ascii=False)
    parts = [*_ALWAYS, *dict.fromkeys([*re.findall(r"\w{1,8}", patterns)[:_MOST], *patterns[:_MOST]])]
    return [part * (_LENGTH // len(part)) + end for part in parts for end in ("!", "\x00")]


def _patterns(rules: object) -> list[object]:
    if isinstance(rules, dict):
        found = [rules["Regex"]] if "Regex" in rules else []
        return found + [one for value in rules.values() for one in _patterns(value)]
    return [one for value in rules for one in _patterns(value)] if isinstance(rules, list) else []


def main() -> None:
    """Read a `tokenizer.json`, and end without a word where it takes the hard texts."""
    limit(sys.argv[1:])
    rules = sys.stdin.read()
    tokenizer = Tokenizer.from_str(rules)
    for text in hard_texts(rules):
        tokenizer.encode(text)


if __name__ == "__main__":
    main()
