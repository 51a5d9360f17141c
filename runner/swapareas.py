# SPDX-License-Identifier: GPL-2.0-only
"""Swap devices as an experiment writes them: one, or several that are in use at once.

    pmem                   one, of all of guest.swap_mib
    zram:100=64+pmem:10    zram of 64 MiB first; what pmem holds is left of guest.swap_mib
    brd:5+brd1:5           equal priorities: the kernel takes them in turn
    pmem@0+pmem1@1         one a NUMA node, without priorities: each node's CPUs take theirs first
"""
from __future__ import annotations

import re
from dataclasses import dataclass, replace

from runner import header
from runner.errors import UsageError, printable
from runner.records import DEVICES, DRIVERS, HOST_DEVICES, MIB, KERNELS_PRIORITY, SwapDevice
from runner.tomlfile import meant

_LIMITS = header.numbers("runner/agent/job.h")
#: Of an area, MiB.
SMALLEST = 16
#: KERNELS_PRIORITY below the lowest asks for none.
MOST, HIGHEST = _LIMITS["JOB_MAX_AREAS"], _LIMITS["JOB_MAX_PRIORITY"]

_AREA = re.compile(r"(?P<kind>[a-z]+(-[a-z]+)?)(?P<number>\d{1,2})?(@(?P<node>\d{1,4}))?"
                   r"(:(?P<priority>-?\d{1,9}))?(=(?P<mib>\d{1,7}))?", re.ASCII)
#: Of these a guest can have several.
_SEVERAL = ("pmem", "brd", "zram")


@dataclass(frozen=True)
class Area:
    """One swap device, as it is written."""

    kind: str
    number: int = 0           # among those of its kind
    node: int | None = None
    priority: int = KERNELS_PRIORITY
    mib: int = 0              # 0: a share of what others leave

    @property
    def name(self) -> str:
        return f"{self.kind}{self.number or ''}"

    def __str__(self) -> str:
        return (self.name + (f"@{self.node}" if self.node is not None else "")
                + (f":{self.priority}" if self.priority != KERNELS_PRIORITY else "")
                + (f"={self.mib}" if self.mib else ""))


def _area(text: str) -> Area:
    shown = printable(text.strip(), 40)
    match = _AREA.fullmatch(text.strip())
    if match is None or match["kind"] not in DEVICES:
        word = match["kind"] if match else shown
        raise UsageError(f"{shown!r} is not one of {', '.join(DEVICES)}{meant(word, [*DEVICES])}; "
                         "several at once are KIND[NUMBER][@NODE][:PRIORITY][=MIB] with '+' "
                         "between them, as zram:100=64+pmem:10")
    priority = int(match["priority"] or KERNELS_PRIORITY)
    if not KERNELS_PRIORITY <= priority <= HIGHEST:
        raise UsageError(f"{shown}: priority {priority} is not in {KERNELS_PRIORITY}..{HIGHEST}: "
                         "the kernel fills the higher one first and takes equal ones in turn; "
                         f"{KERNELS_PRIORITY} or none leaves it to the kernel, which gives each "
                         "the next one below 0")
    made = Area(match["kind"], int(match["number"] or 0),
                int(match["node"]) if match["node"] else None, priority, int(match["mib"] or 0))
    if match["mib"] and (made.mib < SMALLEST or made.mib % 2):
        raise UsageError(f"{shown}: {made.mib} MiB is not an even number of at least {SMALLEST}")
    if made.node is not None and made.kind != "pmem":
        raise UsageError(f"{shown}: {made.kind} lies on no NUMA node; of swap devices pmem does")
    return made


def parse(text: str) -> tuple[Area, ...]:
    """UsageError in one line for what a guest cannot have."""
    areas = tuple(_area(item) for item in text.split("+"))
    if len(areas) > MOST:
        raise UsageError(f"{printable(text, 60)}: more than {MOST} swap devices")
    for at, area in enumerate(areas):
        before = [other for other in areas[:at] if other.kind == area.kind]
        if any(other.number == area.number for other in before):
            raise UsageError(f"{printable(text, 60)}: {area.name} is there twice; the second one "
                             f"of its kind is {area.kind}1")
        if area.number != len(before):
            raise UsageError(f"{printable(text, 60)}: {area.name} is not the next one of its kind, "
                             f"which is {area.kind}{len(before) or ''}")
        if area.number and area.kind not in _SEVERAL:
            raise UsageError(f"{printable(text, 60)}: a guest has one {area.kind} device; several "
                             f"can be of {', '.join(_SEVERAL)}")
    kinds = {area.kind for area in areas}
    for alike in (("pmem", "pmem-legacy"), HOST_DEVICES):
        if kinds >= set(alike):
            raise UsageError(f"{printable(text, 60)}: {' and '.join(alike)} cannot be there at "
                             "once; take one of them")
    return areas


def canonical(text: str) -> str:
    """One way to write each, so that the same devices are the same series."""
    return "+".join(map(str, parse(text)))


def kinds(device: str) -> tuple[str, ...]:
    """The kinds of a cell's devices; of a later version's too, whatever it writes."""
    return tuple(match["kind"] if (match := _AREA.fullmatch(item)) else item
                 for item in device.split("+"))


def is_one(device: str) -> bool:
    """Whether a cell has one device, of the kernel's own priority."""
    return device in DEVICES


def with_drivers(flavour: str, device: str) -> str:
    """The flavour as it takes to swap to a cell's devices."""
    return flavour + DRIVERS if any(kind == "zram" or kind in HOST_DEVICES
                                    for kind in kinds(device)) else flavour


def make(device: str, size: int, spare: int = 0) -> SwapDevice:
    """A guest's swap of `size` bytes in all; `spare`: as in SwapDevice.

    UsageError where the sizes that are said do not make that.
    """
    areas = parse(device)
    total, said = size // MIB, sum(area.mib for area in areas)
    open_ = [area for area in areas if not area.mib]
    if not open_ and said != total:
        raise UsageError(f"{printable(device, 60)}: {said} MiB are not guest.swap_mib, which is "
                         f"{total}; say the same, or no size of one of them")
    # Of what is shared, all have the same, and the last one what is left over.
    share = (total - said) // len(open_) // 2 * 2 if open_ else 0
    if open_ and share < (SMALLEST if len(areas) > 1 else 1):
        raise UsageError(f"{printable(device, 60)}: guest.swap_mib = {total} leaves "
                         f"{max(0, total - said)} MiB for "
                         f"{', '.join(area.name for area in open_)}; each takes at least "
                         f"{SMALLEST}")
    last = size - (said + share * (len(open_) - 1)) * MIB
    made = [SwapDevice(area.kind, area.mib * MIB if area.mib else
                       last if area is open_[-1] else share * MIB, spare, area.priority, area.node)
            for area in areas]
    return replace(made[0], beside=tuple(made[1:]))
