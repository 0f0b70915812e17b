"""What detection knows of a stream beside its series: its last hops, what is usual in them, who was there before."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra.kinds.base import Kind
from telemetra.model.window import HOPS_PER_WINDOW, MINUTE, Observation
from telemetra.moments.evidence import Evidence, HopRecord, record_of
from telemetra.moments.newcomers import Newcomers, NewcomersState
from telemetra.moments.usual import Usual

TOLD_BEFORE = 3 * MINUTE
"""What was announced so long before a moment may have led to it."""

TOLD_FOR = TOLD_BEFORE + MINUTE
"""A moment begins up to a window before it is noticed."""

ENDS_FOR = 60 * MINUTE


class ContextState(msgspec.Struct):
    """Everything of a context that must survive a restart."""

    hops: list[HopRecord] = []
    happenings: list[dict[str, Any]] = []
    usual: Usual = msgspec.field(default_factory=Usual)
    newcomers: NewcomersState = msgspec.field(default_factory=NewcomersState)


class Context:
    """The records of the last window, as a moment begins before it is noticed, and the history behind them.

    A hop is history once it is out of the last window, and only if no moment was open then.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.hops: list[HopRecord] = []
        self.usual = Usual()
        self._happenings: list[dict[str, Any]] = []
        self._newcomers = Newcomers()

    def push(self, observation: Observation, *, calm: bool) -> None:
        """Take in a hop; `calm`: no moment is open."""
        record = record_of(observation)
        sampled, newcomers = self._newcomers.take(observation.participants)
        if sampled:
            record.facts["sampled"], record.facts["newcomers"] = sampled, newcomers
        self.hops.append(record)
        if len(self.hops) > HOPS_PER_WINDOW:
            oldest = self.hops.pop(0)
            if calm:
                self.usual.learn(oldest, self._kind.compared)
        if self._happenings or observation.happenings:
            told = self._happenings + observation.happenings
            self._happenings = [
                one for one in told if one["time"] >= observation.end - (ENDS_FOR if one.get("ends") else TOLD_FOR)
            ]

    @property
    def ending(self) -> bool:
        """Whether the end of the stream was announced: then everything falls."""
        return any(told.get("ends") for told in self._happenings)

    def newest_happenings(self, since: int) -> list[dict[str, Any]]:
        return [told for told in self._happenings if told["time"] >= since]

    def evidence(self, onset: int, hops: int) -> Evidence:
        """That of the last `hops` hops, with what was announced before them."""
        evidence = Evidence()
        for record in self.hops[-hops:]:
            evidence.add(record)
        evidence.tell(self.newest_happenings(onset - TOLD_BEFORE))
        return evidence

    def skip(self, *, forget: bool) -> None:
        """What follows does not continue the last hops; `forget` who was there and what was usual."""
        self.hops.clear()
        self._happenings.clear()
        if forget:
            self.usual = Usual()
            self._newcomers = Newcomers()

    def state(self) -> ContextState:
        return ContextState(self.hops, self._happenings, self.usual, self._newcomers.state())

    def restore(self, state: ContextState) -> None:
        self.hops, self._happenings, self.usual = state.hops, state.happenings, state.usual
        self._newcomers.restore(state.newcomers)
