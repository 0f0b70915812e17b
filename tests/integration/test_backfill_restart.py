"""Gaps that were not filled when a run ended are filled by the next one: what it takes, and where it stops."""

from __future__ import annotations

import json
from typing import Any

import pytest

from telemetra.sources.gap_records import MOST_ATTEMPTS
from telemetra.store import gaps
from telemetra.store.connector_status import get_status, remember_streams
from telemetra.store.database import Database
from telemetra.store.gaps import Gap
from tests.integration.test_connectors_rest import Api, Query
from tests.support.connector_bench import Bench, bench, stay, trade, until, venue
from tests.support.peer import Peer, peer, response

AT = 1_700_000_000_000_000
STREAM = "venue:BTC-USDT"


def moment(number: int) -> str:
    return trade(number, at=AT + number * 1_000_000)


async def with_a_hole(connection: Any, number: int) -> None:
    """Trades 1 to 3, and 8 to 10: on the first connection both, then only the next of them."""
    first = 1 if number == 0 else 8 + 3 * number
    numbers = [1, 2, 3, 8, 9, 10] if number == 0 else range(first, first + 3)
    for count in numbers:
        await connection.send(moment(count))
    await stay(connection)


async def until_killed(connection: Any, number: int) -> None:
    """1 to 3, then nothing more; who comes again is told 8 to 10."""
    for count in range(1, 4) if number == 0 else range(8, 11):
        await connection.send(moment(count))
    await stay(connection)


def history(number: int, query: Query) -> bytes:
    """From an id on, else the newest two."""
    first = int(query.get("from_id", "9"))
    return response(f"[{','.join(moment(count) for count in range(first, 11))}]".encode())


def broken(number: int, query: Query) -> bytes:
    return response(b"", status="500 Internal Server Error")


def by_id(there: Peer) -> dict[str, Any]:
    return {"api_url": f"http://127.0.0.1:{there.port}/history", "query_params": {"from_id": "{from_id}"}}


async def only(here: Bench, made: Any) -> Gap:
    """The gap of the missing numbers."""
    return next(gap for gap in await here.gaps(made) if gap.reason == "missing_numbers")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetra.sources.gap_filling.TRY_AGAIN_SECONDS", 0.01)


async def test_a_gap_whose_back_fill_failed_is_filled_after_a_restart(database: Database, quick: None) -> None:
    api = Api(broken)
    async with peer(api) as rest, venue(with_a_hole) as there:
        async with bench(database) as here:
            made = await here.start(api_url=there.url, backfill=by_id(rest))
            await here.with_events(6)

            async def failed() -> bool:
                return [(gap.backfill, gap.attempts) for gap in await here.gaps(made)] == [("failed", 1)]

            await until(failed)
            assert (await only(here, made)).missing == 4
        api._answer = history
        asked = len(api.queries)
        async with bench(database, owner="two") as again:

            async def filled() -> bool:
                return (await only(again, made)).filled_at is not None

            await until(filled)
            gap = await only(again, made)
            assert (gap.backfill, gap.attempts, gap.missing) == ("filled", 2, 4)
            assert api.queries[asked]["from_id"] == "4"
            numbers = {int(json.loads(event.data)["trade_id"]) for event in await again.events()}
            assert set(range(1, 11)) <= numbers


async def test_a_gap_is_not_tried_for_ever(database: Database, quick: None) -> None:
    api = Api(broken)
    async with peer(api) as rest, venue(with_a_hole) as there:
        for run in range(1, MOST_ATTEMPTS + 2):
            async with bench(database, owner=f"run {run}") as here:
                if run == 1:
                    made = await here.start(api_url=there.url, backfill=by_id(rest))
                    await here.with_events(6)
                expected = min(run, MOST_ATTEMPTS)

                await here.in_state(made, "running")
                await until(lambda: _tried(here, made, expected))  # noqa: B023 - awaited at once


async def _tried(here: Bench, made: Any, times: int) -> bool:
    gap = await only(here, made)
    return (gap.backfill, gap.attempts) == ("failed", times)


async def test_what_a_run_had_seen_last_tells_the_next_what_was_missed(database: Database) -> None:
    """It asks for the number after the last durable one."""
    api = Api(history)
    async with peer(api) as rest, venue(until_killed) as there:
        async with bench(database) as here:
            made = await here.start(api_url=there.url, backfill=by_id(rest))
            await here.with_events(3)

            async def reported() -> bool:
                status = await get_status(database, "default", made.connector_id)
                return bool(status and status.position and status.position.numbers == {STREAM: {"message": 3}})

            await until(reported)
        async with bench(database, owner="two") as again:

            async def filled() -> bool:
                return [gap.filled_at is not None for gap in await again.gaps(made)] == [True]

            await until(filled)
            assert [query.get("from_id") for query in api.queries] == ["4"]
            (gap,) = await again.gaps(made)
            assert (gap.reason, gap.backfill, gap.attempts) == ("stopped", "filled", 1)
            numbers = [int(json.loads(event.data)["trade_id"]) for event in await again.events()]
            assert set(numbers) == set(range(1, 11))
            assert numbers.index(4) < numbers.index(10)


async def test_the_newest_answers_fill_nothing_that_they_do_not_reach(database: Database) -> None:
    """Without a number to go on from, an API that gives its newest trades only may have left some out."""
    async with venue(until_killed) as there, bench(database, owner="two") as here:
        api = Api(lambda number, query: history(number, {}))
        async with peer(api) as rest:
            made = await here.start(api_url=there.url, backfill=by_id(rest), mapping={"paths": _without_numbers()})
            await here.with_events(3)
            await here.stop(made)
            await here.given_back(made)
            await here.start_again(made)

            async def incomplete() -> bool:
                return [gap.backfill for gap in await here.gaps(made)] == ["incomplete"]

            await until(incomplete)


def _without_numbers() -> dict[str, str]:
    return {"instrument": "s", "price": "p", "size": "v", "trade_id": "i", "timestamp": "t"}


@pytest.mark.parametrize(
    ("changed", "taken"),
    [({}, True), ({"backfill": "late"}, False), ({"attempts": MOST_ATTEMPTS}, False), ({"revision": 1}, False)],
)
async def test_which_gaps_are_taken_up(database: Database, changed: dict[str, Any], taken: bool) -> None:
    api = Api(history)

    async def silent(connection: Any, number: int) -> None:
        await stay(connection)

    async with peer(api) as rest, venue(silent) as there:
        nobody = Bench(database)
        made = await nobody.start(api_url=there.url, backfill=by_id(rest))
        await database.execute("UPDATE api_connectors SET asks_since = 2, revision = 2")
        await remember_streams(database, "default", made.connector_id, {STREAM: "BTC-USDT"}, 2)
        fields = {"backfill": "waiting", "attempts": 1, "revision": 2} | changed
        await gaps.open_gap(
            database,
            workspace_id="default",
            connector_id=made.connector_id,
            stream_id=STREAM,
            start=AT + 3_000_000,
            end=AT + 8_000_000,
            reason="missing_numbers",
            missing=4,
            backfill=fields["backfill"],
            attempts=fields["attempts"],
            details={"revision": fields["revision"], "ranges": [[STREAM, "message", 4, 7]]},
        )
        async with bench(database, owner="two") as here:
            await here.in_state(made, "running")
            if taken:
                await until(lambda: _filled(here, made))
            else:
                assert api.queries == []


async def _filled(here: Bench, made: Any) -> bool:
    return [gap.filled_at is not None for gap in await here.gaps(made)] == [True]
