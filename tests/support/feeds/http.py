"""The little of HTTP that a venue's REST door needs: a request in, an answer out, then the connection is closed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MOST_BODY_BYTES = 1 << 20


@dataclass(frozen=True)
class Asked:
    """One request. Header names are in lower case. `head`: its bytes up to the empty line."""

    method: str
    target: str
    headers: dict[str, str]
    head: bytes
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def websocket(self) -> bool:
        return self.headers.get("upgrade", "").lower() == "websocket"


@dataclass(frozen=True)
class Told:
    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Told:
        return cls(status, json.dumps(value))

    def encode(self) -> bytes:
        body = self.body.encode()
        given = {"Content-Type": "application/json", **self.headers, "Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {self.status} -", *(f"{name}: {value}" for name, value in given.items())]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


async def read_request(reader: asyncio.StreamReader) -> Asked | None:
    """None: the client said nothing that is a request."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        body = await reader.readexactly(min(length, MOST_BODY_BYTES))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        return None
    return Asked(method, target, headers, head, body)
