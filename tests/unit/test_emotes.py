"""Emotes found in plain text: known names in exact case, channel emotes by their shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetra.text import reading


def find(text: str) -> list[str]:
    return list(reading.read(text).emotes)


def test_repeats_count_and_order_is_kept() -> None:
    assert find("LUL what LUL PogChamp LUL") == ["LUL", "LUL", "PogChamp", "LUL"]


@pytest.mark.parametrize(
    "name", ["lirikFEELS", "lirikO", "danSexy", "moon2WOW", "robert68Shipit", "lionBaby_TK", "twitchRaid"]
)
def test_channel_emotes_are_known_by_their_shape(name: str) -> None:
    assert find(f"so {name} today") == [name]


@pytest.mark.parametrize(
    "name", ["Kappa", "monkaS", "catJAM", "4Head", ":)", "<3", "D:", "OMEGALUL", "FeelsBadMan", "M&Mjc"]
)
def test_known_names(name: str) -> None:
    assert find(name) == [name]


@pytest.mark.parametrize(
    "word",
    ["iPhone", "YouTube", "youTube", "eBay", "McDonalds", "javaScript", "playStations", "getElementById", "setTimeout",
     "LOL", "kappa", "KAPPA", "pogchamp", "Kappa,", "wiFi", "macOS", "openAI", "https://x.tv/lirikFEELS", "@lirikFEELS",
     "lirikfeels", "a" * 50 + "B"],
)  # fmt: skip
def test_ordinary_words_are_no_emotes(word: str) -> None:
    assert find(word) == []


def test_a_text_without_words() -> None:
    assert find("") == find(" \t\n") == []


@given(st.text(max_size=200))
def test_any_text_gives_tokens_of_the_text(text: str) -> None:
    found = find(text)
    tokens = text.split()
    assert all(token in tokens for token in found)
    assert find(text) == found


def test_memory_is_bounded_whatever_people_type() -> None:
    for number in range(40_000):
        find(f"w{number} " + "x" * 60 + str(number))
    assert len(reading.TOKENS) <= 30_000
    assert max(map(len, reading.TOKENS)) <= 40
    assert find("Kappa") == ["Kappa"]
