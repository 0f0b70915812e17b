"""Presets: connectors to venues as data files, with parameters. Pure: from the text of a file to connector fields.

In the strings of a preset `<instrument>` stands for a parameter, and `<instrument:joined:lower>` for what the forms
make of it. A string that is a placeholder and nothing else takes the value as it is (a list stays one). A mapping
`{each: channels, of: …}` becomes a list: `of` for each element, with `<channels>` as that element.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from msgspec import Meta

from telemetra.errors import Invalid
from telemetra.formats.instruments import LONGEST, canonical

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,49}$")]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]

_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "joined": lambda text: text.replace("-", ""),
    "slash": lambda text: text.replace("-", "/", 1),
    "lower": str.lower,
    "upper": str.upper,
}
_PLACEHOLDER = re.compile(r"<([a-z0-9_-]+(?::[a-z]+)*)>")
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@#+-]{0,99}")
_VALUES_MAX = 200


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user fills in. `form`: a text, an instrument (any spelling; BASE-QUOTE is put in), or a list of texts."""

    name: Name
    description: Text
    form: Literal["text", "instrument", "list"] = "text"
    required: bool = False
    default: str | list[str] | None = None
    example: str | None = None


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`connector` holds the fields of a connector to create, with placeholders."""

    name: Name
    title: Text
    description: Text
    connector: dict[str, Any]
    parameters: list[Parameter] = []

    def connector_fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a connector with these parameters. Raises `Invalid` naming the parameter
        (`parameters.instrument`)."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise _wrong(f"parameters.{name}", f"is none of {', '.join(known) or 'the (no) parameters'}")
        values = {name: _read(parameter, given.get(name)) for name, parameter in known.items()}
        fields = _render(self.connector, values)
        assert isinstance(fields, dict)
        return fields


def parse_preset(text: str, file_name: str = "preset") -> Preset:
    """The preset in the text of a YAML file. Raises `Invalid` naming the place (`preset.parameters[0].name`)."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _wrong(file_name, f"is no YAML: {' '.join(str(error).split())[:300]}") from None
    try:
        preset = msgspec.convert(document, Preset)
    except msgspec.ValidationError as error:
        detail, _, place = str(error).partition(" - at `$")
        raise _wrong(file_name + place.rstrip("`"), detail) from None
    _check_placeholders(preset, file_name)
    return preset


def _check_placeholders(preset: Preset, file_name: str) -> None:
    names = [parameter.name for parameter in preset.parameters]
    if len(set(names)) < len(names):
        raise _wrong(f"{file_name}.parameters", "names a parameter twice")
    used: set[str] = set()
    for place, text in _strings(preset.connector, f"{file_name}.connector"):
        for name, *forms in (found.split(":") for found in _PLACEHOLDER.findall(text)):
            if name not in names:
                raise _wrong(place, f"<{name}> is no parameter of the preset")
            if unknown := [form for form in forms if form not in _FORMS]:
                raise _wrong(place, f"{unknown[0]} is none of the forms {', '.join(_FORMS)}")
            used.add(name)
    for name in names:
        if name not in used:
            raise _wrong(f"{file_name}.parameters", f"{name} is used nowhere in the connector")
    for parameter in preset.parameters:
        if not parameter.required and parameter.default is None:
            raise _wrong(f"{file_name}.parameters", f"{parameter.name} is neither required nor has it a default")


def _strings(value: Any, place: str) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(place, value)]
    if isinstance(value, dict):
        own = [(place, f"<{value['each']}>")] if _is_loop(value) else []
        return own + [found for name, inner in value.items() for found in _strings(inner, f"{place}.{name}")]
    if isinstance(value, list):
        return [found for at, inner in enumerate(value) for found in _strings(inner, f"{place}[{at}]")]
    return []


def _is_loop(value: Mapping[Any, Any]) -> bool:
    return value.keys() == {"each", "of"}


def _read(parameter: Parameter, given: Any) -> str | list[str]:
    field = f"parameters.{parameter.name}"
    if given is None or given in ("", []):
        if parameter.required or parameter.default is None:
            raise _wrong(field, f"is required ({parameter.description})")
        given = parameter.default
    if parameter.form == "list":
        values = given.split(",") if isinstance(given, str) else given
        if not isinstance(values, list | tuple) or not 1 <= len(values) <= _VALUES_MAX:
            raise _wrong(field, f"must be a list of 1 to {_VALUES_MAX} texts")
        return [_read_text(field, value) for value in values]
    text = _read_text(field, given)
    if parameter.form != "instrument":
        return text
    name = canonical(text)
    if len(name) > LONGEST:
        raise _wrong(field, f"is longer than {LONGEST} characters")
    return name


def _read_text(field: str, value: Any) -> str:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _VALUE.fullmatch(text):
        raise _wrong(field, "must be 1 to 100 letters, digits and . _ : / @ # + - beginning with a letter or digit")
    return text


def _render(value: Any, values: Mapping[str, str | list[str]]) -> Any:
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        if whole and ":" not in whole[1]:
            return values[whole[1]]
        return _PLACEHOLDER.sub(lambda match: _formed(match[1], values), value)
    if isinstance(value, list):
        rendered: list[Any] = []
        for inner in value:
            found = _render(inner, values)
            rendered += found if isinstance(inner, dict) and _is_loop(inner) else [found]
        return rendered
    if isinstance(value, dict):
        if _is_loop(value):
            elements = values[value["each"]]
            each = [elements] if isinstance(elements, str) else elements
            return [_render(value["of"], {**values, value["each"]: element}) for element in each]
        return {name: _render(inner, values) for name, inner in value.items()}
    return value


def _formed(placeholder: str, values: Mapping[str, str | list[str]]) -> str:
    name, *forms = placeholder.split(":")
    value = values[name]
    texts = [value] if isinstance(value, str) else value
    for form in forms:
        texts = [_FORMS[form](text) for text in texts]
    return ",".join(texts)


def _wrong(field: str, detail: str) -> Invalid:
    return Invalid(f"{field}: {detail}", code="invalid_field", field=field)
