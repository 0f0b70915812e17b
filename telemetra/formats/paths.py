"""Declared JSON paths. JMESPath, whose library walks a syntax tree: what only names members and elements (`data[0].x`),
which is nearly every path, is walked directly instead, with the same meaning."""

from __future__ import annotations

import re
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

from telemetra.errors import Invalid

LONGEST: Final = 500

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[(-?[0-9]{1,9})\]")
_SIMPLE = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]*|\[-?[0-9]{1,9}\])(?:\.[A-Za-z_][A-Za-z0-9_]*|\[-?[0-9]{1,9}\])*")
_FAILURES = (JMESPathError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


class Path:
    """One compiled path. `whole`: it begins with `^`, and looks at the whole message instead of the item."""

    __slots__ = ("_expression", "_steps", "text", "whole")

    def __init__(self, text: str, field: str) -> None:
        """Raises `Invalid` naming `field`."""
        self.whole = text.startswith("^")
        self.text = text.removeprefix("^")
        if not self.text or len(text) > LONGEST:
            raise Invalid(f"{field}: a path has 1 to {LONGEST} characters", code="invalid_field", field=field)
        try:
            self._expression = jmespath.compile(self.text)
        except (JMESPathError, RecursionError) as error:
            detail = f"{field}: {' '.join(str(error).split())[:200]}"
            raise Invalid(detail, code="invalid_field", field=field) from None
        self._steps: list[str | int] | None = None
        if _SIMPLE.fullmatch(self.text):
            self._steps = [name or int(index) for name, index in _STEP.findall(self.text)]

    def search(self, item: Any, message: Any) -> Any:
        """What stands there; None for nothing, and where a function of the path got a value that it does not take."""
        value = message if self.whole else item
        if self._steps is None:
            try:
                return self._expression.search(value)
            except _FAILURES:
                return None
        for step in self._steps:
            if isinstance(step, str):
                value = value.get(step) if type(value) is dict else None
            elif type(value) is list and -len(value) <= step < len(value):
                value = value[step]
            else:
                return None
            if value is None:
                return None
        return value
