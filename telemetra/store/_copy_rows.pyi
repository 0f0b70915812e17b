from collections.abc import Callable

from telemetra.engine.effects import Archived
from telemetra.model.event import Event

def rows(archived: list[Archived], start: Callable[[Event, str], bytes], /) -> bytes: ...
