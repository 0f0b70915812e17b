"""Pictures of the dashboard over a real chat: `python docs/pictures/make_dashboard.py` from the root of the repository.

It serves a product with the simulated channels of the demo, replays `../shared/data/chat/lirik-2015.csv` into it so
that it ends now, connects it to a loopback server that plays recorded traffic of a market, and takes every page in a
headless Chromium: wide, on a phone, dark.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.support.browser import open_browser, replay  # noqa: E402
from tests.support.feeds import catalogue  # noqa: E402
from tests.support.feeds.thread import Feeds, playing  # noqa: E402
from tests.support.process import Telemetra  # noqa: E402
from tests.support.shared import shared_data  # noqa: E402

RECORDING = ROOT.parent / "shared/data/chat/lirik-2015.csv"
FOLDER = Path(__file__).parent / "dashboard"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SCENE = {"width": 900, "height": 400}
BAD = {"event_id": "p1", "type": "chat.mesage", "stream_id": "lirik", "data": {"user_id": "u1"}}


def take(
    browser: Browser,
    url: str,
    name: str,
    *,
    phone: bool = False,
    dark: bool = False,
    scene: bool = False,
    wait: float = 2.5,
    click: str | None = None,
) -> None:
    """`click`: the button to press before the picture is taken."""
    page = browser.new_page(
        viewport=SCENE if scene else PHONE if phone else WIDE,  # type: ignore[arg-type]
        color_scheme="dark" if dark else "light",
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    page.goto(url)
    page.wait_for_timeout(wait * 1000)
    if click:
        page.get_by_role("button", name=click).click()
        page.wait_for_timeout(1000)
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def connect(server: Telemetra, feeds: Feeds) -> None:
    """A connector that runs, and one that has not been started."""
    market = {
        "name": "Binance BTC-USDT",
        "exchange_name": "binance",
        "protocol_type": "WebSocket",
        "api_url": feeds.ws("/stream"),
        "format": "binance",
        "desired_state": "running",
        "subscribe_messages": ['{"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1}'],
    }
    for body in (market, {"preset": "twitch", "parameters": {"channel": "lirik"}, "desired_state": "stopped"}):
        answer = httpx.post(f"{server.url}/api/connectors", json=body)
        assert answer.status_code == 200, answer.text


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="tlm-") as work,
        open_browser() as browser,
        playing(lambda: catalogue.make("binance", data=shared_data(), speed=1, today=True)) as feeds,
    ):
        server = Telemetra(Path(work), {"EGRESS_ALLOW": "127.0.0.1"})
        server.start("demo")
        try:
            connect(server, feeds)
            replay(server, RECORDING)
            httpx.post(f"{server.url}/api/v1/events", json=[BAD])
            moments = f"{server.url}/api/v1/streams/lirik/moments?limit=200"
            while len(found := httpx.get(moments).json()) < 10:
                time.sleep(1)
            strongest = max(found, key=lambda moment: (moment["severity"], moment["metric_value"]))
            time.sleep(15)  # some real time for the simulated channels
            stream = f"{server.url}/streams/lirik"
            pages = {
                "streams": f"{server.url}/",
                "stream": f"{stream}?range=all",
                "moment": f"{stream}?moment={strongest['moment_id']}",
                "connectors": f"{server.url}/connectors",
                "trust": f"{server.url}/trust",
            }
            for name, url in pages.items():
                take(browser, url, name)
                take(browser, url, f"{name}-dark", dark=True)
                take(browser, url, f"{name}-phone", phone=True)
            take(browser, f"{server.url}/streams/titan_arena", "live")
            take(browser, f"{server.url}/streams/titan_arena", "overlay-builder", click="Overlay for OBS")
            take(browser, f"{server.url}/overlay/titan_arena", "overlay", wait=4, scene=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
