"""Messages that stand for a moment: what many said, by its most typical wording, and typical single messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from telemetra.text.plain import Reading
from telemetra.text.reading import read
from telemetra.text.repeats import grouped

MOST = 5
_MOST_GROUPS = 4
_MENTION = re.compile(r"@\w+")


def representatives(texts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Up to `MOST` of {text, count}: the largest groups of near repeats by their medoid, then single messages.

    A single message is the more typical, the more of the others share each of its words; one that speaks to somebody
    comes last. To whom is not shown.
    """
    ordered = sorted(texts.items(), key=lambda item: (-item[1], item[0]))
    groups, once = grouped((read(text), count) for text, count in ordered)
    repeated = [(group.medoid, group.count) for group in groups]
    shown = repeated[:_MOST_GROUPS]
    typical = _typical(once, [group.first for group in groups])
    shown += [(message.text, 1) for message in typical[: MOST - len(shown)]]
    shown += repeated[_MOST_GROUPS:][: MOST - len(shown)]
    return [{"text": _MENTION.sub("@…", text), "count": count} for text, count in shown]


def _typical(once: Sequence[Reading], others: Sequence[Reading]) -> list[Reading]:
    """`once`, the most typical first; `others` were said too."""
    sharing = Counter(word for message in (*others, *once) for word in message.words)

    def commonness(message: Reading) -> float:
        # The plus one keeps a lone common word from standing above a sentence.
        return sum(sharing[word] - 1 for word in message.words) / (len(message.words) + 1)

    return sorted(once, key=lambda message: ("@" in message.text, -commonness(message), message.text))
