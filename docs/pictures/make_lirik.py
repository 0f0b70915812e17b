"""Makes docs/pictures/lirik-2015.png and docs/moments-lirik.md from what a real server stores.

    make install && .venv/bin/python -m pip install matplotlib
    .venv/bin/python docs/pictures/make_lirik.py [--data ../shared/data]

It starts `telemetra serve` in a directory of its own, replays a loud and a quiet recording into it, reads the answers
of REST, and ends the server. Nothing is drawn that the product did not say: the line of what is usual comes from the
product's own baseline, and every z-score that the server stored is checked against it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from lirik_page import write_page
from lirik_picture import draw

from telemetra.kinds.broadcast import build
from telemetra.moments.baseline import CountBaseline

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent
TELEMETRA = Path(sys.executable).with_name("telemetra")
PATIENCE_SECONDS = 60
MINUTE = timedelta(minutes=1)

SERIES = next(series for series in build("USD").series if series.name == "chat")


@dataclass(frozen=True)
class Chat:
    """One replayed stream: messages and z-score of every minute from the first to the last (0 and None where the server
    has no row), and the moments, oldest first."""

    start: datetime
    rates: list[int]
    z_scores: list[float | None]
    moments: list[dict[str, Any]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--data", type=Path, default=DOCS.parent.parent / "shared/data", help="the captured data")
    chat = options.parse_args().data / "chat"
    with server() as address:
        loud = replay(address, chat / "lirik-2015.csv", "lirik")
        quiet = replay(address, chat / "vod/csharpfritz-2019.json", "csharpfritz")
    draw(loud, usual(loud), quiet, SERIES.least, HERE / "lirik-2015.png")
    write_page(loud, quiet, SERIES.least, DOCS / "moments-lirik.md")


@contextmanager
def server() -> Iterator[str]:
    """The address of a new server with an empty database."""
    with tempfile.TemporaryDirectory(prefix="telemetra-picture-") as directory:
        environment = {"DATA_DIR": directory, "PORT": "0", "LOG_FORMAT": "json", "PATH": "/usr/bin:/bin"}
        with subprocess.Popen([TELEMETRA, "serve"], env=environment, cwd=directory, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            try:
                yield listening(process.stderr)
            finally:
                process.terminate()
                process.stderr.read()


def listening(log: Iterable[bytes]) -> str:
    """The address that a starting server says it listens on."""
    said = b""
    for line in log:
        said += line
        if line.startswith(b"{") and (record := json.loads(line))["event"] == "serving":
            return str(record["address"])
    raise SystemExit(f"telemetra serve did not start:\n{said.decode()}")


def replay(address: str, file: Path, stream_id: str) -> Chat:
    """Replay a file at full speed and return what the server made of all of it."""
    received = ask(f"{address}/api/v1/ledger")["total"]["received"]
    words = [str(TELEMETRA), "replay", "--url", address, "--stream", stream_id, str(file)]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    sent = int(said.split()[1].replace(",", ""))  # "sent 44,929 events: ..."
    until(lambda: ask(f"{address}/api/v1/ledger")["total"]["received"] == received + sent)
    stream = f"{address}/api/v1/streams/{stream_id}"
    newest = when(ask(f"{stream}/events?type=chat.message&limit=1")[0]["timestamp"])
    until(lambda: when(ask(f"{stream}/metrics?limit=1")[0]["timestamp"]) > newest)
    return measure(ask(f"{stream}/metrics?limit=1000"), ask(f"{stream}/moments?limit=200"))


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "the server did not get there in time"
        time.sleep(0.5)


def ask(url: str) -> Any:
    return httpx.get(url).raise_for_status().json()


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def measure(rows: list[dict[str, Any]], moments: list[dict[str, Any]]) -> Chat:
    """`rows` and `moments` as REST answers them, newest first."""
    by_start = {when(row["timestamp"]) - MINUTE: row for row in rows}
    start = min(by_start)
    minutes = [start + MINUTE * index for index in range(round((max(by_start) - start) / MINUTE) + 1)]
    found = [by_start.get(minute) for minute in minutes]
    rates = [row["chat_count"] if row else 0 for row in found]
    z_scores = [row["z_score"] if row else None for row in found]
    return Chat(start, rates, z_scores, sorted(moments, key=lambda moment: moment["timestamp"]))


def usual(chat: Chat) -> list[float]:
    """What each minute was compared with: the product's own baseline, checked against the z-scores that it stored.

    For a stream that begins with a full minute and has no long gap, as the windows of the baseline are minutes then.
    """
    baseline = CountBaseline(SERIES.spread)
    levels = []
    for index, (rate, z_score) in enumerate(zip(chat.rates, chat.z_scores, strict=True)):
        if index:  # a minute enters the baseline once it no longer overlaps the one that is judged
            baseline.learn(chat.rates[index - 1])
        levels.append(baseline.level)
        expected = (rate - baseline.level) / baseline.scale
        assert z_score is None or abs(z_score - expected) < 0.01, f"minute {index} was judged by another baseline"
    return levels


if __name__ == "__main__":
    main()
