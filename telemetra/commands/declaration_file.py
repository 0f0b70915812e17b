"""A connector declared in a YAML file: what is wrong is said with the line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from telemetra.errors import Invalid, InvalidFields

MAX_BYTES = 256 * 1024

Lines = Mapping[str, int]
"""Path of a field, such as `ping.interval` or `subscribe_messages[0]`, to its line."""


class DeclarationFile:
    """`fields` of the file. Raises `Invalid` naming file and line for what is no YAML mapping of names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_bytes()
        except OSError as error:
            raise Invalid(f"{path}: {error.strerror}") from error
        if len(text) > MAX_BYTES:
            raise Invalid(f"{path}: is larger than {MAX_BYTES // 1024} KiB")
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            self.lines = dict(_lines(node, "")) if node is not None else {}
            fields = yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
            raise Invalid(f"{path}, line {line}: {error.problem or 'is no YAML'}") from None
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
            raise Invalid(f"{path}: is no YAML text in UTF-8") from None
        if not isinstance(fields, dict) or not all(isinstance(name, str) for name in fields):
            raise Invalid(f"{path}, line 1: must hold fields of a connector, such as `name: My feed`")
        self.fields: dict[str, Any] = fields

    def located(self, error: Invalid) -> Invalid:
        """The error with the lines of the fields that it names."""
        wrong = error.errors if isinstance(error, InvalidFields) else (error,)
        return Invalid("\n".join(self._located(each) for each in wrong), code=error.code)

    def _located(self, error: Invalid) -> str:
        field = error.field or ""
        detail = str(error) if not field or field in str(error) else f"{field}: {error}"
        while field and field not in self.lines:
            field = field[: max(field.rfind("."), field.rfind("["), 0)]
        place = f", line {self.lines[field]}" if field else ""
        return f"{self.path}{place}: {detail}"


class _Loader(yaml.SafeLoader):
    """Times stay text: JSON has none, and a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _lines(node: yaml.Node, path: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            found += [(name, key.start_mark.line + 1), *_lines(value, name)]
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            name = f"{path}[{index}]"
            found += [(name, value.start_mark.line + 1), *_lines(value, name)]
    return found
