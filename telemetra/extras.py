"""Optional packages: loaded by name from one explicit table, and named with their install command when absent."""

from __future__ import annotations

import importlib
from types import ModuleType

from telemetra.errors import Fatal

EXTRAS: dict[str, dict[str, str]] = {
    "otlp": {
        "trace": "opentelemetry.sdk.trace",
        "export": "opentelemetry.sdk.trace.export",
        "resources": "opentelemetry.sdk.resources",
        "exporter": "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    },
}
"""For each extra of pyproject.toml: the modules that are used of it, under the names they are used by."""


def load_extra(extra: str, needed_by: str) -> dict[str, ModuleType]:
    """The modules of `extra`. `Fatal` when one is not installed; `needed_by` is the setting that asks for it."""
    try:
        return {name: importlib.import_module(path) for name, path in EXTRAS[extra].items()}
    except ModuleNotFoundError as error:
        raise Fatal(f"{needed_by} needs {error.name}: pip install 'telemetra[{extra}]'") from error
