# SPDX-License-Identifier: GPL-2.0-only
"""The C programs of this checkout: the agent and the workloads."""
from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from runner import paths
from runner.errors import CannotMeasure, printable
from runner.judge import tier
from runner.progress import Progress
from runner.vm import initramfs, toollayer


def _make(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    # A make above us must not lend us its job server or flags.
    env = {key: value for key, value in os.environ.items()
           if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(["make", "-s", "-C", str(root), "all", *options], env=env,
                          capture_output=True, text=True, check=False)


def built(root: Path = paths.ROOT) -> bool:
    """Whether a checkout's build/ is up to date; a stat of each source."""
    return _make(root, "-q").returncode == 0


def build(progress: Progress) -> None:
    """Bring build/ up to date."""
    if built():
        return
    with progress.step("building the guest's C programs", 10.0):
        done = _make(paths.ROOT)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or [done.stderr]
        raise CannotMeasure(f"make all: {printable(lines[0])}; run 'make' to see it whole")


def digest(tiers: Iterable[str], tools: Iterable[str] = (), load: str = "swapstorm") -> str:
    """SHA-256 of the programs these tiers run, with `tools`: exact figures repeat only with them.

    Measured: a rebuilt generator of another size moves the end of the
    initramfs and with it the guest's MemTotal.
    """
    workloads = sorted({tier.find(name).program(load) for name in tiers})
    layers = b"".join(initramfs.base_layer(paths.BUILD / "agent", paths.BUILD / workload)
                      for workload in workloads)
    return hashlib.sha256(layers + toollayer.layer(tools)).hexdigest()
