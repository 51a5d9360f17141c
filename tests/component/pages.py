# SPDX-License-Identifier: GPL-2.0-only
"""HTML pages for a browser: a campaign's, a hostile one's, a history's."""
from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from runner import report
from runner.campaign.campaign import Campaign
from runner.judge.verdict import compare
from runner.nightly import historypage
from runner.nightly.history import read
from runner.records import Sample
from tests.browser import Browser
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


def shown_rows(browser: Browser, table: str) -> list[list[str]]:
    return browser.js("return [...document.querySelectorAll(arguments[0])].filter(r => !r.hidden)"
                      ".map(r => [...r.cells].map(c => c.textContent.trim()))",
                      f"#{table} tbody tr")


def of_a_comparison(folder: Path) -> Path:
    """Two devices, two thread counts, all tiers, one boot that ended in an oops."""
    samples = exact(9650.0, 9312.0) + locked(VANILLA, {**VANILLA, "swap_cache_tree": 0.067})
    pairs = timed([100.0, 104.0, 98.0], [108.0, 101.0, 115.0])
    samples += pairs + [replace(one, cell=replace(one.cell, threads=2)) for one in pairs]
    samples += [replace(one, cell=replace(one.cell, device="brd")) for one in exact(9900.0, 9999.0)]
    samples.append(sample(TEST, "timed", throughput(1.0), 300, 9, outcome="kernel-oops",
                          invalid=because("kernel-oops: BUG: unable to handle page fault")))
    file = campaign(folder, samples, (DATA / "console/oops-null.log").read_bytes())
    for number in range(2):
        document = folder / f"evidence/{number:04d}/workload.json"
        document.write_text(json.dumps({**json.loads(document.read_text()), **DOCUMENT}))
    shutil.copy(folder / "plots/0-effects.svg", folder / "evidence/0000/flamegraph.svg")
    report.write_all(compare(samples, RULES), folder)
    return file


def of_hostile_text(folder: Path) -> Path:
    """A guest and a user who write markup wherever their text can reach."""
    samples = [replace(one, detail=EVIL, cell=replace(
        one.cell, device=EVIL, workload=EVIL,
        kernel=one.cell.kernel if one.cell.kernel == BASE else f"6.1:{EVIL}"))
        for one in exact(9650.0, 9999.0) + locked(VANILLA, {**VANILLA, EVIL: 3.0})]
    samples.append(replace(samples[0], outcome="kernel-oops", invalid=because(EVIL), repeat=7))
    folder.mkdir()
    console = f"\x1b[2J\x00{EVIL}\r\n<!-- ]]> \u202e {EVIL}\n".encode() * 2000 + b"\xff\xfe"
    (folder / "kernel-configs").mkdir()
    (folder / f"kernel-configs/{EVIL.replace('/', '-')}.config").write_text(EVIL, encoding="utf-8")
    file = campaign(folder, samples, console, EVIL)
    for name in ("flamegraph.svg", f"{EVIL.replace('/', '-')}.svg"):
        (folder / "evidence/0000" / name).write_text(EVIL_SVG, encoding="utf-8")
    report.write_all(compare(samples, RULES), folder)
    return file


def of_thirty_nights(results: Path) -> Path:
    """Thirty nights: 1% more instructions from the 20th on, one accepted change, hostile names."""
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
