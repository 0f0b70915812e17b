"""What goes wrong on command."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

GARBAGE = b"\x15\x03\x01\x00\x02\x02\x28 not what you think this is\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """Instead of the right one. `status` None: bytes that are no HTTP."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def encode(self) -> bytes:
        if self.status is None:
            return GARBAGE
        body = self.body.encode()
        given = {"Content-Type": "application/json", **self.headers, "Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {self.status} Fault", *(f"{name}: {value}" for name, value in given.items())]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@dataclass
class Planned:
    """Wrong answers for what comes next: `times` of them, without end if None."""

    answer: Answer
    times: int | None


@dataclass
class Faults:
    refusing: bool = False
    delay_seconds: float = 0.0
    reorder: int = 0
    resend: int = 0
    close_after: int = 0
    close_code: int = 1000
    silent: bool = False
    deaf: bool = False
    planned: dict[str, list[Planned]] = field(default_factory=lambda: {"http": [], "handshake": []})
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def wrong_answer(self, where: str) -> Answer | None:
        """The next one for `http` or `handshake`, if any is planned."""
        planned = self.planned[where]
        if not planned:
            return None
        first = planned[0]
        if first.times is not None:
            first.times -= 1
            if first.times <= 0:
                planned.pop(0)
        return first.answer
