"""What `telemetra watch` shows, as text."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from telemetra.commands.watch_view import Watched, metric_rows, render, summary_line

METRICS = [
    {"name": "viewer_count", "label": "Viewers", "form": "level", "unit": "viewers", "known": "viewers_known"},
    {"name": "chat_rate", "label": "Chat", "form": "rate", "unit": "messages/min", "known": None},
    {"name": "sentiment_score", "label": "Sentiment", "form": "score", "unit": "", "known": None},
    {"name": "vwap", "label": "Average price", "form": "price", "unit": "", "known": None},
    {"name": "top_emotes", "label": "Emotes", "form": "top", "unit": "", "known": None},
]
FRAME = {
    "has_data": True,
    "viewer_count": 1250,
    "viewers_known": True,
    "chat_rate": 96.4,
    "sentiment_score": -0.3,
    "vwap": "61828.123456789012",
    "top_emotes": [{"name": "PogChamp", "count": 1200}],
}


def status(**changes: Any) -> dict[str, Any]:
    return {
        "status": "running",
        "stale": False,
        "last_error": None,
        "reconnect_attempts": 0,
        "message_count": 1234,
        "performance_metrics": {"messages_per_second": 12.34},
        **changes,
    }


def moment(number: int, version: int = 1) -> dict[str, Any]:
    return {
        "moment_id": f"m{number}",
        "version": version,
        "timestamp": f"2026-01-31T12:00:{number:02}Z",
        "moment_type": "chat_spike",
        "description": f"Chat rose, {number} and {version}.",
    }


def shown(watched: Watched) -> str:
    console = Console(width=90, legacy_windows=False)
    with console.capture() as capture:
        console.print(render(watched))
    return capture.get()


def test_metrics_are_shown_as_their_kind_says() -> None:
    watched = Watched("twitch:x", "here", status=status(), frame=FRAME, metrics=METRICS)
    assert list(metric_rows(watched)) == [
        ("Viewers", "1,250 viewers"),
        ("Chat", "96 messages/min"),
        ("Sentiment", "-0.30"),
        ("Average price", "61828.12345678"),
        ("Emotes", "PogChamp ×1,200"),
    ]
    watched.frame = FRAME | {"viewers_known": False, "sentiment_score": None}
    assert dict(metric_rows(watched))["Viewers"] == "unknown"
    watched.frame = FRAME | {"has_data": False}
    assert list(metric_rows(watched)) == []


def test_the_state_and_its_reason() -> None:
    watched = Watched("okx:BTC-USDT", "here")
    assert (watched.state, watched.reason) == ("starting", None)
    watched.status = status(status="reconnecting", last_error="the connection was cut", reconnect_attempts=3)
    assert (watched.state, watched.reason) == ("reconnecting", "the connection was cut (attempt 3)")
    watched.status = status(stale=True)
    assert (watched.state, watched.reason) == ("stale", "connected, and nothing comes")
    watched.status = status(last_error="an old one")
    assert watched.reason is None
    watched.trouble = "no server answers"
    assert watched.reason == "no server answers"
    assert summary_line(watched) == "okx:BTC-USDT: running | no server answers | 1,234 messages"


def test_the_picture() -> None:
    watched = Watched("twitch:x", "served on http://localhost:8000", status=status(), frame=FRAME, metrics=METRICS)
    text = shown(watched)
    assert "none yet" in text
    for number in range(12):
        assert watched.add_moment(moment(number))
    assert not watched.add_moment(moment(11, version=2))
    text = shown(watched)
    for part in ("twitch:x", "running", "1,234 messages, 12.3 a second", "1,250 viewers", "Ctrl-C ends"):
        assert part in text
    assert "Chat rose, 11 and 2." in text
    assert "Chat rose, 4 and 1." in text
    assert "Chat rose, 3 and" not in text
