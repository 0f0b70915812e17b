"""A pytest plugin: with CI=true a skipped test is a failed test, so that nothing goes unnoticed.

An expected failure (xfail) is not a skip.
"""

import os
from collections.abc import Generator
from typing import Any

import pytest

RULE = "skipped under CI=true, where nothing may be skipped: "


def _refuse(report: Any) -> None:
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = RULE + reason


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse(report)
    return report
