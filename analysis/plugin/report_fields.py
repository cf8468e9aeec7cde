"""Titles of the nine fields of an inspection report, declared once: a track that speaks to one imports its name."""

from __future__ import annotations

MODEL = "Model"
CANDIDATE = "Candidate version"
CHANGED = "Changed behavior"
IMPROVED = "Top improved slices"
REGRESSED = "Top regressed slices"
INSPECTED = "Critical examples inspected"
ATTRIBUTION = "Attribution findings"
NEIGHBORHOODS = "Embedding neighborhood findings"
DECISION = "Release decision"

NINE = (MODEL, CANDIDATE, CHANGED, IMPROVED, REGRESSED, INSPECTED, ATTRIBUTION, NEIGHBORHOODS, DECISION)
"""In the order in which they are printed."""
