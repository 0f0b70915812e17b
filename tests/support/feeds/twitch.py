"""Twitch's chat server: IRC over WebSocket. An anonymous nick or the password `oauth:right` may read."""

from __future__ import annotations

import re

from tests.support.feeds.venues import Desk, PlainDesk

SERVER = "tmi.twitch.tv"
_LINE = re.compile(r"(?:@\S+ +)?(?::\S+ +)?(?P<verb>[A-Z]+|\d{3}) +(?P<channel>#\S+)")


class TwitchDesk(PlainDesk):
    def __init__(self) -> None:
        super().__init__()
        self._nick = ""
        self._password = ""

    def hear(self, text: str) -> list[str]:
        answers = [answer for line in re.split(r"\r\n|\n", text) if line for answer in self._line(line)]
        return ["\r\n".join(answers) + "\r\n"] if answers else []

    def _line(self, line: str) -> list[str]:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "CAP" if rest.startswith("REQ"):
                return [f":{SERVER} CAP * ACK {rest.partition(' ')[2]}"]
            case "PASS":
                self._password = rest.removeprefix(":")
            case "NICK":
                return self._log_in(rest)
            case "JOIN":
                return [answer for channel in rest.split(",") for answer in self._join(channel.strip().lower())]
            case "PART":
                self.topics -= set(rest.split(","))
            case "PING":
                return [f":{SERVER} PONG {SERVER} {rest}"]
        return []

    def _log_in(self, nick: str) -> list[str]:
        if not nick.startswith("justinfan") and self._password != "oauth:right":
            return [f":{SERVER} NOTICE * :Login authentication failed"]
        self._nick = nick
        told = ((1, "Welcome, GLHF!"), (2, f"Your host is {SERVER}"), (3, "This server is rather new"), (4, "-"))
        motd = ((375, "-"), (372, "You are in a maze of twisty passages, all alike."), (376, ">"))
        return [f":{SERVER} {number:03} {nick} :{words}" for number, words in (*told, *motd)]

    def _join(self, channel: str) -> list[str]:
        if not self._nick:
            return []
        self.topics.add(channel)
        host = f"{self._nick}.{SERVER}"
        return [
            f":{self._nick}!{self._nick}@{host} JOIN {channel}",
            f":{host} 353 {self._nick} = {channel} :{self._nick}",
            f":{host} 366 {self._nick} {channel} :End of /NAMES list",
            f"@emote-only=0;followers-only=-1;r9k=0;room-id=1;slow=0;subs-only=0 :{SERVER} ROOMSTATE {channel}",
        ]

    def shape(self, text: str) -> str:
        return text + "\r\n"

    def beat(self) -> str | None:
        return f"PING :{SERVER}\r\n"


class Twitch:
    def topic(self, text: str) -> str | None:
        match = _LINE.match(text)
        return match["channel"].lower() if match else None

    def desk(self, path: str, known: frozenset[str]) -> Desk:
        return TwitchDesk()
