"""The IRC parser against the conformance suite of ircdocs."""

from __future__ import annotations

import pytest
import yaml

from telemetra.errors import Invalid
from telemetra.formats.irc import parse_line
from tests.support.shared import shared_data


def test_conformance() -> None:
    text = shared_data("chat", "irc", "parser-tests", "msg-split.yaml").read_text()
    cases = yaml.safe_load(text)["tests"]
    for case in cases:
        message = parse_line(case["input"])
        atoms = case["atoms"]
        assert message.verb == atoms["verb"], case
        assert message.source == atoms.get("source"), case
        assert message.params == atoms.get("params", []), case
        assert message.tags == atoms.get("tags", {}), case
    assert len(cases) > 30


@pytest.mark.parametrize("line", ["", " ", ":source", "@a=b", "@a=b :source ", ":"])
def test_a_line_without_a_command_is_refused(line: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_line(line)
    assert caught.value.code == "invalid_line"


def test_the_nick_is_the_source_up_to_the_user() -> None:
    assert parse_line(":nick!user@host PRIVMSG #c :x").nick == "nick"
    assert parse_line("PING").nick is None
