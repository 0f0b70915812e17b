"""The columns in which every kind's minutes keep what was usual when they were judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telemetra.model.window import Band


def band_columns(band: Band | None) -> dict[str, float | None]:
    """All null where nothing was known yet."""
    if band is None:
        return {"baseline_level": None, "baseline_low": None, "baseline_high": None}
    return {"baseline_level": band.level, "baseline_low": band.low, "baseline_high": band.high}


def band_of_row(row: Mapping[str, Any]) -> Band | None:
    if row["baseline_level"] is None:
        return None
    return Band(row["baseline_level"], row["baseline_low"], row["baseline_high"])
