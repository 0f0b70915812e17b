"""Draws a loud and a quiet chat with their moments. Used by make_lirik.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import dates, pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

if TYPE_CHECKING:
    from make_lirik import Chat

mpl.use("Agg")

# Okabe and Ito's colours, which colour-blind eyes tell apart; the moments differ in shape as well.
CHAT, MOMENT, MOOD, INK, FAINT, RULE = "#0072B2", "#D55E00", "#009E73", "#1A1A1A", "#5F6B76", "#E6EAEE"
SIZE_INCHES, DPI = (12, 6.9), 200
LABELLED = 3
HALF_MINUTE = timedelta(seconds=30)
BESIDE: dict[str, Any] = {
    "textcoords": "offset points",
    "va": "center",
    "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 0},
}


def draw(loud: Chat, usual: list[float], quiet: Chat, least: float, file: Path) -> None:
    pyplot.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10.5, "text.color": INK})
    figure = pyplot.figure(figsize=SIZE_INCHES, facecolor="white")
    edges = {"left": 0.062, "right": 0.985, "top": 0.853, "bottom": 0.052}
    grid = figure.add_gridspec(2, 2, height_ratios=(3.5, 1), width_ratios=(1, 1), hspace=0.36, wspace=0.05, **edges)
    above, below, key = (figure.add_subplot(cell) for cell in (grid[0, :], grid[1, 0], grid[1, 1]))
    _draw_title(figure, loud)
    _draw_chat(above, loud, top=830)
    above.plot(_times(loud), usual, color=INK, linewidth=1.3, dashes=(4, 2))  # type: ignore[arg-type]
    _draw_moments(above, loud)
    above.set_title("messages a minute", loc="left", size=9.5, color=FAINT, pad=6)
    _draw_chat(below, quiet, top=64)
    below.set_title(_quiet_title(quiet), loc="left", size=10.5, weight="bold", pad=8)
    _explain_quiet_peak(below, quiet, least)
    _draw_key(key)
    image = BytesIO()
    figure.savefig(image, dpi=DPI)
    pyplot.close(figure)
    Image.open(image).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)


def _draw_title(figure: Figure, chat: Chat) -> None:
    hours, messages = len(chat.rates) / 60, sum(chat.rates)
    title = f"{hours:.0f} hours of a real Twitch chat, and the {len(chat.moments)} moments found in it"
    subtitle = f"{messages:,} messages of {chat.start:%d %B %Y}, replayed into telemetra serve, read from its API"
    figure.text(0.02, 0.952, title, size=18, weight="bold")
    figure.text(0.02, 0.913, f"{subtitle}; times are UTC", size=11, color=FAINT)


def _times(chat: Chat) -> list[datetime]:
    """The middle of every minute."""
    return [chat.start + timedelta(minutes=index) + HALF_MINUTE for index in range(len(chat.rates))]


def _draw_chat(axes: Axes, chat: Chat, *, top: int) -> None:
    times = _times(chat)
    axes.fill_between(times, chat.rates, color=CHAT, alpha=0.16, linewidth=0)  # type: ignore[arg-type]
    axes.plot(times, chat.rates, color=CHAT, linewidth=0.9)  # type: ignore[arg-type]
    axes.set_xlim(chat.start, chat.start + timedelta(minutes=len(chat.rates)))  # type: ignore[arg-type]
    axes.set_ylim(0, top)
    axes.xaxis.set_major_locator(dates.HourLocator() if len(times) > 300 else dates.MinuteLocator([0, 30]))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#C3CAD1")
    axes.tick_params(colors=FAINT, length=0)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)


def _draw_moments(axes: Axes, chat: Chat) -> None:
    """Each moment by the series in its own evidence: the 60 s that end every ten seconds."""
    spikes = [moment for moment in chat.moments if moment["moment_type"] == "chat_spike"]
    for moment in chat.moments:
        if moment not in spikes:
            onset, end = _when(moment["timestamp"]), _when(moment["ended_at"])
            axes.axvspan(onset, end, color=MOOD, alpha=0.35, linewidth=0)  # type: ignore[arg-type]
    strongest = sorted(spikes, key=lambda moment: -moment["severity"])[:LABELLED]
    for moment in spikes:
        onset, end = _when(moment["timestamp"]), _when(moment["ended_at"])
        axes.fill_between([onset, end], moment["metric_value"], color=MOMENT, alpha=0.16, linewidth=0)  # type: ignore[list-item]
        windows = [(_when(at) - HALF_MINUTE, value) for at, value in moment["metadata"]["series"]]
        inside = [(at, value) for at, value in windows if onset - HALF_MINUTE <= at <= end]
        axes.plot(*zip(*inside, strict=True), color=MOMENT, linewidth=1.1)
        peak = _when(moment["metadata"]["peak_at"]) - HALF_MINUTE, moment["metric_value"]
        axes.scatter(*peak, _area(moment["severity"]), MOMENT, edgecolors="white", linewidths=0.8, zorder=3)
        if moment in strongest:
            _label(axes, moment, *peak, left=peak[0] - chat.start > timedelta(minutes=len(chat.rates) / 2))


def _label(axes: Axes, moment: dict[str, Any], at: datetime, value: float, *, left: bool) -> None:
    lines = moment["description"].replace(", ", ",\n", 1)
    emotes = ", ".join(emote["name"] for emote in moment["metadata"]["top_emotes"][:3])
    for text, below, style in ((lines, 0, {"linespacing": 1.35}), (emotes, 26, {"color": FAINT, "size": 9.5})):
        place = {"xytext": (-12 if left else 12, -below), "ha": "right" if left else "left"}
        axes.annotate(text, (at, value), **place, **BESIDE, **style)


def _quiet_title(chat: Chat) -> str:
    found = f"{len(chat.moments)} moments" if chat.moments else "no moment"
    return f"A quiet chat ({chat.start.year}): {sum(chat.rates)} messages in {len(chat.rates) / 60:.0f} hours, {found}"


def _explain_quiet_peak(axes: Axes, chat: Chat, least: float) -> None:
    peak = max(chat.rates)
    text = f"a gift of 20 subscriptions: {peak} messages;\na moment needs at least {least:.0f} a minute"
    at = _times(chat)[chat.rates.index(peak)]
    axes.annotate(text, (at, peak), xytext=(8, -3), size=9.5, color=FAINT, **BESIDE)


def _draw_key(axes: Axes) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 4)
    axes.plot([0.5, 1.4], [3.8, 3.8], color=CHAT, linewidth=1.4)
    axes.text(1.7, 3.8, "messages of each minute, counted exactly", va="center")
    axes.plot([0.5, 1.4], [2.9, 2.9], color=INK, linewidth=1.3, dashes=(4, 2))
    axes.text(1.7, 2.9, "what was usual until then", va="center")
    for place, severity in ((0.5, 0.5), (0.87, 0.75), (1.33, 1.0)):
        axes.scatter(place, 2.0, _area(severity), MOMENT, edgecolors="white", linewidths=0.8)
    axes.text(1.7, 2.0, "a moment at its busiest 60 s; the larger, the more severe", va="center")
    axes.text(1.7, 1.35, "shaded from its onset to its end", va="center", color=FAINT)
    axes.fill_between([0.5, 1.4], 0.3, 0.6, color=MOOD, alpha=0.35, linewidth=0)
    axes.text(1.7, 0.45, "the mood turned", va="center")


def _area(severity: float) -> float:
    """Of a marker, in square points; moments have severities from 0.5 to 1."""
    return 20 + 110 * (severity - 0.5) / 0.5


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text)
