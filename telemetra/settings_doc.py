"""The settings reference and `.env.example`, made from the declared fields. Pure: fields in, text out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import annotated_types
from pydantic import ByteSize, SecretStr
from pydantic.fields import FieldInfo

from telemetra.settings import NOT_YET, Settings, variable_name
from telemetra.settings_fields import KIB, MIB, SECTIONS, Section

INTRODUCTION = """\
# Settings

Made by `telemetra config-doc`; do not edit. Settings come from the environment, then from `.env` in the working
directory, then from the defaults; options of the command line win over all. An empty variable counts as unset.
`telemetra check-config` names everything that is unknown, unusable or contradictory. Sizes are bytes, or numbers with
a unit such as `8MiB`. Secrets are never shown.
"""


def render(form: str) -> str:
    """The text of the reference (`markdown`) or of `.env.example` (`env`)."""
    return {"markdown": markdown, "env": env_example}[form]()


def markdown() -> str:
    lines = [INTRODUCTION]
    for section in SECTIONS:
        heading, _, text = (section.__doc__ or "").partition("\n")
        lines += [f"## {heading}", ""]
        if text.strip():
            lines += [" ".join(text.split()), ""]
        lines += ["| variable | type | default | meaning |", "|---|---|---|---|"]
        lines += [_row(name) for name in _names(section)]
        lines.append("")
    lines += [
        "## Not in this version",
        "",
        "Refused by name, so that nobody believes them to work: " + ", ".join(f"`{name}`" for name in NOT_YET) + ".",
    ]
    return "\n".join(lines) + "\n"


def env_example() -> str:
    lines = ["# Made by `telemetra config-doc --format env`. Copy to .env and uncomment what you change."]
    for section in SECTIONS:
        lines += ["", f"# --- {(section.__doc__ or '').partition(chr(10))[0]} ---"]
        for name in _names(section):
            field = Settings.model_fields[name]
            lines += ["", f"# {_description(field)} [{_type(field)}]", f"# {variable_name(name)}={_default(field)}"]
    return "\n".join(lines) + "\n"


def _names(section: type[Section]) -> list[str]:
    return list(section.model_fields)


def _row(name: str) -> str:
    field = Settings.model_fields[name]
    default = _default(field)
    cells = (f"`{variable_name(name)}`", _type(field), f"`{default}`" if default else "", _description(field))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _description(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _type(field: FieldInfo) -> str:
    annotation: Any = field.annotation
    choices = [choice for choice in get_args(annotation) if isinstance(choice, str)]
    if choices:
        return "one of " + ", ".join(choices)
    plain = next((part for part in get_args(annotation) if part is not type(None)), annotation)
    words = {bool: "true or false", int: "integer", float: "number", ByteSize: "size", SecretStr: "secret"}
    words |= {str: "text", Path: "path"}
    if annotation == tuple[str, ...]:
        return "list"
    return words[plain] + _bounds(field, plain)


def _bounds(field: FieldInfo, plain: type) -> str:
    signs = ((annotated_types.Ge, "ge", "≥"), (annotated_types.Gt, "gt", ">"), (annotated_types.Le, "le", "≤"))
    found = [
        f"{sign} {_value(ByteSize(getattr(bound, name)) if plain is ByteSize else getattr(bound, name))}"
        for bound in field.metadata
        for kind, name, sign in signs
        if isinstance(bound, kind)
    ]
    return " " + ", ".join(found) if found else ""


def _default(field: FieldInfo) -> str:
    return "" if field.default is None else _value(field.default)


def _value(value: Any) -> str:
    if isinstance(value, ByteSize):
        for size, unit in ((MIB, "MiB"), (KIB, "KiB")):
            if value % size == 0:
                return f"{value // size}{unit}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)
