"""Every benchmark runs, in a tiny size, and prints a ratio. What it measures is for `make bench` to say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = ("demo_memory", "engine", "idle_memory", "intake", "latency", "live", "noise", "replay")


@pytest.mark.parametrize("name", TINY)
def test_a_tiny_run_prints_a_ratio(name: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "--tiny"]
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert run.returncode == 0, run.stderr[-2000:]
    assert "ratio" in run.stdout


def test_all_benchmarks_are_listed() -> None:
    command = [sys.executable, "-m", "benchmarks", "--help"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert all(name in run.stdout for name in (*TINY, "fanout", "cached_reads"))
