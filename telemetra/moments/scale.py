"""The common scale of all heads: from a robust z-score to a score of 0..1, and what it means."""

from __future__ import annotations

ALARM_Z = 4.0
"""The z-score that has the score 0.5: rare enough in noise (see docs/decisions) that an alarm is worth a look."""


def score_of(z: float) -> float:
    """0 at the usual level, 0.2 at |z| = 2, 0.5 at 4, 0.86 at 10, 0.96 at 20."""
    squared = z * z
    return squared / (squared + ALARM_Z * ALARM_Z)


def z_of(score: float) -> float:
    """The |z| that has this score (0 <= score < 1)."""
    return ALARM_Z * float((score / (1.0 - score)) ** 0.5)
