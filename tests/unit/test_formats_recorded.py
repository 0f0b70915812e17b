"""Recorded chat: CSV lines, comments of Twitch VODs, the cutting of large arrays, and telling formats apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.errors import Invalid
from telemetra.formats import chat_csv
from telemetra.formats.detect import Format, detect_format
from telemetra.formats.draft import Draft
from telemetra.formats.elements import cut_elements, split_array
from telemetra.formats.twitch_vod import find_comments, read_comment
from telemetra.model.times import rfc3339

COMMENT: dict[str, Any] = {
    "_id": "c1",
    "created_at": "2021-07-15T02:01:48.74506207Z",
    "channel_id": "99",
    "commenter": {"_id": "7", "name": "nick", "display_name": "Nick", "bio": None},
    "message": {"body": "hi Kappa Kappa", "fragments": None, "user_notice_params": {}},
}


def comment(**message: Any) -> bytes:
    return json.dumps({**COMMENT, "message": {**COMMENT["message"], **message}}).encode()


def read(record: bytes, stream_id: str | None = "chan") -> list[Draft]:
    return read_comment(record, stream_id, lambda: "line-id")


def data(draft: Draft) -> dict[str, Any]:
    assert isinstance(draft.data, dict)
    return draft.data


def test_csv_line() -> None:
    line = '2015-10-17 11:30:02,#lirik,rhixxx,@KennySoup, chat "goes", into sub mode'
    drafts = chat_csv.read_line(line, lambda: "line-id")
    assert isinstance(drafts, list)
    (chat,) = drafts
    assert (chat.event_id, chat.type, chat.stream_id) == ("line-id", "chat.message", "lirik")
    assert chat.timestamp is not None and rfc3339(chat.timestamp) == "2015-10-17T11:30:02Z"
    assert data(chat) == {
        "user_id": "rhixxx",
        "username": "rhixxx",
        "message": '@KennySoup, chat "goes", into sub mode',
    }


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2015-10-17 11:30:02,#lirik,user", "invalid_line"),
        ("time,channel,user,text", "invalid_timestamp"),
        ("2015-13-17 11:30:02,#lirik,user,text", "invalid_timestamp"),
    ],
)
def test_csv_lines_that_are_refused(line: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        chat_csv.read_line(line, lambda: "line-id")
    assert caught.value.code == code


def test_a_vod_comment() -> None:
    fragments = [
        {"text": "hi "},
        {"text": "Kappa", "emoticon": {"emoticon_id": "25"}},
        {"text": " ", "emoticon": None},
        {"text": "Kappa", "emoticon": {"emoticon_id": "25"}},
    ]
    (chat,) = read(comment(fragments=fragments, user_badges=[{"_id": "subscriber", "version": "6"}]))
    assert (chat.event_id, chat.stream_id, chat.source) == ("c1", "chan", "twitch")
    assert chat.timestamp is not None and rfc3339(chat.timestamp) == "2021-07-15T02:01:48.745062Z"
    assert data(chat) == {
        "user_id": "7",
        "username": "Nick",
        "message": "hi Kappa Kappa",
        "emotes": ["Kappa", "Kappa"],
        "badges": ["subscriber/6"],
    }


def test_fragments_say_which_emotes_there_are_even_none() -> None:
    assert data(read(comment(fragments=[{"text": "Kappa"}]))[0])["emotes"] == []
    assert "emotes" not in data(read(comment())[0])


def test_bits_of_a_recording() -> None:
    chat, bits = read(comment(bits_spent=50))
    assert data(chat)["bits"] == 50
    assert (bits.event_id, data(bits)["amount"], data(bits)["currency"]) == ("c1:bits", 50, "bits")
    assert len(read(comment(bits_spent=0))) == 1


@pytest.mark.parametrize(
    "params",
    [
        {
            "msg-id": "resub",
            "msg-param-cumulative-months": "25",
            "msg-param-months": "0",
            "msg-param-sub-plan": "Prime",
        },
        {"msgid": "resub", "msgparamcumulativemonths": "25", "msgparamsubplan": "Prime"},
    ],
)
def test_subscription_notices_of_a_recording(params: dict[str, str]) -> None:
    chat, paid = read(comment(user_notice_params=params))
    assert (chat.type, paid.event_id) == ("chat.message", "c1:subscription_renewal")
    assert (data(paid)["plan"], data(paid)["months"], data(paid)["amount"]) == ("Prime", 25, 0)


def test_what_a_recording_does_not_name() -> None:
    bare = json.loads(comment())
    del bare["_id"]
    (chat,) = read(json.dumps(bare).encode(), stream_id=None)
    assert (chat.event_id, chat.stream_id) == ("line-id", "99")
    for field in ("created_at", "commenter", "message"):
        with pytest.raises(Invalid) as caught:
            read(json.dumps({k: v for k, v in bare.items() if k != field}).encode())
        assert field in str(caught.value)
    del bare["channel_id"]
    with pytest.raises(Invalid):
        read(json.dumps(bare).encode(), stream_id=None)


def test_the_head_of_a_recording() -> None:
    assert find_comments(b' [{"a":1}]') == (2, None)
    head = b'{"video": {"user_login": "Chan", "title": "x"}, "comments" : [{'
    assert find_comments(head) == (head.index(b"[") + 1, "chan")
    assert find_comments(b'{"streamer":{"name":"Chan","id":1},"comments":[') == (47, "chan")
    assert find_comments(b'{"comments":[') == (13, None)
    assert find_comments(b'{"video": {"user_login"') is None


JSON = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from('ab"\\,[]{} é'), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from('a"\\,[]{}'), max_size=3), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.lists(JSON, max_size=6),
    st.integers(1, 9),
    st.sampled_from([None, 1]),
    st.sampled_from(["", "  ", ' , "x": [1]}']),
)
def test_elements_are_cut_wherever_the_chunks_end(values: list[Any], size: int, indent: int | None, after: str) -> None:
    body = (json.dumps(values, indent=indent, ensure_ascii=False) + after).encode()
    chunks = [body[at : at + size] for at in range(1, len(body), size)]
    assert [json.loads(element) for element in cut_elements(chunks, 10_000)] == values
    assert [json.loads(element) for element in split_array(body)] == values


def test_arrays_that_do_not_end_or_are_too_large() -> None:
    for chunks in ([b"1,2"], [b'"abc'], [b'{"a":[1]'], []):
        with pytest.raises(Invalid) as caught:
            list(cut_elements(chunks, 100))
        assert caught.value.code == "invalid_json"
    with pytest.raises(Invalid) as caught:
        list(cut_elements([b'"' + b"x" * 60] * 2, 100))
    assert caught.value.code == "too_large"
    with pytest.raises(Invalid, match="complex"):
        split_array(b"[" + b"[]," * 600_000 + b"1]")


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        (["2015-10-17 11:30:00,#lirik,frexxx,hi"], Format.csv),
        (["time,channel,user,text", "", "2015-10-17 11:30:00,#lirik,frexxx,hi"], Format.csv),
        (["@a=b;c= :n!n@n PRIVMSG #c :hi"], Format.irc),
        ([":tmi.twitch.tv 001 nick :Welcome"], Format.irc),
        (["\ufeff  [{"], Format.vod),
        (['{"video": {"id": "1"'], Format.vod),
        (["{", '  "comments": ['], Format.vod),
        (['{"comments": []}'], Format.vod),
        (['{"event_id": "1", "type": "chat.message"}'], Format.ndjson),
        (['{"type": "chat.message", "data": {'], Format.ndjson),
    ],
)
def test_formats_are_told_apart(lines: list[str], form: Format) -> None:
    assert detect_format(line.encode() for line in lines) is form


def test_a_format_that_cannot_be_told() -> None:
    with pytest.raises(Invalid, match="--format"):
        detect_format([b"once upon a time", b""])
