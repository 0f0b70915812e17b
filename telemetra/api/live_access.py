"""Who may open a live connection and to what: the same for WebSockets and server-sent events."""

from __future__ import annotations

import re

from starlette.types import Scope

from telemetra.api.perimeter import header, origin_allowed
from telemetra.errors import Invalid, Unavailable
from telemetra.live.hub import Hub

_STREAM_ID = re.compile(r"[A-Za-z0-9._:@#-]{1,200}")


def check_origin(scope: Scope, origins: tuple[str, ...]) -> None:
    """Raises Invalid for a browser's page that is neither ours nor in `origins`."""
    if not origin_allowed(header(scope, b"origin"), header(scope, b"host"), origins):
        raise Invalid("This origin is neither the product's own nor in CORS_ORIGINS.", code="forbidden_origin")


class Admission:
    """Lets in browsers of allowed origins, for stream ids that could exist, while there is room."""

    def __init__(self, hub: Hub, origins: tuple[str, ...]) -> None:
        self._hub = hub
        self._origins = origins

    def check(self, scope: Scope) -> str:
        """The stream id of the path. Raises Invalid or Unavailable."""
        check_origin(scope, self._origins)
        stream_id: str = scope["path_params"]["stream_id"]
        if not _STREAM_ID.fullmatch(stream_id):
            raise Invalid("must be 1 to 200 letters, digits and . _ : @ # -", code="invalid", field="stream_id")
        self.check_room()
        return stream_id

    def check_all(self, scope: Scope) -> None:
        """The same for a client of all streams at once."""
        check_origin(scope, self._origins)
        self.check_room()

    def check_room(self) -> None:
        """Raises Unavailable when the process has as many live connections as it may."""
        if self._hub.full:
            raise Unavailable("This process has as many live connections as it may.", retry_after_seconds=5)
