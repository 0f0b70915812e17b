"""`@cached`: a question's encoded answer is computed once, kept, and shared by all who ask at the same moment."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, ParamSpec, Protocol

from telemetra.cache import keys
from telemetra.cache.base import Cache, Lease

P = ParamSpec("P")
WORKSPACE = "workspace_id"
DRIFT_SECONDS = 2.0
REMEMBERED_KEYS = 4096


class HasCache(Protocol):
    """What the first argument of a cached question must offer: the services of the process."""

    @property
    def cache(self) -> Cache: ...


class _Flight(NamedTuple):
    task: asyncio.Task[bytes]
    lease: Lease


def cached(
    prefix: str, ttl: Callable[[Any], float], key_params: Sequence[str], *, drifts: bool = False
) -> Callable[[Callable[P, Awaitable[bytes]]], Callable[P, Awaitable[bytes]]]:
    """Cache an `async def question(services, ...) -> bytes` whose answer is encoded JSON (`null` is an answer too).

    The key is `prefix:{workspace_id}:{key_params…}`; arguments are bound by the signature, so a default, a position
    and a keyword give the same key. `ttl(services)` gives seconds. `drifts`: the answer changes with the clock alone,
    so a process that is told of changes, and promises to show them, keeps it for 2 s at most.

    All who ask for a key at the same time share one computation, in which a caller that goes away stops nobody else;
    after an invalidation a new one begins. An error is raised to all who waited for it and is not cached.
    """

    def decorate(question: Callable[P, Awaitable[bytes]]) -> Callable[P, Awaitable[bytes]]:
        key_of = _key_maker(prefix, question, key_params)
        flights: dict[tuple[int, str], _Flight] = {}

        async def compute(lease: Lease, services: HasCache, answer: Awaitable[bytes]) -> bytes:
            try:
                value = await answer
            except BaseException:
                services.cache.release(lease)
                raise
            seconds = ttl(services)
            await services.cache.set(
                lease, value, min(seconds, DRIFT_SECONDS) if drifts and lease.informed else seconds
            )
            return value

        @functools.wraps(question)
        async def ask(*args: P.args, **kwargs: P.kwargs) -> bytes:
            services: HasCache = args[0]  # type: ignore[assignment]
            key = key_of(*args[1:], **kwargs)
            value = await services.cache.get(key)
            if value is not None:
                return value
            place = (id(services.cache), key)
            flight = flights.get(place)
            if flight is None or not flight.lease.valid:
                lease = services.cache.lease(key)
                flight = _Flight(asyncio.create_task(compute(lease, services, question(*args, **kwargs))), lease)
                flights[place] = flight
                flight.task.add_done_callback(functools.partial(_land, flights, place))
            return await asyncio.shield(flight.task)

        return ask

    return decorate


def _key_maker(prefix: str, question: Callable[..., Any], key_params: Sequence[str]) -> Callable[..., str]:
    """A function from the arguments after the services to the key; remembered, as binding costs more than a hit."""
    signature = inspect.signature(question)
    named = (WORKSPACE, *key_params)
    unknown = set(named) - set(signature.parameters)
    if unknown:
        raise TypeError(f"{question.__qualname__} has no parameter {', '.join(sorted(unknown))}")

    @functools.lru_cache(maxsize=REMEMBERED_KEYS, typed=True)
    def key_of(*args: Any, **kwargs: Any) -> str:
        bound = signature.bind(None, *args, **kwargs)
        bound.apply_defaults()
        return keys.key(prefix, *[bound.arguments[name] for name in named])

    return key_of


def _land(flights: dict[tuple[int, str], _Flight], place: tuple[int, str], task: asyncio.Task[bytes]) -> None:
    if place in flights and flights[place].task is task:
        del flights[place]
    if not task.cancelled():
        task.exception()  # seen: everybody who waited may have gone away
