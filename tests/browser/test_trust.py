"""The page of accounts: its numbers are those of the API, a mended event is sent again, and it says when it is old."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import chromium, post, quiet_chat, serious_violations, until, viewers, watched
from tests.support.process import Telemetra

FATES = ("counted", "duplicate", "late", "rejected", "dead")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telemetra]:
    chromium()
    server = Telemetra(tmp_path_factory.mktemp("trust"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_the_sum_is_that_of_the_ledger_and_a_server_away_is_said(browser: Browser, server: Telemetra) -> None:
    chat = quiet_chat("accounts", minutes=4)  # the oldest are in a minute that is final, wherever in it now is
    newest = sorted(chat, key=lambda event: event["timestamp"])[-3:]
    post(server, [*chat, *chat[:5], *newest])
    httpx.post(f"{server.url}/api/v1/events", json=[{"event_id": "x", "type": "chat.mesage", "stream_id": "accounts"}])

    def total() -> dict[str, int]:
        found: dict[str, int] = httpx.get(f"{server.url}/api/v1/ledger").json()["total"]
        return found

    until(lambda: total()["received"] == len(chat) + 9)
    expected = total()
    own = httpx.get(f"{server.url}/api/v1/streams/accounts/ledger").json()["total"]
    assert own == {fate: expected[fate] for fate in ("duplicate", "late")}
    assert own["duplicate"] >= len(newest) and own["late"] > 0
    assert expected["received"] == sum(expected[fate] for fate in FATES)
    with watched(browser, server.url) as seen:
        page = seen.open("/streams/accounts")
        quality = page.get_by_role("region", name="Can these numbers be trusted?")
        expect(quality.get_by_text("Duplicates").locator("..")).to_contain_text(str(own["duplicate"]))
        expect(quality.get_by_text("Late events").locator("..")).to_contain_text(str(own["late"]))
        page = seen.open("/trust")
        balance = page.get_by_role("region", name="The balance")
        expect(balance).to_contain_text("every one accounted for")
        expect(balance.locator("strong")).to_have_text(f"{expected['received']:,}")
        assert balance.locator("dd .figure").all_text_contents() == [f"{expected[fate]:,}" for fate in FATES]
        expect(page.get_by_role("region", name="Gaps of feeds")).to_contain_text("No feed has missed anything")
        expect(page.locator(".letter")).to_contain_text("no kind declares 'chat.mesage'")
        page.get_by_role("button", name="Send again").click()
        expect(page.locator(".letter").filter(has_text="Still refused")).to_be_visible()
        assert serious_violations(page) == []
        os.kill(server.pid, signal.SIGSTOP)
        try:
            expect(page.locator(".lost")).to_contain_text("What you see is as of", timeout=30_000)
            expect(page.locator(".trust-grid")).to_have_class(re.compile("is-frozen"))
        finally:
            os.kill(server.pid, signal.SIGCONT)
        expect(page.locator(".lost")).to_have_count(0, timeout=30_000)
        seen.excuse("409", "422", "net::", "Failed to load")


def test_a_letter_whose_reason_is_gone_is_sent_again_and_counted(browser: Browser, server: Telemetra) -> None:
    """An event of the near future is refused until its time has come near enough."""
    allowed = datetime.now(UTC) + timedelta(seconds=6)
    ahead = viewers("early", 42) | {"timestamp": (allowed + timedelta(minutes=5)).isoformat()}
    rejected = httpx.post(f"{server.url}/api/v1/events", json=[ahead]).json()["rejected"]
    assert [each["code"] for each in rejected] == ["timestamp_in_future"]
    with watched(browser, server.url) as seen:
        page = seen.open("/trust")
        letters = page.locator(".letter").filter(has_text="Timestamp in future")
        expect(letters).to_have_count(1, timeout=15_000)
        until(lambda: datetime.now(UTC) > allowed)
        letters.get_by_role("button", name="Send again").click()
        expect(letters).to_have_count(0)
        page.get_by_role("group", name="Which").get_by_role("button", name="Sent again").click()
        expect(letters.locator(".badge", has_text="Sent again")).to_be_visible()
    address = f"{server.url}/api/v1/streams/early/events"
    until(lambda: len(httpx.get(address).json()) == 1)
    assert httpx.get(address).json()[0]["event_id"] == ahead["event_id"]
