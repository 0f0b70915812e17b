"""Does what docs/how-to/add-a-detector.md says: the package is written, installed, found, and stands the battery."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/add-a-detector.md"

_FENCE = re.compile(r"^(?:`([\w./-]+)`:\n\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    """File name (or nothing) and text of the page's blocks."""
    return [(name, text) for name, found, text in _FENCE.findall(PAGE.read_text()) if found == language]


def shell(command: str, site: Path) -> str:
    """What a command of the page prints, with the package at hand."""
    words = command.replace(".venv/bin/python", sys.executable)
    environment = os.environ | {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    run = subprocess.run(
        words, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's package is installed: a place of its own, not the environment that the tests run in."""
    directory = tmp_path_factory.mktemp("detector")
    for name, text in blocks("python") + blocks("toml"):
        directory.joinpath(name).parent.mkdir(exist_ok=True)
        directory.joinpath(name).write_text(text)
    site = directory / "site"
    shell(
        f".venv/bin/python -m pip install --quiet --no-build-isolation --no-deps --target {site} {directory}/leap", site
    )
    return site


def test_the_head_is_found(site: Path) -> None:
    (_, ask), _ = blocks("sh")
    ((_, answer),) = blocks("text")
    assert shell(ask, site) == answer


def test_the_head_stands_the_battery(site: Path) -> None:
    _, (_, battery) = blocks("sh")
    assert re.search(r"^\.+ +\[100%\]$", shell(battery, site), re.MULTILINE)


def test_the_module_is_typed_as_strictly_as_the_project(site: Path) -> None:
    shell(f".venv/bin/python -m mypy --strict {site}/telemetra_leap.py", site)
