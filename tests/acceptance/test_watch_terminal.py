"""`telemetra watch` on a terminal: what a person sees of a Twitch chat, and what Ctrl-C leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

from tests.support.feeds import catalogue
from tests.support.feeds.thread import playing
from tests.support.process import PROGRAM, free_port
from tests.support.shared import shared_data

CHANNEL = "pajlada"
PATIENCE_SECONDS = 60.0
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def _own_terminal() -> None:
    """In the new process: Ctrl-C is a signal of this terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A program on a terminal of its own, 100 columns wide; everything it writes is read as it comes."""

    def __init__(self, command: list[str], directory: Path, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - it calls the system once and nothing else
            env={**os.environ, "TERM": "xterm-256color", **environment},
        )
        os.close(theirs)
        self._said = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._ours, 65536)
            except OSError:
                return  # the other end is closed
            if not part:
                return
            self._said += part

    def raw(self) -> str:
        return self._said.decode(errors="replace")

    def newest(self) -> str:
        """The picture drawn last, without its colours."""
        frames = _CONTROL.sub("", self.raw()).split("╭─ ")
        return "╭─ " + frames[-2] if len(frames) > 2 else ""

    def until(self, *texts: str) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(text in self.newest() for text in texts):
            assert time.monotonic() < deadline, self.raw()[-4000:]
            assert self.process.poll() is None, self.raw()[-4000:]
            time.sleep(0.05)
        return self.newest()

    def interrupt(self) -> int:
        os.write(self._ours, b"\x03")
        code = self.process.wait(timeout=60)
        self._reader.join(10)
        return code


@pytest.mark.timeout(180)
def test_a_chat_is_seen_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    shared_data("chat", "irc", "tagged-lines.txt")
    with playing(lambda: catalogue.make("twitch", today=True)) as feeds:
        command = [str(PROGRAM), "watch", f"twitch:{CHANNEL}", "--feed-url", feeds.ws("/")]
        command += ["--port", str(free_port()), "--data-dir", str(tmp_path / "data")]
        terminal = Terminal(command, tmp_path, EGRESS_ALLOW="127.0.0.1")
        try:
            seen = terminal.until(f"twitch:{CHANNEL}", "running", "Chat", "Moments")
            assert re.search(r"[1-9][0-9]* messages", seen), seen
            assert re.search(r"emotes +\S+", seen, re.IGNORECASE), seen
            code = terminal.interrupt()
        finally:
            terminal.process.kill()
            terminal.process.wait()
    assert code == 0, terminal.raw()[-2000:]
    assert "Traceback" not in terminal.raw()
    assert terminal.raw().rfind("\x1b[?25h") > terminal.raw().rfind("\x1b[?25l"), "the cursor is there again"
    assert [said.text for said in feeds.record.heard if said.text.startswith("JOIN")] == ["JOIN #pajlada"]
