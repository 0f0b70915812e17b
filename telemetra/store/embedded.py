"""Embedded PostgreSQL: a real server in the data directory, owned by one telemetra at a time.

Ownership is a file lock that dies with its holder. The server does not: it outlives a killed owner, and the next one
adopts it if it answers a query. A process id is never trusted by itself; a server is a process named postgres whose
working directory is our data directory, which cannot be mistaken after a reboot or a reused id.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import structlog
from filelock import FileLock, Timeout
from psycopg.pq import PGconn, Ping

from telemetra.errors import Fatal
from telemetra.store import postgres_settings
from telemetra.store.postgres_programs import DEFAULT_MAJOR, Account, Programs, open_path, server_account

USER = DATABASE = "telemetra"
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
RETRY_SECONDS = 10.0
RECOVERY_SECONDS = 120.0
SHUTDOWN_SECONDS = 30.0
_SOCKET_PATH_BYTES = 100
_LOG_BYTES = 8 * 1024 * 1024
_log = structlog.get_logger(__name__)


def stored_major(data_dir: Path) -> int | None:
    """The major version that made the server's directory in `data_dir`, None when there is none yet."""
    try:
        return int((data_dir / "postgres" / "PG_VERSION").read_text().strip())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Fatal(f"{error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Fatal(f"{data_dir / 'postgres'} holds no PostgreSQL data: its PG_VERSION is damaged") from error


class EmbeddedPostgres:
    """Blocking; call `start` and `stop` from a thread. Everything that goes wrong is a `Fatal` of one line."""

    def __init__(self, data_dir: Path, *, major: int = DEFAULT_MAJOR) -> None:
        self._data_dir = data_dir.expanduser().resolve()
        self._major = major
        self._pgdata = self._data_dir / "postgres"
        self._log_file = self._data_dir / "postgres.log"
        self._owner_file = self._data_dir / "owner.pid"
        # Not per thread: start and stop may run on different threads of a pool.
        self._lock = FileLock(self._data_dir / "owner.lock", thread_local=False)
        self._socket_dir = self._data_dir / "run"
        self._process: subprocess.Popen[bytes] | None = None
        # A revival that is under way in another thread must not outlast a stop.
        self._changing = threading.Lock()

    def start(self) -> str:
        """Own the data directory and have a server that answers; returns its URL.

        Raises `Fatal`: the directory is in use by another telemetra, was made by another major version, cannot be
        used, or the server does not come up within its time.
        """
        try:
            self._acquire()
            try:
                self._bring_up()
            except BaseException:
                self._shut_down()
                self._lock.release()
                raise
        except OSError as error:
            raise Fatal(f"{error.filename or self._data_dir}: {error.strerror}") from error
        return self._url(DATABASE)

    def running_url(self) -> str | None:
        """The URL of a server that runs on the directory already, whoever owns it; None when none answers."""
        try:
            lines = self._pid_file()
        except OSError as error:
            raise Fatal(f"{error.filename}: {error.strerror}") from error
        if len(lines) > 4:
            self._socket_dir = Path(lines[4])
        return self._url(DATABASE) if self._answers() else None

    def stop(self) -> None:
        """Shut the server down in order and give up the data directory. Does nothing when not started."""
        with self._changing:
            if not self._lock.is_locked:
                return
            try:
                self._shut_down()
            finally:
                self._owner_file.unlink(missing_ok=True)
                self._lock.release()

    def revive(self) -> bool:
        """Start the server again if its process is gone, as after a kill; True if it was. Cheap while it lives.

        Raises as `start` does.
        """
        with self._changing:
            pid = self._postmaster_pid()
            if not self._lock.is_locked or (pid is not None and _is_alive(pid)):
                return False
            if self._process is not None and self._process.poll() is not None:
                self._process = None
            try:
                self._run(self._programs())
            except OSError as error:
                raise Fatal(f"{error.filename or self._data_dir}: {error.strerror}") from error
            return True

    def _acquire(self) -> None:
        self._data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            owner = self._owner_file.read_text().strip() if self._owner_file.exists() else "unknown"
            raise Fatal(f"{self._data_dir} is in use by another telemetra (pid {owner})") from error
        self._owner_file.write_text(f"{os.getpid()}\n")

    def _bring_up(self) -> None:
        major = stored_major(self._data_dir)
        if major not in (None, self._major):
            raise Fatal(
                f"{self._pgdata} was made by PostgreSQL {major}, this program runs {self._major}: save it with "
                "`telemetra backup`, move the directory away, and load it with `telemetra restore`"
            )
        programs = self._programs()
        if major is None:
            self._create(programs)
        (self._pgdata / postgres_settings.FILE_NAME).write_text(postgres_settings.settings_for(self._major))
        self._own(self._pgdata / postgres_settings.FILE_NAME, programs.account)
        self._run(programs)
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def _programs(self) -> Programs:
        account = server_account(self._pgdata)
        if account is not None:
            open_path(self._data_dir, account)
        return Programs(self._major, account)

    def _create(self, programs: Programs) -> None:
        """Make the server's directory beside its place and move it in when it is whole: a kill leaves no half of it."""
        unfinished = self._data_dir / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._own(unfinished, programs.account)
        programs.run(
            "initdb",
            f"--pgdata={unfinished}",
            f"--username={USER}",
            "--auth-local=trust",  # whoever reaches the socket: its directory is 0700
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            "--no-instructions",
        )
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write(postgres_settings.INCLUDE)
        unfinished.rename(self._pgdata)

    def _run(self, programs: Programs) -> None:
        """Adopt a server that answers, else start one as soon as no process of an old one is left."""
        started = time.monotonic()
        while True:
            self._find_socket(programs.account)
            if self._answers():
                _log.info("embedded PostgreSQL adopted", data_dir=str(self._data_dir))
                return
            if not self._living() and self._launch(programs):
                return
            waited = time.monotonic() - started
            recovering = self._ping() is Ping.REJECT  # starting up or shutting down, and saying so
            if waited > (RECOVERY_SECONDS if recovering else RETRY_SECONDS):
                pids = ", ".join(str(process.pid) for process in self._living())
                raise Fatal(f"an old PostgreSQL still holds {self._pgdata} and does not answer (pid {pids}): stop it")
            time.sleep(0.1)

    def _launch(self, programs: Programs) -> bool:
        """Start a server and wait for its first answer. False: a process of an old one turned out to be in the way."""
        for leftover in (
            self._pgdata / "postmaster.pid",
            self._socket_dir / SOCKET,
            self._socket_dir / f"{SOCKET}.lock",
        ):
            leftover.unlink(missing_ok=True)
        self._socket_dir = self._choose_socket_dir(programs.account)
        if self._log_file.exists() and self._log_file.stat().st_size > _LOG_BYTES:
            self._log_file.replace(self._log_file.with_suffix(".log.1"))
        with self._log_file.open("ab") as output:
            logged = output.tell()
            process = programs.spawn(
                "postgres", "-D", str(self._pgdata), "-c", f"unix_socket_directories={self._socket_dir}", output=output
            )
        deadline = time.monotonic() + RECOVERY_SECONDS
        while not self._answers():
            if process.poll() is not None:
                if self._living():
                    return False
                raise Fatal(f"PostgreSQL did not start: {self._last_words(logged)} (see {self._log_file})")
            if time.monotonic() > deadline:
                process.send_signal(signal.SIGQUIT)
                process.wait()
                raise Fatal(f"PostgreSQL did not answer within {RECOVERY_SECONDS:.0f} s (see {self._log_file})")
            time.sleep(0.02)
        self._process = process
        return True

    def _shut_down(self) -> None:
        for demand in (signal.SIGINT, signal.SIGQUIT):  # fast; then at once, as a crash would
            for process in self._living():
                if demand is signal.SIGQUIT or process.pid == self._postmaster_pid():
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.send_signal(demand)
            deadline = time.monotonic() + SHUTDOWN_SECONDS
            while self._living() and time.monotonic() < deadline:
                time.sleep(0.05)
        if self._process is not None:
            self._process.wait(timeout=SHUTDOWN_SECONDS)
            self._process = None

    def _answers(self) -> bool:
        """True when a server of this very directory answers a query."""
        if not (self._socket_dir / SOCKET).exists():
            return False
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=2) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.Error:
            return False
        return row is not None and Path(row[0]) == self._pgdata

    def _ping(self) -> Ping:
        return Ping(PGconn.ping(self._url("postgres").encode()))

    def _living(self) -> list[psutil.Process]:
        """The live processes of any server on our directory. A zombie is dead."""
        found = []
        for process in psutil.process_iter(["name"]):
            try:
                if process.info["name"] != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if Path(process.cwd()) == self._pgdata:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def _postmaster_pid(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines else None

    def _pid_file(self) -> list[str]:
        try:
            return (self._pgdata / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _find_socket(self, account: Account | None) -> None:
        """Where the running server listens (it says so in its pid file), else where ours will."""
        lines = self._pid_file()
        self._socket_dir = Path(lines[4]) if len(lines) > 4 and lines[4] else self._choose_socket_dir(account)

    def _choose_socket_dir(self, account: Account | None) -> Path:
        """A 0700 directory whose socket path is short enough for the kernel: in the data directory, else a temporary
        one whose name follows from the data directory."""
        directory = self._data_dir / "run"
        if len(os.fsencode(directory / SOCKET)) > _SOCKET_PATH_BYTES:
            name = hashlib.sha256(os.fsencode(self._data_dir)).hexdigest()[:16]
            directory = Path(tempfile.gettempdir()) / f"telemetra-{name}"
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError:
            status = directory.lstat()
            ours = {os.geteuid(), account.uid if account else os.geteuid()}
            if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours or status.st_mode & 0o077:
                raise Fatal(f"{directory} is not a private directory of ours: remove it") from None
        self._own(directory, account)
        return directory

    def _own(self, path: Path, account: Account | None) -> None:
        if account is not None:
            os.chown(path, account.uid, account.gid)

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self._socket_dir), safe='')}&port={PORT}"

    def _last_words(self, logged: int) -> str:
        """What the server wrote last about why it ended."""
        with self._log_file.open("rb") as file:
            file.seek(logged)
            lines = file.read().decode(errors="replace").splitlines()
        for line in reversed(lines):
            for level in ("PANIC:", "FATAL:"):
                if level in line:
                    return line.split(level, 1)[1].strip()
        return lines[-1] if lines else "it said nothing"


def _is_alive(pid: int) -> bool:
    """Whether the process exists; a zombie is dead."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
