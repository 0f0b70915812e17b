"""The word lists are what their headings say: no entry twice, no mark of a phrase that is not there."""

from __future__ import annotations

from collections import Counter

import pytest

from telemetra.text import phrases
from telemetra.text.codes import PUNCTUATION
from telemetra.text.data import read_general_lexicon, read_lines, read_marks, read_pairs, read_valences, read_words
from telemetra.text.emote_names import EMOTE_VALENCES
from telemetra.text.tokens import ROLES


@pytest.mark.parametrize("name", ["chat_words.txt", "emotes.txt", "modifiers.txt", "phrases.txt"])
def test_no_word_stands_twice(name: str) -> None:
    words = Counter(line.rsplit(None, 1)[0] for line in read_lines(name))
    assert [word for word, count in words.items() if count > 1] == []


@pytest.mark.parametrize("name", ["chat_words.txt", "emotes.txt"])
def test_valences_are_within_the_scale_of_vader(name: str) -> None:
    assert [word for word, valence in read_valences(name).items() if abs(valence) > 400] == []


def test_words_of_chat_are_in_lower_case() -> None:
    assert [word for word in read_valences("chat_words.txt") if word != word.lower()] == []


def test_a_picture_is_no_letter() -> None:
    """Nor punctuation: what is left of a word without it says nothing if no list has it (`lexicon._says_nothing`)."""
    pictures = [word for word in read_valences("chat_words.txt") if len(word) == 1 and word > "\u2000"]
    assert pictures
    assert [picture for picture in pictures if picture.isalnum() or picture in PUNCTUATION] == []


def test_phrases_are_spelled_as_they_are_looked_up() -> None:
    found = read_pairs("phrases.txt")
    assert [phrase for phrase in found if phrase != phrase.lower() or "'" in phrase or len(phrase.split()) < 2] == []
    assert all(said in ROLES or abs(int(said)) <= 40 for said in found.values())


def test_marks_stand_for_what_can_be_said() -> None:
    marked = read_marks()
    assert [text for text in marked if " " in text and text not in read_pairs("phrases.txt")] == []
    assert [text for text in marked if text != text.lower() and text not in EMOTE_VALENCES] == []


def test_the_words_of_phrases_are_known_to_the_tokens() -> None:
    assert phrases.FIRST_WORDS <= phrases.WORDS
    assert {word for phrase in read_pairs("phrases.txt") for word in phrase.split()} == phrases.WORDS


def test_what_is_no_feeling_is_a_word_of_the_general_lexicon() -> None:
    assert read_words("not_feelings.txt") - read_general_lexicon().keys() == set()
