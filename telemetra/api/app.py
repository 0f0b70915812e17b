"""The HTTP application: all routes over one set of services, and the layers around them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from telemetra import __version__
from telemetra.api import compression
from telemetra.api.accounts import add_account_routes
from telemetra.api.answers import documented
from telemetra.api.compression import Compression
from telemetra.api.connectors import add_connector_routes
from telemetra.api.dashboard import Dashboard, add_dashboard_routes
from telemetra.api.documents import add_document_routes
from telemetra.api.door import Door
from telemetra.api.doorway import Doorway
from telemetra.api.feeds import add_feed_routes
from telemetra.api.health import add_health_routes
from telemetra.api.live_routes import LiveHealth, live_router
from telemetra.api.moments import add_moment_routes
from telemetra.api.observe import CORRELATION_HEADER, LastResort, Observe
from telemetra.api.openapi import build_openapi
from telemetra.api.overview import add_overview_routes
from telemetra.api.perimeter import Perimeter
from telemetra.api.problems import Problems
from telemetra.api.streams import add_stream_routes
from telemetra.cache.exposition import CacheCollector
from telemetra.operations.feed_pages import FeedPages
from telemetra.operations.services import Services

EXPOSED_HEADERS = (CORRELATION_HEADER.decode(), "ETag", "Retry-After")


class TelemetraApp(FastAPI):
    """FastAPI with the document of openapi.py, and without the layers around ours: observe.py does their work."""

    def __init__(self, services: Services) -> None:
        super().__init__(title=services.settings.api_title, version=__version__, openapi_url=None)
        self._services = services
        self.router.route_class = Door

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = build_openapi(self, self._services.registry)
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers=self.exception_handlers)
        for layer, args, options in reversed(self.user_middleware):
            app = layer(app, *args, **options)
        return app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)


def create_app(services: Services) -> FastAPI:
    """The application of one process, made once. It starts and stops nothing: the services are ready by now."""
    services.metrics.registry.register(CacheCollector(services.cache))
    app = TelemetraApp(services)
    problems = Problems(services.clock)
    problems.install(app)
    add_stream_routes(app, services)
    add_moment_routes(app, services)
    add_overview_routes(app, services)
    add_account_routes(app, services)
    dashboard = Dashboard(services.settings.api_title)
    add_health_routes(app, services, dashboard)
    pages = FeedPages(services)
    add_connector_routes(app, services, pages)
    add_feed_routes(app, services, pages)
    app.include_router(
        live_router(
            services.hub,
            services.realtime,
            clock=services.clock,
            problems=problems,
            origins=services.settings.cors_origins,
        ),
        responses=documented(LiveHealth, "How many clients watch which stream."),
    )
    add_document_routes(app, services)
    add_dashboard_routes(app, dashboard)
    _add_layers(app, services, problems)
    return app


def _add_layers(app: FastAPI, services: Services, problems: Problems) -> None:
    """From the inside out: the last one added is the first to see a request."""
    origins = services.settings.cors_origins
    app.add_middleware(Doorway, routes=app.routes, problems=problems)
    app.add_middleware(Compression, minimum_size=compression.MINIMUM_BYTES, compresslevel=compression.LEVEL)
    app.add_middleware(LastResort, problems=problems)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    app.add_middleware(Perimeter, problems=problems, origins=origins)
    app.add_middleware(Observe, metrics=services.metrics)
