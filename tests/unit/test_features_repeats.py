"""Words, near repeats and their representatives."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from telemetra.moments.representatives import MOST, representatives
from telemetra.text.plain import likeness
from telemetra.text.reading import read, words_of
from telemetra.text.repeats import Group, grouped

PASTA = "He has the high ground and the low ground, call the gardeners"
VARIANTS = (
    PASTA,
    PASTA.upper(),
    f"{PASTA} LUL",
    f"{PASTA}!!!",
    PASTA.replace("high ", ""),
    PASTA.replace("low", "looow"),
)


def groups_of(texts: Iterable[tuple[str, int]]) -> tuple[list[Group], list[str]]:
    groups, once = grouped((read(text), count) for text, count in texts)
    return groups, [message.text for message in once]


def test_case_punctuation_and_repeated_letters_make_no_difference() -> None:
    assert words_of("LOOOL!") == words_of("lol") == words_of("Lol lol")
    assert words_of("!!!") != words_of("???")
    assert words_of("   ") == frozenset()


def test_likeness_is_shared_words_over_all_words() -> None:
    assert likeness(words_of("a b c"), words_of("b c d")) == 0.5
    assert likeness(words_of("a"), words_of("b")) == 0.0
    assert likeness(words_of(""), words_of("")) == 0.0


def test_a_text_a_little_changed_is_the_same_text() -> None:
    groups, once = groups_of((text, 1) for text in VARIANTS)
    assert [group.count for group in groups] == [len(VARIANTS)]
    assert once == []


def test_other_texts_are_not() -> None:
    rng = random.Random(1)
    words = [f"word{number}" for number in range(400)]
    texts = [" ".join(rng.sample(words, 8)) for _ in range(300)]
    assert groups_of((text, 1) for text in texts) == ([], texts)
    # One word of five is another sentence, and short reactions must agree in every word.
    assert groups_of([("did you see that goal", 1), ("did you see that dog", 1)])[0] == []
    assert groups_of([("gg", 1), ("gg wp", 1)])[0] == []


@given(st.lists(st.tuples(st.text(max_size=40), st.integers(1, 5)), max_size=40))
def test_groups_hold_every_message_once_largest_first(texts: list[tuple[str, int]]) -> None:
    groups, once = groups_of(texts)
    assert sum(group.count for group in groups) + len(once) == sum(count for _, count in texts)
    counts = [group.count for group in groups]
    assert counts == sorted(counts, reverse=True)
    given_texts = {text for text, _ in texts}
    assert all(group.medoid in given_texts for group in groups)


def test_the_medoid_is_the_wording_that_is_most_like_the_others() -> None:
    ((group,), _) = groups_of([(f"{PASTA} LUL Kappa", 1), (PASTA, 6), (f"{PASTA} 4Head", 2)])
    assert group.medoid == PASTA


def test_representatives_are_groups_first_and_then_typical_messages() -> None:
    texts = {PASTA: 20, f"{PASTA} Kappa": 10, "LUL": 12, "that cannot be": 1, "the gardeners are here, call them": 1}
    texts |= {f"@somebody {number}": 1 for number in range(5)}
    shown = representatives(texts)
    assert [(message["text"], message["count"]) for message in shown[:2]] == [(PASTA, 30), ("LUL", 12)]
    assert shown[2] == {"text": "the gardeners are here, call them", "count": 1}
    assert len(shown) == MOST
    assert not any("somebody" in message["text"] for message in shown)
