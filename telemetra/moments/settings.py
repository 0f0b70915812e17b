"""The one configuration of moment detection, the same for every stream unless a workspace or stream says otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from telemetra.errors import Invalid

Score = Annotated[float, Meta(gt=0, lt=1)]
Pause = Annotated[int, Meta(ge=0, le=3600)]


class MomentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the alarm policy turns scores (0..1, see `scale.py`) into moments. Durations are event time.

    open_score: a moment opens at this score. hold_score: below it a window counts as quiet. merge_seconds: so much
    quiet ends a moment; bursts closer together are one. cooldown_seconds: after a moment has closed, none of its type
    opens for so long. longest_seconds: what lasts longer is the new normal; the moment ends, and the score must fall
    before the next. severity_step: an open moment is emitted again when its severity has risen by so much.
    opening_heads: the highest score of these heads opens and holds moments (one that is not installed is silent); the
    scores of all heads are told with the moment.
    """

    open_score: Score = 0.5
    hold_score: Score = 0.2
    merge_seconds: Pause = 60
    cooldown_seconds: Pause = 60
    longest_seconds: Annotated[int, Meta(ge=60, le=7200)] = 900
    severity_step: Annotated[float, Meta(gt=0, le=1)] = 0.15
    opening_heads: Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)] = ("burst",)


_FIELDS = {field.name: field.type for field in msgspec.structs.fields(MomentSettings)}


def check_overrides(overrides: Mapping[str, Any], base: MomentSettings) -> MomentSettings:
    """`base` with `overrides`, as somebody wrote them. Raises `Invalid` naming the first field that is wrong."""
    values = {}
    for name, value in overrides.items():
        if name not in _FIELDS:
            raise Invalid(f"{name!r} is no setting; there are {', '.join(_FIELDS)}", code="unknown_setting", field=name)
        try:
            values[name] = msgspec.convert(value, _FIELDS[name])
        except msgspec.ValidationError as error:
            raise Invalid(f"{name}: {error}", code="invalid_setting", field=name) from None
    settings = msgspec.structs.replace(base, **values)
    if settings.hold_score > settings.open_score:
        detail = f"hold_score ({settings.hold_score:g}) must not be above open_score ({settings.open_score:g})"
        raise Invalid(detail, code="invalid_setting", field="hold_score")
    return settings


def apply_overrides(*overrides: Mapping[str, Any]) -> MomentSettings:
    """The default configuration under stored overrides, the later ones above the earlier ones.

    Each of them was checked when it was stored, but not their combination, and perhaps by another version: what this
    one does not take is left out, and `hold_score` is never above `open_score`.
    """
    values = {}
    for stored in overrides:
        for name in stored.keys() & _FIELDS.keys():
            with contextlib.suppress(msgspec.ValidationError):
                values[name] = msgspec.convert(stored[name], _FIELDS[name])
    settings = MomentSettings(**values)
    return msgspec.structs.replace(settings, hold_score=min(settings.hold_score, settings.open_score))
