# SPDX-License-Identifier: GPL-2.0-only
"""Nights made for tests: campaign folders as 'swapscale nightly' leaves them."""
from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.campaign.store import to_line
from runner.nightly import nightfile
from runner.nightly.nightfile import NightRecord
from runner.records import Cell, Metric, Sample
from tests.unit import madesamples

TRACK = "git:/src/linux@mm-new:vanilla"
FIRST = datetime.datetime(2026, 1, 1, 2, 0, tzinfo=datetime.UTC)
EXPERIMENT = """\
format = 1
title = "made nights"
base = "6.1:vanilla"
tiers = ["exact", "timed", "locks"]
[guest]
ram_mib = 256
swap_mib = 512
[rules]
pairs = 5
"""


def commit(night: int) -> str:
    return f"{night + 1:040x}"


def samples(night: int, figures: dict[str, dict[str, float]], boots: int = 1) -> list[Sample]:
    """Boots of one night; `figures`: tier -> metric -> value."""
    kernel = f"git:/src/linux@{commit(night)}:vanilla"
    made = []
    for tier, metrics in figures.items():
        units = {name: ("instructions/page", "lower") if tier == "exact" else
                 ("MiB/s", "higher") if tier == "timed" else ("acquisitions/page", "lower")
                 for name in metrics}
        for repeat in range(boots):
            one = madesamples.sample(
                kernel, tier, {name: Metric(value, *units[name], "workload.json")
                               for name, value in metrics.items()}, len(made), repeat)
            made.append(replace(one, cell=Cell(kernel, "pmem", 1, "swapstorm", tier),
                                started=date(night),
                                host={**madesamples.HOST, "programs": "abc", "machine": "def"}))
    return made


def date(night: int) -> str:
    return (FIRST + datetime.timedelta(days=night)).isoformat()


def write(results: Path, night: int, figures: dict[str, dict[str, float]], boots: int = 1,
          verdict: str = "equivalent", **changes: Any) -> Path:
    """One night's campaign folder; `changes` are of its night.json."""
    folder = results / f"nightly-{date(night)[:10]}"
    folder.mkdir(parents=True)
    kernel = f"git:/src/linux@{commit(night)}:vanilla"
    images = [{"kernel": kernel, "flavour": flavour, "key": f"key {night} {flavour}",
               "release": "6.99.0", "image_sha256": "0", "config": "c"}
              for flavour in ("perf", "lockstat")]
    (folder / "campaign.json").write_text(json.dumps(
        {"format": 1, "experiment": "made", "kernels": [kernel], "base": "", "images": images}))
    (folder / "experiment.toml").write_text(EXPERIMENT)
    (folder / "samples.jsonl").write_text(
        "".join(to_line(one) + "\n" for one in samples(night, figures, boots)))
    record = NightRecord(TRACK, kernel, commit(night), commit(night), kernel, "", "",
                         date(night), verdict, "made", 0, True)
    nightfile.write(folder, replace(record, **changes))
    return folder
