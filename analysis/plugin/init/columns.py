"""Names by which people call the columns that most tracks look for."""

from __future__ import annotations

ID = (
    "id",
    "ref",
    "key",
    "uid",
    "message_id",
    "example_id",
    "item_id",
    "sku",
    "isbn",
    "_id",
    "uuid",
    "doc_id",
)
INDEX = ("index", "unnamed: 0", "__index_level_0__", "idx", "row_id")
"""Of columns that pandas and `datasets` write beside the data: ids where every row has one of its own."""
CATEGORY = "category"
"""A label of examples, or an attribute of items."""
LABEL = ("label", "intent", "class", CATEGORY, "target", "gold", "labels", "label_text", "label_name", "y")
