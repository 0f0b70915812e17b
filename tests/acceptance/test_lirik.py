"""A whole real chat through the real program: every minute against a plain reference, twice, shuffled, and recomputed.

The reference reads the CSV by itself and shares with the product only the definition of what an emote and a score are.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from telemetra.text import sentiment
from telemetra.text.reading import read
from tests.support import loopback
from tests.support.process import PROGRAM, Telemetra
from tests.support.shared import shared_data

LIRIK_MINUTES = ("2015-10-17T11:30:00Z", "2015-10-17T20:31:00Z")
IN_ORDER, SHUFFLED, QUIET = "lirik", "lirik-shuffled", "quiet"


@pytest.fixture(scope="module")
def lirik() -> Path:
    return shared_data("chat", "lirik-2015.csv")


@pytest.fixture(scope="module")
def server(lirik: Path) -> Iterator[Telemetra]:
    with tempfile.TemporaryDirectory(prefix="tlm-lirik-") as path:
        server = Telemetra(Path(path))
        server.start()
        replay(server, lirik, IN_ORDER)
        replay(server, shuffled(lirik, Path(path) / "shuffled.csv"), SHUFFLED)
        replay(server, shared_data("chat", "vod", "csharpfritz-2019.json"), QUIET)
        until_written(server, IN_ORDER, SHUFFLED)
        yield server
        server.stop()


def replay(server: Telemetra, path: Path, stream: str) -> None:
    command = [str(PROGRAM), "replay", str(path), "--url", server.url, "--stream", stream]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr


def shuffled(source: Path, target: Path) -> Path:
    """The same lines, each up to eight seconds later than its time says."""
    chance = random.Random(8)
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.sort(key=lambda line: time_of(line).timestamp() + chance.uniform(0, 8))
    target.write_text("".join(lines), encoding="utf-8")
    return target


def time_of(line: str) -> datetime:
    return datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def until_written(server: Telemetra, *streams: str) -> None:
    """The last minute is written when the stream has been silent for ten seconds."""
    deadline = time.monotonic() + 60
    while any(minutes(server, stream)[-1]["timestamp"] != LIRIK_MINUTES[1] for stream in streams):
        assert time.monotonic() < deadline
        time.sleep(0.5)


def minutes(server: Telemetra, stream: str) -> list[dict[str, Any]]:
    """All minutes of a stream, oldest first."""
    answer = loopback.get(f"{server.url}/api/v1/streams/{stream}/metrics", params={"limit": 1000})
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()
    return rows[::-1]


def reference(path: Path) -> list[dict[str, Any]]:
    """The minutes of the file, by the plainest means."""
    by_minute: dict[str, list[tuple[str, str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        _, _, user, text = line.split(",", 3)
        if len(text) <= 500:
            by_minute.setdefault(line[:16], []).append((user, text))
    rows = []
    for minute, messages in sorted(by_minute.items()):
        end = datetime.strptime(minute, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp() + 60
        named = Counter(name for _, text in messages for name in read(text).emotes)
        scores = [sentiment.score(text) for _, text in messages]
        rows.append(
            {
                "timestamp": datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "chat_count": len(messages),
                "chat_rate": float(len(messages)),
                "unique_chatters": len({user for user, _ in messages}),
                "top_emotes": [
                    {"name": name, "count": count, "emote": name}
                    for name, count in sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
                ],
                "sentiment_score": sum(scores) / (10_000 * len(scores)),
                "positive_count": sum(score >= 500 for score in scores),
                "negative_count": sum(score <= -500 for score in scores),
            }
        )
    return rows


@pytest.mark.timeout(300)
@pytest.mark.parametrize("stream", [IN_ORDER, SHUFFLED])
def test_every_minute_equals_the_reference(server: Telemetra, lirik: Path, stream: str) -> None:
    expected = reference(lirik)
    found = [{name: row[name] for name in expected[0]} for row in minutes(server, stream)]
    assert len(expected) > 530
    assert found == expected
    assert sum(row["chat_count"] for row in found) == 44_929


def test_the_largest_peaks_are_moments_with_their_evidence(server: Telemetra, lirik: Path) -> None:
    answer = loopback.get(f"{server.url}/api/v1/streams/{IN_ORDER}/moments", params={"limit": 200})
    moments = [moment for moment in answer.json() if moment["moment_type"] == "chat_spike"]
    assert len(moments) > 10
    peaks = sorted(reference(lirik), key=lambda row: -int(row["chat_count"]))[:5]
    for peak in peaks:
        end = datetime.fromisoformat(peak["timestamp"]).timestamp()
        covering = [
            moment
            for moment in moments
            if datetime.fromisoformat(moment["timestamp"]).timestamp() - 60 <= end
            and datetime.fromisoformat(moment["ended_at"]).timestamp() + 60 >= end - 60
        ]
        assert covering, peak["timestamp"]
    for moment in moments:
        assert moment["metadata"]["top_messages"]
        assert moment["metadata"]["series"]
        assert moment["metric_value"] > moment["threshold"]
        assert moment["description"].startswith("Chat rose to")


def test_a_quiet_stream_raises_no_moment(server: Telemetra) -> None:
    assert len(minutes(server, QUIET)) > 80
    assert loopback.get(f"{server.url}/api/v1/streams/{QUIET}/moments").json() == []


@pytest.mark.parametrize("stream", [IN_ORDER, SHUFFLED])
def test_a_backtest_with_the_streams_own_settings_finds_exactly_its_moments(server: Telemetra, stream: str) -> None:
    question = {"stream_id": stream, "start_time": "2015-10-17T11:00:00Z", "end_time": "2015-10-17T21:00:00Z"}
    answer = loopback.post(f"{server.url}/api/v1/moments/backtest", json=question, timeout=60)
    answer.raise_for_status()
    report = answer.json()
    assert report["events"] == 44_929
    assert report["whole_history"]
    assert len(report["stored"]["moments"]) > 3
    assert report["replayed"]["moments"] == report["stored"]["moments"]


@pytest.mark.timeout(300)
def test_a_second_replay_a_restart_and_a_recompute_change_no_row(server: Telemetra, lirik: Path) -> None:
    before = {stream: minutes(server, stream) for stream in (IN_ORDER, SHUFFLED)}
    moments = loopback.get(f"{server.url}/api/v1/streams/{IN_ORDER}/moments").json()
    first = ledger(server)
    assert first["received"] == first["counted"] >= 2 * 44_929 + 375

    server.stop()
    server.start()
    replay(server, lirik, IN_ORDER)
    until_applied(server, first["received"] + 44_929)
    second = ledger(server)
    assert second["counted"] == first["counted"]
    assert second["duplicate"] + second["late"] == 44_929
    assert same(minutes(server, IN_ORDER), before[IN_ORDER])

    command = [str(PROGRAM), "recompute", "--from", "2015-10-17T11:00:00Z", "--to", "2015-10-17T21:00:00Z"]
    command += ["--data-dir", str(server.directory / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    third = ledger(server)
    assert third["late"] == 0 or third["late"] < second["late"]
    assert (
        third["received"]
        == second["received"]
        == sum(third[part] for part in ("counted", "duplicate", "late", "rejected", "dead"))
    )
    assert third["counted"] == first["counted"]
    for stream in (IN_ORDER, SHUFFLED):
        assert same(minutes(server, stream), before[stream])
    assert loopback.get(f"{server.url}/api/v1/streams/{IN_ORDER}/moments").json() == moments


def same(rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> bool:
    """Equal but for `final`, which time alone may change."""
    return [{**row, "final": None} for row in rows] == [{**row, "final": None} for row in before]


def ledger(server: Telemetra) -> dict[str, int]:
    total: dict[str, int] = loopback.get(f"{server.url}/api/v1/ledger").json()["total"]
    return total


def until_applied(server: Telemetra, received: int) -> None:
    deadline = time.monotonic() + 60
    while ledger(server)["received"] != received:
        assert time.monotonic() < deadline, ledger(server)
        time.sleep(0.2)
