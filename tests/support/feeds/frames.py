"""Recorded traffic: what a venue sent, and when. Readers of the captures, of the Binance file and of IRC lines."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_SENT = re.compile(r"(?P<url>\S+) <- (?P<at>[0-9.]+): (?P<text>.*)")
_CONNECT = re.compile(r"(?P<url>\S+) <-> (?P<at>[0-9.]+)")
_HTTP = re.compile(r"(?P<url>\S+) -> (?P<at>[0-9.]+): (?P<text>.*)")
_RECEIVED = re.compile(r"(?P<at>[0-9.]+): (?P<text>.*)")
IRC_SECONDS = 0.05
"""Between two IRC lines: their file has no times of its own."""


class Frame(NamedTuple):
    """`at`: seconds since the first frame of the recording."""

    at: float
    text: str


@dataclass
class Recording:
    """`url`: where the recorder connected to. `opening`: what it sent. `bodies`: by URL, in the order received.

    `start`: its clock at the first frame, in seconds.
    """

    url: str = ""
    opening: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    bodies: list[tuple[str, str]] = field(default_factory=list)
    start: float = 0.0

    def add(self, other: Recording) -> Recording:
        """Both at once, from one start. The URL is the first one's."""
        frames = sorted([*self.frames, *other.frames], key=lambda frame: frame.at)
        opening, bodies = [*self.opening, *other.opening], [*self.bodies, *other.bodies]
        return Recording(self.url or other.url, opening, frames, bodies, self.start or other.start)


def read_capture(path: Path) -> Recording:
    """A file of cryptofeed's recorder. Lines that belong to no pattern carry on the text of the one before."""
    recording = Recording()
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := _CONNECT.fullmatch(line):
            recording.url = match["url"]
        elif match := _SENT.fullmatch(line):
            recording.opening.append(match["text"])
        elif match := _HTTP.fullmatch(line):
            recording.bodies.append((match["url"], match["text"]))
        elif match := _RECEIVED.fullmatch(line):
            recording.frames.append(Frame(float(match["at"]), match["text"]))
    return _from_zero(recording)


def read_binance(path: Path, limit: int | None = None) -> Recording:
    """`<local ns> <raw JSON>` lines, gzipped; the first `limit` of them. What is no combined stream was a REST body."""
    recording = Recording("wss://stream.binance.com:9443/stream")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number == limit:
                break
            at, _, text = line.rstrip("\n").partition(" ")
            if text.startswith('{"stream"'):
                recording.frames.append(Frame(int(at) / 1e9, text))
            else:
                recording.bodies.append(("https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000", text))
    return _from_zero(recording)


def read_irc(path: Path) -> Recording:
    lines = path.read_text(encoding="utf-8").splitlines()
    return irc_recording(line for line in lines if line)


def irc_recording(lines: Iterable[str]) -> Recording:
    frames = [Frame(number * IRC_SECONDS, line) for number, line in enumerate(lines)]
    return Recording("wss://irc-ws.chat.twitch.tv", [], frames)


def _from_zero(recording: Recording) -> Recording:
    start = recording.frames[0].at if recording.frames else 0.0
    recording.frames = [Frame(frame.at - start, frame.text) for frame in recording.frames]
    recording.start = start
    return recording
