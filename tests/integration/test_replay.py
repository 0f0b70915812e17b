"""Replay against a server on loopback that records what it gets and answers as the test says."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from telemetra.errors import Invalid
from telemetra.formats.detect import Format
from telemetra.sources.replay import Pace, ReplayOptions, Summary, open_files, parse_speed, replay
from telemetra.sources.replay_batches import BatchReader
from telemetra.sources.replay_console import describe, run_replay
from telemetra.sources.replay_files import RecordedFile

Reply = Callable[["Recorder"], tuple[int, dict[str, str], Any]]


class Recorder:
    """An ASGI application that keeps the requests. `replies` are used up first, then everything is accepted."""

    def __init__(self) -> None:
        self.requests: list[list[dict[str, Any]]] = []
        self.replies: list[Reply] = []
        self.headers: dict[str, str] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        assert (scope["method"], scope["path"]) == ("POST", "/api/v1/events")
        self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append([json.loads(line) for line in body.splitlines()])
        status, headers, answer = self.replies.pop(0)(self) if self.replies else accept(self)
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


def accept(recorder: Recorder) -> tuple[int, dict[str, str], Any]:
    return 202, {}, {"accepted": len(recorder.requests[-1]), "duplicate": 0, "rejected": []}


def answer(status: int, body: Any = None, **headers: str) -> Reply:
    return lambda recorder: (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@asynccontextmanager
async def serving(recorder: Recorder) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))  # connections queue from here on
    server = server_of(recorder)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        await task


def server_of(recorder: Recorder) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(recorder, log_level="error", lifespan="off"))


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed_port() -> Iterator[socket.socket]:
    """A bound socket that does not listen: connections to it are refused."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "chat.csv"
    lines = [f"2015-10-17 11:{at // 60:02}:{at % 60:02},#lirik,user{at % 7},message {at}" for at in range(25)]
    path.write_text("\n".join([*lines, "bad line"]))
    return path


class Run:
    """One replay with a recorded sleep and no waiting."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.told: list[str] = []
        self.watched: list[int] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def __call__(self, path: Path, url: str, **options: Any) -> Summary:
        chosen = ReplayOptions((path,), url, **{"batch": 10, **options})
        return await replay(
            chosen,
            open_files(chosen),
            watch=lambda summary, position_bytes: self.watched.append(summary.sent),
            tell=self.told.append,
            clock=lambda: 2_000_000_000_000_000,
            sleep=self.sleep,
        )


async def test_everything_is_sent_in_order(recording: Path) -> None:
    recorder, run = Recorder(), Run()
    async with serving(recorder) as url:
        summary = await run(recording, url + "/")
    assert [len(request) for request in recorder.requests] == [10, 10, 5]
    sent = [event for request in recorder.requests for event in request]
    assert [event["data"]["message"] for event in sent] == [f"message {at}" for at in range(25)]
    assert recorder.headers["content-type"] == "application/x-ndjson"
    assert (summary.sent, summary.accepted, summary.exit_code) == (25, 25, 0)
    assert run.watched == [10, 20, 25]
    assert describe(summary) == [
        "sent 25 events: 25 accepted, 0 duplicate, 0 rejected",
        "bad lines: 1 invalid_line",
        "  chat.csv:26: invalid_line: expected time,#channel,user,text",
    ]


async def test_rejections_are_counted_and_shown_with_their_lines(recording: Path) -> None:
    recorder, run = Recorder(), Run()
    rejected = [{"index": 3, "code": "invalid_field", "detail": "message: too long", "field": "message"}]
    recorder.replies = [accept, answer(202, {"accepted": 4, "duplicate": 5, "rejected": rejected})]
    async with serving(recorder) as url:
        summary = await run(recording, url)
    assert (summary.accepted, summary.duplicate, summary.rejected) == (19, 5, {"invalid_field": 1})
    assert "  chat.csv:14: invalid_field: message: too long" in describe(summary)
    assert summary.exit_code == 0


async def test_a_busy_server_is_waited_for_and_gets_the_same_batch_again(recording: Path) -> None:
    recorder, run = Recorder(), Run()
    recorder.replies = [answer(503, Retry_After="7"), answer(429, Retry_After="soon"), answer(500), accept, answer(503)]
    async with serving(recorder) as url:
        summary = await run(recording, url)
    assert (summary.sent, summary.accepted) == (25, 25)
    assert recorder.requests[0] == recorder.requests[1] == recorder.requests[2] == recorder.requests[3]
    assert recorder.requests[4] == recorder.requests[5]
    first, second, third, fourth = run.slept
    assert first == 7
    assert 1 <= second <= 2 <= third <= 4
    assert 0.5 <= fourth <= 1
    assert "503" in run.told[0]


async def test_a_server_that_comes_late_is_waited_for(recording: Path, closed_port: socket.socket) -> None:
    run, server = Run(), server_of(Recorder())
    tasks = []

    async def start_at_third_wait(seconds: float) -> None:
        run.slept.append(seconds)
        if len(run.slept) == 3:
            closed_port.listen()
            tasks.append(asyncio.create_task(server.serve(sockets=[closed_port])))

    run.sleep = start_at_third_wait  # type: ignore[method-assign]
    summary = await run(recording, address(closed_port))
    server.should_exit = True
    await tasks[0]
    assert (summary.sent, len(run.slept)) == (25, 3)


async def test_a_server_that_never_comes_is_given_up(recording: Path, closed_port: socket.socket) -> None:
    run = Run()
    summary = await run(recording, address(closed_port))
    assert (summary.sent, summary.exit_code, len(run.slept)) == (0, 1, 4)
    assert "gave up after 5 attempts" in describe(summary)[-1]


async def test_a_batch_that_is_too_large_goes_in_halves(recording: Path) -> None:
    recorder, run = Recorder(), Run()
    rejected = [{"index": 1, "code": "unknown_type", "detail": ""}]
    recorder.replies = [answer(413), accept, answer(202, {"accepted": 4, "duplicate": 0, "rejected": rejected})]
    async with serving(recorder) as url:
        summary = await run(recording, url)
    assert [len(request) for request in recorder.requests] == [10, 5, 5, 10, 5]
    assert summary.sent == 25
    assert "  chat.csv:7: unknown_type: " in describe(summary)


@pytest.mark.parametrize(("status", "body"), [(404, "no such place"), (200, {"accepted": 1}), (202, "hello")])
async def test_a_refusal_for_good_ends_the_replay(recording: Path, status: int, body: Any) -> None:
    recorder, run = Recorder(), Run()
    recorder.replies = [accept, answer(status, body)]
    async with serving(recorder) as url:
        summary = await run(recording, url)
    assert (summary.sent, summary.exit_code, run.slept) == (10, 1, [])
    assert summary.stopped and len(recorder.requests) == 2


async def test_an_address_that_is_none(recording: Path) -> None:
    summary = await Run()(recording, "telnet://127.0.0.1")
    assert summary.exit_code == 1 and summary.stopped and "telnet" in summary.stopped


async def test_shift_to_now_moves_the_last_event_to_now(recording: Path) -> None:
    recorder, run = Recorder(), Run()
    async with serving(recorder) as url:
        await run(recording, url, shift_to_now=True)
    times = [event["timestamp"] for request in recorder.requests for event in request]
    assert (times[0], times[-1]) == ("2033-05-18T03:32:56Z", "2033-05-18T03:33:20Z")


async def test_a_paced_replay_waits_for_the_time_of_the_events(recording: Path) -> None:
    recorder, run = Recorder(), Run()
    async with serving(recorder) as url:
        await run(recording, url, speed=20.0)
    assert [len(request) for request in recorder.requests] == [6, 6, 6, 6, 1]
    assert run.slept == pytest.approx([0.3, 0.6, 0.9, 0.95])  # the clock stands still here


async def test_pace_follows_the_clock() -> None:
    run, now = Run(), [0]
    pace = Pace(2.0, lambda: now[0], run.sleep)
    for clock_seconds, due_seconds in ((5, 100), (5.5, 102), (6.5, 102), (6, 101)):
        now[0] = int(clock_seconds * 1_000_000)
        await pace.wait(due_seconds * 1_000_000)
    await pace.wait(None)
    assert run.slept == [0.5]


async def test_nothing_to_send(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    async with serving(Recorder()) as url:
        summary = await Run()(path, url, form=Format.csv)
    assert summary.exit_code == 1
    assert describe(summary)[-1] == "nothing was sent: no events found"


def test_speed() -> None:
    assert (parse_speed("max"), parse_speed("2.5")) == (None, 2.5)
    for text in ("0", "-1", "fast", "nan", "inf", ""):
        with pytest.raises(Invalid, match="--speed"):
            parse_speed(text)


def test_the_command_prints_a_summary_and_gives_an_exit_code(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the server on a thread of its own, as the command runs its own event loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_of(Recorder())
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listener]),))
    thread.start()
    try:
        code = run_replay(ReplayOptions((recording,), address(listener)))
    finally:
        server.should_exit = True
        thread.join()
    output = capsys.readouterr()
    assert code == 0
    assert output.out.startswith("sent 25 events: 25 accepted, 0 duplicate, 0 rejected\nbad lines: 1 invalid_line\n")
    assert "chat.csv" in output.err and "25 events" in output.err


def test_only_the_first_problems_are_shown(tmp_path: Path) -> None:
    reader = BatchReader(10)
    path = tmp_path / "chat.csv"
    path.write_text("bad\n" * 30)
    assert not list(reader.read([RecordedFile(path, Format.csv)]))
    lines = describe(Summary(reader.reading))
    assert lines[1] == "bad lines: 30 invalid_line"
    assert lines[-2] == "  … and 10 more (the first 20 are shown)"
