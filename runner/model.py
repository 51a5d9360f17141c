# SPDX-License-Identifier: GPL-2.0-only
"""The door to build/swapsim: measured metrics in, a projection out.

The model wants instructions.  Those of a page come from the exact tier; those
under a lock are the lock tier's hold time divided by what an instruction took
in that guest.  Nothing is fitted: a lock class is either shared by all
workers, and queued for, or left in the private work.
"""
from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from runner import paths
from runner.errors import CannotMeasure, UsageError, printable
from runner.records import MIB, PAGE_SIZE, Metric

#: Locks of which every worker takes the same instance, or may have to: one per
#: swap device (swap_device, swap_cgroup), per node (lru), per zone (zone), for
#: all devices (swap_avail); the swap cache tree has one per 64 MiB of swap, but
#: neighbouring slots share it.  Cluster, slot cache and page-table locks belong
#: to one CPU or one process most of the time, so their hold stays private work.
SHARED_LOCKS: Mapping[str, int] = {
    "swap_cache_tree": 1, "swap_device": 1, "swap_avail": 1, "swap_cgroup": 1, "lru": 1,
    "zone": 1}

LIMIT_S = 300.0              # a projection takes seconds; this only ends a hang
LEAST_ACQUISITIONS = 1e-6    # per page; swapsim takes none below
_NAME = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Settings:
    """What a projection rests on besides the metrics."""

    ns_per_instruction: float             # of the machine projected for
    guest_ns_per_instruction: float       # of the guest whose locks were counted
    workers: tuple[int, ...] = (1, 2, 4, 8, 16)
    hand_over_ns: float = 0.0
    service: str = "exponential"          # or 'deterministic': how work and holds vary
    seed: int = 1
    seeds: int = 8
    pages: int = 10000                    # measured, per worker
    shared_locks: Mapping[str, int] = field(default_factory=lambda: SHARED_LOCKS)


@dataclass(frozen=True)
class Spread:
    """Over the seeds; here pages/s."""

    mean: float
    low: float
    high: float
    deviation: float


@dataclass(frozen=True)
class LockShare:
    name: str
    utilisation: float        # of the lock's time
    wait_share: float         # of all workers' time
    hold_share: float


@dataclass(frozen=True)
class Point:
    workers: int
    pages_per_s: Spread
    bound_pages_per_s: float  # no better is possible with so many workers
    locks: tuple[LockShare, ...]

    @property
    def mib_s(self) -> float:
        """Mean throughput as the timed tier gives it."""
        return self.pages_per_s.mean * PAGE_SIZE / MIB


@dataclass(frozen=True)
class Projection:
    """Never shown without the word in `tier`."""

    tier: str                             # 'projected'
    page_s: float                         # seconds of a page where nobody waits
    saturating_lock: str | None           # None: no lock takes any time
    saturation_workers: float | None
    bound_pages_per_s: float | None       # 1 / largest service demand
    points: tuple[Point, ...]


def ns_per_instruction(throughput_mib_s: float, instructions_per_page: float) -> float:
    """Of a guest, from its timed tier's throughput with one thread and its exact tier."""
    if not (throughput_mib_s > 0 and instructions_per_page > 0):
        raise CannotMeasure("projection: throughput and instructions per page must be above 0 to "
                            "tell how long an instruction takes")
    return 1e9 * PAGE_SIZE / (throughput_mib_s * MIB) / instructions_per_page


def _value(metrics: Mapping[str, Metric], name: str, least: float) -> float:
    if name not in metrics:
        raise CannotMeasure(f"projection: no metric {printable(name, 80)}; measure the exact and "
                            "the locks tier of this cell")
    value = metrics[name].value
    if not (math.isfinite(value) and value >= least):
        raise CannotMeasure(f"projection: {printable(name, 80)}: {value:g} is not a number from "
                            f"{least:g} up")
    return value


def scenario(metrics: Mapping[str, Metric], settings: Settings) -> str:
    """The text of swapsim's input, see swapsim(1).

    `metrics` are those of one cell's exact and locks tiers together:
    instructions_per_page, locks.CLASS.acquisitions_per_page and
    locks.CLASS.hold_us_per_page.  A shared class without metrics is one that
    this kernel does not have.
    """
    if not (math.isfinite(settings.guest_ns_per_instruction)
            and settings.guest_ns_per_instruction > 0):
        raise UsageError("projection: the guest's ns per instruction must be a number above 0")
    page = _value(metrics, "instructions_per_page", 1.0)
    locks = []
    held = 0.0
    for name, instances in settings.shared_locks.items():
        if not _NAME.fullmatch(name):
            raise UsageError(f"projection: {printable(name, 80)!r} is not a lock class")
        if f"locks.{name}.acquisitions_per_page" not in metrics:
            continue
        taken = _value(metrics, f"locks.{name}.acquisitions_per_page", 0.0)
        nanoseconds = 1000 * _value(metrics, f"locks.{name}.hold_us_per_page", 0.0)
        if taken < LEAST_ACQUISITIONS:
            continue
        instructions = nanoseconds / settings.guest_ns_per_instruction
        held += instructions
        locks.append(f"lock {name} acquisitions {taken:.9g} hold {instructions / taken:.9g} "
                     f"service {settings.service} instances {instances}")
    if held >= page:
        raise CannotMeasure(f"projection: shared locks are held for {held:.0f} instructions of a "
                            f"page's {page:.0f}; exact and locks tiers must come from one cell, "
                            "and the ns per instruction from the guest that counted the locks")
    return "\n".join([
        "swapsim 1",
        f"ns-per-instruction {settings.ns_per_instruction:.9g}",
        f"private {page - held:.9g} {settings.service}",
        *locks,
        f"hand-over-ns {settings.hand_over_ns:.9g}",
        "workers " + " ".join(map(str, settings.workers)),
        f"seed {settings.seed}",
        f"seeds {settings.seeds}",
        f"pages {settings.pages}"]) + "\n"


class _Document:
    """One object of swapsim's JSON; each key must be there, known and of its type."""

    def __init__(self, data: Any, keys: tuple[str, ...]) -> None:
        if not isinstance(data, dict) or set(data) != set(keys):
            self._fail(f"an object has not just the keys {', '.join(keys)}")
        self._data: dict[str, Any] = data

    def _fail(self, what: str) -> NoReturn:
        raise CannotMeasure(f"swapsim's output: {what}; run 'make' to rebuild build/swapsim")

    def number(self, key: str) -> float:
        value = self._data[key]
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self._fail(f"{key} is not a number")
        # Sums of floats: a share of nothing may come out as -1e-17.
        if not -1e-9 < value < 1e300:  # also refuses nan
            self._fail(f"{key} is out of range")
        return max(0.0, float(value))

    def whole(self, key: str) -> int:
        value = self._data[key]
        if not isinstance(value, int) or isinstance(value, bool):
            self._fail(f"{key} is not a whole number")
        return value

    def text(self, key: str) -> str:
        value = self._data[key]
        if not isinstance(value, str):
            self._fail(f"{key} is not a text")
        return value

    def is_null(self, key: str) -> bool:
        return self._data[key] is None

    def objects(self, key: str, keys: tuple[str, ...]) -> list[_Document]:
        value = self._data[key]
        if not isinstance(value, list):
            self._fail(f"{key} is not a list")
        return [_Document(item, keys) for item in value]

    def object(self, key: str, keys: tuple[str, ...]) -> _Document:
        return _Document(self._data[key], keys)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _lock(data: _Document) -> LockShare:
    return LockShare(data.text("name"), data.number("utilisation"), data.number("wait_share"),
                     data.number("hold_share"))


def _point(data: _Document) -> Point:
    spread = data.object("pages_per_s", ("mean", "low", "high", "deviation"))
    keys = ("name", "utilisation", "wait_share", "hold_share")
    return Point(data.whole("workers"),
                 Spread(spread.number("mean"), spread.number("low"), spread.number("high"),
                        spread.number("deviation")),
                 data.number("bound_pages_per_s"),
                 tuple(_lock(one) for one in data.objects("locks", keys)))


def parse(text: str) -> Projection:
    """swapsim's JSON; CannotMeasure where it is anything else."""
    try:
        data = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise CannotMeasure("swapsim's output: is not JSON; run 'make' to rebuild "
                            "build/swapsim") from None
    root = _Document(data, ("swapsim", "tier", "seed", "seeds", "page_s", "saturating_lock",
                            "saturation_workers", "bound_pages_per_s", "points"))
    if root.whole("swapsim") != 1 or root.text("tier") != "projected":
        raise CannotMeasure("swapsim's output: is not a projection of version 1; run 'make' to "
                            "rebuild build/swapsim")
    idle = root.is_null("saturating_lock")
    return Projection(
        root.text("tier"), root.number("page_s"),
        None if idle else root.text("saturating_lock"),
        None if idle else root.number("saturation_workers"),
        None if idle else root.number("bound_pages_per_s"),
        tuple(_point(one) for one in root.objects(
            "points", ("workers", "pages_per_s", "bound_pages_per_s", "locks"))))


def run(text: str) -> Projection:
    """Project from the text of an input file.

    UsageError with swapsim's own line where it does not like the input.
    """
    program = paths.BUILD / "swapsim"
    try:
        done = subprocess.run([str(program), "-"], input=text, capture_output=True,
                              encoding="utf-8", errors="replace", timeout=LIMIT_S, check=False)
    except OSError as error:
        raise CannotMeasure(f"{program}: cannot be run: {error.strerror}; run 'make'") from None
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{program}: was not done after {LIMIT_S:.0f} s; give fewer pages, "
                            "seeds or workers") from None
    if done.returncode == 0:
        return parse(done.stdout)
    line = printable((done.stderr.splitlines() or [f"exit status {done.returncode}"])[0], 300)
    raise (UsageError if done.returncode == 2 else CannotMeasure)(line)


def project(metrics: Mapping[str, Metric], settings: Settings) -> Projection:
    """From one cell's metrics to its projection; see scenario() for the names."""
    return run(scenario(metrics, settings))
