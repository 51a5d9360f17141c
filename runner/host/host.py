# SPDX-License-Identifier: GPL-2.0-only
"""The machine the samples run on: what it is, how busy it is."""
from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
from pathlib import Path

from runner.errors import CannotMeasure
from runner.vm import qemu

QEMU = "qemu-system-x86_64"


def read(path: str) -> str:
    """A small file of the host's, '' where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@functools.cache
def qemu_version() -> str:
    """'7.2.22', or '' where QEMU is not installed."""
    try:
        match = re.search(r"version (\d+(?:\.\d+)+)", qemu.version(QEMU))
    except CannotMeasure:
        return ""
    return match[1] if match else ""


def cores() -> int:
    """CPUs this process may run on."""
    return len(os.sched_getaffinity(0))


def pressure(what: str) -> str:
    """PSI 'some avg10' of cpu, memory or io, in percent; '' without PSI."""
    match = re.search(r"some avg10=([\d.]+)", read(f"/proc/pressure/{what}"))
    return match[1] if match else ""


@functools.cache
def _steady() -> dict[str, str]:
    model = re.search(r"^model name\s*: (.+)$", read("/proc/cpuinfo"), re.MULTILINE)
    # A hash: results travel, the id of a user's machine need not.
    identity = hashlib.sha256(("swapscale " + read("/etc/machine-id")).encode()).hexdigest()
    return {"id": identity[:12], "cpu": model[1] if model else platform.machine(),
            "cores": str(cores()), "kernel": platform.release(), "qemu": qemu_version()}


def describe() -> dict[str, str]:
    """What a sample records of its host: identity, hardware, load as it starts."""
    return {**_steady(), "load1": f"{os.getloadavg()[0]:.2f}",
            "psi_cpu": pressure("cpu"), "psi_memory": pressure("memory"), "psi_io": pressure("io")}
