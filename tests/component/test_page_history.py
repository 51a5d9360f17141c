# SPDX-License-Identifier: GPL-2.0-only
"""The history's page, and hostile text in every page: it stays text."""
from __future__ import annotations

from pathlib import Path

from tests.browser import Browser
from tests.component.pages import shown_rows


def test_hostile_text_stays_text(browser: Browser, hostile: Path) -> None:
    browser.open(hostile)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true);"
               "document.querySelectorAll('svg *').forEach(e => e.dispatchEvent("
               "new MouseEvent('click', {bubbles: true})))")
    assert browser.js("return window.pwned === undefined")
    assert browser.requests() == [hostile.as_uri()]
    assert browser.complaints() == []
    assert len(browser.all("script")) == 1 and len(browser.all("style")) == 1
    for tag in ("img", "iframe", "object", "foreignObject", "image", "svg a", "svg style"):
        assert browser.all(tag) == [], tag
    shown = browser.one("body").text
    for said in ("</script><script>window.pwned=1</script><img src=x", "{{7*7}}", "\\x1b[2J",
                 "\\u202e"):
        assert said in shown, said
    assert browser.one("#flames text").text == "<script>window.pwned=1</script>"
    handlers = browser.js("return [...document.querySelectorAll('*')].flatMap(e => "
                          "[...e.attributes].map(a => a.name)).filter(n => n.startsWith('on'))")
    assert handlers == []


def test_hostile_log_is_bounded(hostile: Path) -> None:
    console = hostile.parent / "evidence/0000/console.log"
    assert console.stat().st_size > 300_000
    assert hostile.stat().st_size < 2_500_000


def test_hostile_filter_in_the_address(browser: Browser, hostile: Path) -> None:
    browser.open(hostile, "#%3Cimg%20src=x%20onerror=window.pwned=1%3E&q=%3Cscript%3E&device=nope"
                          "&sort=__proto__.constructor.descending&sort=x.y")
    assert browser.js("return window.pwned === undefined")
    assert browser.complaints() == []


def test_history_tells_its_verdict_and_every_change(browser: Browser, history: Path) -> None:
    browser.open(history)
    assert browser.requests() == [history.as_uri()] and browser.complaints() == []
    hero = browser.one("#verdict").text
    assert "REGRESSED" in hero and "9650 → 9746 instructions/page" in hero
    assert [row[:3] for row in shown_rows(browser, "changes-table")] == [
        ["2026-01-21", "regressed", "+1.00%"], ["2026-01-11", "improved", "-50.00%"]]
    states = [one.get_attribute("data-state") for one in browser.all("article")]
    assert states == ["regressed", "known", "quiet"]
    assert len(browser.all("article svg.wide")) == 3


def test_history_filters_and_leads_to_the_nights(browser: Browser, history: Path) -> None:
    browser.open(history, "#series&tier=exact")
    shown = [one.get_attribute("data-tier") for one in browser.all("article") if one.is_displayed()]
    assert shown == ["exact"]
    links = browser.js("return [...document.querySelectorAll('article a[href]')].map(a => "
                       "a.getAttribute('href')).filter(h => !h.startsWith('#'))")
    assert len(links) > 60 and all((history.parent / one).is_file() for one in links)
    assert all("2026-01-05" not in one for one in links), "that night left no report"


def test_history_keeps_hostile_names_text(browser: Browser, history: Path) -> None:
    browser.open(history)
    assert browser.js("return window.pwned === undefined")
    assert len(browser.all("script")) == 1 and browser.all("img") == []
    assert browser.one("#changes").text.count("<script>window.pwned=1</script>") >= 2
    assert "</script><script>window.pwned=1</script>" in browser.one("article[data-state=known] p "
                                                                     "+ p").text
