"""Connectors over REST: declared, changed, masked, refused by the field; and pages of what they fetched."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from telemetra.api.app import create_app
from telemetra.formats.draft import Draft
from telemetra.model.connector import ConnectorConfig
from telemetra.operations.connector_models import ProbeResult
from telemetra.operations.connector_ports import ConnectorPorts
from telemetra.operations.services import Services
from telemetra.sources.outgoing import check_outgoing
from telemetra.store.database import Database
from tests.support.api import client_of, make_services, open_vault
from tests.support.pipeline import DrivenPipeline

SECRETS = {"api_key": "key-4711", "api_secret": "secret-0815"}
DECLARED: dict[str, Any] = {
    "name": "Orders",
    "api_url": "https://api.example.com/orders",
    "headers": {"X-Team": "header-secret"},
    "query_params": {"token": "query-secret", "page": "1"},
    "auth_type": "API Key",
    "credentials": SECRETS,
    "exchange_name": "shop",
    "format": "generic",
    "polling_interval": 500,
}


class Ports:
    """Counts nudges, and keeps what was to be tried out."""

    def __init__(self) -> None:
        self.nudges = 0
        self.probed: list[ConnectorConfig] = []
        self.ports = ConnectorPorts(open_vault(), self.nudge, self.probe, check_outgoing)

    def nudge(self) -> None:
        self.nudges += 1

    async def probe(self, config: ConnectorConfig, *, limit: int, seconds: float) -> ProbeResult:
        self.probed.append(config)
        return ProbeResult(ok=True, error=None, seconds=0.1, messages=0, event_count=0, events=[], controls=[])


@pytest.fixture
def ports() -> Ports:
    return Ports()


@pytest.fixture
def services(database: Database, ports: Ports) -> Services:
    return make_services(database, connectors=ports.ports)


@pytest.fixture
async def client(services: Services) -> Any:
    async with client_of(create_app(services)) as client:
        yield client


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/connectors", json=DECLARED | changes)
    assert answer.status_code == 200, answer.text
    connector: dict[str, Any] = answer.json()
    return connector


async def test_from_creation_to_deletion(client: httpx.AsyncClient, ports: Ports) -> None:
    connector = await made(client)
    path = f"/api/connectors/{connector['connector_id']}"
    assert (connector["status"], connector["desired_state"], connector["protocol_type"]) == (
        "inactive",
        "stopped",
        "REST",
    )
    assert (await client.get("/api/connectors")).json() == [connector]
    assert (await client.get(path)).json() == connector
    assert (await client.post(f"{path}/start")).json()["desired_state"] == "running"
    status = (await client.get(f"{path}/status")).json()
    assert (status["desired_state"], status["message_count"], status["gaps"]) == ("running", 0, [])
    assert (await client.post(f"{path}/stop")).json()["desired_state"] == "stopped"
    changed = await client.put(path, json={"polling_interval": 900})
    assert (changed.status_code, changed.json()["polling_interval"]) == (200, 900)
    moved = (
        await client.put(
            path,
            json={
                "api_url": "wss://example.org/v2",
                "headers": {},
                "query_params": {},
                "credentials": {},
                "auth_type": "None",
            },
        )
    ).json()
    assert (moved["protocol_type"], moved["polling_interval"]) == ("WebSocket", 900)
    assert (await client.delete(path)).json() == {"connector_id": connector["connector_id"], "deleted": True}
    assert ports.nudges == 6
    for method, suffix in (
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/start"),
        ("POST", "/stop"),
        ("GET", "/status"),
        ("GET", "/data"),
    ):
        answer = await client.request(method, path + suffix, **({"json": {}} if method == "PUT" else {}))
        assert (answer.status_code, answer.json()["error_code"]) == (404, "not_found"), (method, suffix)


async def test_secrets_never_come_back(client: httpx.AsyncClient, ports: Ports) -> None:
    connector = await made(client)
    path = f"/api/connectors/{connector['connector_id']}"
    assert connector["credentials"] == {"api_key": "***", "api_secret": "***"}
    assert (connector["headers"], connector["query_params"]) == ({"X-Team": "***"}, {"token": "***", "page": "***"})
    answers = [
        await client.get("/api/connectors"),
        await client.get(path),
        await client.get(f"{path}/status"),
        await client.put(path, json=connector),
        await client.post(f"{path}/start"),
        await client.put(path, json={"credentials": SECRETS, "polling_interval": 1}),
        await client.put(path, json={"credentials": {"api_key": 4711}}),
        await client.post("/api/connectors/test", json=DECLARED | {"nonsense": 1}),
    ]
    for answer in answers:
        for secret in ("4711", "0815", "header-secret", "query-secret"):
            assert secret not in answer.text, answer.request.url


async def test_a_mask_keeps_what_is_stored(client: httpx.AsyncClient, ports: Ports) -> None:
    connector = await made(client)
    path = f"/api/connectors/{connector['connector_id']}"
    back = connector | {"name": "Orders 2", "credentials": {"api_key": "***", "api_secret": "new"}}
    answer = await client.put(path, json=back)
    assert (answer.status_code, answer.json()["name"]) == (200, "Orders 2")
    await client.post("/api/connectors/test", json={"connector_id": connector["connector_id"]})
    assert ports.probed[0].credentials == {"api_key": "key-4711", "api_secret": "new"}
    assert ports.probed[0].headers == {"X-Team": "header-secret"}
    for body, field in (
        ({"credentials": {"other": "***"}}, "credentials.other"),
        ({"api_url": "https://evil.example/orders"}, "headers.X-Team"),
        ({"api_url": "http://api.example.com/orders"}, "headers.X-Team"),
    ):
        refused = await client.put(path, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    refused = await client.post("/api/connectors", json=DECLARED | {"headers": {"X": "***"}})
    assert (refused.status_code, refused.json()["error_code"]) == (422, "masked")


async def test_to_try_out_a_stored_connector_it_has_to_be_named(client: httpx.AsyncClient) -> None:
    refused = await client.post("/api/connectors/test", json=DECLARED | {"connector_id": None})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "connector_id")
    assert (await client.post("/api/connectors/test", json={"connector_id": "conn_0"})).status_code == 404


async def test_every_wrong_field_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/connectors",
        json={
            "api_url": "ftp://example.com",
            "polling_interval": 50,
            "auth_type": "Magic",
            "ping": {"interval": 0},
            "format": "morse",
            "colour": "red",
        },
    )
    problem = answer.json()
    assert (answer.status_code, problem["error_code"]) == (422, "validation_failed")
    assert sorted(error["field"] for error in problem["errors"]) == [
        "api_url",
        "auth_type",
        "colour",
        "format",
        "name",
        "ping.interval",
        "polling_interval",
    ]
    assert (await client.get("/api/connectors")).json() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"preset": "nowhere"}, "preset"),
        ({"preset": "okx"}, "parameters.instrument"),
        ({"preset": "okx", "parameters": {"instrument": "BTC-USDT"}, "format": "morse"}, "format"),
        ({"parameters": {}}, "preset"),
        (DECLARED | {"desired_state": "flying"}, "desired_state"),
    ],
)
async def test_wrong_presets_and_states(client: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    answer = await client.post("/api/connectors", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_words_of_the_path_are_no_connectors(client: httpx.AsyncClient) -> None:
    for path, allowed in (("/api/connectors/test", "POST"), ("/api/connectors/presets", "GET")):
        answer = await client.delete(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_by_a_preset(client: httpx.AsyncClient) -> None:
    presets = {preset["name"] for preset in (await client.get("/api/connectors/presets")).json()}
    assert "okx" in presets
    body = {
        "preset": "okx",
        "parameters": {"instrument": "BTC-USDT"},
        "name": "mine",
        "desired_state": "running",
    }
    connector = (await client.post("/api/connectors", json=body)).json()
    assert (connector["name"], connector["exchange_name"], connector["desired_state"]) == ("mine", "okx", "running")
    assert "BTC-USDT" in msgspec.json.encode(connector["subscribe_messages"]).decode()


async def test_pages_of_what_was_fetched(client: httpx.AsyncClient, services: Services, database: Database) -> None:
    connector_id = (await made(client))["connector_id"]
    prices = ["3", "1.5", None, "20"]
    drafts = [
        Draft(
            f"e{number}",
            "connector.message",
            "shop:A-B@orders",
            1_700_000_000_000_000 + number,
            {"payload": {"n": number}, "instrument": "A-B", **({} if price is None else {"price": price})},
            "shop",
        )
        for number, price in enumerate(prices)
    ]
    await services.intake.submit_drafts(drafts, workspace_id="default", connector_id=connector_id, session_id="rest-1")
    await DrivenPipeline(database).catch_up()

    async def page(query: str) -> dict[str, Any]:
        answer = await client.get(f"/api/connectors/{connector_id}/data?{query}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    first = await page("limit=3")
    assert [row["source_id"] for row in first["data"]] == ["e3", "e2", "e1"]
    assert {name: first[name] for name in ("total", "total_is_exact", "skip", "limit", "has_more")} == {
        "total": 4,
        "total_is_exact": True,
        "skip": 0,
        "limit": 3,
        "has_more": True,
    }
    row = first["data"][0]
    assert (row["price"], row["exchange"], row["instrument"], row["raw_response"]) == ("20", "shop", "A-B", {"n": 3})
    rest = await page("limit=3&skip=3")
    assert ([row["source_id"] for row in rest["data"]], rest["has_more"]) == (["e0"], False)
    by_price = await page("sort_by=price&sort_order=asc")
    assert [row["price"] for row in by_price["data"]] == ["1.5", "3", "20", None]
    by_id = await page("sort_by=id&sort_order=asc&limit=0")
    assert ([row["source_id"] for row in by_id["data"]], by_id["limit"]) == (["e0"], 1)
    assert (await page("limit=99999"))["limit"] == 10_000
    assert (await client.get(f"/api/connectors/{connector_id}/data?sort_by=name")).status_code == 422
    await client.delete(f"/api/connectors/{connector_id}")
    assert (await page(""))["total"] == 4  # what it fetched stays


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"auth_layout": "okx", "credentials": {}}, ["api_key", "api_secret", "passphrase"]),
        ({"auth_layout": "okx", "credentials": {"api_key": "k", "api_secret": "hush"}}, ["passphrase"]),
        ({"auth_layout": "binance", "credentials": {"api_key": "k"}}, ["api_secret"]),
        (
            {"auth_layout": {"payload": "{{body}}{{pin}}"}, "credentials": {"api_key": "k", "api_secret": "hush"}},
            ["pin"],
        ),
    ],
)
async def test_credentials_that_do_not_suffice_are_refused_by_name(
    client: httpx.AsyncClient, fields: dict[str, Any], wrong: list[str]
) -> None:
    answer = await client.post("/api/connectors", json=DECLARED | {"auth_type": "HMAC"} | fields)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [f"credentials.{name}" for name in wrong]
    assert "hush" not in answer.text
    made = (await client.post("/api/connectors", json=DECLARED)).json()["connector_id"]
    for path, body in ((f"/api/connectors/{made}", {}), ("/api/connectors/test", {"connector_id": made})):
        send = client.post if body else client.put
        changed = await send(path, json=body | {"auth_type": "HMAC"} | fields)
        assert changed.status_code == 422, changed.text


async def test_secrets_in_the_clear_are_refused_with_where_they_belong(client: httpx.AsyncClient) -> None:
    canary = "canary4711Abcdef0815"
    backfill = {"api_url": "https://api.example.com/history", "query_params": {"apikey": canary}}
    answer = await client.post("/api/connectors", json=DECLARED | {"backfill": backfill, "body": {"secret": canary}})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["body.secret", "backfill.query_params.apikey"]
    assert {error["code"] for error in answer.json()["errors"]} == {"secret_in_clear"}
    assert canary not in answer.text
