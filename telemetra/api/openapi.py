"""The OpenAPI document: FastAPI describes paths and parameters, msgspec the bodies, and this puts them together."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from telemetra import __version__
from telemetra.api.answers import problem
from telemetra.api.connector_document import connector_components
from telemetra.api.examples import EXAMPLES, PROBLEM_EXAMPLE
from telemetra.api.intake_document import REF, intake_components
from telemetra.kinds.registry import Registry
from telemetra.operations.models import Problem

TITLES = {
    "streams": "What streams are and what their minutes and moments say.",
    "moments": "How moments are detected, what other settings would have found, and taking them along.",
    "connectors": "Sources that fetch feeds by themselves.",
    "feeds": "What feeds brought.",
    "intake": "How events come in.",
    "accounts": "What became of every event.",
    "live": "Live push; its messages are in asyncapi.json.",
    "health": "For operators.",
}
_DESCRIPTION = """
Live feeds become live metrics and moments; every number is accountable.

Times are RFC 3339 with an offset, in answers always UTC. Money is a decimal string. Every error is a
`application/problem+json` with a stable `error_code`; every answer carries `X-Correlation-ID`, and a request may
bring its own. The messages of the live push are in [asyncapi.json](/asyncapi.json).
"""


def build_openapi(app: FastAPI, registry: Registry) -> dict[str, Any]:
    """The document of the application, made once: it is stored in `app.openapi_schema`."""
    document = get_openapi(
        title=app.title,
        version=__version__,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TITLES.items()],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    _, components = msgspec.json.schema_components([Problem, *EXAMPLES], ref_template=REF)
    components |= intake_components(registry)
    components |= connector_components()
    components["Problem"]["examples"] = [PROBLEM_EXAMPLE]
    document["components"] = {"schemas": components}
    other = problem("Any other error: Host or Origin refused (403), or an error of the server (500).")
    for path in document["paths"].values():
        for operation in path.values():
            operation["operationId"] = _camel(operation["summary"])
            operation["responses"].setdefault("default", other)
    return document


def _camel(summary: str) -> str:
    first, *rest = [str(word) for word in re.findall(r"[A-Za-z]+", summary)]
    return first.lower() + "".join(word.capitalize() for word in rest)
