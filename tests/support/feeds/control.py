"""The commands of a feed server by name, for other threads and for a person with curl."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.support.feeds.http import Asked, Told

if TYPE_CHECKING:
    from tests.support.feeds.server import FeedServer

PATH = "/_feeds"
COMMANDS = ("cut", "close", "stall", "say", "answer", "heal", "set")
"""`set` changes fields of `Faults`; the others are methods of the server."""


def command(server: FeedServer, name: str, **arguments: Any) -> None:
    if name not in COMMANDS:
        raise ValueError(f"no command {name!r}; there are {', '.join(COMMANDS)}")
    if name == "set":
        for key, value in arguments.items():
            if not hasattr(server.faults, key):
                raise ValueError(f"no fault {key!r}")
            setattr(server.faults, key, value)
    else:
        getattr(server, name)(**arguments)


def obey(server: FeedServer, asked: Asked) -> Told:
    """`POST /_feeds/<command>?name=value`; `GET /_feeds` tells where the recording is and who said what."""
    name = asked.path.removeprefix(PATH).strip("/")
    try:
        if name:
            command(server, name, **{key: _value(value) for key, value in asked.query.items()})
    except (ValueError, TypeError) as error:
        return Told.json({"error": str(error)}, 400)
    return Told.json(state(server))


def state(server: FeedServer) -> dict[str, Any]:
    record = server.record
    played = {"position": server.player.position, "frames": len(server.player.frames)}
    told = {"contacts": [asdict(each) for each in record.contacts], "heard": [asdict(each) for each in record.heard]}
    return {**played, "clients": len(server.sessions), **told}


def _value(text: str) -> Any:
    """Of a query: numbers and truth as such."""
    if text in {"true", "false"}:
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
