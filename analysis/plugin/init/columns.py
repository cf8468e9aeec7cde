"""Names by which people call the columns that most tracks look for."""

from __future__ import annotations

ID = ("id", "ref", "key", "uid", "message_id", "example_id", "item_id", "sku", "isbn")
CATEGORY = "category"
"""A label of examples, or an attribute of items."""
LABEL = ("label", "intent", "class", CATEGORY, "target", "gold")
