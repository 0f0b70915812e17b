"""What the server and its pipeline's process tell each other, and how it is written: MessagePack, compressed by
Zstandard, behind its length.

Compressed because the server reads only what the socket between them holds, some 200 kB, in each turn of its event
loop: under load that would be less than the events of so long a turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from struct import Struct

import msgspec
import zstandard

from telemetra.kinds.base import Kind
from telemetra.leader import Role
from telemetra.live.base import Publication
from telemetra.model.event import StreamKey
from telemetra.pipeline import PipelineSettings

LENGTH = Struct(">I")

_encoder = msgspec.msgpack.Encoder()


class Start(msgspec.Struct, tag="start"):
    """The first message to the pipeline's process: all that it must know. It may hold passwords, so it is never shown
    in a command line or in the environment."""

    conninfo: str
    currency: str
    pipeline: PipelineSettings
    otlp_endpoint: str | None
    log_level: str
    log_format: str


class Stop(msgspec.Struct, tag="stop"):
    """End in order: store what is in work. (The end of the connection means at once.)"""


class RoleChanged(msgspec.Struct, tag="role"):
    role: Role


class Changed(msgspec.Struct, tag="changed"):
    """A commit changed what the tables say of these streams."""

    streams: list[StreamKey]


class Committed(msgspec.Struct, tag="committed"):
    """A checkpoint of so many items took so long."""

    items: int
    seconds: float


class Failed(msgspec.Struct, tag="failed"):
    """A checkpoint was given up for an error of this class."""

    error: str


class Published(msgspec.Struct, tag="published"):
    publication: Publication


class Overflowed(msgspec.Struct, tag="overflowed"):
    """The server took nothing for so long that what waited was left out: `events` feed events, and whatever else."""

    events: int


FromPipeline = RoleChanged | Changed | Committed | Failed | Published | Overflowed
ToPipeline = Start | Stop

_from_pipeline = msgspec.msgpack.Decoder(FromPipeline)
_to_pipeline = msgspec.msgpack.Decoder(ToPipeline)


def framed(message: FromPipeline | ToPipeline) -> bytes:
    payload = zstandard.ZstdCompressor(level=1).compress(_encoder.encode(message))
    return LENGTH.pack(len(payload)) + payload


def from_pipeline(payload: bytes) -> FromPipeline:
    message: FromPipeline = _from_pipeline.decode(zstandard.ZstdDecompressor().decompress(payload))
    return message


def to_pipeline(payload: bytes) -> ToPipeline:
    message: ToPipeline = _to_pipeline.decode(zstandard.ZstdDecompressor().decompress(payload))
    return message


def restore(publication: Publication, kinds: Mapping[str, Kind]) -> None:
    """Numbers that MessagePack has as text are decimals again, by the declared columns of their kind."""
    for snapshot in publication.snapshots:
        for column in kinds[snapshot.kind].columns:
            value = snapshot.values.get(column.name)
            if column.sql_type == "numeric" and isinstance(value, str):
                snapshot.values[column.name] = Decimal(value)
