"""A connector as users write it, checked: every door and the command line read declarations here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from telemetra.errors import Invalid
from telemetra.model.connector import ConnectorConfig


def read_config(fields: Mapping[str, Any]) -> ConnectorConfig:
    """The declaration in `fields` (parsed JSON or YAML). Raises `Invalid` that names the field."""
    try:
        return msgspec.convert(fields, ConnectorConfig)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None


def _invalid(message: str) -> Invalid:
    """msgspec says `Expected `int`, got `str` - at `$.x`` or `Object missing required field `x``; our own checks begin
    with the field."""
    detail, _, path = message.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if detail.startswith("Object missing required field"):
        name = detail.split("`")[1]
        field = f"{path}.{name}" if path else name
        return Invalid(f"{field}: is required", code="missing_field", field=field)
    if detail.startswith("Object contains unknown field"):
        name = detail.split("`")[1]
        field = f"{path}.{name}" if path else name
        return Invalid(f"{field}: there is no such field", code="unknown_field", field=field)
    if not path:
        field, colon, _ = detail.partition(": ")
        return Invalid(detail, code="invalid_field", field=field if colon else None)
    return Invalid(f"{path}: {detail[:1].lower()}{detail[1:]}", code="invalid_field", field=path)
