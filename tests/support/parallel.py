"""A pytest plugin: how the tests are shared out to parallel workers (`pytest -n 4 --dist loadgroup`), for a short run.

A file stays together, since its tests share what their module has started; so do files that share a server for the
session. What takes long comes first, so that no worker ends long after the others.
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

TOGETHER = ("tests/acceptance/test_seed_",)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=_rank)


def _group(item: pytest.Item) -> str:
    file = item.nodeid.partition("::")[0]
    return next((prefix for prefix in TOGETHER if file.startswith(prefix)), file)


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, prefix in enumerate(LONG) if item.nodeid.startswith(prefix)), len(LONG))
