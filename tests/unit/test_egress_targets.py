"""Which URLs the guard refuses, in every spelling that some program takes for an address; nothing is connected."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address

import pytest

from telemetra.errors import EgressRefused, Unavailable
from telemetra.hosts import AllowList
from telemetra.observability import Metrics
from telemetra.settings import InvalidSettings, load_settings
from telemetra.sources.egress import EgressGuard
from telemetra.sources.egress_addresses import forbidden
from telemetra.sources.egress_target import HTTP, checked_headers, parse_target
from telemetra.sources.outbound import OutboundRequest

SPELLINGS = (
    # 127.0.0.1
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7F.1",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "127.0.0.01",
    "0127.0.0.1",
    "00127.0.0.1",
    "127.0.0.0x1",
    "127.0.0.1%00",
    "127.0.0.1%2e",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "①②⑦.⓪.⓪.①",
    "0",
    "0.0.0.0",
    "0x0",
    "00000",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "user@127.0.0.1",
    "example.org@127.0.0.1",
    "127.0.0.1:80@example.org",
    "example.org\\@127.0.0.1",
    "127.0.0.1:00080080",
    "127.0.0.1:８０",
    # 169.254.169.254
    "169.254.169.254",
    "169.254.169.254.",
    "169.254.43518",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "025177524776",
    "0251.0376.0251.0376",
    "169。254。169。254",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "[fd00:ec2::254]",
    "168.63.129.16",
    "100.100.100.200",
    # ::1
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0001]",
    "[::1%25eth0]",
    "[::1%lo]",
    "[::]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:7F00:0001]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[::1",
    "::1",
    # fd00::/8 and their like
    "[fd00::1]",
    "[fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]",
    "[FD12:3456:789A::1]",
    "[fc00::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    # other addresses that are not public
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    # what is no host
    "",
    ".",
    "-a.example",
    "a..example",
    "exa mple.org",
    "exam\tple.org",
    "example.org:0",
    "example.org:65536",
    "example.org:",
    "münchen.example",
    "a" * 64 + ".example",
)


@pytest.fixture
async def guard() -> AsyncIterator[EgressGuard]:
    guard = EgressGuard([])
    yield guard
    await guard.close()


@pytest.mark.parametrize("host", SPELLINGS)
async def test_a_spelling_is_refused_over_http_and_websocket(guard: EgressGuard, host: str) -> None:
    with pytest.raises(EgressRefused):
        await guard.request(OutboundRequest("GET", f"http://{host}/latest"), timeout_seconds=5, max_bytes=1000)
    with pytest.raises(EgressRefused):
        await guard.connect(f"ws://{host}/", open_timeout_seconds=5, max_bytes=1000, ping_interval_seconds=None)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "ftp://example.org/",
        "ws://example.org/",
        "unix:///run/x.sock",
        "//example.org/",
        "example.org",
        "http:/example.org/",
        "http:example.org",
        "",
        " http://example.org/",
        "http://example.org/\r\nX: y",
        "http://example.org/\x00",
        "http://u:p@example.org/",
        "http://:p@example.org/",
        "http://example.org/" + "a" * 9000,
    ],
)
async def test_other_schemes_credentials_and_strange_characters_are_refused(guard: EgressGuard, url: str) -> None:
    with pytest.raises(EgressRefused) as caught:
        await guard.request(OutboundRequest("GET", url), timeout_seconds=5, max_bytes=1000)
    assert "u:p" not in str(caught.value)
    assert "passwd" not in str(caught.value)


async def test_a_name_is_judged_by_every_address_it_leads_to() -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return {"in.test": ["192.168.0.7"], "mixed.test": ["1.1.1.1", "fe80::1%eth0"], "none.test": []}[host]

    metrics = Metrics()
    guard = EgressGuard([], resolver=resolver, metrics=metrics)
    for host in ("in.test", "mixed.test"):
        with pytest.raises(EgressRefused) as caught:
            await guard.request(OutboundRequest("GET", f"https://{host}/"), timeout_seconds=5, max_bytes=1000)
        assert "192.168" not in str(caught.value)
    with pytest.raises(Unavailable, match=r"none\.test cannot be resolved"):
        await guard.request(OutboundRequest("GET", "https://none.test/"), timeout_seconds=5, max_bytes=1000)
    rendered = metrics.render()
    assert b'telemetra_egress_refusals_total{reason="private"} 1.0' in rendered
    assert b'telemetra_egress_refusals_total{reason="link_local"} 1.0' in rendered
    await guard.close()


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700:4700::1111", "64:ff9b::808:808"],
)
def test_public_addresses_pass(address: str) -> None:
    assert forbidden(ip_address(address)) is None


@pytest.mark.parametrize(
    ("url", "authority", "resource"),
    [
        ("HTTPS://API.Example.org.", "api.example.org", "/"),
        ("https://api.example.org:443/a?b=c#d", "api.example.org", "/a?b=c"),
        ("http://api.example.org:8080?x=1", "api.example.org:8080", "/?x=1"),
        ("http://[2606:4700::1111]:8080/", "[2606:4700::1111]:8080", "/"),
        ("http://xn--mnchen-3ya.example/ü?q=ü", "xn--mnchen-3ya.example", "/%C3%BC?q=%C3%BC"),
        ("http://example.org/a@b:c", "example.org", "/a@b:c"),
    ],
)
def test_what_is_allowed_has_one_form(url: str, authority: str, resource: str) -> None:
    target = parse_target(url, HTTP)
    assert (target.authority, target.resource) == (authority, resource)


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "opened"),
    [
        ("feeds.lan", "feeds.lan", "10.0.0.1", 80, True),
        ("Feeds.LAN.", "feeds.lan", "10.0.0.1", 80, True),
        ("feeds.lan", "sub.feeds.lan", "10.0.0.1", 80, False),
        ("feeds.lan:8080", "feeds.lan", "10.0.0.1", 8080, True),
        ("feeds.lan:8080", "feeds.lan", "10.0.0.1", 80, False),
        ("*.lan", "a.b.lan", "10.0.0.1", 80, True),
        ("*.lan", "lan", "10.0.0.1", 80, False),
        ("*.lan", "evillan", "10.0.0.1", 80, False),
        ("*.lan:9000", "a.lan", "10.0.0.1", 80, False),
        ("10.1.0.0/16", "x.test", "10.1.2.3", 80, True),
        ("10.1.0.0/16", "x.test", "10.2.2.3", 80, False),
        ("127.0.0.1", "localhost", "127.0.0.1", 80, True),
        ("127.0.0.1:8080", "localhost", "127.0.0.1", 80, False),
        ("::1", "localhost", "::1", 80, True),
        ("[::1]:8080", "localhost", "::1", 8080, True),
        ("[::1]:8080", "localhost", "::1", 80, False),
        ("fd00::/8", "x.test", "fd12::1", 80, True),
        ("127.0.0.0/8", "x.test", "::ffff:127.0.0.1", 80, False),
    ],
)
def test_the_allow_list(entry: str, host: str, address: str, port: int, opened: bool) -> None:
    allow = AllowList([entry])
    assert (allow.names(host, port) or allow.holds(ip_address(address), port)) is opened


@pytest.mark.parametrize(
    "entry",
    ["http://a.lan", "*", "*.", "a.*", "10.0.0.1/8", "127.1", "u:hunter2@a.lan", "a.lan:0", "*.10.0.0.1", "a b"],
)
def test_the_setting_refuses_what_opens_nothing(entry: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        load_settings(egress_allow=f"good.lan, {entry}")
    [line] = caught.value.problems
    assert line.startswith("EGRESS_ALLOW: entry 2 ")
    assert "hunter2" not in line


def test_the_setting_is_a_comma_list() -> None:
    assert load_settings(egress_allow="a.lan, 10.0.0.0/8,").egress_allow == ("a.lan", "10.0.0.0/8")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "internal"},
        {"Transfer-Encoding": "chunked"},
        {"content-length": "0"},
        {"Proxy-Authorization": "hunter2"},
        {"Sec-WebSocket-Key": "x"},
        {"X-Key": "hunter2\r\nHost: internal"},
        {"X-Key": "hunter2\n"},
        {"X-Key": "hunter2\x00"},
        {"X-Key": "hunter2☃"},
        {"X Key": "x"},
        {"X-Key:": "x"},
        {"": "x"},
    ],
)
def test_headers_that_frame_or_route_the_request_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(EgressRefused) as caught:
        checked_headers(headers)
    assert "hunter2" not in str(caught.value)
    assert caught.value.field == "headers"


def test_a_request_does_not_print() -> None:
    request = OutboundRequest("GET", "https://a.test/hunter2", {"X": "hunter2"}, [("k", "hunter2")], b"hunter2")
    assert repr(request) == str(request) == "OutboundRequest(GET)"
