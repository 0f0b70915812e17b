"""A whole declaration checked: every field that is wrong is named, not only the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from telemetra.errors import Invalid, InvalidFields
from telemetra.formats.feed import feed_options
from telemetra.formats.feeds import make_format
from telemetra.model.connector import ConnectorConfig
from telemetra.operations.clear_secrets import clear_secrets
from telemetra.operations.connector_fields import read_config

_FOLLOWS_FROM_URL = {"protocol_type", "cursor", "time_window"}


def check_config(fields: Mapping[str, Any], check_sending: Callable[[ConnectorConfig], None]) -> ConnectorConfig:
    """The declaration in `fields`. Raises `Invalid` for one wrong field, `InvalidFields` for several.

    `check_sending` raises them for credentials that do not suffice and for names that stand for nothing.
    """
    errors: list[Invalid] = []
    remaining = dict(fields)
    while True:
        try:
            config = read_config(remaining)
            break
        except Invalid as error:
            wrong = (error.field or "").partition(".")[0].partition("[")[0]
            errors.append(error)
            if wrong not in remaining and wrong not in _STAND_INS:
                raise _all(errors) from None  # it would be the same again
            remaining.pop(wrong, None)
            if wrong in _STAND_INS:
                remaining[wrong] = _STAND_INS[wrong]
            if wrong == "api_url":  # what has to fit it cannot be judged
                remaining = {name: value for name, value in remaining.items() if name not in _FOLLOWS_FROM_URL}
    try:
        make_format(config.format, feed_options(str(config.exchange_name), config.mapping))
    except Invalid as error:
        errors.append(error)
    if not errors:  # stand-ins have no credentials
        errors += clear_secrets(config)
        try:
            check_sending(config)
        except Invalid as error:
            errors += error.errors if isinstance(error, InvalidFields) else [error]
    if errors:
        raise _all(errors)
    return config


_STAND_INS = {"name": "-", "api_url": "https://telemetra.invalid/"}
"""For required fields that are missing or wrong, so that the others can be looked at."""


def _all(errors: list[Invalid]) -> Invalid:
    return errors[0] if len(errors) == 1 else InvalidFields(errors)
