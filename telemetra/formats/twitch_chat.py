"""Twitch chat over a WebSocket: frames of many IRC lines, read anonymously or with a token.

Messages, subscriptions, gifts, raids and bits become events as `twitch.read_line` says; the rest steers the connection.
Source: Twitch, "Twitch Chat & Chatbots" (PING, RECONNECT, NOTICE) and "IRC commands" references.
"""

from __future__ import annotations

from typing import Final

from telemetra.errors import Invalid
from telemetra.formats.draft import Draft, NoData
from telemetra.formats.feed import Control, FeedOptions, Reading
from telemetra.formats.feed_drafts import content_id
from telemetra.formats.irc import IrcMessage, parse_line
from telemetra.formats.twitch import read_message

LINES_MAX: Final = 10_000
"""Lines of one frame that are looked at; the rest is told as unknown."""

_REFUSALS: Final = (
    "login authentication failed",
    "improperly formatted auth",
    "login unsuccessful",
    "invalid nick",
    "error logging in",
)
_FAILED_JOINS: Final = frozenset(
    ("msg_channel_suspended", "msg_room_not_found", "msg_banned", "tos_ban", "msg_channel_blocked", "no_permission")
)
_UNKNOWN_COMMAND = "421"
_WEIGHT: Final[dict[Control, int]] = {"": 0, "heartbeat": 1, "ack": 2, "unknown": 3, "error": 4}


class TwitchChat:
    """A `FeedFormat`. The stream is the channel (or what the template makes of {channel})."""

    def __init__(self, options: FeedOptions) -> None:
        self._exchange = options.exchange
        self._template = options.stream or "{channel}"

    def read(self, payload: str | bytes, received_at: int) -> Reading:
        text = payload if isinstance(payload, str) else payload.decode(errors="replace")
        reading = Reading([])
        lines = text.replace("\r", "\n").split("\n", LINES_MAX)
        for index, line in enumerate(lines[:LINES_MAX]):
            if line.strip():
                self._read_line(line, f"{received_at}:{index}", reading)
        if len(lines) > LINES_MAX and lines[-1].strip():
            _note(reading, "unknown", f"a frame of more than {LINES_MAX} lines")
        return reading

    def _read_line(self, line: str, place: str, reading: Reading) -> None:
        def fallback_id() -> str:
            # Such a line is never sent twice, and equal ones are different messages.
            return content_id(line.encode(errors="replace"), place)

        try:
            message = parse_line(line)
            found = read_message(message, fallback_id)
        except Invalid as error:
            return _note(reading, "unknown", str(error))
        if isinstance(found, NoData):
            return _steer(message, found, reading)
        first = found[0]
        for draft in found:
            reading.drafts.append(self._own(draft, message, line if draft is first else None))
        return None

    def _own(self, draft: Draft, message: IrcMessage, raw: str | None) -> Draft:
        channel = draft.stream_id.lower()
        draft.stream_id = self._template.replace("{exchange}", self._exchange).replace("{channel}", channel)
        draft.source = self._exchange
        assert isinstance(draft.data, dict)
        draft.data |= {"exchange": self._exchange, "instrument": channel, "message_type": message.verb}
        if raw is not None:
            draft.data["raw"] = raw
        return draft


def _steer(message: IrcMessage, found: NoData, reading: Reading) -> None:
    verb = message.verb
    if verb == "PING":
        # As Twitch's guide writes it, with the colon.
        reading.replies += (f"PONG :{message.params[-1]}" if message.params else "PONG",)
        _note(reading, "heartbeat", verb)
    elif verb == "PONG":
        _note(reading, "heartbeat", verb)
    elif verb == "RECONNECT":
        reading.reconnect = True
        _note(reading, "ack", verb)
    elif verb == "NOTICE":
        _read_notice(message, reading)
    elif verb == "CAP" and "NAK" in message.params:
        _note(reading, "error", f"capabilities refused: {message.params[-1][:200]}")
    elif verb == _UNKNOWN_COMMAND:
        _note(reading, "error", f"unknown command: {' '.join(message.params[1:])[:200]}")
    else:
        _note(reading, "ack", found.reason)


def _read_notice(message: IrcMessage, reading: Reading) -> None:
    text, msg_id = message.params[-1] if message.params else "", message.tags.get("msg-id", "")
    if any(text.lower().startswith(refusal) for refusal in _REFUSALS):
        reading.refused = True
        _note(reading, "error", text[:300])
    elif msg_id in _FAILED_JOINS:
        _note(reading, "error", f"{msg_id}: {text}"[:300])
    else:
        _note(reading, "ack", f"NOTICE {msg_id}".strip())


def _note(reading: Reading, control: Control, detail: str) -> None:
    """The most important thing of a frame is told."""
    if _WEIGHT[control] > _WEIGHT[reading.control]:
        reading.control, reading.detail = control, detail[:300]
