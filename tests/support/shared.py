"""Where the captured data of the project's neighbour directory is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


def shared_data(*parts: str) -> Path:
    """The path of a captured file or folder. Where it is absent the test is skipped; under CI=true it fails."""
    path = SHARED.joinpath("data", *parts)
    if path.exists():
        return path
    reason = f"no captured data at {path}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
