"""Messages that stand for a moment: what many said, by its most typical wording, and typical single messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from telemetra.text.repeats import Group, grouped

MOST = 5
_MOST_GROUPS = 4
_MENTION = re.compile(r"@\w+")


def representatives(texts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Up to `MOST` of {text, count}: the largest groups of near repeats by their medoid, then single messages.

    A single message is the more typical, the more of the others share each of its words; one that speaks to somebody
    comes last. To whom is not shown.
    """
    groups = grouped(sorted(texts.items(), key=lambda item: (-item[1], item[0])))
    repeated = [group for group in groups if group.count > 1]
    shown = repeated[:_MOST_GROUPS]
    typical = _typical([group for group in groups if group.count == 1], groups)
    shown += typical[: MOST - len(shown)]
    shown += repeated[_MOST_GROUPS:][: MOST - len(shown)]
    return [{"text": _MENTION.sub("@…", group.medoid), "count": group.count} for group in shown]


def _typical(single: Sequence[Group], groups: Sequence[Group]) -> list[Group]:
    sharing = Counter(word for group in groups for word in group.words)

    def commonness(group: Group) -> float:
        # The plus one keeps a lone common word from standing above a sentence.
        return sum(sharing[word] - 1 for word in group.words) / (len(group.words) + 1)

    return sorted(single, key=lambda group: ("@" in group.medoid, -commonness(group), group.medoid))
