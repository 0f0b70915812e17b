"""The pool against a real server: session settings, the judgement of errors, servers that are not there."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from telemetra.errors import Fatal, Fenced, Overloaded, Unavailable
from telemetra.store.database import SEND_BUFFER_BYTES, Database, Failure, classify, instant, micros
from tests.support.rows import NOW, add_event

WRITE_BUFFER_ALLOWED = int(Path("/proc/sys/net/core/wmem_max").read_text(encoding="ascii"))


async def test_sessions_speak_utc_and_say_who_they_are(database: Database) -> None:
    row = await database.fetch_one(
        "SELECT current_setting('timezone') AS zone, current_setting('application_name') AS name,"
        " current_setting('statement_timeout') AS patience"
    )
    assert row == {"zone": "UTC", "name": "test", "patience": "30s"}


async def test_the_kernel_takes_a_large_copy_at_once(database: Database) -> None:
    async with database.connection() as connection:
        with socket.socket(fileno=os.dup(connection.fileno())) as own:
            assert own.family == socket.AF_UNIX
            held = own.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    assert held >= min(SEND_BUFFER_BYTES, WRITE_BUFFER_ALLOWED)


async def test_options_of_the_address_are_kept_but_for_the_time_zone(database_url: str) -> None:
    options = "-c statement_timeout=7s -c timezone=Asia/Tokyo"
    pool = Database(make_conninfo(database_url, options=options), min_size=1, max_size=1)
    await pool.open()
    row = await pool.fetch_one(
        "SELECT current_setting('timezone') AS zone, current_setting('statement_timeout') AS patience"
    )
    await pool.close()
    assert row == {"zone": "UTC", "patience": "7s"}


@pytest.mark.parametrize("time", [0, 1, 1_445_081_400_000_001, 4_102_444_799_999_999])
async def test_times_are_exact_to_the_microsecond(database: Database, time: int) -> None:
    row = await database.fetch_one("SELECT %s AS time, extract(epoch FROM %s) * 1000000 AS exact", [instant(time)] * 2)
    assert row is not None
    assert micros(row["time"]) == time == row["exact"]


@pytest.mark.parametrize(
    ("statement", "parameters", "verdict"),
    [
        ("SELECT 1 / 0", (), Failure.DATA),
        ("SELECT %s::jsonb", ('"\\u0000"',), Failure.DATA),
        ("SELECT %s::text", ("a\x00b",), Failure.DATA),
        ("SELECT %s::text", ("\ud800",), Failure.DATA),
        ("SELECT %s::bigint", ("9" * 30,), Failure.DATA),
        ("SELECT repeat('x', 2000000000)", (), Failure.DATA),
        ("INSERT INTO log_head (partition) VALUES (0)", (), Failure.DATA),
        ("INSERT INTO log_records VALUES (0, 1, -1, now(), '')", (), Failure.DATA),
        ("SELECT no_such_column", (), Failure.FATAL),
        ("SELECT * FROM no_such_table", (), Failure.FATAL),
    ],
)
async def test_errors_of_a_statement_are_judged(
    database: Database, statement: str, parameters: tuple[str, ...], verdict: Failure
) -> None:
    with pytest.raises((psycopg.Error, UnicodeError)) as raised:
        await database.execute(statement, parameters)  # type: ignore[arg-type]
    assert classify(raised.value) is verdict
    assert await database.fetch_one("SELECT 1 AS one") == {"one": 1}


async def test_a_row_whose_partition_is_missing_is_not_bad_data(database: Database) -> None:
    with pytest.raises(Unavailable):
        await add_event(database, 0, NOW, received_at=0)


def test_the_programs_own_errors_are_judged_too() -> None:
    assert classify(Fenced("")) is Failure.FENCED
    assert classify(Overloaded("")) is Failure.RETRY
    assert classify(Fatal("")) is Failure.FATAL
    assert classify(KeyError("")) is Failure.FATAL


async def test_a_statement_that_takes_too_long_can_be_tried_again(database: Database) -> None:
    with pytest.raises(Unavailable, match="57014"):
        async with database.connection() as connection:
            await connection.execute("SET statement_timeout = '20ms'")
            await connection.execute("SELECT pg_sleep(5)")


async def test_a_transaction_is_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as connection:
            await connection.execute("UPDATE log_head SET next = 7")
            raise RuntimeError
    assert await database.fetch_one("SELECT next FROM log_head") == {"next": 0}


async def test_connections_that_died_while_idle_are_not_lent(database: Database) -> None:
    async with database.connection() as one, database.connection() as other:
        pids = [one.info.backend_pid, other.info.backend_pid]
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as admin:
        await admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::integer[]) AS pid", [pids])
    rows = await asyncio.gather(*(database.fetch_one("SELECT 1 AS one") for _ in range(5)))
    assert rows == [{"one": 1}] * 5


async def test_a_connection_lost_in_the_middle_is_unavailable(database: Database) -> None:
    with pytest.raises(Unavailable):
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await database.fetch_one("SELECT 1 AS one") == {"one": 1}


async def test_more_callers_than_connections_wait_for_their_turn(database: Database) -> None:
    rows = await asyncio.gather(*(database.fetch_one("SELECT pg_sleep(0.001), 1 AS one") for _ in range(50)))
    assert {row["one"] for row in rows if row} == {1}


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    pool = Database("postgresql://telemetra@127.0.0.1:1/telemetra")
    with pytest.raises(Unavailable, match="cannot be reached"):
        await pool.open()


async def test_a_server_that_refuses_us_is_fatal(database_url: str) -> None:
    pool = Database(make_conninfo(database_url, dbname="no_such_database"))
    with pytest.raises(Fatal, match="no_such_database"):
        await pool.open()


def test_an_address_that_is_none_is_fatal_and_not_repeated() -> None:
    with pytest.raises(Fatal) as raised:
        Database("postgresql://user:secret@host:not-a-port:5/x y=z")
    assert "secret" not in str(raised.value)
