"""`telemetra backtest` as the installed program, on the archive of a stream."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict

from telemetra.model.times import rfc3339
from telemetra.model.window import MINUTE
from telemetra.store.database import Database
from tests.integration.test_cli_commands import telemetra
from tests.support.chat import cheering_chat
from tests.support.engine import START
from tests.support.pipeline import DrivenPipeline

SPAN = ("--from", rfc3339(START), "--to", rfc3339(START + 40 * MINUTE))


@pytest.fixture
async def address(database: Database, database_url: str) -> str:
    """The URL of a database with forty minutes of one stream and two moments."""
    driven = DrivenPipeline(database)
    await driven.feed(cheering_chat("lirik", 40))
    await driven.catch_up()
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(database_url).items()}
    return "postgresql://{user}@/{dbname}?host={host}&port={port}".format(**parts)


async def test_the_table_shows_both_sides(tmp_path: Path, address: str) -> None:
    (tmp_path / "deaf.json").write_text('{"open_score": 0.999}')
    done = telemetra(tmp_path, address, "backtest", "--stream", "lirik", *SPAN, "--settings", "deaf.json")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == (
        "lirik, 2023-11-14T22:14:00Z to 2023-11-14T22:54:00Z: 1,600 events, 0.667 hours observed, all of its history"
    )
    assert lines[1] == "settings: open_score 0.999"
    assert [line.split()[:2] for line in lines[4:6]] == [["stored", "2"], ["replayed", "0"]]
    assert [line.split()[0] for line in lines[8:]] == ["gone", "gone"]
    assert "Chat rose to" in lines[8]
    assert "of 1,600 events" in done.stderr
    own = telemetra(tmp_path, address, "backtest", "--stream", "lirik", *SPAN).stdout.splitlines()
    assert own[1] == "settings: the default ones"
    assert [line.split()[0] for line in own[8:]] == ["both", "both"]


async def test_json_is_the_report_of_the_api(tmp_path: Path, address: str) -> None:
    done = telemetra(tmp_path, address, "backtest", "--stream", "lirik", *SPAN, "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["whole_history"] is True
    assert report["replayed"]["moments"] == report["stored"]["moments"]
    assert len(report["stored"]["moments"]) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "deaf.json: No such file or directory"),
        ("[]", "deaf.json holds no JSON object of settings"),
        ("{", "deaf.json holds no JSON object of settings"),
        ('{"open_scor": 1}', "'open_scor' is no setting"),
    ],
)
async def test_settings_that_cannot_be_used_are_named(
    tmp_path: Path, address: str, content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "deaf.json").write_text(content)
    done = telemetra(tmp_path, address, "backtest", "--stream", "lirik", *SPAN, "--settings", "deaf.json")
    assert done.returncode == 2
    assert words in done.stderr.splitlines()[-1]
