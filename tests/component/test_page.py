# SPDX-License-Identifier: GPL-2.0-only
"""The HTML pages in a real browser: no complaint, no request, hostile text stays text."""
from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from runner import report
from runner.campaign.campaign import Campaign
from runner.judge.verdict import compare
from runner.nightly import historypage
from runner.nightly.history import read
from runner.records import Sample
from tests.browser import Browser, Keys
from tests.unit import madenights
from tests.unit.madesamples import (BASE, RULES, TEST, because, exact, locked, sample, throughput,
                                    timed)

DATA = Path(__file__).resolve().parent.parent / "data"
EVIL = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>\"'&{{7*7}}"
EVIL_SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 1200 100" onload="window.pwned=1"><script>window.pwned=1</script>
 <style>body { display: none }</style><a xlink:href="javascript:window.pwned=1"><rect x="0" y="0"
 width="600" height="20" fill="url(http://192.0.2.1/x)" onclick="window.pwned=1"><title>swap_out
 &lt;script&gt;</title></rect></a><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img
 src="http://192.0.2.1/y"/></body></foreignObject><image href="http://192.0.2.1/z"/>
 <text x="5" y="15">&lt;script&gt;window.pwned=1&lt;/script&gt;</text></svg>"""


QUANTILES = {"p50": 800, "p90": 1600, "p95": 1700, "p99": 30000, "p99.9": 400000,
             "p99.99": 5000000, "max": 7000001}
DOCUMENT = {
    "latency_ns": {"first_touch": {"count": 1000, "mean": 1500, **QUANTILES},
                   "resident": {"count": 0, "mean": 0, **dict.fromkeys(QUANTILES, 0)},
                   "swap_in": {"count": 10, "mean": 90000, **QUANTILES}},
    "series": {"interval_ns": 1000000000, "columns": ["t_ns", "pswpout", "pswpin"],
               "rows": [[5000000000, 0, 0], [6000000000, 2560, 0], [8000000000, 7680, 256]]}}


def campaign(folder: Path, samples: list[Sample], console: bytes, words: str = "") -> Path:
    """A campaign's folder with evidence of each sample, and its page."""
    home = Campaign(folder)
    for place, one in enumerate(samples):
        one = replace(one, number=place, evidence=f"evidence/{place:04d}")
        samples[place] = one
        home.folder.mkdir(exist_ok=True)
        home.append(one)
        kept = folder / one.evidence
        shutil.copytree(DATA / "evidence/brd-locks", kept)
        (kept / "console.log").write_bytes(console)
        shell = f"qemu-system-x86_64 -append '{words}'"
        (kept / "qemu.json").write_text(json.dumps({"shell": shell}), encoding="utf-8")
    home.plan_file.write_text(json.dumps({"format": 1, "experiment": f"nightly {words}"}), "utf-8")
    home.experiment_file.write_text(f'title = "{words}"\n', encoding="utf-8")
    report.write_all(compare(samples, RULES), folder)
    return folder / report.FILES["html"]


VANILLA = {"swap_cache_tree": 2.0, "swap_cluster": 5.0, "swap_cgroup": 1.0, "page_table": 5.06}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two devices, two thread counts, all tiers, one boot that ended in an oops."""
    samples = exact(9650.0, 9312.0) + locked(VANILLA, {**VANILLA, "swap_cache_tree": 0.067})
    pairs = timed([100.0, 104.0, 98.0], [108.0, 101.0, 115.0])
    samples += pairs + [replace(one, cell=replace(one.cell, threads=2)) for one in pairs]
    samples += [replace(one, cell=replace(one.cell, device="brd")) for one in exact(9900.0, 9999.0)]
    samples.append(sample(TEST, "timed", throughput(1.0), 300, 9, outcome="kernel-oops",
                          invalid=because("kernel-oops: BUG: unable to handle page fault")))
    folder = tmp_path_factory.mktemp("results") / "campaign"
    file = campaign(folder, samples, (DATA / "console/oops-null.log").read_bytes())
    for number in range(2):
        document = folder / f"evidence/{number:04d}/workload.json"
        document.write_text(json.dumps({**json.loads(document.read_text()), **DOCUMENT}))
    shutil.copy(folder / "plots/0-effects.svg", folder / "evidence/0000/flamegraph.svg")
    report.write_all(compare(samples, RULES), folder)
    return file


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guest and a user who write markup wherever their text can reach."""
    samples = [replace(one, detail=EVIL, cell=replace(
        one.cell, device=EVIL, workload=EVIL,
        kernel=one.cell.kernel if one.cell.kernel == BASE else f"6.1:{EVIL}"))
        for one in exact(9650.0, 9999.0) + locked(VANILLA, {**VANILLA, EVIL: 3.0})]
    samples.append(replace(samples[0], outcome="kernel-oops", invalid=because(EVIL), repeat=7))
    folder = tmp_path_factory.mktemp("results") / "hostile"
    folder.mkdir()
    console = f"\x1b[2J\x00{EVIL}\r\n<!-- ]]> \u202e {EVIL}\n".encode() * 2000 + b"\xff\xfe"
    (folder / "kernel-configs").mkdir()
    (folder / f"kernel-configs/{EVIL.replace('/', '-')}.config").write_text(EVIL, encoding="utf-8")
    file = campaign(folder, samples, console, EVIL)
    for name in ("flamegraph.svg", f"{EVIL.replace('/', '-')}.svg"):
        (folder / "evidence/0000" / name).write_text(EVIL_SVG, encoding="utf-8")
    report.write_all(compare(samples, RULES), folder)
    return file


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty nights: 1% more instructions from the 20th on, one accepted change, hostile names."""
    results = tmp_path_factory.mktemp("history")
    for night in range(30):
        home = madenights.write(results, night, {
            "exact": {"instructions_per_page": 9650.0 * (1.01 if night >= 20 else 1.0)},
            "timed": {"throughput_mib_s": 100.0 + night % 3},
            "locks": {"locks.swap_cache_tree.acquisitions_per_page": 2.0 if night < 10 else 1.0,
                      "pgscan_per_page": 2.0}}, track=f"git:/src/{EVIL}@main:vanilla")
        if night > 4:
            (home / "report.html").write_text("that night's")
    (results / "known.toml").write_text(
        f'format = 1\n[known.batching]\nreason = {json.dumps(EVIL)}\nnight = "2026-01-11"\n')
    file = results / "history.html"
    file.write_text(historypage.render(read(results), file), encoding="utf-8")
    return file


def shown_rows(browser: Browser, table: str) -> list[list[str]]:
    return browser.js("return [...document.querySelectorAll(arguments[0])].filter(r => !r.hidden)"
                      ".map(r => [...r.cells].map(c => c.textContent.trim()))",
                      f"#{table} tbody tr")


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


def test_page_is_whole_without_scripts(browser: Browser, page: Path) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(page)
        assert "REGRESSED" in browser.one("#verdict").text
        assert not browser.one("#filters").is_displayed()
        assert len(browser.all("#effects-table tbody tr")) > 3
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


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
