"""kill -9 at random instants, while a sender is sending: nothing is lost and nothing is counted twice."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from telemetra.store.embedded import EmbeddedPostgres
from tests.support import loopback
from tests.support.process import Telemetra
from tests.support.sender import Batch, Sender, feed

KILLS = 20
TAKEOVERS = 6
PIPELINE_KILLS = 6


@pytest.fixture
def directory() -> Iterator[Path]:
    """A short path: PostgreSQL's socket lives below it."""
    with tempfile.TemporaryDirectory(prefix="tlm-kill-") as path:
        yield Path(path)


class Dump:
    """The tables of a database, as far as two runs of the same feed must agree."""

    def __init__(self, conninfo: str) -> None:
        with psycopg.connect(conninfo, row_factory=dict_row) as connection:
            self.minutes = self._rows(connection, "chat_summary_minute", {"processed_at"})
            self.moments = self._rows(connection, "moments", {"emitted_at", "emitted_offset"})
            self.viewers = self._rows(connection, "viewer_timeseries", set())
            self.transactions = self._rows(connection, "transactions", {"log_offset"})
            self.archive = Counter(
                (row["stream_id"], row["event_id"], row["disposition"])
                for row in connection.execute("SELECT * FROM events")
            )
            sums = ", ".join(f"sum({name})::bigint AS {name}" for name in ("received", "counted", "duplicate", "late"))
            rejected = "sum(rejected)::bigint AS rejected, sum(dead)::bigint AS dead"
            self.ledger = connection.execute(f"SELECT {sums}, {rejected} FROM ledger_minute").fetchone() or {}
            head = connection.execute("SELECT next FROM log_head").fetchone()
            assert head is not None
            self.log_items = head["next"]

    @staticmethod
    def _rows(connection: psycopg.Connection[Any], table: str, without: set[str]) -> list[dict[str, Any]]:
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        return sorted(({k: v for k, v in row.items() if k not in without} for row in rows), key=repr)


def until_applied(url: str, timeout_seconds: float = 60.0) -> None:
    """Wait until the last minute is written: the streams have been silent for ten seconds then."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        newest = [
            loopback.get(f"{url}/api/v1/streams/stream-{number}/metrics", params={"limit": 1}).json()
            for number in range(3)
        ]
        if all(rows and rows[0]["timestamp"] == LAST_MINUTE for rows in newest):
            return
        time.sleep(0.5)
    raise AssertionError("the last minute was never written")


def has_open_moment(url: str) -> bool:
    """Whether the newest moment of a stream has no end yet (a stream of which nothing is known has none)."""
    for number in range(3):
        answer = loopback.get(f"{url}/api/v1/streams/stream-{number}/moments", params={"limit": 1})
        if answer.status_code == 200 and any(moment["ended_at"] is None for moment in answer.json()):
            return True
    return False


def until_a_moment_is_open(url: str, sender: Sender, timeout_seconds: float = 20.0) -> bool:
    """Let the sender send until a moment is open; False if there is none in time, or nothing left to send."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        sender.allow(BURST_EVERY)
        if has_open_moment(url):
            return True
        if not sender.busy:
            return False
        time.sleep(0.02)
    return False


def agree(killed: Dump, whole: Dump, batches: list[Batch]) -> None:
    assert killed.minutes == whole.minutes
    assert killed.moments == whole.moments
    assert killed.viewers == whole.viewers
    assert killed.transactions == whole.transactions
    sent = Counter(
        (event["stream_id"], event["event_id"], "counted")
        for batch in batches
        for event in batch
        if event["data"].get("user_id") != 7
    )
    assert killed.archive == whole.archive == sent
    for dump in (killed, whole):
        ledger = dump.ledger
        assert ledger["received"] == dump.log_items
        parts = ("counted", "duplicate", "late", "rejected", "dead")
        assert ledger["received"] == sum(ledger[part] for part in parts)
        assert ledger["counted"] == sum(sent.values())
        assert ledger["late"] == ledger["dead"] == 0


BATCHES = 600
BURST_EVERY = 60
BATCHES_A_KILL = 15
"""With those of two more kills still fewer than from one burst to the next."""
LAST_MINUTE = "2023-11-14T23:54:00Z"


def uninterrupted(directory: Path, batches: list[Batch]) -> Dump:
    server = Telemetra(directory)
    server.start()
    try:
        sender = Sender(batches, lambda: server.url, seed=1, pause_seconds=0.0)
        sender.start()
        sender.join(120)
        until_applied(server.url)
    finally:
        server.stop()
    return read_embedded(directory)


def read_embedded(directory: Path) -> Dump:
    postgres = EmbeddedPostgres(directory / "data")
    conninfo = postgres.start()
    try:
        return Dump(conninfo)
    finally:
        postgres.stop()


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    return feed(BATCHES)


@pytest.fixture(scope="module")
def whole(batches: list[Batch]) -> Dump:
    with tempfile.TemporaryDirectory(prefix="tlm-whole-") as path:
        return uninterrupted(Path(path), batches)


@pytest.mark.timeout(600)
def test_twenty_kills_change_no_row(directory: Path, batches: list[Batch], whole: Dump) -> None:
    assert len(whole.minutes) > 250
    assert len(whole.moments) > 5

    server = Telemetra(directory / "killed")
    server.start()
    sender = Sender(batches, lambda: server.url, seed=2, pause_seconds=0.04)
    sender.start()
    chance = random.Random(3)
    with_work_in_flight = with_an_open_moment = 0
    try:
        for number in range(KILLS):
            if number % 4:  # the others hit a pipeline that still starts
                until_role(server.url, "leader")
            if number % 3 == 0:
                with_an_open_moment += until_a_moment_is_open(server.url, sender)
                sender.allow(BATCHES_A_KILL)
                time.sleep(chance.uniform(0.0, 0.1))
            else:
                sender.allow(BATCHES_A_KILL)
                time.sleep(chance.uniform(0.2, 1.0))
            with_work_in_flight += sender.busy
            server.kill(postgres=number % 2 == 1)
            server.start()
        sender.join(120)
        until_applied(server.url)
    finally:
        server.stop()
    assert with_work_in_flight > KILLS // 2
    assert with_an_open_moment > KILLS // 5
    assert sender.repeated > 5
    agree(read_embedded(directory / "killed"), whole, batches)


@pytest.mark.timeout(600)
def test_a_second_process_takes_over(directory: Path, database_url: str, batches: list[Batch], whole: Dump) -> None:
    environment = {"DATABASE_URL": as_url(database_url)}
    servers = [Telemetra(directory / name, environment) for name in ("first", "second")]
    for server in servers:
        server.start()
    alive = [0, 1]
    sender = Sender(batches, lambda: servers[alive[0]].url, seed=2, pause_seconds=0.05)
    sender.start()
    takeover_seconds: list[float] = []
    with_work_in_flight = 0
    try:
        for _ in range(TAKEOVERS):
            leader = next(
                number for number in (0, 1) if until_role(servers[number].url, "leader", "standby") == "leader"
            )
            until_role(servers[1 - leader].url, "standby")
            sender.allow(BATCHES // (TAKEOVERS + 1))
            time.sleep(0.5)
            alive[:] = [1 - leader]
            with_work_in_flight += sender.busy
            servers[leader].kill()
            killed_at = time.monotonic()
            while role(servers[1 - leader].url) != "leader":
                assert time.monotonic() - killed_at < 10
                time.sleep(0.05)
            takeover_seconds.append(time.monotonic() - killed_at)
            servers[leader].start()
        sender.join(120)
        until_applied(servers[alive[0]].url)
    finally:
        for server in servers:
            server.stop()
    assert with_work_in_flight == TAKEOVERS
    assert max(takeover_seconds) < 5
    agree(Dump(database_url), whole, batches)


@pytest.mark.timeout(600)
def test_kills_of_the_pipeline_alone_change_no_row(directory: Path, batches: list[Batch], whole: Dump) -> None:
    server = Telemetra(directory / "killed")
    server.start()
    sender = Sender(batches, lambda: server.url, seed=2, pause_seconds=0.03)
    sender.start()
    chance = random.Random(4)
    killed = None
    try:
        for _ in range(PIPELINE_KILLS):
            sender.allow(BATCHES // (PIPELINE_KILLS + 1))
            pipeline = server.pipeline(after=killed)
            until_role(server.url, "leader")
            time.sleep(chance.uniform(0.0, 0.8))
            pipeline.kill()
            killed = pipeline
        sender.join(120)
        until_applied(server.url)
    finally:
        server.stop()
    agree(read_embedded(directory / "killed"), whole, batches)


def until_role(url: str, *roles: str) -> str:
    deadline = time.monotonic() + 60
    while (found := role(url)) not in roles:
        assert time.monotonic() < deadline, f"{url} is {found or 'starting'}"
        time.sleep(0.05)
    return found


def role(url: str) -> str:
    answer: dict[str, str] = loopback.get(f"{url}/ready").json()
    return answer.get("role", "")


def as_url(conninfo: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    host = str(parts["host"]).replace("/", "%2F")
    return f"postgresql://{parts['user']}@{host}:{parts['port']}/{parts['dbname']}"
