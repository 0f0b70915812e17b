"""Connectors in the browser: created by hand and from a preset, started, stopped, changed, deleted."""

from __future__ import annotations

import httpx
from playwright.sync_api import Browser, expect

from tests.support.browser import watched
from tests.support.process import Telemetra

NOWHERE = "wss://feed.invalid/ws"
SECRET = "s3cret-token-of-a-test"


def stored(server: Telemetra) -> list[dict[str, object]]:
    found: list[dict[str, object]] = httpx.get(f"{server.url}/api/connectors").json()
    return found


def test_what_is_wrong_is_said_at_its_field_in_the_servers_words(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url) as seen:
        page = seen.open("/connectors")
        page.get_by_role("button", name="New connector").click()
        page.get_by_role("button", name="By hand").click()
        page.get_by_label("Name").fill("nothing")
        page.get_by_label("Address").fill("ftp://example.com")
        page.get_by_role("button", name="Create and start").click()
        expect(page.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("alert")).to_contain_text("must begin with http://, https://, ws:// or wss://")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        seen.excuse("422")
    assert stored(lirik) == []


def test_a_connector_is_created_stopped_started_changed_and_deleted(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url) as seen:
        page = seen.open("/connectors")
        page.get_by_role("button", name="New connector").click()
        page.get_by_role("button", name="By hand").click()
        page.get_by_label("Name").fill("Somewhere")
        page.get_by_label("Address").fill(NOWHERE)
        page.get_by_label("Credentials").select_option("Bearer Token")
        page.get_by_label("Token", exact=False).last.fill(SECRET)
        page.get_by_role("button", name="Create and start").click()
        row = page.get_by_role("listitem").filter(has_text="Somewhere")
        expect(row).to_be_visible()
        (made,) = stored(lirik)
        assert (made["desired_state"], made["credentials"]) == ("running", {"token": "***"})

        row.get_by_role("button", name="Stop").click()
        expect(row.get_by_role("button", name="Start")).to_be_visible()
        assert stored(lirik)[0]["desired_state"] == "stopped"
        row.get_by_role("button", name="Start").click()
        expect(row.get_by_role("button", name="Stop")).to_be_visible()

        row.get_by_role("button", name="Edit Somewhere").click()
        assert SECRET not in page.content()
        page.get_by_label("Name").fill("Elsewhere")
        page.get_by_role("button", name="Save").click()
        row = page.get_by_role("listitem").filter(has_text="Elsewhere")
        expect(row).to_be_visible()
        assert stored(lirik)[0]["credentials"] == {"token": "***"}

        row.get_by_role("button", name="Delete Elsewhere").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_text("Nothing is connected yet")).to_be_visible()
        assert stored(lirik) == []
        seen.excuse("404")  # its status may have been asked for at that moment


def test_presets_ask_for_what_they_need(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url) as seen:
        page = seen.open("/connectors")
        page.get_by_role("button", name="New connector").click()
        page.get_by_role("button", name="Twitch chat").click()
        page.get_by_role("button", name="Create and start").click()
        expect(page.get_by_role("alert").first).to_be_visible()
        expect(page.get_by_label("Channel")).to_have_attribute("aria-invalid", "true")
        seen.excuse("422")
