"""Routes for operators: what this is, how it is, what it counts."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from telemetra import __version__
from telemetra.api.answers import documented, json_answer
from telemetra.api.dashboard import Dashboard, wants_page
from telemetra.observability import METRICS_CONTENT_TYPE
from telemetra.operations import health
from telemetra.operations.models import Alive, DetailedHealth, Health, Ready, Root
from telemetra.operations.services import Services


def add_health_routes(app: FastAPI, services: Services, dashboard: Dashboard) -> None:
    @app.get("/", tags=["health"], summary="What this is", responses=documented(Root, "The service."))
    async def root(request: Request) -> Response:
        """Browsers (`Accept: text/html`) are shown the dashboard."""
        if wants_page(request):
            return dashboard.page()
        answer = json_answer(Root(services.settings.api_title, __version__, "running", "/docs", "/health"))
        answer.headers["Vary"] = "Accept"
        return answer

    @app.get("/health", tags=["health"], summary="The process answers", responses=documented(Alive, "Always the same."))
    async def basic(request: Request) -> Response:
        """Touches nothing: for load balancers and container health checks."""
        return json_answer(Alive("ok"))

    @app.get(
        "/live",
        tags=["health"],
        summary="The process makes progress",
        responses=documented(Alive, "It does, or there is nothing to do.", problems_too=(503,)),
    )
    async def live(request: Request) -> Response:
        return json_answer(health.alive(services))

    @app.get(
        "/ready",
        tags=["health"],
        summary="The process does its work",
        responses=documented(Ready, "It does.", problems_too=(503,)),
    )
    async def ready(request: Request) -> Response:
        """503 with the reason while the log cannot be reached or the pipeline is behind and not catching up."""
        return json_answer(await health.ready(services))

    @app.get("/api/v1/health", tags=["health"], summary="Summary", responses=documented(Health, "Always 200."))
    async def summary(request: Request) -> Response:
        return json_answer(await health.health(services))

    @app.get(
        "/health/detailed",
        tags=["health"],
        summary="Every part",
        responses=documented(DetailedHealth, "The database answers.")
        | documented(DetailedHealth, "The database does not answer.", status=503),
    )
    async def detailed(request: Request) -> Response:
        report = await health.detailed_health(services)
        return json_answer(report, 503 if report.services["database"].status == "unhealthy" else 200)

    @app.get(
        "/metrics",
        tags=["health"],
        summary="Prometheus metrics",
        response_class=PlainTextResponse,
        responses={200: {"description": "The text format of Prometheus."}},
    )
    async def prometheus(request: Request) -> Response:
        return Response(services.metrics.render(), media_type=METRICS_CONTENT_TYPE)
