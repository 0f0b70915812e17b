"""The one configuration of moment detection, the same for every stream unless a workspace or stream says otherwise."""

from __future__ import annotations

import msgspec


class MomentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the alarm policy turns scores (0..1, see `scale.py`) into moments. Durations are event time.

    open_score: a moment opens at this score. hold_score: below it a window counts as quiet. merge_seconds: so much
    quiet ends a moment; bursts closer together are one. cooldown_seconds: after a moment has closed, none of its type
    opens for so long. longest_seconds: what lasts longer is the new normal; the moment ends, and the score must fall
    before the next. severity_step: an open moment is emitted again when its severity has risen by so much.
    """

    open_score: float = 0.5
    hold_score: float = 0.2
    merge_seconds: int = 60
    cooldown_seconds: int = 60
    longest_seconds: int = 900
    severity_step: float = 0.15
