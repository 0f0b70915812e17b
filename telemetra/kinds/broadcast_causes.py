"""Why something happened in a broadcast: raid, bot, copypasta, hype or a turn of mood, by what speaks for each.

Every cause has one number that speaks for it, compared with what is usual in this stream. They are asked in the
order of how surely they explain the others: raiders repeat their greeting, a copied text is full of emotes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

from telemetra.kinds.base import Cause, Situation
from telemetra.model.window import MINUTE
from telemetra.text.reading import words_of

_LEAST_MESSAGES = 20
_EARLY_HOPS = 30
"""So many hops (five minutes) must be known before newcomers say anything: at first everybody is new."""

_NEWCOMERS = 12
_FEW_NEWCOMERS = 0.25
_ARRIVED = 1.15
"""So many times the usual viewers have come from somewhere."""

_RAIDERS = 0.1
"""A raid of fewer viewers than this share of the messages did not write them."""

_STRANGERS_WAVE = 0.3
"""Raiders who were not announced greet; strangers who say the same this much are no raid."""
_NEWCOMER_SHARE = 0.35
_ONE_AUTHOR = 0.35
_THREE_AUTHORS = 0.3
_FEW_AUTHORS = 0.6
_WAVE = 0.25
_TURN = 0.2
_TURN_MESSAGES = 20
_SURE = 4.0  # standard errors
_CARRIED = 0.1
_EXCITED = 0.15
_CHEERFUL = 0.3
_LIFTED = 2.0
_MOST_LIFTED = 3
_ONE_EMOTE = 0.6
_QUOTED = 60


def explain(situation: Situation) -> Cause:
    """The likeliest cause, with every number that was looked at."""
    facts = _facts(situation)
    for judge in _JUDGES.get(situation.moment_type, ()):
        found = judge(situation, facts)
        if found is not None:
            name, confidence, reads = found
            return Cause(name, round(min(confidence, 0.99), 3), facts, reads)
    return Cause("unknown", 0.0, facts)


_Found = tuple[str, float, str] | None


def _facts(situation: Situation) -> dict[str, Any]:
    """Shares of the moment's messages beside the usual ones. Numbers are left out where there is nothing to divide."""
    now, usual = situation.facts, situation.usual
    facts: dict[str, Any] = {"messages": int(now.get("messages", 0))}
    if facts["messages"]:
        facts |= _compared(now, usual, "newcomer_share", "newcomers", "sampled")
        facts |= _compared(now, usual, "repeated_share", "repeated", "messages")
        facts |= _compared(now, usual, "wave_share", "wave", "messages")
        facts |= _compared(now, usual, "emotes_per_message", "emotes_all", "sentiment_number")
        facts |= _compared(now, usual, "shouted_share", "shouted", "messages")
        facts |= _compared(now, usual, "question_share", "questions", "messages")
        facts |= _compared(now, usual, "sentiment", "sentiment_sum", "sentiment_number")
        facts |= _compared(now, usual, "message_length", "length", "messages")
        voices = sorted(situation.counts.get("voices", {}).values(), reverse=True)
        counted = now.get("sentiment_number", 0) or facts["messages"]
        facts["one_author_share"] = round(voices[0] / counted, 3) if voices else 0.0
        facts["three_authors_share"] = round(sum(voices[:3]) / counted, 3)
        facts["lifted_emotes"] = _lifted(situation, "emotes")
        facts["lifted_phrases"] = _lifted(situation, "phrases")
    facts |= _compared(now, usual, "viewers", "viewers_sum", "viewers_readings")
    raid = _announced_raid(situation)
    if raid is not None:
        facts["raid"] = {"from": raid.get("from"), "viewers": raid.get("viewers")}
    return facts


def _compared(now: Any, usual: Any, name: str, part: str, whole: str) -> dict[str, float]:
    found = {}
    if now.get(whole):
        found[name] = round(now.get(part, 0) / now[whole], 3)
    if usual.get(whole):
        found[f"usual_{name}"] = round(usual.get(part, 0) / usual[whole], 3)
    return found


def _lifted(situation: Situation, evidence: str) -> list[dict[str, Any]]:
    """Emotes or phrases that take a clearly larger part of the messages than usual, those first that do so by most."""
    messages, usually = situation.facts.get("sentiment_number", 0.0), situation.usual.get("sentiment_number", 0.0)
    counts = _by_words(situation.counts.get(evidence, {}))
    usual = _by_words(situation.usual_counts.get(evidence, {}))
    found = []
    for words, (name, count) in counts.items():
        expected = usual[words][1] * messages / usually if usually and words in usual else 0.0
        if count >= max(_LIFTED * expected, expected + _SURE * sqrt(expected + 1.0)):
            found.append((count - expected, name, count, round(count / max(expected, 1.0), 1)))
    found.sort(key=lambda item: (-item[0], item[1]))
    return [{"name": name, "count": int(count), "lift": lift} for _, name, count, lift in found[:_MOST_LIFTED]]


def _by_words(counts: Mapping[str, float]) -> dict[frozenset[int], tuple[str, float]]:
    """The same words in all their spellings as one: its most frequent spelling and the count of all."""
    merged: dict[frozenset[int], tuple[str, float]] = {}
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        words = words_of(name)
        first, sum_so_far = merged.get(words, (name, 0.0))
        merged[words] = first, sum_so_far + count
    return merged


def _announced_raid(situation: Situation) -> dict[str, Any] | None:
    """The largest raid until a minute after the onset: what comes later finds the crowd there."""
    raids = [
        dict(told)
        for told in situation.happenings
        if told.get("type") == "raid" and told["time"] <= situation.onset + MINUTE
    ]
    return max(raids, key=lambda raid: raid.get("viewers") or 0, default=None)


def _strangers(situation: Situation, facts: dict[str, Any], *, least: float, lift: float) -> bool:
    """Whether clearly more newcomers write than usual."""
    if situation.known_hops < _EARLY_HOPS or situation.facts.get("newcomers", 0) < _NEWCOMERS:
        return False
    return bool(facts.get("newcomer_share", 0.0) >= max(least, lift * facts.get("usual_newcomer_share", 0.0)))


def _raid(situation: Situation, facts: dict[str, Any]) -> _Found:
    raid = facts.get("raid")
    strangers = _strangers(situation, facts, least=_NEWCOMER_SHARE, lift=2.0)
    if raid is not None:
        viewers, origin = raid["viewers"], raid["from"]
        large = viewers is None or viewers >= _RAIDERS * facts["messages"]
        if large or strangers:
            size = f" of {viewers:,} viewers" if viewers else ""
            return "raid", 0.95, f"after a raid{size}{f' from {origin}' if origin else ''}"
    if facts.get("wave_share", 0.0) >= _STRANGERS_WAVE:
        return None
    arrived = facts.get("viewers", 0.0) >= _ARRIVED * facts.get("usual_viewers", 0.0) > 0
    if not strangers and not (arrived and _strangers(situation, facts, least=_FEW_NEWCOMERS, lift=1.0)):
        return None
    share = facts["newcomer_share"]
    confidence = 0.5 + 0.4 * (share - facts.get("usual_newcomer_share", 0.0)) + (0.15 if arrived else 0.0)
    return "raid", confidence, f"as {share:.0%} of those who wrote were new here, which is how a raid looks"


def _bot(situation: Situation, facts: dict[str, Any]) -> _Found:
    if facts["messages"] < _LEAST_MESSAGES:
        return None
    one, three = facts["one_author_share"], facts["three_authors_share"]
    if one >= _ONE_AUTHOR:
        return "bot", 0.5 + one / 2, f"as one author wrote {one:.0%} of it"
    wave = facts["wave_share"]
    if three >= _FEW_AUTHORS or (wave >= _WAVE and three >= max(_THREE_AUTHORS, _FEW_AUTHORS * wave)):
        return "bot", 0.4 + three / 2, f"as three authors wrote {three:.0%} of it"
    if wave >= _STRANGERS_WAVE and _strangers(situation, facts, least=_NEWCOMER_SHARE, lift=2.0):
        # Nobody announced them.
        return "bot", 0.4 + wave / 2, f"as many who were never here before wrote “{_text(situation)}”"
    return None


def _copypasta(situation: Situation, facts: dict[str, Any]) -> _Found:
    share, usual = facts.get("wave_share", 0.0), facts.get("usual_wave_share", 0.0)
    if facts["messages"] < _LEAST_MESSAGES or share < max(_WAVE, 3 * usual):
        return None
    return "copypasta", 0.5 + share / 2, f"as many repeated “{_text(situation)}”"


def _mood(situation: Situation, facts: dict[str, Any]) -> _Found:
    now, usual, number = (
        facts.get("sentiment"),
        facts.get("usual_sentiment"),
        situation.facts.get("sentiment_number", 0),
    )
    if now is None or usual is None or number < _TURN_MESSAGES:
        return None
    turn = now - usual
    spread = sqrt(max(situation.facts.get("sentiment_squares", 0.0) / number - now * now, 0.01) / number)
    if situation.moment_type == "sentiment_shift":
        return "sentiment", 0.6, _because(facts)
    if abs(turn) < _TURN or abs(turn) < _SURE * spread:
        return None
    if situation.moment_type == "chat_spike" and (turn > 0 or _is_one_emote(situation, facts)):
        return None  # a glad crowd is hype, and what one emote means to a channel is anybody's guess
    way = "rose" if turn > 0 else "fell"
    return "sentiment", 0.4 + min(0.5, abs(turn)), f"while the mood {way} from {usual:+.2f} to {now:+.2f}"


def _is_one_emote(situation: Situation, facts: dict[str, Any]) -> bool:
    lifted = facts["lifted_emotes"]
    return bool(lifted) and lifted[0]["count"] >= _ONE_EMOTE * situation.facts.get("emotes_all", 0)


def _hype(situation: Situation, facts: dict[str, Any]) -> _Found:
    if facts["messages"] < _LEAST_MESSAGES:
        return None
    emotes, usual = facts.get("emotes_per_message", 0.0), facts.get("usual_emotes_per_message", 0.0)
    shouted, usually_shouted = facts.get("shouted_share", 0.0), facts.get("usual_shouted_share", 0.0)
    lifted = facts["lifted_emotes"]
    excitement = (
        max(0.0, emotes - usual) / (emotes + usual + 0.5)
        + 2 * max(0.0, shouted - usually_shouted)
        + max(0.0, facts.get("repeated_share", 0.0) - facts.get("usual_repeated_share", 0.0))
        + (0.2 if sum(emote["count"] for emote in lifted) >= _CARRIED * facts["messages"] else 0.0)
    )
    if excitement >= _EXCITED:
        return "hype", 0.4 + min(0.5, excitement), _because(facts) or "as many cheered at once"
    if situation.moment_type == "chat_spike" and emotes >= _CHEERFUL and facts["three_authors_share"] < _THREE_AUTHORS:
        return "hype", 0.35, ""  # many at once and not as a matter of words: a crowd, though in its usual voice
    return None


def _because(facts: dict[str, Any]) -> str:
    lifted = facts.get("lifted_phrases") or facts.get("lifted_emotes", ())
    names = [one["name"] for one in lifted[:2]]
    return f"as many wrote {' and '.join(names)}" if names else ""


def _text(situation: Situation) -> str:
    messages = situation.counts.get("messages", {})
    text = max(messages.items(), key=lambda item: (item[1] * (len(item[0].split()) >= 4), item[1], item[0]))[0]
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED].rstrip()}…"


_JUDGES: dict[str, tuple[Callable[[Situation, dict[str, Any]], _Found], ...]] = {
    "chat_spike": (_raid, _bot, _copypasta, _mood, _hype),
    "chat_drop": (_mood,),
    "viewer_spike": (_raid,),
    "sentiment_shift": (_raid, _bot, _copypasta, _mood),
    "revenue_spike": (_raid, _hype),
}
