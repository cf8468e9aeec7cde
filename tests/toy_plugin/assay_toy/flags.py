"""Why a text needs a person."""

from __future__ import annotations

import duckdb

from analysis.base.records import Flag
from analysis.base.sql import queries
from analysis.plugin.flag import BROKEN_CRITICAL, find_flags


def flags(workbench: duckdb.DuckDBPyConnection) -> list[Flag]:
    """Texts of a critical slice that wait longer, then those whose estimate moved most."""
    sql = queries("assay_toy", "flags.sql")
    reasons = ((BROKEN_CRITICAL, sql["broken_critical"]), ("moved by {}", sql["moved"]))
    return find_flags(workbench, reasons, {})
