"""The documents and the code say the same."""

from pathlib import Path

import pytest
from typer.main import get_command

from telemetra.cli import app
from telemetra.settings import Settings, variable_name
from telemetra.settings_doc import render

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("path", "form"), [("docs/reference/settings.md", "markdown"), (".env.example", "env")])
def test_what_is_generated_is_up_to_date(path: str, form: str) -> None:
    assert (ROOT / path).read_text() == render(form), "run `make docs`"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_has_a_row(name: str) -> None:
    assert f"\n| `{variable_name(name)}` |" in (ROOT / "docs/reference/settings.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert any(f"telemetra {command}" in document.read_text() for document in DOCUMENTS)


def test_make_lists_its_targets_in_the_contributing_guide() -> None:
    targets = [
        line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ":" in line and "## " in line
    ]
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    assert [target for target in targets if target[0].islower() and f"`make {target}`" not in guide] == []
