"""`telemetra backtest`: from the words of the command line to the operation, and its report as a table or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from telemetra.clock import system_clock
from telemetra.errors import Fatal, Invalid
from telemetra.kinds.registry import load_registry
from telemetra.model.times import rfc3339, to_microseconds
from telemetra.moments.settings import MomentSettings
from telemetra.operations.backtest import BacktestQuery, backtest
from telemetra.operations.backtest import Progress as BacktestProgress
from telemetra.operations.moment_models import Backtest, BacktestMoment, BacktestSide
from telemetra.operations.processing import engine_settings
from telemetra.settings import Settings
from telemetra.store.database import Database
from telemetra.store.migrate import pending


class ReportForm(StrEnum):
    """What `backtest` prints."""

    table = "table"
    json = "json"


def read_overrides(path: Path | None) -> dict[str, Any]:
    """The JSON object of a file. Raises `Invalid` naming it."""
    if path is None:
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise Invalid(f"{path}: {error.strerror}", field="--settings") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} holds no JSON object of settings: {error}", field="--settings") from error


def run(settings: Settings, conninfo: str, query: BacktestQuery) -> Backtest:
    """Back-test on the database behind `conninfo`, with progress on standard error. Raises as the operation does."""
    if pending(conninfo):
        raise Fatal("the database is not up to date: run `telemetra migrate` (a back-test changes nothing)")
    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,} of {task.total:,} events"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with shown:
        task = shown.add_task(query.key[1], total=0)
        return uvloop.run(
            _run(settings, conninfo, query, lambda done, total: shown.update(task, completed=done, total=total))
        )


async def _run(settings: Settings, conninfo: str, query: BacktestQuery, progress: BacktestProgress) -> Backtest:
    database = Database(conninfo, min_size=1, max_size=2, name="telemetra backtest")
    await database.open()
    try:
        return await backtest(
            database,
            load_registry(settings.currency),
            engine_settings(settings),
            query,
            now=system_clock(),
            progress=progress,
        )
    finally:
        await database.close()


def describe(report: Backtest) -> Iterator[str]:
    """The report in lines for a person: what was asked, both sides in numbers, the moments of both in order."""
    history = "all of its history" if report.whole_history else f"{_duration(report.warm_up_seconds)} of warm-up"
    yield (
        f"{report.stream_id}, {_time(report.start_time)} to {_time(report.end_time)}: "
        f"{report.events:,} events, {report.hours:g} hours observed, {history}"
    )
    changed = msgspec.structs.asdict(report.settings).items() - msgspec.structs.asdict(MomentSettings()).items()
    yield "settings: " + (", ".join(f"{name} {value}" for name, value in sorted(changed)) or "the default ones")
    yield ""
    yield f"{'':10}{'alarms':>8}{'an hour':>9}{'alone':>7}"
    for name, side in (("stored", report.stored), ("replayed", report.replayed)):
        yield f"{name:10}{side.alarms:>8,}{side.alarms_per_hour:>9.2f}{side.alone:>7,}"
    if report.stored.moments or report.replayed.moments:
        yield ""
        yield f"{'':9}{'onset':21}{'ended':21}{'type':17}{'severity':>8}  description"
        yield from _moments(report.stored, report.replayed)


def _moments(stored: BacktestSide, replayed: BacktestSide) -> Iterator[str]:
    """Those of the replay, and of the stored ones those that none of the replay overlaps, in order of onset."""
    marked = [("both" if moment.overlaps else "new", moment) for moment in replayed.moments]
    marked += [("gone", moment) for moment in stored.moments if not moment.overlaps]
    for mark, moment in sorted(marked, key=lambda pair: pair[1].timestamp):
        yield f"{mark:9}{_row(moment)}"


def _row(moment: BacktestMoment) -> str:
    ended = "lasts" if moment.ended_at is None else _time(moment.ended_at)
    onset = _time(moment.timestamp)
    return f"{onset:21}{ended:21}{moment.moment_type:17}{moment.severity:>8.2f}  {moment.description}"


def _time(time: datetime) -> str:
    return rfc3339(to_microseconds(time))


def _duration(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
