# SPDX-License-Identifier: GPL-2.0-only
"""Latency and time series of swapstorm's documents, in the page's tables and pictures."""
from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from madesamples import TEST, because, exact

from runner.errors import CannotMeasure
from runner.plot import lines
from runner.plot.lines import Line
from runner.report import extras, workloadfile

QUANTILES = {"p50": 800, "p90": 1600, "p95": 1700, "p99": 30000, "p99.9": 400000,
             "p99.99": 5000000, "max": 7000001}
DOCUMENT = {
    "swapstorm": 1, "page_size": 4096,
    "latency_ns": {"first_touch": {"count": 1000, "mean": 1500, **QUANTILES},
                   "resident": {"count": 0, "mean": 0, **dict.fromkeys(QUANTILES, 0)},
                   "swap_in": {"count": 10, "mean": 90000, **QUANTILES}},
    "series": {"interval_ns": 1000000000,
               "columns": ["t_ns", "pswpout", "pswpin", "allocstall", "free_pages",
                           "pages_by_thread"],
               "rows": [[5000000000, 0, 0, 0, 9000, [0, 0]], [6000000000, 2560, 0, 1, 100, [9, 9]],
                        [8000000000, 7680, 256, 2, 100, [20, 19]]]}}

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None,
                                   reason="gnuplot is not installed; setup/install bench adds it")


def kept(folder: Path, document: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workload.json").write_text(json.dumps(document))
    return folder


def test_reads_what_swapstorm_writes(tmp_path: Path) -> None:
    found = workloadfile.read(kept(tmp_path, DOCUMENT))
    assert list(found.latency) == ["first_touch", "swap_in"], "a kind that never was is left out"
    assert found.latency["swap_in"].quantiles["p99.9"] == 400000
    assert [one.pswpout for one in found.series] == [0, 2560, 7680]


@pytest.mark.parametrize("change", [
    {"latency_ns": None, "series": None}, {"latency_ns": [], "series": 3},
    {"latency_ns": {"first_touch": {"count": -1}}, "series": {"columns": [], "rows": []}},
    {"latency_ns": {"first_touch": {"count": 1e9}}, "series": {"columns": 1}},
    {"latency_ns": {}, "series": {**DOCUMENT["series"], "rows": [[2, 1, 0], [1, 1, 0]]}}])
def test_what_is_malformed_is_left_out(tmp_path: Path, change: dict[str, Any]) -> None:
    found = workloadfile.read(kept(tmp_path, {**DOCUMENT, **change}))
    assert found.latency == {} and found.series == ()


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
                        st.sampled_from(["first_touch", "count", "columns", "rows", "t_ns", "p50"]),
                        inner, max_size=4), max_leaves=12)


@given(JSON, JSON)
def test_any_document_is_survived(tmp_path_factory: pytest.TempPathFactory, latency: Any,
                                  series: Any) -> None:
    folder = kept(tmp_path_factory.getbasetemp() / "any",
                  {**DOCUMENT, "latency_ns": latency, "series": series})
    assert workloadfile.read(folder).page_size == 4096
    assert workloadfile.read(kept(folder, latency)).latency == {}


@pytest.fixture
def found(tmp_path: Path) -> extras.Extras:
    samples = exact(1.0, 2.0)
    for one in samples:
        kept(tmp_path / one.evidence, DOCUMENT)
    samples.append(replace(samples[0], invalid=because("kernel-oops")))
    return extras.gather(samples, tmp_path)


def test_table_has_every_boot_and_kind(found: extras.Extras) -> None:
    assert len(found) == 3, "a boot that does not count is not shown"
    grid = extras.table(found, {})
    assert grid and [row.values[5].text for row in grid.rows] == ["first touch", "swap in"] * 3
    assert [one.text for one in grid.rows[0].values[6:10]] == ["1,000", "1.500", "0.800", "1.600"]
    assert extras.table([], {}) is None


@needs_gnuplot
def test_pictures(found: extras.Extras, tmp_path: Path) -> None:
    latency, course = extras.draw(found, tmp_path)
    assert (latency.kind, course.kind) == ("latency", "course")
    for said in (f"{TEST}, swap in", "p99.99", "latency, µs"):
        assert said in latency.drawn.wide, said
    assert "swapped out" in course.drawn.narrow and course.caption == "Of sample 0 and 2."
    rows = [line.split("\t") for line in
            (tmp_path / "plots/course-0.tsv").read_text("utf-8").splitlines()]
    assert rows[1][:2] == ["1", "10"] and rows[2][:2] == ["3", "10"], "2560 pages in 1 s: 10 MiB/s"


def test_nothing_and_no_number(tmp_path: Path) -> None:
    assert extras.draw([], tmp_path) == []
    assert lines.over_time([Line("x", ())], tmp_path / "x", "t").files == ()
    with pytest.raises(CannotMeasure, match="number"):
        lines.over_time([Line("x", ((0, float("nan"), ""),))], tmp_path / "x", "t")
