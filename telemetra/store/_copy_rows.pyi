from collections.abc import Callable

from telemetra.engine.effects import Archived
from telemetra.model.event import Run

def rows(archived: list[Archived], start: Callable[[Run, str], bytes], /) -> bytes: ...
