"""The kind market: minutes against plain Decimal arithmetic for any order, batching and kill; moments; refusals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import telemetra
from telemetra.kinds import market
from telemetra.model.event import Event
from telemetra.model.window import MINUTE
from tests.support.engine import REGISTRY, Tables, event

DIGITS = Context(prec=28, rounding=ROUND_HALF_EVEN)
COLUMNS = [column.name for column in market.build("USD").columns]


def reference(events: Sequence[Event]) -> dict[int, dict[str, Any]]:
    """The rows of these events, all counted, by looking at all of them for each question."""
    minutes: dict[int, list[tuple[Event, dict[str, Any]]]] = {}
    for item in events:
        minutes.setdefault(item.timestamp // MINUTE * MINUTE, []).append((item, json.loads(item.data)))
    return {start: reference_row(entries) for start, entries in minutes.items()}


def total(values: Iterable[Decimal]) -> Decimal:
    with localcontext(prec=80):  # enough to be exact
        return sum(values, Decimal(0))


def reference_row(entries: list[tuple[Event, dict[str, Any]]]) -> dict[str, Any]:
    def ordered(wanted: list[tuple[Event, dict[str, Any]]]) -> list[Decimal]:
        by_time = sorted(wanted, key=lambda entry: (entry[0].timestamp, int(entry[1].get("trade_id", 0))))
        return [Decimal(str(data.get("price", data.get("last")))) for _, data in by_time]

    trades = [entry for entry in entries if entry[0].type == "market.trade"]
    tickers = [entry for entry in entries if entry[0].type == "market.ticker" and not entry[1].get("mid")]
    quotes = [entry for entry in entries if entry[1].get("mid")]
    basis, best = next((b, found) for b, found in zip(market.BASES, (trades, tickers, quotes), strict=True) if found)
    prices = ordered(best)
    newest = max(trades + tickers, key=lambda entry: entry[0].timestamp, default=None)
    last = ordered(quotes)[-1] if newest is None else ordered(trades)[-1] if trades else ordered(tickers)[-1]
    if trades and tickers:
        trade_at, ticker_at = (max(entry[0].timestamp for entry in found) for found in (trades, tickers))
        last = ordered(trades)[-1] if trade_at >= ticker_at else ordered(tickers)[-1]
    sized = [(Decimal(str(data["price"])), Decimal(str(data["size"])), data) for _, data in trades if "size" in data]
    volume = total(size for _, size, _ in sized)
    with localcontext(prec=80):
        turnover = total(price * size for price, size, _ in sized)
    spreads = [Decimal(d["ask"]) - Decimal(d["bid"]) for _, d in tickers + quotes if "ask" in d and "bid" in d]
    return {
        "event_count": len(entries),
        "open": prices[0],
        "high": max(prices),
        "low": min(prices),
        "close": prices[-1],
        "last": last,
        "price_basis": basis,
        "volume": volume,
        "buy_volume": total(size for _, size, data in sized if data.get("side") == "buy"),
        "vwap": DIGITS.divide(turnover, volume) if volume else None,
        "trade_count": len(trades),
        "spread": DIGITS.divide(total(spreads), Decimal(len(spreads))) if spreads else None,
    }


amounts = st.integers(1, 10**24).map(lambda units: f"{units // 10**12}.{units % 10**12:012d}") | st.sampled_from(
    ["61837.63", "0.00001303", "1", "0.5", "1000000000000", "0"]
)


@st.composite
def feeds(draw: st.DrawFn) -> list[Event]:
    """Trades, tickers and quotes that mostly go forward; equal times are common."""
    events = []
    now = 0.0
    for number in range(draw(st.integers(1, 40))):
        now += draw(st.sampled_from([0, 0, 0.001, 4, 11, 61]))
        at = now - draw(st.sampled_from([0, 0, 0, 0.001, 5, 40]))
        kind = draw(st.sampled_from(["trade", "trade", "ticker", "quote"]))
        data: dict[str, Any] = {}
        if kind == "trade":
            data["price"] = draw(st.sampled_from([str, float]))(draw(amounts)) if number % 7 == 0 else draw(amounts)
            if draw(st.booleans()):
                data["size"] = draw(amounts)
            if draw(st.booleans()):
                data["side"] = draw(st.sampled_from(["buy", "sell"]))
            if draw(st.booleans()):
                data["trade_id"] = str(draw(st.integers(1, 99)))
        else:
            data["last"] = draw(amounts)
            if draw(st.booleans()):
                data["bid"], data["ask"] = draw(amounts), draw(amounts)
            if kind == "quote":
                data["mid"] = True
        type_ = "market.trade" if kind == "trade" else "market.ticker"
        events.append(event(f"e{number}", at, data, type=type_, stream_id="okx:A-B", received_seconds=now))
    return events


def rows(tables: Tables) -> dict[int, dict[str, Any]]:
    return {start: {name: row[name] for name in COLUMNS} for (_, start), row in tables.rows.items()}


def run(events: Sequence[Event], sizes: Sequence[int] = ()) -> Tables:
    tables = Tables(list(events))
    engine = tables.run(sizes)
    for now in (11.0, 72.0):  # silence, until everything is final
        engine.tick(now)
        tables.store(engine.take_effects())
    return tables


@given(feeds(), st.lists(st.integers(1, 20), max_size=15))
@settings(max_examples=80, deadline=None)
def test_minutes_equal_plain_arithmetic(events: list[Event], sizes: list[int]) -> None:
    tables = run(events, sizes)
    assert tables.totals() == {"counted": len(events)}
    assert rows(tables) == reference(events)


@given(feeds(), st.lists(st.integers(-20, 20).filter(bool), max_size=20))
@settings(max_examples=50, deadline=None)
def test_kills_and_batches_change_nothing(events: list[Event], sizes: list[int]) -> None:
    whole, killed = run(events), run(events, sizes)
    assert killed.rows == whole.rows
    assert {key: msgspec.to_builtins(moment) for key, moment in killed.moments.items()} == {
        key: msgspec.to_builtins(moment) for key, moment in whole.moments.items()
    }


def trade(number: int, at: float, price: str, size: str = "1", side: str = "buy") -> Event:
    data = {"price": price, "size": size, "side": side, "trade_id": str(number)}
    return event(f"t{number}", at, data, type="market.trade", stream_id="okx:A-B")


def test_a_trade_that_was_fetched_later_takes_its_place_among_those_of_its_time() -> None:
    tables = run([trade(10, 5, "1"), trade(12, 5, "3"), trade(11, 5, "2"), trade(9, 5, "0.5")])
    (row,) = rows(tables).values()
    assert (row["open"], row["close"]) == (Decimal("0.5"), Decimal(3))


def walk(minutes: int) -> list[Event]:
    """Six trades a minute that wander by less than a tenth of a percent, with a volume of about 6."""
    steps = (0, 7, -4, 11, 3, -8, 5, -2, 9, -6)
    return [
        trade(n, n * 10 + 1, str(Decimal(60000) + 3 * steps[n % 10]), "1.0", "buy" if n % 2 else "sell")
        for n in range(minutes * 6)
    ]


def test_a_jump_of_the_price_is_a_moment_that_reads_well() -> None:
    events = walk(20)
    first = len(events)
    events += [trade(first + n, first * 10 + 1 + n * 10, "61200.5", "8", "buy") for n in range(12)]
    moments = {moment.moment_type: moment for moment in run(events).moments.values()}
    price = moments["price_spike"]
    assert price.metric_value == 61200.5
    assert price.description == (
        "Price rose to 61,200, 2.0% above the usual 59,994, on 8.0 times the usual volume, 100% of it bought."
    )
    assert price.metadata["cause"] == "buying"
    assert moments["volume_spike"].description.startswith("Volume rose to 48 units a minute, 8.0 times the usual 6")


def test_a_fall_is_a_price_spike_too_and_small_prices_keep_their_digits() -> None:
    def small(item: Event, factor: str) -> Event:
        data = json.loads(item.data)
        data |= {"price": str(Decimal(data["price"]) * Decimal(factor)), "side": "sell"}
        return msgspec.structs.replace(item, data=json.dumps(data).encode())

    events = [small(item, "0.0000000002") for item in walk(20)]
    first = len(events)
    events += [trade(first + n, first * 10 + 1 + n * 10, "0.0000116", "1", "sell") for n in range(12)]
    (moment,) = run(events).moments.values()
    assert moment.moment_type == "price_spike"
    assert moment.z_score < 0
    assert moment.description.startswith(
        "Price fell to 0.00001160, 3.3% below the usual 0.00001200, 100% of the volume sold."
    )


def test_an_ordinary_walk_has_no_moment() -> None:
    assert not run(walk(120)).moments


def test_a_market_with_a_trade_now_and_then_has_no_spike_at_each() -> None:
    events = [trade(n, n * 240 + 1, "1.5", "1000000", "buy") for n in range(60)]
    assert not run(events).moments


@pytest.mark.parametrize(
    ("type_name", "data", "problem"),
    [
        ("market.trade", {"price": "1e13"}, "price"),
        ("market.trade", {"price": "-1"}, "price"),
        ("market.trade", {"price": "1", "size": "1e-13"}, "size"),
        ("market.trade", {"price": 0.1, "size": 12}, None),
        ("market.trade", {"price": 1e5, "size": None, "side": None}, None),
        ("market.ticker", {"last": "1", "bid": "x"}, "bid"),
        ("market.ticker", {"last": "1", "volume_24h": [1]}, "volume_24h"),
        ("market.ticker", {"last": 99.5, "bid": "99", "ask": 100, "volume_24h": "12345.678", "extra": 1}, None),
        ("connector.message", {"payload": None}, None),
        ("connector.message", {"payload": "text", "price": "1.5", "exchange": "okx"}, None),
        ("connector.message", {"payload": {}, "price": "1.5.5"}, "price"),
    ],
)
def test_what_the_models_take(type_name: str, data: dict[str, Any], problem: str | None) -> None:
    check = REGISTRY.types[type_name].check
    assert check is not None
    found = check(REGISTRY.decoders[type_name].decode(json.dumps(data)))
    assert (found and found[0]) == problem


@pytest.mark.parametrize("data", [{}, {"price": None, "side": "long"}, {"price": "1", "side": "BUY"}])
def test_what_the_decoder_refuses(data: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        REGISTRY.decoders["market.trade"].decode(json.dumps(data))


def test_a_stream_of_connector_messages_lives_without_minutes_and_moments() -> None:
    events = [
        event(f"m{n}", n * 7, {"payload": {"n": n}}, type="connector.message", stream_id="okx:A-B@books")
        for n in range(200)
    ]
    tables = run([*events, events[-1]], [50, -30, 100])
    assert (tables.rows, tables.moments) == ({}, {})
    assert tables.totals() == {"counted": 200, "duplicate": 1}
    assert tables.needs == tables.applied == 201


def test_no_other_module_learnt_the_word_market() -> None:
    """A kind is one declaration: the registry names it, its own files and the formats that make its events use it."""
    root = Path(telemetra.__file__).parent
    allowed = {"kinds/market.py", "kinds/registry.py"}
    named = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if any(
            word in path.read_text(encoding="utf-8")
            for word in ('"market"', "kinds.market", "market_summary", "kinds import market")
        )
    }
    assert named <= allowed
