"""Secrets in places that are stored and shown in the clear: refused, with where they belong.

Encrypted are credentials, headers and query_params (SPEC 6). Everything else of a declaration can be read by whoever
may look at it, so a secret stands there as the name of a credential in double braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from telemetra.errors import Invalid
from telemetra.model.connector import ConnectorConfig

_CLEAR = ("api_url", "body", "subscribe_messages", "ping", "cursor", "backfill", "mapping", "auth_layout")
_ALWAYS = re.compile(
    r"(api|access|private|secret|client|consumer)?[_-]?(secret|password|passwd|passphrase|private[_-]?key)"
    r"|(x[_-]?)?(api|access|auth|secret)[_-]?(key|token)|authorization|bearer",
    re.IGNORECASE,
)
"""Names whose values are secrets whatever they look like."""
_PERHAPS = re.compile(r"token|key|auth|sign|signature|credentials?|sig|jwt", re.IGNORECASE)
"""Names whose values are secrets when they look like one: a `token` may be a coin."""
_LOOKS_SECRET = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])(?!0x)[A-Za-z0-9+/=_.~-]{16,}")
_SPOKEN = re.compile(
    r"\b(?:bearer|basic)\s+[A-Za-z0-9+/=_.~-]{8,}|\boauth:[a-z0-9]{8,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.", re.IGNORECASE
)
"""What is a secret wherever it stands: an Authorization, a Twitch password, a JSON Web Token."""
_SHORTEST = 6


def clear_secrets(config: ConnectorConfig) -> list[Invalid]:
    """A refusal for each place that holds a secret in the clear; none of them repeats it."""
    known = {value for value in config.credentials.values() if len(value) >= _SHORTEST}
    found = []
    for field in _CLEAR:
        for place, name, text in _texts(getattr(config, field), field, field):
            held = _held(name, text, known)
            if held is not None:
                found.append(_refusal(place, held))
    return found


def _held(name: str, text: str, known: set[str]) -> str | None:
    """What kind of secret a text is or holds."""
    if any(value in text for value in known):
        return "credential"
    if _SPOKEN.search(text):
        return "token"
    if "{{" in text or not text:  # a name in braces stands for what is kept elsewhere
        return None
    secret = _ALWAYS.fullmatch(name) or (_PERHAPS.fullmatch(name) and _LOOKS_SECRET.fullmatch(text))
    return name if secret else None


def _texts(value: Any, place: str, name: str) -> Iterator[tuple[str, str, str]]:
    """(place, name, text) of every text in a value; of a URL also its query parameters."""
    match value:
        case str():
            yield place, name, value
            if name == "api_url":
                for parameter, text in parse_qsl(urlsplit(value).query):
                    yield f"{place}?{parameter}", parameter, text
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, f"{place}.{key}", str(key))
        case list() | tuple():
            for number, inner in enumerate(value):
                yield from _texts(inner, f"{place}[{number}]", name)
        case msgspec.Struct():
            for key in value.__struct_fields__:
                yield from _texts(getattr(value, key), f"{place}.{key}", key)


def _refusal(place: str, held: str) -> Invalid:
    field, _, parameter = place.partition("?")
    word = re.sub(r"\W", "_", held).lower()
    if field == "api_url":
        belongs = f"query_params.{parameter}" if parameter else "query_params"
    elif field == "backfill.api_url":
        belongs = f"credentials.{word}, and {{{{{word}}}}} in backfill.query_params"
    else:
        belongs = f"credentials.{word}, and {{{{{word}}}}} here"
    return Invalid(
        f"{field}: holds a secret ({held}), but is stored and shown in the clear; put it in {belongs}",
        code="secret_in_clear",
        field=field,
    )
