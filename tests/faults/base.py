# SPDX-License-Identifier: GPL-2.0-only
"""Campaigns whose files are cut: really measured, once for all."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from runner import paths

_HOME = paths.RESULTS / "faults" / "base"
_EXPERIMENT = """\
format = 1
title = "what is cut"
base = "6.1:vanilla"
tiers = {tiers}
[guest]
ram_mib = {ram}
swap_mib = 384
vcpus = 1
{guest}
[workload]
ratio = 1.75
[rules]
host = "any"
self_check = false
pairs = 1
pswpout_floor = 1000
{more}
"""
_KINDS: dict[str, dict[str, str | int]] = {
    "locks": {"tiers": '["exact", "locks"]', "ram": 128, "guest": "count_locks = true",
              "more": ""},
    "tools": {"tiers": '["exact"]', "ram": 192, "guest": "",
              "more": '[instruments]\nfio = true\nperf = ["profile"]\n'}}


def campaign(kind: str) -> Path:
    """The folder of one of _KINDS; measured where it is not there."""
    home = _HOME / kind
    if not home.exists():
        fresh = _HOME / f"{kind}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        file = fresh / "x.toml"
        file.write_text(_EXPERIMENT.format(**_KINDS[kind]), "utf-8")
        done = subprocess.run([paths.ROOT / "swapscale", "run", file, "--results", fresh / "made"],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 3, done.stderr
        (made,) = (fresh / "made").iterdir()
        made.rename(home)
        shutil.rmtree(fresh)
    return home
