"""Lines of Twitch chat (IRC with tags) to events. Source: Twitch, "IRC tags" and "IRC commands" references.

PRIVMSG      chat.message, with bits also a transaction
USERNOTICE   the user's own text as chat.message; subscriptions and gifts as transaction; raids as stream.meta
others       no data
"""

from __future__ import annotations

from typing import Any

from telemetra.errors import Invalid
from telemetra.formats import problems
from telemetra.formats.draft import TWITCH_SOURCE, Draft, Drafts, FallbackId, NoData
from telemetra.formats.irc import IrcMessage, parse_line
from telemetra.formats.twitch_notices import bits_transaction, is_notice, notice_transaction

_ACTION = "\x01ACTION "
_SHARED_NOTICE = "sharedchatnotice"


def read_line(line: str, fallback_id: FallbackId) -> Drafts:
    """The events of one line (without line break). `fallback_id` names the event where Twitch gave no id.

    Raises `Invalid` (`invalid_line`, `missing_field`, `invalid_timestamp`).
    """
    return read_message(parse_line(line), fallback_id)


def read_message(message: IrcMessage, fallback_id: FallbackId) -> Drafts:
    """As `read_line`, of a line that is taken apart already."""
    if message.verb == "PRIVMSG":
        return _read_message(message, fallback_id)
    if message.verb == "USERNOTICE":
        return _read_notice(message, fallback_id)
    return NoData(message.verb)


def _read_message(message: IrcMessage, fallback_id: FallbackId) -> Drafts:
    if len(message.params) < 2:
        raise Invalid("PRIVMSG needs a channel and a text", code=problems.INVALID_LINE)
    chat = _chat_message(message, message.params[1], fallback_id)
    bits = _count(message.tags.get("bits"))
    if not bits:
        return [chat]
    assert isinstance(chat.data, dict)
    chat.data["bits"] = bits
    return [chat] if "source_stream_id" in chat.data else [chat, bits_transaction(chat, bits)]


def _read_notice(message: IrcMessage, fallback_id: FallbackId) -> Drafts:
    if not message.params:
        raise Invalid("USERNOTICE needs a channel", code=problems.INVALID_LINE)
    tags = message.tags
    chat = _chat_message(message, message.params[1] if len(message.params) > 1 else "", fallback_id)
    assert isinstance(chat.data, dict)
    drafts = [chat] if chat.data["message"].strip() else []
    foreign = "source_stream_id" in chat.data
    msg_id = tags.get("msg-id", "")
    if msg_id == _SHARED_NOTICE and not foreign:
        msg_id = tags.get("source-msg-id", "")
    if is_notice(msg_id) and not foreign:
        drafts.append(notice_transaction(chat, msg_id, tags))
    elif msg_id == "raid" and not foreign:
        drafts.append(_raid(message, chat))
    return drafts or NoData(f"USERNOTICE {msg_id}".strip())


def _raid(message: IrcMessage, notice: Draft) -> Draft:
    raid: dict[str, Any] = {"from": message.tags.get("msg-param-login") or message.tags.get("login") or message.nick}
    viewers = _count(message.tags.get("msg-param-viewerCount"))
    if viewers is not None:
        raid["viewer_count"] = viewers
    data = {"event_type": "raid_incoming", "raid": raid}
    return Draft(f"{notice.event_id}:raid", "stream.meta", notice.stream_id, notice.timestamp, data, TWITCH_SOURCE)


def _chat_message(message: IrcMessage, text: str, fallback_id: FallbackId) -> Draft:
    tags = message.tags
    login = tags.get("login") or message.nick
    user_id = tags.get("user-id") or login
    if not user_id:
        raise Invalid("the line names no user", code=problems.MISSING_FIELD, field="user-id")
    if text.startswith(_ACTION):
        text = text[len(_ACTION) :].removesuffix("\x01")
    data: dict[str, Any] = {
        "user_id": user_id,
        "username": tags.get("display-name") or login or user_id,
        "message": text,
    }
    if "emotes" in tags:
        data["emotes"] = cut_emotes(tags["emotes"], text)
    if tags.get("badges"):
        data["badges"] = tags["badges"].split(",")
    source_room = tags.get("source-room-id")
    if source_room and source_room != tags.get("room-id"):
        data["source_stream_id"] = source_room
    channel = message.params[0].removeprefix("#")
    return Draft(tags.get("id") or fallback_id(), "chat.message", channel, _time(tags), data, TWITCH_SOURCE)


def cut_emotes(tag: str, text: str) -> list[str]:
    """The emotes' names, cut from the text by the tag's ranges of code points (`25:0-4,12-16/1902:6-10`), in the
    order of the text. Ranges that do not lie in the text are left out."""
    found: list[tuple[int, str]] = []
    for emote in tag.split("/"):
        for span in emote.rpartition(":")[2].split(","):
            first, _, last = span.partition("-")
            start, end = _count(first), _count(last)
            if start is not None and end is not None and start <= end < len(text):
                found.append((start, text[start : end + 1]))
    return [name for _, name in sorted(found)]


def _time(tags: dict[str, str]) -> int | None:
    sent = tags.get("tmi-sent-ts")
    if not sent:
        return None
    milliseconds = _count(sent)
    if milliseconds is None:
        raise Invalid(f"tmi-sent-ts is no number of milliseconds: {sent[:40]}", code=problems.INVALID_TIMESTAMP)
    return milliseconds * 1000


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 15 else None
