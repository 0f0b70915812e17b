"""OKX error codes that mean: these credentials or rights will not do, however often it is tried again.

Not among them: clocks that differ and expired requests (50102, 60004, 60006), rate limits (50011, 60014), unknown
channels (60018). Source: OKX API v5 reference, "Error code" (general 50xxx, WebSocket 60xxx and 64xxx).
"""

from __future__ import annotations

from typing import Final

_CODES: Final = """
    50030 50100 50101 50103 50104 50105 50106 50107 50108 50109 50110 50111 50113 50114 50118 50119 50120 50121
    60001 60002 60003 60005 60007 60009 60011 60022 60024 60031 60032 64003
    """
_REFUSALS: Final = frozenset(_CODES.split())


def is_refusal(code: str) -> bool:
    return code in _REFUSALS
