"""The key that the embedded database uses when no other is set: a file in the data directory, for its owner alone."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from telemetra.encryption_keys import KEY_BYTES, EncryptionKey, parse_key
from telemetra.errors import Fatal

KEY_FILE = "encryption.key"


def read_key(path: Path) -> EncryptionKey | None:
    """The key of the file, None when there is no file. Raises `Fatal` when others may read it or it holds no key."""
    try:
        text, mode = path.read_text(encoding="ascii").strip(), path.stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise Fatal(f"{path} cannot be read: {error.__class__.__name__}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Fatal(f"{path} may be read by others: chmod 600 {path}")
    try:
        return parse_key(text)
    except ValueError as error:
        raise Fatal(f"{path} {error}") from None


def make_key(path: Path) -> EncryptionKey:
    """A new random key in a new file; the one that is there, when another process was faster. Never overwrites."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename, this fails where the file exists
        _sync(path.parent)
    except OSError as error:
        raise Fatal(f"{path} cannot be made: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    key = read_key(path)
    assert key is not None, "just made, or found"
    return key


def _sync(directory: Path) -> None:
    """What was encrypted must not outlive its key: a crash of the machine must not lose the new name."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
