"""Intake: bytes of a request in, durable log items out (SPEC 2.1). The one way in for events of every door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from telemetra.clock import Clock
from telemetra.errors import Invalid
from telemetra.eventlog.base import EventLog
from telemetra.formats import cloudevents, native, problems
from telemetra.formats.draft import Draft
from telemetra.formats.native import Parsed, RawEvent
from telemetra.formats.problems import FormatError
from telemetra.formats.safety import is_plain
from telemetra.kinds.registry import Registry
from telemetra.model.event import LogItem, Rejection, Run, count_of
from telemetra.model.times import rfc3339, to_microseconds
from telemetra.model.window import SECOND
from telemetra.observability import Metrics
from telemetra.operations.intake_drafts import EventProblem, check_envelope, draft_data, forbidden, refuse_draft, unfit
from telemetra.operations.intake_runs import RequestRuns

FUTURE_LIMIT = 300 * SECOND
RAW_KEPT_BYTES = 64 << 10
REMEMBERED_IDS = 100_000

_encoder = msgspec.json.Encoder()

_PARSERS: dict[str, Callable[[bytes], Parsed]] = {
    "application/json": native.parse_native,
    "application/x-ndjson": native.parse_ndjson,
    "application/ndjson": native.parse_ndjson,
    "application/cloudevents+json": lambda body: [cloudevents.parse_structured(body)],
    "application/cloudevents-batch+json": cloudevents.parse_batch,
}
MEDIA_TYPES = tuple(_PARSERS)


class RejectedEvent(msgspec.Struct, omit_defaults=True):
    """Why the event at `index` of the request was refused; `field` where one is to blame."""

    index: int
    code: str
    detail: str
    field: str | None = None


class IntakeResult(msgspec.Struct):
    """The answer to a request. accepted + duplicate + len(rejected) is the number of events in it.

    `duplicate` is what this process happens to know (such events are in the log too; the ledger's number is the
    truth). `single`: the request was one JSON object, so that a rejection is the request's own fault. `first_offset`
    and `next_offset` say where the events stand in the log; None where nothing was appended.
    """

    accepted: int
    duplicate: int
    rejected: list[RejectedEvent]
    single: bool
    first_offset: int | None = None
    next_offset: int | None = None


class IntakeLimits(msgspec.Struct, frozen=True):
    body_bytes: int = 8 << 20
    event_bytes: int = 64 << 10
    events: int = 10_000


class Intake:
    """Validates every value against the column that it will meet, then appends to the log.

    Raises `Invalid` (the request as a whole cannot be read: `invalid_json`, `unsupported_media_type`,
    `body_too_large`, `too_many_events`) and `LogUnavailable` or `Overloaded` (nothing may be durable: send it again).
    """

    def __init__(self, log: EventLog, registry: Registry, limits: IntakeLimits, clock: Clock, metrics: Metrics) -> None:
        self._log = log
        self._rules = {
            name: (registry.decoders[name].decode, declared.check) for name, declared in registry.types.items()
        }
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self._recent = RecentIds(REMEMBERED_IDS)

    async def submit(
        self, media_type: str, body: bytes, headers: Mapping[str, str], workspace_id: str, correlation_id: str | None
    ) -> IntakeResult:
        """Take the events of one request; on return they and the rejections are durable.

        `media_type` is the Content-Type header; `headers` has lower-case names.
        """
        if len(body) > self._limits.body_bytes:
            raise Invalid(f"the body is larger than {self._limits.body_bytes} bytes", code="body_too_large")
        media_type = media_type.partition(";")[0].strip().lower()
        parsed = self._parse(media_type, body, headers)
        if len(parsed) > self._limits.events:
            raise Invalid(f"more than {self._limits.events} events in a request", code="too_many_events")
        items, rejected = self._validate(parsed, workspace_id, correlation_id)
        if rejected and not cloudevents.is_binary(headers):
            _keep_as_sent(media_type, body, items)
        if items:
            await self._log.append(items)
        duplicate = self._recent.count_repeats(items)
        result = IntakeResult(
            accepted=len(parsed) - len(rejected) - duplicate,
            duplicate=duplicate,
            rejected=rejected,
            single=_is_single(media_type, body, headers),
        )
        self._count(result)
        return result

    async def submit_drafts(
        self, drafts: Sequence[Draft], *, workspace_id: str, connector_id: str | None, session_id: str | None
    ) -> IntakeResult:
        """Take what a connector made of its messages: the same checks, the same log, the same dead letters.

        On return they and the rejections are durable. Raises `LogUnavailable` or `Overloaded` as `submit` does.
        """
        accepted, refused, rejected = self.judge_drafts(
            drafts, workspace_id=workspace_id, connector_id=connector_id, session_id=session_id
        )
        items: list[LogItem] = [*accepted.runs, *refused]
        first = await self._log.append(items) if items else None
        duplicate = self._recent.count_repeats(items)
        result = IntakeResult(
            accepted=accepted.count - duplicate,
            duplicate=duplicate,
            rejected=rejected,
            single=False,
            first_offset=first,
            next_offset=None if first is None else first + count_of(items),
        )
        self._count(result)
        return result

    def judge_drafts(
        self, drafts: Sequence[Draft], *, workspace_id: str, connector_id: str | None, session_id: str | None
    ) -> tuple[RequestRuns, list[Rejection], list[RejectedEvent]]:
        """What `submit_drafts` would store: the events, and the rejections in both their forms. Stores nothing."""
        received_at = self._clock()
        bodies = [draft_data(draft) for draft in drafts]
        # One look at all of them is much cheaper than one at each; only if it finds something is each looked at.
        plain = is_plain(b"\n".join(bodies))
        accepted = RequestRuns(workspace_id, received_at, connector_id, session_id)
        refused: list[Rejection] = []
        rejected: list[RejectedEvent] = []
        for index, (draft, data) in enumerate(zip(drafts, bodies, strict=True)):
            timestamp = received_at if draft.timestamp is None else draft.timestamp
            problem = check_envelope(draft, workspace_id) or (None if plain and data else unfit(data))
            if problem is None:
                problem = self._judge(draft.type, timestamp, data, received_at)
            if problem is None:
                accepted.add(
                    draft.event_id, draft.type, draft.stream_id, draft.source, timestamp, data, draft.correlation_id
                )
                continue
            error = refuse_draft(draft, data, problem)
            rejected.append(RejectedEvent(index, error.code, error.detail, error.field))
            refused.append(_rejection(index, error, workspace_id, received_at, None))
        return accepted, refused, rejected

    def _parse(self, media_type: str, body: bytes, headers: Mapping[str, str]) -> Parsed:
        if cloudevents.is_binary(headers):
            return [cloudevents.parse_binary(headers, body)]
        parser = _PARSERS.get(media_type)
        if parser is None:
            known = ", ".join(MEDIA_TYPES)
            raise Invalid(f"Content-Type must be one of {known}", code="unsupported_media_type", field="Content-Type")
        return parser(body)

    def _validate(
        self, parsed: Parsed, workspace_id: str, correlation_id: str | None
    ) -> tuple[list[LogItem], list[RejectedEvent]]:
        received_at = self._clock()
        accepted = RequestRuns(workspace_id, received_at, None, None)
        refused: list[Rejection] = []
        rejected: list[RejectedEvent] = []
        for index, raw in enumerate(parsed):
            error = self._take(raw, workspace_id, correlation_id, received_at, accepted)
            if error is None:
                continue
            rejected.append(RejectedEvent(index, error.code, error.detail, error.field))
            refused.append(_rejection(index, error, workspace_id, received_at, correlation_id))
        return [*accepted.runs, *refused], rejected

    def _take(
        self,
        raw: RawEvent | FormatError,
        workspace_id: str,
        correlation_id: str | None,
        received_at: int,
        accepted: RequestRuns,
    ) -> FormatError | None:
        """Add an event to those that are accepted, or say why not."""
        if type(raw) is not RawEvent:
            return raw  # type: ignore[return-value]  # the other half of the union
        if raw.workspace_id is not None and raw.workspace_id != workspace_id:
            return _refuse(raw, *forbidden(workspace_id))
        timestamp = received_at if raw.timestamp is None else to_microseconds(raw.timestamp)
        data = bytes(raw.data)
        problem = self._judge(raw.type, timestamp, data, received_at)
        if problem is not None:
            return _refuse(raw, *problem)
        accepted.add(
            raw.event_id, raw.type, raw.stream_id, raw.source, timestamp, data, raw.correlation_id or correlation_id
        )
        return None

    def _judge(self, event_type: str, timestamp: int, data: bytes, received_at: int) -> EventProblem | None:
        """What every event must be, whichever door it came by: (code, field, detail) if it is not."""
        rules = self._rules.get(event_type)
        if rules is None:
            return problems.UNKNOWN_TYPE, "type", f"no kind declares {event_type!r}"
        if timestamp < 0:
            return problems.INVALID_TIMESTAMP, "timestamp", "must not be before 1970"
        if timestamp > received_at + FUTURE_LIMIT:
            detail = f"is more than 5 minutes ahead of the server's clock ({rfc3339(received_at)})"
            return problems.TIMESTAMP_IN_FUTURE, "timestamp", detail
        if len(data) > self._limits.event_bytes:
            return problems.TOO_LARGE, "data", f"is larger than {self._limits.event_bytes} bytes"
        decode, check = rules
        try:
            decoded = decode(data)
        except msgspec.DecodeError as error:
            return _data_problem(error)
        if check is not None and (problem := check(decoded)) is not None:
            return problems.INVALID_FIELD, f"data.{problem[0]}", problem[1]
        return None

    def _count(self, result: IntakeResult) -> None:
        events = self._metrics.intake_events
        events.labels(outcome="accepted", reason="").inc(result.accepted)
        if result.duplicate:
            events.labels(outcome="duplicate", reason="").inc(result.duplicate)
        for event in result.rejected:
            events.labels(outcome="rejected", reason=event.code).inc()


class RecentIds:
    """The ids of the last `size` to 2 × `size` accepted events, as hashes: a hint for senders, not the truth."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._newer: set[int] = set()
        self._older: set[int] = set()

    def count_repeats(self, items: list[LogItem]) -> int:
        """How many events of `items` were seen before; all are remembered."""
        hashes = [
            hash((run.workspace_id, run.stream_id, run.source, event_id))
            for run in items
            if isinstance(run, Run)
            for event_id in run.event_ids
        ]
        fresh = set(hashes)
        fresh -= self._newer
        fresh -= self._older
        if len(self._newer) + len(fresh) > self._size:
            self._older, self._newer = self._newer, set()
        self._newer |= fresh
        return len(hashes) - len(fresh)


def _is_single(media_type: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the form of the request is that of one event, whatever its body turned out to be."""
    if cloudevents.is_binary(headers) or media_type == "application/cloudevents+json":
        return True
    return media_type == "application/json" and not body.lstrip().startswith(b"[")


def _keep_as_sent(media_type: str, body: bytes, items: list[LogItem]) -> None:
    """Rejections keep what was sent: the fast way of the parser has only what it made of it."""
    if media_type == "application/json" and body.lstrip().startswith(b"["):
        sent = native.array_elements(body)
    elif media_type == "application/json":
        sent = [body]
    elif "ndjson" in media_type:
        sent = [line for line in body.split(b"\n") if line.strip()]
    else:
        return
    for item in items:
        if isinstance(item, Rejection):
            item.raw = sent[item.index][:RAW_KEPT_BYTES]


def _refuse(raw: RawEvent, code: str, field: str, detail: str) -> FormatError:
    encoded = _encoder.encode(raw)
    return FormatError(code, f"{field}: {detail}", field, encoded, raw.source, raw.correlation_id)


def _data_problem(error: msgspec.DecodeError) -> EventProblem:
    """msgspec says `Expected `int`, got `str` - at `$.viewer_count``, or `Object missing required field `x``."""
    detail, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`")
    if detail.startswith("Object missing required field"):
        return problems.MISSING_FIELD, "data" + path + "." + detail.split("`")[1], "is required"
    return problems.INVALID_FIELD, "data" + path, detail[:1].lower() + detail[1:]


def _rejection(
    index: int, error: FormatError, workspace_id: str, received_at: int, correlation_id: str | None
) -> Rejection:
    return Rejection(
        index=index,
        code=error.code,
        detail=error.detail,
        raw=error.raw[:RAW_KEPT_BYTES],
        workspace_id=workspace_id,
        source=error.source,
        received_at=received_at,
        correlation_id=error.correlation_id or correlation_id,
    )
