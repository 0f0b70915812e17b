"""What may stand in a jsonb column, judged against a plain walk over the decoded value."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.formats import problems
from telemetra.formats.safety import DEPTH_MAX, check_data, is_plain

_TEXT = st.text(st.sampled_from('ab"\\[]{}e10,: \0é😀\n'), max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | _TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _wrap(value: Any, levels: int) -> Any:
    for level in range(levels):
        value = [value] if level % 2 else {"]}": value}
    return value


@settings(deadline=None)
@given(
    value=st.dictionaries(_TEXT, _VALUES, max_size=4),
    levels=st.sampled_from([0, 1, 30, 62, 63, 64, 65, 70]),
    plain_text=st.sampled_from([0, 10_000]),  # rare escapes are sought in another way
)
def test_check_data_agrees_with_a_plain_walk(value: dict[str, Any], levels: int, plain_text: int) -> None:
    data = {"data": _wrap(value, levels), "text": "x" * plain_text}
    for ascii_only in (True, False):
        raw = json.dumps(data, ensure_ascii=ascii_only).encode()
        storable = _depth(data) <= DEPTH_MAX and "\\u0000" not in json.dumps(data).replace("\\\\", "")
        assert (check_data(raw) is None) == storable
        if is_plain(raw):
            assert storable


@pytest.mark.parametrize("escape", [b'\\"', b"\\\\", b"\\n"])
@pytest.mark.parametrize("text", [b"", b"x" * 10_000])
def test_brackets_count_outside_of_strings(escape: bytes, text: bytes) -> None:
    string = b'"' + text + escape + b'"'
    deep = b'{"text":' + string + b',"list":' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}"
    assert check_data(deep) == (problems.TOO_DEEP, f"nested deeper than {DEPTH_MAX} levels")
    assert is_plain(b'{"text":"' + text + escape + b"[" * (DEPTH_MAX + 1) + b'"}')


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":"\\u0000"}', problems.INVALID_TEXT),
        (b'{"\\u0000":1}', problems.INVALID_TEXT),
        (b'{"a":"\\\\u0000"}', None),
        (b'{"a":"\xff"}', problems.INVALID_TEXT),
        (b'{"a":"\xed\xa0\x80"}', problems.INVALID_TEXT),
        (b'{"a":"\\ud83d\\ude00"}', None),
        (b'{"a":1e308}', None),
        (b'{"a":1e309}', problems.NUMBER_OUT_OF_RANGE),
        (b'{"a":-1E+309}', problems.NUMBER_OUT_OF_RANGE),
        (b'{"a":[0,1.5e00000999999]}', problems.NUMBER_OUT_OF_RANGE),
        (b'{"a":1e-400}', None),
        (b'{"a":1e-401}', problems.NUMBER_OUT_OF_RANGE),
        (b'{"a":' + b"9" * 308 + b"}", None),
        (b'{"a":' + b"9" * 401 + b"}", problems.NUMBER_OUT_OF_RANGE),
        (b'{"a":0.' + b"9" * 401 + b"}", problems.NUMBER_OUT_OF_RANGE),
        (b'{"a":"1e999999"}', None),
        (b'{"a":"x, 1e999999"}', None),
        (b'{"a":"7a3c12e456-1b2c"}', None),
        (b" [1]", problems.INVALID_FIELD),
        (b'"text"', problems.INVALID_FIELD),
        (b' {"a":1} ', None),
    ],
)
def test_check_data(raw: bytes, code: str | None) -> None:
    msgspec.json.Decoder(msgspec.Raw).decode(raw)
    problem = check_data(raw)
    assert (problem and problem[0]) == code
    assert not (code and code != problems.INVALID_FIELD and is_plain(raw))


def test_brackets_in_strings_neither_hide_nor_make_depth() -> None:
    hidden = b'{"a":"]]}","c":' + b'["]",' * 70 + b"1" + b',"["]' * 70 + b"}"
    assert check_data(hidden) == (problems.TOO_DEEP, "nested deeper than 64 levels")
    assert is_plain(b"[" + b",".join([hidden] * 3) + b"]") is False
    assert check_data(b'{"a":"' + b"[" * 1000 + b'"}') is None


def test_an_ordinary_request_is_plain() -> None:
    event = {"event_id": "4e5f-12e456", "data": {"message": 'a "quoted" [bracket] 😀', "emotes": [], "bits": 100}}
    for ascii_only in (True, False):
        assert is_plain(json.dumps([event] * 1000, ensure_ascii=ascii_only).encode())


@settings(deadline=None)
@given(st.integers(0xD800, 0xDFFF), st.sampled_from(["", "abcdefgh", "\\u0041abcdef", "\\ud800abcdef"]))
def test_the_parser_refuses_lone_surrogates(unit: int, after: str) -> None:
    """`is_plain` relies on it: the parser must refuse them even in parts that it does not decode."""
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.Decoder(msgspec.Raw).decode(f'{{"a":"\\u{unit:04x}{after}"}}'.encode())


def test_numbers_that_pass_are_finite_for_readers() -> None:
    for exponent in range(290, 320):
        raw = b'{"a":17e%d}' % exponent
        assert (check_data(raw) is None) == math.isfinite(float(b"17e%d" % exponent))
