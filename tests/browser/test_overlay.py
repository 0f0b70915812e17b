"""The overlay: where it stands, how it reads, what it says of a wrong address; and the builder that makes one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import cheer, chromium, post, quiet_chat, serious_violations, until, watched
from tests.support.process import Telemetra

SCENE = {"width": 900, "height": 400}


STREAM = "overlaid"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telemetra]:
    """A product with one quiet chat that has cheered once."""
    chromium()
    server = Telemetra(tmp_path_factory.mktemp("overlay"))
    server.start()
    try:
        post(server, quiet_chat(STREAM))
        post(server, cheer(STREAM))
        until(lambda: httpx.get(f"{server.url}/api/v1/streams/{STREAM}/moments").json() != [])
        yield server
    finally:
        server.stop()


def middle(page: Page) -> tuple[float, float]:
    box = page.locator(".overlay-metrics").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("corner", ["top-left", "top-right", "bottom-left", "bottom-right"])
def test_it_stands_in_its_corner(browser: Browser, server: Telemetra, corner: str) -> None:
    with watched(browser, server.url, viewport=SCENE) as seen:
        page = seen.open(f"/overlay/{STREAM}?corner={corner}&metrics=viewers&emotes=0")
        expect(page.locator(".overlay-metric")).to_have_count(1)
        x, y = middle(page)
        assert ("left" in corner) == (x < SCENE["width"] / 2)
        assert ("top" in corner) == (y < SCENE["height"] / 2)


def test_its_themes_are_the_reverse_of_each_other(browser: Browser, server: Telemetra) -> None:
    colours = []
    with watched(browser, server.url, viewport=SCENE) as seen:
        for theme in ("dark", "light"):
            page = seen.open(f"/overlay/{STREAM}?theme={theme}")
            expect(page.locator(".overlay-metric").first).to_be_visible()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
            colours.append(page.evaluate("getComputedStyle(document.querySelector('.overlay-metric strong')).color"))
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 21, 27)"]


def test_what_is_wrong_with_its_address_is_said_and_the_rest_is_shown(browser: Browser, server: Telemetra) -> None:
    with watched(browser, server.url, viewport={"width": 900, "height": 700}) as seen:
        page = seen.open(f"/overlay/{STREAM}?metrics=viewers,likes&corner=middle&emotes=99&moment=1")
        said = page.get_by_role("alert")
        expect(said).to_contain_text("metrics: there is no likes; there are viewer_count, ")
        expect(said).to_contain_text("corner: must be top-left, top-right, bottom-left or bottom-right")
        expect(said).to_contain_text("emotes: must be a whole number from 0 to 10")
        expect(said).to_contain_text("moment: there is no such parameter")
        expect(page.locator(".overlay-metric")).to_have_text(re.compile("Viewers"))


def test_the_builder_makes_an_address_that_shows_what_was_chosen(browser: Browser, server: Telemetra) -> None:
    with watched(browser, server.url, permissions=["clipboard-read", "clipboard-write"]) as seen:
        page = seen.open("/streams/overlaid")
        page.get_by_role("button", name="Overlay for OBS").click()
        dialog = page.get_by_role("dialog", name="An overlay for OBS")
        address = dialog.get_by_label("Address")
        expect(address).to_have_value(f"{server.url}/overlay/overlaid")
        preview = dialog.get_by_role("group", name="Preview")
        expect(preview.locator(".overlay-moment")).to_be_visible()
        dialog.get_by_label("Viewers").uncheck()
        expect(preview.locator(".overlay-metric")).to_have_count(1)
        dialog.get_by_label("Moments pop up").uncheck()
        expect(preview.locator(".overlay-moment")).to_have_count(0)
        dialog.get_by_role("button", name="Light").click()
        dialog.get_by_role("button", name="Bottom right").click()
        dialog.get_by_label("emotes").select_option("3")
        expect(address).to_have_value(
            f"{server.url}/overlay/overlaid?metrics=chat_rate&emotes=3&moments=0&corner=bottom-right&theme=light"
        )
        assert serious_violations(page) == []
        dialog.get_by_role("button", name="Copy").click()
        expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
        page.goto(page.evaluate("navigator.clipboard.readText()"))
        expect(page.locator(".overlay-box")).to_have_class(re.compile("corner-bottom-right theme-light"))
        expect(page.locator(".overlay-metric")).to_have_text(re.compile("Chat"))
        expect(page.get_by_role("alert")).to_have_count(0)
