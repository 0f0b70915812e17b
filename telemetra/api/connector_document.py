"""How the OpenAPI document describes the bodies of the routes about connectors: from the declaration's own type."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra.api.answers import JSON
from telemetra.api.connector_examples import BODY_EXAMPLES, DECLARED_EXAMPLE, PRESET_EXAMPLE
from telemetra.api.intake_document import REF
from telemetra.model.connector import ConnectorConfig
from telemetra.operations.connector_models import MASK, Connector
from telemetra.operations.feeds import SavedBatch, SavedMessage

_STATE: dict[str, Any] = {
    "enum": ["running", "stopped"],
    "default": "stopped",
    "description": "`running` starts it at once.",
}
_PRESET: dict[str, Any] = {"type": "string", "description": "A name of `GET /api/connectors/presets`."}
_PARAMETERS: dict[str, Any] = {"type": "object", "description": "What the preset has to be told."}
_READ_ONLY: dict[str, Any] = {
    name: {"readOnly": True, "description": "Of the answer; passed over in a body."}
    for name in Connector.__struct_fields__
    if name not in ConnectorConfig.__struct_fields__
}
_SECRET = f" Stored encrypted and never shown; `{MASK}` keeps a stored value."


def connector_components() -> dict[str, Any]:
    """The components that the bodies refer to."""
    _, components = msgspec.json.schema_components([ConnectorConfig, SavedMessage, SavedBatch], ref_template=REF)
    declaration = components.pop("ConnectorConfig")
    properties: dict[str, Any] = declaration["properties"]
    for name in ("headers", "query_params", "credentials"):
        properties[name]["description"] = f"Names and values.{_SECRET}"
    creating = {"desired_state": _STATE, "preset": _PRESET, "parameters": _PARAMETERS}
    components["ConnectorFields"] = _object(properties | _READ_ONLY)
    components["NewConnector"] = {
        "anyOf": [
            _object(properties | {"desired_state": _STATE}, required=["name", "api_url"], title="Declared"),
            _object(properties | creating, required=["preset"], title="By a preset"),
        ]
    }
    components["ConnectorTest"] = {
        "anyOf": [
            _object(properties, required=["name", "api_url"], title="Declared"),
            _object(
                properties | {"preset": _PRESET, "parameters": _PARAMETERS}, required=["preset"], title="By a preset"
            ),
            _object(
                properties | {"connector_id": {"type": "string"}}, required=["connector_id"], title="A stored connector"
            ),
        ]
    }
    return components


def create_body() -> dict[str, Any]:
    examples = {"preset": {"value": PRESET_EXAMPLE}, "declared": {"value": DECLARED_EXAMPLE}}
    return _body("NewConnector", examples)


def change_body() -> dict[str, Any]:
    return _body("ConnectorFields", {"change": {"value": {"polling_interval": 5000, "headers": {"X-Team": MASK}}}})


def test_body() -> dict[str, Any]:
    return _body("ConnectorTest", {"declared": {"value": DECLARED_EXAMPLE}})


def body_of(model: type) -> dict[str, Any]:
    return _body(model.__name__, {"one": {"value": BODY_EXAMPLES[model]}})


def _body(component: str, examples: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": REF.format(name=component)}
    return {"required": True, "content": {JSON: {"schema": schema, "examples": examples}}}


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}
