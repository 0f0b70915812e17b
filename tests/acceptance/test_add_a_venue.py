"""Does what docs/how-to/add-a-venue.md says: the preset is valid, makes a connector, and reads the messages as told."""

from __future__ import annotations

import json
import re
from pathlib import Path

from telemetra.formats.draft import Draft
from telemetra.formats.feed import feed_options
from telemetra.formats.feeds import make_format
from telemetra.formats.presets import parse_preset
from telemetra.operations.connector_fields import read_config
from tests.support.feed_messages import NOW, data

PAGE = (Path(__file__).parents[2] / "docs/how-to/add-a-venue.md").read_text()


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def told(draft: Draft) -> str:
    stored, words = data(draft), [draft.type, draft.stream_id]
    if draft.type == "market.trade":
        words += [draft.event_id, stored["side"], stored["size"], "at", stored["price"]]
    elif draft.type == "market.ticker":
        words += ["last", stored["last"], "bid", stored["bid"], "ask", stored["ask"]]
    return "data       " + " ".join(words)


def test_the_page() -> None:
    preset = parse_preset(block("yaml"), "acme.yaml")
    config = read_config(preset.connector_fields({"instrument": "btc/eur"}))
    assert config.subscribe_messages == [
        {"do": "subscribe", "topic": "deals.BTC-EUR"},
        {"do": "subscribe", "topic": "top.BTC-EUR"},
    ]
    feed = make_format(config.format, feed_options(config.exchange_name or "", config.mapping))
    lines = []
    for message in block("json").splitlines():
        reading = feed.read(message, NOW)
        lines += [told(draft) for draft in reading.drafts]
        if reading.control:
            word = "refused" if reading.refused else reading.control
            lines.append(f"{word:<10} {json.dumps(json.loads(reading.detail), separators=(',', ':'))}")
    assert lines == block("text").splitlines()
    trades = feed.read(block("json").splitlines()[1], NOW)
    assert [mark.first for mark in trades.sequences] == [771, 772]
    assert [draft.timestamp for draft in trades.drafts] == [1_700_000_000_250_000, 1_700_000_000_500_000]
