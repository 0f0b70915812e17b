"""Measures of what is said and by whom, for the detectors alone: bounded whatever people type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, takewhile
from typing import Any, TypeVar

from telemetra.engine.measures import most_frequent
from telemetra.kinds.base import Column, Entries, Window
from telemetra.text.codes import code_of
from telemetra.text.plain import Reading
from telemetra.text.repeats import Group, grouped

T = TypeVar("T")

MOST_TEXTS = 300
"""Different texts of a hop that are looked at: the first ones of the log; shares are shares of these."""

MOST_AUTHORS = 2_000

_SHOWN = 6
_TYPICAL = 4
_TYPICAL_LENGTH = range(12, 120)
_WAVE = 3  # messages of a hop that say the same: less is chance
_WAVE_WORDS = 4  # a shorter text is a reaction of a crowd, not a text that is passed on
_SHOUTED_LENGTH = 4
_PHRASE_LENGTH = 40

_Said = tuple[Counter[Reading], Counter[str]]
"""Messages and authors, with counts."""


class Conversation:
    """Texts and authors of a hop, and how much of it is repeated, shouted, asked, by one author.

    Its facts are sums over the texts that are kept: `messages`, `length` (code points), `shouted` (all capitals),
    `questions`, `repeated` (messages beyond the first of their group, near repeats included), `wave` (messages of
    groups of three and more with at least four words that are no emotes), `authors` (different ones), `busiest` (of
    one author). Beside them `said` (representative texts with counts: the largest groups, then typical others),
    `phrases` (short texts of more than one message, a word over and over as that word), `voices` (the busiest
    authors, as codes, with counts) and `author_codes`.
    """

    carries = False
    columns: tuple[Column, ...] = ()

    def __init__(
        self,
        lane: str,
        readings: Callable[[Entries], Iterable[Reading]],
        author: Callable[[Any], str],
    ) -> None:
        self.name = "conversation"
        self.lanes = frozenset((lane,))
        self._readings, self._author = readings, author

    def create(self) -> _Said:
        return Counter(), Counter()

    def add(self, state: _Said, entries: Entries) -> _Said:
        _count(state[0], self._readings(entries), MOST_TEXTS)
        _count(state[1], map(self._author, entries.data), MOST_AUTHORS)
        return state

    def merge(self, states: Sequence[_Said]) -> _Said:
        merged = self.create()
        for messages, authors in states:
            _count(merged[0], messages.elements(), MOST_TEXTS)
            _count(merged[1], authors.elements(), MOST_AUTHORS)
        return merged

    def finish(self, state: _Said, window: Window) -> dict[str, Any]:
        said, authors = state
        if not said:
            return dict.fromkeys(FACTS, 0) | {"said": [], "phrases": [], "voices": [], "author_codes": []}
        repeated, once = grouped(said.items())
        messages = said.total()
        length = shouted = questions = 0
        for message, count in said.items():
            text = message.text
            length += len(text) * count
            if "?" in text:
                questions += count
            if text.isupper() and len(text) >= _SHOUTED_LENGTH:
                shouted += count
        codes = {author: code_of(author) for author in authors}
        busiest = most_frequent(authors, 3)
        return {
            "messages": messages,
            "length": length,
            "shouted": shouted,
            "questions": questions,
            "repeated": messages - len(repeated) - len(once),
            "wave": sum(group.count for group in takewhile(_is_wave, repeated) if _is_text(group)),
            "authors": len(authors),
            "busiest": busiest[0][1],
            "said": _representatives(repeated, once),
            "phrases": _phrases(repeated),
            "voices": [[f"{codes[author]:08x}", count] for author, count in busiest],
            "author_codes": list(codes.values()),
        }


FACTS = ("messages", "length", "shouted", "questions", "repeated", "wave", "authors", "busiest")


def _count(counts: Counter[T], values: Iterable[T], most: int) -> None:
    """Count `values`; of those that are new, only until there are `most`. The order counts, the batches do not."""
    values = list(values)
    if len(counts) + len(values) <= most:
        counts.update(values)
        return
    for value in values:
        if value in counts or len(counts) < most:
            counts[value] += 1


def _is_wave(group: Group) -> bool:
    return group.count >= _WAVE


def _is_text(group: Group) -> bool:
    """Whether a group is a text that is passed on: enough different words beside its emotes."""
    return len(group.first.words) - len(set(group.first.emotes)) >= _WAVE_WORDS


def _representatives(repeated: Sequence[Group], once: Sequence[Reading]) -> list[list[Any]]:
    """The largest groups by their medoid, then messages that nobody repeated and that can stand for themselves."""
    texts = (message.text for message in once)
    typical = (text for text in texts if len(text) in _TYPICAL_LENGTH and "@" not in text)
    shown = [[group.medoid, group.count] for group in repeated[:_SHOWN]]
    return shown + [[text, 1] for text in islice(typical, _TYPICAL)]


def _phrases(repeated: Sequence[Group]) -> list[list[Any]]:
    found = []
    for group in repeated[:_SHOWN]:
        text = group.medoid
        phrase = text.split(None, 1)[0] if len(group.first.words) == 1 else text
        if len(phrase) <= _PHRASE_LENGTH and "@" not in phrase:
            found.append([phrase, group.count])
    return found
