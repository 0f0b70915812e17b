"""Traces of requests and checkpoints, exported by OTLP over HTTP when `OTLP_ENDPOINT` is set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from telemetra import __version__
from telemetra.extras import load_extra


class Tracer:
    """Opens spans. Without an endpoint `span` costs a context manager and nothing else.

    Made and closed by app.py; `span` may be called from any thread. Spans leave in the background, so a collector
    that is away slows nothing down.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        """Raises `Fatal` when `endpoint` is given and the extra `otlp` is not installed."""
        self._provider: Any = None
        self._tracer: Any = None
        if endpoint is None:
            return
        otlp = load_extra("otlp", needed_by="OTLP_ENDPOINT")
        resource = otlp["resources"].Resource.create({"service.name": "telemetra", "service.version": __version__})
        self._provider = otlp["trace"].TracerProvider(resource=resource)
        exporter = otlp["exporter"].OTLPSpanExporter(endpoint=endpoint)
        self._provider.add_span_processor(otlp["export"].BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("telemetra")

    @contextmanager
    def span(self, name: str, **attributes: str | int | float | bool) -> Iterator[None]:
        """A span around the block; an exception marks it as failed and passes through."""
        if self._tracer is None:
            yield
            return
        with self._tracer.start_as_current_span(name, attributes=attributes):
            yield

    def close(self) -> None:
        """Sends what is waiting and stops the exporter. Blocks for some seconds at most."""
        if self._provider is not None:
            self._provider.shutdown()
