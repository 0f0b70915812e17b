"""`telemetra connectors …`: the connectors of a running server, over its API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from telemetra.commands.declaration_file import DeclarationFile
from telemetra.commands.server_client import Server
from telemetra.errors import Fatal, Invalid, NotFound
from telemetra.settings import load_settings

app = typer.Typer(
    name="connectors",
    help="Sources that fetch feeds by themselves, on a running server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Url = Annotated[str | None, typer.Option(help="Server to speak to.", show_default="the local one")]
Which = Annotated[str, typer.Argument(metavar="CONNECTOR", help="Its id or its name.", show_default=False)]
File = Annotated[Path, typer.Argument(metavar="FILE", help="Declaration in YAML.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print the server's answer.")]

_PATH = "/api/connectors"
WIDE = 240


@app.command("list")
def list_connectors(url: Url = None, as_json: Json = False) -> None:
    """List the connectors and whether they run."""
    found = _server(url).ask("GET", f"{_PATH}?limit=1000")
    if as_json:
        _print_json(found)
        return
    table = Table("id", "name", "feed", "wanted", "status", "error", box=None, pad_edge=False)
    for each in found:
        state = "stale" if each["stale"] else each["status"]
        table.add_row(
            each["connector_id"], each["name"], each["api_url"], each["desired_state"], state, each["last_error"] or ""
        )
    if found:
        _console().print(table)
    else:
        print("There are no connectors: make one with `telemetra connectors create FILE`.")


@app.command()
def presets(url: Url = None) -> None:
    """List the venues that are known, and what each has to be told."""
    table = Table("preset", "what", "parameters", box=None, pad_edge=False)
    for each in _server(url).ask("GET", f"{_PATH}/presets"):
        names = [p["name"] if p["required"] else f"[{p['name']}]" for p in each["parameters"]]
        table.add_row(each["name"], each["description"], " ".join(names), style=None)
    _console().print(table, markup=False)


@app.command()
def create(
    file: File, start_it: Annotated[bool, typer.Option("--start", help="Start it at once.")] = False, url: Url = None
) -> None:
    """Create a connector from a file.

    The file has the fields of the API, or a `preset` with `parameters`.
    """
    declaration = DeclarationFile(file)
    fields = declaration.fields | ({"desired_state": "running"} if start_it else {})
    made = _declared(declaration, _server(url), _PATH, fields)
    print(f"{made['connector_id']}  {made['name']}  {'starting' if start_it else 'not started'}")


@app.command()
def test(file: File, url: Url = None, as_json: Json = False) -> None:
    """Connect once and show what would be stored.

    Stores nothing. Exit code 1 when the source could not be reached or understood.
    """
    declaration = DeclarationFile(file)
    result = _declared(declaration, _server(url), f"{_PATH}/test", declaration.fields)
    if as_json:
        _print_json(result)
    else:
        print("\n".join(describe_probe(result)))
    raise typer.Exit(0 if result["ok"] else 1)


@app.command()
def start(connector: Which, url: Url = None) -> None:
    """Start a connector; it runs again after a restart of the server."""
    print(_changed(_server(url), connector, "POST", "/start", "is to run"))


@app.command()
def stop(connector: Which, url: Url = None) -> None:
    """Stop a connector."""
    print(_changed(_server(url), connector, "POST", "/stop", "is to stop"))


@app.command()
def delete(connector: Which, url: Url = None) -> None:
    """Delete a connector; what it fetched stays."""
    print(_changed(_server(url), connector, "DELETE", "", "is deleted"))


@app.command()
def status(connector: Which, url: Url = None, as_json: Json = False) -> None:
    """Show how a connector runs: state, performance, errors, gaps."""
    server = _server(url)
    found = find(server, connector)
    state = server.ask("GET", f"{_PATH}/{found['connector_id']}/status")
    if as_json:
        _print_json(state)
    else:
        print("\n".join(describe_status(found, state)))


def find(server: Server, connector: str) -> dict[str, Any]:
    """The connector of that id, or the only one of that name. Raises `NotFound`, or `Invalid` for a name of several."""
    found: list[dict[str, Any]] = server.ask("GET", f"{_PATH}?limit=1000")
    by_id = [each for each in found if each["connector_id"] == connector]
    named = by_id or [each for each in found if each["name"] == connector]
    if not named:
        raise NotFound(f"There is no connector {connector!r}.")
    if len(named) > 1:
        ids = ", ".join(each["connector_id"] for each in named)
        raise Invalid(f"{len(named)} connectors are named {connector!r}: say which by id ({ids})")
    return named[0]


def describe_status(connector: dict[str, Any], state: dict[str, Any]) -> list[str]:
    """For a person."""
    shown = "stale: connected, and nothing comes" if state["stale"] else state["status"]
    lines = [
        f"{connector['connector_id']}  {connector['name']}  {connector['api_url']}",
        f"status    {shown} (wanted: {state['desired_state']}; owner: {state['owner'] or 'none'})",
        f"messages  {state['message_count']:,}, the last one {state['last_message_timestamp'] or 'never'}",
    ]
    if state["streams"]:
        lines.append(f"streams   {', '.join(state['streams'])}")
    if state["performance_metrics"]:
        lines.append(f"measured  {describe_performance(state['performance_metrics'])}")
    if state["last_error"]:
        lines.append(f"error     {state['last_error']} (attempts: {state['reconnect_attempts']})")
    for gap in state["gaps"][:5]:
        filled = "filled" if gap["filled_at"] else "open" if gap["end"] is None else "not filled"
        if not gap["filled_at"] and gap["backfill_attempts"]:
            filled += f"; back-fill {gap['backfill']}, attempts: {gap['backfill_attempts']}"
        lines.append(f"gap       {gap['start']} to {gap['end'] or 'now'}: {gap['reason']} ({filled})")
    return lines


def describe_performance(measured: dict[str, Any]) -> str:
    """What matters most of it, in a line."""
    latency = measured.get("latency_ms") or {}
    known = [f"{name} {latency[name]:,.0f}" for name in ("p50", "p95", "p99") if latency.get(name) is not None]
    parts = [f"{measured.get('messages_per_second') or 0:,.1f} messages a second"]
    if known:
        parts.append(f"latency in ms {' '.join(known)}")
    parts.append(f"{measured.get('error_rate') or 0:.1%} errors")
    parts.append(f"{measured.get('reconnects') or 0:,} reconnects")
    return ", ".join(parts)


def describe_probe(result: dict[str, Any]) -> list[str]:
    """For a person."""
    lines = [
        f"{result['messages']:,} messages in {result['seconds']:.1f} s would make {result['event_count']:,} events; "
        "nothing was stored"
    ]
    for event in result["events"]:
        at = event["timestamp"] or "no time of its own"
        data = msgspec.json.encode({name: value for name, value in event["data"].items() if name != "raw"}).decode()
        lines.append(f"  {event['type']}  {event['stream_id']}  {at}  {data[:200]}")
        if event["problem"]:
            lines.append(f"    would be refused: {event['problem']}")
    lines += [f"  {each['control']}: {each['detail']}" for each in result["controls"]]
    if result["error"]:
        lines.append(f"error: {result['error']}")
    return lines


def _declared(declaration: DeclarationFile, server: Server, path: str, fields: dict[str, Any]) -> Any:
    try:
        return server.ask("POST", path, fields)
    except Invalid as error:
        raise declaration.located(error) from None


def _changed(server: Server, connector: str, method: str, action: str, done: str) -> str:
    found = find(server, connector)
    server.ask(method, f"{_PATH}/{found['connector_id']}{action}")
    return f"{found['connector_id']}  {found['name']}  {done}"


def _server(url: str | None) -> Server:
    settings = load_settings()
    if url is None and settings.port == 0:
        raise Fatal("PORT is 0, which says nothing about where a server listens: name it with --url")
    return Server(url or settings.local_url())


def _console() -> Console:
    """Where it is no terminal nothing is cut short."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDE)


def _print_json(document: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
