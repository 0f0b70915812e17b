"""The settings of detection: what is refused, how levels combine, and that a change holds from the next hop."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from telemetra.errors import Invalid
from telemetra.moments.settings import MomentSettings, apply_overrides, check_overrides
from tests.support.observations import detectors, hop, latest, run

DEFAULTS = MomentSettings()


@pytest.mark.parametrize(
    ("overrides", "code", "field"),
    [
        ({"open_scor": 0.4}, "unknown_setting", "open_scor"),
        ({"open_score": 1}, "invalid_setting", "open_score"),
        ({"open_score": 0.0}, "invalid_setting", "open_score"),
        ({"open_score": "0.4"}, "invalid_setting", "open_score"),
        ({"open_score": True}, "invalid_setting", "open_score"),
        ({"merge_seconds": 1.5}, "invalid_setting", "merge_seconds"),
        ({"merge_seconds": -1}, "invalid_setting", "merge_seconds"),
        ({"longest_seconds": None}, "invalid_setting", "longest_seconds"),
        ({"open_score": 0.1}, "invalid_setting", "hold_score"),
    ],
)
def test_what_is_wrong_is_refused_by_name(overrides: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_overrides(overrides, DEFAULTS)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert field in str(refused.value)


def test_overrides_change_what_they_name() -> None:
    settings = check_overrides({"open_score": 0.8, "severity_step": 1}, DEFAULTS)
    assert settings == MomentSettings(open_score=0.8, severity_step=1.0)
    assert isinstance(settings.severity_step, float)


def test_a_streams_overrides_stand_above_its_workspaces() -> None:
    workspace = {"open_score": 0.8, "merge_seconds": 30}
    assert apply_overrides(workspace, {"open_score": 0.6}) == MomentSettings(open_score=0.6, merge_seconds=30)
    assert apply_overrides() == DEFAULTS


def test_stored_overrides_never_stop_detection() -> None:
    """Levels that do not fit each other, and what another version stored."""
    settings = apply_overrides({"open_score": 0.1, "gone": 1}, {"merge_seconds": "long", "cooldown_seconds": 5})
    assert settings == MomentSettings(open_score=0.1, hold_score=0.1, cooldown_seconds=5)


def test_a_change_holds_from_the_next_hop_and_an_open_moment_goes_on_under_it() -> None:
    quiet = [hop(number, chat=10) for number in range(120)]
    burst = [hop(number, chat=120) for number in range(120, 123)]
    after = [hop(number, chat=10) for number in range(123, 240)]
    deaf, watch = detectors(MomentSettings(open_score=0.999)), detectors()
    assert run(quiet + burst + after, deaf) == []

    opened = run(quiet + burst, watch)
    watch.configure(MomentSettings(merge_seconds=600, longest_seconds=7200))
    ended = latest(opened + run(after, watch))
    assert [moment.moment_id for moment in ended] == [opened[0].moment_id]
    assert ended[0].ended_at is not None
    patient = next(moment for moment in run(after, _after(quiet + burst)) if moment.ended_at is not None)
    assert ended[0].metadata["series"][-1] > patient.metadata["series"][-1]


def test_every_setting_is_documented_with_its_default() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/tune-moments.md").read_text()
    for field in msgspec.structs.fields(MomentSettings):
        default = msgspec.json.encode(field.default).decode()
        assert re.search(rf"^\| `{field.name}` \| `?{re.escape(default)}`? \|", page, re.MULTILINE), field.name


def _after(hops: list[Any]) -> Any:
    watch = detectors()
    run(hops, watch)
    return watch
