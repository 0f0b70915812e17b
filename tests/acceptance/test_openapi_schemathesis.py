"""schemathesis against the OpenAPI document over loopback: no 5xx, nothing undocumented or off its schema."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

EXAMPLES = 25
SEED = 1
SECONDS = 480
CANNOT_BE_SAID = "positive_data_acceptance"
"""A schema has no way to say that a timestamp is at most five minutes ahead."""


@pytest.mark.timeout(SECONDS + 60)
def test_the_api_is_as_its_document_says(product: httpx.Client, tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        str(product.base_url.join("/openapi.json")),
        "--exclude-checks",
        CANNOT_BE_SAID,
        "--max-examples",
        str(EXAMPLES),
        "--seed",
        str(SEED),
        "--no-color",
    ]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
