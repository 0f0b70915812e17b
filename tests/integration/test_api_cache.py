"""Answers from the cache: fresh after an invalidation, and one question to the database however many ask."""

from __future__ import annotations

import asyncio

from telemetra.cache import keys
from telemetra.store.database import Database
from tests.support.api import client_of, create_app, make_services
from tests.support.rows import NOW, add_minute, add_moment, add_stream


async def test_an_answer_is_kept_until_its_stream_changes(database: Database) -> None:
    services = make_services(database, clock=lambda: NOW)
    await add_stream(database, "a:b")
    async with client_of(create_app(services)) as client:

        async def sizes() -> list[int]:
            paths = ("/api/v1/streams/a:b/metrics", "/api/v1/streams/a:b/moments", "/api/v1/streams")
            return [len((await client.get(path)).json()) for path in paths]

        assert await sizes() == [0, 0, 1]
        await add_minute(database, NOW, "a:b")
        await add_moment(database, NOW, "a:b")
        await add_stream(database, "other")
        assert await sizes() == [0, 0, 1], "nobody said that anything changed"
        for pattern in keys.patterns_of_stream("default", "a:b"):
            await services.cache.invalidate(pattern)
        assert await sizes() == [1, 1, 1]
        await services.cache.invalidate(keys.pattern_of_lists("default"))
        assert await sizes() == [1, 1, 2]


async def test_many_who_ask_at_once_cost_one_question(database: Database) -> None:
    services = make_services(database, clock=lambda: NOW)
    await add_stream(database)
    async with client_of(create_app(services)) as client:
        answers = await asyncio.gather(*[client.get("/api/v1/streams/s/metrics") for _ in range(50)])
        assert {answer.status_code for answer in answers} == {200}
        tier = services.cache.statistics()[0]
        assert (tier.stores, tier.misses) == (1, 50)


async def test_a_404_is_not_kept(database: Database) -> None:
    async with client_of(create_app(make_services(database, clock=lambda: NOW))) as client:
        assert (await client.get("/api/v1/streams/s/metrics")).status_code == 404
        await add_stream(database)
        assert (await client.get("/api/v1/streams/s/metrics")).status_code == 200
