"""The command line: every command reads its options, calls one function elsewhere and prints the answer.

Errors that carry a decision become one line each on standard error: exit 1 for what cannot be done, exit 2 for what
was asked wrongly. Tracebacks are shown only with DEBUG=true.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
import uvloop

from telemetra import __version__
from telemetra import app as parts
from telemetra.clock import system_clock
from telemetra.commands import backtest as backtest_command
from telemetra.commands import connectors as connectors_command
from telemetra.commands import recompute as recompute_command
from telemetra.commands import rotate_keys as rotate_keys_command
from telemetra.commands import watch as watch_command
from telemetra.commands.backtest import ReportForm
from telemetra.commands.database import reach_postgres
from telemetra.demo import Demo
from telemetra.errors import Invalid, TelemetraError
from telemetra.formats.detect import Format
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.observability import configure_logging
from telemetra.operations.backtest import BacktestQuery
from telemetra.operations.backup import backup as save_backup
from telemetra.operations.backup import restore as load_backup
from telemetra.operations.doctor import diagnose, exit_code
from telemetra.operations.services import Services
from telemetra.settings import InvalidSettings, Settings, load_settings
from telemetra.settings_doc import render
from telemetra.sources.replay import ReplayOptions, parse_speed
from telemetra.sources.replay_console import run_replay, show_replay
from telemetra.store.migrate import migrate as migrate_database

app = typer.Typer(
    name="telemetra",
    help="Live feeds become live metrics and moments; every number is accountable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(connectors_command.app)


Host = Annotated[str | None, typer.Option(help="Address to listen on (HOST).", show_default=False)]
Port = Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one (PORT).", show_default=False)]
DataDir = Annotated[
    Path | None, typer.Option(help="Directory of the embedded database (DATA_DIR).", show_default=False)
]


class DocForm(StrEnum):
    """What `config-doc` writes."""

    markdown = "markdown"
    env = "env"


def main() -> None:
    """The entry point `telemetra`."""
    try:
        app()
    except TelemetraError as error:
        if _debugging():
            raise
        for line in str(error).splitlines():
            print(f"telemetra: {line}", file=sys.stderr)
        sys.exit(2 if isinstance(error, Invalid) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


@app.callback(invoke_without_command=True)
def options(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        print(f"telemetra {__version__}")
        raise typer.Exit


@app.command()
def serve(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Serve everything.

    That is intake, pipeline, live push and API, and the embedded PostgreSQL where no other is named.
    """
    settings = _start(host=host, port=port, data_dir=data_dir)
    uvloop.run(parts.serve(settings))


@app.command()
def demo(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(help="The same seed plans the same channels.")] = 1,
) -> None:
    """Serve, with simulated channels.

    Half an hour of them is sent at once, then they go on in real time. What is planned, and the moments that it should
    raise, stands in demo-truth.json in the data directory.
    """
    settings = _start(host=host, port=port, data_dir=data_dir)

    async def beside(services: Services, address: str) -> None:
        _say(f"Telemetra's demo is on {address} (Ctrl-C ends it); what it plans: {settings.data_dir}/demo-truth.json")
        await Demo(services, settings.data_dir, seed, _say).run()

    uvloop.run(parts.serve(settings, beside=beside))


@app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)],
    url: Annotated[str | None, typer.Option(help="Server to send to.", show_default="the local one")] = None,
    speed: Annotated[str, typer.Option(help="A multiple of the recorded pace, or max.")] = "max",
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Move all times so that the newest is now.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="Format of the files; auto looks at them.")] = Format.auto,
    stream: Annotated[str | None, typer.Option(help="Stream of all events.", show_default=False)] = None,
    workspace: Annotated[str | None, typer.Option(help="Workspace of all events.", show_default=False)] = None,
    batch: Annotated[int, typer.Option(min=1, help="Events a request.")] = 1000,
    with_server: Annotated[bool, typer.Option("--serve", help="Start the server too, and let it run on.")] = False,
) -> None:
    """Send recorded feeds to a server.

    Chat CSV, Twitch VOD JSON, raw IRC lines or native NDJSON, plain or gzipped. Bad lines are counted and shown.
    """
    settings = _start()
    options = ReplayOptions(
        paths=tuple(files),
        url=url or settings.local_url(),
        form=form,
        speed=parse_speed(speed),
        shift_to_now=shift_to_now,
        batch=batch,
        stream_id=stream,
        workspace_id=workspace,
    )
    if not with_server:
        raise typer.Exit(run_replay(options))

    async def beside(_services: Services, address: str) -> None:
        await show_replay(msgspec.structs.replace(options, url=address))
        _say(f"Serving on {address} (Ctrl-C ends it)")

    uvloop.run(parts.serve(settings, beside=beside))


@app.command()
def watch(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="twitch:CHANNEL, okx:INSTRUMENT, …", show_default=False)
    ],
    feed_url: Annotated[
        str | None,
        typer.Option(help="Address of the feed, for a mirror of it.", show_default="the one of the preset"),
    ] = None,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
) -> None:
    """Watch a feed in the terminal: rate, price or viewers, moments.

    By the server that runs here, else by one that is started and ends with it. The feed is connected by the preset of
    its name (`telemetra connectors presets` lists them); a connector that was not running before stops at the end.
    """
    settings = load_settings(host=host, port=port, data_dir=data_dir)
    watch_command.run(watch_command.parse_target(target, feed_url), settings)


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database up to date.

    `serve` does the same when it starts.
    """
    with reach_postgres(_start(data_dir=data_dir)) as conninfo:
        applied = migrate_database(conninfo)
    print("\n".join(f"applied {name}" for name in applied) or "The database is up to date.")


@app.command()
def recompute(
    start: Annotated[
        str, typer.Option("--from", help="First minute, such as 2026-01-31T18:00:00Z.", show_default=False)
    ],
    end: Annotated[str, typer.Option("--to", help="End of the last minute.", show_default=False)],
    stream: Annotated[str | None, typer.Option(help="One stream only.", show_default="all")] = None,
    workspace: Annotated[str, typer.Option(help="Workspace of the streams.")] = DEFAULT_WORKSPACE,
    data_dir: DataDir = None,
) -> None:
    """Count final minutes again, with late events.

    They are counted from the archive; minutes that are not final are refused by name. The server may run.
    """
    first, last = recompute_command.parse_time(start, "--from"), recompute_command.parse_time(end, "--to")
    settings = _start(data_dir=data_dir)
    with reach_postgres(settings) as conninfo:
        migrate_database(conninfo)
        report = uvloop.run(recompute_command.run(settings, conninfo, workspace, first, last, stream))
    print("\n".join(recompute_command.describe(report)))


@app.command()
def backtest(
    stream: Annotated[str, typer.Option(help="Stream to replay.", show_default=False)],
    start: Annotated[
        str, typer.Option("--from", help="Start of the range, such as 2026-01-31T18:00:00Z.", show_default=False)
    ],
    end: Annotated[str, typer.Option("--to", help="End of the range.", show_default=False)],
    overrides: Annotated[
        Path | None,
        typer.Option("--settings", help="JSON file of settings that override the stream's own.", show_default=False),
    ] = None,
    form: Annotated[ReportForm, typer.Option("--format", help="A table for people, or JSON.")] = ReportForm.table,
    workspace: Annotated[str, typer.Option(help="Workspace of the stream.")] = DEFAULT_WORKSPACE,
    data_dir: DataDir = None,
) -> None:
    """Show which moments other settings would have found.

    The stream's stored events are replayed, and what they give stands beside what was found. Nothing is changed; the
    server may run.
    """
    first, last = recompute_command.parse_time(start, "--from"), recompute_command.parse_time(end, "--to")
    query = BacktestQuery((workspace, stream), first, last, backtest_command.read_overrides(overrides))
    settings = _start(data_dir=data_dir)
    with reach_postgres(settings) as conninfo:
        report = backtest_command.run(settings, conninfo, query)
    lines = backtest_command.describe(report) if form is ReportForm.table else [msgspec.json.encode(report).decode()]
    print("\n".join(lines))


@app.command("rotate-keys")
def rotate_keys(data_dir: DataDir = None) -> None:
    """Encrypt stored credentials with the newest key.

    That is the first of ENCRYPTION_KEYS; keep the old ones there until this is done. Servers may run. Exit code 1 when
    something could not be decrypted.
    """
    settings = _start(data_dir=data_dir)
    with reach_postgres(settings) as conninfo:
        migrate_database(conninfo)
        rotation = uvloop.run(rotate_keys_command.run(settings, conninfo))
    print("\n".join(rotate_keys_command.describe(rotation)))
    raise typer.Exit(bool(rotation.unreadable))


@app.command()
def backup(file: Annotated[Path, typer.Argument(show_default=False)], data_dir: DataDir = None) -> None:
    """Save the whole database to a new file.

    The server may run.
    """
    size_bytes = save_backup(file, **_database(_start(data_dir=data_dir)))
    print(f"{file}: {size_bytes:,} bytes")


@app.command()
def restore(file: Annotated[Path, typer.Argument(show_default=False)], data_dir: DataDir = None) -> None:
    """Load a saved file into an empty database.

    Nothing is loaded when anything goes wrong.
    """
    load_backup(file, **_database(_start(data_dir=data_dir)))
    print(f"{file} is restored.")


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """Look for what could go wrong here.

    One line for each check; exit code 1 when one failed. Changes nothing that is stored.
    """
    settings = _start(data_dir=data_dir)
    checks = diagnose(host=settings.host, port=settings.port, clock=system_clock, **_database(settings))
    print("\n".join(map(str, checks)))
    raise typer.Exit(exit_code(checks))


@app.command("check-config")
def check_config() -> None:
    """Check the settings.

    Those of the environment and of .env here; everything that is wrong is named, a line each, with exit code 2.
    """
    load_settings()
    print("The settings are fine.")


@app.command("config-doc")
def config_doc(
    form: Annotated[DocForm, typer.Option("--format", help="A reference page, or an example .env.")] = DocForm.markdown,
) -> None:
    """Print the reference of all settings."""
    print(render(form), end="")


def _start(**overrides: Any) -> Settings:
    """The settings, and logs as they say."""
    settings = load_settings(**overrides)
    configure_logging(settings.log_level, settings.log_format)
    return settings


def _database(settings: Settings) -> dict[str, Any]:
    """Which database a command works on that opens its own connections."""
    external = settings.external_database_url()
    return {"data_dir": settings.data_dir, "database_url": external.get_secret_value() if external else None}


def _say(line: str) -> None:
    print(line, flush=True)


def _debugging() -> bool:
    try:
        return load_settings().debug
    except InvalidSettings:
        return False
