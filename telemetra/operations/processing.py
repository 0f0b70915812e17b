"""What the settings of the process say to the engine."""

from __future__ import annotations

from telemetra.engine.engine import EngineSettings
from telemetra.model.window import SECOND
from telemetra.settings import Settings


def engine_settings(settings: Settings) -> EngineSettings:
    """The pipeline and whatever counts again as it did must agree in them."""
    return EngineSettings(
        watermark_delay=round(settings.watermark_delay_seconds * SECOND),
        allowed_lateness=round(settings.allowed_lateness_seconds * SECOND),
        idle_close=round(settings.idle_close_seconds * SECOND),
        stream_timeout=round(settings.stream_timeout_seconds * SECOND),
        anomaly_z=settings.anomaly_z,
    )
