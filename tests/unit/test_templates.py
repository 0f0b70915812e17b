"""Messages with names in double braces."""

from __future__ import annotations

import re
from typing import Any

import pytest

from telemetra.errors import Invalid
from telemetra.sources.signing import make_auth
from telemetra.sources.templates import render

NOW = 1_704_876_947_123_456
OKX = {"api_key": "k", "api_secret": "22582BD0CFF14C41EDBF1AB98506286D", "passphrase": 'p"\\'}
NOBODY = make_auth("None", {})


def test_okx_login_is_signed_anew_with_each_time() -> None:
    """https://www.okx.com/docs-v5/en/#overview-websocket-login; the first signature is OpenSSL's."""
    auth = make_auth("HMAC", OKX, "okx")
    login = {
        "op": "login",
        "args": [
            {
                "apiKey": "{{api_key}}",
                "passphrase": "{{passphrase}}",
                "timestamp": "{{timestamp}}",
                "sign": "{{signature}}",
            }
        ],
    }
    first, later = render(login, now=NOW, auth=auth), render(login, now=NOW + 1_000_000, auth=auth)
    assert first == {
        "op": "login",
        "args": [
            {
                "apiKey": "k",
                "passphrase": 'p"\\',
                "timestamp": "1704876947",
                "sign": "5/36BgGV6m/6pmdc20zdqk0mzF5ZalmzzPD2fo3wavU=",
            }
        ],
    }
    assert later["args"][0]["timestamp"] == "1704876948"
    assert later["args"][0]["sign"] != first["args"][0]["sign"]
    assert login["args"][0]["sign"] == "{{signature}}"  # type: ignore[index]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("PING {{ timestamp_ms }}", "PING 1704876947123"),
        ("{{timestamp_us}}{{timestamp}}", "17048769471234561704876947"),
        (["{{iso_timestamp}}"], ["2024-01-10T08:55:47.123Z"]),
        ({"t": "{{timestamp_ms|number}}", "s": "{{timestamp_ms}}"}, {"t": 1704876947123, "s": "1704876947123"}),
        ({"{{timestamp}}": 1, "n": None, "b": True, "f": 1.5}, {"{{timestamp}}": 1, "n": None, "b": True, "f": 1.5}),
        ("{timestamp} {{}} {{a-b}} }}{{", "{timestamp} {{}} {{a-b}} }}{{"),
        ({"i": "{{instrument}}"}, {"i": "BTC-USDT"}),
        (7, 7),
    ],
)
def test_names_are_replaced(template: Any, expected: Any) -> None:
    assert render(template, now=NOW, auth=NOBODY, variables={"instrument": "BTC-USDT"}) == expected


def test_each_uuid_is_new() -> None:
    made = render(["{{uuid}}", "{{uuid}}"], now=NOW, auth=NOBODY)
    assert len(set(made)) == 2
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", each) for each in made
    )


def test_what_a_value_holds_is_not_looked_at_again() -> None:
    auth = make_auth("Bearer Token", {"token": "{{timestamp}}"})
    assert render(["{{token}}"], now=NOW, auth=auth) == ["{{timestamp}}"]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (
            [{"args": [{"a": 1}, {"sign": "{{sgnature}}"}]}],
            "subscribe_messages[0].args[1].sign: {{sgnature}} stands for",
        ),
        ("{{nothing}}", "subscribe_messages: {{nothing}} stands for nothing"),
        (["{{signature}}"], "subscribe_messages[0]: {{signature}} stands for nothing"),
        (["{{iso_timestamp|number}}"], "subscribe_messages[0]: the value of {{iso_timestamp}} is no number"),
        (["{{nothing|number}}"], "subscribe_messages[0]: {{nothing}} stands for nothing"),
    ],
)
def test_an_unknown_name_is_said_with_its_place(template: Any, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        render(template, now=NOW, auth=NOBODY)
    assert told in str(caught.value)
    assert caught.value.field == "subscribe_messages"


def test_the_secret_that_signs_is_never_sent() -> None:
    auth = make_auth("HMAC", OKX, "okx")
    with pytest.raises(Invalid, match="api_secret"):
        render(["{{api_secret}}"], now=NOW, auth=auth)


def test_a_value_cannot_add_a_line_to_a_text_or_change_the_shape_of_a_message() -> None:
    auth = make_auth("Bearer Token", {"token": 'hunter2\r\nQUIT"}'})
    with pytest.raises(Invalid, match="control character") as caught:
        render("PASS {{token}}", now=NOW, auth=auth)
    assert "hunter2" not in str(caught.value)
    assert render({"pass": "{{token}}"}, now=NOW, auth=auth) == {"pass": 'hunter2\r\nQUIT"}'}
