"""What Twitch's notices about money and raids become; shared by live lines (USERNOTICE) and recorded chat.

Twitch names the plan of a subscription but not what it cost: prices differ by country and over time, and Prime is
paid by Twitch. So the amount is 0 and the plan stands in the data, rather than an invented sum in the revenue.
Source: Twitch, "IRC tags" reference (USERNOTICE).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from telemetra.formats.draft import TWITCH_SOURCE, Draft

TRANSACTION_TYPES: Final[Mapping[str, str]] = {
    "sub": "subscription",
    "resub": "subscription_renewal",
    "primepaidupgrade": "subscription_renewal",
    "giftpaidupgrade": "subscription_renewal",
    "anongiftpaidupgrade": "subscription_renewal",
    "subgift": "gift_sub",
    "anonsubgift": "gift_sub",
}
"""By msg-id. Mystery gifts (submysterygift) are not here: each of their gifts follows as a subgift of its own."""


def is_notice(msg_id: str) -> bool:
    return msg_id in TRANSACTION_TYPES


def notice_transaction(origin: Draft, msg_id: str, params: Mapping[str, str | None]) -> Draft:
    """The subscription or gift that a notice tells of. `origin` is the notice as an event: its id, stream, time and
    user are taken over. `params` are the notice's `msg-param-…` values, by name."""
    months = params.get("msg-param-cumulative-months") or params.get("msg-param-months")
    extra = {
        "plan": params.get("msg-param-sub-plan"),
        "months": int(months) if months and months.isascii() and months.isdigit() else None,
        "recipient_id": params.get("msg-param-recipient-id"),
    }
    return transaction(origin, TRANSACTION_TYPES[msg_id], 0, {name: value for name, value in extra.items() if value})


def bits_transaction(origin: Draft, bits: int) -> Draft:
    """The bits cheered with the message `origin`."""
    return transaction(origin, "bits", bits, {"currency": "bits"})


def transaction(origin: Draft, transaction_type: str, amount: int, extra: Mapping[str, Any]) -> Draft:
    assert isinstance(origin.data, dict)
    transaction_id = f"{origin.event_id}:{transaction_type}"
    data = {
        "transaction_id": transaction_id,
        "user_id": origin.data["user_id"],
        "username": origin.data["username"],
        "amount": amount,
        "transaction_type": transaction_type,
        **extra,
    }
    return Draft(transaction_id, "transaction", origin.stream_id, origin.timestamp, data, TWITCH_SOURCE)
