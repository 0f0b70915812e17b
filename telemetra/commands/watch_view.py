"""What `telemetra watch` shows: the state of the feed, the last minute of its stream, its moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

MOMENTS_SHOWN = 8
TOP_SHOWN = 8
DECIMALS_SHOWN = 8
_STYLES = {"running": "green", "stale": "yellow", "reconnecting": "yellow", "starting": "cyan", "error": "red"}


@dataclass
class Watched:
    """Everything that is known of the feed; the parts as the API answers them.

    `status` is the connector's, `frame` the newest live update of its stream, `metrics` how its kind is shown.
    """

    target: str
    server: str
    status: dict[str, Any] | None = None
    stream_id: str | None = None
    frame: dict[str, Any] | None = None
    metrics: list[dict[str, Any]] = field(default_factory=list)
    moments: dict[str, dict[str, Any]] = field(default_factory=dict)
    trouble: str | None = None
    """Why nothing new can be shown: the server does not answer."""

    def add_moment(self, moment: dict[str, Any]) -> bool:
        """Keep its newest version; whether the moment is new."""
        new = moment["moment_id"] not in self.moments
        self.moments[moment["moment_id"]] = moment
        return new

    @property
    def state(self) -> str:
        """One word; `stale` wins over running."""
        if self.status is None:
            return "starting"
        return "stale" if self.status["stale"] else str(self.status["status"])

    @property
    def reason(self) -> str | None:
        """Why the state is not simply running."""
        if self.trouble is not None:
            return self.trouble
        if self.status is None or self.state == "running":
            return None
        if self.state == "stale":
            return self.status["last_error"] or "connected, and nothing comes"
        attempts = self.status["reconnect_attempts"]
        said = self.status["last_error"]
        return f"{said} (attempt {attempts})" if said and attempts else said


def metric_rows(watched: Watched) -> Iterator[tuple[str, str]]:
    """(label, value) of every metric that the kind of the stream shows."""
    frame = watched.frame
    if frame is None or not frame.get("has_data"):
        return
    for metric in watched.metrics:
        value = frame.get(metric["name"])
        known = metric.get("known")
        if value is None or (known is not None and not frame.get(known)):
            yield metric["label"], "unknown"
        elif metric["form"] == "top":
            tops = [f"{each['name']} ×{each['count']:,}" for each in value[:TOP_SHOWN]]
            yield metric["label"], "  ".join(tops) or "none"
        else:
            yield metric["label"], f"{_number(value, metric['form'])} {metric['unit']}".rstrip()


def moment_line(moment: dict[str, Any]) -> str:
    at = datetime.fromisoformat(moment["timestamp"]).astimezone()
    return f"{at:%H:%M:%S}  {moment['moment_type']}: {moment['description']}"


def summary_line(watched: Watched) -> str:
    """State and metrics in one line, for a terminal that shows no pictures."""
    parts = [f"{watched.target}: {watched.state}"]
    if watched.reason:
        parts.append(watched.reason)
    if watched.status is not None and watched.status["message_count"]:
        parts.append(f"{watched.status['message_count']:,} messages")
    parts += [f"{label} {value}" for label, value in metric_rows(watched)]
    return " | ".join(parts)


def render(watched: Watched) -> RenderableType:
    """The whole view."""
    head = Text.assemble((watched.state, f"bold {_STYLES.get(watched.state, 'dim')}"))
    if watched.status is not None:
        rate = watched.status["performance_metrics"].get("messages_per_second")
        head.append(f"   {watched.status['message_count']:,} messages")
        if rate is not None:
            head.append(f", {rate:,.1f} a second")
    parts: list[RenderableType] = [head]
    if watched.reason:
        parts.append(Text(watched.reason, style="yellow" if watched.state != "error" else "red"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for label, value in metric_rows(watched):
        table.add_row(label, Text(value, style="bold"))
    if table.row_count:
        parts += [Text(), table]
    elif watched.state == "running":
        parts += [Text(), Text("connected; waiting for the first data", style="dim")]
    parts += [Text(), Text("Moments", style="dim")]
    newest = sorted(watched.moments.values(), key=lambda moment: str(moment["timestamp"]), reverse=True)
    parts += [Text(moment_line(moment)) for moment in newest[:MOMENTS_SHOWN]] or [
        Text("none yet: what is usual is known after five minutes", style="dim")
    ]
    return Panel(
        Group(*parts),
        title=watched.target,
        subtitle=f"{watched.server}  Ctrl-C ends",
        title_align="left",
        subtitle_align="left",
    )


def _number(value: Any, form: str) -> str:
    if isinstance(value, str):  # money and prices are exact; a mean has more digits than anybody reads
        whole, point, digits = value.partition(".")
        return f"{whole}{point}{digits[:DECIMALS_SHOWN]}"
    if form == "rate":
        return f"{value:,.0f}" if abs(value) >= 10 else f"{value:,.1f}"
    if form == "score":
        return f"{value:+.2f}"
    return f"{value:,}"
