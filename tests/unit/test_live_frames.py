"""What live clients are sent, byte for byte."""

from __future__ import annotations

import json

import msgspec
import pytest
from websockets.frames import Frame as ReadFrame
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from telemetra.api.push_messages import SENT
from telemetra.live.feed import Presenter
from telemetra.live.feed_board import FeedBoard
from telemetra.live.frames import Frame, FrameBuilder, error, ping, pong, recent_moment, websocket_frame
from telemetra.model.window import SECOND, Snapshot
from tests.support.live import EPOCH, KEY, REGISTRY, START, moment, snapshot

FRAMES = FrameBuilder(EPOCH, anomaly_z=3.0, board=FeedBoard())
PRESENTER = Presenter(REGISTRY.kinds)


def metrics(shown: Snapshot | None, now: int = START, offset: int = 7) -> dict[str, object]:
    frame = FRAMES.metrics(KEY, shown, PRESENTER.fields(shown), [], now=now, offset=offset)
    message: dict[str, object] = json.loads(frame.payload)
    return message


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_is_what_a_websocket_client_reads(size: int) -> None:
    client = Protocol(CLIENT, state=OPEN)
    client.receive_data(websocket_frame(b"x" * size))
    (frame,) = client.events_received()
    assert isinstance(frame, ReadFrame)
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, b"x" * size)


def test_an_event_has_the_id_that_a_browser_sends_back() -> None:
    assert Frame(b'{"a":1}', event_id="e:7").event == b'id: e:7\ndata: {"a":1}\n\n'
    assert Frame(b'{"a":1}').event == b'data: {"a":1}\n\n'
    assert ping(START).event == b": ping\n\n"


def test_an_update_has_the_fields_of_the_kind_and_of_the_connection() -> None:
    message = metrics(snapshot(chat_count=55))
    assert message["type"] == "metrics"
    assert message["stream_id"] == "lirik"
    assert message["timestamp"] == "2023-11-14T22:14:00Z"
    assert message["chat_rate"] == pytest.approx(60.0)
    assert message["chat_rate_per_second"] == pytest.approx(1.0)
    assert message["unique_chatters"] == 7
    assert (message["has_data"], message["data_age_seconds"], message["offset"]) == (True, 2.0, 7)
    assert (message["final"], message["complete"], message["suspect"]) == (False, False, False)
    assert message["recent_moments"] == []
    assert message["baseline"] == {"level": 42.5, "low": 0.0, "high": 120.0}


def test_the_age_of_the_data_grows_when_snapshots_stop() -> None:
    assert metrics(snapshot(), now=START + 90 * SECOND)["data_age_seconds"] == 92.0


def test_an_unknown_stream_has_no_numbers_of_its_own() -> None:
    message = metrics(None)
    assert (message["has_data"], message["data_age_seconds"], message["z_score"]) == (False, None, None)
    assert message["baseline"] is None
    numbers = {name: message[name] for name in ("viewer_count", "chat_count", "chat_rate", "unique_chatters")}
    assert set(numbers.values()) == {0}
    assert (message["sentiment_score"], message["viewers_known"], message["is_anomaly"]) == (None, False, False)


@pytest.mark.parametrize(("z_score", "is_anomaly"), [(3.0, False), (3.1, True), (-3.1, True), (None, False)])
def test_an_anomaly_is_more_than_the_setting_in_either_direction(z_score: float | None, is_anomaly: bool) -> None:
    assert metrics(snapshot(z_score=z_score))["is_anomaly"] is is_anomaly


@pytest.mark.parametrize("shown", [snapshot(), None], ids=["known", "unknown"])
def test_what_is_sent_is_what_the_document_says(shown: Snapshot | None) -> None:
    recent = [recent_moment(moment())]
    sent = [
        FRAMES.connected("lirik", START, 7, resumed=False),
        FRAMES.metrics(KEY, shown, PRESENTER.fields(shown), recent, now=START, offset=7),
        FRAMES.moment(moment(), 7),
        ping(START),
        pong(START),
        FRAMES.resume_failed(0),
        error("invalid_json", "The message is no JSON."),
    ]
    documented: dict[str, type[msgspec.Struct]] = {str(message.__struct_config__.tag): message for message in SENT}
    assert {json.loads(frame.payload)["type"] for frame in sent} == set(documented)
    for frame in sent:
        fields = json.loads(frame.payload)
        message = documented[fields["type"]]
        msgspec.json.decode(frame.payload, type=message)
        assert fields.keys() == {"type", *(field.encode_name for field in msgspec.structs.fields(message))}


def test_a_moment_is_sent_whole() -> None:
    message = json.loads(FRAMES.moment(moment(ended_at=START + 60 * SECOND), 101).payload)
    assert message["type"] == "moment"
    assert message["moment_id"] == str(moment().moment_id)
    assert message["timestamp"] == "2023-11-14T22:14:00Z"
    assert message["ended_at"] == "2023-11-14T22:15:00Z"
    assert message["metadata"]["window"] == [1, 2, 440]
    assert message["offset"] == 101
