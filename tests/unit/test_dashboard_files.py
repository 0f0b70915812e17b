"""What the dashboard's folder holds: small files, libraries as their packages ship them."""

from __future__ import annotations

import json
import re

import pytest

from telemetra.api.dashboard import FOLDER
from tests.support.vendored import FILES, NODE_MODULES, ROOT, vendored

LONGEST_FILE = 400
OWN = [path for path in FOLDER.rglob("*") if path.suffix in {".js", ".css", ".html"} and path.parent.name != "vendor"]


def test_no_file_is_too_long() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in OWN}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_nothing_is_fetched_from_elsewhere() -> None:
    found = {path.name: re.findall(r"https?://(?!www\.w3\.org/)[^\s\"']+", path.read_text()) for path in OWN}
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


def test_libraries_have_versions_and_licences() -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    page = (FOLDER / "vendor/README.md").read_text()
    for package in ("preact", "htm", "uplot", "@fontsource-variable/inter"):
        assert f"{package} {pinned[package]} |" in page
    for name in FILES:
        assert (FOLDER / "vendor" / name).exists()
        assert f"`{name}`" in page


def test_libraries_are_those_of_the_packages() -> None:
    if not NODE_MODULES.exists():
        pytest.skip("node_modules is not there; `make lint` makes it")
    for name in FILES:
        assert (FOLDER / "vendor" / name).read_bytes() == vendored(name), name


def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
