"""The keys that secrets are stored under, as ENCRYPTION_KEYS gives them.

A key's id is made of the key itself: nobody has to name keys, and a name cannot come to stand for another key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import NoReturn

KEY_BYTES = 32
_LEAST_DISTINCT = 8
_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{43}=?")


class EncryptionKey:
    """32 bytes and their id (8 hex digits). Prints its id alone. Raises ValueError for weak or wrongly sized bytes."""

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("is not 32 bytes")
        if len(set(key)) < _LEAST_DISTINCT:
            raise ValueError("is too easy to guess")
        self.id = hmac.digest(key, b"telemetra encryption key id", hashlib.sha256)[:4].hex()
        self._key = key

    def reveal(self) -> bytes:
        return self._key

    def __repr__(self) -> str:
        return f"EncryptionKey({self.id})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a key cannot be pickled")


def parse_key(text: str) -> EncryptionKey:
    """32 bytes as base64 (either alphabet), as 64 hex digits, or as exactly 32 bytes of text. Raises ValueError, which
    says what is wrong without the text."""
    if _HEX.fullmatch(text):
        return EncryptionKey(bytes.fromhex(text))
    if _BASE64.fullmatch(text):
        return EncryptionKey(_decoded(text))
    if len(text.encode()) != KEY_BYTES:
        raise ValueError("is no key: give 32 bytes in base64 (openssl rand -base64 32), 64 hex digits or 32 characters")
    return EncryptionKey(text.encode())


def parse_keys(text: str) -> tuple[EncryptionKey, ...]:
    """A comma list, newest first. Raises ValueError, which says the place of what is wrong."""
    keys: list[EncryptionKey] = []
    for number, part in enumerate((part.strip() for part in text.split(",") if part.strip()), 1):
        try:
            key = parse_key(part)
        except ValueError as error:
            raise ValueError(f"entry {number} {error}") from None
        if key.id in {known.id for known in keys}:
            raise ValueError(f"entry {number} stands there twice")
        keys.append(key)
    if not keys:
        raise ValueError("holds no key")
    return tuple(keys)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=").replace("-", "+").replace("_", "/") + "=", validate=True)
    except binascii.Error:
        raise ValueError("is no base64") from None
