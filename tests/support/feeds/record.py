"""Who came when, and what they said."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Contact:
    """Somebody came. `at`: time.monotonic(). `kind`: websocket, http, or what was done to it (refused, answered)."""

    at: float
    number: int
    kind: str
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Heard:
    """What a client sent on a socket."""

    at: float
    number: int
    text: str


@dataclass
class Record:
    contacts: list[Contact] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Contact]:
        return [contact for contact in self.contacts if contact.kind in kinds]


def waits(contacts: Iterable[Contact]) -> list[float]:
    """Seconds between one and the next."""
    times = [contact.at for contact in contacts]
    return [later - earlier for earlier, later in itertools.pairwise(times)]
