"""From a declaration to the parts that it names: the source and the format of a connector."""

from __future__ import annotations

from telemetra.clock import Clock
from telemetra.formats.feed import FeedFormat, feed_options
from telemetra.formats.feeds import make_format
from telemetra.model.connector import ConnectorConfig, Position
from telemetra.sources.egress import EgressGuard
from telemetra.sources.outgoing import Outgoing
from telemetra.sources.rest_poll import RestPollSource
from telemetra.sources.websocket import WebSocketSource

DeclaredSource = WebSocketSource | RestPollSource


def declared_format(config: ConnectorConfig, *, backfill: bool = False) -> FeedFormat:
    """A new format for one connection (or for the answers to back-fill requests). Raises `Invalid`."""
    name, mapping = config.format, config.mapping
    if backfill and config.backfill is not None:
        name = config.backfill.format or name
        mapping = mapping if config.backfill.mapping is None else config.backfill.mapping
    return make_format(name, feed_options(config.exchange_name or "", mapping))


def declared_source(
    config: ConnectorConfig,
    outgoing: Outgoing,
    guard: EgressGuard,
    clock: Clock,
    *,
    timeout_seconds: float,
    max_bytes: int,
    resume_from: Position | None = None,
) -> DeclaredSource:
    """`resume_from`: how far an earlier run has polled."""
    if config.protocol_type == "WebSocket":
        return WebSocketSource(
            outgoing,
            guard,
            clock,
            ping=config.ping,
            rotate_after=config.rotate_after,
            timeout_seconds=timeout_seconds,
            max_bytes=max_bytes,
        )
    return RestPollSource(
        outgoing,
        guard,
        clock,
        interval_seconds=config.polling_interval / 1000,
        cursor=config.cursor,
        time_window=config.time_window,
        timeout_seconds=timeout_seconds,
        max_bytes=max_bytes,
        resume_from=resume_from,
    )
