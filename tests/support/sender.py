"""A sender that never gives up: it repeats what got no 202, and now and then something that did."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

Batch = list[dict[str, Any]]

TRICKLE_SECONDS = 2.0
"""So often a batch is sent when no more are allowed."""


class Sender:
    """Sends batches in order on a thread of its own, as many as it is allowed. `where` names the server to try next."""

    def __init__(self, batches: Sequence[Batch], where: Callable[[], str], *, seed: int, pause_seconds: float) -> None:
        self.answered = 0
        self.repeated = 0
        self._allowed = 0
        self._batches = batches
        self._where = where
        self._chance = random.Random(seed)
        self._pause_seconds = pause_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def allow(self, more: int) -> None:
        """So many batches more than are answered now: there is something left to send however slow all else is."""
        self._allowed = self.answered + more

    @property
    def busy(self) -> bool:
        """It has batches to send."""
        return self.answered < min(self._allowed, len(self._batches))

    def join(self, timeout_seconds: float) -> None:
        """Send the rest."""
        self._allowed = len(self._batches)
        self._thread.join(timeout_seconds)
        self._stop.set()
        assert self.answered == len(self._batches), f"only {self.answered} of {len(self._batches)} were answered"

    def _run(self) -> None:
        with httpx.Client(timeout=10) as client:
            for batch in self._batches:
                self._wait()
                self._send(client, batch)
                if self._chance.random() < 0.05:
                    self._send(client, batch)
                    self.repeated += 1
                self.answered += 1
                time.sleep(self._pause_seconds)

    def _wait(self) -> None:
        """Until more is allowed, or the stream would become a silent one."""
        until = time.monotonic() + TRICKLE_SECONDS
        while self.answered >= self._allowed and time.monotonic() < until:
            time.sleep(0.005)

    def _send(self, client: httpx.Client, batch: Batch) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(httpx.HTTPError):
                if client.post(f"{self._where()}/api/v1/events", json=batch).status_code == 202:
                    return
            time.sleep(0.02)


def feed(batches: int, *, streams: int = 3, seed: int = 7, start: int = 1_700_000_040) -> list[Batch]:
    """Batches of twenty events over ten seconds of event time each: chat with bursts, viewers, tips, bad events."""
    chance = random.Random(seed)
    feed: list[Batch] = []
    for number in range(batches):
        batch: Batch = []
        size = 120 if number % 60 in (45, 46, 47) else 20
        for index in range(size):
            at = start + number * 10 + index * 10 / size
            event: dict[str, Any] = {
                "event_id": f"e{number}-{index}",
                "source": "test",
                "stream_id": f"stream-{chance.randrange(streams)}",
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1e6):06}Z",
            }
            kind = chance.random()
            if kind < 0.05:
                event |= {"type": "viewer.count", "data": {"viewer_count": chance.randrange(1000)}}
            elif kind < 0.08:
                transaction = {"transaction_id": f"t{number}-{index}", "amount": "0.99", "transaction_type": "tip"}
                event |= {"type": "transaction", "data": transaction}
            elif kind < 0.09:
                event |= {"type": "chat.message", "data": {"user_id": 7, "message": "the id is no string"}}
            else:
                text = chance.choice(["gg", "LUL LUL", "so good", "why??", "lirikFEELS", f"hm {index}"])
                event |= {"type": "chat.message", "data": {"user_id": f"u{chance.randrange(80)}", "message": text}}
            batch.append(event)
        feed.append(batch)
    return feed
