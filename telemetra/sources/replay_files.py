"""Files of recorded feeds, read as streams: bytes to drafts, each with the line (or record) it came from."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import IO

from telemetra.errors import Invalid
from telemetra.formats import chat_csv, native, problems, twitch, twitch_vod
from telemetra.formats.detect import Format, detect_format
from telemetra.formats.draft import Draft, Drafts, FallbackId
from telemetra.formats.elements import cut_elements
from telemetra.formats.problems import FormatError, LineError
from telemetra.model.times import to_microseconds

LINE_BYTES_MAX = 1 << 20
_CHUNK_BYTES = 1 << 16
_HEAD_BYTES_MAX = 16 << 20
_SNIFF_LINES = 200
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"
_UNREADABLE = (EOFError, zlib.error, gzip.BadGzipFile)

Found = tuple[int, Drafts | LineError]
"""The number of a line or record, from 1, and what it holds."""

Readable = IO[bytes] | gzip.GzipFile
ReadLine = Callable[[bytes, FallbackId], Drafts]


class RecordedFile:
    """One file, plain or gzip; each `read` starts from its beginning.

    `stream_id` replaces the stream of every event. Raises `Invalid` where the file cannot be opened or its format
    cannot be told.
    """

    def __init__(self, path: Path, form: Format = Format.auto, stream_id: str | None = None) -> None:
        self.path = path
        self.position_bytes = 0
        """How much of the file (as stored) has been read."""
        self._stream_id = stream_id
        try:
            self.size_bytes = path.stat().st_size
            self.form = self._detect() if form is Format.auto else form
        except Invalid as error:
            raise Invalid(f"{path}: {error}", code=error.code) from None
        except (OSError, *_UNREADABLE) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise Invalid(f"{path}: {reason}", code="unreadable_file") from None

    def read(self) -> Iterator[Found]:
        """All lines or records but blank ones, in order. A file that cannot be read to its end ends in a LineError."""
        number = 0
        self.position_bytes = 0
        with self.path.open("rb") as stored:
            try:
                for number, found in self._read(_unpacked(stored)):
                    self.position_bytes = stored.tell()
                    if self._stream_id and isinstance(found, list):
                        for draft in found:
                            draft.stream_id = self._stream_id
                    yield number, found
            except _UNREADABLE as error:
                yield number + 1, LineError(number + 1, problems.INVALID_LINE, f"the file ends here: {error}")
        self.position_bytes = self.size_bytes

    def _read(self, file: Readable) -> Iterator[Found]:
        ids = LineIds()
        if self.form is Format.vod:
            return _read_comments(file, self._stream_id, ids)
        readers: dict[Format, ReadLine] = {
            Format.csv: partial(_read_text, chat_csv.read_line),
            Format.irc: partial(_read_text, twitch.read_line),
            Format.ndjson: _read_native,
        }
        return _read_lines(file, readers[self.form], ids)

    def _detect(self) -> Format:
        with self.path.open("rb") as stored:
            file = _unpacked(stored)
            return detect_format(islice(iter(lambda: file.readline(_CHUNK_BYTES), b""), _SNIFF_LINES))


class LineIds:
    """Ids of lines that bring none: a hash of the bytes and the ordinal among equal lines, so that shuffled or repeated
    files give the same ids. Keeps about 150 bytes for each different line."""

    def __init__(self) -> None:
        self._counts: dict[bytes, int] = {}

    def next_of(self, line: bytes) -> str:
        digest = blake2b(line, digest_size=16).digest()
        count = self._counts.get(digest, 0)
        self._counts[digest] = count + 1
        return f"{digest.hex()}-{count}" if count else digest.hex()


def _unpacked(stored: IO[bytes]) -> Readable:
    packed = stored.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    stored.seek(0)
    return gzip.open(stored) if packed else stored


def _read_lines(file: Readable, read: ReadLine, ids: LineIds) -> Iterator[Found]:
    number = 0
    while line := file.readline(LINE_BYTES_MAX):
        number += 1
        if len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
            _skip_line(file)
            yield number, LineError(number, problems.TOO_LARGE, f"longer than {LINE_BYTES_MAX} bytes")
            continue
        text = (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).rstrip(b"\r\n")
        if text.strip():
            yield number, _read_one(read, number, text, ids)


def _skip_line(file: Readable) -> None:
    while (part := file.readline(LINE_BYTES_MAX)) and not part.endswith(b"\n"):
        pass


def _read_comments(file: Readable, stream_id: str | None, ids: LineIds) -> Iterator[Found]:
    number = 0
    chunks = iter(partial(file.read, _CHUNK_BYTES), b"")
    try:
        rest, channel = _read_head(chunks)

        def read(record: bytes, fallback_id: FallbackId) -> Drafts:
            return twitch_vod.read_comment(record, stream_id or channel, fallback_id)

        for number, record in enumerate(cut_elements(chain((rest,), chunks), LINE_BYTES_MAX), start=1):
            yield number, _read_one(read, number, record, ids)
    except Invalid as error:
        yield number + 1, LineError(number + 1, error.code, f"the file cannot be read on: {error}")


def _read_head(chunks: Iterator[bytes]) -> tuple[bytes, str | None]:
    """Reads up to the first comment: what follows of the chunk, and the channel's login if it was there."""
    head = b""
    for chunk in chunks:
        head += chunk if head else chunk.removeprefix(_BYTE_ORDER_MARK)
        if (found := twitch_vod.find_comments(head)) is not None:
            start, channel = found
            return head[start:], channel
        if len(head) > _HEAD_BYTES_MAX:
            break
    raise Invalid("no comments found", code=problems.INVALID_LINE)


def _read_one(read: ReadLine, number: int, line: bytes, ids: LineIds) -> Drafts | LineError:
    try:
        return read(line, partial(ids.next_of, line))
    except Invalid as error:
        return LineError(number, error.code, str(error))


def _read_text(read: Callable[[str, FallbackId], Drafts], line: bytes, fallback_id: FallbackId) -> Drafts:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise Invalid(f"byte {error.start} is not UTF-8", code=problems.INVALID_TEXT) from None
    return read(text, fallback_id)


def _read_native(line: bytes, fallback_id: FallbackId) -> Drafts:
    native.check_json(line)
    event = native.parse_one(line, fallback_id=fallback_id)
    if isinstance(event, FormatError):
        raise Invalid(event.detail, code=event.code, field=event.field)
    timestamp = None if event.timestamp is None else to_microseconds(event.timestamp)
    return [
        Draft(
            event_id=event.event_id,
            type=event.type,
            stream_id=event.stream_id,
            timestamp=timestamp,
            data=event.data,
            source=event.source,
            workspace_id=event.workspace_id,
            correlation_id=event.correlation_id,
        )
    ]
