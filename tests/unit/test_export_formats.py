"""Exported moments are what the programs that read them take, whatever people wrote."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetra.errors import Invalid
from telemetra.model.window import SECOND
from telemetra.operations.moment_formats import Placed, to_chapters, to_csv, to_edl, to_json
from tests.support.live import moment

HOUR = 3600


def placed(offset_seconds: float, lasting_seconds: float | None = 80, **changes: Any) -> Placed:
    made = moment(offset_seconds, **changes)
    made.ended_at = None if lasting_seconds is None else made.timestamp + round(lasting_seconds * SECOND)
    return Placed(made, round(offset_seconds * SECOND))


def chapters(*moments: Placed) -> list[str]:
    return to_chapters("lirik", moments).decode().splitlines()


def rows(*moments: Placed) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv("lirik", moments).decode(), newline="")))


def test_json_tells_the_offset() -> None:
    exported = json.loads(to_json("lirik", [placed(70.5)]))
    assert [item["offset_seconds"] for item in exported] == [70.5]
    assert exported[0]["metadata"]["cause"] == "hype"


def test_csv_has_a_row_for_each_moment() -> None:
    first, second = rows(placed(HOUR + 62), placed(2 * HOUR, None, description='He said "gg", twice'))
    assert (first["offset"], first["offset_seconds"], first["severity"], first["cause"]) == (
        "1:01:02",
        "3662.0",
        "0.8",
        "hype",
    )
    assert (second["ended_at"], second["description"]) == ("", 'He said "gg", twice')


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_csv_holds_no_formula(text: str) -> None:
    assert rows(placed(60, description=text, metric_name=text))[0]["description"] == f"'{text}"


def test_negative_numbers_stay_numbers_in_csv() -> None:
    assert rows(placed(60, z_score=-4.5))[0]["z_score"] == "-4.5"


def test_chapters_begin_at_the_beginning() -> None:
    assert chapters() == ["0:00 Start"]
    assert chapters(placed(59), placed(HOUR + 1, description="Chat rose.")) == [
        "0:00 Start",
        "0:59 Chat at 8 times its usual rate",
        "1:00:01 Chat rose",
    ]


def test_a_moment_at_the_very_beginning_names_the_first_chapter() -> None:
    assert chapters(placed(4, description="Hello")) == ["0:00 Hello"]


def test_of_moments_too_near_for_chapters_the_most_severe_stays() -> None:
    near = [placed(at, severity=severity, description=str(at)) for at, severity in ((60, 0.5), (66, 0.9), (75, 0.6))]
    assert chapters(*near, placed(85, severity=0.5, description="85")) == ["0:00 Start", "1:06 66", "1:25 85"]


def test_a_chapters_title_is_one_line_that_youtube_takes() -> None:
    title = chapters(placed(60, description="a <b>\nc\u2028d\x00 " + "x" * 200))[1].removeprefix("1:00 ")
    assert title.startswith("a ‹b› c d xxx")
    assert len(title) == 100
    assert title.endswith("…")


@given(st.lists(st.tuples(st.integers(0, 90_000), st.floats(0, 1), st.text(max_size=30)), max_size=40))
def test_chapters_are_always_in_order_and_long_enough(given_moments: list[tuple[int, float, str]]) -> None:
    found = chapters(*[placed(at, severity=severity, description=text) for at, severity, text in given_moments])
    matches = [re.fullmatch(r"(?:(\d+):)?([0-5]?\d):([0-5]\d) [^<>]*", line) for line in found]
    times = [int(match[1] or 0) * HOUR + int(match[2]) * 60 + int(match[3]) for match in matches if match]
    assert len(times) == len(found) >= 1
    assert times[0] == 0
    assert all(later - earlier >= 10 for earlier, later in itertools.pairwise(times))


def test_an_edit_list_cuts_moment_after_moment() -> None:
    lines = to_edl("lirik", [placed(3850), placed(7200.9, None, description="Größe\n2")]).decode().split("\r\n")
    assert lines[:2] == ["TITLE: lirik MOMENTS", "FCM: NON-DROP FRAME"]
    assert lines[3] == "001  AX       V     C        01:04:10:00 01:05:30:00 00:00:00:00 00:01:20:00"
    assert lines[4] == "* FROM CLIP NAME: lirik"
    assert lines[7] == "002  AX       V     C        02:00:00:00 02:00:10:00 00:01:20:00 00:01:30:00"
    assert lines[9].startswith("* COMMENT: chat_spike ")
    assert lines[9].endswith("Gr??e 2")


@pytest.mark.parametrize("moments", [[placed(24 * HOUR - 5)], [placed(60 + n) for n in range(1000)]])
def test_what_an_edit_list_cannot_hold_is_refused(moments: list[Placed]) -> None:
    with pytest.raises(Invalid) as refused:
        to_edl("lirik", moments)
    assert refused.value.code == "edl_too_long"
