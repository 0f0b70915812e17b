"""The names of cached answers and the patterns that forget them.

A key is `prefix:workspace:stream` and, where an answer depends on more, `:parameters`. Each part is quoted, so that a
colon or a glob character in an id is never taken for one of ours.
"""

from __future__ import annotations

import re
from urllib.parse import quote

METRICS = "metrics"
STREAM = "stream"
STREAMS = "streams:list"
MOMENTS = "moments"
OF_ONE_STREAM = (METRICS, STREAM, MOMENTS)

_PLAIN = re.compile(r"[A-Za-z0-9._~@#-]+").fullmatch
_WILD = re.compile(r"[*?\[]")


def key(prefix: str, *parts: object) -> str:
    """`key("metrics", "default", "a:b", 100)` is `metrics:default:a%3Ab:100`; None is an empty part, "" is not."""
    return ":".join([prefix, *map(_quoted, parts)])


def _quoted(part: object) -> str:
    if part is None:
        return ""
    text = str(part)
    return text if _PLAIN(text) else quote(text, safe="@#", errors="surrogatepass") or '""'


def patterns_of_stream(workspace_id: str, stream_id: str) -> list[str]:
    """What to invalidate when the rows of a stream changed: its answers, whatever their parameters."""
    return [key(prefix, workspace_id, stream_id) + ":*" for prefix in OF_ONE_STREAM]


def pattern_of_lists(workspace_id: str) -> str:
    """What to invalidate when any stream of a workspace changed: the lists."""
    return key(STREAMS, workspace_id) + ":*"


def group(text: str) -> str:
    """The first three parts of a key: with the group one finds all answers about a stream without looking at others."""
    return ":".join(text.split(":", 3)[:3])


def group_of_pattern(pattern: str) -> str | None:
    """The one group that a pattern can match, or None when it may match keys of several."""
    head = group(pattern)
    wild = _WILD.search(pattern)
    return head if wild is None or wild.start() > len(head) else None


def is_wild(pattern: str) -> bool:
    """Whether it holds a glob character."""
    return _WILD.search(pattern) is not None
