"""How robust accuracies are measured, whatever the attack, and what they are called in records."""

from pydantic import Field

from shiftpress.core.component import Component

ROBUST, UNRELIABLE = "robust_accuracy", "unreliable"
"""Metrics: accuracy under an attack; 1 where it failed a sanity gate, which ``unreliable/<gate>`` then names."""
BEHIND = "unreliable_behind/"
"""Before a metric that compares networks, and the gate that an attack on one of them failed."""
THROUGH, BESIDE = "robust_through/", "robust_beside/"
"""Before a route, if routes are compared: accuracy under it alone; share on which no network of it errs either."""
WORST = "worst_"
"""In place of an attack, before a norm: all attacks of that norm, the worst counting image by image."""


class Robustness(Component):
    """On which images networks are attacked, and how closely the attacks themselves are watched."""

    images: int = Field(500, ge=1, le=1_000_000, description="first test images that are attacked")
    batch: int = Field(250, ge=1, le=100_000, description="images attacked at once; a kill costs one batch at most")
    gate_images: int = Field(64, ge=8, le=100_000, description="of them, those that the sanity gates look at")
    probe_queries: int = Field(
        200, ge=1, le=1_000_000, description="of the Square attack that looks for masked gradients"
    )
