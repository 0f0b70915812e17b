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
        arguments_of = _binder(question)
        named = (WORKSPACE, *key_params)
        unknown = set(named) - set(inspect.signature(question).parameters)
        if unknown:
            raise TypeError(f"{question.__qualname__} has no parameter {', '.join(sorted(unknown))}")
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
            arguments = arguments_of(args, kwargs)
            services: HasCache = args[0]  # type: ignore[assignment]
            key = keys.key(prefix, *[arguments[name] for name in named])
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


def _binder(question: Callable[..., Any]) -> Callable[[tuple[Any, ...], dict[str, Any]], dict[str, Any]]:
    """What `Signature.bind` with defaults gives, at a tenth of its time; a wrong call fails when it is made."""
    parameters = inspect.signature(question).parameters
    names = tuple(parameters)
    defaults = {name: parameter.default for name, parameter in parameters.items()}

    def bind(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        return {**defaults, **dict(zip(names, args, strict=False)), **kwargs}

    return bind


def _land(flights: dict[tuple[int, str], _Flight], place: tuple[int, str], task: asyncio.Task[bytes]) -> None:
    if place in flights and flights[place].task is task:
        del flights[place]
    if not task.cancelled():
        task.exception()  # seen: everybody who waited may have gone away
