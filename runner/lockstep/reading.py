# SPDX-License-Identifier: GPL-2.0-only
"""What the plugin wrote, read and checked; lockstep/output.c writes it."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.jsonread import Json
from runner.metrics import guestfile
from runner.vm.guest import SIMULATION

NAME = SIMULATION
FORMAT = 1
_FS_PER_NS = 1e6

#: Of a vCPU in the window; lockstep/sim.h says what each counts.
COUNTERS = ("insns", "user_insns", "irq_insns", "irqs", "irq_fs", "near", "far", "stall_fs",
            "pause_fs", "bulk_bytes", "bulk_fs")


@dataclass(frozen=True)
class Moves:
    """How often lines came from another vCPU."""

    near_reads: int
    far_reads: int
    near_writes: int
    far_writes: int

    @property
    def total(self) -> int:
        return self.near_reads + self.far_reads + self.near_writes + self.far_writes

    @property
    def writes(self) -> int:
        return self.near_writes + self.far_writes


@dataclass(frozen=True)
class Pair:
    """Code that had a line and code that took it: low halves of their addresses."""

    held: int
    took: int
    moves: Moves


@dataclass(frozen=True)
class Line:
    address: int
    moves: Moves
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Wait:
    """Contended acquisitions of one lock at one place."""

    site: int                 # return address of the call that wanted it
    lock: int                 # address
    count: int
    ns: float


@dataclass(frozen=True)
class Reading:
    ns: float                                   # simulated time of the window
    vcpus: int
    cpu_ns: float                               # of all vCPUs together
    total: dict[str, int]                       # COUNTERS over all vCPUs
    lines: tuple[Line, ...]                     # the hottest, hottest first
    waits: tuple[Wait, ...]
    pauses: tuple[tuple[int, int, float], ...]  # (code, how often, ns)
    peeks: dict[int, int]                       # the guest's words, by address


def _row(data: object, counts: int, key: str) -> tuple[int, int, list[int]]:
    """Two addresses and so many counts."""
    if isinstance(data, list) and len(data) == 2 + counts \
            and all(type(count) is int and count >= 0 for count in data[2:]):
        try:
            return int(str(data[0]), 16), int(str(data[1]), 16), data[2:]
        except ValueError:
            pass
    raise CannotMeasure(f"{NAME}: {key}: {printable(repr(data), 60)} is not two addresses and "
                        f"{counts} counts")


def _pairs(part: Json, key: str) -> tuple[Pair, ...]:
    pairs = []
    for data in part.array(key):
        held, took, counts = _row(data, 4, key)
        pairs.append(Pair(held, took, Moves(*counts)))
    return tuple(pairs)


def _line(part: Json) -> Line:
    counts = part.array("moves")
    address, _, moves = _row([part.text("line"), "0", *counts], 4, "lines")
    return Line(address, Moves(*moves), _pairs(part, "pairs"))


def _sound(data: Json, vcpus: int) -> None:
    """CannotMeasure where what was simulated is not the window of this guest."""
    if data.integer("lockstep") != FORMAT:
        raise CannotMeasure(f"{NAME}: lockstep: version is not {FORMAT}; run make")
    if not data.boolean("told_apart") or data.integer("told") != vcpus:
        raise CannotMeasure(f"{NAME}: the vCPUs were not told apart ({data.integer('told')} of "
                            f"{vcpus} reported in turn); this QEMU cannot be used, report it")
    for key, what in (("begun", "began"), ("ended", "ended")):
        if (times := data.integer(key)) != 1:
            raise CannotMeasure(f"{NAME}: the window {what} {times} times, not once; "
                                "see console.log")
    if dropped := data.integer("dropped"):
        raise CannotMeasure(f"{NAME}: more lines changed hands than there is room for ({dropped} "
                            "transfers not counted); lower workload.ratio or guest.ram_mib")
    if lost := data.integer("lost"):
        raise CannotMeasure(f"{NAME}: {lost} times a vCPU stopped without a HLT, so time was lost; "
                            "report it")
    if data.integer("fs") <= 0:
        raise CannotMeasure(f"{NAME}: the window took no time")


def read(evidence: Path) -> Reading:
    """Of a sample's evidence folder; CannotMeasure 'FILE: what' where it is not sound."""
    data = guestfile.document(evidence / NAME)
    cpus = data.objects("cpus")
    _sound(data, len(cpus))
    windows = [cpu.object("window") for cpu in cpus]
    total = {name: sum(window.integer(name) for window in windows) for name in COUNTERS}
    waits = [_row(row, 2, "waits") for row in data.array("waits")]
    pauses = [_row(row, 2, "pauses") for row in data.array("pauses")]
    peeks = data.object("peeks")
    words = [_row([key, peeks.text(key)], 0, "peeks") for key in peeks.keys()]
    return Reading(data.integer("fs") / _FS_PER_NS, len(cpus),
                   sum(cpu.integer("fs") for cpu in cpus) / _FS_PER_NS, total,
                   tuple(_line(line) for line in data.objects("lines")),
                   tuple(Wait(site, lock, counts[0], counts[1] / _FS_PER_NS)
                         for site, lock, counts in waits),
                   tuple((code, counts[0], counts[1] / _FS_PER_NS) for code, _, counts in pauses),
                   {address: word for address, word, _ in words})
