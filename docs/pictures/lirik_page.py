"""Writes the page with the table of moments. Used by make_lirik.py."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
- **A moment** opens when the last 60 s stand four scales above what is usual and hold at least {least:.0f} messages.
  Orange is the series in the moment's own evidence: the 60 s that end every ten seconds. They need not be a minute of
  the clock, so a peak may stand above the blue line.
- **The quiet chat** has {quiet_messages} messages in {quiet_hours:.0f} hours and {quiet_moments}. Its one peak, a gift
  of 20 subscriptions, stands far outside of what is usual there, and is too small to be one for anybody else.

How moments are found, and what was measured: [decisions/2026-11-22-moments.md](decisions/2026-11-22-moments.md).

## All {count} moments

`GET /api/v1/streams/lirik/moments?limit=200`, oldest first. Times are UTC; names of people are not shown. Messages that
are nearly the same count together. Emotes and messages are counted among the most frequent of every ten seconds, so
that the true numbers are at least these.

| onset | lasted | severity | messages a minute | times usual | sentence | most used emotes | most frequent messages |
|---|---|---|---|---|---|---|---|
{table}
"""
_LONGEST_TEXT = 40


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
        table="\n".join(map(_row, loud.moments)),
    )
    file.write_text(page)


def _row(moment: dict[str, Any]) -> str:
    onset, end = (datetime.fromisoformat(moment[name]) for name in ("timestamp", "ended_at"))
    minutes, seconds = divmod(round((end - onset).total_seconds()), 60)
    evidence = moment["metadata"]
    emotes = ", ".join(f"{emote['name']} {emote['count']:,}" for emote in evidence["top_emotes"][:3])
    messages = ", ".join(f"{_show(message['text'])} {message['count']}" for message in evidence["top_messages"][:2])
    cells = (
        f"{onset:%H:%M:%S}",
        f"{minutes}:{seconds:02}",
        f"{moment['severity']:.2f}",
        f"{moment['metric_value']:.0f}",
        f"{moment['metric_value'] / evidence['baseline']['level']:.1f}",
        moment["description"],
        emotes,
        messages,
    )
    return f"| {' | '.join(cells)} |"


def _show(text: str) -> str:
    """A message as code, without whom it speaks to, and not too long for a table."""
    text = re.sub(r"@\w+", "@…", text)
    short = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT].rstrip()}…"
    return f"`{short.replace('|', chr(0x2758)).replace('`', chr(39))}`"
