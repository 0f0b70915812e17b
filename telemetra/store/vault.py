"""Secrets at rest: AES-256-GCM, each value bound to its connector and field, so that it opens in its own place only.

A sealed value is: version (1 byte), key id (4), nonce (12, random), ciphertext with tag. Its associated data are
version, key id, connector and field.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from telemetra.encryption_keys import EncryptionKey
from telemetra.errors import Invalid, Unreadable
from telemetra.settings import Settings
from telemetra.store.key_file import KEY_FILE, make_key, read_key

_VERSION = b"\x01"
_HEAD_BYTES = 5
_NONCE_BYTES = 12


class Vault:
    """Seals with the first of `keys`, opens with any of them.

    Without keys it uses the one in `key_file`, which is made when something is sealed for the first time: someone who
    restores a database without its key must not get a new one. With neither, it seals nothing.
    """

    def __init__(self, keys: Sequence[EncryptionKey] = (), *, key_file: Path | None = None) -> None:
        self._key_file = None if keys else key_file
        found = read_key(self._key_file) if self._key_file is not None else None
        self._use([found] if found is not None else keys)

    def _use(self, keys: Sequence[EncryptionKey]) -> None:
        self.key_ids = tuple(key.id for key in keys)
        self._ciphers = {key.id: AESGCM(key.reveal()) for key in keys}

    def seal(self, value: Any, *, connector_id: str, field: str) -> bytes:
        """`value` (JSON) encrypted. Raises `Invalid` (`no_encryption_key`) when there is no key to do it with."""
        if not self.key_ids and self._key_file is not None:
            self._use([make_key(self._key_file)])
        if not self.key_ids:
            raise Invalid(
                f"{field} cannot be stored: there is no key to encrypt it with; set ENCRYPTION_KEYS",
                code="no_encryption_key",
                field=field,
            )
        head = _VERSION + bytes.fromhex(self.key_ids[0])
        nonce = os.urandom(_NONCE_BYTES)
        plain = msgspec.json.encode(value)
        return head + nonce + self._ciphers[self.key_ids[0]].encrypt(nonce, plain, _place(head, connector_id, field))

    def open(self, sealed: bytes, *, connector_id: str, field: str) -> Any:
        """The value as it was sealed. Raises `Unreadable`, which names connector, field and key id and nothing else."""
        key_id, where = key_id_of(sealed), f"{field} of connector {connector_id}"
        cipher = self._ciphers.get(key_id)
        if sealed[:1] != _VERSION or cipher is None:
            known = ", ".join(self.key_ids) or "none"
            raise Unreadable(
                f"{where} is encrypted with the key {key_id or '?'}, which is not in ENCRYPTION_KEYS (known: {known})",
                key_id=key_id,
            )
        head, nonce, rest = (
            sealed[:_HEAD_BYTES],
            sealed[_HEAD_BYTES:][:_NONCE_BYTES],
            sealed[_HEAD_BYTES + _NONCE_BYTES :],
        )
        try:
            return msgspec.json.decode(cipher.decrypt(nonce, rest, _place(head, connector_id, field)))
        except (InvalidTag, ValueError):
            raise Unreadable(
                f"{where} cannot be decrypted: it was changed, or belongs to another field (key {key_id})",
                key_id=key_id,
            ) from None

    def __repr__(self) -> str:
        return f"Vault({', '.join(self.key_ids)})"


def make_vault(settings: Settings) -> Vault:
    """The vault of these settings. Raises `Fatal` when the key file cannot be used."""
    embedded = settings.external_database_url() is None
    return Vault(settings.vault_keys(), key_file=settings.data_dir / KEY_FILE if embedded else None)


def key_id_of(sealed: bytes) -> str:
    """The id of the key that a value was sealed with."""
    return sealed[1:_HEAD_BYTES].hex()


def _place(head: bytes, connector_id: str, field: str) -> bytes:
    return head + msgspec.json.encode((connector_id, field))
