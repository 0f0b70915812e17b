"""The documents and the code say the same."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from telemetra.cli import app
from telemetra.settings import Settings, variable_name
from telemetra.settings_doc import render

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("path", "form"), [("docs/reference/settings.md", "markdown"), (".env.example", "env")])
def test_what_is_generated_is_up_to_date(path: str, form: str) -> None:
    assert (ROOT / path).read_text() == render(form), "run `make docs`"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_has_a_row(name: str) -> None:
    assert f"\n| `{variable_name(name)}` |" in (ROOT / "docs/reference/settings.md").read_text()


def test_the_command_line_reference_is_up_to_date() -> None:
    typer = Path(sys.executable).with_name("typer")
    words = [typer, "telemetra.cli", "utils", "docs", "--name", "telemetra", "--title", "Command line"]
    made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    written = (ROOT / "docs/reference/command-line.md").read_text()
    assert written.strip() == made.strip(), "run `make docs`"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert (
        f"telemetra {command}"
        in (ROOT / "README.md").read_text() + (ROOT / "docs/reference/command-line.md").read_text()
    )


def test_make_lists_its_targets_in_the_contributing_guide() -> None:
    targets = [
        line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ":" in line and "## " in line
    ]
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    assert [target for target in targets if target[0].islower() and f"`make {target}`" not in guide] == []
