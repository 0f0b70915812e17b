"""One IRC line with IRCv3 tags, taken apart. Source: RFC 1459 2.3.1, IRCv3 message-tags, the ircdocs parser tests."""

from __future__ import annotations

import re

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import problems

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}


class IrcMessage(msgspec.Struct, gc=False):
    """`source` is the prefix without its colon. A tag without value is the empty string."""

    tags: dict[str, str]
    source: str | None
    verb: str
    params: list[str]

    @property
    def nick(self) -> str | None:
        return self.source.partition("!")[0] if self.source else None


def parse_line(line: str) -> IrcMessage:
    """The line without its line break. Raises `Invalid` (`invalid_line`) where there is no command."""
    tags: dict[str, str] = {}
    source = None
    rest = line
    if rest.startswith("@"):
        text, _, rest = rest[1:].partition(" ")
        for tag in text.split(";"):
            name, _, value = tag.partition("=")
            if name:
                tags[name] = _unescape(value)
    rest = rest.lstrip(" ")
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
    verb, _, rest = rest.lstrip(" ").partition(" ")
    if not verb:
        raise Invalid("an IRC line needs a command", code=problems.INVALID_LINE)
    return IrcMessage(tags, source, verb, _params(rest))


def _params(rest: str) -> list[str]:
    params: list[str] = []
    while rest := rest.lstrip(" "):
        if rest.startswith(":"):
            params.append(rest[1:])
            break
        param, _, rest = rest.partition(" ")
        params.append(param)
    return params


def _unescape(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), value)
