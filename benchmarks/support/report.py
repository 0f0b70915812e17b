"""What every benchmark prints: the machine, then a line per contender, then ratios."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def arguments(doc: str | None, argv: Sequence[str] | None) -> bool:
    """Whether to run in a size that only shows that everything works."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--tiny", action="store_true", help="a size that only shows that it works")
    return bool(parser.parse_args(argv).tiny)


def heading(title: str, *sizes: str) -> None:
    print(f"\n{title}", machine(), *sizes, sep="\n  ", flush=True)


def machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _read("/proc/cpuinfo").splitlines()
            if line.startswith(("model name", "Model"))
        ),
        platform.processor() or platform.machine(),
    )
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, {platform.system()}; load {load:.1f}"


def interleaved(rounds: int, contenders: Mapping[str, Callable[[int], T]]) -> dict[str, list[T]]:
    """Each contender once per round, after a round that does not count. They are given the round's number."""
    results: dict[str, list[T]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, measure in contenders.items():
            value = measure(number)
            if number:
                results[name].append(value)
    return results


def row(name: str, values: Sequence[float], unit: str, note: str = "") -> None:
    """Median, minimum and maximum of the rounds."""
    spread = f"({min(values):,.0f} .. {max(values):,.0f})"
    print(f"  {name:<34} {statistics.median(values):>11,.0f} {unit}  {spread:<24} {note}".rstrip(), flush=True)


def ratio(text: str, value: float, target: str = "") -> None:
    print(f"  ratio {text}: {value:.2f}" + (f"  (target {target})" if target else ""), flush=True)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
