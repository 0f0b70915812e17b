"""The replay as a person sees it: a progress bar with the rate while it runs, a summary at its end."""

from __future__ import annotations

import asyncio
from collections import Counter

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from telemetra.sources.replay import ReplayOptions, Summary, open_files, replay
from telemetra.sources.replay_batches import PROBLEMS_SHOWN, Reading


def run_replay(options: ReplayOptions) -> int:
    """`show_replay` in a loop of its own, until it ends or Ctrl-C does."""
    return asyncio.run(show_replay(options))


async def show_replay(options: ReplayOptions) -> int:
    """Replay with progress on standard error and the summary, also of a cancelled replay, on standard output.

    Returns the exit code. Raises `Invalid` naming a file that cannot be read.
    """
    files = open_files(options)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    task = progress.add_task(
        ", ".join(file.path.name for file in files), total=sum(file.size_bytes for file in files), events=""
    )

    shown = Summary(Reading())

    def watch(summary: Summary, position_bytes: int) -> None:
        nonlocal shown
        shown = summary
        elapsed = progress.tasks[0].elapsed
        rate = f", {summary.sent / elapsed:,.0f}/s" if elapsed else ""
        progress.update(task, completed=position_bytes, events=f"{summary.sent:,} events{rate}")

    def tell(line: str) -> None:
        progress.console.print(line, markup=False, highlight=False)

    with progress:
        try:
            shown = await replay(options, files, watch=watch, tell=tell)
        except asyncio.CancelledError:
            shown.stopped = "interrupted"
    Console(soft_wrap=True).print("\n".join(describe(shown)), markup=False, highlight=False)
    return shown.exit_code


def describe(summary: Summary) -> list[str]:
    """The summary in lines for a person."""
    reading = summary.reading
    lines = [
        f"sent {summary.sent:,} events: {summary.accepted:,} accepted, {summary.duplicate:,} duplicate, "
        f"{summary.rejected.total():,} rejected"
    ]
    for label, counts in (
        ("rejected", summary.rejected),
        ("bad lines", reading.bad),
        ("lines without events", reading.no_data),
    ):
        if counts:
            lines.append(f"{label}: {_counted(counts)}")
    lines += [f"  {problem}" for problem in reading.problems]
    untold = summary.rejected.total() + reading.bad.total() - len(reading.problems)
    if untold > 0:
        lines.append(f"  … and {untold:,} more (the first {PROBLEMS_SHOWN} are shown)")
    if summary.stopped:
        lines.append(f"stopped early: {summary.stopped}")
    elif not summary.sent:
        lines.append("nothing was sent: no events found")
    return lines


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
