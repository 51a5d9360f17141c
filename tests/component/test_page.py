# SPDX-License-Identifier: GPL-2.0-only
"""A campaign's page in a real browser: verdict, filters, links, keys; nothing is fetched."""
from __future__ import annotations

from pathlib import Path

from tests.browser import Browser, Keys
from tests.component.pages import shown_rows


def test_nothing_is_fetched_and_nothing_complains(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.requests() == [page.as_uri()]
    assert browser.complaints() == []
    assert "improved" in browser.driver.title or "regressed" in browser.driver.title


def test_verdict_is_on_top_in_words(browser: Browser, page: Path) -> None:
    browser.open(page)
    hero = browser.one("#verdict")
    assert "REGRESSED" in hero.text and "instructions per page 9900 → 9999" in hero.text
    order = browser.js("return [...document.querySelectorAll('main section[id]')].map(s => s.id)")
    assert order == ["verdict", "effects", "locks", "throughput", "latency", "course", "flames",
                     "cells", "evidence", "excluded", "rests"]
    assert [row[5] for row in shown_rows(browser, "latency-table")] \
        == ["first touch", "swap in"] * 2


def test_filters(browser: Browser, page: Path) -> None:
    browser.open(page)
    everything = shown_rows(browser, "effects-table")
    browser.js("const f = document.forms.filters.elements.device; f.value = 'brd';"
               "f.dispatchEvent(new Event('input', {bubbles: true}))")
    rows = shown_rows(browser, "effects-table")
    assert 0 < len(rows) < len(everything) and {row[1] for row in rows} == {"brd"}
    assert "device=brd" in browser.driver.current_url
    assert " of " in browser.one("#count").text
    assert all(one.get_attribute("data-device") == "brd" for one in browser.all("article")
               if one.is_displayed())
    browser.one("#filters button[type=reset]").click()
    assert "device" not in browser.js("return new Promise(r => setTimeout(() => r(location.hash)))")
    assert shown_rows(browser, "effects-table") == everything


def test_address_brings_filter_sorting_and_place_back(browser: Browser, page: Path) -> None:
    browser.open(page, "#locks&q=swap_c&sort=locks-table.3.ascending")
    rows = shown_rows(browser, "locks-table")
    assert {row[0] for row in rows} == {"swap_cache_tree", "swap_cluster", "swap_cgroup"}
    assert [float(row[3]) for row in rows] == sorted(float(row[3]) for row in rows)
    assert browser.one("[name=q]").get_attribute("value") == "swap_c"
    assert browser.js("return Math.abs(document.getElementById('locks')"
                      ".getBoundingClientRect().top) < 600")
    assert browser.complaints() == []


def test_sorting_by_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.js("document.querySelector('#effects-table th:nth-child(4) button').focus()")
    for direction, reverse in (("descending", True), ("ascending", False)):
        browser.keys(Keys.ENTER)
        head = browser.one("#effects-table th:nth-child(4)")
        assert head.get_attribute("aria-sort") == direction
        values = [float(row[3]) for row in shown_rows(browser, "effects-table")]
        assert values == sorted(values, reverse=reverse)
        assert f"sort=effects-table.3.{direction}" in browser.driver.current_url
    assert len(browser.all("#effects-table th[aria-sort]")) == 1


def test_skip_link_comes_first_and_focus_shows(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.one("body").send_keys(Keys.TAB)
    focused = browser.driver.switch_to.active_element
    assert focused.text == "Skip to the verdict"
    assert browser.js("return getComputedStyle(arguments[0]).outlineStyle", focused) == "solid"
    browser.keys(Keys.ENTER)
    assert browser.js("return document.activeElement.id") == "main"
    browser.keys("/")
    assert browser.js("return document.activeElement.name") == "q"


def test_links_inside_lead_somewhere(browser: Browser, page: Path) -> None:
    browser.open(page)
    lost = browser.js("return [...document.querySelectorAll('a[href^=\"#\"]')].map(a => "
                      "a.getAttribute('href').slice(1).split('&')[0])"
                      ".filter(id => !document.getElementById(id))")
    assert lost == []
    again = browser.js("const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
                       "return ids.filter((id, at) => ids.indexOf(id) !== at)")
    assert again == [], "an id stands for one thing"


def test_links_outside_are_files_of_the_campaign(browser: Browser, page: Path) -> None:
    browser.open(page)
    links = browser.js("return [...document.querySelectorAll('a[href]')].map(a => "
                       "a.getAttribute('href')).filter(h => !h.startsWith('#'))")
    assert len(links) > 50 and all((page.parent / one).is_file() for one in links)


def test_link_to_a_sample_unfolds_it(browser: Browser, page: Path) -> None:
    browser.open(page, "#sample-3")
    assert browser.js("return document.getElementById('sample-3').open")
    browser.open(page)
    browser.js("document.querySelector('article a[href^=\"#sample-\"]').click()")
    assert browser.js("return new Promise(r => setTimeout(() => r(document.querySelector("
                      "'details.sample[open]') !== null), 50))")


def test_evidence_is_a_click_away(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.js("document.querySelectorAll('#evidence details').forEach(d => d.open = true)")
    shown = browser.one("#evidence").text
    for said in ("BUG: kernel NULL pointer dereference", "qemu-system-x86_64", "steady-end.vmstat",
                 "experiment.toml", '"experiment": "nightly'):
        assert said in shown, said


def test_page_is_whole_without_scripts(browser: Browser, page: Path) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(page)
        assert "REGRESSED" in browser.one("#verdict").text
        assert not browser.one("#filters").is_displayed()
        assert len(browser.all("#effects-table tbody tr")) > 3
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
