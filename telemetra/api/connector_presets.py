"""Presets in the bodies of requests, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telemetra.errors import Invalid
from telemetra.operations.connector_models import PresetInfo, PresetParameter
from telemetra.sources.presets import load_preset, preset_names


def list_presets() -> list[PresetInfo]:
    return [_info(name) for name in preset_names()]


def expand_preset(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a body; those that a `preset` gives are below those that the body names itself.

    Raises `Invalid` naming `preset` or the parameter.
    """
    fields = dict(body)
    name, parameters = fields.pop("preset", None), fields.pop("parameters", None)
    if name is None and parameters is None:
        return fields
    if not isinstance(name, str):
        raise Invalid("preset: must be the name of one", code="invalid_field", field="preset")
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        raise Invalid("parameters: must be an object", code="invalid_field", field="parameters")
    return load_preset(name).connector_fields(parameters) | fields


def _info(name: str) -> PresetInfo:
    preset = load_preset(name)
    return PresetInfo(
        name=preset.name,
        title=preset.title,
        description=preset.description,
        parameters=[
            PresetParameter(each.name, each.description, each.form, each.required, each.default, each.example)
            for each in preset.parameters
        ],
    )
