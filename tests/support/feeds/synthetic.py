"""Made-up trades for load: every socket is a stream of its own with so many messages a second.

The path names the instrument: `/<anything>/S017USDT`. `sent_us` in a message is the wall clock, in microseconds, when
it was handed to the socket.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from struct import Struct

from tests.support.feeds.http import Told, read_request
from tests.support.feeds.server import HOST
from tests.support.feeds.session import Session
from tests.support.feeds.venues import PlainDesk

BEAT_SECONDS = 0.02
_HEAD = Struct(">BBH")


class Synthetic:
    """A server of trades in Binance's form. Each connection gets `rate` messages a second, for `seconds` (None: on)."""

    def __init__(self, rate: float, seconds: float | None = None) -> None:
        self.sent: dict[str, int] = {}
        self.port = 0
        self._rate = rate
        self._seconds = seconds
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._meet, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody new; those that are there end when they like."""
        assert self._server is not None
        self._server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_request(reader)
        if asked is None or not asked.websocket:
            writer.write(Told.json(self.sent).encode())
            writer.close()
            return
        session = Session(0, reader, writer, PlainDesk())
        session.accept(asked.head)
        feeding = asyncio.get_running_loop().create_task(self._feed(session, asked.path.rpartition("/")[2]))
        await session.listen(lambda text: None)
        feeding.cancel()

    async def _feed(self, session: Session, symbol: str) -> None:
        started = asyncio.get_running_loop().time()
        first = self.sent.get(symbol, 0)
        for beat in itertools.count(1):
            due = started + beat * BEAT_SECONDS
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            passed = min(beat * BEAT_SECONDS, self._seconds or beat * BEAT_SECONDS)
            start, stop = self.sent.get(symbol, 0), first + round(passed * self._rate)
            now_us = time.time_ns() // 1000
            session.write(b"".join([frame_of(trade(symbol, number, now_us)) for number in range(start, stop)]))
            self.sent[symbol] = stop
            if self._seconds is not None and passed >= self._seconds:
                return


def trade(symbol: str, number: int, now_us: int) -> str:
    # Written and not encoded: the generator shares the machine with what it measures.
    price, maker = f"{100 + number % 97 / 100:.2f}", "false" if number % 2 else "true"
    return (
        f'{{"e":"trade","E":{now_us // 1000},"s":"{symbol}","t":{number},"p":"{price}","q":"0.50",'
        f'"T":{now_us // 1000},"m":{maker},"M":true,"sent_us":{now_us}}}'
    )


def frame_of(text: str) -> bytes:
    """A text frame of 126 to 65,535 bytes from a server (RFC 6455, 5.2)."""
    payload = text.encode()
    return _HEAD.pack(0x81, 126, len(payload)) + payload
