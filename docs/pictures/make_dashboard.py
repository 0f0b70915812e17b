"""Pictures of the dashboard over a real chat: `python docs/pictures/make_dashboard.py` from the root of the repository.

It serves an empty product, replays `../shared/data/chat/lirik-2015.csv` into it so that it ends now, adds the simulated
channels of the demo, and takes every page in a headless Chromium: wide, on a phone, dark.
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
from tests.support.process import Telemetra  # noqa: E402

RECORDING = ROOT.parent / "shared/data/chat/lirik-2015.csv"
FOLDER = Path(__file__).parent / "dashboard"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
BAD = {"event_id": "p1", "type": "chat.mesage", "stream_id": "lirik", "data": {"user_id": "u1"}}


def take(browser: Browser, url: str, name: str, *, phone: bool = False, dark: bool = False, wait: float = 2.5) -> None:
    page = browser.new_page(
        viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
        color_scheme="dark" if dark else "light",
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    page.goto(url)
    page.wait_for_timeout(wait * 1000)
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tlm-") as work, open_browser() as browser:
        server = Telemetra(Path(work))
        server.start("demo")
        try:
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
            take(browser, f"{server.url}/overlay/titan_arena", "overlay", wait=4)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
