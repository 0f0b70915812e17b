"""Recorded files to batches: ids, times, bad lines, compression, cut-off files."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from telemetra.errors import Invalid
from telemetra.formats.detect import Format
from telemetra.formats.problems import LineError
from telemetra.sources import replay_files
from telemetra.sources.replay_batches import Batch, BatchReader, newest_time
from telemetra.sources.replay_files import RecordedFile
from tests.support.shared import shared_data

LINES = [f"2015-10-17 11:30:0{second},#lirik,user{second},hello {second}" for second in range(5)]


def write(path: Path, text: str | bytes) -> RecordedFile:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return RecordedFile(path)


def batches(*files: RecordedFile, reader: BatchReader | None = None) -> list[Batch]:
    return list((reader or BatchReader(1000)).read(files))


def events(*files: RecordedFile, reader: BatchReader | None = None) -> list[dict[str, Any]]:
    return [json.loads(line) for batch in batches(*files, reader=reader) for line in batch.lines]


def test_lines_become_native_events(tmp_path: Path) -> None:
    first, *_ = sent = events(write(tmp_path / "chat.csv", "\r\n".join(LINES)))
    assert len(sent) == 5
    assert first.pop("event_id")
    assert first == {
        "type": "chat.message",
        "stream_id": "lirik",
        "timestamp": "2015-10-17T11:30:00Z",
        "source": "replay",
        "data": {"user_id": "user0", "username": "user0", "message": "hello 0"},
    }


def test_ids_depend_on_the_line_and_its_ordinal_alone(tmp_path: Path) -> None:
    lines = [*LINES, LINES[0], LINES[0]]
    shuffled = random.Random(1).sample(lines, len(lines))

    def ids(name: str, content: list[str], end: str) -> list[str]:
        return sorted(event["event_id"] for event in events(write(tmp_path / name, end.join(content) + end)))

    first = ids("first.csv", lines, "\n")
    assert len(set(first)) == 7
    assert ids("shuffled.csv", shuffled, "\r\n") == first
    assert ids("fewer.csv", LINES, "\n") == sorted(set(first) - {i for i in first if i.endswith(("-1", "-2"))})


def test_gzip_gives_the_same(tmp_path: Path) -> None:
    text = "\n".join(LINES).encode()
    assert events(write(tmp_path / "a.csv.gz", gzip.compress(text))) == events(write(tmp_path / "a.csv", text))


def test_bad_lines_are_counted_and_shown_and_cost_no_neighbour(tmp_path: Path) -> None:
    text = b"\n".join(
        [b"time,channel,user,text", b"nonsense", b"", LINES[0].encode(), b"2015-10-17 11:30:01,#l,u,\xff"]
    )
    reader = BatchReader(1000)
    assert len(events(write(tmp_path / "chat.csv", text), reader=reader)) == 1
    assert reader.reading.bad == {"invalid_timestamp": 1, "invalid_line": 1, "invalid_text": 1}
    assert [problem.partition(": ")[0] for problem in reader.reading.problems] == [
        "chat.csv:1",
        "chat.csv:2",
        "chat.csv:5",
    ]


def test_a_line_without_end_is_not_held_in_memory(tmp_path: Path) -> None:
    long = b"x" * (2 * replay_files.LINE_BYTES_MAX + 10)
    file = write(tmp_path / "chat.csv", b"\n".join([LINES[0].encode(), long, LINES[1].encode(), long]))
    found = [(number, isinstance(line, list)) for number, line in file.read()]
    assert found == [(1, True), (2, False), (3, True), (4, False)]


def test_a_file_that_is_cut_off_says_so_at_its_end(tmp_path: Path) -> None:
    text = "\n".join(f"2015-10-17 11:30:00,#lirik,user,{random.Random(i).random()}" for i in range(20_000))
    packed = gzip.compress(text.encode())
    *read, (_, last) = write(tmp_path / "chat.csv.gz", packed[: len(packed) // 2]).read()
    assert len(read) > 1000
    assert isinstance(last, LineError) and "ends here" in last.detail


def test_a_vod_that_is_cut_off_or_holds_bad_comments(tmp_path: Path) -> None:
    good = {"_id": "1", "created_at": "2021-07-15T02:01:48Z", "commenter": {"_id": "7"}, "message": {"body": "hi"}}
    text = json.dumps({"video": {"user_login": "Chan"}, "comments": [good, {"_id": 5}, 7, {**good, "_id": "2"}]})
    reader = BatchReader(1000)
    file = write(tmp_path / "vod.json", text)
    assert [(e["event_id"], e["stream_id"]) for e in events(file, reader=reader)] == [("1", "chan"), ("2", "chan")]
    assert reader.reading.bad == {"invalid_line": 2}
    reader = BatchReader(1000)
    assert len(events(write(tmp_path / "cut.json", text[:-40]), reader=reader)) == 1
    assert "vod" not in reader.reading.problems[-1] and "does not end" in reader.reading.problems[-1]


def test_native_lines_keep_what_they_say(tmp_path: Path) -> None:
    native = {"event_id": "e", "type": "viewer.count", "stream_id": "s", "workspace_id": "w", "source": "x"}
    rest = {"timestamp": "2021-07-15T02:01:48.500000Z", "correlation_id": "c", "data": {"viewer_count": 5}}
    older = {"type": "chat.message", "channel": "s", "data": {}}
    reader = BatchReader(1000)
    first, second = events(
        write(tmp_path / "a.ndjson", "\n".join(map(json.dumps, [{**native, **rest}, older, {"type": "x"}]))),
        reader=reader,
    )
    assert first == {**native, **rest}
    assert (second["stream_id"], len(second["event_id"])) == ("s", 32)
    assert reader.reading.bad == {"missing_field": 1}


def test_stream_and_workspace_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    write(path, LINES[0])
    (event,) = events(RecordedFile(path, stream_id="other"), reader=BatchReader(10, workspace_id="w"))
    assert (event["stream_id"], event["workspace_id"]) == ("other", "w")


def test_a_line_without_a_time_takes_that_of_its_neighbour(tmp_path: Path) -> None:
    def line(time: str) -> str:
        return f"@{time};id=x :n!n@n PRIVMSG #c :hi"

    file = write(
        tmp_path / "a.txt", "\n".join([line("a=b"), line("tmi-sent-ts=5000"), line("a=b"), line("tmi-sent-ts=9000")])
    )
    assert [event["timestamp"][-3:] for event in events(file)] == ["05Z", "05Z", "05Z", "09Z"]
    untimed = write(tmp_path / "b.txt", "\n".join([line("a=b")] * 2))
    assert ["timestamp" in event for event in events(untimed)] == [False, False]


def test_times_are_shifted_with_their_distances(tmp_path: Path) -> None:
    file = write(tmp_path / "chat.csv", "\n".join(LINES))
    newest = newest_time([file])
    assert newest == 1_445_081_404_000_000
    shifted = events(file, reader=BatchReader(10, shift=60_000_000))
    assert [event["timestamp"] for event in shifted] == [f"2015-10-17T11:31:0{second}Z" for second in range(5)]


def test_batches_are_bounded_in_events_and_in_time(tmp_path: Path) -> None:
    file = write(tmp_path / "chat.csv", "\n".join(LINES))
    assert [len(batch.lines) for batch in batches(file, reader=BatchReader(2))] == [2, 2, 1]
    paced = batches(file, reader=BatchReader(1000, speed=8))  # a quarter of a second of 8 × is two seconds of the file
    assert [len(batch.lines) for batch in paced] == [3, 2]
    assert [batch.due and batch.due % 10_000_000 for batch in paced] == [2_000_000, 4_000_000]
    assert paced[0].places == ["chat.csv:1", "chat.csv:2", "chat.csv:3"]


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"absent\.csv: No such file"):
        RecordedFile(tmp_path / "absent.csv")
    with pytest.raises(Invalid, match="Is a directory"):
        RecordedFile(tmp_path)
    with pytest.raises(Invalid, match=r"prose\.txt: cannot tell the format"):
        write(tmp_path / "prose.txt", "once upon a time")
    with pytest.raises(Invalid, match=r"bad\.gz"):
        write(tmp_path / "bad.gz", b"\x1f\x8bnot gzip at all")


@pytest.mark.parametrize(
    ("path", "form", "count", "bad"),
    [
        (("chat", "lirik-2015.csv"), Format.csv, 44_929, 0),
        (("chat", "vod", "northernlion-2021.json"), Format.vod, 3_090, 0),
        (("chat", "vod", "csharpfritz-2019.json"), Format.vod, 375, 0),
        (("chat", "irc", "tagged-lines.txt"), Format.irc, 161, 0),
    ],
)
def test_captured_files(path: tuple[str, ...], form: Format, count: int, bad: int) -> None:
    file = RecordedFile(shared_data(*path))
    assert file.form is form
    reader = BatchReader(1000)
    sent = events(file, reader=reader)
    assert sum(event["type"] == "chat.message" for event in sent) == count
    assert reader.reading.bad.total() == bad
    assert file.position_bytes == file.size_bytes
