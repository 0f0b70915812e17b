"""Does what the pages say, block by block, and compares what comes out with what they show.

Blocks marked `sh` are run, blocks marked `console` are shown only (but one that serves starts the server), a block
after a file's name is written to that file. The last line that a page shows must come out, numbers and ids apart; a
question is asked again until it does, since rows come when their minutes are over.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import Telemetra

ROOT = Path(__file__).parents[2]
VENV = Path(sys.executable).parent.parent
PAGES = (
    "README.md",
    "docs/tutorial.md",
    "docs/how-to/post-events.md",
    "docs/how-to/connect-a-feed.md",
    "docs/how-to/backup-and-upgrade.md",
    "docs/how-to/add-a-kind.md",
)
PATIENCE_SECONDS = 60.0

_FENCE = re.compile(r"^(?:`([\w./-]+)`:\n\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHANGES_SOMETHING = re.compile(r" -d | --data|replay|kill|backup|restore|> ")
_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|-?\d[\w.,:-]*")


class Reader:
    """A stranger with a shell in an empty directory, in which `.venv` is there already."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._site = directory / "site"
        directory.joinpath(".venv").symlink_to(VENV)
        directory.joinpath(".telemetra").symlink_to("data")
        self.server = Telemetra(directory, {"PYTHONPATH": str(self._site)})
        self.serving = False

    def start(self, command: str = "serve") -> None:
        self.server.stop()  # also waits for one that a page has killed
        self.server.start(command)
        self.serving = True

    def read(self, page: Path) -> None:
        blocks = list(_FENCE.finditer(page.read_text()))
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            file, language, text = block.groups()
            if file is not None:
                self.directory.joinpath(file).parent.mkdir(exist_ok=True)
                self.directory.joinpath(file).write_text(text)
            elif language == "console":
                self._console(text)
            elif language == "sh":
                shown = following[3] if following is not None and following[2] in ("text", "json") else ""
                self._run(text, _last_line(shown))
                self.serving &= "kill -9" not in text

    def _console(self, text: str) -> None:
        if "pip install" in text:  # into a place of our own, not into the environment that the tests run in
            code, said = self._shell(
                f".venv/bin/python -m pip install --no-build-isolation --no-deps --target {self._site} ./shop"
            )
            assert code == 0, said
            self.serving = False  # it has to start again to know the package
        if re.search(r"telemetra serve$|make run", text, re.MULTILINE) and not self.serving:
            self.start("demo" if "make run" in text else "serve")

    def _run(self, text: str, expected: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            code, said = self._shell(text)
            good = code == 0 and expected in _mask(said)
            if good or _CHANGES_SOMETHING.search(text) or time.monotonic() > deadline:
                assert good, f"{text}\ngave {code}\n{said}\nand not\n{expected}\n{self.server.log()[-2000:]}"
                return
            time.sleep(0.3)

    def _shell(self, text: str) -> tuple[int, str]:
        port = str(self.server.port)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text.replace("localhost:8000", f"localhost:{port}")],
            cwd=self.directory,
            env={**os.environ, "PORT": port, "DATA_DIR": ".telemetra"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout


def _last_line(shown: str) -> str:
    lines = [line for line in shown.splitlines() if line.strip()]
    return _mask(lines[-1].partition("…")[0]).strip() if lines else ""


def _mask(text: str) -> str:
    return _VARYING.sub("#", text)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path)
    yield reader
    reader.server.stop()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_shows(page: str, reader: Reader) -> None:
    if page not in ("README.md", "docs/tutorial.md"):
        reader.start()
    reader.read(ROOT / page)
