"""Twitch lines to events."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from telemetra.errors import Invalid
from telemetra.formats.draft import Draft, NoData
from telemetra.formats.twitch import cut_emotes, read_line
from tests.support.shared import shared_data

USER = ":nick!nick@nick.tmi.twitch.tv"


def read(line: str) -> list[Draft]:
    drafts = read_line(line, lambda: "line-id")
    assert isinstance(drafts, list), drafts
    return drafts


def data(draft: Draft) -> dict[str, Any]:
    assert isinstance(draft.data, dict)
    return draft.data


def test_a_message() -> None:
    (chat,) = read(
        "@badges=subscriber/24,premium/1;display-name=Nick;emotes=25:0-4,12-16/1902:6-10;id=abc;room-id=1;"
        f"tmi-sent-ts=1662206235860;user-id=42 {USER} PRIVMSG #chan :Kappa Keepo Kappa"
    )
    assert (chat.event_id, chat.type, chat.stream_id, chat.source) == ("abc", "chat.message", "chan", "twitch")
    assert chat.timestamp == 1_662_206_235_860_000
    assert data(chat) == {
        "user_id": "42",
        "username": "Nick",
        "message": "Kappa Keepo Kappa",
        "emotes": ["Kappa", "Keepo", "Kappa"],
        "badges": ["subscriber/24", "premium/1"],
    }


def test_a_message_without_tags() -> None:
    (chat,) = read(f"{USER} PRIVMSG #chan :hello : there ")
    assert (chat.event_id, chat.timestamp) == ("line-id", None)
    assert data(chat) == {"user_id": "nick", "username": "nick", "message": "hello : there "}


def test_an_action_is_unwrapped_and_its_emotes_are_cut_from_what_it_says() -> None:
    (chat,) = read(f"@emotes=25:0-4 {USER} PRIVMSG #chan :\x01ACTION Kappa waves\x01")
    assert (data(chat)["message"], data(chat)["emotes"]) == ("Kappa waves", ["Kappa"])


@pytest.mark.parametrize(
    ("tag", "text", "names"),
    [
        ("25:3-7", "😀é Kappa", ["Kappa"]),
        ("", "Kappa", []),
        ("emotesv2_a1:0-1/25:3-4", "ab cd", ["ab", "cd"]),
        ("25:3-4/26:0-1", "ab cd", ["ab", "cd"]),
        ("25:0-5", "Kappa", []),
        ("25:4-0", "Kappa", []),
        ("25:x-y,-1-2,", "Kappa", []),
        ("25", "Kappa", []),
        ("25:0-99999999999999999999", "Kappa", []),
    ],
)
def test_emotes_are_cut_by_code_points(tag: str, text: str, names: list[str]) -> None:
    assert cut_emotes(tag, text) == names


def test_bits_are_a_transaction_too() -> None:
    chat, bits = read(f"@bits=100;id=abc;user-id=42;tmi-sent-ts=1000 {USER} PRIVMSG #chan :cheer100")
    assert data(chat)["bits"] == 100
    assert (bits.event_id, bits.type, bits.stream_id, bits.timestamp) == ("abc:bits", "transaction", "chan", 1_000_000)
    assert data(bits) == {
        "transaction_id": "abc:bits",
        "user_id": "42",
        "username": "nick",
        "amount": 100,
        "currency": "bits",
        "transaction_type": "bits",
    }


def test_shared_chat_names_its_room_where_it_differs() -> None:
    tags = "@bits=5;room-id=1;source-room-id={};user-id=42"
    (foreign,) = read(f"{tags.format(2)} {USER} PRIVMSG #chan :cheer5")
    assert data(foreign)["source_stream_id"] == "2"
    own, _ = read(f"{tags.format(1)} {USER} PRIVMSG #chan :cheer5")
    assert "source_stream_id" not in data(own)


def notice(msg_id: str, more: str = "", text: str = "") -> str:
    tags = f"@id=n1;login=nick;display-name=Nick;msg-id={msg_id};room-id=1;tmi-sent-ts=1000;user-id=42{more}"
    return f"{tags} :tmi.twitch.tv USERNOTICE #chan{' :' + text if text else ''}"


@pytest.mark.parametrize(
    ("msg_id", "transaction_type"),
    [
        ("sub", "subscription"),
        ("resub", "subscription_renewal"),
        ("primepaidupgrade", "subscription_renewal"),
        ("giftpaidupgrade", "subscription_renewal"),
        ("subgift", "gift_sub"),
        ("anonsubgift", "gift_sub"),
    ],
)
def test_subscriptions_are_transactions_without_an_invented_amount(msg_id: str, transaction_type: str) -> None:
    (paid,) = read(notice(msg_id, ";msg-param-sub-plan=1000;msg-param-cumulative-months=7;msg-param-recipient-id=9"))
    assert paid.event_id == f"n1:{transaction_type}"
    assert data(paid) == {
        "transaction_id": f"n1:{transaction_type}",
        "user_id": "42",
        "username": "Nick",
        "amount": 0,
        "transaction_type": transaction_type,
        "plan": "1000",
        "months": 7,
        "recipient_id": "9",
    }


def test_the_users_own_words_in_a_notice_are_a_message() -> None:
    chat, paid = read(notice("resub", ";emotes=25:6-10", "hello Kappa"))
    assert (chat.event_id, chat.type, paid.type) == ("n1", "chat.message", "transaction")
    assert (data(chat)["message"], data(chat)["emotes"]) == ("hello Kappa", ["Kappa"])
    (announcement,) = read(notice("announcement", "", "read this"))
    assert announcement.type == "chat.message"


def test_a_raid_is_meta_data() -> None:
    (raid,) = read(notice("raid", ";msg-param-login=friend;msg-param-viewerCount=1200"))
    assert (raid.event_id, raid.type, raid.timestamp) == ("n1:raid", "stream.meta", 1_000_000)
    assert data(raid) == {"event_type": "raid_incoming", "raid": {"from": "friend", "viewer_count": 1200}}


@pytest.mark.parametrize("msg_id", ["submysterygift", "anonsubmysterygift", "unraid", "bitsbadgetier", "ritual"])
def test_notices_without_data_of_their_own(msg_id: str) -> None:
    assert read_line(notice(msg_id), lambda: "x") == NoData(f"USERNOTICE {msg_id}")


def test_notices_of_another_room_are_not_this_streams() -> None:
    foreign = ";source-room-id=2;source-msg-id=raid;msg-param-viewerCount=2"
    assert read_line(notice("sharedchatnotice", foreign), lambda: "x") == NoData("USERNOTICE sharedchatnotice")
    own = ";source-room-id=1;source-msg-id=raid;msg-param-viewerCount=2"
    assert read(notice("sharedchatnotice", own))[0].type == "stream.meta"


@pytest.mark.parametrize("line", ["PING :tmi.twitch.tv", "@a=b :x CLEARCHAT #c :u", ":x 001 n :hi", ":x NOTICE #c :y"])
def test_other_lines_are_no_data(line: str) -> None:
    assert isinstance(read_line(line, lambda: "x"), NoData)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"{USER} PRIVMSG #chan", "invalid_line"),
        (f"{USER} USERNOTICE", "invalid_line"),
        ("PRIVMSG #chan :who", "missing_field"),
        (f"@tmi-sent-ts=soon {USER} PRIVMSG #chan :x", "invalid_timestamp"),
    ],
)
def test_what_is_refused(line: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_line(line, lambda: "x")
    assert caught.value.code == code


def test_captured_lines() -> None:
    """Every captured line is understood; the counts follow from the commands and msg-ids in the file."""
    counts: Counter[str] = Counter()
    for line in shared_data("chat", "irc", "tagged-lines.txt").read_text(encoding="utf-8").split("\n"):
        if not line:
            continue
        found = read_line(line, lambda: "line-id")
        if isinstance(found, NoData):
            counts["none"] += 1
        else:
            counts.update(draft.type for draft in found)
    assert counts["stream.meta"] == 4
    assert counts["transaction"] == 7 + 6 + 13 + 9 + 2 + 4 + 3 + 1 - 1  # bits, sub … primepaidupgrade; one is foreign
    assert counts["none"] == 175
