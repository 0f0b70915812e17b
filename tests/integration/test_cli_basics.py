"""The command line as a person meets it: the installed program in a directory of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from telemetra import __version__
from telemetra.settings import Settings, variable_name


def telemetra(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the program in `directory` with none of our settings set but `variables`."""
    ours = {variable_name(name) for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in ours} | variables
    program = Path(sys.executable).with_name("telemetra")
    return subprocess.run(
        [program, *arguments], cwd=directory, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_version(tmp_path: Path) -> None:
    result = telemetra(tmp_path, "--version")
    assert (result.returncode, result.stdout) == (0, f"telemetra {__version__}\n")


def test_good_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9000\n")
    result = telemetra(tmp_path, "check-config")
    assert (result.returncode, result.stdout, result.stderr) == (0, "The settings are fine.\n", "")


def test_bad_settings_are_named_one_a_line_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PROT=9000\n")
    result = telemetra(tmp_path, "check-config", REDIS_URL="redis://localhost", HOST="0.0.0.0")
    assert result.returncode == 2
    assert result.stdout == ""
    assert [line.split(": ")[:2] for line in result.stderr.splitlines()] == [
        ["telemetra", "REDIS_URL"],
        ["telemetra", "PROT"],
        ["telemetra", "HOST"],
    ]


def test_config_doc_needs_no_good_settings(tmp_path: Path) -> None:
    result = telemetra(tmp_path, "config-doc", PORT="http")
    assert result.returncode == 0
    assert result.stdout.startswith("# Settings\n")


@pytest.mark.parametrize("arguments", [("no-such-command",), ("config-doc", "--format", "yaml"), ("--bogus",)])
def test_wrong_use_exits_with_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = telemetra(tmp_path, *arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_help_lists_the_commands(tmp_path: Path) -> None:
    result = telemetra(tmp_path, "--help")
    assert result.returncode == 0
    for command in ("serve", "demo", "replay", "migrate", "recompute", "backup", "restore", "doctor", "check-config"):
        assert command in result.stdout
