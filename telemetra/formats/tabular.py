"""Rows of CSV as items: by the names of declared columns, or those in the first line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

from telemetra.errors import Invalid
from telemetra.formats import problems
from telemetra.formats.generic_values import number

_LOOKED_AT = 20


def looks_like_csv(text: str) -> bool:
    """Several lines with the same number of commas, the first of them without a number."""
    lines = text.splitlines()[:_LOOKED_AT]
    commas = lines[0].count(",") if lines else 0
    same = all(line.count(",") == commas for line in lines)
    return len(lines) > 1 and commas > 0 and same and not any(map(number, lines[0].split(",")))


def read_rows(text: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """An item a row. Without `columns` the first of several lines names them, if none of its cells is a number; else
    they are called column1, column2 … Raises `Invalid`."""
    try:
        rows = [row for row in csv.reader(text.splitlines(), strict=True) if row]
    except csv.Error as error:
        raise Invalid(f"no CSV: {error}", code=problems.INVALID_LINE) from None
    if not rows:
        raise Invalid("no CSV: there is no line", code=problems.INVALID_LINE)
    names: Sequence[str] = columns
    if not columns:
        if len(rows) > 1 and not any(map(number, rows[0])):
            names, rows = [cell.strip() for cell in rows[0]], rows[1:]
        else:
            names = [f"column{position}" for position in range(1, max(map(len, rows)) + 1)]
    return [dict(zip(names, row, strict=False)) for row in rows]
