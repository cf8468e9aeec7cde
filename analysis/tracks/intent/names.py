"""Names that gates, the worker and the attribution methods share, without importing any method."""

from __future__ import annotations

INTEGRATED_GRADIENTS = "integrated_gradients"
OCCLUSION = "occlusion"
LIME = "lime"
KERNEL_SHAP = "kernel_shap"
LIVE_OUTPUT = ("label", "p", "runner_up", "runner_up_p", "margin")
"""What a classifier answers to one text; also columns of `intent_side`."""
