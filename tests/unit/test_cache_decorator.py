"""`@cached`: keys, sharing, and what an invalidation does to a computation under way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from telemetra.cache.decorator import cached
from telemetra.cache.memory import MemoryCache
from telemetra.errors import NotFound


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Services:
    """What the questions below work with. Each question waits for `gate`."""

    hears: bool = True
    clock: Seconds = field(default_factory=Seconds)
    asked: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.cache = MemoryCache(100, hears_invalidations=lambda: self.hears, monotonic=self.clock)
        self.gate.set()


@cached("metrics", lambda _: 20.0, ("stream_id", "limit"))
async def question(services: Services, workspace_id: str, stream_id: str, *, limit: int = 100) -> bytes:
    services.asked.append(f"{workspace_id}/{stream_id}/{limit}")
    number = len(services.asked)
    await services.gate.wait()
    if stream_id == "unknown":
        raise NotFound("no such stream")
    return b"null" if stream_id == "nothing" else str(number).encode()


@cached("streams:list", lambda _: 20.0, (), drifts=True)
async def drifting(services: Services, workspace_id: str) -> bytes:
    services.asked.append(workspace_id)
    return b"[]"


async def test_defaults_positions_and_keywords_give_the_same_key() -> None:
    services = Services()
    first = await question(services, "w", "s")
    assert await question(services, "w", "s", limit=100) == first
    assert await question(services, workspace_id="w", stream_id="s") == first
    assert services.asked == ["w/s/100"]


async def test_workspace_and_parameters_are_part_of_the_key() -> None:
    services = Services()
    answers = {
        await question(services, "w", "s"),
        await question(services, "v", "s"),
        await question(services, "w", "t"),
        await question(services, "w", "s", limit=5),
    }
    assert answers == {b"1", b"2", b"3", b"4"}


async def test_an_unknown_key_parameter_is_refused_when_the_question_is_declared() -> None:
    with pytest.raises(TypeError, match="absent"):

        @cached("x", lambda _: 1.0, ("absent",))
        async def wrong(services: Services, workspace_id: str) -> bytes:
            return b""


async def test_null_is_an_answer() -> None:
    services = Services()
    assert await question(services, "w", "nothing") == b"null"
    assert await question(services, "w", "nothing") == b"null"
    assert len(services.asked) == 1


async def test_all_who_ask_at_the_same_time_share_one_computation() -> None:
    services = Services()
    services.gate.clear()
    asking = [asyncio.create_task(question(services, "w", "s")) for _ in range(20)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking[0].cancel()
    services.gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [b"1"] * 19
    assert services.asked == ["w/s/100"]


async def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    services = Services()
    services.gate.clear()
    asking = [asyncio.create_task(question(services, "w", "unknown")) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    services.gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(answer) for answer in answers] == [NotFound] * 3
    with pytest.raises(NotFound):
        await question(services, "w", "unknown")
    assert len(services.asked) == 2


async def test_who_asks_after_an_invalidation_gets_no_answer_that_was_begun_before_it() -> None:
    services = Services()
    services.gate.clear()
    early = asyncio.create_task(question(services, "w", "s"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await services.cache.invalidate("metrics:w:s:*")
    late = asyncio.create_task(question(services, "w", "s"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    services.gate.set()
    assert (await early, await late) == (b"1", b"2")
    assert await question(services, "w", "s") == b"2"


@pytest.mark.parametrize(("hears", "kept_seconds"), [(True, 2.0), (False, 20.0)])
async def test_what_changes_with_the_clock_is_kept_for_two_seconds_where_changes_are_heard(
    hears: bool, kept_seconds: float
) -> None:
    services = Services(hears=hears)
    await drifting(services, "w")
    services.clock.now = kept_seconds - 0.1
    await drifting(services, "w")
    assert len(services.asked) == 1
    services.clock.now = kept_seconds
    await drifting(services, "w")
    assert len(services.asked) == 2
