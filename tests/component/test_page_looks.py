# SPDX-License-Identifier: GPL-2.0-only
"""How the HTML pages look in a real browser: nothing overflows, all is legible, also on paper."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser import Browser, Keys


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["page", "hostile", "history"])
def test_nothing_overflows(browser: Browser, request: pytest.FixtureRequest, name: str,
                           width: int) -> None:
    browser.size(width)
    try:
        browser.open(request.getfixturevalue(name))
        browser.unfold()
        assert browser.js("return document.documentElement.scrollWidth") <= width
        wide = browser.js("return getComputedStyle(document.querySelector('svg.wide')).display")
        assert (wide == "none") == (width == 360)
    finally:
        browser.size(1280)


def test_theme_follows_the_system_until_told(browser: Browser, page: Path) -> None:
    def ground() -> str:
        return browser.js("return getComputedStyle(document.body).backgroundColor")

    browser.scheme("dark")
    browser.open(page)
    browser.js("localStorage.clear()")
    browser.open(page)
    dark, button = ground(), browser.one("#theme")
    assert (button.tag_name, button.text) == ("button", "Light")
    button.send_keys(Keys.SPACE)
    light = ground()
    assert light != dark and browser.one("#theme").text == "Dark"
    browser.open(page)
    assert ground() == light, "the choice is kept"
    browser.js("localStorage.clear()")
    browser.scheme("light")


def luminance(colour: str) -> float:
    parts = [int(float(one)) / 255 for one in colour[colour.index("(") + 1:-1].split(",")[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_pictures_are_legible(browser: Browser, page: Path, scheme: str) -> None:
    """WCAG 2.1, 1.4.3: a contrast of at least 4.5 of text with what is behind it."""
    browser.scheme(scheme)
    browser.open(page)
    ground = luminance(browser.js("return getComputedStyle(document.body).backgroundColor"))
    colours = browser.js(
        "return [...document.querySelectorAll('svg.wide text, .badge, .note, th, a')].map(e => "
        "[e.textContent, getComputedStyle(e)[e.closest('svg') ? 'fill' : 'color'],"
        "getComputedStyle(e).backgroundColor])")
    for text, colour, behind in colours:
        back = luminance(behind) if not behind.startswith("rgba") else ground
        one, other = sorted((luminance(colour), back))
        assert (other + 0.05) / (one + 0.05) >= 4.5, (text, colour, behind)
    browser.scheme("light")


def test_print_shows_the_cells_and_hides_the_tools(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        browser.js("dispatchEvent(new Event('beforeprint'))")
        assert browser.js("return document.querySelector('article details').open")
        assert not browser.js("return document.querySelector('details.sample').open")
        assert not browser.one("#filters").is_displayed()
        browser.js("dispatchEvent(new Event('afterprint'))")
        assert not browser.js("return document.querySelector('article details').open")
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("name", ["page", "history"])
def test_print_fits_the_paper(browser: Browser, request: pytest.FixtureRequest, name: str) -> None:
    """A4 has 190 mm, 718 pixels, between Chromium's margins, and nothing to scroll with."""
    browser.size(718)
    browser.open(request.getfixturevalue(name))
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        browser.js("dispatchEvent(new Event('beforeprint'))")
        assert browser.js("return document.documentElement.scrollWidth") <= 718
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        browser.size(1280)


@pytest.mark.skipif(shutil.which("pdftotext") is None,
                    reason="poppler-utils is not installed; 'setup/install test' adds it")
@pytest.mark.parametrize("name", ["page", "history"])
def test_sheets_can_be_read_alone(browser: Browser, request: pytest.FixtureRequest, name: str,
                                  tmp_path: Path) -> None:
    browser.open(request.getfixturevalue(name))
    headings = set(browser.js("return [...document.querySelectorAll('h2, h3, figcaption, caption')]"
                              ".map(e => e.textContent.trim())"))
    for one in browser.printed(tmp_path / "a4.pdf"):
        last = [line.strip() for line in one.splitlines() if line.strip()][-1]
        assert last not in headings, one
    row, head = {"page": (" per page  ", "interval"),
                 "history": (" equivalent ", "evidence")}[name]
    # So short that tables go on from one to the next.
    rows = [one for one in browser.printed(tmp_path / "short.pdf", 4.0) if one.count(row) > 3]
    assert len(rows) > 1
    for one in rows:
        assert head in one, one


@pytest.mark.parametrize("width", [390, 1024, 1440])
@pytest.mark.parametrize("name", ["page", "history"])
def test_what_has_the_keyboard_is_in_sight(browser: Browser, request: pytest.FixtureRequest,
                                           name: str, width: int) -> None:
    browser.size(width)
    try:
        browser.open(request.getfixturevalue(name))
        browser.unfold()
        hidden, seen = [], 0
        for back in (False, True):
            for _ in range(150):
                browser.tab(back)
                found = browser.js("""
                    const e = document.activeElement, region = e.closest(".scroll");
                    if (!region || region === e) return null;
                    const at = e.getBoundingClientRect();
                    const within = region.getBoundingClientRect();
                    const bar = document.getElementById("filters").getBoundingClientRect();
                    const sticks = bar.top === 0;
                    return [at.left >= within.left - 1 && at.right <= within.right + 1 &&
                        (!sticks || at.top >= bar.bottom - 1), e.textContent, at.left, at.top];""")
                if found:
                    seen += 1
                    hidden += [] if found[0] else [found]
        assert seen > 100 and hidden == []
    finally:
        browser.size(1280)


def test_cards_are_named(browser: Browser, page: Path, history: Path) -> None:
    for file in (page, history):
        browser.open(file)
        names = browser.js("return [...document.querySelectorAll('article.filtered')].map(e => "
                           "document.getElementById(e.getAttribute('aria-labelledby'))"
                           ".textContent.trim())")
        assert len(names) == len(set(names)) > 2 and all(names)


@pytest.mark.parametrize("width", [390, 1440])
def test_tools_are_in_the_upper_right_corner(browser: Browser, page: Path, width: int) -> None:
    browser.size(width)
    try:
        browser.open(page)
        brand, tools, top = (browser.js(
            "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", one)
            for one in (".brand", ".tools", ".top"))
        assert abs(tools["right"] - (top["right"] - 16)) < 1
        assert tools["top"] < brand["bottom"] and brand["top"] < tools["bottom"], "one row"
    finally:
        browser.size(1280)
