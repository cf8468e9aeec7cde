"""The one way in which this track explains an estimate: each word's own hours, which add up to it exactly."""

from __future__ import annotations

from analysis.base.records import MethodSpec

METHODS = (MethodSpec("word_hours", "hours of each word", "additive"),)
