"""Rows of the table `metric` of the intent track."""

from __future__ import annotations

from analysis.plugin.metric import TrackMetrics

TRACK = "intent"

metric = TrackMetrics(TRACK).metric
of_interval = TrackMetrics(TRACK).of_interval
