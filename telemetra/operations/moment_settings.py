"""Settings of detection: those of a workspace and, above them, those of its streams.

What is changed is taken up by the pipeline within about a second, and holds from the next hop that it observes.
"""

from __future__ import annotations

from typing import Any

from telemetra.moments.settings import apply_overrides, check_overrides
from telemetra.operations.moment_models import DetectionSettings
from telemetra.operations.services import Services
from telemetra.store import moment_settings as store
from telemetra.store.moment_settings import WHOLE_WORKSPACE


async def get_settings(services: Services, workspace_id: str, stream_id: str | None) -> DetectionSettings:
    """Of a stream, or (None) of the workspace; a stream need not exist yet."""
    levels = await store.read_overrides(services.database, workspace_id, stream_id or WHOLE_WORKSPACE)
    return DetectionSettings(stream_id, levels[stream_id is not None], apply_overrides(*levels))


async def put_settings(
    services: Services, workspace_id: str, stream_id: str | None, overrides: dict[str, Any]
) -> DetectionSettings:
    """Replace the overrides. Raises `Invalid` naming the first setting that is unknown or out of range."""
    workspace, _ = await store.read_overrides(services.database, workspace_id, WHOLE_WORKSPACE)
    check_overrides(overrides, apply_overrides() if stream_id is None else apply_overrides(workspace))
    await store.write_overrides(services.database, workspace_id, stream_id or WHOLE_WORKSPACE, overrides)
    return await get_settings(services, workspace_id, stream_id)


async def delete_settings(services: Services, workspace_id: str, stream_id: str | None) -> DetectionSettings:
    """Take the overrides away, if there are any; what holds then."""
    await store.remove_overrides(services.database, workspace_id, stream_id or WHOLE_WORKSPACE)
    return await get_settings(services, workspace_id, stream_id)
