"""Recorded Twitch chat: one comment of the v5 format (`{"video", "comments": […]}` or a bare array) to events.

Each comment is one chat.message at its `created_at`; the emotes are those of its fragments. A subscription notice
keeps the text as it was recorded (Twitch's sentence and the user's words are one there) and is a transaction too.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import problems
from telemetra.formats.draft import TWITCH_SOURCE, Draft, FallbackId
from telemetra.formats.twitch_notices import bits_transaction, is_notice, notice_transaction
from telemetra.model.times import to_microseconds


class Badge(msgspec.Struct):
    id: str = msgspec.field(name="_id")
    version: str = ""


class Fragment(msgspec.Struct):
    text: str
    emoticon: dict[str, Any] | None = None


class Commenter(msgspec.Struct):
    id: str = msgspec.field(name="_id")
    name: str | None = None
    display_name: str | None = None


class Message(msgspec.Struct):
    """`user_notice_params`: by name, `msg-param-sub-plan` in some recordings and `msgparamsubplan` in others."""

    body: str
    fragments: list[Fragment] | None = None
    user_badges: list[Badge] | None = None
    user_notice_params: dict[str, str | None] | None = None
    bits_spent: int | None = None


class Comment(msgspec.Struct):
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    message: Message
    commenter: Commenter
    id: str | None = msgspec.field(name="_id", default=None)
    channel_id: str | None = None


_PARAMS = ("msg-id", "msg-param-cumulative-months", "msg-param-months", "msg-param-sub-plan", "msg-param-recipient-id")


class Channel(msgspec.Struct):
    """A person or channel as recordings name it: `user_login` in a video, `login` or `name` of a streamer."""

    user_login: str | None = None
    login: str | None = None
    name: str | None = None


class Header(msgspec.Struct):
    """What stands before the comments of a recording that is an object."""

    video: Channel | None = None
    streamer: Channel | None = None


_COMMENTS = re.compile(rb'"comments"\s*:\s*\[')
_COMMENT = msgspec.json.Decoder(Comment)
_HEADER = msgspec.json.Decoder(Header)


def find_comments(head: bytes) -> tuple[int, str | None] | None:
    """Where the comments begin in the head of a recording (the index after their bracket), and the login of the channel
    if it is named before them. None: not in this part of it."""
    lead = head.lstrip()
    if lead.startswith(b"["):
        return len(head) - len(lead) + 1, None
    match = _COMMENTS.search(head)
    return match and (match.end(), _login(head[: match.start()]))


def _login(before: bytes) -> str | None:
    try:
        header = _HEADER.decode(before.rstrip().removesuffix(b",") + b"}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    for channel in (header.video, header.streamer):
        login = channel and (channel.user_login or channel.login or channel.name)
        if login:
            return login.lower()
    return None


def read_comment(record: bytes, stream_id: str | None, fallback_id: FallbackId) -> list[Draft]:
    """The events of one comment as JSON. `stream_id` None: the comment's own channel id. `fallback_id` names the event
    where the comment has no id. Raises `Invalid` (`invalid_line`, `missing_field`) naming what is wrong where."""
    try:
        comment = _COMMENT.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(str(error), code=problems.INVALID_LINE) from None
    except RecursionError:
        raise Invalid("nested too deeply", code=problems.TOO_DEEP) from None
    stream_id = stream_id or comment.channel_id
    if not stream_id:
        raise Invalid("neither the recording nor the comment names a channel", code=problems.MISSING_FIELD)
    chat = Draft(
        comment.id or fallback_id(),
        "chat.message",
        stream_id,
        to_microseconds(comment.created_at),
        _data(comment),
        TWITCH_SOURCE,
    )
    drafts = [chat]
    message = comment.message
    if message.bits_spent:
        drafts.append(bits_transaction(chat, message.bits_spent))
    params = _normalise(message.user_notice_params or {})
    msg_id = params.get("msg-id")
    if msg_id and is_notice(msg_id):
        drafts.append(notice_transaction(chat, msg_id, params))
    return drafts


def _data(comment: Comment) -> dict[str, Any]:
    user, message = comment.commenter, comment.message
    data: dict[str, Any] = {
        "user_id": user.id,
        "username": user.display_name or user.name or user.id,
        "message": message.body,
    }
    if message.fragments is not None:
        data["emotes"] = [fragment.text for fragment in message.fragments if fragment.emoticon]
    if message.user_badges:
        data["badges"] = [f"{badge.id}/{badge.version}" for badge in message.user_badges]
    if message.bits_spent:
        data["bits"] = message.bits_spent
    return data


def _normalise(params: dict[str, str | None]) -> dict[str, str | None]:
    return {name: params.get(name) or params.get(name.replace("-", "")) for name in _PARAMS}
