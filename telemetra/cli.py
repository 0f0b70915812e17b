"""The command line: every command reads its options, calls one function elsewhere and prints the answer.

Errors that carry a decision become one line each on standard error: exit 1 for what cannot be done, exit 2 for what
was asked wrongly. Tracebacks are shown only with DEBUG=true.
"""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from telemetra import __version__
from telemetra import app as parts
from telemetra.errors import Invalid, TelemetraError
from telemetra.observability import configure_logging
from telemetra.settings import InvalidSettings, Settings, load_settings
from telemetra.settings_doc import render
from telemetra.store.migrate import migrate as migrate_database

app = typer.Typer(
    name="telemetra",
    help="Live feeds become live metrics and moments; every number is accountable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
    """Serve everything in one process: intake, pipeline, live push and API."""
    settings = _start(host=host, port=port, data_dir=data_dir)
    uvloop.run(parts.serve(settings))


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to this program's schema. `serve` does the same when it starts."""
    settings = _start(data_dir=data_dir)

    async def work() -> list[str]:
        async with parts.open_postgres(settings) as conninfo:
            return await asyncio.to_thread(migrate_database, conninfo)

    applied = uvloop.run(work())
    print("\n".join(f"applied {name}" for name in applied) or "The database is up to date.")


@app.command("check-config")
def check_config() -> None:
    """Check the settings of this directory and environment; name everything that is wrong."""
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


def _debugging() -> bool:
    try:
        return load_settings().debug
    except InvalidSettings:
        return False
