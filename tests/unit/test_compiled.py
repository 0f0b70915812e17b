"""What is compiled says the same as what it stands for, whatever people type."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetra.text import plain, reading
from telemetra.text.lexicon import Tokens
from telemetra.text.tokens import NEGATE
from telemetra.text.valence import Steps
from tests.support.shared import shared_data

if reading.compiled is None:
    pytest.skip("no C compiler was there when telemetra was installed", allow_module_level=True)

compiled = reading.compiled
Read = Callable[[str], plain.Reading]

SAID = (
    "good", "bad,", "not", "NOT", "very", "but", "is", "why", "nice", "job", "genius", "Kappa", "LUL", "lirikFEELS",
    "gg", "can't", "wait", "no", "way", "F", "/s", "9/10", "looool", "hahaha!", "!!!", "😂", "❤️", "@you",
    "https://a.b", "x" * 70, "!play", "this", "so", "kinda", "great,", "crash", "but,", "aim", "LUL?", "slow?",
)  # fmt: skip
BLANKS = (" ", "  ", "\t", "\n", "\x1c", "\u00a0", "\u2003", "\x85")

messages = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(min_codepoint=1, max_codepoint=0x17F), max_size=60),
    st.lists(st.tuples(st.sampled_from(SAID), st.sampled_from(BLANKS)), max_size=90).map(
        lambda parts: "".join(word + blank for word, blank in parts)
    ),
)


def plainly() -> Read:
    return reading.plain_reader(Tokens())


def natively() -> Read:
    return reading.compiled_reader(Tokens())


def said(read: plain.Reading) -> tuple[object, ...]:
    return read.text, read.emotes, read.valence, read.words


@given(st.lists(messages, max_size=30))
def test_a_reading_is_the_same(texts: list[str]) -> None:
    one, other = plainly(), natively()
    for text in texts * 2:
        assert said(other(text)) == said(one(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "good " * 400,
        "ünï 👍🏽 good" * 200,
        "\ud800 good",
        "a" * 5000,
        "not " * 61 + "bad",
        "good\0 good good\0\0 \0good",
        f"{'x' * 32} {'x' * 33} {'x' * 31} {'ÿ' * 32}",
        "ĝood good 😂 ÿood",
    ],
)
def test_the_edges_too(text: str) -> None:
    assert said(natively()(text)) == said(plainly()(text))


@given(st.lists(messages, max_size=60), st.integers(0, 6), st.sampled_from([0.0, 0.5, 0.7, 1.0]))
def test_the_same_texts_are_alike(texts: list[str], least: int, nearly: float) -> None:
    one, other = plainly(), natively()
    assert compiled.alike(list(map(other, texts)), least, nearly) == plain.alike(list(map(one, texts)), least, nearly)


def test_real_chat_is_read_and_likened_the_same() -> None:
    with (shared_data() / "chat" / "lirik-2015.csv").open(encoding="utf-8", errors="replace") as file:
        texts = [line.rstrip("\n").split(",", 3)[-1] for line in islice(file, 12_000)]
    ones, others = list(map(plainly(), texts)), list(map(natively(), texts))
    assert list(map(said, others)) == list(map(said, ones))
    firsts = plain.alike(ones, reading.LEAST_WORDS, reading.NEARLY)
    assert compiled.alike(others, reading.LEAST_WORDS, reading.NEARLY) == firsts
    assert len(set(firsts)) < len(texts)


def test_what_is_no_text_is_refused() -> None:
    read = natively()
    for wrong in (b"good", None, 1):
        with pytest.raises(TypeError, match="text"):
            read(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="readings of this module"):
        compiled.alike([plainly()("good")], 4, 0.7)


def test_an_error_of_a_rule_passes() -> None:
    class Broken(Tokens):
        def __missing__(self, token: str) -> object:
            if token == "bad":
                raise LookupError(token)
            return "no token"

    read = reading.compiled_reader(Broken())
    with pytest.raises(LookupError):
        read("bad")
    with pytest.raises(TypeError, match="tuple of six"):
        read("good")


def test_an_error_of_a_step_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Steps):
        def __missing__(self, key: tuple[int, int, int, int]) -> object:
            if key[1] == NEGATE:
                raise LookupError(key)
            return "no step"

    monkeypatch.setattr(reading, "STEPS", Broken())
    read = reading.compiled_reader(Tokens())
    with pytest.raises(LookupError):
        read("not")
    with pytest.raises(TypeError, match="tuple of six"):
        read("good")


def test_nothing_is_kept() -> None:
    read = natively()
    texts = [f"not good lirikFEELS can't wait {number % 50} !" for number in range(2_000)]

    def use() -> None:
        readings = list(map(read, texts))
        compiled.alike(readings, 4, 0.7)
        for each in readings:
            assert each.words

    use()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(5):
        use()
    gc.collect()
    assert sys.getallocatedblocks() - before < 500
