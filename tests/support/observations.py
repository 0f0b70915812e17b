"""Hops made by hand for the detectors, and hops of captured chats, read by plain code of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from telemetra.engine.plan import KindPlan
from telemetra.kinds import broadcast
from telemetra.kinds.base import Entries
from telemetra.model.moment import Moment
from telemetra.model.stream import StreamInfo
from telemetra.model.window import HOP, Observation
from telemetra.moments.settings import MomentSettings
from telemetra.moments.stream import MomentDetectors

ORIGIN = 1_700_000_000_000_000
KIND = broadcast.build("USD")
PLAN = KindPlan(KIND)
AUTHORS = tuple(f"user-{number}" for number in range(40))
INFO = StreamInfo("broadcast", "a channel", started_at=ORIGIN)


def detectors(settings: MomentSettings | None = None) -> MomentDetectors:
    return MomentDetectors(KIND, "default", "a-channel", settings or MomentSettings())


def hop(
    number: int,
    chat: int = 0,
    viewers: int | None = None,
    messages: Sequence[str] = (),
    origin: int = ORIGIN,
    *,
    authors: Sequence[str] = AUTHORS,
    raid: tuple[str, int] | None = None,
    leaves: bool = False,
    revenue: str = "0",
) -> Observation:
    """Hop `number` of a stream that began at `origin`, as the engine would make it of these `messages`, which `authors`
    write in turn (another one begins each hop). `chat`: so many messages of which nothing else is known, if there are
    none given. `leaves`: a raid takes the viewers elsewhere."""
    start = origin + number * HOP
    filled = PLAN.new_hop()

    def put(lane: str, *data: Any) -> None:
        filled.put(lane, Entries([start] * len(data), list(data)))

    said = (
        broadcast.ChatMessage(user_id=authors[(7 * number + at) % len(authors)], message=message)
        for at, message in enumerate(messages)
    )
    put("chat.message", *said)
    if viewers is not None:
        put("viewer.count", broadcast.ViewerCount(viewer_count=viewers))
    if raid is not None:
        told = broadcast.Raid(origin=raid[0], viewer_count=raid[1])
        put("stream.meta", broadcast.StreamMeta("raid_incoming", raid=told))
    if leaves:
        put("stream.meta", broadcast.StreamMeta("raid_outgoing"))
    if revenue != "0":
        put("transaction", broadcast.Transaction(str(number), msgspec.Raw(revenue.encode()), "donation"))
    observation = PLAN.observation(start + HOP, filled)
    if not messages:
        observation.values["chat"] = chat
    return observation


def run(hops: Iterable[Observation], watch: MomentDetectors | None = None) -> list[Moment]:
    """Every version of every moment, as emitted."""
    watch = watch or detectors()
    return [moment for observation in hops for moment in watch.observe(observation, INFO)]


def latest(moments: Iterable[Moment]) -> list[Moment]:
    """The last version of each moment, in order of onset."""
    return sorted({moment.moment_id: moment for moment in moments}.values(), key=lambda moment: moment.timestamp)


def lirik_hops(path: Path) -> list[Observation]:
    timed = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        time, _, _, text = line.split(",", 3)
        timed.append((datetime.fromisoformat(time + "+00:00").timestamp(), text))
    return _hops(timed)


def vod_hops(path: Path) -> list[Observation]:
    document = json.loads(path.read_text(encoding="utf-8"))
    comments = document if isinstance(document, list) else document["comments"]
    return _hops([(comment["content_offset_seconds"], comment["message"]["body"]) for comment in comments])


def _hops(timed: Sequence[tuple[float, str]]) -> list[Observation]:
    """The hops from the first message to the last one; hop 0 begins with the first message's hop."""
    by_hop: dict[int, list[str]] = {}
    for seconds, text in timed:
        by_hop.setdefault(int(seconds // 10), []).append(text)
    first = min(by_hop)
    return [hop(number - first, messages=by_hop.get(number, [])) for number in range(first, max(by_hop) + 1)]


def window_counts(hops: Sequence[Observation]) -> list[int]:
    """Messages in the 60 s that end with each hop."""
    counts = [int(observation.values["chat"] or 0) for observation in hops]
    return [sum(counts[max(0, at - 5) : at + 1]) for at in range(len(counts))]
