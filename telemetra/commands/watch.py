"""`telemetra watch`: a feed by its preset, live in the terminal, with a server of its own where none runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvloop
from rich.console import Console
from rich.live import Live

from telemetra import app as parts
from telemetra.commands.server_client import TIMEOUT_SECONDS, AsyncServer, is_telemetra
from telemetra.commands.watch_feed import WatchFeed
from telemetra.commands.watch_view import Watched, moment_line, render, summary_line
from telemetra.errors import Invalid, TelemetraError
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.observability import configure_logging
from telemetra.operations import connectors
from telemetra.operations.services import Services
from telemetra.settings import Settings
from telemetra.sources.presets import load_preset, preset_names

LOG_FILE = "watch.log"
SUMMARY_SECONDS = 10.0
_PATH = "/api/connectors"


@dataclass(frozen=True)
class Target:
    """`twitch:lirik`: a preset and the value of its first parameter. `feed_url` replaces the preset's own."""

    preset: str
    value: str
    feed_url: str | None = None

    @property
    def text(self) -> str:
        return f"{self.preset}:{self.value}"

    @property
    def name(self) -> str:
        """Of the connector; a watch of the same target finds it again."""
        return f"watch {self.text}"

    def fields(self) -> dict[str, Any]:
        """The body that creates the connector."""
        preset = load_preset(self.preset)
        parameter = next(each.name for each in preset.parameters if each.required)
        url = {} if self.feed_url is None else {"api_url": self.feed_url}
        return {"preset": self.preset, "parameters": {parameter: self.value}, "name": self.name, **url}


def parse_target(text: str, feed_url: str | None) -> Target:
    """Raises `Invalid` for what is no `<preset>:<value>`."""
    preset, colon, value = text.partition(":")
    if not colon or not value or preset not in preset_names():
        known = ", ".join(f"{name}:…" for name in preset_names())
        raise Invalid(f"{text!r} is nothing to watch: use one of {known}", field="TARGET")
    return Target(preset, value, feed_url)


def run(target: Target, settings: Settings) -> None:
    """Watch until Ctrl-C, by the server that these settings name, or else by one of our own."""
    url = settings.local_url()
    if settings.port and is_telemetra(url):
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(_watch(target, url, where=f"by the server on {url}"))
    else:
        _serve_and_watch(target, settings)


def _serve_and_watch(target: Target, settings: Settings) -> None:
    failed: list[BaseException] = []

    async def beside(services: Services, url: str) -> None:
        async def finish(connector_id: str) -> None:  # the server has stopped to answer by then
            await connectors.stop(services, DEFAULT_WORKSPACE, connector_id)

        try:
            await _watch(target, url, where=f"served on {url}", finish=finish)
        except TelemetraError as error:
            failed.append(error)
            signal.raise_signal(signal.SIGTERM)

    with _logs_aside(settings):
        uvloop.run(parts.serve(settings, beside=beside))
    if failed:
        raise failed[0]


@contextlib.contextmanager
def _logs_aside(settings: Settings) -> Iterator[None]:
    """On a terminal the view has the screen, and the logs of our own server go to a file."""
    if not sys.stdout.isatty():
        configure_logging(settings.log_level, settings.log_format)
        yield
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / LOG_FILE).open("a", encoding="utf-8") as stream:
        configure_logging(settings.log_level, settings.log_format, stream)
        yield


async def _watch(
    target: Target, url: str, *, where: str, finish: Callable[[str], Awaitable[None]] | None = None
) -> None:
    """Show the feed by the server at `url` until cancelled. `where` names the server for people.

    A connector that was not running before is stopped at the end, by `finish` where the server cannot be asked any
    more. Raises what keeps the feed from being watched.
    """
    watched = Watched(target.text, where)
    console = Console()
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        server = AsyncServer(url, client)
        connector = await _connector(server, target)
        connector_id = connector["connector_id"]
        path = f"{_PATH}/{connector_id}"
        ran = connector["desired_state"] == "running"
        if not ran:
            await server.ask("POST", f"{path}/start")
        try:
            async with _shown(console, watched) as shown:
                await WatchFeed(server, connector_id, watched, shown.changed, shown.told).run()
        finally:
            if not ran:
                with contextlib.suppress(TelemetraError):
                    await (server.ask("POST", f"{path}/stop") if finish is None else finish(connector_id))


async def _connector(server: AsyncServer, target: Target) -> dict[str, Any]:
    """The connector of an earlier watch, led to the feed's address of this one; else a new one."""
    found = [each for each in await server.ask("GET", f"{_PATH}?limit=1000") if each["name"] == target.name]
    if not found:
        made: dict[str, Any] = await server.ask("POST", _PATH, target.fields())
        return made
    connector: dict[str, Any] = found[0]
    if target.feed_url is not None and connector["api_url"] != target.feed_url:
        connector = await server.ask("PUT", f"{_PATH}/{connector['connector_id']}", {"api_url": target.feed_url})
    return connector


class _Picture:
    """The view on a terminal, drawn four times a second."""

    def __init__(self, console: Console, watched: Watched) -> None:
        self.live = Live(get_renderable=lambda: render(watched), console=console, refresh_per_second=4, screen=True)

    def changed(self) -> None:
        """The next drawing shows it."""

    def told(self, moment_id: str) -> None:
        """Likewise."""


class _Lines:
    """Where there is no terminal: changes of the state, moments, and a summary now and then."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._said: tuple[str, str | None] | None = None
        self._due = 0.0

    def changed(self) -> None:
        now = asyncio.get_running_loop().time()
        state = (self._watched.state, self._watched.reason)
        if state == self._said and now < self._due:
            return
        self._said, self._due = state, now + SUMMARY_SECONDS
        print(summary_line(self._watched), flush=True)

    def told(self, moment_id: str) -> None:
        print(moment_line(self._watched.moments[moment_id]), flush=True)


@asynccontextmanager
async def _shown(console: Console, watched: Watched) -> AsyncIterator[_Picture | _Lines]:
    if not (console.is_terminal and sys.stdout.isatty()):
        yield _Lines(watched)
        return
    picture = _Picture(console, watched)
    with picture.live:
        yield picture
    console.print(summary_line(watched), markup=False, highlight=False)
