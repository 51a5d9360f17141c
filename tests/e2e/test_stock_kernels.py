# SPDX-License-Identifier: GPL-2.0-only
"""A kernel as Debian ships it swaps in our guest; tests/slow compares two of them."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.campaign.store import load_samples
from runner.errors import CannotMeasure
from runner.kernel import build
from runner.progress import Progress

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone


def test_every_page_comes_back(swapscale, experiment, tmp_path: Path) -> None:
    try:
        build.build("debian:6.1", "perf", Progress())
    except CannotMeasure as error:
        pytest.skip(str(error))
    # Each of the two threads alone fills RAM: a crowded host may run them one after the other.
    file = experiment(top='tiers = ["timed", "locks"]\nthreads = [2]', swap=512, ratio=2.0,
                      verify="true")
    file.write_text(file.read_text().replace("6.1:vanilla", "debian:6.1"))
    done = swapscale("run", file, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "debian:6.1 is built without LOCK_STAT" in done.stderr
    assert "build 6" not in done.stderr
    home = next(tmp_path.iterdir())
    sample, = load_samples(home / "samples.jsonl")
    assert sample.invalid == () and sample.cell.tier == "timed"
    check = json.loads((home / sample.evidence / "workload.json").read_text())["verification"]
    assert check["done"] and check["bad"] == 0 and check["pages"] > 0
    assert "/dev/pmem0" in (home / sample.evidence / "before.swaps").read_text()
