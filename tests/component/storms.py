# SPDX-License-Identifier: GPL-2.0-only
"""Runs of the built swapstorm."""
from __future__ import annotations

import resource
import subprocess
from pathlib import Path

import pytest

from runner import paths
from tests.component.commands import Result

PROGRAM = paths.BUILD / "swapstorm"
PAGE = resource.getpagesize()
PATTERNS = ("sequential", "strided", "random", "zipf", "hotcold", "mix", "readlater")
LINE = 64       # bytes between two threads' progress counters


def can_lock(mebibytes: int) -> bool:
    """Whether a process like ours may lock that much (CAP_IPC_LOCK: any amount)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    capabilities = int(status.split("CapEff:")[1].split()[0], 16)
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return bool(capabilities >> 14 & 1) or limit in (
        resource.RLIM_INFINITY, max(limit, mebibytes << 20))


def locks(mebibytes: int) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not can_lock(mebibytes), reason=(
        f"locks up to {mebibytes} MiB of memory: be root or raise the limit (ulimit -l)"))


def run(*arguments: str, fds: tuple[int, ...] = (), before: tuple[str, ...] = ()) -> Result:
    return subprocess.run([*before, str(PROGRAM), *arguments], pass_fds=fds, text=True,
                          capture_output=True, timeout=120, check=False)
