"""A venue on this machine, for a person who wants to point a real `telemetra serve` at it:

  python -m tests.support.feeds okx --port 9000
  EGRESS_ALLOW=127.0.0.1 telemetra serve        and a connector to ws://127.0.0.1:9000/ws/v5/public

Faults while it runs, each by `curl -X POST '127.0.0.1:9000/_feeds/…'`: cut, close?code=1012, stall?deaf=true,
answer?status=429&where=handshake&times=3, say?text=…, set?delay_seconds=2 (also reorder, resend, refusing, close_after,
close_code), heal. GET /_feeds shows who came and what they said.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from tests.support.feeds import catalogue
from tests.support.feeds.player import UNLIMITED
from tests.support.feeds.server import HOST
from tests.support.feeds.synthetic import Synthetic


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m tests.support.feeds",
        description=(__doc__ or "").rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("name", choices=[*catalogue.NAMES, "synthetic"], help="what to play")
    made.add_argument("--port", type=int, default=0, help="default: a free one, printed")
    made.add_argument("--speed", default="1", help="times its own speed, or `max` (default: 1)")
    made.add_argument("--live", action="store_true", help="do not stand still while nobody listens")
    made.add_argument("--today", action="store_true", help="the venue's times moved to today's clock (Binance, Twitch)")
    made.add_argument("--resend", type=int, default=0, help="frames sent again to those who come back")
    made.add_argument("--beat", type=float, metavar="SECONDS", help="heartbeats of the venue")
    made.add_argument("--data", type=Path, default=catalogue.DATA, help="the captured data")
    made.add_argument("--rate", type=float, default=100.0, help="synthetic: messages a second on each socket")
    made.add_argument("--seconds", type=float, help="synthetic: for so long on each socket")
    return made


async def serve(options: argparse.Namespace) -> None:
    if options.name == "synthetic":
        synthetic = Synthetic(options.rate, options.seconds)
        await synthetic.start(options.port)
        print(f"ws://{HOST}:{synthetic.port}/ws/S000USDT", flush=True)
    else:
        speed = UNLIMITED if options.speed == "max" else float(options.speed)
        server = catalogue.make(
            options.name,
            data=options.data,
            speed=speed,
            hold=not options.live,
            beat_seconds=options.beat,
            today=options.today,
        )
        server.faults.resend = options.resend
        await server.start(options.port)
        print(f"ws://{HOST}:{server.port}{catalogue.PATHS[options.name]}", flush=True)
    await asyncio.Event().wait()


def main(argv: Sequence[str] | None = None) -> int:
    try:
        uvloop.run(serve(parser().parse_args(argv)))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
