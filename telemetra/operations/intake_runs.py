"""The events of one request on their way into the log."""

from __future__ import annotations

from telemetra.model.event import Run


class RequestRuns:
    """Gathers what was sent at once as `runs`: the events of a stream stand together, in the order in which they were
    sent, so that the pipeline can count them together. `count` of them so far."""

    def __init__(self, workspace_id: str, received_at: int, connector_id: str | None, session_id: str | None) -> None:
        self.runs: list[Run] = []
        self.count = 0
        self._workspace_id, self._received_at = workspace_id, received_at
        self._connector_id, self._session_id = connector_id, session_id
        self._last: dict[str, Run] = {}

    def add(
        self,
        event_id: str,
        type: str,
        stream_id: str,
        source: str,
        timestamp: int,
        data: bytes,
        correlation_id: str | None,
    ) -> None:
        run = self._last.get(stream_id)
        if run is None or run.type != type or run.source != source or run.correlation_id != correlation_id:
            run = self._last[stream_id] = Run(
                type,
                self._workspace_id,
                stream_id,
                source,
                self._received_at,
                correlation_id,
                self._connector_id,
                self._session_id,
                [],
                [],
                [],
            )
            self.runs.append(run)
        run.event_ids.append(event_id)
        run.timestamps.append(timestamp)
        run.data.append(data)
        self.count += 1
