"""The command line: every command reads its options, calls one function elsewhere and prints the answer.

Errors that carry a decision become one line each on standard error: exit 1 for what cannot be done, exit 2 for what
was asked wrongly. Tracebacks are shown only with DEBUG=true.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from telemetra import __version__
from telemetra.errors import Invalid, TelemetraError
from telemetra.settings import InvalidSettings, load_settings
from telemetra.settings_doc import render

app = typer.Typer(
    name="telemetra",
    help="Live feeds become live metrics and moments; every number is accountable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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


@app.callback(invoke_without_command=True)
def options(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        print(f"telemetra {__version__}")
        raise typer.Exit


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


def _debugging() -> bool:
    try:
        return load_settings().debug
    except InvalidSettings:
        return False
