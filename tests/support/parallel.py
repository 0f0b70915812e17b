"""A pytest plugin: files whose tests take long come first.

`make test` gives whole files to parallel workers, in this order; so no worker is left with a long one at the end.
"""

from __future__ import annotations

import pytest

LONG = (
    "tests/faults/test_kill.py",
    "tests/acceptance/test_pages.py",
    "tests/acceptance/test_openapi_schemathesis.py",
    "tests/acceptance/test_lirik.py",
    "tests/acceptance/test_market_day.py",
    "tests/faults/test_pipeline_process.py",
    "tests/faults/test_connector_faults.py",
)
"""Each takes half a minute or more; longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, file in enumerate(LONG) if item.nodeid.startswith(file)), len(LONG))
