"""Opening messages, headers and bodies with names in double braces, filled in and signed anew at every connect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from telemetra.errors import Invalid
from telemetra.sources.placeholders import fill, time_value
from telemetra.sources.signing import Auth, first_of
from telemetra.sources.signing_layouts import SIGNATURE

_NUMBER = re.compile(r"\{\{\s*(\w+)\s*\|\s*number\s*\}\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def render(
    template: Any,
    *,
    now: int,
    auth: Auth,
    variables: Mapping[str, str] | None = None,
    where: str = "subscribe_messages",
) -> Any:
    """A JSON value or a text in which every `{{name}}` is replaced; keys of objects stay as they are.

    Names are `timestamp` (seconds), `timestamp_ms`, `timestamp_us`, `iso_timestamp`, `uuid`, `signature` (of the HMAC
    layout's message), every credential but the secret that signs, and `variables`. A string that is `{{name|number}}`
    becomes a JSON number. Values are put into parsed strings, so they cannot change a JSON message's shape; in a text
    a value with a control character is refused. Raises `Invalid` that names the place, as
    `subscribe_messages[0].args[0].sign`.
    """

    def lookup(name: str) -> str | None:
        own = auth.message_signature(now) if name == SIGNATURE else auth.value(name)
        return first_of(time_value(name, now), own, (variables or {}).get(name))

    def plain(name: str) -> str | None:
        value = lookup(name)
        if value is not None and _CONTROL.search(value):
            raise Invalid(f"{where}: the value of {{{{{name}}}}} holds a control character", field=where)
        return value

    def filled(value: Any, place: str) -> Any:
        match value:
            case str() if number := _NUMBER.fullmatch(value):
                return _number(fill(f"{{{{{number[1]}}}}}", lookup, place), number[1], place)
            case str():
                return fill(value, lookup, place)
            case list():
                return [filled(item, f"{place}[{index}]") for index, item in enumerate(value)]
            case dict():
                return {name: filled(item, f"{place}.{name}") for name, item in value.items()}
        return value

    return fill(template, plain, where) if isinstance(template, str) else filled(template, where)


def _number(text: str, name: str, place: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Invalid(f"{place}: the value of {{{{{name}}}}} is no number", field=place.partition("[")[0])
    return int(text)
