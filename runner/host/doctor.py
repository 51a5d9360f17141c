# SPDX-License-Identifier: GPL-2.0-only
"""What this machine has, what it lacks, what each lack costs and what mends it."""
from __future__ import annotations

import glob
import importlib.util
import platform
import shutil
import textwrap
from dataclasses import asdict, dataclass

from runner import paths
from runner.errors import CannotMeasure, UsageError
from runner.host import host, hostmemory
from runner.kernel import build, debsource, definitions
from runner.progress import Progress
from runner.vm import accel, newqemu

PACKAGES = paths.ROOT / "setup" / "packages.txt"

#: What findings about kernels begin with.
KERNEL = "kernel "

#: Measured: one source tree (1.5 GiB) and two flavours' objects (0.4 GiB),
#: and as much again for a second source.
DISK_WANTED = 4 << 30
#: Two exact guests side by side and a kernel build beside them.
RAM_WANTED = 3 << 30


_WIDTH = 96
#: Of packages that are missing together, so that a screen is one.
_COSTS = 3


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
    wanted = []
    for number, line in enumerate(PACKAGES.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(None, 3)
        if len(parts) != 4:
            raise UsageError(f"{PACKAGES}:{number}: wants four columns: group, package, probe, "
                             "cost")
        wanted.append(Package(*parts))
    return wanted


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
    findings = []
    for package in packages():
        if present(package.probe):
            findings.append(Finding(package.name, "ok", "", ""))
        else:
            state = "missing" if package.group == "bench" else "note"
            findings.append(Finding(package.name, state, package.cost,
                                    f"setup/install {package.group}"))
    return findings


def accelerator(progress: Progress) -> Finding:
    try:
        accel.choose("kvm", progress)
        return Finding("KVM", "ok", "a probe guest boots on it", "")
    except CannotMeasure as error:
        return Finding("KVM", "note", f"{error}; guests are emulated: exact and lock tiers are "
                       "whole, throughput says nothing about real hardware", "")


def _lockstep() -> Finding:
    what = "QEMU for lockstep"
    try:
        qemu = newqemu.lockstep_qemu()
    except CannotMeasure:
        return Finding(what, "note", f"{newqemu.LACK}; everything else works", newqemu.MEND)
    return Finding(what, "ok", f"{qemu.version}, {'the cache' if qemu.args else 'the system'}'s",
                   "")


def _room() -> list[Finding]:
    cache = paths.cache()
    free = shutil.disk_usage(cache).free
    findings = []
    for what, has, wanted, mend in (
            (f"disk under {cache}", free, DISK_WANTED, "set XDG_CACHE_HOME to a larger disk"),
            ("memory available", hostmemory.left(), RAM_WANTED,
             "end other programs, or lower guest.ram_mib")):
        enough = has >= wanted
        findings.append(Finding(what, "ok" if enough else "missing",
                                f"{has / 2**30:.1f} GiB, wants {wanted / 2**30:.1f} GiB",
                                "" if enough else mend))
    cores = host.cores()
    findings.append(Finding("cores", "ok" if cores > 1 else "note", f"{cores}" if cores > 1 else
                            "1: contention between threads cannot be timed here", ""))
    return findings


def _kernel(known: build.Known) -> Finding:
    """Not being built is no lack: whatever boots a kernel builds it first."""
    what = f"{KERNEL}{known.name}" + (f" ({known.flavour})" if known.flavour else "")
    if known.cached:
        return Finding(what, "ok", "in the cache", "")
    flavour = f"--flavour {known.flavour} " if known.flavour else ""
    return Finding(what, "note", known.problem or
                   ("not built yet" if known.flavour else "not fetched yet"),
                   f"./swapscale kernel build {flavour}{known.name}")


def examine(progress: Progress) -> list[Finding]:
    """Everything, in the order a reader wants it."""
    kernels = [_kernel(name) for name in build.names()]
    return [*_tools(), Finding("host kernel", "ok", platform.release(), ""),
            *([Finding("QEMU", "ok", version, "")] if (version := host.qemu_version()) else []),
            accelerator(progress), _lockstep(), *_room(), *kernels]


def verbose(findings: list[Finding]) -> str:
    """For people: what is well in one line, everything else in one line each."""
    well = [finding for finding in findings if finding.state == "ok"]
    lines = ["well: " + ", ".join(f"{finding.what} ({finding.detail})"
                                  if finding.detail else finding.what
                                  for finding in well)]
    for finding in findings:
        if finding.state != "ok":
            mend = f"; mend: {finding.mend}" if finding.mend else ""
            lines.append(f"{finding.state}: {finding.what}: {finding.detail}{mend}")
    return "\n".join(lines) + "\n"


def _filled(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=f"{head:<9}", subsequent_indent=" " * 9,
                         break_long_words=False, break_on_hyphens=False)


def text(findings: list[Finding]) -> str:
    """For people, one screen: what works, what does not, what that costs and what mends it."""
    kernels = [finding for finding in findings if finding.what.startswith(KERNEL)]
    others = [finding for finding in findings if finding not in kernels]
    told = [f"{other.what} ({other.detail})" for other in others
            if other.state == "ok" and other.detail]
    plain = [other for other in others if other.state == "ok" and not other.detail]
    lines = _filled("works", ", ".join([*told, f"{len(plain)} packages"]))
    ready = [kernel for kernel in kernels if kernel.state == "ok"]
    lines += _filled("kernels", f"{len(ready)} of {len(kernels)} are in the cache; what boots one "
                                "builds it first ('./swapscale kernel list' names them)")
    lacks: dict[tuple[str, str], list[Finding]] = {}
    for other in others:
        if other.state != "ok":
            lacks.setdefault((other.state, other.mend or other.what), []).append(other)
    for (state, _), group in lacks.items():
        costs = list(dict.fromkeys(finding.detail for finding in group))
        more = ["and more"] if len(costs) > _COSTS else []
        lines += _filled(state, f"{', '.join(finding.what for finding in group)}: "
                                f"{'; '.join([*costs[:_COSTS], *more])}")
        lines += _filled("", f"mend: {group[0].mend}") if group[0].mend else []
    if not lacks:
        lines += _filled("", "nothing is missing")
    return "\n".join([*lines, "", "'./swapscale doctor --verbose' has everything that was looked "
                                  "at."]) + "\n"


def as_data(findings: list[Finding]) -> list[dict[str, str]]:
    """For --json."""
    return [asdict(finding) for finding in findings]
