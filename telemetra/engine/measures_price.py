"""Measures of prices and traded amounts. All states are integers of 10**-12 units (products of two: 10**-24), so that
sums are exact whatever their order, and windows merge without loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal
from typing import Any

from telemetra.engine.measures import MONEY_SCALE, money
from telemetra.kinds.base import Column, Entries, Window

QUOTIENT = Context(prec=28)
"""How means are rounded: to 28 digits, half to even."""

_FIRST_AT, _FIRST, _HIGH, _LOW, _LAST_AT, _LAST = range(6)

Track = list[int]
"""[time of the first, first, highest, lowest, time of the last, last], empty without a reading."""


class Prices:
    """First, highest, lowest and last price by event time, of the best source there is.

    Of two of one time the one with the lower `number` (the source's own, below 2**64) is the earlier; without numbers,
    or with equal ones, it is the log's order that says.

    `source` ranks an entry as one of `bases` by position: 0 is the best (a trade), the last the poorest (a quote). A
    window's `open`, `high`, `low`, `close` are those of the best source that it has, named by `price_basis`; `last` is
    the newest price of all but the poorest one (ties: the better source), or the poorest's where there is no other.
    """

    carries = False
    columns = (
        *(Column(name, "numeric") for name in ("open", "high", "low", "close", "last")),
        Column("price_basis", "text"),
    )

    def __init__(
        self,
        name: str,
        lanes: Iterable[str],
        bases: Sequence[str],
        source: Callable[[Any], int],
        price: Callable[[Any], int],
        number: Callable[[Any], int],
    ) -> None:
        self.name = name
        self.lanes = frozenset(lanes)
        self._bases, self._source, self._price, self._number = tuple(bases), source, price, number

    def create(self) -> list[Track]:
        return [[] for _ in self._bases]

    def add(self, state: list[Track], entries: Entries) -> list[Track]:
        source, price_of, number_of = self._source, self._price, self._number
        for at, data in zip(*entries, strict=True):
            track, time, price = state[source(data)], at << 64 | number_of(data), price_of(data)
            if not track:
                track += (time, price, price, price, time, price)
                continue
            if time < track[_FIRST_AT]:
                track[_FIRST_AT], track[_FIRST] = time, price
            if time >= track[_LAST_AT]:
                track[_LAST_AT], track[_LAST] = time, price
            if price > track[_HIGH]:
                track[_HIGH] = price
            elif price < track[_LOW]:
                track[_LOW] = price
        return state

    def merge(self, states: Sequence[list[Track]]) -> list[Track]:
        merged = self.create()
        for state in states:
            for into, track in zip(merged, state, strict=True):
                _merge(into, track)
        return merged

    def finish(self, state: list[Track], window: Window) -> dict[str, Any]:
        names = ("open", "high", "low", "close")
        for basis, track in zip(self._bases, state, strict=True):
            if track:
                values = dict(zip(names, (money(track[at]) for at in (_FIRST, _HIGH, _LOW, _LAST)), strict=True))
                return {**values, "last": money(self._newest(state)[_LAST]), "price_basis": basis}
        return dict.fromkeys((*names, "last", "price_basis"))

    def _newest(self, state: list[Track]) -> Track:
        known = [track for track in state[:-1] if track] or [track for track in state if track]
        return max(known, key=lambda track: track[_LAST_AT])  # of equal ones the first


def _merge(into: Track, track: Track) -> None:
    if not track or not into:
        into.extend(track)
        return
    if track[_FIRST_AT] < into[_FIRST_AT]:
        into[_FIRST_AT], into[_FIRST] = track[_FIRST_AT], track[_FIRST]
    if track[_LAST_AT] >= into[_LAST_AT]:
        into[_LAST_AT], into[_LAST] = track[_LAST_AT], track[_LAST]
    into[_HIGH] = max(into[_HIGH], track[_HIGH])
    into[_LOW] = min(into[_LOW], track[_LOW])


class Traded:
    """Number of trades, their exact volume (also of those `bought`), and the mean price weighted by size.

    Trades without a size are counted and left out of the rest. Also gives `volume_number`, `bought_number` and
    `sided_number` (what is known to be bought or sold) as floats, for the detectors.
    """

    carries = False
    columns = (
        Column("volume", "numeric"),
        Column("buy_volume", "numeric"),
        Column("vwap", "numeric"),
        Column("trade_count", "bigint"),
    )

    def __init__(self, name: str, lane: str, trade: Callable[[Any], tuple[int, int | None, bool | None]]) -> None:
        """`trade` gives price, size (or None) and whether it was bought (None: unknown)."""
        self.name = name
        self.lanes = frozenset((lane,))
        self._trade = trade

    def create(self) -> list[int]:
        return [0, 0, 0, 0, 0]

    def add(self, state: list[int], entries: Entries) -> list[int]:
        trade = self._trade
        volume = bought = sided = turnover = 0
        for data in entries.data:
            price, size, buy = trade(data)
            if size is not None:
                volume += size
                turnover += price * size
                if buy is not None:
                    sided += size
                    if buy:
                        bought += size
        return [a + b for a, b in zip(state, (len(entries.data), volume, bought, sided, turnover), strict=True)]

    def merge(self, states: Sequence[list[int]]) -> list[int]:
        return [sum(column) for column in zip(*states, strict=True)]

    def finish(self, state: list[int], window: Window) -> dict[str, Any]:
        count, volume, bought, sided, turnover = state
        return {
            "volume": money(volume),
            "buy_volume": money(bought),
            "vwap": quotient(turnover, 2 * MONEY_SCALE, volume) if volume else None,
            "trade_count": count,
            "volume_number": volume / 10**MONEY_SCALE,
            "bought_number": bought / 10**MONEY_SCALE,
            "sided_number": sided / 10**MONEY_SCALE,
        }


class Mean:
    """The exact mean of what `value` gives of an entry (None: nothing), rounded as `QUOTIENT` says."""

    carries = False

    def __init__(self, column: str, lanes: Iterable[str], value: Callable[[Any], int | None]) -> None:
        self.name = column
        self.lanes = frozenset(lanes)
        self.columns = (Column(column, "numeric"),)
        self._value = value

    def create(self) -> list[int]:
        return [0, 0]

    def add(self, state: list[int], entries: Entries) -> list[int]:
        value = self._value
        found = [number for data in entries.data if (number := value(data)) is not None]
        return [state[0] + len(found), state[1] + sum(found)]

    def merge(self, states: Sequence[list[int]]) -> list[int]:
        return [sum(column) for column in zip(*states, strict=True)]

    def finish(self, state: list[int], window: Window) -> dict[str, Any]:
        number, total = state
        return {self.name: quotient(total, MONEY_SCALE, number, 0) if number else None}


def quotient(total: int, scale: int, divisor: int, divisor_scale: int = MONEY_SCALE) -> Decimal:
    """total·10^-scale / divisor·10^-divisor_scale, without needless zeros."""
    return QUOTIENT.normalize(QUOTIENT.divide(Decimal(f"{total}E-{scale}"), Decimal(f"{divisor}E-{divisor_scale}")))
