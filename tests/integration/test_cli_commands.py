"""The commands that work on a database, and `serve`, as the installed program."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict

from telemetra.settings import Settings, variable_name

PROGRAM = Path(sys.executable).with_name("telemetra")


@pytest.fixture
def database_url(database_url: str) -> str:
    """The fresh database's address as a URL, as DATABASE_URL wants it."""
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(database_url).items()}
    return "postgresql://{user}@/{dbname}?host={host}&port={port}".format(**parts)


def environment(database_url: str | None) -> dict[str, str]:
    ours = {variable_name(name) for name in Settings.model_fields}
    rest = {name: value for name, value in os.environ.items() if name not in ours}
    return rest | ({} if database_url is None else {"DATABASE_URL": database_url})


def telemetra(directory: Path, database_url: str | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=directory,
        env=environment(database_url),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_migrate_says_when_there_is_nothing_to_do(tmp_path: Path, database_url: str) -> None:
    result = telemetra(tmp_path, database_url, "migrate")
    assert (result.returncode, result.stdout) == (0, "The database is up to date.\n")


def test_recompute_reports_what_it_did(tmp_path: Path, database_url: str) -> None:
    span = ("--from", "2026-01-31T18:00:00Z", "--to", "2026-01-31T19:00:00Z")
    result = telemetra(tmp_path, database_url, "recompute", *span)
    assert result.returncode == 0
    assert result.stdout.startswith("0 final minutes of 0 streams counted again")


@pytest.mark.parametrize("time", ["yesterday", "2026-01-31T18:00:00", "2026-01-31"])
def test_recompute_names_the_option_with_an_unusable_time(tmp_path: Path, time: str) -> None:
    result = telemetra(tmp_path, None, "recompute", "--from", time, "--to", "2026-01-31T19:00:00Z")
    assert result.returncode == 2
    assert result.stderr.startswith("telemetra: --from must be a time with an offset")


def test_doctor_shows_a_line_for_each_check(tmp_path: Path, database_url: str) -> None:
    result = telemetra(tmp_path, database_url, "doctor")
    assert re.search(r"^ok +migrations: all applied$", result.stdout, re.MULTILINE)


def test_a_backup_is_not_made_over_a_file(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "kept").write_text("precious")
    result = telemetra(tmp_path, database_url, "backup", "kept")
    assert (result.returncode, (tmp_path / "kept").read_text()) == (1, "precious")
    assert result.stderr == "telemetra: kept exists already: choose another name\n"


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    result = telemetra(tmp_path, "postgresql://u:hunter2@127.0.0.1:1/x", "migrate")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_a_taken_port_is_one_line(tmp_path: Path, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = telemetra(tmp_path, database_url, "serve", "--port", port)
    assert result.returncode == 1
    assert result.stderr.startswith(f"telemetra: port {port} on 127.0.0.1 is in use")
    assert len(result.stderr.splitlines()) == 1


def test_serving_beyond_loopback_is_refused(tmp_path: Path) -> None:
    result = telemetra(tmp_path, None, "serve", "--host", "0.0.0.0")
    assert result.returncode == 2
    assert result.stderr.startswith("telemetra: HOST: AUTH_MODE=auto")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_until_it_is_told_to_end(tmp_path: Path, database_url: str, ending: signal.Signals) -> None:
    command = [PROGRAM, "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(database_url), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            address = next(found[1] for line in process.stderr if (found := re.search(r'"address": "([^"]+)"', line)))
            with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
                assert client.get(f"{address}/health").json() == {"status": "ok"}
            process.send_signal(ending)
            rest = process.stderr.read()
            assert process.wait(timeout=30) == 0
            assert "Traceback" not in rest
        finally:
            process.kill()
