"""Rows of the table `metric` of the intent track."""

from __future__ import annotations

from analysis.metric_rows import TrackMetrics

TRACK = "intent"

metric = TrackMetrics(TRACK).metric
of_interval = TrackMetrics(TRACK).of_interval
