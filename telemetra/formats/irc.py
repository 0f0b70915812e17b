"""One IRC line with IRCv3 tags, taken apart and put together. Source: RFC 1459 2.3.1, IRCv3
message-tags, the ircdocs parser tests."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import problems

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_ESCAPED = str.maketrans({meaning: f"\\{mark}" for mark, meaning in _ESCAPES.items()})


class IrcMessage(msgspec.Struct, gc=False):
    """`source` is the prefix without its colon. A tag without value is the empty string."""

    tags: dict[str, str]
    source: str | None
    verb: str
    params: list[str]

    @property
    def nick(self) -> str | None:
        return split_source(self.source).nick if self.source else None


class Source(NamedTuple):
    """Who sent a line: `nick!user@host`, of which user and host may be absent (empty)."""

    nick: str
    user: str
    host: str


def split_source(source: str) -> Source:
    rest, _, host = source.partition("@")
    nick, _, user = rest.partition("!")
    return Source(nick, user, host)


def format_line(message: IrcMessage) -> str:
    """The line to send, without its line break. Raises `Invalid` where a part cannot be said in one line."""
    parts = [f":{message.source}"] if message.source else []
    parts += [message.verb, *message.params]
    *middle, last = parts if message.params else [*parts, ""]
    if any(not part or " " in part for part in middle) or any(part[:1] == ":" for part in message.params[:-1]):
        raise Invalid(
            "only the last parameter may be empty, hold a space or begin with `:`", code=problems.INVALID_LINE
        )
    if any(mark in part for part in parts for mark in "\r\n\0"):
        raise Invalid("a line holds no line break and no NUL", code=problems.INVALID_LINE)
    if message.params:
        middle.append(f":{last}" if not last or " " in last or last[0] == ":" else last)
    tags = [f"{name}={value.translate(_ESCAPED)}" if value else name for name, value in message.tags.items()]
    return " ".join([f"@{';'.join(tags)}", *middle] if tags else middle)


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
    middle, colon, trailing = f" {rest}".partition(" :")
    params = [param for param in middle.split(" ") if param]
    return [*params, trailing] if colon else params


def _unescape(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), value)
