"""Writes the page with the table of moments. Used by make_lirik.py."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lirik_judgements import JUDGEMENTS

if TYPE_CHECKING:
    from make_lirik import Chat

_PAGE = """\
# The moments of a real chat

![Chat of nine hours with its moments](pictures/lirik-2015.png)

{messages:,} messages of one Twitch stream, {hours:.0f} hours of {day}, were replayed into a new `telemetra serve`
at full speed. The picture and this page are made of what its REST API answered afterwards, by
[pictures/make_lirik.py](pictures/make_lirik.py); it needs matplotlib, which Telemetra does not.

- **The blue line** is `chat_count` of the stored minutes: each message counted once, in the minute of its time.
- **The dashed line** is the level of the baseline that each minute was compared with. The script works it out again
  with the product's own class, and stops if that does not lead to the z-score that the server stored for each minute.
- **A moment** opens when the last 60 s stand four scales above what is usual and hold at least {least:.0f} messages;
  three scales are enough where its cause is clear. A burst within one that has lasted for five minutes is another one.
  Orange is the series in the moment's own evidence: the 60 s that
  end every ten seconds. They need not be a minute of the clock, so a peak may stand above the blue line.
- **Green** are turns of the mood: much the same amount of chat, in another tone.
- **The quiet chat** has {quiet_messages} messages in {quiet_hours:.0f} hours and {quiet_moments}. Its one peak, a gift
  of 20 subscriptions, stands far outside of what is usual there, and is too small to be one for anybody else.

How moments are found, and what was measured: [decisions/2026-11-22-moments.md](decisions/2026-11-22-moments.md).

## Ten of them, and whether they are right

Somebody read the chat for two minutes around each of these. They were not chosen for being right.

{read}

## All {count} moments

`GET /api/v1/streams/lirik/moments?limit=200`, oldest first. Times are UTC; names of people are not shown. Emotes and
messages are counted among the most frequent of every ten seconds, so that the true numbers are at least these.

| onset | lasted | type | severity | peak | usual | cause | sentence |
|---|---|---|---|---|---|---|---|
{table}
"""
_LONGEST_TEXT = 40
_FACTS = ("emotes_per_message", "repeated_share", "shouted_share", "newcomer_share", "sentiment")


def write_page(loud: Chat, quiet: Chat, least: float, file: Path) -> None:
    page = _PAGE.format(
        messages=sum(loud.rates),
        hours=len(loud.rates) / 60,
        day=f"{loud.start:%d %B %Y}",
        least=least,
        quiet_messages=sum(quiet.rates),
        quiet_hours=len(quiet.rates) / 60,
        quiet_moments=f"{len(quiet.moments)} moments" if quiet.moments else "no moment",
        count=len(loud.moments),
        read="\n\n".join(_read(time, judgement, loud.moments) for time, judgement in JUDGEMENTS.items()),
        table="\n".join(map(_row, loud.moments)),
    )
    file.write_text(page)


def _read(time: str, judgement: str, moments: list[dict[str, Any]]) -> str:
    """One moment with its evidence and the judgement of it."""
    found = [moment for moment in moments if f"{_onset(moment):%H:%M:%S}" == time]
    assert found, f"no moment begins at {time}: read again what is found, and write another judgement"
    evidence = found[0]["metadata"]
    messages = ", ".join(f"{_show(message['text'])} {message['count']}" for message in evidence["top_messages"])
    facts = evidence["facts"]
    compared = ", ".join(
        f"{name.replace('_', ' ')} {facts[name]:g} (usual {facts[f'usual_{name}']:g})"
        for name in _FACTS
        if name in facts and f"usual_{name}" in facts
    )
    return (
        f"### {time} · {found[0]['moment_type']}, {evidence['cause']} ({evidence['confidence']:.2f})\n\n"
        f"> {found[0]['description']}\n\n"
        f"Evidence: {messages}.\n\nFacts: {compared}.\n\n{judgement}"
    )


def _row(moment: dict[str, Any]) -> str:
    onset, end = _onset(moment), datetime.fromisoformat(moment["ended_at"])
    minutes, seconds = divmod(round((end - onset).total_seconds()), 60)
    evidence = moment["metadata"]
    digits = 0 if moment["moment_type"] == "chat_spike" else 2
    cells = (
        f"{onset:%H:%M:%S}",
        f"{minutes}:{seconds:02}",
        moment["moment_type"],
        f"{moment['severity']:.2f}",
        f"{moment['metric_value']:.{digits}f}",
        f"{evidence['baseline']['level']:.{digits}f}",
        f"{evidence['cause']} {evidence['confidence']:.2f}",
        moment["description"],
    )
    return f"| {' | '.join(cells)} |"


def _onset(moment: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(moment["timestamp"])


def _show(text: str) -> str:
    """A message as code, without whom it speaks to, and not too long for a table."""
    text = re.sub(r"@\w+", "@…", text)
    short = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT].rstrip()}…"
    return f"`{short.replace('|', chr(0x2758)).replace('`', chr(39))}`"
