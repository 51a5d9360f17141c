# SPDX-License-Identifier: GPL-2.0-only
"""The door to swapsim: what it prints, what it refuses, and what is made of that."""
from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import paths
from runner.errors import CannotMeasure
from runner.model import swapsim as door

INPUT = """swapsim 2
ns-per-instruction 0.5[0.4..0.6]
reclaim 9400 exponential
lock swap_cache_tree acquisitions 2 hold 300 service exponential
workers 1 4
seeds 3
pages 8000
"""


def test_a_program_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    with pytest.raises(CannotMeasure, match="swapsim: cannot be run: No such file.*run 'make'"):
        door.run(INPUT)


def good(swapsim: Path) -> dict[str, Any]:
    text = INPUT.replace("8000", "10").replace("seeds 3", "seeds 1")
    done = subprocess.run([str(swapsim), "-"], input=text, text=True, capture_output=True,
                          check=True)
    data: dict[str, Any] = json.loads(done.stdout)
    return data


@pytest.mark.parametrize(("path", "value"), [
    (("tier",), "measured"), (("swapsim",), 1), (("swapsim",), True), (("page_s",), "1"),
    (("page_s",), -1.0), (("page_s",), 10**400),
    (("more",), 1), (("points",), {}), (("points", 0), []),
    (("points", 0, "workers"), 1.5), (("points", 0, "drawn_pages_per_s"), [True]),
    (("points", 0, "drawn_pages_per_s"), 1.0), (("points", 0, "pages_per_s", "mean"), None),
    (("points", 0, "locks", 0, "name"), 3), (("saturation_workers",), None),
])
def test_output_that_is_not_swapsims(swapsim: Path, path: tuple[str | int, ...],
                                     value: object) -> None:
    data: Any = good(swapsim)
    door.parse(json.dumps(data))
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(CannotMeasure, match="^swapsim's output: "):
        door.parse(json.dumps(data))


SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)


@given(st.text(max_size=20) | (SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(
    st.sampled_from(["swapsim", "tier", "points"]), SCALARS)).map(json.dumps))
def test_any_output_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(CannotMeasure) as caught:
        door.parse(text)
    assert "\n" not in str(caught.value)


def run_swapsim(swapsim: Path, *args: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(swapsim), *args], input=text, text=True, capture_output=True,
                          check=False)


def test_figures_of_a_run(swapsim: Path) -> None:
    found = door.run(INPUT)
    assert found.tier == "projected"
    assert found.page_s == pytest.approx(10000 * 0.5e-9)
    one, four = found.points
    assert (one.threads, four.threads) == (1, 4)
    assert one.pages_per_s.value == pytest.approx(1 / 5e-6, rel=0.02)
    assert one.mib_s == pytest.approx(one.pages_per_s.value / 256)
    # The range of an instruction's time is in the interval, and in every draw.
    assert one.pages_per_s.low < 0.95 * one.pages_per_s.value
    assert one.pages_per_s.high > 1.05 * one.pages_per_s.value
    assert len(one.drawn) == 3
    assert one.pages_per_s.low == min(one.drawn) and one.pages_per_s.high == max(one.drawn)
    assert one.locks[0].wait_share == 0.0 < four.locks[0].wait_share
    assert four.locks[0].name == found.saturating_lock == "swap_cache_tree"
    assert found.bound_pages_per_s == pytest.approx(1 / (600 * 0.5e-9))
    assert found.saturation_workers == pytest.approx(10000 / 600)
    assert (one.direct_share, one.saturating) == (1.0, None)


def test_the_same_seed_gives_the_same_and_another_does_not(swapsim: Path) -> None:
    assert door.run(INPUT) == door.run(INPUT) != door.run(INPUT + "seed 100\n")


def test_without_locks_nothing_saturates(swapsim: Path) -> None:
    found = door.run(re.sub("lock .*\n", "", INPUT))
    assert (found.saturating_lock, found.saturation_workers, found.bound_pages_per_s) == (
        None, None, None)
    assert (found.points[1].locks, found.points[1].saturating) == ((), None)


def test_table_says_projected(swapsim: Path, tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_text(INPUT, encoding="utf-8")
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
    file.write_text("swapsim 2\nworkers 0\n", encoding="utf-8")
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
    assert door.run(example[1] + "pages 1000\n").points[-1].saturating == "swap_device"
