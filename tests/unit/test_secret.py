"""A secret does not show itself, whatever is done to it."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from pprint import pformat

import msgspec
import pytest
import structlog

from telemetra.model.secret import HIDDEN, Secret
from telemetra.observability import configure_logging

WORD = "hunter2-correct-horse"


@dataclasses.dataclass
class Holder:
    key: Secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        format,
        pformat,
        lambda secret: f"{secret}{secret!r}{secret!s}{secret:>40}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
        lambda secret: json.dumps({"a": secret}, default=str),
        lambda secret: repr({"a": [secret]}),
        lambda secret: repr(Holder(secret)),
        lambda secret: str(dataclasses.asdict(Holder(secret))),
        lambda secret: repr(copy.deepcopy(secret)) + repr(copy.copy(secret)),
        lambda secret: str(ValueError(secret)) + repr(ValueError(secret)),
    ],
)
def test_it_shows_stars(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(WORD))
    assert WORD not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("encode", [json.dumps, msgspec.json.encode, msgspec.msgpack.encode, pickle.dumps, vars])
def test_it_cannot_be_encoded(encode: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        encode(Secret(WORD))
    assert WORD not in str(caught.value)


def test_a_validation_error_does_not_show_it() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"key": Secret(WORD)}, dict[str, int])
    assert WORD not in str(caught.value)


def test_a_traceback_does_not_show_it() -> None:
    try:
        dict[str, int]()[Secret(WORD)]  # type: ignore[index]
    except KeyError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert WORD not in shown.replace(f'WORD = "{WORD}"', "").replace(f"WORD = '{WORD}'", "")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_log_line_does_not_show_it(form: str) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("DEBUG", form, stream)
    try:
        structlog.get_logger("telemetra.test").info("a", value=Secret(WORD), deep={"x": [Secret(WORD)]})
        logging.getLogger("library").warning("b %s", Secret(WORD))
        try:
            raise ValueError(Secret(WORD))
        except ValueError:
            structlog.get_logger("telemetra.test").exception("c")
    finally:
        root.handlers, root.level = handlers, level
        logging.getLogger("telemetra").setLevel(logging.NOTSET)
        structlog.reset_defaults()
    assert WORD not in stream.getvalue()
    assert HIDDEN in stream.getvalue()


def test_it_is_revealed_on_purpose_alone() -> None:
    assert Secret(WORD).reveal() == WORD
    assert Secret(WORD) == Secret(WORD) != Secret("other")
    assert Secret(WORD) != WORD
    assert len({Secret(WORD), Secret(WORD)}) == 1
    assert not Secret("")
