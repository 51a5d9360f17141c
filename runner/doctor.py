# SPDX-License-Identifier: GPL-2.0-only
"""What this machine has, what it lacks, what each lack costs and what mends it."""
from __future__ import annotations

import glob
import importlib.util
import platform
import shutil
from dataclasses import asdict, dataclass

from runner import host, hostmemory, paths
from runner.errors import CannotMeasure, UsageError
from runner.kernel import build, debsource, definitions
from runner.progress import Progress
from runner.vm import accel, newqemu

PACKAGES = paths.ROOT / "setup" / "packages.txt"

#: Measured: one source tree (1.5 GiB) and two flavours' objects (0.4 GiB),
#: and as much again for a second source.
DISK_WANTED = 4 << 30
#: Two exact guests side by side and a kernel build beside them.
RAM_WANTED = 3 << 30


@dataclass(frozen=True)
class Package:
    group: str                # 'bench' or 'test'
    name: str
    probe: str
    cost: str


@dataclass(frozen=True)
class Finding:
    what: str
    state: str                # 'ok', 'missing' or 'note'
    detail: str
    mend: str                 # a command, or ''


def packages() -> list[Package]:
    """The list that setup/install installs."""
    found = []
    for number, line in enumerate(PACKAGES.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(None, 3)
        if len(parts) != 4:
            raise UsageError(f"{PACKAGES}:{number}: wants four columns: group, package, probe, "
                             "cost")
        found.append(Package(*parts))
    return found


def present(probe: str) -> bool:
    """Whether what `probe` names (see setup/packages.txt) is on this machine."""
    kind, _, name = probe.partition(":")
    if kind == "cmd":
        return shutil.which(name) is not None
    if kind == "py":
        return importlib.util.find_spec(name) is not None
    if kind == "source":
        return debsource.version(definitions.load()[name]) != ""
    return bool(glob.glob(name))


def _tools() -> list[Finding]:
    found = []
    for package in packages():
        if present(package.probe):
            found.append(Finding(package.name, "ok", "", ""))
        else:
            state = "missing" if package.group == "bench" else "note"
            found.append(Finding(package.name, state, package.cost,
                                 f"setup/install {package.group}"))
    return found


def _accelerator(progress: Progress) -> Finding:
    try:
        accel.choose("kvm", progress)
        return Finding("KVM", "ok", "a probe guest boots on it", "")
    except CannotMeasure as error:
        return Finding("KVM", "note", f"{error}; guests are emulated: exact and lock tiers are "
                       "whole, throughput says nothing about real hardware", "")


def _lockstep() -> Finding:
    what = "QEMU for lockstep"
    try:
        found = newqemu.lockstep_qemu()
    except CannotMeasure:
        return Finding(what, "note", f"{newqemu.LACK}; everything else works", newqemu.MEND)
    return Finding(what, "ok", f"{found.version}, {'the cache' if found.args else 'the system'}'s",
                   "")


def _room() -> list[Finding]:
    cache = paths.cache()
    free = shutil.disk_usage(cache).free
    found = []
    for what, has, wanted, mend in (
            (f"disk under {cache}", free, DISK_WANTED, "set XDG_CACHE_HOME to a larger disk"),
            ("memory available", hostmemory.left(), RAM_WANTED,
             "end other programs, or lower guest.ram_mib")):
        enough = has >= wanted
        found.append(Finding(what, "ok" if enough else "missing",
                             f"{has / 2**30:.1f} GiB, wants {wanted / 2**30:.1f} GiB",
                             "" if enough else mend))
    cores = host.cores()
    found.append(Finding("cores", "ok" if cores > 1 else "note", f"{cores}" if cores > 1 else
                         "1: contention between threads cannot be timed here", ""))
    return found


def examine(progress: Progress) -> list[Finding]:
    """Everything, in the order a reader wants it."""
    kernels = [Finding(f"kernel {one.name} ({flavour})", "note" if not one.cached else "ok",
                       "in the cache" if one.cached else "not built yet",
                       "" if one.cached else f"./swapscale kernel build {one.name}")
               for one in build.names() for flavour in [one.flavour]]
    return [*_tools(), Finding("host kernel", "ok", platform.release(), ""),
            *([Finding("QEMU", "ok", version, "")] if (version := host.qemu_version()) else []),
            _accelerator(progress), _lockstep(), *_room(), *kernels]


def text(findings: list[Finding]) -> str:
    """For people: what is well in one line, everything else in one line each."""
    well = [one for one in findings if one.state == "ok"]
    lines = ["well: " + ", ".join(f"{one.what} ({one.detail})" if one.detail else one.what
                                  for one in well)]
    for one in findings:
        if one.state != "ok":
            mend = f"; mend: {one.mend}" if one.mend else ""
            lines.append(f"{one.state}: {one.what}: {one.detail}{mend}")
    return "\n".join(lines) + "\n"


def as_data(findings: list[Finding]) -> list[dict[str, str]]:
    """For --json."""
    return [asdict(one) for one in findings]
