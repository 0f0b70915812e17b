"""The kinds that this process knows: the built-in ones and those of installed packages (entry point group below)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import entry_points

import msgspec

from telemetra.errors import Fatal
from telemetra.kinds import broadcast, feed, market
from telemetra.kinds.base import EventType, Kind

ENTRY_POINT_GROUP = "telemetra.kinds"
"""A third party registers `name = "package.module:build"`, where `build(currency) -> Kind`."""


class Registry:
    """Looks kinds up by name and by event type. Each event type belongs to one kind."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.kinds: dict[str, Kind] = {}
        self.by_type: dict[str, Kind] = {}
        self.types: dict[str, EventType] = {}
        self.decoders: dict[str, msgspec.json.Decoder[object]] = {}
        for kind in kinds:
            if kind.name in self.kinds:
                raise Fatal(f"kind {kind.name!r} is declared twice")
            self.kinds[kind.name] = kind
            for name, declared in kind.types.items():
                if name in self.types:
                    raise Fatal(
                        f"event type {name!r} is declared by kinds {self.by_type[name].name!r} and {kind.name!r}"
                    )
                self.by_type[name] = kind
                self.types[name] = declared
                self.decoders[name] = msgspec.json.Decoder(declared.model)


def load_registry(currency: str) -> Registry:
    """The built-in kinds and every installed one. `currency` is the one that revenue is counted in."""
    builders: list[Callable[[str], Kind]] = [broadcast.build, market.build, feed.build]
    builders += [point.load() for point in entry_points(group=ENTRY_POINT_GROUP)]
    return Registry(build(currency) for build in builders)
