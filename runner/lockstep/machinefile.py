# SPDX-License-Identifier: GPL-2.0-only
"""configs/machines/*.toml: the machines that can be simulated, figure by figure.

Every figure has a source or says that it is assumed, and none is fitted to a
measurement of what it is to explain.
"""
from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner import paths, tomlfile
from runner.errors import CannotMeasure, UsageError, printable
from runner.records import PAGE_SIZE

FOLDER = paths.CONFIGS / "machines"
KIB = 1024

#: Figures of a machine and the most each may be, in nanoseconds; docs/lockstep.md explains them.
FIGURES = {"ns_per_instruction": 1e3, "near_ns": 1e6, "far_ns": 1e6, "page_ns": 1e6}

SOCKETS = 16
CORES = 1024                  # of each socket


@dataclass(frozen=True)
class Figure:
    """A number, the range it is known to lie in, and where it comes from."""

    value: float
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Published:
    """What somebody measured on the real machine: to be held against, never fitted to."""

    kernel: str                        # stands for the kernel that it was measured on
    pages_per_s: Mapping[int, float]   # by threads, corrected for what was counted too much
    source: str


@dataclass(frozen=True)
class Machine:
    name: str
    title: str
    file: Path
    sockets: int
    cores: int                         # of each socket
    figures: Mapping[str, Figure]      # by the names of FIGURES
    published: Published | None
    digest: str                        # of the file: SHA-256, its first 12 hex digits


def path_of(name: str) -> Path:
    """NAME of configs/machines, or a path where there is a slash or .toml in it."""
    if "/" in name or name.endswith(".toml"):
        return Path(name)
    return FOLDER / f"{name}.toml"


def known() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def _figure(tables: tomlfile.Table, name: str) -> Figure:
    table, most = tables.table(name), FIGURES[name]
    value = table.number("value", 0, most, tomlfile.REQUIRED)
    figure = Figure(value, table.number("low", 0, most, value),
                    table.number("high", 0, most, value), table.text("source", tomlfile.REQUIRED))
    if not figure.low <= figure.value <= figure.high:
        table.complain("value", f"{figure.value:g} is not in its range "
                                f"{figure.low:g}..{figure.high:g}")
    # Time would stand still.
    if name == "ns_per_instruction" and not figure.low > 0:
        table.complain("low", "must be above 0")
    table.close()
    return figure


def _published(table: tomlfile.Table) -> Published:
    threads = table.integers("threads", 1, 1024, tomlfile.REQUIRED)
    rates = table.integers("kib_per_s", 1, 1 << 40, tomlfile.REQUIRED, repeats=True)
    extra = table.number("counts_too_much", 0, 1, 0.0)
    if len(rates) != len(threads):
        table.complain("kib_per_s", f"has {len(rates)} figures for {len(threads)} thread counts")
    published = Published(table.text("kernel", tomlfile.REQUIRED),
                          {count: rate * KIB / PAGE_SIZE / (1 + extra)
                           for count, rate in zip(threads, rates)},
                          table.text("source", tomlfile.REQUIRED))
    table.close()
    return published


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise CannotMeasure(f"{file}: cannot be read: {error.strerror}") from None


def load(name: str) -> Machine:
    """A machine's description; UsageError with file, line and key of what is not right."""
    file = path_of(name)
    if file.parent == FOLDER and not file.is_file():
        raise UsageError(f"machine {printable(name, 80)!r} is not known"
                         f"{tomlfile.meant(name, known())}; known: {', '.join(known())}, "
                         "or give a file")
    root = tomlfile.load(file)
    root.integer("format", 2, 2, tomlfile.REQUIRED)
    tables = root.table("figures")
    figures = {key: _figure(tables, key) for key in FIGURES}
    tables.close()
    if figures["far_ns"].value < figures["near_ns"].value:
        tables.table("far_ns").complain("value", (
            f"{figures['far_ns'].value:g} is below that of near_ns, "
            f"{figures['near_ns'].value:g}; a line from another socket takes no less"))
    machine = Machine(
        file.stem, root.text("title", tomlfile.REQUIRED), file,
        root.integer("sockets", 1, SOCKETS, tomlfile.REQUIRED),
        root.integer("cores", 1, CORES, tomlfile.REQUIRED), figures,
        _published(root.table("published")) if "published" in root.keys() else None,
        _digest(file))
    root.close()
    return machine
