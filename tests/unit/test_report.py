# SPDX-License-Identifier: GPL-2.0-only
"""Every format against its golden file, and hostile text in each."""
from __future__ import annotations

import base64
import collections
import dataclasses
import hashlib
import html.parser
import json
import math
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from madesamples import (BASE, RULES, TEST, because, exact, locked, sample, throughput,
                         timed)

from runner import report
from runner.errors import CannotMeasure
from runner.judge.results import Comparison
from runner.judge.verdict import compare
from runner.plot import plots
from runner.records import Metric, Sample
from runner.report import campaignpage as page
from runner.report import pictures, text, view
from runner.report.markdown import escape
from tests import outline

GOLDEN = Path(__file__).resolve().parent.parent / "data/report"
VANILLA = {"swap_cache_tree": 2.0, "swap_cluster": 5.0, "swap_cgroup": 1.0, "swap_device": 0.0156,
           "page_table": 5.06, "mount_lock": 0.012, "other": 0.4}
EVIL = "<script>alert(1)</script>|`x`*_[a](http://evil)\x1b[31m\n# head\u202e"


def waiting(one: Sample) -> Sample:
    """With two call sites that wait."""
    sites = {f"contended.swap_cluster.{function}": Metric(value, "contentions/page", "", "x")
             for function, value in (("scan_swap_map_slots", 0.02), ("swapcache_free", 0.005))}
    return replace(one, metrics={**one.metrics, **sites})


def samples() -> list[Sample]:
    """Two devices, all tiers, one sample that does not count."""
    faster = {**VANILLA, "swap_cache_tree": 0.067}
    found = exact(9650.0, 9312.0) + [waiting(one) for one in locked(VANILLA, faster)]
    found += timed([100.0, 104.0, 98.0], [108.0, 101.0, 115.0])
    found += [replace(one, number=one.number + 200, evidence=f"evidence/{one.number + 200:04d}",
                      cell=replace(one.cell, device="brd")) for one in exact(9900.0, 9905.0)]
    return [*found, sample(TEST, "timed", throughput(1.0), 300, 9, outcome="kernel-oops",
                           invalid=because("kernel-oops: BUG: unable to handle page fault"))]


needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None,
                                   reason="gnuplot is not installed; setup/install bench adds it")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(samples(), RULES)


def golden(name: str, rendered: str) -> None:
    """SWAPSCALE_GOLDEN=write writes the files anew, to be looked at with git diff."""
    file = GOLDEN / name
    if os.environ.get("SWAPSCALE_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(rendered, encoding="utf-8")
    assert rendered == file.read_text(encoding="utf-8")


def test_view_against_its_golden_file(comparison: Comparison) -> None:
    """What every format shows."""
    golden("view.json", json.dumps(dataclasses.asdict(view.build(comparison)), indent=1,
                                   ensure_ascii=False) + "\n")


@pytest.mark.parametrize("form", sorted(set(report.FORMATS) - {"html"}))
def test_format_against_its_golden_file(form: str, comparison: Comparison) -> None:
    """Formats whose every byte programs and terminals get."""
    golden(report.FILES[form], report.FORMATS[form](comparison))


def test_page_says_what_it_has_to_however_it_looks(comparison: Comparison) -> None:
    seen = outline.Outline(page.render(comparison))
    golden("page.txt", "\n".join(seen.lines) + "\n")
    # Every link inside the page leads somewhere, to one place.
    assert len(set(seen.ids)) == len(seen.ids) and set(seen.targets) <= set(seen.ids)
    assert {"verdict", "effects", "locks", "cells", "rests"} <= set(seen.targets)
    # Each row can be filtered by everything there is a filter for; figures are sorted as numbers.
    assert {frozenset(one) for one in seen.rows} == {frozenset(
        f"data-{key}" for key in ("kernel", "device", "threads", "tier", "verdict"))}
    assert {one["data-tier"] for one in seen.rows} == {"exact", "timed", "locks"}
    assert len(seen.sorts) > 50 and all(math.isfinite(float(one)) for one in seen.sorts)


@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_rendering_is_deterministic(form: str, comparison: Comparison) -> None:
    again = compare(list(reversed(samples())), RULES)
    assert report.FORMATS[form](again) == report.FORMATS[form](comparison)


def test_text_says_what_the_user_asked(comparison: Comparison) -> None:
    shown = text.render(comparison)
    for said in ("Verdict: IMPROVED", f"{TEST} against {BASE} on pmem", "on brd",
                 "swap throughput, MiB/s (timed, emulated, 1 thread)", "instructions per page",
                 "swap_cache_tree is taken 0.067 times per page instead of 2.000",
                 "evidence/0000", "FINDING: ", "Samples that do not count", "sample 300",
                 "emulated (TCG): time here says nothing about real hardware"):
        assert said in shown, said
    assert "mount_lock" not in shown and "left out" in shown


def test_lock_classes_are_sorted_by_acquisitions(comparison: Comparison) -> None:
    table = next(one for section in view.build(comparison).sections for one in section.tables
                 if one.title.startswith("Locks"))
    assert [row[0] for row in table.rows] == ["page_table", "swap_cluster", "swap_cache_tree",
                                              "swap_cgroup", "swap_device"]


def test_call_sites_that_wait_are_shown_busiest_first(comparison: Comparison) -> None:
    table = next(one for section in view.build(comparison).sections for one in section.tables
                 if one.title.startswith("Call sites"))
    assert table.rows == (("swap_cluster in scan_swap_map_slots", "0.020", "0.020"),
                          ("swap_cluster in swapcache_free", "0.005", "0.005"))


def test_throughput_on_kvm_is_not_called_emulated() -> None:
    kvm = [replace(one, accelerator="kvm") for one in timed([100.0], [101.0])]
    assert "emulated" not in text.render(compare(kvm, RULES))


def hostile() -> Comparison:
    """A guest's and a user's text wherever one can reach."""
    found = locked({**VANILLA, "x\x1b[31m|<b>": 1.0}, {**VANILLA, "x\x1b[31m|<b>": 3.0})
    found = [replace(one, evidence=EVIL, cell=replace(
        one.cell, kernel=one.cell.kernel if one.cell.kernel == BASE else EVIL)) for one in found]
    found.append(sample(EVIL, "exact", {}, 50, outcome="kernel-oops", invalid=because(EVIL)))
    return compare(found, RULES)


def test_hostile_text_on_a_terminal() -> None:
    shown = text.render(hostile())
    assert all(char == "\n" or char.isprintable() for char in shown)
    assert not any(line.startswith("# head") for line in shown.splitlines())


class Tags(html.parser.HTMLParser):
    """Counts all tags and collects the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.count: collections.Counter[str] = collections.Counter()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] += 1

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_text_in_html() -> None:
    seen = Tags()
    seen.feed(page.render(hostile()))
    assert seen.count["script"] == 1, "the page's own"
    assert not {"b", "img"} & set(seen.count)
    assert "<script>alert(1)</script>" in seen.text, "shown as text"


def test_html_runs_nothing_but_its_own(comparison: Comparison) -> None:
    """The policy names the digests of the page's script and style, and allows nothing else."""
    shown = page.render(comparison)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', shown)
    assert policy
    for tag in ("script", "style"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", shown, re.DOTALL)
        assert inside
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1] and "unsafe" not in policy[1]


def test_hostile_text_in_markdown() -> None:
    shown = report.FORMATS["markdown"](hostile())
    assert "<script>" not in shown and "\x1b" not in shown
    assert not re.search(r"(?<!\\)\]\(http", shown)
    for line in shown.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 7, 12), line


def test_markdown_escapes_all_markup() -> None:
    assert escape("a|b*c_d[e]`f`<g>#h") == r"a\|b\*c\_d\[e\]\`f\`&lt;g&gt;\#h"


def test_hostile_text_in_json() -> None:
    shown = report.FORMATS["json"](hostile())
    assert shown.isascii() and "\x1b" not in shown
    assert json.loads(shown)["tests"] == [EVIL]


def test_json_is_what_was_compared(comparison: Comparison) -> None:
    document = json.loads(report.FORMATS["json"](comparison))
    assert document["swapscale-comparison"] == 1
    assert (document["verdict"], document["exit"]) == ("improved", 0)
    cell = document["cells"][0]
    assert (cell["tier"], cell["device"], cell["verdict"]) == ("exact", "pmem", "improved")
    assert cell["metrics"][0]["name"] == "instructions_per_page"
    assert (cell["metrics"][0]["base"], cell["metrics"][0]["test"]) == (9650.0, 9312.0)


@needs_gnuplot
def test_html_shows_plots(tmp_path: Path, comparison: Comparison) -> None:
    drawn, _ = pictures.draw(comparison, tmp_path, samples())
    assert {one.kind for one in drawn} == {"effects", "locks"}
    shown = page.render(comparison, None, drawn)
    for word in ("wide", "narrow"):
        assert shown.count(f'<svg class="{word}"') == len(drawn)


@needs_gnuplot
def test_throughput_over_threads_is_measured_over_what_counts(tmp_path: Path,
                                                              comparison: Comparison) -> None:
    found = samples()
    found += [replace(one, cell=replace(one.cell, threads=4)) for one in found
              if one.cell.tier == "timed" and not one.invalid]
    drawn, _ = pictures.draw(comparison, tmp_path, found)
    assert [one.title for one in drawn if one.kind == "throughput"] == [
        f"Throughput over threads on pmem: {TEST} against {BASE}"]
    table = (tmp_path / "plots/0-pmem-measured.tsv").read_text("utf-8")
    assert table.count("\t98\t104\t") == 2, "least and most of the base's three boots"
    assert table.count("\t101\t115\t") == 2, "the boot that ended in an oops is not in it"


def test_page_of_a_kernel_that_is_compared_with_nothing() -> None:
    spans = {name: Metric(0.5, "s", "", "workload.json") for name in ("fill_s", "steady_s")}
    spans["profile_samples"] = Metric(9.0, "samples", "", "x")
    shown = page.render(compare([sample(BASE, "timed", {**throughput(77.5), **spans})], RULES))
    assert f"1 boot of {BASE} on tcg, 2 vCPUs" in shown
    assert f"<dt>base</dt><dd>{BASE}</dd>" in shown and "<dt>test</dt><dd>none</dd>" in shown
    assert "<td>fill, s</td>" in shown and "<td>steady phase, s</td>" in shown
    assert "<td>profile samples</td>" in shown


@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_nothing_compared_can_be_shown(form: str) -> None:
    assert "no cell to compare" in report.FORMATS[form](compare([], RULES))


def test_write_all(tmp_path: Path, comparison: Comparison) -> None:
    report.write_all(comparison, tmp_path)
    for form in ("text", "markdown", "json"):
        assert (tmp_path / report.FILES[form]).read_text(encoding="utf-8") \
            == report.FORMATS[form](comparison)
    assert "<svg" in (tmp_path / "report.html").read_text("utf-8")
    with pytest.raises(CannotMeasure, match="cannot be written"):
        report.write_all(comparison, tmp_path / "missing")


def test_write_all_without_gnuplot(tmp_path: Path, comparison: Comparison,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert plots.MISSING in report.write_all(comparison, tmp_path)
    assert "<svg" not in (tmp_path / "report.html").read_text("utf-8")
