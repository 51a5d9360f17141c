# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU that runs several vCPUs under instruction counting: the system's, or one in the cache.

QEMU before 8.1 brings up no second vCPU there; 10.0 is the first that was tried.  Where the system
has an older one, a newer lies unpacked in the cache, fetched from Debian's backports with its
firmware; the system's own stays as it is.
"""
from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from runner.debian import archive, site
from runner.debian.archive import Archive
from runner.errors import CannotMeasure
from runner.progress import Progress
from runner.vm import qemu

OLDEST = (10, 0)
SYSTEM = "qemu-system-x86_64"

#: What of QEMU the guest needs, the program first; everything else it takes from the system.
_PACKAGES = ("qemu-system-x86", "qemu-system-data", "seabios")
#: What is lost without it, and how it is had.
LOST = "no kernel can be run in lockstep on a simulated machine of many CPUs"
MEND = "setup/install bench"

_OLDEST = ".".join(map(str, OLDEST))
LACK = f"QEMU {_OLDEST} or newer is not here, so {LOST}"
_VERSION = re.compile(r"version (\d+(?:\.\d+)+)")


@dataclass(frozen=True)
class Qemu:
    """One QEMU that will do."""

    program: str
    args: tuple[str, ...]     # that it needs to find its firmware, '-L' and a folder each
    version: str              # '10.0.2'


def _version(program: str) -> str:
    """Of a QEMU that runs; CannotMeasure where it does not."""
    match = _VERSION.search(qemu.version(program))
    if match is None:
        raise CannotMeasure(f"{program}: does not say what version it is")
    return match[1]


def _new_enough(program: Qemu) -> Qemu | None:
    return program if tuple(map(int, program.version.split("."))) >= OLDEST else None


def _system() -> Qemu | None:
    try:
        return _new_enough(Qemu(SYSTEM, (), _version(SYSTEM)))
    except CannotMeasure:
        return None


def _kept() -> Qemu | None:
    """The one in the cache, each of its packages as it was fetched last."""
    folders = {}
    for name in _PACKAGES:
        known = archive.kept(name)
        if not known:
            return None
        folders[name] = known[-1][1]
    program = folders[_PACKAGES[0]] / "usr/bin" / SYSTEM
    data = [folders["qemu-system-data"] / "usr/share/qemu",
            folders["seabios"] / "usr/share/seabios"]
    return _new_enough(Qemu(str(program),
                            tuple(arg for folder in data for arg in ("-L", str(folder))),
                            _version(str(program))))


@functools.cache
def lockstep_qemu() -> Qemu:
    """The QEMU for lockstep; CannotMeasure with the remedy where there is none."""
    program = _system() or _kept()
    if program is None:
        raise CannotMeasure(f"{LACK}; {MEND}")
    return program


def provide(progress: Progress) -> Qemu:
    """The same, fetched first where need be."""
    program = _system() or _kept()
    if program is not None:
        return program
    release = site.release()
    codename = release.get("VERSION_CODENAME", "")
    if release.get("ID") != "debian" or not archive.SUITE.fullmatch(codename):
        raise CannotMeasure("this system is no release of Debian, so there is no backport for it; "
                            f"install QEMU {_OLDEST} or newer")
    backports = Archive(f"{codename}-backports")
    backports.refresh(progress)
    wanted = [(name, backports.newest(name)) for name in _PACKAGES]
    for name, package in wanted:
        if package is None:
            raise CannotMeasure(f"Debian's {backports.suite} has no {name}")
        backports.fetch(package, progress)
    lockstep_qemu.cache_clear()
    return lockstep_qemu()


def lack() -> str:
    """'' where there is one, else what is lost and how to mend it."""
    try:
        lockstep_qemu()
    except CannotMeasure as error:
        return str(error)
    return ""
