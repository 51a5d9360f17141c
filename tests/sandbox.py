# SPDX-License-Identifier: GPL-2.0-only
"""A fresh checkout with short experiments, in which what the documentation says is typed."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import ROOT

#: What a clone does not have, or nobody types a command of.
_LEFT_OUT = shutil.ignore_patterns(".git", "__pycache__", "tests", "20*", "*-20*-*")

_LOAD = """\
format = 1
title = "a short load"
base = "6.1:vanilla"
test = ["6.1:batch-add"]
tiers = {tiers}
[guest]
ram_mib = 256
swap_mib = 320
vcpus = 2
count_locks = true
[workload]
ratio = 1.25
[rules]
pswpout_floor = 1000
"""
#: Of one thread and a lock, in the base and test of _LOAD.
CLAIM = """\
[claim]
statement = "a short claim"
[claim.source]
title = "a test"
date = "2026-01-01"
[[claim.cell]]
threads = 1
metric = "locks.swap_cache_tree.acquisitions_per_page"
effect = -0.48
tolerance = 0.03
tiers = ["locks"]
"""


def shell(page: Path) -> list[str]:
    """The commands of a page's fenced blocks; a block of a language holds none."""
    blocks = re.findall(r"^```(\S*)\n(.*?)^```$", page.read_text(encoding="utf-8"),
                        re.MULTILINE | re.DOTALL)
    return [line for language, text in blocks if not language
            for line in text.splitlines() if line.strip()]


class Sandbox:
    """The checkout of a user who has just cloned it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "swapscale"
        shutil.copytree(ROOT, self.folder, symlinks=True, ignore=_LEFT_OUT)
        configs = self.folder / "configs"
        (configs / "nightly-load.toml").write_text(_LOAD.format(tiers='["exact"]'))
        (configs / "claims/chen-2016.toml").write_text(
            _LOAD.format(tiers='["exact", "locks"]') + CLAIM)

    def campaigns(self) -> list[Path]:
        """Oldest first."""
        return sorted((one.parent for one in (self.folder / "results").glob("*/campaign.json")),
                      key=lambda one: one.stat().st_ctime)

    def type(self, line: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and output of a line of shell; CAMPAIGN is the newest one."""
        if "results/CAMPAIGN" in line:
            line = line.replace("CAMPAIGN", self.campaigns()[-1].name)
        done = subprocess.run(["sh", "-e", "-c", line], cwd=self.folder, text=True, timeout=1800,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, **(env or {})})
        return done.returncode, done.stdout
