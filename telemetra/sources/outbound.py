"""A request to the outside world and its answer, as the sources, the signing and the guard hand them to each other."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

import msgspec


class OutboundRequest(msgspec.Struct, frozen=True):
    """One HTTP request. `params` are added to the query of `url`. It holds secrets once signed, so it never prints."""

    method: str
    url: str
    headers: dict[str, str] = {}
    params: list[tuple[str, str]] = []
    body: bytes = b""

    def query(self) -> str:
        """The query string exactly as it is sent (it may be signed): that of `url`, then `params`."""
        return "&".join(part for part in (quote_query(urlsplit(self.url).query), encode_params(self.params)) if part)

    def path(self) -> str:
        """The path exactly as it is sent."""
        return quote_path(urlsplit(self.url).path)

    def whole_url(self) -> str:
        """The URL with `params` in its query: what a WebSocket is opened with. It may hold secrets."""
        base, query = self.url.partition("#")[0].partition("?")[0], self.query()
        return f"{base}?{query}" if query else base

    def __repr__(self) -> str:
        return f"OutboundRequest({self.method})"


class InboundResponse(msgspec.Struct, frozen=True):
    """The answer after all redirects. Names of `headers` are in lower case; `body` is decompressed."""

    status: int
    headers: dict[str, str]
    body: bytes


def encode_params(params: list[tuple[str, str]]) -> str:
    """Parameters in the form of a query, percent-encoded (a space is `%20`)."""
    return urlencode(params, quote_via=quote)


def quote_query(query: str) -> str:
    """A query with everything percent-encoded that may not stand in one."""
    return quote(query, safe="/?%:@!$&'()*+,;=~")


def quote_path(path: str) -> str:
    """A path with everything percent-encoded that may not stand in one; `/` when it is empty."""
    return quote(path, safe="/%:@!$&'()*+,;=~") or "/"
