# SPDX-License-Identifier: GPL-2.0-only
"""configs/machines/*.toml: what a projection needs to know of a machine."""
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner import paths, tomlfile
from runner.errors import UsageError
from runner.records import PAGE_SIZE

KIB = 1024

#: Figures of a machine and the most they may be; docs/model.md explains each.
FIGURES = {"ns_per_instruction": 1e3, "near_ns": 1e6, "far_ns": 1e6, "lines_per_hold": 1e4,
           "lines_per_extra_page": 1e4, "wake_ns": 1e9, "device_ns": 1e9}


@dataclass(frozen=True)
class Figure:
    """A number, the range it is known to lie in, and where it comes from."""

    value: float
    low: float
    high: float
    source: str

    @classmethod
    def exactly(cls, value: float, source: str = "") -> Figure:
        return cls(value, value, value, source)


@dataclass(frozen=True)
class Devices:
    """Swap devices in use at one time, all alike."""

    count: int
    mib: int                  # of one
    source: str


@dataclass(frozen=True)
class Published:
    """A measurement of the machine that may calibrate it."""

    kernel: str               # whose inputs stand for the kernel it was measured on
    pages_per_s: Mapping[int, float]   # by threads; corrected
    source: str


@dataclass(frozen=True)
class Validated:
    """How far the model was held against measurements of this machine."""

    threads: int
    locks: tuple[str, ...]    # those that saturated within that
    source: str


@dataclass(frozen=True)
class Machine:
    name: str
    title: str
    file: Path
    sockets: int
    cores: int                # of each socket
    devices: Devices
    memory_mib: int
    memory_source: str
    figures: Mapping[str, Figure]      # by the names of FIGURES
    published: Published | None
    validated: Validated
    watermarks: tuple[int, int, int] = field(init=False)   # pages: min, low, high

    def __post_init__(self) -> None:
        object.__setattr__(self, "watermarks", watermarks(self.memory_mib))


def watermarks(memory_mib: int) -> tuple[int, int, int]:
    """min, low and high of all zones together, in pages.

    mm/page_alloc.c of v4.5: min_free_kbytes is four times the root of the memory
    in KiB, in 128..65536; low and high lie a quarter and a half of it above.
    """
    kib = min(65536, max(128, 4 * math.isqrt(memory_mib * KIB)))
    least = kib * KIB // PAGE_SIZE
    return least, least + least // 4, least + least // 2


def path_of(name: str) -> Path:
    """NAME of configs/machines, or a path where there is a slash or .toml in it."""
    if "/" in name or name.endswith(".toml"):
        return Path(name)
    return paths.ROOT / "configs" / "machines" / f"{name}.toml"


def known() -> list[str]:
    return sorted(file.stem for file in (paths.ROOT / "configs" / "machines").glob("*.toml"))


def _figure(table: tomlfile.Table, most: float) -> Figure:
    value = table.number("value", 0, most, tomlfile.REQUIRED)
    found = Figure(value, table.number("low", 0, most, value),
                   table.number("high", 0, most, value), table.text("source", tomlfile.REQUIRED))
    if not found.low <= found.value <= found.high:
        table.complain("value", f"{found.value:g} is not in its range "
                                f"{found.low:g}..{found.high:g}")
    table.close()
    return found


def _published(table: tomlfile.Table) -> Published | None:
    if not table.keys():
        return None
    threads = table.integers("threads", 1, 1024, tomlfile.REQUIRED)
    rates = table.integers("kib_per_s", 1, 1 << 40, tomlfile.REQUIRED)
    extra = table.number("counts_too_much", 0, 1, 0.0)
    if len(rates) != len(threads):
        table.complain("kib_per_s", f"has {len(rates)} figures for {len(threads)} thread counts")
    found = Published(table.text("kernel", tomlfile.REQUIRED),
                      {one: rate * KIB / PAGE_SIZE / (1 + extra)
                       for one, rate in zip(threads, rates)},
                      table.text("source", tomlfile.REQUIRED))
    table.close()
    return found


def load(name: str) -> Machine:
    """A machine's description; UsageError with file, line and key of what is not right."""
    file = path_of(name)
    if file.parent == path_of("x").parent and not file.is_file():
        raise UsageError(f"machine {name!r}: is not known{tomlfile.meant(name, known())}; known: "
                         + ", ".join(known()))
    root = tomlfile.load(file)
    root.integer("format", 1, 1, tomlfile.REQUIRED)
    devices, memory, valid = (root.table(key) for key in ("devices", "memory", "validated"))
    tables = root.table("figures")
    figures = {key: _figure(tables.table(key), most) for key, most in FIGURES.items()}
    tables.close()
    found = Machine(
        file.stem, root.text("title", tomlfile.REQUIRED), file,
        root.integer("sockets", 1, 16, tomlfile.REQUIRED),
        root.integer("cores", 1, 1 << 16, tomlfile.REQUIRED),
        Devices(devices.integer("count", 1, 1024, tomlfile.REQUIRED),
                devices.integer("mib", 1, 1 << 30, tomlfile.REQUIRED),
                devices.text("source", tomlfile.REQUIRED)),
        memory.integer("mib", 16, 1 << 30, tomlfile.REQUIRED),
        memory.text("source", tomlfile.REQUIRED), figures, _published(root.table("published")),
        Validated(valid.integer("threads", 0, 1024, 0), tuple(valid.texts("locks", [])),
                  valid.text("source", tomlfile.REQUIRED)))
    for table in (devices, memory, valid, root):
        table.close()
    if not found.figures["ns_per_instruction"].low > 0:
        tables.table("ns_per_instruction").complain("low", "must be above 0")
    return found
