"""Rows of the table `metric` of the response track."""

from __future__ import annotations

from analysis.plugin.metric import TrackMetrics

TRACK = "response"

metric = TrackMetrics(TRACK).metric
of_interval = TrackMetrics(TRACK).of_interval
