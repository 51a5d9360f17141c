# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that writes one wrong page in tens of thousands: verification names it."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from runner import paths
from runner.evidence import load_samples
from runner.validity import DATA_LOSS

FAULTY = f"6.1:{paths.ROOT}/tests/series/swap-corruption"

EXPERIMENT = """\
format = 1
title = "end-to-end test"
base = "{kernel}"
tiers = ["timed"]
threads = [2]
[guest]
ram_mib = 128
swap_mib = 192
cmdline = ["swapscale_corrupt={fault}"]
[workload]
ratio = 1.5
passes = {passes}
verify = true
[rules]
pairs = 1
pswpout_floor = 1000
"""


@pytest.mark.parametrize("fault, passes, kind, offset", [
    ("flip", 1, "corrupt", 2113),
    # Generations differ first in the stamp's third word.
    ("stale", 2, "stale", 16),
])
def test_one_wrong_page_is_found(swapscale, tmp_path: Path, fault: str, passes: int, kind: str,
                                 offset: int) -> None:
    file = tmp_path / "corruption.toml"
    file.write_text(EXPERIMENT.format(kernel=FAULTY, fault=fault, passes=passes),
                    encoding="utf-8")
    done = swapscale("run", file, "--results", tmp_path)
    assert done.returncode in (1, 4), done.stdout + done.stderr
    sample, = load_samples(next(tmp_path.glob("*/samples.jsonl")))
    reason, = [one for one in sample.invalid if one.startswith(DATA_LOSS)]
    assert re.search(rf": 1 of \d+ pages .*; first: thread [01] page \d+ offset {offset} {kind}$",
                     reason), reason
    assert " ".join(reason.split()) in " ".join((done.stdout + done.stderr).split())
    folder = next(tmp_path.glob("*/samples.jsonl")).parent / sample.evidence
    check = json.loads((folder / "workload.json").read_text())["verification"]
    bad, = check["first_bad"]
    assert check["pages"] > 10000
    if fault == "flip":
        assert bad["wrong_bits"] == 1
    else:
        assert bad["found"].endswith("generation 1") and bad["expected"].endswith("generation 2")
