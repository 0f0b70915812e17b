"""How an exchange wants its requests signed, as data: a new one is declared by the user or stands in the table here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from telemetra.errors import Invalid

SIGNATURE = "signature"


class HmacLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is signed, how, and where everything goes. All texts may hold names in double braces.

    `payload` is what is signed: beside times and credentials it has `method`, `path`, `query`, `path_and_query` and
    `body`, each exactly as it is sent. `headers` and `params` are added to the request; a parameter that holds
    `{{signature}}` comes last, the others are part of the query that is signed and are left out where the request has
    them already. `message_payload` is what `{{signature}}` in an opening message signs.
    """

    payload: str
    headers: dict[str, str] = {}
    params: dict[str, str] = {}
    digest: Literal["sha256", "sha384", "sha512"] = "sha256"
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    secret_encoding: Literal["text", "base64", "hex"] = "text"  # noqa: S105 - no secret
    message_payload: str | None = None

    def mac(self, secret: str, payload: bytes) -> str:
        """Raises `Invalid` (field `credentials`) when the secret is not in its encoding."""
        try:
            match self.secret_encoding:
                case "text":
                    key = secret.encode()
                case "hex":
                    key = bytes.fromhex(secret)
                case "base64":
                    key = base64.b64decode(secret.replace("-", "+").replace("_", "/"), validate=True)
        except (ValueError, binascii.Error):
            raise Invalid(f"credentials: api_secret is no {self.secret_encoding}", field="credentials") from None
        made = hmac.digest(key, payload, getattr(hashlib, self.digest))
        match self.encoding:
            case "hex":
                return made.hex()
            case "base64":
                return base64.b64encode(made).decode("ascii")
            case "base64url":
                return base64.urlsafe_b64encode(made).decode("ascii")


LAYOUTS: dict[str, HmacLayout] = {
    # https://www.okx.com/docs-v5/en/#overview-rest-authentication and #overview-websocket-login
    "okx": HmacLayout(
        payload="{{iso_timestamp}}{{method}}{{path_and_query}}{{body}}",
        encoding="base64",
        headers={
            "OK-ACCESS-KEY": "{{api_key}}",
            "OK-ACCESS-SIGN": "{{signature}}",
            "OK-ACCESS-TIMESTAMP": "{{iso_timestamp}}",
            "OK-ACCESS-PASSPHRASE": "{{passphrase}}",
        },
        message_payload="{{timestamp}}GET/users/self/verify",
    ),
    # https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
    "binance": HmacLayout(
        payload="{{query}}{{body}}",
        headers={"X-MBX-APIKEY": "{{api_key}}"},
        params={"timestamp": "{{timestamp_ms}}", SIGNATURE: "{{signature}}"},
        message_payload="apiKey={{api_key}}&timestamp={{timestamp_ms}}",
    ),
}


def read_layout(given: str | Mapping[str, Any] | None) -> HmacLayout:
    """A layout by its name, or as declared. Raises `Invalid` (field `auth_layout`)."""
    if isinstance(given, Mapping):
        try:
            return msgspec.convert(given, HmacLayout)
        except msgspec.ValidationError as error:
            raise Invalid(f"auth_layout: {error}", field="auth_layout") from None
    layout = LAYOUTS.get(given or "")
    if layout is None:
        raise Invalid(f"auth_layout: HMAC needs one of {', '.join(LAYOUTS)}, or a declared one", field="auth_layout")
    return layout
