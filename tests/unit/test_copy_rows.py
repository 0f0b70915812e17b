"""The input of COPY in parts."""

from __future__ import annotations

from telemetra.engine.effects import Archived
from telemetra.model.event import Run
from telemetra.store.copy_rows import PART_ROWS, encode_rows


def run(stream_id: str, count: int) -> Run:
    ids = [f"{stream_id}-{number}" for number in range(count)]
    times, data = list(range(count)), [b'{"n":%d}' % number for number in range(count)]
    return Run("chat.message", "default", stream_id, "api", 7, None, None, None, ids, times, data)


def test_parts_are_the_whole_and_none_is_much_larger_than_asked() -> None:
    archived: list[Archived] = []
    for number in range(100):
        archived.append((100 * number, run(f"s{number % 7}", 1 + number), "counted"))
    header, *parts, trailer = encode_rows(archived, 3)
    rows = [b"".join(encode_rows([one], 3))[len(header) : -len(trailer)] for one in archived]
    assert b"".join(parts) == b"".join(rows)
    assert len(parts) == 3
    assert max(map(len, parts)) < len(b"".join(rows)) * (PART_ROWS + 100) / 5050 * 1.05


def test_nothing_is_a_header_and_a_trailer() -> None:
    assert b"".join(encode_rows([], 0)) == b"PGCOPY\n\xff\r\n\x00" + bytes(8) + b"\xff\xff"
