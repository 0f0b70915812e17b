"""The IRC parser against the conformance suite of ircdocs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telemetra.errors import Invalid
from telemetra.formats.irc import IrcMessage, format_line, parse_line, split_source
from tests.support.shared import shared_data


def cases_of(name: str) -> list[dict[str, Any]]:
    text = shared_data("chat", "irc", "parser-tests", f"{name}.yaml").read_text()
    cases: list[dict[str, Any]] = yaml.safe_load(text)["tests"]
    return cases


def test_lines_are_taken_apart() -> None:
    cases = cases_of("msg-split")
    for case in cases:
        message = parse_line(case["input"])
        atoms = case["atoms"]
        assert message.verb == atoms["verb"], case
        assert message.source == atoms.get("source"), case
        assert message.params == atoms.get("params", []), case
        assert message.tags == atoms.get("tags", {}), case
    assert len(cases) > 30


def test_lines_are_put_together() -> None:
    cases = cases_of("msg-join")
    for case in cases:
        atoms = case["atoms"]
        message = IrcMessage(atoms.get("tags", {}), atoms.get("source"), atoms["verb"], atoms.get("params", []))
        assert format_line(message) in case["matches"], case
        for line in case["matches"]:
            assert parse_line(line) == message, case
    assert len(cases) > 15


def test_sources_are_taken_apart() -> None:
    cases = cases_of("userhost-split")
    for case in cases:
        atoms = {"nick": "", "user": "", "host": "", **case["atoms"]}
        assert split_source(case["source"])._asdict() == atoms, case
        assert parse_line(f":{case['source']} PRIVMSG #c :x").nick == atoms["nick"]
    assert len(cases) > 5


def test_what_only_servers_judge_is_read_as_it_comes() -> None:
    """The suite's masks and host names are for servers ("clients should accept whatever the server throws their way"):
    a reader takes every source and every host as it is, the invalid ones too."""
    sources = [source for case in cases_of("mask-match") for source in (*case["matches"], *case["fails"])]
    hosts = [case["host"] for case in cases_of("validate-hostname")]
    assert len(sources) > 20
    assert len(hosts) > 10
    for source in [*sources, *(f"nick!user@{host}" for host in hosts if " " not in host)]:
        message = parse_line(f":{source} PRIVMSG #c :x")
        assert (message.source, message.verb) == (source, "PRIVMSG")
        nick, user, host = split_source(source)
        assert source == nick + (f"!{user}" if "!" in source else "") + (f"@{host}" if "@" in source else "")


names = st.text("abcXYZ09-", min_size=1, max_size=8)
texts = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=("Cs",)), max_size=20)


@given(
    st.dictionaries(names, st.text(st.characters(exclude_categories=("Cs",)), max_size=20), max_size=4),
    st.none() | names,
    names,
    st.lists(names, max_size=4),
    st.none() | texts,
)
def test_what_is_put_together_is_taken_apart_again(
    tags: dict[str, str], source: str | None, verb: str, params: list[str], last: str | None
) -> None:
    message = IrcMessage(tags, source, verb, params if last is None else [*params, last])
    assert parse_line(format_line(message)) == message


@pytest.mark.parametrize(
    ("verb", "params"), [("JOIN", ["#a b", "key"]), ("JOIN", ["", "key"]), ("JOIN", [":a", "b"]), ("X", ["a\r\nQUIT"])]
)
def test_what_cannot_be_said_in_one_line_is_refused(verb: str, params: list[str]) -> None:
    with pytest.raises(Invalid):
        format_line(IrcMessage({}, None, verb, params))


@pytest.mark.parametrize("line", ["", " ", ":source", "@a=b", "@a=b :source ", ":"])
def test_a_line_without_a_command_is_refused(line: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_line(line)
    assert caught.value.code == "invalid_line"


def test_the_nick_is_the_source_up_to_the_user() -> None:
    assert parse_line(":nick!user@host PRIVMSG #c :x").nick == "nick"
    assert parse_line("PING").nick is None
