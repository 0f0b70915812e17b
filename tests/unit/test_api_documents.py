"""The documents: what they show is valid, and what is sent is what they describe."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
import pytest

from telemetra.api import push_messages
from telemetra.api.asyncapi import build_asyncapi
from telemetra.api.examples import CLOUD_EVENT_EXAMPLE, EVENT_EXAMPLES, EXAMPLES, PROBLEM_EXAMPLE
from telemetra.formats.cloudevents import parse_structured
from telemetra.formats.native import RawEvent, parse_native
from telemetra.live.channel import QueueChannel
from telemetra.operations import models
from telemetra.operations.models import Problem, StreamMetrics
from tests.support.live import KEY, REGISTRY, HandClock, ListHistory, make_hub, moment, publication, snapshot, take

SENT = {str(model.__struct_config__.tag): model for model in push_messages.SENT}


@pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: model.__name__)
def test_examples_are_what_the_models_say(model: type) -> None:
    example = EXAMPLES[model]
    decoded = msgspec.json.decode(msgspec.json.encode(example), type=model)
    assert msgspec.json.decode(msgspec.json.encode(decoded)) == example


def test_every_answer_has_an_example() -> None:
    answers = {
        model
        for _, model in inspect.getmembers(models, inspect.isclass)
        if issubclass(model, msgspec.Struct) and model.__module__ == models.__name__
    }
    parts = {models.FieldError, models.EmoteCount, models.LedgerCounts, models.LedgerRow, models.ServiceHealth}
    assert answers - parts - {Problem} <= EXAMPLES.keys()
    assert msgspec.convert(PROBLEM_EXAMPLE, Problem).status == 404


def test_the_events_that_are_shown_would_be_taken() -> None:
    shown = [
        *parse_native(msgspec.json.encode(list(EVENT_EXAMPLES.values()))),
        parse_structured(msgspec.json.encode(CLOUD_EVENT_EXAMPLE)),
    ]
    for event in shown:
        assert isinstance(event, RawEvent)
        REGISTRY.decoders[event.type].decode(bytes(event.data))


def test_metrics_are_described_field_by_field() -> None:
    kind = REGISTRY.kinds["broadcast"]
    presented = kind.present(snapshot().values, 60.0).keys()
    own = {"stream_id", "timestamp", "z_score", "is_anomaly", "suspect", "final"}
    assert presented | own == set(StreamMetrics.__struct_fields__)


async def test_what_is_pushed_is_what_the_document_describes() -> None:
    clock, channel = HandClock(), QueueChannel()
    hub = make_hub(clock, ListHistory())
    hub.connect(KEY, channel, "websocket")
    hub.deliver(publication(snapshot(), moment()))
    await hub.tick()
    messages = await take(channel)
    frames = hub.frames
    rare = (frames.resume_failed(7), frames.ping(clock.now), frames.pong(clock.now), frames.error("code", "detail"))
    messages += [msgspec.json.decode(frame.payload) for frame in rare]
    for message in messages:
        model = SENT[message["type"]]
        msgspec.convert(message, model)
        assert message.keys() == {"type", *model.__struct_fields__}
    assert {message["type"] for message in messages} == SENT.keys()
    assert next(message for message in messages if message["type"] == "metrics")["recent_moments"]


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = build_asyncapi("Telemetra API")
    found = 0

    def follow(part: Any) -> None:
        nonlocal found
        if isinstance(part, dict):
            if isinstance(target := part.get("$ref"), str):
                found += 1
                place: Any = document
                for step in target.removeprefix("#/").split("/"):
                    place = place[step]
            for value in part.values():
                follow(value)
        elif isinstance(part, list):
            for value in part:
                follow(value)

    follow(document)
    assert found > 20
