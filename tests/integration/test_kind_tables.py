"""A kind is one file: its table is made from the declaration, or the difference is named before anything runs."""

from __future__ import annotations

import dataclasses

import psycopg
import pytest

from telemetra.engine.measures import Count
from telemetra.errors import Fatal
from telemetra.kinds import broadcast
from telemetra.kinds.base import EVENT_COUNT, Kind
from telemetra.store.kind_tables import ensure_kind_tables


def orders() -> Kind:
    count = Count("events", ["order"], EVENT_COUNT)
    return dataclasses.replace(
        broadcast.build("USD"), name="orders", table="orders_summary_minute", types={}, measures=(count,), series=()
    )


def test_a_missing_table_is_made_once_with_the_columns_of_the_kind(database_url: str) -> None:
    assert ensure_kind_tables(database_url, [broadcast.build("USD"), orders()]) == ["orders_summary_minute"]
    assert ensure_kind_tables(database_url, [broadcast.build("USD"), orders()]) == []
    columns = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    with psycopg.connect(database_url) as connection:
        made = dict(connection.execute(columns, ["orders_summary_minute"]).fetchall())
        built_in = dict(connection.execute(columns, ["chat_summary_minute"]).fetchall())
    assert made[EVENT_COUNT] == "bigint"
    own = {column.name for column in broadcast.build("USD").columns}
    assert made.keys() - {EVENT_COUNT} == built_in.keys() - own


def test_a_table_of_an_earlier_version_gets_what_all_have_now(database_url: str) -> None:
    ensure_kind_tables(database_url, [orders()])
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'orders_summary_minute'"
    with psycopg.connect(database_url) as connection:
        made = connection.execute(columns).fetchall()
        connection.execute(
            "ALTER TABLE orders_summary_minute"
            " DROP COLUMN baseline_level, DROP COLUMN baseline_low, DROP COLUMN baseline_high"
        )
    ensure_kind_tables(database_url, [orders()])
    with psycopg.connect(database_url) as connection:
        assert sorted(connection.execute(columns).fetchall()) == sorted(made)


def test_a_table_without_a_column_of_its_kind_is_named(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE chat_summary_minute DROP COLUMN revenue")
    with pytest.raises(Fatal, match="kind broadcast: its table chat_summary_minute has no column revenue"):
        ensure_kind_tables(database_url, [broadcast.build("USD")])
