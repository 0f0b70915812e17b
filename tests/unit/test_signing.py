"""Signed requests against what others have published, not against our own arithmetic."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from telemetra.errors import Invalid
from telemetra.sources.outbound import OutboundRequest
from telemetra.sources.signing import make_auth, sign
from telemetra.sources.signing_layouts import LAYOUTS, HmacLayout

# The key pair of all examples in Binance's documentation.
BINANCE = {
    "api_key": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    "api_secret": "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
}
ORDER = [("side", "BUY"), ("type", "LIMIT"), ("timeInForce", "GTC")]
REST = [("quantity", "1"), ("price", "0.1"), ("recvWindow", "5000")]
BINANCE_TIME = 1_499_827_319_559_000
BINANCE_URL = "https://api.binance.com/api/v3/order"

# The secret key and the times that OKX's documentation uses as examples.
OKX = {
    "api_key": "37c541a1-0000-0000-0000-10fe7a038418",
    "api_secret": "22582BD0CFF14C41EDBF1AB98506286D",
    "passphrase": "p",
}
OKX_TIME = 1_607_418_537_715_000


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        ("１２３４５６", "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
    ],
)
def test_binance_signs_the_query_as_its_documentation_does(symbol: str, signature: str) -> None:
    """https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security (HMAC keys, two examples)."""
    request = OutboundRequest("POST", BINANCE_URL, {}, [("symbol", symbol), *ORDER, *REST])
    signed = sign(make_auth("HMAC", BINANCE, "binance"), request, BINANCE_TIME)
    assert signed.query().endswith(f"&recvWindow=5000&timestamp=1499827319559&signature={signature}")
    assert signed.headers == {"X-MBX-APIKEY": BINANCE["api_key"]}


def test_binance_signs_query_and_body_without_anything_between() -> None:
    """Example 3 of the same page: https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md."""
    body = b"quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    layout = msgspec.structs.replace(LAYOUTS["binance"], params={"signature": "{{signature}}"})
    auth = make_auth("HMAC", BINANCE, msgspec.to_builtins(layout))
    request = OutboundRequest("POST", f"{BINANCE_URL}?symbol=LTCBTC", {}, ORDER, body)
    signed = sign(auth, request, BINANCE_TIME)
    assert signed.params[-1] == ("signature", "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77")


def test_binance_signs_a_websocket_message_as_its_documentation_does() -> None:
    """https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/request-security (HMAC keys)."""
    payload = (
        "apiKey={{api_key}}&newOrderRespType=ACK&price=52000.00&quantity=0.01000000&recvWindow=100"
        "&side=SELL&symbol=BTCUSDT&timeInForce=GTC&timestamp={{timestamp_ms}}&type=LIMIT"
    )
    layout = msgspec.structs.replace(LAYOUTS["binance"], message_payload=payload)
    auth = make_auth("HMAC", BINANCE, msgspec.to_builtins(layout))
    signature = "cc15477742bd704c29492d96c7ead9414dfd8e0ec4a00f947bb5bb454ddbd08a"
    assert auth.message_signature(1_645_423_376_532_000) == signature


def test_a_time_that_the_request_has_is_signed_as_it_is() -> None:
    signed = sign(
        make_auth("HMAC", BINANCE, "binance"), OutboundRequest("GET", f"{BINANCE_URL}?timestamp=7"), BINANCE_TIME
    )
    assert [name for name, _ in signed.params] == ["signature"]


@pytest.mark.parametrize(
    ("method", "url", "body", "signature"),
    [
        (
            "GET",
            "https://www.okx.com/api/v5/account/balance?ccy=BTC",
            b"",
            "HiZhvSfMtWJA3uUIVXV3a/bSXNPCWvYFXoGCVS8V4zY=",
        ),
        (
            "POST",
            "https://www.okx.com/api/v5/trade/order",
            b'{"instId":"BTC-USDT","tdMode":"cash","clOrdId":"b15","side":"buy","ordType":"limit","px":"2.15","sz":"2"}',
            "dI6rrL9rXW/HdaPKJ/6LC1OgvH4/PYju6R3CqixMTNQ=",
        ),
    ],
)
def test_okx_signs_time_method_path_and_body(method: str, url: str, body: bytes, signature: str) -> None:
    """https://www.okx.com/docs-v5/en/#overview-rest-authentication-signature: its inputs; the documentation hides the
    outputs, these are OpenSSL's (`printf … | openssl dgst -sha256 -hmac … -binary | base64`)."""
    signed = sign(make_auth("HMAC", OKX, "okx"), OutboundRequest(method, url, body=body), OKX_TIME)
    assert signed.headers == {
        "OK-ACCESS-KEY": OKX["api_key"],
        "OK-ACCESS-SIGN": signature,
        "OK-ACCESS-TIMESTAMP": "2020-12-08T09:08:57.715Z",
        "OK-ACCESS-PASSPHRASE": "p",
    }


def test_okx_counts_parameters_as_part_of_the_path() -> None:
    auth = make_auth("HMAC", OKX, "okx")
    url = "https://www.okx.com/api/v5/account/balance"
    in_url = sign(auth, OutboundRequest("get", f"{url}?ccy=BTC"), OKX_TIME)
    in_params = sign(auth, OutboundRequest("GET", url, {}, [("ccy", "BTC")]), OKX_TIME)
    assert in_url.headers == in_params.headers


def test_okx_signs_its_login() -> None:
    """https://www.okx.com/docs-v5/en/#overview-websocket-login: its inputs, OpenSSL's output."""
    auth = make_auth("HMAC", OKX, "okx")
    assert auth.message_signature(1_704_876_947_999_999) == "5/36BgGV6m/6pmdc20zdqk0mzF5ZalmzzPD2fo3wavU="


@pytest.mark.parametrize(
    ("digest", "key", "text", "mac"),
    [
        (
            "sha256",
            "0b" * 20,
            "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            "sha256",
            b"Jefe".hex(),
            "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "sha384",
            b"Jefe".hex(),
            "what do ya want for nothing?",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            "sha512",
            b"Jefe".hex(),
            "what do ya want for nothing?",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        (
            "sha256",
            "aa" * 131,
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ],
)
def test_a_declared_layout_gives_the_values_of_rfc_4231(digest: str, key: str, text: str, mac: str) -> None:
    """https://www.rfc-editor.org/rfc/rfc4231#section-4 (cases 1, 2 and 6), in every encoding of secret and result."""
    raw = bytes.fromhex(key)
    secrets = {"hex": key, "base64": base64.b64encode(raw).decode()}
    results = {
        "hex": mac,
        "base64": base64.b64encode(bytes.fromhex(mac)).decode(),
        "base64url": base64.urlsafe_b64encode(bytes.fromhex(mac)).decode(),
    }
    for secret_encoding, secret in secrets.items():
        for encoding, expected in results.items():
            layout = {"payload": "{{body}}", "headers": {"X-Sign": "v1={{signature}}"}, "digest": digest}
            layout |= {"encoding": encoding, "secret_encoding": secret_encoding}
            auth = make_auth("HMAC", {"api_key": "k", "api_secret": secret}, layout)
            signed = sign(auth, OutboundRequest("POST", "https://a.test/", body=text.encode()), 0)
            assert signed.headers == {"X-Sign": f"v1={expected}"}


def test_a_body_that_is_no_text_is_signed_byte_by_byte() -> None:
    """RFC 4231, case 3: key and data are bytes."""
    layout = {"payload": "{{body}}", "headers": {"X-Sign": "{{signature}}"}, "secret_encoding": "hex"}
    auth = make_auth("HMAC", {"api_key": "k", "api_secret": "aa" * 20}, layout)
    signed = sign(auth, OutboundRequest("POST", "https://a.test/", body=b"\xdd" * 50), 0)
    assert signed.headers["X-Sign"] == "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"


def test_basic_is_that_of_rfc_7617() -> None:
    """https://www.rfc-editor.org/rfc/rfc7617#section-2 and, in UTF-8, #section-2.1."""
    for username, password, told in (
        ("Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123£", "dGVzdDoxMjPCow=="),
    ):
        auth = make_auth("Basic Auth", {"username": username, "password": password})
        assert sign(auth, OutboundRequest("GET", "https://a.test/"), 0).headers == {"Authorization": f"Basic {told}"}


def test_bearer_replaces_a_header_of_the_same_name_in_any_case() -> None:
    request = OutboundRequest("GET", "https://a.test/", {"authorization": "old", "Accept": "text/plain"})
    signed = sign(make_auth("Bearer Token", {"token": "mF_9.B5f-4.1JqM"}), request, 0)
    assert signed.headers == {"Accept": "text/plain", "Authorization": "Bearer mF_9.B5f-4.1JqM"}
    assert request.headers["authorization"] == "old"


@pytest.mark.parametrize(
    ("more", "headers", "params"),
    [
        ({}, {"X-API-Key": "k"}, [("a", "1")]),
        ({"header": "X-CMC_PRO_API_KEY"}, {"X-CMC_PRO_API_KEY": "k"}, [("a", "1")]),
        ({"parameter": "apikey"}, {}, [("a", "1"), ("apikey", "k")]),
    ],
)
def test_an_api_key_goes_where_it_is_told(more: dict[str, str], headers: dict[str, str], params: list[Any]) -> None:
    auth = make_auth("API Key", {"api_key": "k", **more})
    signed = sign(auth, OutboundRequest("GET", "https://a.test/", {}, [("a", "1")]), 0)
    assert (signed.headers, signed.params) == (headers, params)


def test_none_changes_nothing() -> None:
    request = OutboundRequest("GET", "https://a.test/?b=2", {"X": "y"}, [("a", "1")])
    assert sign(make_auth("None", {}), request, 0) is request
    assert request.whole_url() == "https://a.test/?b=2&a=1"


DECLARED = {"payload": "{{body}}", "headers": {"X": "{{signature}}"}}


@pytest.mark.parametrize(
    ("auth_type", "credentials", "layout", "told"),
    [
        ("API Key", {}, None, "credentials.api_key: is required, API Key needs api_key"),
        ("API Key", {"api_key": "hunter2", "header": "a", "parameter": "b"}, None, "not in both"),
        ("Bearer Token", {"token": ""}, None, "needs token"),
        ("Basic Auth", {"username": "hunter2"}, None, "needs password"),
        ("Basic Auth", {"username": "hun:ter2", "password": "hunter2"}, None, "no colon"),
        ("HMAC", {"api_key": "hunter2"}, "binance", "needs api_secret"),
        ("HMAC", OKX | {"passphrase": ""}, "kraken", "auth_layout: HMAC needs one of okx, binance"),
        ("HMAC", OKX, None, "auth_layout: HMAC needs one of"),
        (
            "HMAC",
            {"api_key": "hunter2", "api_secret": "hunter2"},
            "okx",
            "credentials.passphrase: is required, HMAC needs passphrase",
        ),
        ("HMAC", OKX, {"payload": "{{body}}", "digest": "md5"}, "auth_layout: Invalid enum value"),
        ("HMAC", OKX, {"payload": "{{body}}", "hash": "sha256"}, "auth_layout: Object contains unknown field"),
        ("HMAC", OKX, {"payload": "{{api_secret}}"}, "{{api_secret}} stands for nothing here"),
        ("HMAC", OKX, {"payload": "{{signature}}"}, "{{signature}} stands for nothing here"),
        ("HMAC", OKX, {"payload": "x", "message_payload": "{{body}}"}, "{{body}} stands for nothing here"),
        (
            "HMAC",
            {"api_key": "k", "api_secret": "hunter2!"},
            DECLARED | {"secret_encoding": "base64"},
            "api_secret is no",
        ),
    ],
)
def test_what_cannot_work_is_said_when_it_is_declared(auth_type: Any, credentials: Any, layout: Any, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        make_auth(auth_type, credentials, layout)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert str(caught.value.field).partition(".")[0] in {"credentials", "auth_layout"}


def test_credentials_do_not_print() -> None:
    auth = make_auth("HMAC", OKX, "okx")
    signed = sign(auth, OutboundRequest("GET", "https://a.test/"), 0)
    for shown in (repr(auth), str(auth), f"{auth}", repr(signed), repr(auth.credentials)):
        assert OKX["api_secret"] not in shown
        assert OKX["api_key"] not in shown
    with pytest.raises(TypeError):
        msgspec.json.encode(auth)


def test_every_layout_can_be_written_down_and_read_again() -> None:
    for layout in LAYOUTS.values():
        assert msgspec.convert(msgspec.to_builtins(layout), HmacLayout) == layout
