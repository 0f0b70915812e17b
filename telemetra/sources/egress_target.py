"""Where an outbound request goes, read from its URL once: what is checked is what is connected to.

No library's URL parser is asked. Two of them may see two hosts in one text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address

import msgspec

from telemetra.errors import EgressRefused
from telemetra.hosts import parse_authority
from telemetra.sources.outbound import quote_path, quote_query

HTTP = ("http", "https")
WEBSOCKET = ("ws", "wss")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.I)
_STRANGE = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST_URL = 8192

_OURS = {"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect"}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?|")


class Target(msgspec.Struct, frozen=True):
    """`host` is a name or an address in the one spelling that is used from here on (IPv6 without brackets)."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def secure(self) -> bool:
        return self.scheme in {"https", "wss"}

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def resource(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.resource}"


def parse_target(url: str, schemes: tuple[str, ...]) -> Target:
    """Raises `EgressRefused` without the URL's text: it may hold what is secret."""
    if len(url) > _LONGEST_URL:
        raise EgressRefused(f"the URL is longer than {_LONGEST_URL} characters", reason="spelling")
    if _STRANGE.search(url):
        raise EgressRefused("the URL holds a space, a backslash or a control character", reason="spelling")
    parts = _URL.fullmatch(url)
    scheme = parts[1].lower() if parts else ""
    if parts is None or scheme not in schemes:
        raise EgressRefused(f"the URL must begin with {' or '.join(f'{each}://' for each in schemes)}", reason="scheme")
    if "@" in parts[2]:
        raise EgressRefused("the URL holds a user or password; give them as credentials", reason="credentials")
    try:
        host, port = parse_authority(parts[2])
    except ValueError as error:
        raise EgressRefused(f"the URL's host cannot be used: {error}", reason="spelling") from None
    name = host.compressed if isinstance(host, IPv6Address) else str(host)
    return Target(scheme, name, port or _PORTS[scheme], quote_path(parts[3]), quote_query(parts[4] or ""))


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The caller's headers. Raises `EgressRefused` naming one that would change how the request is framed or routed,
    or that cannot be sent; never with its value."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise EgressRefused("a header has a name that cannot be sent", reason="header", field="headers")
        if name.lower() in _OURS or name.lower().startswith(("proxy-", "sec-websocket-")):
            raise EgressRefused(f"the header {name} is not the caller's to set", reason="header", field="headers")
        if not _HEADER_VALUE.fullmatch(value):
            raise EgressRefused(f"the header {name} has a value that cannot be sent", reason="header", field="headers")
    return dict(headers)
