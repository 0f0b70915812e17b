"""Sentiment of chat lines: signs a person would give, exact sums, bounded memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetra.text import reading, sentiment
from telemetra.text.reading import read, readings
from telemetra.text.sentiment import NEGATIVE, POSITIVE, score, scores

GLAD = [
    "I love this", "gg wp", "that was insane", "looool", "LOOL", "hahahaha", "ahahahahah", "goooood game", "nice one!",
    "LUL LUL LUL", "PogChamp", "so cute <3", "❤️", "😂😂😂", "let's gooo LETSGO", "clutch!!!", "best streamer", "ty",
    "not bad", "no worries, he is amazing", "lirikLOVE lirikHYPE", "congrats on the win", "YEEEESSS", "so clean", "W",
    "this is so much fun", "catJAM catJAM", "peepoHappy", ":)", "xDDDD", "welcome back, missed you <3", "what a legend",
]  # fmt: skip
SAD = [
    "this is boring", "I don't love this", "what a terrible play", "worst game ever", "rip", "FFFFF", "D:",
    "NotLikeThis NotLikeThis", "nooooooo", "it isn't great", "the stream is laggy", "that's so cringe", "yikes",
    "ResidentSleeper", "lirikRIP lirikCRASH", "👎", "💔", "this sucks", "he is not good", "stop throwing", "never good",
    "Sadge", "I hate this map", ":(", "that was good but now it is awful", "you are so toxic", "unwatchable", "L",
]  # fmt: skip
NEUTRAL = [
    "what time is it", "he killed the boss", "Kappa", "!discord", "!sad", "@lovely_hater what game", "https://good.tv/love",
    "7-1", "???", "", "   ", "\u202e", "🏳️‍🌈", "which gun is this", "lirikH", "war is next",
]  # fmt: skip


@pytest.mark.parametrize("message", GLAD)
def test_glad_lines(message: str) -> None:
    assert score(message, []) >= POSITIVE


@pytest.mark.parametrize("message", SAD)
def test_sad_lines(message: str) -> None:
    assert score(message, []) <= NEGATIVE


@pytest.mark.parametrize("message", NEUTRAL)
def test_lines_that_say_nothing(message: str) -> None:
    assert NEGATIVE < score(message, []) < POSITIVE


def test_punctuation_capitals_repeats_and_boosters_add_weight() -> None:
    plain = score("good", [])
    for louder in ("good!!!", "GOOD", "goooood", "so good"):
        assert score(louder, []) > plain
    assert score("kinda good", []) < plain


def test_negation_does_not_turn_an_emote() -> None:
    assert score("did not expect that PogChamp", []) >= POSITIVE


def test_emotes_of_the_feed_count_once_and_only_where_the_text_lacks_them() -> None:
    assert score("hi", ["PogChamp"]) > score("hi", [])
    assert score("hi PogChamp", ["PogChamp"]) == score("hi PogChamp", [])
    assert score("", ["unknownthing", "", " "]) == 0


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=5))
def test_any_text_has_a_bounded_score_that_does_not_change(text: str, names: list[str]) -> None:
    first = score(text, names)
    assert type(first) is int
    assert -sentiment.UNIT <= first <= sentiment.UNIT
    assert score(text, names) == first


def test_memory_is_bounded_whatever_people_type() -> None:
    for number in range(40_000):
        score(f"w{number} " + "x" * 60 + str(number), [])
    assert len(reading.TOKENS) <= 30_000
    assert max(map(len, reading.TOKENS)) <= 40
    score("good" * 100_000, ["x" * 100_000] * 100_000)
    assert score("good game", []) >= POSITIVE


def test_many_texts_are_read_and_scored_as_one_is() -> None:
    texts = ["not good", "Kappa nice", "", "nice!!", "not good"]
    assert readings(iter(texts)) == [read(text) for text in texts]
    assert scores(readings(texts)) == [score(text) for text in texts]
    assert len(set(scores(readings(texts)))) == 4
