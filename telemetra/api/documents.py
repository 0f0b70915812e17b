"""The documents of the API and the pages made from them: no script or style comes from elsewhere."""

from __future__ import annotations

import functools
import html
from pathlib import Path

import fastapi_offline
import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from telemetra.api.answers import unless_known
from telemetra.api.asyncapi import build_asyncapi
from telemetra.operations.services import Services

OWN_FILES = Path(__file__).parent / "static"
VENDOR_FILES = Path(fastapi_offline.__file__).parent / "static"
"""Swagger UI and Redoc as a kept package ships them; nothing else of it is used."""

ASSETS = "/docs/assets"
VENDOR = "/docs/vendor"
# Both viewers put style elements into the page; Redoc searches in a worker made from a blob.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SWAGGER = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{vendor}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{vendor}/swagger-ui-bundle.js"></script>
<script src="{assets}/start-swagger.js"></script>
</body>
</html>
"""
_REDOC = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{assets}/redoc.css">
</head>
<body>
<redoc spec-url="/openapi.json" disable-google-font="true"></redoc>
<script src="{vendor}/redoc.standalone.js"></script>
</body>
</html>
"""


def add_document_routes(app: FastAPI, services: Services) -> None:
    title = services.settings.api_title

    @functools.cache
    def openapi_json() -> bytes:
        return msgspec.json.encode(app.openapi())

    @functools.cache
    def asyncapi_json() -> bytes:
        return msgspec.json.encode(build_asyncapi(title))

    async def openapi(request: Request) -> Response:
        return unless_known(request, openapi_json())

    async def asyncapi(request: Request) -> Response:
        return unless_known(request, asyncapi_json())

    async def docs(request: Request) -> Response:
        return _page(_SWAGGER, f"{title}: try it")

    async def redoc(request: Request) -> Response:
        return _page(_REDOC, f"{title}: reference")

    app.add_route("/openapi.json", openapi)
    app.add_route("/asyncapi.json", asyncapi)
    app.add_route("/docs", docs)
    app.add_route("/redoc", redoc)
    app.mount(ASSETS, StaticFiles(directory=OWN_FILES))
    app.mount(VENDOR, StaticFiles(directory=VENDOR_FILES))


def _page(template: str, title: str) -> Response:
    page = template.format(title=html.escape(title), vendor=VENDOR, assets=ASSETS)
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})
