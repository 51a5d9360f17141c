# SPDX-License-Identifier: GPL-2.0-only
"""From metrics to swapsim's input, and from its output to a projection."""
from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import model, paths
from runner.errors import CannotMeasure, UsageError
from runner.records import Metric

SETTINGS = model.Settings(ns_per_instruction=0.5, guest_ns_per_instruction=2.0,
                          workers=(1, 4), pages=2000, seeds=3)


def metrics(**values: float) -> dict[str, Metric]:
    """Keyword names with '__' for a dot."""
    return {name.replace("__", "."): Metric(value, "", "", "test")
            for name, value in values.items()}


def page(**more: float) -> dict[str, Metric]:
    values = {"instructions_per_page": 10000.0,
              "locks__swap_cache_tree__acquisitions_per_page": 2.0,
              "locks__swap_cache_tree__hold_us_per_page": 1.2,
              "locks__page_table__acquisitions_per_page": 3.0,
              "locks__page_table__hold_us_per_page": 5.0}
    return metrics(**{**values, **more})


@pytest.fixture(scope="session")
def swapsim() -> Path:
    """Built as make builds it, so that no stale program is tested."""
    subprocess.run(["make", "-s", "-C", str(paths.ROOT), "build/swapsim"], check=True)
    return paths.BUILD / "swapsim"


def test_input_in_instructions() -> None:
    # 1.2 us at 2 ns each are 600 instructions, 300 for each of 2 acquisitions;
    # page_table is no shared lock, so its hold stays in the private work.
    assert model.scenario(page(), SETTINGS).splitlines() == [
        "swapsim 1", "ns-per-instruction 0.5", "private 9400 exponential",
        "lock swap_cache_tree acquisitions 2 hold 300 service exponential instances 1",
        "hand-over-ns 0", "workers 1 4", "seed 1", "seeds 3", "pages 2000"]


def test_a_lock_never_taken_is_left_out() -> None:
    text = model.scenario(page(locks__swap_cache_tree__acquisitions_per_page=0.0), SETTINGS)
    assert "lock" not in text and "private 10000 " in text


def test_projection_of_one_worker_is_the_page(swapsim: Path) -> None:
    found = model.project(page(), SETTINGS)
    assert found.tier == "projected"
    assert found.page_s == pytest.approx(10000 * 0.5e-9)
    one, four = found.points
    assert (one.workers, four.workers) == (1, 4)
    assert one.pages_per_s.mean == pytest.approx(1 / 5e-6, rel=0.02)
    assert one.pages_per_s.low <= one.pages_per_s.mean <= one.pages_per_s.high
    assert one.mib_s == pytest.approx(one.pages_per_s.mean / 256)
    assert one.locks[0].wait_share == 0.0 < four.locks[0].wait_share
    assert four.locks[0].name == found.saturating_lock == "swap_cache_tree"
    assert found.bound_pages_per_s == pytest.approx(1 / (600 * 0.5e-9))
    assert found.saturation_workers == pytest.approx(10000 / 600)
    assert four.bound_pages_per_s == pytest.approx(4 / 5e-6)


def test_a_seed_repeats_and_another_differs(swapsim: Path) -> None:
    other = dataclasses.replace(SETTINGS, seed=100)
    assert model.project(page(), SETTINGS) == model.project(page(), SETTINGS)
    assert model.project(page(), SETTINGS) != model.project(page(), other)


def test_without_shared_locks_nothing_saturates(swapsim: Path) -> None:
    found = model.project(metrics(instructions_per_page=10000.0), SETTINGS)
    assert (found.saturating_lock, found.saturation_workers, found.bound_pages_per_s) == (
        None, None, None)
    assert found.points[1].locks == ()


@pytest.mark.parametrize(("given_metrics", "line"), [
    (metrics(), "no metric instructions_per_page"),
    (metrics(instructions_per_page=float("nan")), "instructions_per_page: nan is not"),
    (metrics(instructions_per_page=0.0), "instructions_per_page: 0 is not a number from 1 up"),
    (page(locks__swap_cache_tree__hold_us_per_page=-1.0), "hold_us_per_page: -1 is not"),
    (page(locks__swap_cache_tree__hold_us_per_page=25.0),
     "held for 12500 instructions of a page's 10000"),
    (metrics(instructions_per_page=1e4, locks__lru__acquisitions_per_page=1.0),
     "no metric locks.lru.hold_us_per_page"),
])
def test_metrics_that_cannot_be(given_metrics: dict[str, Metric], line: str) -> None:
    with pytest.raises(CannotMeasure, match=re.escape(line)):
        model.scenario(given_metrics, SETTINGS)


@pytest.mark.parametrize(("change", "line"), [
    ({"guest_ns_per_instruction": 0.0}, "ns per instruction must be a number above 0"),
    ({"guest_ns_per_instruction": float("inf")}, "ns per instruction must be a number above 0"),
    ({"shared_locks": {"a b\nseed 5": 1}}, r"'a b\\nseed 5' is not a lock class"),
    ({"ns_per_instruction": 0.0}, "standard input:2: ns-per-instruction: 0 is not in"),
    ({"workers": (4, 1)}, "standard input:6: workers: 1: must ascend"),
    ({"service": "normal"}, "standard input:3: service: 'normal' is not exponential or"),
])
def test_settings_that_cannot_be(swapsim: Path, change: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=re.escape(line)):
        model.project(page(), dataclasses.replace(SETTINGS, **change))


def test_a_program_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    with pytest.raises(CannotMeasure, match="swapsim: cannot be run: No such file.*run 'make'"):
        model.project(page(), SETTINGS)


def test_ns_per_instruction_of_a_guest() -> None:
    # 100 MiB/s are 25600 pages/s, 39.06 us a page.
    assert model.ns_per_instruction(100.0, 10000.0) == pytest.approx(3.90625)
    with pytest.raises(CannotMeasure, match="must be above 0"):
        model.ns_per_instruction(0.0, 10000.0)


def good(swapsim: Path) -> dict[str, Any]:
    text = model.scenario(page(), dataclasses.replace(SETTINGS, pages=10, seeds=1))
    done = subprocess.run([str(swapsim), "-"], input=text, text=True, capture_output=True,
                          check=True)
    data: dict[str, Any] = json.loads(done.stdout)
    return data


@pytest.mark.parametrize(("path", "value"), [
    (("tier",), "measured"), (("swapsim",), 2), (("swapsim",), True), (("page_s",), "1"),
    (("page_s",), -1.0), (("page_s",), 10**400),
    (("more",), 1), (("points",), {}), (("points", 0), []),
    (("points", 0, "workers"), 1.5), (("points", 0, "pages_per_s", "mean"), None),
    (("points", 0, "locks", 0, "name"), 3), (("saturation_workers",), None),
])
def test_output_that_is_not_swapsims(swapsim: Path, path: tuple[str | int, ...],
                                     value: object) -> None:
    data: Any = good(swapsim)
    model.parse(json.dumps(data))
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(CannotMeasure, match="^swapsim's output: "):
        model.parse(json.dumps(data))


SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)


@given(st.text(max_size=20) | (SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(
    st.sampled_from(["swapsim", "tier", "points"]), SCALARS)).map(json.dumps))
def test_any_output_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(CannotMeasure) as caught:
        model.parse(text)
    assert "\n" not in str(caught.value)


def run_swapsim(swapsim: Path, *args: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(swapsim), *args], input=text, text=True, capture_output=True,
                          check=False)


def test_table_says_projected(swapsim: Path, tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_text(model.scenario(page(), SETTINGS), encoding="utf-8")
    done = run_swapsim(swapsim, "--table", str(file))
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("projected by swapsim, not measured (3 seeds from 1)\n")
    assert "saturates first: swap_cache_tree, at 16.7 workers" in done.stdout
    assert re.search(r"^ {6}4 +\d+ +\d+ +\d+ +800000  swap_cache_tree: ", done.stdout, re.M)


@pytest.mark.parametrize("args", [(), ("--table",), ("--tabel", "x"), ("a", "b"), ("-x",), ("",),
                                  ("--benchmark", "x")])
def test_usage(swapsim: Path, args: tuple[str, ...]) -> None:
    done = run_swapsim(swapsim, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("swapsim: takes [--table] FILE, or --benchmark; "
                           "see 'swapsim --help'\n")


def test_input_error_names_file_and_line(swapsim: Path, tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_text("swapsim 1\nworkers 0\n", encoding="utf-8")
    done = run_swapsim(swapsim, str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"swapsim: {file}:2: workers: 0 is not in 1..1024\n"


def test_output_that_cannot_be_written(swapsim: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([str(swapsim), "--help"], stdout=full, stderr=subprocess.PIPE,
                              text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == "swapsim: cannot write: No space left on device\n"


def test_the_manuals_example_runs(swapsim: Path) -> None:
    manual = (paths.ROOT / "docs/man/swapsim.1").read_text(encoding="utf-8")
    example = re.search(r"\.Bd -literal\n(.*?)\.Ed", manual, re.S)
    assert example
    assert model.run(example[1] + "pages 100\n").saturating_lock == "swap_device"
