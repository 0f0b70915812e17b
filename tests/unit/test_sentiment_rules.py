"""The rules one by one: phrases, questions, negation, mockery, weak words, letters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telemetra.text import phrases
from telemetra.text.codes import word_code
from telemetra.text.emote_names import is_emote
from telemetra.text.lexicon import _KNOWN, Tokens, classify
from telemetra.text.phrases import join
from telemetra.text.sentiment import NEGATIVE, POSITIVE, score
from telemetra.text.spelling import rating, shorter
from telemetra.text.tokens import COMMAND, NAMED, TURNS, WORD
from telemetra.text.valence import Steps


def sign(text: str) -> int:
    value = score(text)
    return 1 if value >= POSITIVE else -1 if value <= NEGATIVE else 0


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        ("good", "I can't wait"), ("good", "never gets old"), ("good", "let's gooooo"), ("good", "so bad it's good"),
        ("bad", "nobody cares"), ("bad", "what a waste"), ("bad", "not worth it"), ("bad", "bro fell off"),
        ("nothing", "resident evil"), ("nothing", "miss fortune"), ("nothing", "it looks like a cave"),
        ("nothing", "no idea"),
    ],
)  # fmt: skip
def test_a_phrase_goes_before_its_words(words: str, phrase: str) -> None:
    assert sign(phrase) == {"good": 1, "bad": -1, "nothing": 0}[words]


def test_a_phrase_ends_with_the_clause_and_the_longest_counts() -> None:
    tokens = Tokens()
    assert len(join([tokens["not"], tokens["bad"], tokens["at"], tokens["all"]])) == 1
    assert len(join([tokens["not"], tokens["bad,"], tokens["at"], tokens["all"]])) == 2
    assert sign("no, way") <= 0 < sign("no way")


def test_steps_are_remembered_up_to_a_bound() -> None:
    steps = Steps()
    for valence in range(10_000):
        assert steps[0, WORD, valence, 0][2] == valence
    assert 1_000 < len(steps) < 9_000


def test_negation_ends_with_the_clause() -> None:
    assert sign("this is not good") == -1
    assert sign("not today, good game") == 1
    assert sign("not today good game") == -1


def test_what_is_asked_about_is_not_felt() -> None:
    assert sign("is this game good?") == sign("which one is the best") == sign("does it lag for you?") == 0
    assert sign("is this the best or what LUL") == 1
    assert sign("why is it so slow?") == -1
    assert sign("what a play?") == 1


@pytest.mark.parametrize(
    ("sincere", "mocking"),
    [
        ("nice job", "nice job genius Kappa"), ("best player ever", "best player ever Kappa"),
        ("I love queues", "I love queues /s"), ("great, another win", "great, another crash"),
        ("nice aim", "nice aim LUL"), ("nice one", "nice one genius"), ("yeah, you were right", "yeah right"),
        ("thanks for the stream", "thanks for the spoiler"),
    ],
)  # fmt: skip
def test_mockery_turns_praise(sincere: str, mocking: str) -> None:
    assert sign(sincere) >= 0 > sign(mocking)


def test_praise_far_from_the_start_or_without_the_mishap_is_meant() -> None:
    assert sign("this stream is just great and the ads are few") == 1
    assert sign("great, no lag today") == 1
    assert sign("great game but the ads") == 0


def test_laughter_does_not_make_an_insult_glad() -> None:
    assert sign("lmao") == 1
    assert sign("lmao what a noob") == -1
    assert sign("he fell LUL") == 1


def test_kappa_halves_an_insult() -> None:
    assert score("you are terrible") < score("you are terrible Kappa") < 0


@pytest.mark.parametrize("word", ["yes", "no", "hi", "won", "died", "ok"])
def test_weak_words_are_nothing_by_themselves(word: str) -> None:
    assert sign(word) == 0


def test_weak_words_are_felt_when_they_are_loud() -> None:
    assert sign("he won!") == sign("YES") == sign("yesss") == 1
    assert sign("he DIED") == sign("nooo") == -1


def test_letters_are_words_when_nothing_else_is_said() -> None:
    assert sign("f") == sign("F") == sign("f f f") == sign("L") == -1
    assert sign("w") == sign("W stream") == 1
    assert sign("the w key") == sign("press f to open it") == 0


def test_a_command_says_nothing_with_all_its_arguments() -> None:
    assert score("!song love is a great thing") == 0
    assert score("!!! love") > 0


RATINGS = [("10/10", 250), ("9.5/10", 200), ("5/10", 0), ("0/10", -250), ("11/10", None), ("9", None)]


@pytest.mark.parametrize(("text", "valence"), RATINGS)
def test_ratings(text: str, valence: int | None) -> None:
    assert rating(text) == valence


def test_drawn_out_words_may_stand_for_two_letters_or_one() -> None:
    assert shorter("goood") == ["good", "god", "god"]
    assert shorter("good") == []
    assert len(shorter("aaabbbcccdddeee")) == 3


@given(st.lists(st.text(max_size=60), max_size=20), st.text(max_size=60))
def test_a_score_does_not_depend_on_what_came_before(before: list[str], text: str) -> None:
    alone = score(text)
    for other in before:
        score(other)
    assert score(text) == alone


WITH_RULES = [
    "no", "not", "bad", "good", "great", ",", "!", "?", "Kappa", "/s", "LUL", "lag", "genius", "is", "why", "so", "f",
    "but", "can't", "wait", "😂",
]  # fmt: skip


@given(st.lists(st.sampled_from(WITH_RULES), max_size=12))
def test_any_order_of_what_the_rules_know_has_a_bounded_score(words: list[str]) -> None:
    assert -10_000 <= score(" ".join(words)) <= 10_000


PLAIN = ("http", "www", "lirik2", "a", "qwerty", "zebra", "1080p", "p", "c", "haha", "hahahaha", "xdxd", "booook")
WORDS = sorted({*[word for word in _KNOWN if " " not in word][::40], *phrases.WORDS, *PLAIN})


@given(
    st.sampled_from(WORDS) | st.text("abhlo0É", min_size=1, max_size=9),
    st.sampled_from(["", "!", "@", '"', ":", "(", "lirik"]),
    st.sampled_from(["", "!", ",", "...", ":", "'s", "n't", "D", "ooo", "😂"]),
    st.sampled_from([str, str.upper, str.title, str.capitalize]),
)
@example("c", ":-", "", str)  # a sign, though its word says nothing
@example("a", "!", "", str)
@example("zebra", "(", ",", str.title)
def test_a_new_word_is_told_apart_as_it_is_classified(
    word: str, before: str, behind: str, case: Callable[[str], str]
) -> None:
    token = before + case(word) + behind
    kind, valence, marks, spelled, _, code = Tokens()[token]
    said = classify(token)
    assert (kind, valence, marks & ~(NAMED | TURNS | COMMAND), spelled) == said
    assert bool(marks & NAMED) == is_emote(token)
    assert code == word_code(token)
