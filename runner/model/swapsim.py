# SPDX-License-Identifier: GPL-2.0-only
"""The door to build/swapsim: a text goes in, a projection's figures come out."""
from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any, NoReturn

from runner import paths
from runner.errors import CannotMeasure, UsageError, printable
from runner.records import MIB, PAGE_SIZE

LIMIT_S = 300.0              # a projection takes seconds; this only ends a hang


@dataclass(frozen=True)
class Spread:
    """Pages/s: with every figure at its value, and over seeds and ranges."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LockShare:
    name: str
    utilisation: float        # of the lock's time
    wait_share: float         # of all threads' time, kswapd's with it
    hold_share: float


@dataclass(frozen=True)
class Point:
    threads: int
    pages_per_s: Spread
    bound_pages_per_s: float  # no better is possible with so many threads
    direct_share: float       # of pages that the workers reclaimed themselves
    drawn: tuple[float, ...]  # pages/s for each seed's draw from the ranges
    locks: tuple[LockShare, ...]

    @property
    def mib_s(self) -> float:
        """Throughput as the timed tier gives it."""
        return self.pages_per_s.value * PAGE_SIZE / MIB

    @property
    def saturating(self) -> str | None:
        """The lock that is busiest, where it is busy at least half of the time."""
        busiest = max(self.locks, key=lambda one: one.utilisation, default=None)
        return busiest.name if busiest and busiest.utilisation >= SATURATED else None


SATURATED = 0.5


@dataclass(frozen=True)
class Output:
    """All that swapsim says."""

    tier: str                             # 'projected'
    page_s: float                         # seconds of a page where nobody waits
    saturating_lock: str | None           # largest demand; None: no lock takes any time
    saturation_workers: float | None
    bound_pages_per_s: float | None       # 1 / largest service demand
    points: tuple[Point, ...]


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

    def numbers(self, key: str) -> tuple[float, ...]:
        value = self._data[key]
        if not isinstance(value, list):
            self._fail(f"{key} is not a list")
        return tuple(_Document({key: item}, (key,)).number(key) for item in value)

    def object(self, key: str, keys: tuple[str, ...]) -> _Document:
        return _Document(self._data[key], keys)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _lock(data: _Document) -> LockShare:
    return LockShare(data.text("name"), data.number("utilisation"), data.number("wait_share"),
                     data.number("hold_share"))


def _point(data: _Document) -> Point:
    spread = data.object("pages_per_s", ("mean", "low", "high", "deviation"))
    return Point(data.whole("workers"),
                 Spread(spread.number("mean"), spread.number("low"), spread.number("high")),
                 data.number("bound_pages_per_s"), data.number("direct_share"),
                 data.numbers("drawn_pages_per_s"),
                 tuple(_lock(one) for one in data.objects("locks", LOCK_KEYS)))


LOCK_KEYS = ("name", "utilisation", "wait_share", "hold_share")
POINT_KEYS = ("workers", "pages_per_s", "bound_pages_per_s", "direct_share", "drawn_pages_per_s",
              "locks")


def parse(text: str) -> Output:
    """swapsim's JSON; CannotMeasure where it is anything else."""
    try:
        data = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise CannotMeasure("swapsim's output: is not JSON; run 'make' to rebuild "
                            "build/swapsim") from None
    root = _Document(data, ("swapsim", "tier", "seed", "seeds", "page_s", "saturating_lock",
                            "saturation_workers", "bound_pages_per_s", "points"))
    if root.whole("swapsim") != 2 or root.text("tier") != "projected":
        raise CannotMeasure("swapsim's output: is not a projection of version 2; run 'make' to "
                            "rebuild build/swapsim")
    idle = root.is_null("saturating_lock")
    return Output(
        root.text("tier"), root.number("page_s"),
        None if idle else root.text("saturating_lock"),
        None if idle else root.number("saturation_workers"),
        None if idle else root.number("bound_pages_per_s"),
        tuple(_point(one) for one in root.objects("points", POINT_KEYS)))


def run(text: str) -> Output:
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
