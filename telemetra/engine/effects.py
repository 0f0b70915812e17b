"""What processing a stretch of the log leads to: everything that one checkpoint writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from telemetra.model.event import Run, StreamKey
from telemetra.model.moment import Moment
from telemetra.model.stream import StreamState
from telemetra.model.window import MinuteRow

Disposition = Literal["counted", "late"]

LEDGER_COLUMNS = ("counted", "duplicate", "late", "rejected", "dead")
COUNTED, DUPLICATE, LATE, REJECTED, DEAD = range(len(LEDGER_COLUMNS))

STREAM_LEDGER_COLUMNS = ("duplicate", "late")
STREAM_DUPLICATE, STREAM_LATE = range(len(STREAM_LEDGER_COLUMNS))

LedgerKey = tuple[str, str, int]
"""(workspace_id, source, start of the minute of arrival)."""

StreamLedgerKey = tuple[str, str, int]
"""(workspace_id, stream_id, start of the minute of arrival)."""

UniqueKey = tuple[str, str, str]
"""(table, workspace_id, value of the type's unique field)."""


Archived = tuple[int, Run, Disposition]
"""(log offset of the first event, events, what became of all of them)."""


class TableRow(NamedTuple):
    """One row for the table that an event type names; `values` by column, times in microseconds."""

    table: str
    key: StreamKey
    offset: int
    values: Mapping[str, Any]


class DeadLetter(NamedTuple):
    """An item that is not counted: refused by intake (`rejected`) or by the pipeline (`dead`)."""

    offset: int
    disposition: Literal["rejected", "dead"]
    workspace_id: str
    source: str
    code: str
    detail: str
    raw: bytes
    received_at: int
    correlation_id: str | None


class Effects(msgspec.Struct):
    """One checkpoint's worth. `applied`: every effect of all items before it is here or stored already. `needs`: the
    lowest offset of an event of a minute that is not final (SPEC 4, Checkpoint)."""

    applied: int
    needs: int
    archive: list[Archived] = msgspec.field(default_factory=list)
    table_rows: list[TableRow] = msgspec.field(default_factory=list)
    minutes: list[MinuteRow] = msgspec.field(default_factory=list)
    moments: list[Moment] = msgspec.field(default_factory=list)
    dead: list[DeadLetter] = msgspec.field(default_factory=list)
    ledger: dict[LedgerKey, list[int]] = msgspec.field(default_factory=dict)
    stream_ledger: dict[StreamLedgerKey, list[int]] = msgspec.field(default_factory=dict)
    states: list[StreamState] = msgspec.field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing to store (idle close may leave states without items)."""
        return not (self.archive or self.dead or self.ledger or self.states)
