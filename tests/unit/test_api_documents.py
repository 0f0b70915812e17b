"""The documents: what they show is valid, and what is sent is what they describe."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from fastapi import FastAPI

from telemetra.api import push_messages
from telemetra.api.accounts import add_account_routes
from telemetra.api.asyncapi import build_asyncapi
from telemetra.api.dashboard import Dashboard
from telemetra.api.door import Door
from telemetra.api.examples import CLOUD_EVENT_EXAMPLE, EVENT_EXAMPLES, EXAMPLES, PROBLEM_EXAMPLE
from telemetra.api.health import add_health_routes
from telemetra.api.moments import add_moment_routes
from telemetra.api.overview import add_overview_routes
from telemetra.api.problems import STATUS_OF_CODE
from telemetra.api.streams import add_stream_routes
from telemetra.formats.cloudevents import parse_structured
from telemetra.formats.native import RawEvent, parse_native
from telemetra.live import frames
from telemetra.live.channel import QueueChannel
from telemetra.operations import models
from telemetra.operations.models import Problem, StreamMetrics
from telemetra.operations.services import Services
from telemetra.settings import Settings
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
    parts |= {models.StreamLedgerCounts, models.StreamLedgerRow}
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
    own = {"stream_id", "timestamp", "z_score", "baseline", "is_anomaly", "suspect", "final"}
    assert presented | own == set(StreamMetrics.__struct_fields__)


async def test_what_is_pushed_is_what_the_document_describes() -> None:
    clock, channel = HandClock(), QueueChannel()
    hub = make_hub(clock, ListHistory())
    hub.connect(KEY, channel, "websocket")
    hub.deliver(publication(snapshot(), moment()))
    await hub.tick()
    messages = await take(channel)
    rare = (hub.frames.resume_failed(7), frames.ping(clock.now), frames.pong(clock.now), frames.error("code", "detail"))
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


def test_the_reference_page_names_every_route_and_every_code() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/api.md").read_text()
    app = FastAPI()
    app.router.route_class = Door
    services = cast(Services, SimpleNamespace(registry=REGISTRY, settings=Settings(_env_file=None)))  # type: ignore[call-arg]
    for add in (add_stream_routes, add_moment_routes, add_account_routes, add_overview_routes):
        add(app, services)
    add_health_routes(app, services, Dashboard("Telemetra"))
    doors = [route for route in app.routes if isinstance(route, Door)]
    assert len(doors) > 10
    rows = {f"| `{method} {door.path}` |" for door in doors for method in door.methods or ()}
    assert {row for row in rows if row not in page} == set()
    assert {code for code in STATUS_OF_CODE if f"`{code}`" not in page} == set()
