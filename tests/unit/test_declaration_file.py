"""YAML files of connectors: what is wrong is said with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetra.commands.declaration_file import DeclarationFile
from telemetra.errors import Invalid, InvalidFields

GOOD = """\
name: Orders
api_url: https://api.example.com/orders
# how often
polling_interval: 500
ping:
  text: ping
  interval: 20
subscribe_messages:
  - {op: subscribe}
  - "2026-01-31"
credentials:
  api_key: "***"
since: 2026-01-31
"""


def declared(directory: Path, text: str | bytes) -> DeclarationFile:
    file = directory / "feed.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return DeclarationFile(file)


def test_fields_and_their_lines(tmp_path: Path) -> None:
    declaration = declared(tmp_path, GOOD)
    assert declaration.fields["ping"] == {"text": "ping", "interval": 20}
    assert declaration.fields["since"] == "2026-01-31"  # JSON has no dates
    assert declaration.lines["polling_interval"] == 4
    assert declaration.lines["ping.interval"] == 7
    assert declaration.lines["subscribe_messages[1]"] == 10


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("polling_interval", "line 4: polling_interval: no"),
        ("ping.interval", "line 7: ping.interval: no"),
        ("ping.pong_timeout", "line 5: ping.pong_timeout: no"),
        ("subscribe_messages[0].args", "line 9: subscribe_messages[0].args: no"),
        ("exchange_name", "feed.yaml: exchange_name: no"),
    ],
)
def test_an_error_of_the_server_gets_the_line_of_its_field(tmp_path: Path, field: str, said: str) -> None:
    declaration = declared(tmp_path, GOOD)
    assert str(declaration.located(Invalid(f"{field}: no", field=field))).endswith(said)
    assert str(declaration.located(Invalid("no", field=field))).endswith(said)


def test_all_errors_of_the_server(tmp_path: Path) -> None:
    errors = InvalidFields([Invalid("name: no", field="name"), Invalid("api_url: no", field="api_url")])
    lines = str(declared(tmp_path, GOOD).located(errors)).splitlines()
    assert [line.partition(", ")[2] for line in lines] == ["line 1: name: no", "line 2: api_url: no"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [1, 2", "line 1"),
        ("name: a\napi_url: b: c", "line 2"),
        ("name: a\nname: b", "line 2: name is given twice"),
        ("- a\n- b", "line 1: must hold fields"),
        ("", "line 1: must hold fields"),
        ("1: a", "line 1: must hold fields"),
        (b"name: \xff\xfe", "UTF-8"),
        ("name: !!python/object/apply:os.system ['true']", "line 1"),
    ],
)
def test_what_is_no_declaration(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        declared(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"nowhere\.yaml: No such file"):
        DeclarationFile(tmp_path / "nowhere.yaml")
