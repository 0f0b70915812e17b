"""Routes about what became of events: intake, the ledger, dead letters."""

from __future__ import annotations

from typing import Annotated

import fastapi
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api.answers import documented, json_answer
from telemetra.api.body import BodyReader
from telemetra.api.connector_parameters import GapsQuery
from telemetra.api.intake_document import request_body
from telemetra.api.parameters import DeadLettersQuery, LedgerQuery, LetterId
from telemetra.errors import Invalid
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.operations import dead_letters, gaps, ledger
from telemetra.operations.connector_models import FeedGap
from telemetra.operations.models import Accepted, DeadLetter, Ledger, Redriven
from telemetra.operations.services import Services


def add_account_routes(app: FastAPI, services: Services) -> None:
    bodies = BodyReader(services.settings.intake_max_body_bytes, services.settings.intake_queue_bytes)

    @app.post(
        "/api/v1/events",
        tags=["intake"],
        summary="Take events",
        status_code=202,
        openapi_extra={"requestBody": request_body(services.registry)},
        responses=documented(
            Accepted,
            "What is accepted is durable; every rejected event is named and kept as a dead letter.",
            status=202,
            problems_too=(400, 408, 413, 415, 422, 429, 503),
        ),
    )
    async def take_events(request: Request) -> Response:
        """One event, an array, NDJSON, or CloudEvents (structured, batch, and binary with `ce-` headers).

        A bad event never costs its neighbours. Events may be repeated unchanged: each counts once.
        """
        body = await bodies.read(request)
        result = await services.intake.submit(
            request.headers.get("content-type", ""),
            body,
            request.headers,
            DEFAULT_WORKSPACE,
            request.scope["exchange"].correlation_id,
        )
        if result.single and result.rejected:
            refused = result.rejected[0]
            raise Invalid(refused.detail, code=refused.code, field=refused.field)
        return json_answer(Accepted(result.accepted, result.duplicate, result.rejected), 202)

    @app.get(
        "/api/v1/ledger",
        tags=["accounts"],
        summary="The ledger",
        responses=documented(
            Ledger, "received = counted + duplicate + late + rejected + dead", problems_too=(422, 503)
        ),
    )
    async def get_ledger(request: Request, query: Annotated[LedgerQuery, fastapi.Query()]) -> Response:
        """What became of everything received, by minute of arrival and source: 10,000 rows, newest first."""
        return json_answer(
            await ledger.get_ledger(services, DEFAULT_WORKSPACE, query.start_time, query.end_time, query.source)
        )

    @app.get(
        "/api/v1/gaps",
        tags=["accounts"],
        summary="What feeds have missed",
        responses=documented(list[FeedGap], "Newest first.", problems_too=(422, 503)),
    )
    async def list_gaps(request: Request, query: Annotated[GapsQuery, fastapi.Query()]) -> Response:
        """Minutes over a gap that is not filled are `suspect`."""
        found = await gaps.list_gaps(
            services,
            DEFAULT_WORKSPACE,
            limit=query.limit,
            offset=query.offset,
            stream_id=query.stream_id,
            connector_id=query.connector_id,
            filled=query.filled,
        )
        return json_answer(found)

    @app.get(
        "/api/v1/dead-letters",
        tags=["accounts"],
        summary="Refused events",
        responses=documented(list[DeadLetter], "Newest first.", problems_too=(422, 503)),
    )
    async def list_dead_letters(request: Request, query: Annotated[DeadLettersQuery, fastapi.Query()]) -> Response:
        """Events that intake rejected or the pipeline could not store, with the reason."""
        letters = await dead_letters.list_dead_letters(
            services,
            DEFAULT_WORKSPACE,
            limit=query.limit,
            offset=query.offset,
            code=query.code,
            source=query.source,
            redriven=query.redriven,
        )
        return json_answer(letters)

    @app.post(
        "/api/v1/dead-letters/{letter_id}/redrive",
        tags=["accounts"],
        summary="Send a refused event again",
        responses=documented(
            Redriven, "The event is in the log now; the letter is marked.", problems_too=(404, 409, 422, 429, 503)
        ),
    )
    async def redrive(request: Request, letter_id: LetterId) -> Response:
        """Of use once the reason for the refusal is gone. An event that is refused again makes a new letter."""
        return json_answer(
            await dead_letters.redrive(services, DEFAULT_WORKSPACE, letter_id, request.scope["exchange"].correlation_id)
        )
