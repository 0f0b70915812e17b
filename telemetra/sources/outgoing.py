"""What a connector sends: its requests and opening messages, filled in and signed anew each time.

Holds the credentials of one connector, and takes them out of every text that goes to people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from telemetra.model.connector import Backfill, ConnectorConfig
from telemetra.sources.outbound import OutboundRequest
from telemetra.sources.signing import make_auth, sign
from telemetra.sources.templates import render

_HIDDEN = "**********"
_SHORTEST_SECRET = 4
"""Shorter values are no secrets worth the name, and hiding them would make texts unreadable."""


class Outgoing:
    """Belongs to one connector; `now` is in microseconds. Raises `Invalid` (naming the field) when it is made, for
    credentials that do not suffice and for names in braces that stand for nothing."""

    def __init__(self, config: ConnectorConfig) -> None:
        self._config = config
        self._auth = make_auth(config.auth_type, config.credentials, config.auth_layout)
        self.subscribe_messages: Sequence[Any] = config.subscribe_messages
        values = [*config.credentials.values(), *config.headers.values(), *config.query_params.values()]
        self._secrets = sorted({value for value in values if len(value) >= _SHORTEST_SECRET}, key=len, reverse=True)
        for field in ("headers", "query_params", "body", "subscribe_messages"):
            self._rendered(field, 0)
        if config.backfill is not None:
            self._backfill(config.backfill, 0)

    def request(self, now: int, params: Sequence[tuple[str, str]] = ()) -> OutboundRequest:
        """The next poll; `params` (a cursor, a time window) win over declared ones of the same name."""
        config = self._config
        taken = {name for name, _ in params}
        declared = [(name, value) for name, value in self._rendered("query_params", now).items() if name not in taken]
        body, headers = _body(self._rendered("body", now), self._rendered("headers", now))
        request = OutboundRequest(config.http_method, config.api_url, headers, [*declared, *params], body)
        return self._sign(request, now)

    def handshake(self, now: int) -> tuple[str, dict[str, str]]:
        """The URL and the headers with which a WebSocket is opened, the query exactly as it was signed."""
        http = "http" + self._config.api_url[len("ws") :]
        params = list(self._rendered("query_params", now).items())
        signed = self._sign(OutboundRequest("GET", http, self._rendered("headers", now), params), now)
        return "ws" + signed.whole_url()[len("http") :], signed.headers

    def opening(self, now: int) -> list[str]:
        """What is sent first on a new connection, in order."""
        return [_text(message) for message in self._rendered("subscribe_messages", now)]

    def backfill(self, declared: Backfill, values: Mapping[str, str], now: int) -> OutboundRequest:
        """The request for a gap. A query parameter that has nothing to say is left out."""
        query_params, filled_body = self._backfill(declared, now)
        params = [(name, _fill(value, values)) for name, value in query_params.items()]
        body, headers = _body(_fill_all(filled_body, values), self._rendered("headers", now))
        request = OutboundRequest(
            declared.http_method,
            _fill(declared.api_url, values),
            headers,
            [(name, value) for name, value in params if value],
            body,
        )
        return self._sign(request, now)

    def mask(self, text: str) -> str:
        """`text` without any of the connector's secrets, should somebody have sent them back."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def _sign(self, request: OutboundRequest, now: int) -> OutboundRequest:
        return sign(self._auth, request, now)

    def _backfill(self, declared: Backfill, now: int) -> tuple[Any, Any]:
        """Query parameters and body with the credentials that they name."""
        return (
            render(declared.query_params, now=now, auth=self._auth, where="backfill.query_params"),
            render(declared.body, now=now, auth=self._auth, where="backfill.body"),
        )

    def _rendered(self, field: str, now: int) -> Any:
        return render(getattr(self._config, field), now=now, auth=self._auth, where=field)


def check_outgoing(config: ConnectorConfig) -> None:
    """Raises `Invalid` or `InvalidFields` for a declaration whose requests cannot be made."""
    Outgoing(config)


def _text(message: Any) -> str:
    return message if isinstance(message, str) else msgspec.json.encode(message).decode()


def _body(body: Any, headers: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    if body is None:
        return b"", dict(headers)
    if isinstance(body, str):
        return body.encode(), dict(headers)
    typed = {} if any(name.lower() == "content-type" for name in headers) else {"Content-Type": "application/json"}
    return msgspec.json.encode(body), {**typed, **headers}


def _fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _fill_all(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _fill(value, values)
    if isinstance(value, dict):
        return {name: _fill_all(item, values) for name, item in value.items()}
    return [_fill_all(item, values) for item in value] if isinstance(value, list) else value
