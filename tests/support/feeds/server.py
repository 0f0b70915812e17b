"""A venue on loopback: one port for WebSocket and HTTP, a recording to play, faults on command, a record of it all."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from tests.support.feeds import control
from tests.support.feeds.faults import Answer, Faults, Planned
from tests.support.feeds.frames import Frame, Recording
from tests.support.feeds.http import Asked, Told, read_request
from tests.support.feeds.player import Encoded, Player
from tests.support.feeds.record import Contact, Heard, Record
from tests.support.feeds.session import Session, reset
from tests.support.feeds.shift import Shift
from tests.support.feeds.venues import Venue

HOST = "127.0.0.1"


Door = Callable[[Asked, "FeedServer"], Told | None]
"""Answers a REST request, or None where it has nothing there."""


class FeedServer:
    """`start` and `stop` it in one event loop; `command` it there too (`thread.Feeds` does from elsewhere)."""

    def __init__(
        self,
        venue: Venue,
        recording: Recording,
        *,
        speed: float = 1.0,
        hold: bool = True,
        door: Door | None = None,
        beat_seconds: float | None = None,
        shift: Shift | None = None,
    ) -> None:
        self.record = Record()
        self.memo: dict[str, Any] = {}
        self.faults = Faults()
        self.port = 0
        self._venue = venue
        self._topics = {frame.text: topic for frame in recording.frames if (topic := venue.topic(frame.text))}
        frames = [frame for frame in recording.frames if frame.text in self._topics]
        self.player = Player(frames, speed, hold, self._send)
        self.sessions: list[Session] = []
        self._bodies = dict(recording.bodies)
        self._door = door
        self._beat_seconds = beat_seconds
        self.shift = shift
        self._known = frozenset(self._topics.values())
        self._numbers = itertools.count()
        self._encoded = Encoded()
        self._shuffled: list[Frame] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._meet, HOST, port or self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        if not self._tasks:
            self._run(self._play())
            if self._beat_seconds:
                self._run(self._beats(self._beat_seconds))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.listen(False)
        for session in self.sessions:
            session.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def listen(self, listening: bool) -> None:
        """Without, the port is closed: connections are refused by the system, and nobody sees them come."""
        if listening and self._server is None:
            await self.start()
        elif not listening and self._server is not None:
            self._server.close()
            self._server = None

    @property
    def frames_played(self) -> Sequence[Frame]:
        """What has happened on the venue until now."""
        return self.player.frames[: self.player.position]

    def text(self, frame: Frame) -> str:
        """As it is sent today."""
        return self.shift(frame.text) if self.shift else frame.text

    # What can be done to the clients.

    def cut(self) -> None:
        """A TCP reset for all."""
        for session in list(self.sessions):
            session.cut()
            self._forget(session)

    def close(self, code: int = 1001, reason: str = "") -> None:
        for session in list(self.sessions):
            session.close(code, reason)
            self._forget(session)

    def stall(self, stalled: bool = True, newcomers: bool = False, deaf: bool = False) -> None:
        """Open and silent: those that are there, with `newcomers` those that come too; `deaf`: no pongs either."""
        for session in self.sessions:
            session.silent = stalled
            session.deafen(stalled and deaf)
        self.faults.silent, self.faults.deaf = stalled and newcomers, stalled and newcomers and deaf
        self._listeners_changed()

    def say(self, text: str) -> None:
        """Something that is in no recording."""
        for session in self.sessions:
            session.say(text)

    def answer(
        self,
        status: int | None,
        where: str = "http",
        times: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: str = "",
    ) -> None:
        """Answer the next requests (`http`) or openings of a socket (`handshake`) so. Without status: garbage."""
        self.faults.planned[where].append(Planned(Answer(status, headers or {}, body), times))

    def heal(self) -> None:
        """No faults any more."""
        resend = self.faults.resend
        self.faults = Faults(resend=resend)
        self.stall(False)

    # How clients are met.

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        contact = Contact(time.monotonic(), next(self._numbers), "refused")
        self.record.contacts.append(contact)
        if self.faults.refusing:
            reset(writer)
            return
        asked = await read_request(reader)
        if asked is None:
            contact.kind = "silent"
            writer.close()
            return
        contact.target, contact.headers = asked.target, asked.headers
        where = "handshake" if asked.websocket else "http"
        contact.kind = "websocket" if asked.websocket else "http"
        if asked.path.startswith(control.PATH):
            self.record.contacts.remove(contact)
        elif wrong := self.faults.wrong_answer(where):
            contact.kind = f"{where} answered"
            await self._write(writer, wrong.encode())
            return
        if asked.websocket:
            await self._serve(Session(contact.number, reader, writer, self._desk(asked)), asked)
        else:
            await self._write(writer, self._rest(asked).encode())

    def _desk(self, asked: Asked) -> Any:
        return self._venue.desk(asked.target, self._known)

    async def _serve(self, session: Session, asked: Asked) -> None:
        session.silent = self.faults.silent
        session.deafen(self.faults.deaf)
        session.accept(asked.head)
        for text in session.desk.greeting():
            session.say(text)
        self.sessions.append(session)
        self._subscribed(session, set())
        await session.listen(lambda text: self._hear(session, text))
        self._forget(session)

    def _hear(self, session: Session, text: str) -> None:
        self.record.heard.append(Heard(time.monotonic(), session.number, text))
        before = set(session.desk.topics)
        for answer in session.desk.hear(text):
            session.say(answer)
        self._subscribed(session, before)

    def _subscribed(self, session: Session, before: set[str]) -> None:
        """What is new comes with the last frames that were played of it, as many as `resend` says."""
        new = session.desk.topics - before
        if new and self.faults.resend:
            for frame in self.frames_played[-self.faults.resend :]:
                if self._topics[frame.text] in new:
                    self._deliver(session, frame)
        self._listeners_changed()

    def _forget(self, session: Session) -> None:
        if session in self.sessions:
            self.sessions.remove(session)
            self._listeners_changed()

    def _listeners_changed(self) -> None:
        if any(session.desk.topics and not session.silent for session in self.sessions):
            if self.shift and self.player.position == 0:
                self.shift.begin()
            self.player.resume()
        else:
            self.player.pause()

    def _rest(self, asked: Asked) -> Told:
        if asked.path.startswith(control.PATH):
            return control.obey(self, asked)
        if self._door and (told := self._door(asked, self)):
            return told
        for url, body in self._bodies.items():
            if url.split("/", 3)[-1] == asked.target.lstrip("/"):
                return Told(200, body)
        return Told.json({"code": -1, "msg": "not found"}, 404)

    # How frames go out.

    def _send(self, frame: Frame) -> None:
        if self.faults.reorder > 1:
            self._shuffled.append(frame)
            if len(self._shuffled) >= self.faults.reorder:
                self._send_shuffled()
            return
        for session in self.sessions:
            self._deliver(session, frame)

    def _send_shuffled(self) -> None:
        frames, self._shuffled = self._shuffled, []
        self.faults.chance.shuffle(frames)
        for frame in frames:
            for session in self.sessions:
                self._deliver(session, frame)

    def _deliver(self, session: Session, frame: Frame) -> None:
        if session.silent or self._topics[frame.text] not in session.desk.topics:
            return
        encoded = self._encoded(session.desk.shape(self.text(frame)))
        self._later(session.write, encoded)
        session.sent_frames += 1
        if self.faults.close_after and session.sent_frames == self.faults.close_after:
            self._later(session.close, self.faults.close_code)
            asyncio.get_running_loop().call_soon(self._forget, session)

    def _later(self, action: Callable[..., None], *arguments: Any) -> None:
        if self.faults.delay_seconds:
            asyncio.get_running_loop().call_later(self.faults.delay_seconds, action, *arguments)
        else:
            action(*arguments)

    async def _play(self) -> None:
        await self.player.run(self._drained)
        self._send_shuffled()

    async def _drained(self) -> None:
        """A recording that can stand still waits for those that are behind; a venue that goes on does not."""
        if self.player.hold:
            for session in list(self.sessions):
                await session.drained()

    async def _beats(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            for session in self.sessions:
                if not session.silent and (text := session.desk.beat()):
                    session.say(text)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(work))

    @staticmethod
    async def _write(writer: asyncio.StreamWriter, answer: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(answer)
            await writer.drain()
        writer.close()
