# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that moves, an experiment for its nights, and thirty made nights before them."""
from __future__ import annotations

import random
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from runner import paths
from runner.campaign.store import load_samples, to_line
from runner.nightly import nightfile
from runner.records import Metric

EXPERIMENT = """\
format = 1
base = "6.1:vanilla"
tiers = ["exact"]
[guest]
ram_mib = 256
swap_mib = 512
cmdline = ["swapscale_fault=shout"]
[workload]
ratio = 2.0
verify = false
[rules]
layouts = 1
pswpout_floor = 1000
[rules.thresholds]
instructions_per_page = 0.009
"""
PAGE, SPEED = "instructions_per_page", "throughput_mib_s"
#: The night from which made figures are worse: 1% more instructions, 10% less throughput.
COSTLIER, SLOWER = 12, 18
#: A folder that holds the patches of the kernel that moves; its name is in every page.
MOVING = "moving <img src=x onerror=window.pwned=1>"


def push(home: Path, *series: str) -> None:
    """What the developer pushed today: patches of the tests' series, under the name that moves."""
    shutil.rmtree(home / MOVING, ignore_errors=True)
    (home / MOVING).mkdir()
    patches = [one for name in series
               for one in sorted((paths.ROOT / "tests/series" / name).glob("*.patch"))]
    for one in patches:
        shutil.copy(one, home / MOVING)
    (home / MOVING / "series").write_text("".join(f"{one.name}\n" for one in patches))


def into_the_past(real: Path, results: Path) -> None:
    """Thirty nights before a real one: its keys, made figures."""
    one = min(load_samples(real / "samples.jsonl"), key=lambda each: each.number)
    night, draw = nightfile.read(real), random.Random(1)
    assert night
    for number in range(30):
        folder = results / f"made-{number:02d}"
        folder.mkdir()
        for name in ("campaign.json", "experiment.toml"):
            shutil.copyfile(real / name, folder / name)
        started = (datetime.fromisoformat(night.started) - timedelta(days=30 - number)).isoformat()
        count = one.metrics[PAGE].value / (1.01 if number < COSTLIER else 1.0)
        made = [replace(one, started=started, metrics={
            PAGE: replace(one.metrics[PAGE], value=count)})]
        # One device's times step down, the other's only scatter: 2% either way.
        for device, level in (("pmem", 100.0 if number < SLOWER else 90.0), ("brd", 100.0)):
            speed = Metric(level * (1 + draw.gauss(0, 0.02)), "MiB/s", "higher", "workload.json")
            made.append(replace(one, number=len(made), started=started, accelerator="tcg",
                                cell=replace(one.cell, device=device, tier="timed"),
                                metrics={SPEED: speed}))
        (folder / "samples.jsonl").write_text("".join(to_line(each) + "\n" for each in made))
        nightfile.write(folder, replace(night, started=started, verdict="equivalent", good=True,
                                        exit=0))
