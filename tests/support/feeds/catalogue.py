"""What can be played: a venue, its recording, its REST door."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path

from tests.support.feeds import rest
from tests.support.feeds.frames import Recording, read_binance, read_capture, read_irc
from tests.support.feeds.server import Door, FeedServer
from tests.support.feeds.shift import Shift
from tests.support.feeds.twitch import Twitch
from tests.support.feeds.venues import Binance, Coinbase, Kraken, KrakenV2, Okx, Venue

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"

DOCUMENTED = Path(__file__).with_name("documented")
"""Short recordings in the shapes that venues document, for what nobody has captured."""

Reader = Callable[[Path], Recording]


def _captures(*names: str) -> Reader:
    def read(data: Path) -> Recording:
        folder = data / "exchange" / "captures"
        return reduce(Recording.add, [read_capture(folder / name) for name in names])

    return read


def _documented(name: str) -> Reader:
    return lambda data: read_capture(DOCUMENTED / name)


def _binance_day(data: Path) -> Recording:
    return read_binance(data / "exchange" / "binance-spot-btcusdt-2024-08-08.txt.gz")


_PLAYED: dict[str, tuple[Venue, Reader, Door | None]] = {
    "okx": (Okx(), _captures("OKX.ws.1.0"), rest.okx),
    "binance": (Binance(), _binance_day, rest.binance),
    "binance-2021": (Binance(), _captures("BINANCE.ws.1.0", "BINANCE.http.0.0"), None),
    "coinbase": (Coinbase(), _captures("COINBASE.ws.28.0", "COINBASE.0"), None),
    "kraken": (Kraken(), _captures("KRAKEN.ws.48.0", "KRAKEN.ws.49.0", "KRAKEN.ws.50.0", "KRAKEN.0"), None),
    "coinbase-documented": (Coinbase(), _documented("coinbase.txt"), None),
    "kraken-v2": (KrakenV2(), _documented("kraken.txt"), None),
    "twitch": (Twitch(), lambda data: read_irc(data / "chat" / "irc" / "tagged-lines.txt"), None),
}
NAMES = tuple(_PLAYED)
PATHS = {
    "okx": "/ws/v5/public",
    "binance": "/stream?streams=btcusdt@trade/btcusdt@bookTicker/btcusdt@depth@100ms",
    "binance-2021": "/stream?streams=nknusdt@depth@100ms/nknusdt@bookTicker/nknusdt@kline_1m/nknusdt@aggTrade",
    "coinbase": "/",
    "kraken": "/",
    "coinbase-documented": "/",
    "kraken-v2": "/v2",
    "twitch": "/",
}


def make(
    name: str,
    *,
    data: Path = DATA,
    speed: float = 1.0,
    hold: bool = True,
    beat_seconds: float | None = None,
    today: bool = False,
    frames: int | None = None,
) -> FeedServer:
    """`today`: the venue's times are moved to today's clock (Binance, Twitch). `frames`: only so many."""
    venue, _, door = _PLAYED[name]
    recording = make_recording(name, data)
    recording.frames = recording.frames[:frames]
    shift = Shift(round(recording.start * 1000), keep=name != "twitch") if today else None
    return FeedServer(venue, recording, speed=speed, hold=hold, door=door, beat_seconds=beat_seconds, shift=shift)


def make_recording(name: str, data: Path = DATA) -> Recording:
    return _PLAYED[name][1](data)
