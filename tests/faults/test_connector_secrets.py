"""Credentials never come out again: not in an answer, a log line, an error, a table; and a wrong key is told."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from tests.support.connectors import Connectors, as_url, rows, serving
from tests.support.feeds.frames import Frame, Recording
from tests.support.feeds.server import FeedServer
from tests.support.feeds.synthetic import trade
from tests.support.feeds.thread import Feeds, playing
from tests.support.feeds.venues import Plain
from tests.support.process import Telemetra

MARK = "canary"
"""In every secret, so that a search for it finds any of them."""


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


OLD, NEW, OTHER = key(), key(), key()


@dataclass
class Stage:
    server: Telemetra
    connectors: Connectors
    feeds: Feeds
    conninfo: str


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    recording = Recording(frames=[Frame(number / 20, trade("TICUSDT", number, 1)) for number in range(600)])
    with playing(lambda: FeedServer(Plain(), recording)) as feeds:
        yield feeds


@pytest.fixture
def stage(tmp_path: Path, database_url: str, feeds: Feeds) -> Iterator[Stage]:
    with serving(tmp_path, database_url, ENCRYPTION_KEYS=OLD) as server:
        yield Stage(server, Connectors(server.url), feeds, database_url)


def secretive(feeds: Feeds, auth_type: str, credentials: dict[str, str], **fields: Any) -> dict[str, Any]:
    headers = {"X-Token": f"{MARK}-header-{auth_type}".replace(" ", "-")}
    query = {"token": f"{MARK}-query"}
    return {
        "name": auth_type,
        "api_url": feeds.http("/data"),
        "exchange_name": "venue",
        "auth_type": auth_type,
        "credentials": credentials,
        "headers": headers,
        "query_params": query,
        **fields,
    }


AUTHENTICATED = [
    ("API Key", {"api_key": f"{MARK}-key"}),
    ("Bearer Token", {"token": f"{MARK}-bearer"}),
    ("Basic Auth", {"username": f"{MARK}-user", "password": f"{MARK}-password"}),
    ("HMAC", {"api_key": f"{MARK}-key", "api_secret": f"{MARK}-secret", "passphrase": f"{MARK}-phrase"}),
]


def test_no_secret_comes_out(stage: Stage) -> None:
    """Everything that the server says is searched: answers of every path, good and bad, the log, the process list."""
    stage.feeds.command("answer", status=500, where="http", body=f'{{"error":"{MARK}-echo is wrong"}}')
    said: list[str] = []
    ids = []
    for auth_type, credentials in AUTHENTICATED:
        layout = {"auth_layout": "okx"} if auth_type == "HMAC" else {}
        answer = stage.connectors.http.post(
            "/api/connectors", json=secretive(stage.feeds, auth_type, credentials, polling_interval=100, **layout)
        )
        said.append(answer.text)
        assert answer.status_code == 200, answer.text
        ids.append(answer.json()["connector_id"])
        stage.connectors.start(ids[-1])
    stage.feeds.until(lambda: len(stage.feeds.record.of("http answered")) >= len(AUTHENTICATED))
    for connector_id in ids:
        stage.connectors.until(connector_id, lambda status: bool(status["last_error"]))
        said += everything_said_about(stage.connectors.http, connector_id)
    assert any(MARK in str(contact.headers) for contact in stage.feeds.record.contacts), "they were sent to the venue"
    told = "\n".join(said)
    assert "***" in told
    assert_unsaid(told.replace(f"{MARK}-echo", ""))
    assert_unsaid(stage.server.log().replace(f"{MARK}-echo", ""))
    process = psutil.Process(stage.server.pid)
    for each in (process, *process.children(recursive=True)):
        assert_unsaid(" ".join(each.cmdline()))
        assert_unsaid(" ".join(f"{name}={value}" for name, value in each.environ().items()))
    for table in ("api_connectors", "connector_status", "events", "gaps", "dead_letters", "websocket_batches"):
        text = "\n".join(str(row) for row in rows(stage.conninfo, f"SELECT row_to_json(t)::text FROM {table} AS t"))
        assert_unsaid(text.replace(f"{MARK}-echo", ""))


def everything_said_about(http: httpx.Client, connector_id: str) -> list[str]:
    path = f"/api/connectors/{connector_id}"
    answers = [
        http.get("/api/connectors"),
        http.get(path),
        http.get(f"{path}/status"),
        http.get(f"{path}/data"),
        http.get("/api/websocket/data"),
        http.get("/api/postgres/status"),
        http.get("/metrics"),
        http.get("/api/v1/dead-letters"),
        http.get("/health/detailed"),
        http.put(path, json={"name": "renamed"}),
        http.put(path, json={"credentials": {"api_key": f"{MARK}-new", "bad": 7}}),
        http.put(path, json={"headers": {"X-Token": [f"{MARK}-list"]}}),
        http.put(path, content=f'{{"credentials": {{"api_key": "{MARK}-broken'.encode()),
        http.post("/api/connectors", json={"name": "", "credentials": {"api_key": f"{MARK}-refused"}}),
        http.post("/api/connectors", json={"name": "x", "api_url": f"wss://{MARK}:{MARK}@127.0.0.1/"}),
        http.post(f"{path}/start"),
        http.get(path),
    ]
    return [answer.text for answer in answers]


def assert_unsaid(text: str) -> None:
    at = text.find(MARK)
    assert at < 0, text[max(0, at - 300) : at + 100]


def test_a_masked_value_sent_back_keeps_what_is_stored(stage: Stage) -> None:
    fields = secretive(stage.feeds, "Bearer Token", {"token": f"{MARK}-bearer"}, polling_interval=100)
    connector_id = stage.connectors.create(**fields)
    shown = stage.connectors.get(f"/api/connectors/{connector_id}")
    names = ("credentials", "headers", "query_params")
    answer = stage.connectors.http.put(f"/api/connectors/{connector_id}", json={name: shown[name] for name in names})
    assert answer.status_code == 200, answer.text
    stage.connectors.start(connector_id)
    stage.feeds.until(lambda: len(stage.feeds.record.of("http")) > 0)
    contact = stage.feeds.record.of("http")[0]
    assert contact.headers["authorization"] == f"Bearer {MARK}-bearer"
    assert contact.headers["x-token"] == f"{MARK}-header-Bearer-Token"
    assert f"token={MARK}-query" in contact.target


def test_keys_rotate_and_an_unknown_key_is_refused_at_the_start(
    tmp_path: Path, database_url: str, feeds: Feeds
) -> None:
    with serving(tmp_path, database_url, ENCRYPTION_KEYS=OLD) as server:
        Connectors(server.url).create(**secretive(feeds, "API Key", {"api_key": f"{MARK}-key"}))
    with serving(tmp_path, database_url, ENCRYPTION_KEYS=f"{NEW},{OLD}"):
        pass
    server = Telemetra(tmp_path, {"DATABASE_URL": as_url(database_url), "ENCRYPTION_KEYS": OTHER})
    before = len(server.log())
    with pytest.raises(AssertionError, match="did not start"):
        server.start()
    told = server.log()[before:]
    assert "ENCRYPTION_KEYS" in told
    assert OTHER not in told
    assert OLD not in told
    assert_unsaid(told)


def test_a_flipped_bit_is_told_and_hurts_nobody_else(stage: Stage) -> None:
    broken, whole = (
        stage.connectors.create(**secretive(stage.feeds, "API Key", {"api_key": f"{MARK}-{name}"}, name=name))
        for name in ("broken", "whole")
    )
    with psycopg.connect(stage.conninfo, autocommit=True) as connection:
        connection.execute(
            """UPDATE api_connectors SET credentials_encrypted =
            set_bit(credentials_encrypted, length(credentials_encrypted) * 8 - 5,
                1 - get_bit(credentials_encrypted, length(credentials_encrypted) * 8 - 5))
            WHERE connector_id = %s""",
            (broken,),
        )
    started = stage.connectors.http.post(f"/api/connectors/{broken}/start")
    if started.is_success:
        status = stage.connectors.until(broken, lambda status: status["status"] == "error")
        told = json.dumps(status)
    else:
        told = started.text
    assert "credentials" in told
    assert_unsaid(told)
    stage.connectors.start(whole)
    stage.feeds.until(lambda: len(stage.feeds.record.contacts) > 0)
    assert_unsaid(stage.server.log())
