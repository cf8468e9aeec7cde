"""Rows of the table `metric` of the retrieval track."""

from __future__ import annotations

from analysis.plugin.metric import TrackMetrics

TRACK = "retrieval"

metric = TrackMetrics(TRACK).metric
of_interval = TrackMetrics(TRACK).of_interval
