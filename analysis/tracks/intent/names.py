"""Names that gates, the worker and the attribution methods share, without importing any method."""

from __future__ import annotations

LRP = "lrp"
INTEGRATED_GRADIENTS = "integrated_gradients"
OCCLUSION = "occlusion"
LIME = "lime"
KERNEL_SHAP = "kernel_shap"
LIVE_OUTPUT = ("label", "p", "runner_up", "runner_up_p", "margin")
"""What a classifier answers to one text; also columns of `intent_side`."""
RELEVANCE = "intent.relevance"
"""The gate whose limits also say when a cue fires a trigger, and when a correlation was not learned."""
OVERCONFIDENCE = "intent.overconfidence"
"""The gate whose limits also say when overconfidence fires a trigger."""
THRESHOLD = "intent.threshold"
"""The gate for which messages newly acted on wrongly are flagged."""
NO_MODEL = "predictions were recorded, and there is no model to ask"
"""Why what only a model can tell is not applicable."""
NO_PROBABILITIES = "predictions were recorded without probabilities of both sides"
"""Why what only confidence can tell is not applicable."""
SIGNALS = "intent.signals"
"""The gate whose limit also says when the loss of a signal fires a trigger."""
