"""Where a behaviour counts on a prompt: the names of its roles."""

from __future__ import annotations

UNWANTED, WANTED = "unwanted", "wanted"
