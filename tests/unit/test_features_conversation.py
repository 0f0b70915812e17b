"""What a hop says of its texts and authors: exact, bounded, and the same however the messages were batched."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from telemetra.engine.measures import Announcements
from telemetra.engine.text_measures import FACTS, MOST_AUTHORS, MOST_TEXTS, Conversation
from telemetra.kinds.base import Entries, Window
from telemetra.kinds.broadcast import ChatMessage
from telemetra.text.reading import read
from tests.support.observations import KIND, ORIGIN, PLAN, hop

WINDOW = Window(ORIGIN, 10.0)
PASTA = "the soup is ready and nobody invited the forks"


def measure() -> Conversation:
    return Conversation(
        "chat.message", lambda entries: [read(data.message) for data in entries.data], lambda data: data.user_id
    )


def entries(messages: list[tuple[str, str]]) -> Entries:
    models = [ChatMessage(user_id=author, message=text) for author, text in messages]
    return Entries([ORIGIN] * len(models), models)


def finished(messages: list[tuple[str, str]], *cuts: int) -> dict[str, Any]:
    conversation = measure()
    state = conversation.create()
    for start, stop in zip((0, *cuts), (*cuts, len(messages)), strict=True):
        state = conversation.add(state, entries(messages[start:stop]))
    return conversation.finish(state, WINDOW)


def test_what_is_counted() -> None:
    messages = [(f"u{number}", PASTA if number % 2 else f"{PASTA} LUL") for number in range(6)]
    messages += [("u1", "NO WAY"), ("u1", "what?"), ("u1", "gg")]
    values = finished(messages)
    assert values["messages"] == 9
    assert values["length"] == sum(len(text) for _, text in messages)
    assert (values["shouted"], values["questions"]) == (1, 1)
    assert (values["wave"], values["repeated"]) == (6, 5)
    assert (values["authors"], values["busiest"]) == (6, 4)
    assert values["said"][0] == [PASTA, 6]
    assert [count for _, count in values["voices"]] == [4, 1, 1]
    assert len(values["author_codes"]) == 6
    assert not any("u1" in str(value) for value in (values["voices"], values["author_codes"]))


def test_emotes_over_and_over_are_no_copied_text() -> None:
    values = finished([(f"u{number}", "PogChamp LUL Kappa KEKW") for number in range(9)])
    assert values["wave"] == 0
    assert values["repeated"] == 8
    assert finished([("a", "LUL LUL"), ("b", "LUL"), ("c", "no"), ("d", "no @a"), ("e", "no @a")])["phrases"] == [
        ["LUL", 2]
    ]


def test_an_empty_hop_has_nothing() -> None:
    values = PLAN.observation(ORIGIN, None)
    assert values.facts == {}
    assert values.participants == []


MESSAGES = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(["LUL", PASTA, "hi", "who?", "NO"])), max_size=30
)


@given(MESSAGES, st.lists(st.integers(0, 30), max_size=4))
def test_batches_change_nothing(messages: list[tuple[str, str]], cuts: list[int]) -> None:
    cuts = sorted(min(cut, len(messages)) for cut in cuts)
    assert finished(messages, *cuts) == finished(messages)


def test_memory_is_bounded_whatever_people_type_and_batches_still_change_nothing() -> None:
    messages = [(f"u{number}", f"text {number} {'x' * 400}") for number in range(3 * MOST_AUTHORS)]
    conversation = measure()
    texts, authors = conversation.add(conversation.create(), entries(messages))
    assert (len(texts), len(authors)) == (MOST_TEXTS, MOST_AUTHORS)
    values = finished(messages)
    assert values == finished(messages, 100, 299, 301, 5_000)
    assert values["messages"] == MOST_TEXTS
    assert len(values["said"]) <= 10


def test_the_measure_costs_rows_and_snapshots_nothing() -> None:
    """It has no column, so minutes are finished without it."""
    assert measure().columns == ()
    full = PLAN.new_hop()
    full.put("chat.message", entries([("a", "hi")]))
    values = PLAN.finish([full, PLAN.new_hop()], Window(ORIGIN, 60.0), {})
    assert values["chat_count"] == 1
    assert "said" not in values
    assert not set(values) & set(FACTS)


def test_a_raid_is_told_and_other_news_are_not() -> None:
    observation = hop(3, raid=("orbit", 350))
    time = ORIGIN + 30_000_000
    assert observation.happenings == [{"type": "raid", "time": time, "from": "orbit", "viewers": 350}]
    told = Announcements("stream.meta", "announced", lambda time, data: None)
    assert told.finish(told.add(told.create(), entries([("a", "b")])), WINDOW) == {"announced": []}


def test_every_fact_of_the_kind_is_there() -> None:
    observation = hop(0, messages=["LUL what?", "NO WAY"])
    assert set(observation.facts) <= set(KIND.facts)
    assert observation.facts["emotes_all"] == 1
    assert observation.weights["sentiment"] == 2
