"""Names of attribution methods that others than the methods themselves need, without importing any of them."""

from __future__ import annotations

INTEGRATED_GRADIENTS = "integrated_gradients"
OCCLUSION = "occlusion"
LIME = "lime"
KERNEL_SHAP = "kernel_shap"
ON_DEMAND = (LIME, KERNEL_SHAP)
"""Methods that are computed when a reviewer asks, never for the whole queue."""
