# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of a claim's page."""
from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from madesamples import locked, timed
from test_claim import BATCHED, FAST, FILE, PAGEWISE, SLOW, THROUGHPUT, at

from runner.claim import assess, claimfile, claimpictures, touches
from runner.claim.claimfile import Claim
from runner.claim.claimverdict import Findings
from runner.plot import plots
from runner.records import Sample

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None,
                                   reason="gnuplot is not installed; setup/install bench adds it")
LATENCY = {"first_touch": {"count": 9, "p50": 1823, "p90": 1983, "p95": 2303, "p99": 4607,
                           "p99.9": 115711, "p99.99": 678206},
           "swap_in": {"count": 0, "p50": 0}}
SERIES = {"columns": ["t_ns", "pswpout", "pswpin"],
          "rows": [[0, 0, 0], [500000000, 0, 0], [1000000000, 25600, 0], [1500000000, 51200, 0]]}


def claim(tmp_path: Path) -> Claim:
    path = tmp_path / "made.toml"
    path.write_text(FILE.replace("[1, 16]", "[1, 4]") + "[[claim.cell]]\n"
                    + at(0.25, 0.1, THROUGHPUT) + "[[claim.cell]]\n"
                    + at(0.85, 0.2, THROUGHPUT, 4))
    return claimfile.load(path)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return assess.findings(claim(tmp_path_factory.mktemp("claim")),
                           [*timed(SLOW, FAST), *locked(PAGEWISE, BATCHED, threads=4)])


def texts(folder: Path, name: str) -> str:
    return (folder / "plots" / f"{name}.svg").read_text(encoding="utf-8")


@needs_gnuplot
def test_pictures(judged: Findings, tmp_path: Path) -> None:
    files, notes = claimpictures.draw(judged, tmp_path)
    assert notes == [] and [one.stem for one in files] == [
        "claim-effect-pmem", "claim-throughput-pmem", "claim-locks-pmem"]
    assert all(one.with_suffix(".png").is_file() for one in files)
    for said in ("emulated (measured)", "(claimed)", "test over base"):
        assert said in texts(tmp_path, "claim-effect-pmem"), said
        assert said in texts(tmp_path, "claim-throughput-pmem") or said == "test over base"
    assert "swap_cache_tree" in texts(tmp_path, "claim-locks-pmem")


def test_what_is_drawn(judged: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    files, notes = claimpictures.draw(judged, tmp_path)
    assert files == [] and notes == [plots.MISSING]
    rows = [line.split("\t") for line in
            (tmp_path / "plots/claim-effect-pmem.tsv").read_text().splitlines() if line]
    assert [row[1] for row in rows if row[0] == "x"] == [
        "here, emulated (measured)", "published 2016-05-03, with the tolerance (claimed)"]
    assert rows[-2:] == [["1", "1.25", "1.15", "1.35", "1"], ["4", "1.85", "1.65", "2.05", "4"]]


def recorded(tmp_path: Path, **changes: Any) -> list[Sample]:
    folder = tmp_path / "evidence/0001"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workload.json").write_text(json.dumps({
        "swapstorm": 1, "page_size": 4096, "latency_ns": LATENCY, "series": SERIES,
        "phases": {"fill": {"begin_ns": 500000000}, "steady": {"begin_ns": 1000000000},
                   "teardown": None}, **changes}))
    return [replace(one, evidence="evidence/0001") for one in timed([1.0], [1.0])]


def test_touches_of_a_sample(tmp_path: Path) -> None:
    samples = recorded(tmp_path)
    one = touches.of(samples, tmp_path, samples[0].cell.kernel, "pmem")
    assert one and list(one.latency) == ["first_touch"]
    points = one.latency["first_touch"]
    assert [point.tic for point in points] == ["50%", "90%", "95%", "99%", "99.9%", "99.99%"]
    assert points[0].y == 1.823 and points[-1].x == pytest.approx(10000)
    assert one.rate == ((0.0, 0.0), (0.5, 200.0), (1.0, 200.0))
    assert one.phases == ((0.0, "fill"), (0.5, "steady"))


@pytest.mark.parametrize("changes", [
    {"latency_ns": None, "series": None}, {"latency_ns": {"first_touch": {"count": "x"}}},
    {"series": {"columns": ["a"], "rows": []}},
    {"series": {"columns": ["t_ns", "pswpout"], "rows": [[1]]}},
    {"series": {"columns": ["t_ns", "pswpout"], "rows": [[1, -2]]}},
    {"series": {"columns": ["t_ns", "pswpout"], "rows": [[1, 1e300]]}}, {"phases": 3}])
def test_what_a_guest_did_not_record_or_made_up(tmp_path: Path, changes: dict[str, Any]) -> None:
    samples = recorded(tmp_path, **changes)
    assert touches.of(samples, tmp_path, samples[0].cell.kernel, "pmem") is None


@needs_gnuplot
def test_pictures_of_touches(judged: Findings, tmp_path: Path) -> None:
    files, _ = claimpictures.draw(replace(judged, samples=tuple(recorded(tmp_path))), tmp_path)
    names = [one.stem for one in files]
    assert "claim-latency-first_touch-pmem" in names and "claim-series-pmem" in names
    latency, series = (texts(tmp_path, name) for name in
                       ("claim-latency-first_touch-pmem", "claim-series-pmem"))
    assert "99.9%" in latency and "latency, µs" in latency
    assert "seconds" in series and "swapped out, MiB/s" in series and "steady" in series
