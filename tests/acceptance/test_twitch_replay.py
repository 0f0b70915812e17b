"""Recorded Twitch lines through the real program: messages, subscriptions, raids and bits reach the right tables.

What is expected is read from the lines by the plainest means, without the product's parser.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.connectors import Connectors, rows, serving, until
from tests.support.feeds import catalogue
from tests.support.feeds.thread import playing
from tests.support.postgres import Server
from tests.support.shared import shared_data

LINE = re.compile(r"@(?P<tags>\S+) (?::\S+ )?(?P<verb>PRIVMSG|USERNOTICE) #(?P<channel>\S+)(?: :?(?P<text>.*))?")
TRANSACTIONS = {
    "sub": "subscription",
    "resub": "subscription_renewal",
    "primepaidupgrade": "subscription_renewal",
    "giftpaidupgrade": "subscription_renewal",
    "anongiftpaidupgrade": "subscription_renewal",
    "subgift": "gift_sub",
    "anonsubgift": "gift_sub",
}


@dataclass(frozen=True)
class Line:
    verb: str
    channel: str
    tags: dict[str, str]
    text: str

    @property
    def id(self) -> str:
        return self.tags["id"]

    @property
    def own(self) -> bool:
        """Not shared from the chat of another channel."""
        return self.tags.get("source-room-id", self.tags.get("room-id")) == self.tags.get("room-id")


def recorded() -> list[Line]:
    """Lines with an id of their own: those that Twitch sends today."""
    path = shared_data("chat", "irc", "tagged-lines.txt")
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        if match := LINE.match(text):
            tags = dict(pair.partition("=")[::2] for pair in match["tags"].split(";"))
            if tags.get("id"):
                lines.append(Line(match["verb"], match["channel"], tags, match["text"] or ""))
    times = Counter(line.id for line in lines)
    return [line for line in lines if times[line.id] == 1]


@dataclass(frozen=True)
class Replayed:
    conninfo: str
    connectors: Connectors


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> Iterator[Replayed]:
    name = postgres.create()
    conninfo = postgres.conninfo(name)
    channels = sorted({line.channel.lower() for line in recorded()})
    with (
        serving(Path(tmp_path_factory.mktemp("irc")), conninfo) as server,
        playing(lambda: catalogue.make("twitch", speed=20, today=True, beat_seconds=0.3)) as feeds,
    ):
        connectors = Connectors(server.url)
        subscribe = ["CAP REQ :twitch.tv/tags twitch.tv/commands", "NICK justinfan4321"]
        connectors.started(
            api_url=feeds.ws(),
            exchange_name="twitch",
            format="twitch",
            subscribe_messages=[*subscribe, "JOIN " + ",".join(f"#{channel}" for channel in channels)],
        )
        feeds.until_played()
        last = [line.id for line in recorded() if line.verb == "PRIVMSG"][-1]
        query = "SELECT 1 FROM events WHERE event_id = %s"
        until(lambda: bool(rows(conninfo, query, (last,))), lambda: connectors.get("/api/connectors"))
        assert any(heard.text.startswith("PONG") for heard in feeds.record.heard)
        yield Replayed(conninfo, connectors)
    postgres.drop(name)


def stored(replayed: Replayed, type: str) -> list[dict[str, Any]]:
    query = "SELECT stream_id, event_id, data FROM events WHERE type = %s AND disposition = 'counted'"
    return rows(replayed.conninfo, query, (type,))


def test_messages_subscriptions_bits_and_raids_reach_their_tables(replayed: Replayed) -> None:
    """One test, since one replay serves them all."""
    every_message_is_stored_once_with_its_text(replayed)
    subscriptions_and_gifts_are_transactions(replayed)
    bits_are_transactions_in_bits(replayed)
    raids_are_told_with_their_viewers(replayed)
    nothing_of_it_is_refused(replayed)


def every_message_is_stored_once_with_its_text(replayed: Replayed) -> None:
    expected = {
        (line.channel.lower(), line.id): re.sub("^\x01ACTION (.*?)\x01?$", r"\1", line.text)
        for line in recorded()
        if line.verb == "PRIVMSG"
    }
    found = {(row["stream_id"], row["event_id"]): row["data"]["message"] for row in stored(replayed, "chat.message")}
    assert expected.items() <= found.items()
    notices = {(line.channel.lower(), line.id) for line in recorded() if line.verb == "USERNOTICE" and line.text}
    assert notices <= found.keys()
    assert len(expected) > 80
    assert len(notices) > 5


def subscriptions_and_gifts_are_transactions(replayed: Replayed) -> None:
    expected = {
        (line.channel.lower(), line.id, TRANSACTIONS[line.tags["msg-id"]])
        for line in recorded()
        if line.verb == "USERNOTICE" and line.tags["msg-id"] in TRANSACTIONS and line.own
    }
    query = "SELECT stream_id, transaction_id, transaction_type FROM transactions WHERE transaction_type <> 'bits'"
    found = {
        (row["stream_id"], row["transaction_id"].partition(":")[0], row["transaction_type"])
        for row in rows(replayed.conninfo, query)
    }
    assert expected <= found
    assert len(expected) >= 20


def bits_are_transactions_in_bits(replayed: Replayed) -> None:
    cheered = {line.id: int(line.tags["bits"]) for line in recorded() if line.tags.get("bits")}
    query = "SELECT transaction_id, amount, currency FROM transactions WHERE transaction_type = 'bits'"
    found = {row["transaction_id"].partition(":")[0]: row for row in rows(replayed.conninfo, query)}
    assert {id: int(found[id]["amount"]) for id in cheered} == cheered
    assert {row["currency"] for row in found.values()} == {"bits"}


def raids_are_told_with_their_viewers(replayed: Replayed) -> None:
    expected = {
        (line.channel.lower(), line.tags["msg-param-login"], int(line.tags["msg-param-viewerCount"]))
        for line in recorded()
        if line.verb == "USERNOTICE" and line.tags["msg-id"] == "raid" and line.own
    }
    found = {
        (row["stream_id"], row["data"]["raid"]["from"], row["data"]["raid"]["viewer_count"])
        for row in stored(replayed, "stream.meta")
        if row["data"]["event_type"] == "raid_incoming"
    }
    assert expected <= found
    assert len(expected) >= 3


def nothing_of_it_is_refused(replayed: Replayed) -> None:
    ledger = replayed.connectors.ledger()
    assert ledger["rejected"] == ledger["dead"] == ledger["late"] == 0
