"""docs/reference/events.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from telemetra.engine import engine, letters
from telemetra.formats import problems
from telemetra.formats.native import ALIASES, RawEvent, parse_one
from telemetra.formats.safety import DEPTH_MAX, NUMBER_CHARACTERS_MAX
from telemetra.kinds.base import EventType
from telemetra.kinds.registry import load_registry
from telemetra.model.window import SECOND
from telemetra.operations.intake import FUTURE_LIMIT, IntakeLimits

PAGE = (Path(__file__).parent.parent / "docs/reference/events.md").read_text()
TYPES = load_registry("USD").types
CODES = {value for name, value in vars(problems).items() if name.isupper() and isinstance(value, str)}
OF_FILES = {problems.INVALID_LINE}
OF_REQUESTS = {problems.TOO_MANY} if hasattr(problems, "TOO_MANY") else set()


def section(heading: str) -> str:
    """What stands under a heading, up to the next of its level or above."""
    level = heading.partition(" ")[0]
    rest = PAGE.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{2,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, str]:
    """First cell, without its backticks, to the rest of the row."""
    return dict(re.findall(r"^\| `([^`|]+)` \| (.*) \|$", text, re.MULTILINE))


def required(model: type[msgspec.Struct]) -> dict[str, bool]:
    return {field.encode_name: field.required for field in msgspec.structs.fields(model)}


def test_the_envelope() -> None:
    told = {name: rest.startswith("required") for name, rest in rows(section("## Envelope")).items()}
    assert told == required(RawEvent)
    for old, name in ALIASES.items():
        assert f"`{old}` (for `{name}`)" in section("## Envelope")


@pytest.mark.parametrize("declared", TYPES.values(), ids=list(TYPES))
def test_a_type(declared: EventType) -> None:
    text = section(f"### `{declared.name}`")
    told = rows(text)
    assert {name: rest.startswith("required") for name, rest in told.items()} == required(declared.model)
    for field in msgspec.structs.fields(declared.model):
        for choice in getattr(field.type, "__args__", ()):
            if isinstance(choice, str):
                assert f"`{choice}`" in told[field.encode_name]


@pytest.mark.parametrize("declared", TYPES.values(), ids=list(TYPES))
def test_the_example_of_a_type_is_taken(declared: EventType) -> None:
    example = re.search(r"^```json\n(.*?)^```$", section(f"### `{declared.name}`"), re.MULTILINE | re.DOTALL)
    assert example is not None
    event = parse_one(example[1].encode())
    assert isinstance(event, RawEvent)
    assert event.type == declared.name
    data: Any = msgspec.json.decode(event.data, type=declared.model)
    assert declared.check is None or declared.check(data) is None


def test_no_other_types_are_told() -> None:
    assert set(re.findall(r"^### `(.*)`$", PAGE, re.MULTILINE)) == set(TYPES)


def test_the_codes_of_intake() -> None:
    of_intake, _, rest = section("## Codes of rejection").partition("The pipeline refuses")
    assert set(rows(of_intake)) == CODES - OF_FILES - OF_REQUESTS
    for code in OF_FILES:
        assert f"`{code}`" in rest


def test_the_codes_of_the_pipeline() -> None:
    rest = section("## Codes of rejection").partition("The pipeline refuses")[2]
    source = Path(engine.__file__).read_text() + Path(letters.__file__).read_text()
    codes = set(re.findall(r'(?:return|event,) "(\w+)", ', source))
    assert set(rows(rest)) == codes - CODES


def test_the_limits() -> None:
    limits = IntakeLimits()
    text = section("## Limits")
    for limit in (
        f"{limits.body_bytes >> 20} MiB",
        f"{limits.events:,}",
        f"{limits.event_bytes >> 10} KiB",
        f"{DEPTH_MAX} levels",
        f"{NUMBER_CHARACTERS_MAX} characters",
    ):
        assert limit in text
    assert f"{FUTURE_LIMIT // SECOND // 60} minutes ahead" in PAGE
