"""The common scale of all heads: from a robust z-score to a score of 0..1, and what it means."""

from __future__ import annotations

ALARM_Z = 4.0
"""The z-score that has the score 0.5: rare enough in noise (see docs/decisions) that an alarm is worth a look."""

LARGEST = 1e100
"""A value beyond this, or none that is a number, is no reading for any head: its score is 0 and nothing is learnt."""

_FARTHEST_Z = 1e6


def score_of(z: float) -> float:
    """0 at the usual level, 0.2 at |z| = 2, 0.5 at 4, 0.86 at 10, 0.96 at 20."""
    squared = min(z * z, _FARTHEST_Z * _FARTHEST_Z)
    return squared / (squared + ALARM_Z * ALARM_Z)


def z_of(score: float) -> float:
    """The |z| that has this score (0 <= score < 1)."""
    return ALARM_Z * float((score / (1.0 - score)) ** 0.5)
