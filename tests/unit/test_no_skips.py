"""The plugin that turns skips into failures under CI."""

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import pytest

def test_passes(): pass

@pytest.mark.skip(reason="marked")
def test_marked(): pass

def test_called(): pytest.skip("called")

@pytest.mark.xfail(strict=True)
def test_expected(): assert False
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(test_some=SUITE, test_whole='import pytest\npytest.skip("module", allow_module_level=True)')
    return pytester


def test_under_ci_a_skip_is_a_failure(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest("-p", "tests.support.no_skips", "--continue-on-collection-errors")
    result.assert_outcomes(passed=1, failed=1, errors=2, xfailed=1)
    result.stdout.fnmatch_lines(["*nothing may be skipped: *module*", "*nothing may be skipped: *marked*"])


def test_elsewhere_a_skip_is_a_skip(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = suite.runpytest("-p", "tests.support.no_skips")
    result.assert_outcomes(passed=1, skipped=3, xfailed=1)
