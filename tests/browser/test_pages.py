"""Every page over hours of a real chat: what it shows, how it can be used, what it must not do."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import LINES
from tests.support.browser import PATIENCE_MS, post, quiet_chat, serious_violations, until, watched
from tests.support.process import Telemetra

PAGES = ("/", "/streams/lirik", "/connectors", "/trust")


def moments(server: Telemetra) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{server.url}/api/v1/streams/lirik/moments?limit=200").json()
    return found


def test_the_list_shows_streams_and_finds_them(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url) as seen:
        page = seen.open("/")
        row = page.get_by_role("row").filter(has_text="lirik")
        expect(row).to_be_visible()
        expect(row.locator("svg.spark")).to_be_visible()
        expect(row).to_contain_text(re.compile(r"Chat (spike|drop)|Mood shift"))
        page.keyboard.press("/")
        page.keyboard.type("nobody")
        expect(page.get_by_text("No stream fits")).to_be_visible()
        page.get_by_role("searchbox").fill("lir")
        expect(row).to_be_visible()
        assert "q=lir" in page.url, "a view can be shared"
        row.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("lirik")


def test_keys_right_behind_a_click_on_a_link_are_for_the_page_that_it_opens(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url) as seen:
        page = seen.open("/trust")
        expect(page.get_by_role("heading", level=1)).to_have_text("Trust")
        focused = page.evaluate(
            """async () => {
                document.querySelector("nav a[href='/']").click();
                await 0;
                dispatchEvent(new KeyboardEvent("keydown", { key: "/", cancelable: true }));
                const focused = document.activeElement;
                if (focused.type === "search") {
                    focused.value = "nobody";
                    focused.dispatchEvent(new InputEvent("input", { bubbles: true }));
                }
                return focused.type;
            }"""
        )
        assert focused == "search"
        expect(page.get_by_text("No stream fits")).to_be_visible()
        expect(page.get_by_role("searchbox")).to_have_value("nobody")
        expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_stream_shows_its_moments_and_why(browser: Browser, lirik: Telemetra) -> None:
    stored = moments(lirik)
    with watched(browser, lirik.url, permissions=["clipboard-read", "clipboard-write"]) as seen:
        page = seen.open("/streams/lirik")
        page.get_by_role("button", name="Whole stream").click()
        expect(page.locator(".chart canvas")).to_have_count(2)
        expect(page.get_by_text("No data has come for viewers and revenue.")).to_be_visible()
        expect(page.locator(".lane-mark")).to_have_count(len(stored))
        first = page.locator(".moment").first
        expect(first).to_contain_text(stored[0]["description"])
        first.get_by_role("button").first.click()
        expect(first.locator(".quotes li").first).to_contain_text(stored[0]["metadata"]["top_messages"][0]["text"])
        expect(first.locator(".series-picture path")).to_be_visible()
        first.get_by_role("button", name="Copy link").click()
        expect(first.get_by_role("button", name="Copied")).to_be_visible()
        link = page.evaluate("navigator.clipboard.readText()")
        page.goto(link)
        expect(page.locator(".moment.is-open")).to_contain_text(stored[0]["description"])
        expect(page.locator(".lane-mark[aria-pressed=true]")).to_be_visible()


def test_the_charts_can_be_used_with_the_keyboard(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url) as seen:
        page = seen.open("/streams/lirik?range=all")
        charts = page.get_by_role("group", name=re.compile("Charts of"))
        charts.focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("status").filter(has_text=re.compile(r"\d\d:\d\d: .*Chat \d"))).to_be_attached()
        page.keyboard.press("+")
        expect(page.get_by_role("button", name="Back to now")).to_be_visible()
        assert "from=" in page.url
        page.keyboard.press("[")
        expect(page.locator(".moment.is-open")).to_be_visible()
        charts.focus()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="1 hour")).to_have_attribute("aria-pressed", "true")


def test_the_emotes_are_counted_as_the_minutes_say(browser: Browser, lirik: Telemetra) -> None:
    address = f"{lirik.url}/api/v1/streams/lirik"
    newest = httpx.get(address).json()["last_event_at"][:16]  # its minute is stored when the stream has fallen silent
    until(lambda: httpx.get(f"{address}/metrics?limit=1").json()[0]["timestamp"][:16] > newest)
    rows = httpx.get(f"{address}/metrics?limit=1000").json()
    counts: dict[str, int] = {}
    for row in rows:
        for emote in row["top_emotes"]:
            counts[emote["name"]] = counts.get(emote["name"], 0) + emote["count"]
    # The first two are as many for one in sixty places of the minutes' bounds: then the page goes by name.
    name, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
    with watched(browser, lirik.url) as seen:
        page = seen.open("/streams/lirik?range=all")
        first = page.locator(".top-list li").first
        expect(first).to_contain_text(name)
        expect(first).to_contain_text(f"{count:,}")


def test_the_accounts_and_a_refused_event_sent_again(browser: Browser, lirik: Telemetra) -> None:
    bad = {"event_id": "x1", "type": "chat.mesage", "stream_id": "letters", "data": {}}
    httpx.post(f"{lirik.url}/api/v1/events", json=[bad])
    with watched(browser, lirik.url) as seen:
        page = seen.open("/trust")
        expect(page.locator(".balance")).to_contain_text("every one accounted for", timeout=PATIENCE_MS)
        expect(page.get_by_role("row", name=re.compile("replay"))).to_contain_text(f"{LINES:,}")
        letter = page.locator(".letter").first
        expect(letter).to_contain_text("no kind declares 'chat.mesage'")
        letter.get_by_role("button", name="Send again").click()
        expect(letter).to_contain_text("Still refused")
        seen.excuse("422", "409")


def test_calm_mode_hides_viewers_and_is_kept(browser: Browser, lirik: Telemetra) -> None:
    post(lirik, quiet_chat("watched"))
    until(lambda: httpx.get(f"{lirik.url}/api/v1/streams/watched").status_code == 200)
    with watched(browser, lirik.url) as seen:
        page = seen.open("/streams/watched")
        expect(page.locator(".chart")).to_have_count(3)
        page.get_by_role("button", name="Calm mode: hide viewer counts").click()
        expect(page.locator(".chart")).to_have_count(2)
        expect(page.locator(".tile").first).to_contain_text("hidden in calm mode")
        page.reload()
        expect(page.locator(".chart")).to_have_count(2)


def test_a_stream_that_has_not_begun_comes_alive_by_itself_and_is_shown_whole(
    browser: Browser, lirik: Telemetra
) -> None:
    with watched(browser, lirik.url) as seen:
        page = seen.open("/streams/late-riser")
        expect(page.get_by_text("This stream has not begun")).to_be_visible()
        page.evaluate("window.notReloaded = true")
        post(lirik, quiet_chat("late-riser", minutes=10))
        expect(page.locator(".chart canvas")).to_have_count(3)
        expect(page.get_by_role("heading", level=1)).to_contain_text("late-riser")
        expect(page.get_by_role("button", name="Whole stream")).to_have_attribute("aria-pressed", "true")
        assert page.evaluate("window.notReloaded === true")
        seen.excuse("404")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_serious_stands_in_anybodys_way(browser: Browser, lirik: Telemetra, path: str, scheme: Any) -> None:
    with watched(browser, lirik.url, color_scheme=scheme, reduced_motion="reduce") as seen:
        page = seen.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if path == "/streams/lirik":
            page.locator(".moment button").first.click()
        expect(page.locator(".skeleton")).to_have_count(0)
        assert serious_violations(page) == []


def test_charts_have_their_colours_under_reduced_motion(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url, reduced_motion="reduce") as seen:
        page = seen.open("/streams/lirik")
        expect(page.locator(".chart canvas").first).to_be_visible()
        series = page.evaluate(
            """async () => {
              const script = document.querySelector("script[type=module]").src;
              const { readPalette } = await import(script.replace("main.js", "stream/palette.js"));
              return Object.entries(readPalette()).filter(([name]) => name.startsWith("series")).map(([, it]) => it);
            }"""
        )
        assert len(set(series)) == len(series) == 4


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url, viewport={"width": 390, "height": 844}, has_touch=True) as seen:
        for path in PAGES:
            page = seen.open(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.locator(".skeleton")).to_have_count(0)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_first_page_is_small(browser: Browser, lirik: Telemetra) -> None:
    with watched(browser, lirik.url) as seen:
        page = seen.open("/")
        expect(page.get_by_role("row").first).to_be_visible()
        sizes = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.transferSize)")
        document = page.evaluate("performance.getEntriesByType('navigation')[0].transferSize")
        assert sum(sizes) + document < 200_000
