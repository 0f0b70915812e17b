"""The dashboard in a real browser: how busy its main thread is while many streams change, what its first page costs.

With `--minutes N` it watches instead how the memory of the list and of a stream's page develops while numbers are
pushed (after a forced collection each time, without compiled code). With `--speed S` the streams' minutes pass and
numbers are pushed S times as fast: they begin long enough ago, and N of their minutes take N / S of ours.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.support import report, servers
from tests.support.browser import FLAGS

STREAMS = 200
HISTORY_MINUTES = 35
LONG_HISTORY_MINUTES = 120
"""More than a page keeps: what grows after it grows without bound."""
SECONDS = 30.0
PUSH_SECONDS = 1.5
LOADS = 5
LONG_TASK_MS = 50
BUSY_LIMIT = 0.4
FIRST_PAINT_LIMIT_MS = 1000
TRANSFER_LIMIT = 200_000
MIB = 1 << 20
NO_COMPILED_CODE = ("--js-flags=--no-opt --no-maglev --no-sparkplug",)
"""For the memory: else V8 adds some hundred kB of compiled code in its first half hour, which hides what is kept."""

WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration)))
  .observe({ type: 'longtask', buffered: true });
"""


def chat(stream: int, at: datetime, number: int) -> dict[str, Any]:
    return {
        "event_id": f"{stream}-{number}",
        "type": "chat.message",
        "stream_id": f"channel_{stream:03}",
        "timestamp": at.isoformat(),
        "data": {"user_id": f"u{number % 50}", "message": f"message {number} PogChamp"},
    }


def viewers(stream: int, at: datetime, number: int) -> dict[str, Any]:
    return {
        "event_id": f"v{stream}-{number}",
        "type": "viewer.count",
        "stream_id": f"channel_{stream:03}",
        "timestamp": at.isoformat(),
        "data": {"viewer_count": 100 + (number * 37 + stream * 11) % 900},
    }


def post(url: str, events: list[dict[str, Any]]) -> None:
    for first in range(0, len(events), 5000):
        body = json.dumps(events[first : first + 5000])
        httpx.post(f"{url}/api/v1/events", content=body, headers={"Content-Type": "application/json"}, timeout=60)


def history(streams: int, until: datetime, minutes: int) -> list[dict[str, Any]]:
    start = until - timedelta(minutes=minutes)
    return [
        make(stream, start + timedelta(seconds=20 * step), step)
        for step in range(minutes * 3)
        for stream in range(streams)
        for make in ((chat, viewers) if step % 3 == 0 else (chat,))
    ]


@contextmanager
def feeding(url: str, streams: int, start: datetime, speed: float = 1.0) -> Iterator[None]:
    """Every second a message and a viewer count for each stream, until the block ends; their time begins at `start`."""
    ending = threading.Event()

    def feed() -> None:
        number = 1_000_000
        begun = time.monotonic()
        while not ending.wait(1.0):
            now = start + timedelta(seconds=(time.monotonic() - begun) * speed)
            number += 1
            post(url, [make(stream, now, number) for stream in range(streams) for make in (chat, viewers)])

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


def measured(session: CDPSession) -> dict[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


def busy(page: Page, seconds: float) -> tuple[float, list[float], float]:
    """The share of the time in which the main thread had a task, the durations of long ones, and the most CPU time that
    a task took (both ms). The first two are what a reader feels, and grow with whatever else the machine does."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.evaluate("window.longTasks.length = 0")
    events: list[dict[str, Any]] = []
    complete: list[bool] = []
    session.on("Tracing.dataCollected", lambda part: events.extend(part["value"]))
    session.on("Tracing.tracingComplete", lambda _: complete.append(True))
    session.send("Tracing.start", {"traceConfig": {"includedCategories": ["toplevel", "devtools.timeline"]}})
    before = measured(session)
    page.wait_for_timeout(seconds * 1000)
    after = measured(session)
    long = page.evaluate("window.longTasks")
    session.send("Tracing.end")
    for _ in range(300):
        if complete:
            break
        page.wait_for_timeout(100)
    share = (after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"])
    return share, long, longest_task(events)


def longest_task(events: list[dict[str, Any]]) -> float:
    """The most CPU time (ms) of a task of the thread that lays the page out."""
    threads = Counter((event["pid"], event["tid"]) for event in events if event["name"] in ("Layout", "FunctionCall"))
    (main, _) = threads.most_common(1)[0]
    tasks = [
        event["tdur"]
        for event in events
        if (event["pid"], event["tid"]) == main and event["name"].endswith("RunTask") and "tdur" in event
    ]
    return max(tasks) / 1000


def load(browser: Browser, url: str) -> tuple[float, int]:
    """First contentful paint (ms) and bytes transferred, of a browser that has been here never before."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".stream-row:nth-child(10)")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    sizes = page.evaluate(
        "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
        ".map((entry) => entry.transferSize)"
    )
    context.close()
    return paint, sum(sizes)


def watch_load(url: str, seconds: float) -> None:
    with chromium() as browser:
        loads = [load(browser, url) for _ in range(LOADS)]
        paint = statistics.median(each[0] for each in loads)
        sent = max(each[1] for each in loads)
        print(
            f"  first paint {paint:.0f} ms (median of {LOADS}), {sent / 1000:.0f} kB for the first page with its data"
        )
        report.ratio(f"first paint / {FIRST_PAINT_LIMIT_MS} ms", paint / FIRST_PAINT_LIMIT_MS, "below 1")
        report.ratio(f"transferred / {TRANSFER_LIMIT // 1000} kB", sent / TRANSFER_LIMIT, "below 1")
        for name, path in (("list", ""), ("stream", "/streams/channel_000")):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.add_init_script(WATCH)
            page.goto(url + path)
            page.wait_for_timeout(3000)
            share, long, cpu = busy(page, seconds)
            longest = f", the longest {max(long):.0f} ms" if long else ""
            print(
                f"  {name}: {share:.1%} busy over {seconds:.0f} s; tasks over {LONG_TASK_MS} ms: {len(long)}{longest};"
                f" most CPU time of one: {cpu:.1f} ms (load of the machine {os.getloadavg()[0]:.1f})"
            )
            report.ratio(f"{name}: most CPU time of a task / {LONG_TASK_MS} ms", cpu / LONG_TASK_MS, "below 1")
            report.ratio(f"{name}: busy / {BUSY_LIMIT:.0%}", share / BUSY_LIMIT, "below 1")
            page.close()


def watch_memory(url: str, minutes: float, speed: float) -> None:
    with chromium(*NO_COMPILED_CODE) as browser:
        pages = {}
        for name, path in (("list", ""), ("stream", "/streams/channel_000")):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(url + path)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            pages[name] = (page, session)
        until = time.monotonic() + minutes * 60 / speed
        started = time.monotonic()
        while time.monotonic() < until:
            next(iter(pages.values()))[0].wait_for_timeout(min(60, minutes / speed * 15) * 1000)
            for name, (_, session) in pages.items():
                session.send("HeapProfiler.collectGarbage")
                now = measured(session)
                heap = now["JSHeapUsedSize"] / MIB
                print(
                    f"  {(time.monotonic() - started) / 60 * speed:5.1f} min  {name:7} heap {heap:6.2f} MiB"
                    f"  nodes {now['Nodes']:6.0f}  listeners {now['JSEventListeners']:5.0f}",
                    flush=True,
                )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few seconds, to see that it runs")
    parser.add_argument("--minutes", type=float, default=0.0, help="trace the memory for so long")
    parser.add_argument("--speed", type=float, default=1.0, help="of the streams' time in that trace")
    given = parser.parse_args(argv)
    start = datetime.now(UTC) - timedelta(minutes=given.minutes * (1 - 1 / given.speed))
    streams = 20 if given.tiny else STREAMS
    report.heading("The dashboard", f"{streams} streams, each with two events a second")
    settings = {"WEBSOCKET_INTERVAL": str(PUSH_SECONDS / given.speed)}
    with servers.directory() as work, servers.telemetra(work, settings=settings) as server:
        post(server.url, history(streams, start, LONG_HISTORY_MINUTES if given.minutes else HISTORY_MINUTES))
        with feeding(server.url, streams, start, given.speed):
            time.sleep(3)
            if given.minutes:
                watch_memory(server.url, given.minutes, given.speed)
            else:
                watch_load(server.url, 3.0 if given.tiny else SECONDS)


if __name__ == "__main__":
    main()
