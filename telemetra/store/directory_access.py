"""Lets one account pass through directories that are closed to it, and nobody else.

PostgreSQL refuses to run as root, so a root user's server runs under a helper account, which must reach the data
directory and the programs even below a 0700 parent such as /root. An access control entry "search, for this account"
does that; widening the mode would open the directory to everybody.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from pathlib import Path

_ATTRIBUTE = "system.posix_acl_access"
_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_NO_ID = 0xFFFFFFFF
_OWNER, _USER, _OWNING_GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_SEARCH = 0o1

Acl = dict[tuple[int, int], int]
"""Permission bits by (tag, id), as Linux stores them."""


def allow_search(path: Path, uid: int, gid: int) -> list[Path]:
    """Let the account enter `path` and every directory above it; returns the directories that were changed.

    Needs the right to change them (root). Raises OSError (ENOTSUP) where the file system keeps no access control
    lists; `filename` then names the directory.
    """
    changed = []
    for directory in (*reversed(path.parents), path):
        acl = _read(directory)
        status = directory.stat()
        if not _may_search(acl, status, uid, gid):
            acl[_USER, uid] = acl.get((_USER, uid), 0) | _SEARCH
            acl[_MASK, _NO_ID] = acl.get((_MASK, _NO_ID), acl[_OWNING_GROUP, _NO_ID]) | _SEARCH
            _write(directory, acl)
            changed.append(directory)
    return changed


def _may_search(acl: Acl, status: os.stat_result, uid: int, gid: int) -> bool:
    mask = acl.get((_MASK, _NO_ID), 0o7)
    if status.st_uid == uid:
        return bool(acl[_OWNER, _NO_ID] & _SEARCH)
    if (_USER, uid) in acl:
        return bool(acl[_USER, uid] & mask & _SEARCH)
    if status.st_gid == gid:
        return bool(acl[_OWNING_GROUP, _NO_ID] & mask & _SEARCH)
    return bool(acl[_OTHER, _NO_ID] & _SEARCH)


def _read(directory: Path) -> Acl:
    try:
        raw = os.getxattr(directory, _ATTRIBUTE)
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.ENOTSUP):
            raise
        mode = stat.S_IMODE(directory.stat().st_mode)
        return {(_OWNER, _NO_ID): mode >> 6 & 7, (_OWNING_GROUP, _NO_ID): mode >> 3 & 7, (_OTHER, _NO_ID): mode & 7}
    return {(tag, identity): bits for tag, bits, identity in _ENTRY.iter_unpack(raw[len(_VERSION) :])}


def _write(directory: Path, acl: Acl) -> None:
    entries = (_ENTRY.pack(tag, bits, identity) for (tag, identity), bits in sorted(acl.items()))
    os.setxattr(directory, _ATTRIBUTE, _VERSION + b"".join(entries))
