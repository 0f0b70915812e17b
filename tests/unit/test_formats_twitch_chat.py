"""Twitch chat over a WebSocket: frames of lines, what steers the connection, the shared lines."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.feed_messages import NOW, data, make, read
from tests.support.shared import shared_data

USER = "@id={id};room-id=1;user-id=7;display-name=Nick;tmi-sent-ts=1700000000123{more} :nick!nick@nick.tmi.twitch.tv"


def message(text: str = "hello", *, id: str = "m1", more: str = "", channel: str = "chan") -> str:
    return f"{USER.format(id=id, more=more)} PRIVMSG #{channel} :{text}"


def test_a_frame_of_many_lines() -> None:
    reading = read("twitch", f"{message()}\r\nPING :tmi.twitch.tv\r\n{message('bye', id='m2')}\r\n")
    assert [draft.event_id for draft in reading.drafts] == ["m1", "m2"]
    assert (reading.replies, reading.control) == (("PONG :tmi.twitch.tv",), "heartbeat")
    draft = reading.drafts[0]
    assert (draft.type, draft.stream_id, draft.source) == ("chat.message", "chan", "twitch")
    assert draft.timestamp == 1_700_000_000_123_000
    stored = data(draft)
    assert (stored["message"], stored["user_id"], stored["raw"]) == ("hello", "7", message())
    assert (stored["exchange"], stored["message_type"]) == ("twitch", "PRIVMSG")


def test_the_stream_is_the_channel_or_as_the_template_says() -> None:
    (plain,) = read("twitch", message(channel="TwitchDev")).drafts
    (named,) = read("twitch", message(channel="TwitchDev"), exchange="ttv", stream="{exchange}:{channel}").drafts
    assert (plain.stream_id, named.stream_id, named.source) == ("twitchdev", "ttv:twitchdev", "ttv")


def test_bits_subs_gifts_and_raids_have_their_types_and_one_raw_line() -> None:
    cheer = read("twitch", message("cheer100", more=";bits=100")).drafts
    assert [draft.type for draft in cheer] == ["chat.message", "transaction"]
    assert ["raw" in data(draft) for draft in cheer] == [True, False]
    assert (data(cheer[1])["amount"], data(cheer[1])["currency"]) == (100, "bits")
    head = "@id=n1;login=nick;room-id=1;user-id=7;tmi-sent-ts=1000;msg-id={}{} :tmi.twitch.tv USERNOTICE #chan"
    raid = read("twitch", head.format("raid", ";msg-param-login=pal;msg-param-viewerCount=350")).drafts
    assert [draft.type for draft in raid] == ["stream.meta"]
    gift = read("twitch", head.format("subgift", ";msg-param-sub-plan=1000")).drafts
    assert [data(draft)["transaction_type"] for draft in gift] == ["gift_sub"]


def test_shared_chat_names_the_room_where_it_was_written() -> None:
    (shared,) = read("twitch", message(more=";source-room-id=2;source-id=x")).drafts
    assert data(shared)["source_stream_id"] == "2"
    (own,) = read("twitch", message(more=";source-room-id=1;source-id=x")).drafts
    assert "source_stream_id" not in data(own)


def test_lines_without_an_id_are_different_messages_also_where_they_are_equal() -> None:
    line = ":nick!n@h PRIVMSG #chan :LUL"
    feed = make("twitch")
    drafts = [*feed.read(f"{line}\r\n{line}", NOW).drafts, *feed.read(line, NOW + 1).drafts]
    assert len({draft.event_id for draft in drafts}) == 3
    assert all(draft.timestamp is None for draft in drafts)


@pytest.mark.parametrize(
    ("line", "control", "refused", "reconnect"),
    [
        ("PING", "heartbeat", False, False),
        (":tmi.twitch.tv PONG tmi.twitch.tv :telemetra", "heartbeat", False, False),
        (":tmi.twitch.tv RECONNECT", "ack", False, True),
        (":tmi.twitch.tv NOTICE * :Login authentication failed", "error", True, False),
        (":tmi.twitch.tv NOTICE * :Improperly formatted auth", "error", True, False),
        (":tmi.twitch.tv NOTICE * :Login unsuccessful", "error", True, False),
        ("@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #c :This channel does not exist", "error", False, False),
        ("@msg-id=emote_only_on :tmi.twitch.tv NOTICE #c :This room is now in emote-only mode.", "ack", False, False),
        ("@room-id=1;target-user-id=2 :tmi.twitch.tv CLEARCHAT #c :someone", "ack", False, False),
        (":tmi.twitch.tv CLEARMSG #c :bad words", "ack", False, False),
        (":tmi.twitch.tv CAP * ACK :twitch.tv/tags", "ack", False, False),
        (":tmi.twitch.tv CAP * NAK :twitch.tv/tagz", "error", False, False),
        (":tmi.twitch.tv 001 justinfan1 :Welcome, GLHF!", "ack", False, False),
        (":tmi.twitch.tv 421 you WHO :Unknown command", "error", False, False),
        (":justinfan1!j@j.tmi.twitch.tv JOIN #c", "ack", False, False),
        ("@a=b", "unknown", False, False),
        ("@tmi-sent-ts=soon;user-id=1 :n!n@h PRIVMSG #c :x", "unknown", False, False),
        ("", "", False, False),
    ],
)
def test_what_steers_the_connection(line: str, control: str, refused: bool, reconnect: bool) -> None:
    reading = read("twitch", line + "\r\n")
    assert (reading.control, reading.refused, reading.reconnect) == (control, refused, reconnect)
    assert not reading.drafts
    assert bool(reading.detail) == bool(control)


def test_a_bad_line_costs_its_neighbours_nothing_and_is_told() -> None:
    reading = read("twitch", f"PRIVMSG #c :who\r\n{message()}\r\nPING :x")
    assert [draft.event_id for draft in reading.drafts] == ["m1"]
    assert (reading.control, reading.replies) == ("unknown", ("PONG :x",))


def test_the_shared_lines_in_frames() -> None:
    lines = shared_data("chat", "irc", "tagged-lines.txt").read_text(encoding="utf-8").split("\n")
    counts: Counter[str] = Counter()
    feed = make("twitch")
    for first in range(0, len(lines), 25):
        reading = feed.read("\r\n".join(lines[first : first + 25]), NOW + first)
        assert reading.control in {"ack", "error", ""}, reading.detail  # an error: a ban from a channel
        counts.update(draft.type for draft in reading.drafts)
        raws = [data(draft)["raw"] for draft in reading.drafts if "raw" in data(draft)]
        assert set(raws) <= set(lines)
    assert counts["transaction"] == 7 + 6 + 13 + 9 + 2 + 4 + 3 + 1 - 1
    assert counts["stream.meta"] == 4
    assert counts["chat.message"] > 100
