"""Puts a connector's credentials on a request, in the way its `auth_type` says. Time comes as an argument."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from telemetra.errors import Invalid, InvalidFields
from telemetra.model.connector import AuthType
from telemetra.model.secret import Secret
from telemetra.sources.outbound import OutboundRequest
from telemetra.sources.placeholders import TIME_NAMES, Lookup, fill, placeholders, time_value, unknown
from telemetra.sources.signing_layouts import SIGNATURE, HmacLayout, read_layout

_NEEDED: dict[AuthType, tuple[str, ...]] = {
    "None": (),
    "API Key": ("api_key",),
    "Bearer Token": ("token",),
    "Basic Auth": ("username", "password"),
    "HMAC": ("api_key", "api_secret"),
}
API_SECRET = "api_secret"  # noqa: S105 - a name
DEFAULT_KEY_HEADER = "X-API-Key"
_REQUEST_NAMES = ("method", "path", "query", "path_and_query", "body")


class Auth(msgspec.Struct, frozen=True):
    """Credentials and how they are used; made by `make_auth`. Prints no secret."""

    auth_type: AuthType
    credentials: dict[str, Secret]
    layout: HmacLayout | None = None

    def value(self, name: str) -> str | None:
        """A credential by its name; never the secret that signs, which no request carries."""
        if self.layout is not None and name == API_SECRET:
            return None
        found = self.credentials.get(name)
        return None if found is None else found.reveal()

    def message_signature(self, now: int) -> str | None:
        """`{{signature}}` of an opening message; None without a layout that has one."""
        if self.layout is None or self.layout.message_payload is None:
            return None
        payload = fill(self.layout.message_payload, self._names(now), "auth_layout.message_payload")
        return self.layout.mac(self.credentials[API_SECRET].reveal(), payload.encode())

    def _names(self, now: int) -> Lookup:
        return lambda name: first_of(time_value(name, now), self.value(name))


def make_auth(
    auth_type: AuthType, credentials: Mapping[str, str], auth_layout: str | Mapping[str, Any] | None = None
) -> Auth:
    """Checked credentials. Raises `Invalid` (field `credentials` or `auth_layout`), never with a value.

    Needed are: for API Key `api_key` (sent in the header `header`, default X-API-Key, or as the query parameter
    `parameter`); for Bearer Token `token`; for Basic Auth `username` and `password`; for HMAC `api_key`, `api_secret`
    and what its layout names. More may be given, for templates.
    """
    needed = _NEEDED[auth_type]
    layout = read_layout(auth_layout) if auth_type == "HMAC" else None
    missing = [
        _missing(name, f"{auth_type} needs {name}")
        for name in dict.fromkeys([*needed, *_needed_by(layout)])
        if not credentials.get(name)
    ]
    if missing:
        raise missing[0] if len(missing) == 1 else InvalidFields(missing)
    if auth_type == "Basic Auth" and ":" in credentials["username"]:
        raise Invalid("credentials: a username holds no colon (RFC 7617)", field="credentials")
    if auth_type == "API Key" and "header" in credentials and "parameter" in credentials:
        raise Invalid("credentials: an API key goes in a header or in a parameter, not in both", field="credentials")
    auth = Auth(auth_type, {name: Secret(value) for name, value in credentials.items()}, layout)
    if layout is not None:
        _check_names(auth, layout)
        layout.mac(credentials[API_SECRET], b"")
    return auth


def sign(auth: Auth, request: OutboundRequest, now: int) -> OutboundRequest:
    """The request with what the other side needs to know the sender by. `now` in microseconds since the epoch."""
    match auth.auth_type:
        case "None":
            return request
        case "API Key":
            key, parameter = auth.value("api_key") or "", auth.value("parameter")
            if parameter is not None:
                return _changed(request, {}, [*request.params, (parameter, key)])
            return _changed(request, {auth.value("header") or DEFAULT_KEY_HEADER: key})
        case "Bearer Token":
            return _changed(request, {"Authorization": f"Bearer {auth.value('token')}"})
        case "Basic Auth":
            pair = f"{auth.value('username')}:{auth.value('password')}".encode()
            return _changed(request, {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"})
        case "HMAC":
            assert auth.layout is not None, "make_auth gives HMAC a layout"
            return _signed(auth, auth.layout, request, now)


def _signed(auth: Auth, layout: HmacLayout, request: OutboundRequest, now: int) -> OutboundRequest:
    names = auth._names(now)
    last = [name for name, text in layout.params.items() if SIGNATURE in placeholders(text)]
    given = {name for name, _ in parse_qsl(request.query(), keep_blank_values=True)}
    early = [
        (name, fill(text, names, f"auth_layout.params.{name}"))
        for name, text in layout.params.items()
        if name not in last and name not in given
    ]
    request = msgspec.structs.replace(request, params=[*request.params, *early])
    path, query = request.path(), request.query()
    parts = {
        "method": request.method.upper(),
        "path": path,
        "query": query,
        "path_and_query": f"{path}?{query}" if query else path,
        "body": request.body.decode("utf-8", "surrogateescape"),
    }
    payload = fill(layout.payload, lambda name: first_of(parts.get(name), names(name)), "auth_layout.payload")
    made = layout.mac(auth.credentials[API_SECRET].reveal(), payload.encode("utf-8", "surrogateescape"))

    def lookup(name: str) -> str | None:
        return made if name == SIGNATURE else names(name)

    headers = {name: fill(text, lookup, f"auth_layout.headers.{name}") for name, text in layout.headers.items()}
    late = [
        (name, fill(layout.params[name], lookup, f"auth_layout.params.{name}"))
        for name in layout.params
        if name in last
    ]
    return _changed(request, headers, [*request.params, *late])


def _check_names(auth: Auth, layout: HmacLayout) -> None:
    """Every name of the layout stands for something, so that signing cannot fail later."""
    usual = {*TIME_NAMES, *auth.credentials} - {API_SECRET}
    texts = [("payload", layout.payload, usual | set(_REQUEST_NAMES))]
    texts += [(f"headers.{name}", text, usual | {SIGNATURE}) for name, text in layout.headers.items()]
    texts += [(f"params.{name}", text, usual | {SIGNATURE}) for name, text in layout.params.items()]
    texts += [("message_payload", layout.message_payload or "", usual)]
    for where, text, known in texts:
        for name in placeholders(text):
            if name in known:
                continue
            if name in {API_SECRET, SIGNATURE, *_REQUEST_NAMES}:
                raise unknown(name, f"auth_layout.{where}")
            raise _missing(name, f"the layout's {where} needs {name}")


def _needed_by(layout: HmacLayout | None) -> list[str]:
    """The credentials that a layout names, in its order."""
    if layout is None:
        return []
    texts = [layout.payload, *layout.headers.values(), *layout.params.values(), layout.message_payload or ""]
    others = {*TIME_NAMES, *_REQUEST_NAMES, SIGNATURE, API_SECRET}
    return [name for text in texts for name in placeholders(text) if name not in others]


def _missing(name: str, why: str) -> Invalid:
    return Invalid(f"credentials.{name}: is required, {why}", code="missing_field", field=f"credentials.{name}")


def _changed(
    request: OutboundRequest, headers: Mapping[str, str], params: list[tuple[str, str]] | None = None
) -> OutboundRequest:
    """With these headers instead of those of the same name in any case."""
    replaced = {name.lower() for name in headers}
    kept = {name: value for name, value in request.headers.items() if name.lower() not in replaced}
    return msgspec.structs.replace(
        request, headers=kept | dict(headers), params=request.params if params is None else params
    )


def first_of(*values: str | None) -> str | None:
    return next((value for value in values if value is not None), None)
